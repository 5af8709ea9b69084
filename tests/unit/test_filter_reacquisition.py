"""A healthy sensor that the filter disbelieves comes back; a sensor that is wrong does not.

HAKUTO-R M1 was lost because its healthy rangefinder was shut out for good when the ground fell by
3 km at a crater rim. Here a vehicle flies level over such a rim, more lost than its covariance
says. The anti-twin is a rangefinder that says the same as the healthy one did, but is wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pytest
from navigation_simulation import (
    TICK_NS,
    Descent,
    Ground,
    array,
    conjugate,
    covariance,
    ffi,
    lib,
    limits,
    make_params,
    make_site,
    multiply,
    to_rotvec,
)

RIM_M, WALL_M, DEPTH_M, SPEED_M_S = -30e3, 1e3, 3e3, 300.0
HOVER = (0.0, 0.0, 1.5684)  # weight less v^2 / r at 300 m/s and 5 km, to some mm/s2
B = lib.OB_STREAM_RANGE_B
ACCEPTING = lib.OB_GATE_ACCEPTING


def rim(left_of_m: float | None = None) -> Ground:
    """A plateau, a wall 1 km wide, a floor 3 km below; or all that only left of a cross_m."""
    ground = Ground(make_site())
    along, cross = np.arange(-60e3, 20e3, 250.0), np.arange(-20e3, 20e3, 250.0)
    fall = np.clip((along - RIM_M) / WALL_M, 0.0, 1.0)
    heights = np.repeat(-DEPTH_M * fall[:, None], len(cross), axis=1)
    if left_of_m is not None:
        heights = heights * (cross[None, :] > left_of_m)
    ground.add(along[0], cross[0], 250.0, heights, 20.0)
    return ground


def plain() -> Ground:
    ground = Ground(make_site())
    ground.add(-60e3, -20e3, 250.0, np.zeros((320, 160)), 20.0)
    return ground


def params() -> object:
    beam = {"minimum_m": 1.0, "maximum_m": 25e3, "sigma_m": 1.0, "sigma_fraction": 1e-3}
    frames = limits(20.0, reject_count=1, recover_count=1, reacquire_count=2, reacquire_ns=0,
                    gap_ns=120_000_000_000)  # fmt: skip
    return make_params(
        beam=[{**beam, "direction_body": [0.0, 0.0, -1.0]}] * 2,
        gate=[limits(25.0), limits(25.0), limits(30.0), limits(30.0), frames],
    )


def hover(ground: Ground, along_m: float = -45e3, seed: int = 1) -> Descent:
    descent = Descent(
        ground,
        params(),
        seed,
        altitude_m=5000.0,
        speed_m_s=SPEED_M_S,
        along_m=along_m,
        pitch_rad=np.pi / 2,
    )
    descent.errors.map_error[:] = 0.0
    descent.sigma_map = 0.0
    return descent


def displace(descent: Descent, along_m: float, cross_m: float) -> None:
    """The inertial solution has drifted, and the covariance does not know."""
    f, ground = descent.filter, descent.ground
    a, c, h = ground.corridor(descent.vehicle.position)
    f.strapdown.position_site_m = list(ground.site_position(a + along_m, c + cross_m, h))


def seconds(
    descent: Descent, count: int, fault: Callable[[float], float] = lambda r: r, beams: str = "b"
) -> Iterator[int]:
    """Hover with range at 10 Hz; yields the decision on each sample of beam b."""
    for _ in range(10 * count):
        descent.fly(10, (0.0, 0.0, 0.0), HOVER)
        if "a" in beams:
            descent.range(0)
        yield descent.range(1, fault)


def altitude_error(descent: Descent) -> float:
    return descent.out.altitude_m - descent.altitude_m()


def test_m1_over_the_rim_with_a_drift_of_3_km_along_track() -> None:
    """The ground falls 10 s before the map says so. Afterwards everything agrees again."""
    descent = hover(rim())
    displace(descent, -3000.0, 0.0)
    states = set()
    for _ in seconds(descent, 110):
        states.add(descent.filter.gate[B].state)
    assert lib.OB_GATE_REJECTING in states, "a step of 3 km must not be swallowed at once"
    assert descent.filter.gate[B].state == ACCEPTING
    assert descent.filter.gate[B].consecutive_rejected == 0
    assert abs(altitude_error(descent)) < 3.0 * descent.out.altitude_sigma_m + 5.0


def test_m1_with_a_drift_that_stays_is_reacquired_within_seconds_of_the_floor() -> None:
    """The vehicle flies over the floor, the estimate over the plateau beside it, for good.

    Nothing but the disagreement itself can tell: it is steady, and ground of that height lies
    within ten sigma of the estimate. From the foot of the wall 21 samples over 2 s re-acquire it.
    """
    descent = hover(rim(left_of_m=-1500.0))
    displace(descent, 0.0, -3000.0)
    to_floor = round((RIM_M + WALL_M + 45e3) / SPEED_M_S)
    for _ in seconds(descent, to_floor + 1):
        pass
    assert descent.filter.gate[B].state != ACCEPTING
    assert altitude_error(descent) < -2900.0, "believes itself 3 km lower over ground than it is"
    for _ in seconds(descent, 5):
        pass
    assert descent.filter.gate[B].state == ACCEPTING
    assert descent.filter.gate[B].reacquired_count == 1
    assert abs(altitude_error(descent)) < 50.0
    for _ in seconds(descent, 20):
        pass
    assert abs(altitude_error(descent)) < 3.0 * descent.out.altitude_sigma_m + 5.0
    assert descent.filter.gate[B].consecutive_rejected == 0


def stuck(value: float) -> Callable[[float], float]:
    return lambda r: value


def ramp() -> Callable[[float], float]:
    offsets = iter(np.arange(300.0, 1e6, 5.0))
    return lambda r: r + float(next(offsets))


def noisy() -> Callable[[float], float]:
    rng = np.random.default_rng(9)
    return lambda r: float(rng.uniform(10.0, 20e3))


@pytest.mark.parametrize(
    ("name", "make"),
    [
        ("3 km too long", lambda: lambda r: r + 3000.0),
        ("3 km too short", lambda: lambda r: r - 3000.0),
        ("half of the range", lambda: lambda r: 0.5 * r),
        ("stuck", lambda: stuck(2000.0)),
        ("ramp of 50 m/s", ramp),
        ("noise over its whole scale", noisy),
    ],
)
def test_a_rangefinder_that_is_wrong_over_a_plain_is_never_reacquired(
    name: str, make: Callable[[], Callable[[float], float]]
) -> None:
    """No ground within ten sigma is 3 km lower, and ten sigma of altitude are 300 m."""
    descent = hover(plain())
    for _ in seconds(descent, 20):
        pass
    gate = descent.filter.gate[B]
    used = gate.accepted_count
    for _ in seconds(descent, 60, make()):
        pass
    assert gate.reacquired_count == 0
    # Noise hits the truth within 5 sigma, 200 m of 20 km, once in a hundred; never five in a row.
    assert gate.accepted_count - used <= 3
    assert gate.state != ACCEPTING
    error, sigma = altitude_error(descent), descent.out.altitude_sigma_m
    assert abs(error) < 4.0 * sigma, "and the estimate coasts within its sigma"
    assert abs(error) < 500.0
    for _ in seconds(descent, 5):
        pass
    assert gate.state == ACCEPTING, "healed, it is used again"
    assert abs(altitude_error(descent)) < 3.0 * descent.out.altitude_sigma_m + 5.0


def test_one_rangefinder_is_not_reacquired_against_the_other() -> None:
    """Some km from the rim the map would explain 2 km; the other beam, accepted, says otherwise."""
    descent = hover(rim(), along_m=-35e3)
    for _ in seconds(descent, 3, beams="ab"):
        pass
    for _ in seconds(descent, 10, lambda r: r + 2000.0, beams="ab"):
        pass
    assert descent.filter.gate[B].reacquired_count == 0
    assert descent.filter.gate[B].state != ACCEPTING
    assert descent.filter.gate[lib.OB_STREAM_RANGE_A].state == ACCEPTING
    alone = hover(rim(), along_m=-35e3)
    for _ in seconds(alone, 3):
        pass
    for _ in seconds(alone, 10, lambda r: r + 2000.0):
        pass
    assert alone.filter.gate[B].reacquired_count == 1, "alone it would have been believed"


def settled() -> Descent:
    """Hovering with stars, range, velocity and craters used."""
    descent = hover(plain())
    for k in range(300):
        descent.fly(10, (0.0, 0.0, 0.0), HOVER)
        descent.star()
        descent.range(1)
        descent.velocity()
        if k % 100 == 50:
            descent.craters(descent.matches(12))
    return descent


def test_a_velocimeter_far_off_is_never_reacquired_and_heals() -> None:
    descent = settled()
    gate = descent.filter.gate[lib.OB_STREAM_VELOCITY]
    for _ in range(300):
        descent.fly(10, (0.0, 0.0, 0.0), HOVER)
        descent.velocity(lambda v: v + np.array([0.0, 0.0, 50.0]))
    assert (gate.state != ACCEPTING, gate.reacquired_count) == (True, 0)
    for _ in range(10):
        descent.fly(10, (0.0, 0.0, 0.0), HOVER)
        descent.velocity()
    assert gate.state == ACCEPTING


def test_a_velocity_that_the_filter_has_wrong_is_reacquired() -> None:
    """Five sigma off, with a covariance that does not know: a blow that the IMU missed."""
    descent = settled()
    gate, before = descent.filter.gate[lib.OB_STREAM_VELOCITY], descent.velocity()
    assert before == lib.OB_GATE_ACCEPT
    blow = 8.0 * gate.sigma[0]
    descent.filter.strapdown.velocity_site_m_s[0] += blow
    count = 0
    while descent.filter.gate[lib.OB_STREAM_VELOCITY].reacquired_count == 0 and count < 100:
        descent.fly(10, (0.0, 0.0, 0.0), HOVER)
        descent.velocity()
        count += 1
    assert 20 <= count <= 60
    error = descent.error()[3:6]
    assert np.abs(error).max() < 0.5 * blow


def test_a_vertical_speed_is_not_reacquired_against_an_accepted_rangefinder() -> None:
    """Six sigma off, as after a drift; a rangefinder that goes on says otherwise."""

    def reacquired(ranging: bool) -> int:
        descent = settled()
        gate = descent.filter.gate[lib.OB_STREAM_VELOCITY]
        off = np.array([0.0, 0.0, 6.0 * gate.sigma[2]])
        for _ in range(100):
            descent.fly(10, (0.0, 0.0, 0.0), HOVER)
            if ranging:
                descent.range(1)
            descent.velocity(lambda v: v + off)
        return int(gate.reacquired_count)

    assert reacquired(ranging=True) == 0
    assert reacquired(ranging=False) == 1, "alone it would have been believed"


def test_a_star_tracker_that_looks_elsewhere_is_never_used() -> None:
    descent = settled()
    gate = descent.filter.gate[lib.OB_STREAM_STAR]
    used, q = gate.accepted_count, np.array([0.6, 0.0, 0.8, 0.0])
    for _ in range(200):
        descent.fly(10, (0.0, 0.0, 0.0), HOVER)
        descent.star(lambda _: q)
    assert (gate.accepted_count, gate.reacquired_count) == (used, 0)
    assert np.abs(descent.error()[6:9]).max() < 1e-3


def test_single_wrong_matches_are_left_out_of_a_frame() -> None:
    descent = settled()
    matches = descent.matches(12)
    for i in (1, 5, 9):
        matches[i].pixel[0] += 60.0
    before = np.linalg.norm(descent.error()[:2])
    assert descent.craters(matches) == lib.OB_GATE_ACCEPT
    assert np.linalg.norm(descent.error()[:2]) < before + 10.0


def test_of_many_matches_some_of_every_size_are_used() -> None:
    many, few = settled(), settled()
    matches = many.matches(128)
    chosen = ffi.new("ob_crater_matched[]", [matches[i] for i in range(0, 128, 2)])
    for i in range(1, 128, 2):
        matches[i].pixel[0] += 60.0
    assert many.craters(matches) == lib.OB_GATE_ACCEPT
    assert few.craters(chosen) == lib.OB_GATE_ACCEPT
    assert lib.ob_filter_hash(many.filter, 1) == lib.ob_filter_hash(few.filter, 1)


def test_frames_of_another_place_are_rejected_and_a_drift_is_reacquired_by_two() -> None:
    descent = settled()
    gate = descent.filter.gate[lib.OB_STREAM_CRATERS]
    elsewhere = descent.matches(12, shift_px=(150.0, 0.0))  # 1.4 km at 5 km
    for _ in range(4):
        descent.fly(100, (0.0, 0.0, 0.0), HOVER)
        assert descent.craters(elsewhere, None) == lib.OB_GATE_REJECT
    assert gate.reacquired_count == 0
    descent.fly(100, (0.0, 0.0, 0.0), HOVER)
    assert descent.craters(descent.matches(12)) == lib.OB_GATE_ACCEPT
    descent.filter.strapdown.position_site_m[0] += 150.0  # some 7 sigma of a match
    decisions = []
    for _ in range(3):
        descent.fly(100, (0.0, 0.0, 0.0), HOVER)
        decisions.append(descent.craters(descent.matches(12)))
    assert decisions == [lib.OB_GATE_REJECT, lib.OB_GATE_REACQUIRE, lib.OB_GATE_ACCEPT]
    assert np.abs(descent.error()[:2]).max() < 30.0


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -1.0, 0.0, 1e9])
def test_numbers_that_are_no_range_leave_everything_as_it_is(value: float) -> None:
    descent = settled()
    before = lib.ob_filter_hash(descent.filter, 1)
    assert lib.ob_filter_range(descent.filter, descent.time_ns, 1, value) == lib.OB_GATE_REJECT
    assert lib.ob_filter_hash(descent.filter, 1) == before
    bad = [value, 0.0, 0.0] if value != value or value == float("inf") else [float("nan")] * 3
    assert lib.ob_filter_velocity(descent.filter, descent.time_ns, bad) == lib.OB_GATE_REJECT
    assert lib.ob_filter_star(descent.filter, descent.time_ns, [value] * 4) == lib.OB_GATE_REJECT
    assert lib.ob_filter_hash(descent.filter, 1) == before


def test_imu_gaps_and_saturation_widen_the_covariance() -> None:
    descent = settled()
    before = covariance(descent.filter)
    push = [0.0, 0.0, HOVER[2] * 0.01]
    lib.ob_filter_imu(
        descent.filter, descent.time_ns + 6 * TICK_NS, [0.0] * 3, push, 0, descent.out
    )
    after = covariance(descent.filter)
    assert descent.out.valid == 0
    assert after[5, 5] >= before[5, 5] + (5 * push[2]) ** 2 * 0.99
    assert after[6, 6] > before[6, 6]
    time_ns = descent.filter.strapdown.time_ns
    lib.ob_filter_imu(descent.filter, time_ns, [0.0] * 3, push, 0, descent.out)
    assert (descent.out.valid, descent.filter.strapdown.time_ns) == (0, time_ns)
    lib.ob_filter_imu(descent.filter, time_ns + TICK_NS, [0.01, 0.0, 0.0], push, 1, descent.out)
    assert descent.out.valid == 0
    assert covariance(descent.filter)[6:9, 6:9].trace() > after[6:9, 6:9].trace() + 0.99e-4
    lib.ob_filter_imu(descent.filter, time_ns + 2 * TICK_NS, [0.0] * 3, push, 0, descent.out)
    assert (descent.out.valid, descent.filter.bad_samples) == (1, 3)


@pytest.mark.parametrize("beams", ["ab", "b"])
def test_two_beams_that_agree_are_believed_against_the_inertial_solution(beams: str) -> None:
    """A push that the accelerometers did not feel, of 800 m and 4 m/s by now: beyond ten sigma of
    the altitude over a plain, so one beam alone is refused as wrong, and rightly."""
    descent = hover(plain())
    for _ in seconds(descent, 10, beams=beams):
        pass
    descent.filter.strapdown.position_site_m[2] += 800.0
    descent.filter.strapdown.velocity_site_m_s[2] += 4.0
    for _ in seconds(descent, 10, beams=beams):
        pass
    states = {descent.filter.gate[beam].state for beam in (lib.OB_STREAM_RANGE_A, B)}
    if beams == "ab":
        assert states == {ACCEPTING}
        assert abs(altitude_error(descent)) < 3.0 * descent.out.altitude_sigma_m + 5.0
    else:
        assert lib.OB_GATE_REJECTING in states
        assert altitude_error(descent) > 800.0


def saturated(descent: Descent, rate_rad_s: float, since: float, ticks: int) -> float:
    """A second of a flagged pitch gyro after a last reading `since`; the turn navigated, rad."""
    f = descent.filter
    before = array(f.strapdown.q_site_from_body, 4)
    time_ns = f.strapdown.time_ns
    push = [0.0, 0.0, HOVER[2] * 0.01]
    lib.ob_filter_imu(f, time_ns + TICK_NS, [0.0, since * 0.01, 0.0], push, 0, descent.out)
    for k in range(ticks):
        angle = [0.0, rate_rad_s * 0.01, 0.0]
        lib.ob_filter_imu(f, time_ns + (k + 2) * TICK_NS, angle, push, 0b10, descent.out)
    turn = multiply(conjugate(before), array(f.strapdown.q_site_from_body, 4))
    return float(to_rotvec(turn)[1])


def test_a_saturated_gyro_is_not_integrated_and_its_doubts_add_up_as_one_error() -> None:
    """Schiaparelli: 165 deg/s for a second from nowhere. What the vehicle could have turned by in
    that second, a T^2 / 2, is the sigma; a hundred independent errors would leave a tenth of it."""
    descent = settled()
    descent.filter.params.turn_acceleration_rad_s2 = 0.5
    assert abs(saturated(descent, np.radians(165.0), 0.0, 100)) < 1e-3
    sigma = np.sqrt(covariance(descent.filter)[6:9, 6:9].trace())
    assert 0.25 < sigma < 0.26


def test_a_gyro_that_saturates_in_a_spin_keeps_the_rate_that_it_had() -> None:
    descent = settled()
    limit = np.radians(165.0)
    assert saturated(descent, limit, 0.99 * limit, 50) == pytest.approx(0.5 * limit, rel=0.02)
    assert np.sqrt(covariance(descent.filter)[6:9, 6:9].trace()) < 0.02


def test_a_flag_without_saturation_costs_nothing() -> None:
    descent = settled()
    before = covariance(descent.filter)[6:9, 6:9].trace()
    assert abs(saturated(descent, 0.0, 0.0, 10)) < 1e-5
    assert covariance(descent.filter)[6:9, 6:9].trace() < before + 1e-9
