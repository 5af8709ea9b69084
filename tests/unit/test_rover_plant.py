"""The rover's plant against sums done by hand, from the formulas in the textbooks."""

from __future__ import annotations

import math
from typing import Any

import pytest
from rover_setup import GRAVITY_M_S2, MICRO, PERFECT, drive, rover

from hil.plant._plant import ffi, lib
from hil.plant.rover import EVENTS, OUTPUTS, WHEELS, RoverStart
from hil.plant.rover_preset import RoverDispersions
from onboard.messages import WheelCommand

W, M, B = MICRO.wheels, MICRO.motor, MICRO.battery
S = MICRO.soil
DIAMETER_M = 2.0 * W.radius_m
MODULUS = S.cohesive_modulus_n_m2 + W.width_m * S.frictional_modulus_n_m3
QUARTER_N = MICRO.body.mass_kg * GRAVITY_M_S2 / 4.0
# Bekker: z = (3 W / (2 (k_c + b k_phi) sqrt(D)))^(2/3) for an exponent of 1
SINKAGE_M = (3.0 * QUARTER_N / (2.0 * MODULUS * math.sqrt(DIAMETER_M))) ** (2.0 / 3.0)
COMPACTION_N = MODULUS * SINKAGE_M**2 / 2.0
CONTACT_M = math.sqrt(DIAMETER_M * SINKAGE_M - SINKAGE_M**2)
STRENGTH_N = W.width_m * CONTACT_M * S.cohesion_pa + QUARTER_N * math.tan(S.friction_rad)
GRAVITY_SHARE = 2.0e-3  # of the rounded gravity, and of J2 and C22 from place to place


def traction_n(shear_m: float) -> float:
    """Janosi and Hanamoto, averaged over the contact."""
    x = shear_m / S.shear_modulus_m
    return STRENGTH_N * (1.0 - (1.0 - math.exp(-x)) / x)


def root(function: Any, low: float, high: float) -> float:
    """Where an increasing function passes zero."""
    for _ in range(60):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if function(middle) < 0.0 else (low, middle)
    return 0.5 * (low + high)


def test_it_stands_as_deep_as_bekker_says_and_does_not_move() -> None:
    plant = rover()
    drive(plant, 3.0, 0.0, 0.0)
    before = tuple(plant.truth.position_site_m)
    truth = drive(plant, 5.0, 0.0, 0.0)
    assert pytest.approx(2.9e-3, abs=0.05e-3) == SINKAGE_M
    assert list(truth.sinkage_m) == pytest.approx([SINKAGE_M] * 4, rel=GRAVITY_SHARE)
    assert list(truth.load_n) == pytest.approx([QUARTER_N] * 4, rel=GRAVITY_SHARE)
    assert math.dist(before, truth.position_site_m) < 1e-5
    assert truth.events == 0


def test_level_driving_slips_as_janosi_and_hanamoto_say() -> None:
    """In steady driving traction is what compaction costs."""
    plant = rover()
    truth = drive(plant, 10.0, 0.5, 0.5)
    speed = truth.velocity_site_m_s[1]
    tread = truth.wheel_rate_rad_s[0] * W.radius_m

    def excess_n(slip: float) -> float:
        return traction_n(slip * CONTACT_M) + S.shear_damping_n_s_m * slip * tread - COMPACTION_N

    assert 1.0 - speed / tread == pytest.approx(root(excess_n, 1e-6, 1.0), rel=0.01)


def test_it_drives_straight_where_it_looks() -> None:
    """A sphere is not quite level: by J2 the plumb line leans 1.5 J2 sin(2 latitude) = 2.6e-4
    there, which makes it drift sideways like a slope of that: by 2 K / l of it, 5e-4."""
    truth = drive(rover(start=RoverStart(heading_rad=0.5)), 40.0, 0.5, 0.5)
    east, north, _ = truth.position_site_m
    assert truth.heading_rad == pytest.approx(0.5, abs=2.6e-4)
    assert math.atan2(east, north) == pytest.approx(0.5, abs=7e-4)
    assert truth.distance_m == pytest.approx(math.hypot(east, north), rel=1e-3)


def test_turning_in_place_is_the_balance_of_pull_and_scrub() -> None:
    """Each wheel pulls forward with an arm of half the track, and is dragged sideways with one of
    half the wheelbase; compaction resists the motion of the hub."""
    plant = rover()
    drive(plant, 5.0, -0.7, 0.7)
    before = plant.truth.heading_rad
    truth = drive(plant, 5.0, -0.7, 0.7)
    rate = (before - truth.heading_rad) / 5.0
    tread = truth.wheel_rate_rad_s[1] * W.radius_m
    arm, scrub = W.track_m / 2.0, W.wheelbase_m / 2.0

    def braking_n_m(rate_rad_s: float) -> float:
        along, across = tread - rate_rad_s * arm, rate_rad_s * scrub
        slip = math.hypot(along, across)
        pull = traction_n(slip * CONTACT_M / tread) / slip + S.shear_damping_n_s_m
        return scrub * pull * across - arm * (pull * along - COMPACTION_N)

    assert rate == pytest.approx(root(braking_n_m, 1e-3, tread / arm * 0.999), rel=0.02)
    assert math.hypot(*truth.position_site_m[0:2]) < 0.01


def test_a_blocked_wheel_draws_the_stall_current() -> None:
    plant = rover()
    plant.hurt("wheel.fl", jam=10.0)
    truth = drive(plant, 1.0, 0.5, 0.0)
    assert truth.wheel_rate_rad_s[0] == 0.0
    assert truth.current_a[0] == pytest.approx(0.5 * truth.voltage_v / M.winding_ohm, rel=1e-4)
    plant.hurt("wheel.fl", jam=0.0)
    assert drive(plant, 1.0, 0.5, 0.0).wheel_rate_rad_s[0] > 0.5


def test_a_lifted_wheel_runs_at_the_speed_of_its_voltage() -> None:
    """k omega = u V - R (friction + viscous omega) / k."""
    spec = ffi.new("pl_motor_spec *", M.model_dump())
    motor = ffi.new("pl_motor *")
    for _ in range(2000):
        lib.pl_motor_step(motor, spec, 0.5, 11.0, 0.0, 1e-3)
    k, resistance = M.constant_n_m_a, M.winding_ohm
    free = (0.5 * 11.0 - resistance * M.friction_n_m / k) / (
        k + resistance * M.viscous_n_m_s_rad / k
    )
    assert motor.rate_rad_s == pytest.approx(free, rel=1e-9)
    assert motor.current_a == pytest.approx(
        (M.friction_n_m + M.viscous_n_m_s_rad * free) / k, rel=1e-6
    )


def test_energy_is_neither_made_nor_lost() -> None:
    """What the battery gave beyond the idle load is in windings, friction, ground and wheels.

    Explicit Euler takes the motor's power at the rate before the step: k I dw dt / 2 a step, which
    sums to 8 x 0.4 A x 0.8 rad/s x 1 ms / 2 = 1.3 mJ for each of 4 wheels over a start or a stop;
    the voltage that the idle load sees is one step late.
    """
    plant = rover()
    drive(plant, 5.0, 0.6, 0.4)
    truth = drive(plant, 5.0, -0.3, 0.5)
    kinetic = sum(0.5 * M.inertia_kg_m2 * w**2 for w in truth.wheel_rate_rad_s)
    spent = truth.winding_j + truth.friction_j + truth.work_j + kinetic
    given = truth.delivered_j - B.idle_w * 10.0
    assert given > 3.0
    assert given == pytest.approx(spent, abs=2 * 4 * 1.3e-3 + 1e-3)
    left = B.capacity_wh * 3600.0 * (1.0 - truth.charge)
    assert left > truth.delivered_j  # the battery warms itself, too
    mean_a = truth.delivered_j / 10.0 / truth.voltage_v
    assert left - truth.delivered_j == pytest.approx(B.resistance_ohm * mean_a**2 * 10.0, rel=0.05)


def test_a_command_holds_for_a_tenth_of_a_second() -> None:
    plant = rover()
    drive(plant, 2.0, 0.5, 0.5)
    turning = plant.truth.wheel_rate_rad_s[0]
    for _ in range(9):
        plant.step()
    assert plant.truth.wheel_rate_rad_s[0] == pytest.approx(turning, rel=0.01)
    for _ in range(50):
        plant.step()
    assert plant.truth.wheel_rate_rad_s[0] == 0.0


def test_what_its_instruments_say() -> None:
    plant = rover()
    truth = drive(plant, 10.0, 0.5, 0.5)
    wheel = plant.ports["wheel.fl"].read()
    angle = plant.state.wheel[0].motor.angle_rad
    assert wheel.counts == math.floor(angle * M.counts_per_rad)
    assert wheel.current_a == pytest.approx(truth.current_a[0], abs=M.current_quantum_a)
    assert plant.ports["wheel.fl"].read() is None
    battery = plant.ports["battery"].read()
    assert battery.voltage_v == pytest.approx(truth.voltage_v, abs=1e-3)
    assert battery.energy_wh == pytest.approx(truth.charge * B.capacity_wh)
    imu = plant.ports["imu.a"].read()
    assert imu.delta_velocity_z_m_s * 100 == pytest.approx(GRAVITY_M_S2, rel=1e-2)
    # the Moon turns 2.66e-6 rad/s: a hundredth of that in a tick, north and up at 60.5 N
    assert math.hypot(imu.delta_angle_x_rad, imu.delta_angle_z_rad) == pytest.approx(
        2.66e-8, rel=0.5
    )


def test_a_drained_battery_ends_everything() -> None:
    plant = rover(start=RoverStart(charge=0.001))
    plant.hurt("battery", drain=100.0)
    drive(plant, 5.0, 0.3, 0.3)
    assert plant.events == ("power_out",)
    place = tuple(plant.truth.position_site_m)
    assert plant.ports["imu.a"].read() is not None  # what it said last
    assert plant.step() == 0 and plant.ports["imu.a"].read() is None
    assert tuple(plant.truth.position_site_m) == place


def test_the_same_seed_gives_the_same_bits_and_another_one_others() -> None:
    def bits(seed: int) -> int:
        plant = rover(seed, MICRO.dispersions)
        drive(plant, 2.0, 0.4, 0.6)
        return plant.hash()

    assert bits(7) == bits(7)
    assert bits(7) != bits(8)


def test_the_hash_sees_each_wheel_and_the_battery() -> None:
    plant = rover()
    before = plant.hash()
    for k in range(len(WHEELS)):
        plant.state.wheel[k].motor.angle_rad += 1e-12
        assert plant.hash() != before
        before = plant.hash()
    plant.state.battery.energy_j -= 1e-9
    assert plant.hash() != before


def test_dispersions_differ_from_seed_to_seed_and_are_named() -> None:
    masses = {rover(seed, RoverDispersions(mass=0.1)).state.config.mass_kg for seed in range(5)}
    assert len(masses) == 5
    assert rover(1, PERFECT).state.config.mass_kg == MICRO.body.mass_kg
    assert len(OUTPUTS) == len(set(OUTPUTS)) and EVENTS["tipped_over"] != EVENTS["power_out"]


def test_a_duty_beyond_the_supply_is_the_supply() -> None:
    plant = rover()
    plant.hurt("wheel.fl", jam=10.0)
    for _ in range(50):
        plant.ports["wheels"].write(WheelCommand(0, 0, 7.0, 0.0, 0.0, 0.0))
        plant.step()
    truth = plant.truth
    assert truth.current_a[0] == pytest.approx(truth.voltage_v / M.winding_ohm, rel=1e-3)
