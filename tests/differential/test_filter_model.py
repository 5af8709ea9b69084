"""The filter's linear model against numerical derivatives of the nonlinear one, and against expm.

Partials: the gate keeps the sigma of each innovation, which is h P h^T plus the noise. With P read
back and h found by moving the state and predicting again, that must come out the same.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from navigation_simulation import (
    Array,
    Descent,
    Ground,
    N,
    array,
    c_array,
    conjugate,
    covariance,
    ffi,
    from_rotvec,
    lib,
    make_params,
    make_site,
    multiply,
    rolling_hills,
    rotate,
    rotate_back,
    to_rotvec,
)
from scipy.linalg import expm


def flown(pitch_rad: float = 0.15, **changes: object) -> Descent:
    """A descent some way in, so that every state is correlated with every other."""
    ground = Ground(make_site())
    rolling_hills(ground, amplitude_m=0.0)
    descent = Descent(
        ground,
        make_params(**changes),
        3,
        altitude_m=4000.0,
        speed_m_s=150.0,
        along_m=-20e3,
        pitch_rad=pitch_rad,
    )
    for _ in range(30):
        descent.fly(10, (0.002, -0.01, 0.004), (0.05, -0.1, 3.0))
        descent.star()
        descent.range(0)
        descent.velocity()
    descent.craters(descent.matches(8))
    descent.fly(10, (0.002, -0.01, 0.004), (0.05, -0.1, 3.0))
    return descent


class Estimate:
    """The filter's estimate, moved by an error vector."""

    def __init__(self, descent: Descent, error: Array) -> None:
        f = descent.filter
        self.position = array(f.strapdown.position_site_m, 3) + error[:3]
        self.velocity = array(f.strapdown.velocity_site_m_s, 3) + error[3:6]
        self.q = multiply(from_rotvec(error[6:9]), array(f.strapdown.q_site_from_body, 4))
        self.map_error = array(f.map_error_m, 2) + error[18:20]


def derivative(descent: Descent, predict: Callable[[Estimate], Array]) -> Array:
    """Central differences; steps that make some 1e-4 of each quantity's own scale."""
    steps = np.array([1.0] * 3 + [0.1] * 3 + [1e-5] * 3 + [1.0] * 9 + [1.0] * 2)
    rows = []
    for k in range(N):
        e = np.zeros(N)
        e[k] = steps[k]
        up, down = predict(Estimate(descent, e)), predict(Estimate(descent, -e))
        rows.append((up - down) / (2.0 * steps[k]))
    return np.array(rows).T


def check(descent: Descent, stream: int, h: Array, noise: Array) -> None:
    p = descent.before
    want = np.sqrt(np.einsum("ij,jk,ik->i", h, p, h) + noise**2)
    got = array(descent.filter.gate[stream].sigma, len(want))
    # Differences of step d err by d^2/6 of the third derivative: below 1e-6 relative here.
    assert got == pytest.approx(want, rel=1e-4)


@pytest.fixture
def descent(request: pytest.FixtureRequest) -> Descent:
    d = flown(getattr(request, "param", 0.15))
    d.before = covariance(d.filter)  # type: ignore[attr-defined]
    return d


def test_velocity_partials(descent: Descent) -> None:
    h = derivative(descent, lambda e: rotate_back(e.q, e.velocity))
    speed = np.linalg.norm(array(descent.filter.strapdown.velocity_site_m_s, 3))
    p = descent.params
    noise = np.hypot(array(p.velocity_sigma_m_s, 3), p.velocity_sigma_fraction * speed)
    descent.velocity()
    check(descent, lib.OB_STREAM_VELOCITY, h, noise)


def test_star_partials(descent: Descent) -> None:
    reference = Estimate(descent, np.zeros(N)).q
    # measured - predicted in body axes; predicted moves with the estimate
    h = derivative(descent, lambda e: to_rotvec(multiply(conjugate(reference), e.q)))
    descent.star()
    check(descent, lib.OB_STREAM_STAR, h, array(descent.params.star_sigma_rad, 3))


@pytest.mark.parametrize(("beam", "descent"), [(0, 0.15), (1, 1.2)], indirect=["descent"])
def test_range_partials(descent: Descent, beam: int) -> None:
    """Ground that is level: the horizontal part of the position error must not matter."""
    b = descent.params.beam[beam]
    body = array(b.direction_body, 3)

    def place(e: Estimate) -> tuple[Array, Array]:
        return e.position, rotate(e.q, body)

    estimate = Estimate(descent, np.zeros(N))
    mapped = descent.ground.slant_range(*place(estimate))
    assert mapped is not None
    hit = descent.ground.corridor(estimate.position + mapped * rotate(estimate.q, body))
    last = descent.filter.ground[beam]
    away = np.hypot(hit[0] - last.along_m, hit[1] - last.cross_m)
    kept = np.exp(-away / descent.params.map_correlation_m)
    p = descent.before  # type: ignore[attr-defined]
    p[18 + beam, :] *= kept
    p[:, 18 + beam] *= kept
    p[18 + beam, 18 + beam] += descent.sigma_map**2 * (1.0 - kept**2)

    def predict(e: Estimate) -> Array:
        position, direction = place(e)
        r = descent.ground.slant_range(position, direction, -float(e.map_error[beam]))
        return np.array([r])

    h = derivative(descent, predict)
    r = descent.true_range(beam)
    assert r is not None
    noise = np.hypot(b.sigma_m, b.sigma_fraction * r)
    assert lib.ob_filter_range(descent.filter, descent.time_ns, beam, r) >= 0
    check(descent, beam, h, np.array([noise]))


def test_crater_partials_and_innovation(descent: Descent) -> None:
    """One crater whose pixel noise is tiny pins the state to its ray, as the derivative says."""
    matches = descent.matches(1, map_sigma_m=0.0, pixel_sigma=1e-3)
    cam, m = descent.camera, matches[0]
    place = ffi.new("double[3]")
    lib.ob_site_from_mcmf(descent.site, m.position_mcmf_m, place)
    target = array(place, 3)

    def predict(e: Estimate) -> Array:
        at = rotate_back(multiply(e.q, array(cam.q_body_from_camera, 4)), target - e.position)
        pixel = ffi.new("double[2]")
        lib.ob_camera_project(cam, c_array(at), pixel)
        return array(pixel, 2)

    h = derivative(descent, predict)
    residual = array(m.pixel, 2) - predict(Estimate(descent, np.zeros(N)))
    p = descent.before  # type: ignore[attr-defined]
    gain = p @ h.T @ np.linalg.inv(h @ p @ h.T + 1e-6 * np.eye(2))
    moved, before = gain @ residual, array(descent.filter.strapdown.position_site_m, 3)
    assert descent.craters(matches) == lib.OB_GATE_ACCEPT
    after = covariance(descent.filter)
    keep = np.eye(N) - gain @ h
    wanted = keep @ p @ keep.T + 1e-6 * gain @ gain.T
    scale = np.sqrt(np.diag(p))
    # The iterated update linearises where it ends up: the difference is of second order, the pixel
    # residual over the focal length, 20 px / 549.
    assert np.abs((after - wanted) / np.outer(scale, scale)).max() < 0.05
    change = array(descent.filter.strapdown.position_site_m, 3) - before
    assert change == pytest.approx(moved[:3], abs=0.05 * float(np.abs(moved[:3]).max()) + 0.01)


def continuous(descent: Descent) -> Array:
    """F of the site-frame error equations, written out once more from the definitions."""
    f = descent.filter
    q = array(f.strapdown.q_site_from_body, 4)
    C = np.column_stack([rotate(q, e) for e in np.eye(3)])
    force = array(f.state.specific_force_body_m_s2, 3)
    r = array(f.strapdown.position_site_m, 3) + np.array([0.0, 0.0, f.site.radius_m])
    d = np.linalg.norm(r)
    spin = np.cross(np.eye(3), array(f.site.rate_site_rad_s, 3))  # [Omega x]: rows e_i x Omega
    F = np.zeros((N, N))
    F[0:3, 3:6] = np.eye(3)
    F[3:6, 0:3] = 4.902801056e12 / d**3 * (3.0 * np.outer(r, r) / d**2 - np.eye(3))
    F[3:6, 3:6] = -2.0 * spin
    F[3:6, 6:9] = -np.cross(np.eye(3), C @ force)
    F[3:6, 12:15] = -C
    F[3:6, 15:18] = -C * force[2]
    F[6:9, 6:9] = -spin
    F[6:9, 9:12] = -C
    return F


def test_covariance_follows_the_error_equations_over_30_s() -> None:
    descent = flown(covariance_ticks=10)
    p = covariance(descent.filter)
    params, rate, force = descent.params, (0.0, -0.01, 0.0), (0.0, 0.0, 3.0)
    q = np.zeros(N)
    q[3:6] = params.accelerometer_noise_m_s_sqrt_s**2
    q[6:9] = params.gyro_noise_rad_sqrt_s**2
    q[9:12] = params.gyro_bias_walk_rad_s_sqrt_s**2
    q[12:15] = params.accelerometer_bias_walk_m_s2_sqrt_s**2
    q[15:18] = params.coupling_walk_sqrt_s**2
    for _ in range(300):
        descent.fly(5, rate, force)
        phi = expm(continuous(descent) * 0.1)  # of the middle of the interval
        descent.fly(5, rate, force)
        p = phi @ p @ phi.T + np.diag(q * 0.1)
    got, scale = covariance(descent.filter)[:18, :18], np.sqrt(np.diag(p))[:18]
    # The core takes the attitude at the end of each interval: half of 0.01 rad/s x 0.1 s = 5e-4 of
    # the correlations that turn; biases take their walk in turns, at most 0.9 s late of 30 s, 3e-2
    # of what the walks add, which is itself below a hundredth of the prior.
    assert np.abs((got - p[:18, :18]) / np.outer(scale, scale)).max() < 2e-3


def looking_down(ground: Ground, **changes: object) -> Descent:
    """Level flight at 100 m/s with beam b straight down and a horizontal error of 500 m."""
    return Descent(
        ground, make_params(**changes), 1, altitude_m=3000.0, speed_m_s=100.0, along_m=-20e3,
        pitch_rad=np.pi / 2,
    )  # fmt: skip


def sample(descent: Descent, seconds: int) -> None:
    """Fly, and use one range that is noise to the filter, so that the states keep their sigmas."""
    descent.fly(100 * seconds, (0.0, 0.0, 0.0), (0.0, 0.0, 0.0))
    r = descent.true_range(1)
    assert r is not None
    assert lib.ob_filter_range(descent.filter, descent.time_ns, 1, r) == lib.OB_GATE_ACCEPT


DEAF = [{"direction_body": [0.0, 0.0, -1.0], "minimum_m": 1.0, "maximum_m": 25e3,
         "sigma_m": 1e6, "sigma_fraction": 0.0}] * 2  # fmt: skip


def test_survey_error_decays_over_ground_and_is_drawn_anew_on_a_finer_grid() -> None:
    ground = Ground(make_site())
    rolling_hills(ground, amplitude_m=0.0)
    ground.add(-19e3, -5e3, 100.0, np.zeros((101, 101)), 4.0)
    descent = looking_down(ground, beam=DEAF)
    sample(descent, 1)
    before, place = covariance(descent.filter)[19, 19], descent.filter.ground[1].along_m
    assert before == pytest.approx(400.0)
    descent.filter.map_error_m[1] = 15.0
    sample(descent, 3)
    away = descent.filter.ground[1].along_m - place
    assert away == pytest.approx(300.0, rel=0.05)
    kept = np.exp(-away / descent.params.map_correlation_m)
    # Against a noise of 1e6 m one sample moves the states by some (500 m / 1e6 m)^2 of themselves.
    assert descent.filter.map_error_m[1] == pytest.approx(15.0 * kept, rel=1e-4)
    assert covariance(descent.filter)[19, 19] == pytest.approx(400.0, rel=1e-4)
    while descent.filter.ground[1].along_m < -18.9e3:
        sample(descent, 1)
    assert covariance(descent.filter)[19, 19] == pytest.approx(16.0, rel=1e-3)
    assert abs(descent.filter.map_error_m[1]) < 1e-3


def test_relief_within_the_horizontal_error_is_variance_and_a_fix_takes_it_away() -> None:
    """A slope of 0.1 across the track and 500 m of error: 50 m, on top of the survey's 20 m."""
    ground = Ground(make_site())
    along, cross = np.arange(-30e3, 10e3, 250.0), np.arange(-10e3, 10e3, 250.0)
    heights = np.repeat(0.1 * cross[None, :], len(along), axis=0)
    ground.add(along[0], cross[0], 250.0, heights, 20.0)
    descent = looking_down(ground, beam=DEAF)
    sample(descent, 1)
    g = descent.filter.ground[1]
    assert g.relief_sigma_m == pytest.approx(50.0, rel=0.01)
    assert g.offset_m == pytest.approx(0.0, abs=0.1), "a plane has no mean rise"
    assert covariance(descent.filter)[19, 19] == pytest.approx(2900.0, rel=0.01)
    descent.craters(descent.matches(20))
    descent.filter.map_error_m[1] = 60.0
    place = (g.along_m, g.cross_m)
    sample(descent, 1)
    sigma = max(descent.out.position_sigma_m[0], descent.out.position_sigma_m[1])
    assert sigma < 50.0
    assert g.relief_sigma_m == pytest.approx(0.1 * sigma, rel=0.02)
    # Of what was thought of the ground the survey's part stays, and of the relief what a horizontal
    # error of this sigma has in common with that of before.
    away = np.hypot(g.along_m - place[0], g.cross_m - place[1])
    survey = 400.0 * np.exp(-away / descent.params.map_correlation_m)
    relief = 50.0 * 0.1 * sigma * (sigma / 500.0)
    kept = (survey + relief) / 2900.0
    assert descent.filter.map_error_m[1] == pytest.approx(60.0 * kept, rel=0.02)


def test_range_holds_horizontal_position_and_attitude_and_says_so() -> None:
    """P after a gain K that is not the optimal one: (I - K h) P (I - K h)^T + K R K^T."""
    ground = Ground(make_site())
    rolling_hills(ground, amplitude_m=0.0)
    descent = flown()
    f, before = descent.filter, covariance(descent.filter)
    place, q = array(f.strapdown.position_site_m, 3), array(f.strapdown.q_site_from_body, 4)
    up = descent.up(place)
    descent.range(0)
    after = covariance(f)
    moved = array(f.strapdown.position_site_m, 3) - place
    assert np.linalg.norm(moved) > 0.0
    assert np.abs(moved - up * (moved @ up)).max() < 1e-9 * np.linalg.norm(place)
    assert array(f.strapdown.q_site_from_body, 4) == pytest.approx(q, abs=1e-15)
    # What is held keeps its variance; what is not has lost some.
    assert np.diag(after)[6:9] == pytest.approx(np.diag(before)[6:9], rel=1e-9)
    level = np.eye(3) - np.outer(up, up)
    assert level @ after[:3, :3] @ level == pytest.approx(
        level @ before[:3, :3] @ level, rel=1e-6, abs=1e-6 * before[0, 0]
    )
    assert up @ after[:3, :3] @ up < up @ before[:3, :3] @ up


def test_latency_is_allowed_for(descent: Descent) -> None:
    """Matches of a frame of 0.3 s ago, with a correction in between, end up where fresh ones do."""
    late, fresh = flown(), flown()
    matches_late, matches_fresh = late.matches(10), fresh.matches(10)
    exposed = late.time_ns
    fresh.craters(matches_fresh)
    for d in (late, fresh):
        d.fly(15, (0.0, -0.02, 0.0), (0.0, 0.0, 3.0))
        d.velocity()
        d.fly(15, (0.0, -0.02, 0.0), (0.0, 0.0, 3.0))
    late.craters(matches_late, exposed)
    sigma = np.sqrt(np.diag(covariance(fresh.filter)))[:9]
    apart = np.abs(late.error()[:9] - fresh.error()[:9]) / sigma
    # Same information in another order; what differs is of second order in the corrections.
    assert apart.max() < 0.3
    assert lib.ob_filter_craters(
        late.filter, late.time_ns - 400_000_000, late.camera, matches_late, 10
    ) == lib.OB_GATE_REJECT  # fmt: skip
    assert lib.ob_filter_craters(
        late.filter, late.time_ns + 20_000_000, late.camera, matches_late, 10
    ) == lib.OB_GATE_REJECT  # fmt: skip
