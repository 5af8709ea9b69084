"""The plant's rigid body against SciPy's DOP853 on independently written equations."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from hil.plant.lander import descent_orbit
from onboard.core._core import ffi as core_ffi
from onboard.core._core import lib as core_lib
from onboard.messages import EngineCommand, ThrusterCommand
from tests.plant_setup import (
    MOON_RADIUS_M,
    MOON_RATE_RAD_S,
    SITE,
    SmoothGround,
    above,
    ffi,
    lander,
    lib,
    rotate,
    run,
)

MU = core_lib.OB_MOON_MU_M3_S2
J2, C22, R_REF = 2.0323662264558446e-4, 2.235711870935134e-5, 1_738_000.0
G0 = 9.80665
STEP_S = 0.01


def gravity_mci(r: Any, t: float) -> Any:
    """Gradient of mu/r (1 - J2 ... + C22 ...) by complex-step differentiation of the potential."""
    angle = MOON_RATE_RAD_S * t
    turn = np.array(
        [[math.cos(angle), math.sin(angle), 0], [-math.sin(angle), math.cos(angle), 0], [0, 0, 1]]
    )

    def potential(p: Any) -> Any:
        x, y, z = turn @ p
        rr = np.sqrt(x * x + y * y + z * z)
        j2 = J2 * (R_REF / rr) ** 2 * (3 * (z / rr) ** 2 - 1) / 2
        c22 = C22 * (R_REF / rr) ** 2 * 3 * (x * x - y * y) / rr**2
        return MU / rr * (1 - j2 + c22)

    h = 1e-20 * MOON_RADIUS_M
    return np.array(
        [np.imag(potential(r + 1j * h * np.eye(3)[i])) / h for i in range(3)], dtype=float
    )


def inertia(mass: Any, total_kg: float) -> Any:
    share = (total_kg - mass.dry_kg) / mass.propellant_full_kg
    dry, full = np.array(list(mass.inertia_dry_kg_m2)), np.array(list(mass.inertia_full_kg_m2))
    return dry + min(max(share, 0.0), 1.0) * (full - dry)


def new_mass() -> Any:
    return ffi.new("pl_mass *", [200.0, 185.0, [130.0, 130.0, 100.0], [200.0, 200.0, 160.0]])


def new_body() -> Any:
    return ffi.new(
        "pl_body *",
        [
            [1.2e6, -2.0e5, 1.25e6],
            [-1000.0, 200.0, 1300.0],
            [0.5, -0.5, 0.5, 0.5],
            [0.02, -0.15, 0.3],
            385.0,
        ],
    )


def matrix(time_ns: int) -> Any:
    q = core_ffi.new("double[4]")
    core_lib.ob_q_mcmf_from_mci(q, time_ns)
    w, _, _, z = q
    c, s = w * w - z * z, 2 * w * z
    return ffi.new("double[9]", [c, -s, 0.0, s, c, 0.0, 0.0, 0.0, 1.0])


def reference(body: Any, mass: Any, wrench: Any, seconds: float) -> Any:
    force = np.array(list(wrench.force_body_n))
    torque = np.array(list(wrench.torque_body_n_m))

    def f(t: float, y: Any) -> Any:
        r, v, q, w, m = y[:3], y[3:6], y[6:10], y[10:13], y[13]
        moment = inertia(mass, m)
        a = gravity_mci(r, t) + rotate(q / np.linalg.norm(q), force) / m
        dq = 0.5 * np.array(
            [
                -q[1] * w[0] - q[2] * w[1] - q[3] * w[2],
                q[0] * w[0] + q[2] * w[2] - q[3] * w[1],
                q[0] * w[1] + q[3] * w[0] - q[1] * w[2],
                q[0] * w[2] + q[1] * w[1] - q[2] * w[0],
            ]
        )
        dw = (torque - np.cross(w, moment * w)) / moment
        return np.concatenate([v, a, dq, dw, [-wrench.mass_flow_kg_s]])

    y0 = np.array(
        [
            *body.position_mci_m,
            *body.velocity_mci_m_s,
            *body.q_mci_from_body,
            *body.rate_body_rad_s,
            body.mass_kg,
        ]
    )
    atol = [1e-7] * 3 + [1e-10] * 3 + [1e-14] * 8
    end = solve_ivp(f, (0, seconds), y0, method="DOP853", rtol=1e-13, atol=atol).y[:, -1]
    end[6:10] /= np.linalg.norm(end[6:10])
    return end


def integrate(body: Any, mass: Any, wrench: Any, seconds: float) -> Any:
    """The plant's steps; returns the summed increments of angle and velocity."""
    felt = ffi.new("pl_increment *")
    total = np.zeros(6)
    for k in range(round(seconds / STEP_S)):
        lib.pl_body_step(body, mass, wrench, matrix(k * 10_000_000), STEP_S, felt)
        total += [*felt.angle_rad, *felt.velocity_m_s]
    return total


@pytest.mark.parametrize(
    "wrench",
    [
        [[0.0, 0.0, 0.0], [0.0, 0.0, 0.0], 0.0],
        [[5.0, -8.0, 980.0], [0.4, -0.3, 0.2], 0.33],
    ],
    ids=["free fall", "burn"],
)
def test_a_minute_agrees_with_an_eighth_order_integration(wrench: Any) -> None:
    """Local error of RK4: (w h)^5 / 120 = 4e-15 rad a step at 0.34 rad/s, over 6,000 steps.
    Position: 6,000 roundings of 2e-10 m, and thrust along that attitude: far below 1e-5 m."""
    mass, load = new_mass(), ffi.new("pl_wrench *", wrench)
    body = new_body()
    expected = reference(body, mass, load, 60.0)
    integrate(body, mass, load, 60.0)
    assert list(body.position_mci_m) == pytest.approx(expected[:3], abs=1e-5)
    assert list(body.velocity_mci_m_s) == pytest.approx(expected[3:6], abs=1e-7)
    assert abs(np.dot(list(body.q_mci_from_body), expected[6:10])) == pytest.approx(1, abs=1e-14)
    assert list(body.rate_body_rad_s) == pytest.approx(expected[10:13], abs=1e-9)
    assert body.mass_kg == pytest.approx(expected[13], abs=1e-9)


def test_free_rotation_keeps_momentum_and_energy() -> None:
    mass, load, body = new_mass(), ffi.new("pl_wrench *"), new_body()
    moment = inertia(mass, body.mass_kg)

    def state() -> tuple[Any, float]:
        w = np.array(list(body.rate_body_rad_s))
        return rotate(list(body.q_mci_from_body), moment * w), float(moment @ (w * w)) / 2

    momentum, energy = state()
    integrate(body, mass, load, 100.0)
    after, left = state()
    assert after == pytest.approx(momentum, abs=1e-9)
    assert left == pytest.approx(energy, rel=1e-11)


def test_orbital_energy_is_kept_in_the_turning_field() -> None:
    """With a turning C22 term the Jacobi integral E - W Hz is what stays (Hill's problem)."""
    mass, load, body = new_mass(), ffi.new("pl_wrench *"), new_body()

    def jacobi(t: float) -> float:
        r, v = np.array(list(body.position_mci_m)), np.array(list(body.velocity_mci_m_s))
        angle = -MOON_RATE_RAD_S * t
        x, y = (
            r[0] * math.cos(angle) - r[1] * math.sin(angle),
            r[0] * math.sin(angle) + r[1] * math.cos(angle),
        )
        rr = np.linalg.norm(r)
        j2 = J2 * (R_REF / rr) ** 2 * (3 * (r[2] / rr) ** 2 - 1) / 2
        c22 = C22 * (R_REF / rr) ** 2 * 3 * (x * x - y * y) / rr**2
        spin = MOON_RATE_RAD_S * (r[0] * v[1] - r[1] * v[0])
        return float(v @ v / 2 - MU / rr * (1 - j2 + c22) - spin)

    before = jacobi(0.0)
    integrate(body, mass, load, 100.0)
    # Roundings: 10,000 x 2e-10 m x 1.6 m/s2 and 10,000 x 2e-13 m/s x 1.6 km/s, added at random.
    assert jacobi(100.0) == pytest.approx(before, abs=1e-6)


def test_a_burn_gives_the_velocity_of_tsiolkovsky() -> None:
    """Felt velocity is Isp g0 ln(m0/m1) along the thrust, whatever gravity does."""
    isp, thrust = 320.0, 1000.0
    mass, body = new_mass(), new_body()
    for k in range(3):
        body.rate_body_rad_s[k] = 0.0
    flow = thrust / (isp * G0)
    load = ffi.new("pl_wrench *", [[0.0, 0.0, thrust], [0.0, 0.0, 0.0], flow])
    total = integrate(body, mass, load, 300.0)
    ideal = isp * G0 * math.log(385.0 / (385.0 - flow * 300.0))
    assert total[5] == pytest.approx(ideal, rel=1e-11)
    assert total[:3] == pytest.approx([0, 0, 0], abs=1e-15)


def test_increments_are_integrals_of_rate_and_specific_force() -> None:
    mass, body = new_mass(), new_body()
    load = ffi.new("pl_wrench *", [[3.0, -2.0, 500.0], [1.0, 2.0, -0.5], 0.2])
    moment = inertia(mass, 385.0 - 0.2 * STEP_S / 2)

    def f(_: float, y: Any) -> Any:
        dw = (np.array([1.0, 2.0, -0.5]) - np.cross(y[:3], moment * y[:3])) / moment
        return np.concatenate([dw, y[:3]])

    y0 = [*body.rate_body_rad_s, 0.0, 0.0, 0.0]
    angle = solve_ivp(f, (0, STEP_S), y0, method="DOP853", rtol=1e-13, atol=1e-15).y[3:, -1]
    velocity = np.array([3.0, -2.0, 500.0]) * math.log(385.0 / (385.0 - 0.2 * STEP_S)) / 0.2
    total = integrate(body, mass, load, STEP_S)
    assert total[:3] == pytest.approx(angle, abs=1e-15)
    assert total[3:] == pytest.approx(velocity, rel=1e-12)


# ---- the lander's own path ----


def test_the_lander_coasts_as_dop853_says() -> None:
    start = descent_orbit(SITE)
    plant = lander(SmoothGround(), start)
    run(plant, 60.0)
    y0 = np.array([*start.position_mci_m, *start.velocity_mci_m_s])
    end = solve_ivp(
        lambda t, y: np.concatenate([y[3:], gravity_mci(y[:3], t)]),
        (0, 60.0),
        y0,
        method="DOP853",
        rtol=1e-13,
        atol=1e-9,
    ).y[:, -1]
    truth = plant.truth
    assert list(truth.position_mci_m) == pytest.approx(end[:3], abs=1e-5)
    assert list(truth.velocity_mci_m_s) == pytest.approx(end[3:], abs=1e-7)


def test_the_descent_orbit_has_its_perilune_where_it_says() -> None:
    """At lead_s: height 15 km, level, range_m from the target, moving along the corridor."""
    plant = lander(SmoothGround(), descent_orbit(SITE, range_m=450e3, lead_s=120.0))
    run(plant, 120.0)
    truth = plant.truth
    r, v = np.array(list(truth.position_mcmf_m)), np.array(list(truth.velocity_mcmf_m_s))
    up = r / np.linalg.norm(r)
    assert np.linalg.norm(r) - MOON_RADIUS_M == pytest.approx(15e3, abs=1e-3)
    assert v @ up == pytest.approx(0.0, abs=1e-5)
    corridor = core_ffi.new("ob_corridor *")
    core_lib.ob_corridor_init(corridor, SITE.latitude_rad, SITE.longitude_rad, SITE.azimuth_rad)
    out = core_ffi.new("double[3]")
    core_lib.ob_corridor_from_mcmf(corridor, list(r), out)
    assert list(out) == pytest.approx([-450e3, 0.0, 15e3], abs=1e-3)
    core_lib.ob_corridor_from_mcmf(corridor, list(r + v), out)
    assert out[0] > -450e3
    assert out[1] == pytest.approx(0.0, abs=1e-3)  # no cross-track speed
    rp, ra = MOON_RADIUS_M + 15e3, MOON_RADIUS_M + 100e3
    speed = math.sqrt(2 * MU * ra / (rp * (rp + ra)))
    assert np.linalg.norm(list(truth.velocity_mci_m_s)) == pytest.approx(speed, abs=1e-4)


def test_the_descent_begins_backwards_and_belly_down() -> None:
    truth = lander(SmoothGround(), descent_orbit(SITE)).truth
    v = np.array(list(truth.velocity_mci_m_s))
    r = np.array(list(truth.position_mci_m))
    q = list(truth.q_mci_from_body)
    assert rotate(q, [0, 0, 1]) @ v == pytest.approx(-np.linalg.norm(v), rel=1e-12)
    assert rotate(q, [1, 0, 0]) @ r / np.linalg.norm(r) < -0.999
    assert abs(rotate(q, [0, 1, 0]) @ r) / np.linalg.norm(r) < 1e-9


def test_thrusters_turn_a_body_with_an_offset_centre_of_mass() -> None:
    """All four +z thrusters for one tick: 80 N, and a torque of the arm times it."""
    plant = lander(SmoothGround(), above(1000.0))
    mcg = np.array([0.01, -0.02, 0.0])
    config = plant.handle.config
    bank = ffi.new("pl_thruster_bank *")
    lib.pl_thruster_init(
        bank, ffi.addressof(config.thruster), list(config.thruster_scale), list(mcg)
    )
    wrench = ffi.new("pl_wrench *")
    on = [10_000 if k % 3 == 0 else 0 for k in range(12)]
    assert lib.pl_thruster_step(bank, on, wrench) == 1
    assert list(wrench.force_body_n) == pytest.approx([0.0, 0.0, 80.0])
    assert list(wrench.torque_body_n_m) == pytest.approx(np.cross(-mcg, [0, 0, 80.0]), abs=1e-12)
    assert wrench.mass_flow_kg_s == pytest.approx(80.0 / (220.0 * G0), rel=1e-12)


def test_a_flight_with_engines_follows_rocket_equation_and_thrust_line() -> None:
    """Both engines, 30 s: felt velocity against Tsiolkovsky for the propellant that was burnt."""
    plant = lander(SmoothGround(), above(20_000.0))
    imu, ports = plant.ports["imu.a"].read, plant.ports
    felt = 0.0
    for k in range(3000):
        ports["engine.a"].write(EngineCommand(k, k, 1, 1.0))
        ports["engine.b"].write(EngineCommand(k, k, 1, 1.0))
        ports["thrusters"].write(ThrusterCommand(k, k, *[0] * 12))
        plant.step()
        felt += imu().delta_velocity_z_m_s
    truth = plant.truth
    axial = plant.preset.engines.mount[0].direction_body[2]
    ideal = 320.0 * G0 * axial * math.log(385.0 / truth.mass_kg)
    # Quantisation leaves at most one quantum, 2.4e-7 m/s; the IMU is otherwise perfect.
    assert felt == pytest.approx(ideal, abs=1e-6)
    # Equal engines: their torques about x cancel to rounding.
    assert list(truth.rate_body_rad_s) == pytest.approx([0, 0, 0], abs=1e-5)
    # 5 ticks of delay, then the lag: impulse = 1000 N (30 - 0.05 - 0.08 (1 - e^-...)) s.
    burnt = 1000.0 * (30.0 - 0.05 - 0.08) / (320.0 * G0)
    assert 385.0 - truth.mass_kg == pytest.approx(burnt, rel=1e-9)
