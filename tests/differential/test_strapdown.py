"""Strapdown against DOP853 in inertial axes, closed forms of coning, and real gyroscope data."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from navigation_simulation import (
    Array,
    Vehicle,
    array,
    conjugate,
    ffi,
    from_rotvec,
    lib,
    make_site,
    multiply,
    rotate,
    to_rotvec,
)
from scipy.integrate import solve_ivp
from scipy.io import loadmat

MU, RADIUS = 4.902801056e12, 1738000.0  # LP165P, as onboard/gravity.h
J2, C22 = 2.0323662264558446e-4, 2.235711870935134e-5
RATE = 2.6616995e-6
DT = 0.01


def potential(r: Array) -> complex:
    """Central term, J2 and C22 (Kaula 1966, eq. 1.31), for complex arguments."""
    d2 = r[0] * r[0] + r[1] * r[1] + r[2] * r[2]
    d = np.sqrt(d2)
    sin2 = r[2] * r[2] / d2
    cos2_cos_2lon = (r[0] * r[0] - r[1] * r[1]) / d2
    scale = RADIUS * RADIUS / d2
    return (
        MU / d * (1.0 - J2 * scale * (3.0 * sin2 - 1.0) / 2.0 + C22 * scale * 3.0 * cos2_cos_2lon)
    )


def gravity(r: Array) -> Array:
    """Gradient of the potential by complex steps: exact to rounding, no formula shared."""
    h = 1e-20
    return np.array([potential(r + 1j * h * e).imag / h for e in np.eye(3)])


def moon(t: float) -> Array:
    """C_mci_from_mcmf."""
    c, s = np.cos(RATE * t), np.sin(RATE * t)
    return np.array([[c, -s, 0.0], [s, c, 0.0], [0.0, 0.0, 1.0]])


Signal = Callable[[float], Array]


def integrate(
    site: object, state: tuple[Array, Array, Array], rate: Signal, force: Signal, end: float
) -> tuple[Array, Array, Array]:
    """Position, ground velocity and attitude in site axes after `end` seconds, through mci."""
    C = array(site.C_site_from_mcmf, 9).reshape(3, 3)
    origin = array(site.origin_mcmf_m, 3)
    spin = np.array([0.0, 0.0, RATE])
    position, velocity, q = state
    r0 = origin + C.T @ position
    v0 = C.T @ velocity + np.cross(spin, r0)
    q_mci_from_site = ffi.new("double[4]")
    lib.ob_q_from_matrix(q_mci_from_site, list(C.T.ravel()))
    q0 = multiply(array(q_mci_from_site, 4), q)

    def derivative(t: float, y: Array) -> Array:
        r, v, p = y[:3], y[3:6], y[6:10]
        w = rate(t)
        M = moon(t)
        turned = 0.5 * np.array(
            [
                -p[1] * w[0] - p[2] * w[1] - p[3] * w[2],
                p[0] * w[0] + p[2] * w[2] - p[3] * w[1],
                p[0] * w[1] + p[3] * w[0] - p[1] * w[2],
                p[0] * w[2] + p[1] * w[1] - p[2] * w[0],
            ]
        )
        f = force(t)
        u = p[1:]
        push = f + 2.0 * p[0] * np.cross(u, f) + 2.0 * np.cross(u, np.cross(u, f))
        return np.concatenate([v, M @ gravity(M.T @ r) + push, turned])

    y0 = np.concatenate([r0, v0, q0])
    scale = np.concatenate([np.full(3, 1e-6), np.full(3, 1e-9), np.full(4, 1e-13)])
    y = solve_ivp(derivative, (0.0, end), y0, "DOP853", rtol=3e-14, atol=scale, max_step=0.5).y[
        :, -1
    ]
    M = moon(end)
    r = M.T @ y[:3]
    v = M.T @ y[3:6] - np.cross(spin, r)
    turn = ffi.new("double[4]")
    lib.ob_q_site_from_mci(site, round(end * 1e9), turn)
    return C @ (r - origin), C @ v, multiply(array(turn, 4), y[6:10] / np.linalg.norm(y[6:10]))


def increments(signal: Signal, ticks: int) -> Array:
    """Integrals of a signal over each tick, by Gauss-Legendre with eight points."""
    x, w = np.polynomial.legendre.leggauss(8)
    out = np.zeros((ticks, 3))
    for k in range(ticks):
        t = DT * (k + 0.5 + 0.5 * x)
        out[k] = 0.5 * DT * sum(wi * signal(ti) for wi, ti in zip(w, t, strict=True))
    return out


def fly(
    site: object, state: tuple[Array, Array, Array], rate: Signal, force: Signal, end: float
) -> Vehicle:
    ticks = round(end / DT)
    vehicle = Vehicle(site, *state)
    angles, pushes = increments(rate, ticks).tolist(), increments(force, ticks).tolist()
    for angle, push in zip(angles, pushes, strict=True):
        vehicle.step(angle, push)
    return vehicle


def attitude_error(vehicle: Vehicle, q: Array) -> float:
    return float(np.linalg.norm(to_rotvec(multiply(conjugate(q), vehicle.q))))


START = (
    np.array([3000.0, -450e3, -42e3]),
    np.array([20.0, 1650.0, 430.0]),
    from_rotvec(np.array([0.3, -1.1, 0.4])),
)


def still(t: float) -> Array:
    return np.zeros(3)


def test_free_fall_for_700_s() -> None:
    """Tolerance from the terms that the step leaves out.

    Coriolis is taken at the velocity half a step on without its own Coriolis part: an
    acceleration of 4 Omega^2 (dt/2) v = 2.4e-10 m/s2, 1.7e-7 m/s and 6e-5 m after 700 s. The
    midpoint rule of gravity leaves omega^2 dt^2 / 24 of it with omega = v / r = 1e-3 1/s: 4e-12 of
    1.6 m/s2, 2e-6 m. Rounding of positions at 4.5e5 m is 6e-11 m a step, a walk of 2e-8 m; of
    velocities 2e-13 m/s a step, integrated 2e-8 m. The reference is good to some 1e-5 m.
    """
    site = make_site(elevation_m=-2500.0)
    vehicle = fly(site, START, still, still, 700.0)
    position, velocity, q = integrate(site, START, still, still, 700.0)
    assert np.abs(vehicle.position - position).max() < 1e-4
    assert np.abs(vehicle.velocity - velocity).max() < 2.5e-7
    assert attitude_error(vehicle, q) < 1e-11  # 70,000 roundings of 1e-16 and the clock's turn


def test_a_braking_burn_with_a_pitch_over_for_120_s() -> None:
    """Thrust along z that grows as propellant burns, and a rate that changes slowly.

    Forces and rates that change linearly within a step are handled exactly but for terms of third
    order in the angle per tick: (0.02 rad/s x 0.01 s)^3 = 8e-12 of each increment. The quadratic
    part of the rate, 0.02 x 0.1^2 / 2 x dt^2, leaves 1e-13 rad a tick. What is left is position by
    the trapezoid of velocity, which knows nothing of the jerk: dt^3 jerk / 12 a tick, 1e-6/12 x
    0.06 (turning of 3 m/s2 at 0.02 rad/s) x 12,000 ticks = 6e-5 m.
    """

    def rate(t: float) -> Array:
        return np.array([1e-3, -0.02 * np.cos(0.1 * t), 5e-4])

    def force(t: float) -> Array:
        return np.array([0.01, -0.02, 2.7 / (1.0 - t / 900.0)])

    site = make_site(elevation_m=-2500.0)
    vehicle = fly(site, START, rate, force, 120.0)
    position, velocity, q = integrate(site, START, rate, force, 120.0)
    assert np.abs(vehicle.position - position).max() < 2e-4
    assert np.abs(vehicle.velocity - velocity).max() < 2e-6
    assert attitude_error(vehicle, q) < 1e-8


def coning(amplitude: float, omega: float) -> tuple[Signal, Callable[[float], Array]]:
    """Body rate and attitude of a body whose rotation vector circles in the x-y plane."""

    def attitude(t: float) -> Array:
        phase = omega * t
        return from_rotvec(amplitude * np.array([np.cos(phase), np.sin(phase), 0.0]))

    def rate(t: float) -> Array:
        s, c = np.sin(amplitude), 1.0 - np.cos(amplitude)
        phase = omega * t
        return omega * np.array([-s * np.sin(phase), s * np.cos(phase), -c])

    return rate, attitude


def test_coning_drifts_as_little_as_the_algorithm_promises() -> None:
    """Rotation vector of amplitude a turning by b = Omega dt a tick (Savage 1998a on coning).

    The body's z then seems to turn by a^2 (b - sin b)/2 a tick; a (a' x a)/12 gives a^2 sin^2(b/2)
    sin(b)/3. The difference is a^2 b^5/60 (1 + O(b^2)) a tick: the drift to expect. Without the
    compensation it would be a^2 b^3/12, 5/b^2 = 51 times as much.
    """
    a, omega, end = 0.01, 2.0 * np.pi * 5.0, 60.0
    rate, attitude = coning(a, omega)
    ticks, b = round(end / DT), omega * DT
    vehicle = Vehicle(make_site(), *START[:2], attitude(0.0))
    for angle in increments(rate, ticks).tolist():
        vehicle.step(angle, [0.0, 0.0, 0.0])
    expected = ticks * (
        a * a * (b - np.sin(b)) / 2.0 - a * a * np.sin(b / 2) ** 2 * np.sin(b) / 3.0
    )
    turn = from_rotvec(-RATE * end * array(make_site().rate_site_rad_s, 3) / RATE)
    drift = attitude_error(vehicle, multiply(turn, attitude(end)))
    assert expected == pytest.approx(ticks * a * a * b**5 / 60.0, rel=b * b)
    # Higher orders in a and b: a^2, b^2 = 0.1 relative.
    assert drift == pytest.approx(expected, rel=0.1)


def test_sculling_is_compensated() -> None:
    """Angle a sin(Wt) about x with force B sin(Wt) along y pushes -z... by a B/2 on average.

    Uncompensated (beyond the rotation term) the velocity error is of order b^2/12 of it, b = W dt;
    with the compensation b^4-ish: the next order is a tenth of b^2 of that. So 1 % of the effect
    bounds what is left, and the comparison with DOP853 measures it.
    """
    a, big, omega, end = 0.01, 1.0, 2.0 * np.pi * 5.0, 20.0
    b = omega * DT

    def rate(t: float) -> Array:
        return np.array([a * omega * np.cos(omega * t), 0.0, 0.0])

    def force(t: float) -> Array:
        return np.array([0.0, big * np.sin(omega * t), 0.0])

    site = make_site()
    vehicle = fly(site, START, rate, force, end)
    _, velocity, _ = integrate(site, START, rate, force, end)
    effect = 0.5 * a * big * end
    left = np.abs(vehicle.velocity - velocity).max()
    assert left < effect * b**4 / 12.0
    assert left < 0.01 * effect


BROAD = Path("../shared/data/imu_broad/02_undisturbed_slow_rotation_B.mat")


@pytest.mark.skipif(not BROAD.exists(), reason=f"{BROAD} is not here (real gyroscope data, BROAD)")
def test_coning_compensation_helps_on_real_gyroscope_data() -> None:
    """Samples at 286 Hz, each turned exactly, are the reference; triples of them are the ticks."""
    data = loadmat(BROAD)
    gyro = np.asarray(data["imu_gyr"], dtype=np.float64)
    dt = 1.0 / float(np.asarray(data["sampling_rate"]).item())
    moving = np.argmax(np.linalg.norm(gyro, axis=1) > 0.5)
    gyro = gyro[moving : moving + 3 * 5000]
    reference = np.array([1.0, 0.0, 0.0, 0.0])
    for w in gyro:
        reference = multiply(reference, from_rotvec(w * dt))
    site = make_site()

    def error(compensate: bool) -> float:
        vehicle = Vehicle(site, *START[:2], np.array([1.0, 0.0, 0.0, 0.0]))
        for angle in (gyro * dt).reshape(-1, 3, 3).sum(axis=1).tolist():
            if not compensate:
                vehicle.s.delta_angle_rad = [0.0, 0.0, 0.0]
            lib.ob_strapdown_step(vehicle.s, site, round(3e9 * dt), angle, [0.0, 0.0, 0.0])
        turned = from_rotvec(-array(site.rate_site_rad_s, 3) * 3 * 5000 * dt)
        return attitude_error(vehicle, multiply(turned, reference))

    with_it, without = error(True), error(False)
    # Sums of three samples lose coning of second order; the compensation, which takes the rate as
    # linear over two ticks, must recover most of it.
    assert with_it < 0.5 * without


def test_gravity_is_attraction_less_the_centrifugal_term() -> None:
    site = make_site(elevation_m=-2500.0)
    out = ffi.new("double[3]")
    position = np.array([1000.0, -2000.0, 5000.0])
    lib.ob_strapdown_gravity(site, list(position), out)
    C, origin = array(site.C_site_from_mcmf, 9).reshape(3, 3), array(site.origin_mcmf_m, 3)
    r = origin + C.T @ position
    spin = np.array([0.0, 0.0, RATE])
    want = C @ (gravity(r) - np.cross(spin, np.cross(spin, r)))
    assert array(out, 3) == pytest.approx(want, rel=1e-12, abs=1e-14)
    assert rotate(np.array([1.0, 0.0, 0.0, 0.0]), want) == pytest.approx(want)
