"""Speed loop, trips, odometry and path of the rover, over whatever hypothesis thinks of.

The motor is the plant's, the way is integrated here by itself.
"""

from __future__ import annotations

import math
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from rover_setup import MICRO

from hil.plant._plant import ffi as plant_ffi
from hil.plant._plant import lib as plant
from onboard.core._core import ffi, lib

TICK_NS = 10_000_000
MOTOR = plant_ffi.new("pl_motor_spec *", MICRO.motor.model_dump())
WHEEL = {
    "counts_per_rad": MICRO.motor.counts_per_rad,
    "constant_v_s_rad": MICRO.motor.constant_n_m_a,
    "winding_ohm": MICRO.motor.winding_ohm,
    "idle_current_a": 0.012,
    "gain_v_s_rad": 4.0,
    "integral_v_rad": 20.0,
    "rate_filter_s": 0.03,
    "ramp_rad_s2": 1.0,
    "rate_max_rad_s": 1.2,
    "current_max_a": 0.2,
    "overcurrent_a": 0.3,
    "overcurrent_s": 0.2,
    "stall_rate_rad_s": 0.02,
    "stall_current_a": 0.1,
    "stall_s": 0.5,
    "encoder_v": 3.0,
    "encoder_s": 0.5,
    "silent_s": 0.1,
    "rest_s": 0.5,
    "forgive_s": 30.0,
    "tries": 2.0,
}


class Wheel:
    """A wheel of the flight core on a motor of the plant."""

    def __init__(self, supply_v: float = 11.0) -> None:
        self.motor = plant_ffi.new("pl_motor *")
        self.wheel = ffi.new("ob_wheel *")
        self.row = ffi.new("ob_wheel_row *")
        lib.ob_wheel_init(self.wheel, ffi.new("ob_wheel_params *", WHEEL))
        self.supply_v, self.duty, self.tick = supply_v, 0.0, 0
        self.stuck_at: int | None = None
        self.silent = False
        self.most_a = 0.0

    def run(self, seconds: float, target: float, ground_n_m: float = 0.0) -> None:
        for _ in range(round(100 * seconds)):
            self.tick += 1
            for _ in range(10):
                brake = math.copysign(ground_n_m, self.motor.rate_rad_s)
                plant.pl_motor_step(self.motor, MOTOR, self.duty, self.supply_v, brake, 1e-3)
                self.most_a = max(self.most_a, abs(self.motor.current_a))
            if not self.silent:
                counts = math.floor(self.motor.angle_rad * MICRO.motor.counts_per_rad)
                self.row.time_ns, self.row.sequence = self.tick * TICK_NS, self.tick
                self.row.counts = counts if self.stuck_at is None else self.stuck_at
                self.row.current_a = self.motor.current_a
            self.duty = lib.ob_wheel_step(self.wheel, self.row, target, self.supply_v)


targets = st.floats(0.1, 1.0) | st.floats(-1.0, -0.1)
supplies = st.floats(10.5, 12.6)


@given(targets, supplies, st.floats(0.0, 0.15))
def test_the_speed_loop_reaches_every_target_without_drawing_more_than_its_limit(
    target: float, supply_v: float, ground_n_m: float
) -> None:
    """Within a count a tick (0.012 rad/s, filtered by 4). The limit is kept with the estimated
    rate, which lags a ramp of 1 rad/s2 by filter and sample: 0.05 rad/s x 8 V s/rad / 30 ohm
    = 13 mA."""
    wheel = Wheel(supply_v)
    wheel.run(6.0, target, ground_n_m)
    assert abs(wheel.motor.rate_rad_s - target) < 0.005
    assert wheel.wheel.condition == lib.OB_WHEEL_READY
    assert wheel.most_a < WHEEL["current_max_a"] + 0.015
    wheel.run(3.0, 0.0)
    assert wheel.motor.rate_rad_s == 0.0 and wheel.duty == 0.0


@given(targets, st.floats(0.05, 0.4))
def test_a_wheel_held_for_a_moment_goes_on_without_racing(target: float, held_s: float) -> None:
    """The integral stops at the current limit: it may add R I_max = 6 V less the rest. The motor
    turns that into speed within 18 ms, and the loop takes it back as fast as it came."""
    wheel = Wheel()
    wheel.run(3.0, target)
    wheel.motor.jam_n_m = 50.0
    wheel.run(held_s, target)
    wheel.motor.jam_n_m = 0.0
    fastest = 0.0
    for _ in range(200):
        wheel.run(0.01, target)
        fastest = max(fastest, abs(wheel.motor.rate_rad_s))
    limit_v = WHEEL["winding_ohm"] * WHEEL["current_max_a"]
    assert fastest < abs(target) + limit_v / WHEEL["constant_v_s_rad"]
    assert abs(wheel.motor.rate_rad_s - target) < 0.02


@given(targets.filter(lambda t: abs(t) > 0.2), st.floats(0.0, 3.0))
def test_a_blocked_wheel_is_tried_again_twice_and_then_never(
    target: float, before_s: float
) -> None:
    wheel = Wheel()
    wheel.run(before_s, target)
    wheel.motor.jam_n_m = 50.0
    wheel.run(10.0, target)
    assert wheel.wheel.condition == lib.OB_WHEEL_OUT
    assert wheel.wheel.cause == lib.OB_TRIP_STALL
    assert wheel.wheel.trip_count == 1 + WHEEL["tries"]
    wheel.motor.jam_n_m = 0.0
    wheel.run(5.0, target)
    assert wheel.duty == 0.0
    lib.ob_wheel_reset(wheel.wheel)
    wheel.run(5.0, target)
    assert abs(wheel.motor.rate_rad_s - target) < 0.01


@given(targets.filter(lambda t: abs(t) > 0.3))
def test_an_encoder_that_stands_is_told_from_a_wheel_that_is_blocked(target: float) -> None:
    wheel = Wheel()
    wheel.run(2.0, target)
    wheel.stuck_at = wheel.row.counts
    for _ in range(500):
        wheel.run(0.01, target)
        if wheel.wheel.condition != lib.OB_WHEEL_READY:
            break
    assert wheel.wheel.cause == lib.OB_TRIP_ENCODER


def test_a_wheel_that_says_nothing_is_not_driven() -> None:
    wheel = Wheel()
    wheel.run(2.0, 0.5)
    wheel.silent = True
    wheel.run(0.1 + 0.02, 0.5)
    assert wheel.wheel.cause == lib.OB_TRIP_SILENT and wheel.duty == 0.0


@given(st.lists(st.tuples(st.floats(-0.8, 0.8), st.floats(-0.12, 0.12)), min_size=1, max_size=8))
@settings(max_examples=50)
def test_odometry_is_the_integral_of_way_along_heading(legs: list[tuple[float, float]]) -> None:
    """Against exact arcs. A tick's way is put along the heading at its end: an error of way x
    turn / 2 a tick, which sums to 0.05 m/s x 0.0012 rad / 2 x 2 s = 0.06 mm a leg;
    a count is 8 um."""
    p = {"counts_per_rad": 8000.0, "rolling_radius_m": 0.064, "level_1_s": 0.1, "still_s": 1.0}
    odometry = ffi.new("ob_odometry *")
    params = ffi.new("ob_odometry_params *", {**p, "bias_memory_s": 60.0})
    lib.ob_odometry_init(odometry, params, 3.0, -2.0, 0.4)
    imu, wheels = ffi.new("ob_imu_row *"), ffi.new("ob_wheel_row[4]")
    imu.delta_velocity_m_s = [0.0, 0.0, 0.0162]
    east, north, heading, angle, tick = 3.0, -2.0, 0.4, 0.0, 0
    for rate, turn in [(0.0, 0.0), *legs]:
        for _ in range(200):
            tick += 1
            way = 0.01 * rate * 0.064
            middle = heading + 0.005 * turn
            east, north = east + way * math.sin(middle), north + way * math.cos(middle)
            heading, angle = heading + 0.01 * turn, angle + 0.01 * rate
            imu.time_ns = tick * TICK_NS
            imu.delta_angle_rad = [0.0, 0.0, -0.01 * turn]
            for k in range(4):
                wheels[k].time_ns = tick * TICK_NS
                wheels[k].counts = math.floor(angle * 8000.0)
            lib.ob_odometry_step(odometry, imu, wheels, tick * TICK_NS)
    state = odometry.state
    # while it stands for a second and turns all the same, the turn is taken for a bias
    if all(abs(rate) > 0.05 for rate, _ in legs):
        assert math.dist(state.position_site_m[0:2], (east, north)) < len(legs) * 1e-4 + 2e-5
        assert abs(math.remainder(state.heading_rad - heading, 2 * math.pi)) < 1e-6
    assert state.valid and abs(state.position_site_m[2]) < 1e-9


@given(st.floats(-0.2, 0.2), st.floats(-0.2, 0.2), st.floats(-3.0, 3.0))
def test_gravity_levels_it_at_once(roll: float, pitch: float, heading: float) -> None:
    """The first sample gives the tilt; what heading loses by it is of second order in the tilt."""
    odometry = ffi.new("ob_odometry *")
    params = [8000.0, 0.064, 0.1, 1.0, 60.0]
    lib.ob_odometry_init(odometry, ffi.new("ob_odometry_params *", params), 0.0, 0.0, heading)
    imu, wheels = ffi.new("ob_imu_row *"), ffi.new("ob_wheel_row[4]")
    up = (-math.sin(pitch), math.sin(roll) * math.cos(pitch), math.cos(roll) * math.cos(pitch))
    imu.time_ns, imu.delta_velocity_m_s = TICK_NS, [0.0162 * u for u in up]
    lib.ob_odometry_step(odometry, imu, wheels, TICK_NS)
    state = odometry.state
    assert abs(state.tilt_rad - math.acos(up[2])) < 1e-7
    assert abs(math.remainder(state.heading_rad - heading, 2 * math.pi)) < abs(roll * pitch) + 1e-9


DRIVE = {
    "rolling_radius_m": 0.064,
    "track_m": 0.255,
    "turn_ratio": 3.9,
    "speed_m_s": 0.06,
    "turn_rate_rad_s": 0.12,
    "acceleration_m_s2": 0.02,
    "turn_gain_1_s": 0.8,
    "look_ahead_m": 0.5,
    "heading_tolerance_rad": 0.02,
    "realign_rad": 0.6,
    "arrive_m": 0.03,
    "patience": 3.0,
}
places = st.tuples(st.floats(-3.0, 3.0), st.floats(-3.0, 3.0))


class Obedient:
    """A drive and a vehicle that does exactly what it is told."""

    def __init__(self, path: list[tuple[float, float]], heading: float) -> None:
        self.drive, self.command = ffi.new("ob_drive *"), ffi.new("ob_drive_command *")
        self.state = ffi.new("ob_odometry_state *")
        self.state.heading_rad = heading
        lib.ob_drive_init(self.drive, ffi.new("ob_drive_params *", DRIVE))
        assert all(lib.ob_drive_add(self.drive, *place) for place in path)
        lib.ob_drive_start(self.drive, 0.05)

    def step(self, held: bool = False, obeys: bool = True) -> Any:
        lib.ob_drive_step(self.drive, self.state, held, self.command)
        s, c = self.state, self.command
        if obeys:
            s.heading_rad += 0.1 * c.turn_rate_rad_s
            s.position_site_m[0] += 0.1 * c.speed_m_s * math.sin(s.heading_rad)
            s.position_site_m[1] += 0.1 * c.speed_m_s * math.cos(s.heading_rad)
        return c


@given(st.lists(places, min_size=1, max_size=5), st.floats(-3.1, 3.1))
@settings(max_examples=50)
def test_a_path_passes_every_waypoint_in_its_order(
    path: list[tuple[float, float]], heading: float
) -> None:
    vehicle, passed = Obedient(path, heading), [math.inf] * len(path)
    for _ in range(20_000):
        command = vehicle.step()
        for leg, place in enumerate(path):
            if leg == command.leg:
                here = vehicle.state.position_site_m[0:2]
                passed[leg] = min(passed[leg], math.dist(here, place))
        if command.phase in (lib.OB_DRIVE_DONE, lib.OB_DRIVE_LOST):
            break
    assert command.phase == lib.OB_DRIVE_DONE
    # a leg ends beside its waypoint: off the line by the tolerance of the turn over what is left
    assert max(passed) <= DRIVE["arrive_m"] + DRIVE["heading_tolerance_rad"] * 3.0 * math.sqrt(8.0)


@given(places.filter(lambda p: math.hypot(*p) > 0.1), st.floats(-3.1, 3.1))
def test_who_gets_nowhere_gives_up_in_a_bounded_time(
    place: tuple[float, float], heading: float
) -> None:
    vehicle = Obedient([place], heading)
    longest_s = DRIVE["patience"] * math.pi / DRIVE["turn_rate_rad_s"] + 10.0
    longest_s = max(longest_s, DRIVE["patience"] * math.hypot(*place) / 0.05 + 10.0)
    for _ in range(int(10 * longest_s) + 3):
        command = vehicle.step(obeys=False)
    assert command.phase == lib.OB_DRIVE_LOST
    assert not any(command.wheel_rate_rad_s)


def test_while_held_it_stands_and_loses_no_time() -> None:
    vehicle = Obedient([(0.0, 1.0)], 0.0)
    vehicle.step()
    left = vehicle.drive.left_s
    assert not any(vehicle.step(held=True).wheel_rate_rad_s)
    assert vehicle.drive.left_s == left
    lib.ob_drive_stop(vehicle.drive)
    assert vehicle.step().phase == lib.OB_DRIVE_IDLE


def test_a_path_has_an_end_and_a_beginning() -> None:
    drive = ffi.new("ob_drive *")
    lib.ob_drive_init(drive, ffi.new("ob_drive_params *", DRIVE))
    assert lib.ob_drive_start(drive, 0.05) == 0
    assert [lib.ob_drive_add(drive, 0.0, float(i)) for i in range(17)] == [1] * 16 + [0]
    assert lib.ob_drive_start(drive, 0.05) == 1
