"""What flight code believes about the lander (dictionary) against what it is (preset)."""

from __future__ import annotations

import math

import pytest

from onboard.dictionary import load
from tests.plant_setup import SLIM

BELIEF = {name: p.default for name, p in load("lander").parameters.items()}
AXIAL = SLIM.engines.mount[0].direction_body[2]
FULL_KG = SLIM.mass.dry_kg + SLIM.mass.propellant_kg
IMU = SLIM.imu[0]
A, B = SLIM.rangefinder

EQUAL = {
    "control.mass_full_kg": FULL_KG,
    "control.mass_dry_kg": SLIM.mass.dry_kg,
    "guidance.initial_mass_kg": FULL_KG,
    "guidance.dry_mass_kg": SLIM.mass.dry_kg,
    **{
        f"control.inertia_{state}_{axis}_kg_m2": value
        for state, values in (
            ("full", SLIM.mass.inertia_full_kg_m2),
            ("dry", SLIM.mass.inertia_dry_kg_m2),
        )
        for axis, value in zip("xyz", values, strict=True)
    },
    "control.engine_thrust_n": SLIM.engines.thrust_n,
    "control.engine_arm_m": 0.05,
    "control.specific_impulse_s": SLIM.engines.specific_impulse_s,
    "control.throttle_min": SLIM.engines.throttle_minimum,
    "guidance.throttle_min": SLIM.engines.throttle_minimum,
    "guidance.thrust_n": 2 * SLIM.engines.thrust_n * AXIAL,
    "guidance.specific_impulse_s": SLIM.engines.specific_impulse_s * AXIAL,
    "guidance.throttle_lag_s": SLIM.engines.valve_delay_s + SLIM.engines.lag_s,
    "touchdown.thrust_lag_s": SLIM.engines.valve_delay_s + SLIM.engines.lag_s,
    "control.pod_x_m": SLIM.thrusters.pod_radius_m[0],
    "control.pod_y_m": SLIM.thrusters.pod_radius_m[1],
    "control.pod_z_m": SLIM.thrusters.pod_height_m,
    "control.thruster_force_n": SLIM.thrusters.thrust_n,
    "control.thruster_minimum_on_s": SLIM.thrusters.minimum_on_time_us * 1e-6,
    "touchdown.body_height_m": -SLIM.legs.foot_body_m[0][2],
    "navigation.range_a_x_m": A.position_body_m[0],
    "navigation.range_a_z_m": A.position_body_m[2],
    "navigation.range_a_tilt_rad": math.atan2(A.direction_body[0], -A.direction_body[2]),
    "navigation.range_a_minimum_m": A.minimum_m,
    "navigation.range_a_maximum_m": A.maximum_m,
    "navigation.range_b_x_m": B.position_body_m[0],
    "navigation.range_b_z_m": B.position_body_m[2],
    "navigation.range_b_tilt_rad": math.atan2(B.direction_body[0], -B.direction_body[2]),
    "navigation.range_b_minimum_m": B.minimum_m,
    "navigation.range_b_maximum_m": B.maximum_m,
}


def together(*sigmas: float) -> float:
    return math.sqrt(sum(s * s for s in sigmas))


# The filter may believe its instruments worse than they are, not better.
AT_LEAST = {
    "navigation.gyro_noise_rad_sqrt_s": IMU.gyroscope.random_walk,
    "navigation.gyro_bias_sigma_rad_s": together(
        IMU.gyroscope.bias, IMU.gyroscope.bias_instability
    ),
    "navigation.accelerometer_noise_m_s_sqrt_s": IMU.accelerometer.random_walk,
    "navigation.accelerometer_bias_sigma_m_s2": together(
        IMU.accelerometer.bias, IMU.accelerometer.bias_instability
    ),
    "navigation.range_a_sigma_m": together(A.noise_m, A.bias_m),
    "navigation.range_a_sigma_fraction": together(A.noise_proportional, A.scale),
    "navigation.range_b_sigma_m": together(B.noise_m, B.bias_m),
    "navigation.range_b_sigma_fraction": together(B.noise_proportional, B.scale),
    "navigation.velocity_sigma_m_s": SLIM.velocimeter.noise_m_s,
    "navigation.velocity_sigma_fraction": together(
        SLIM.velocimeter.noise_proportional,
        SLIM.velocimeter.scale,
        SLIM.velocimeter.misalignment_rad,
    ),
    "navigation.velocity_minimum_m": SLIM.velocimeter.altitude_minimum_m,
    "navigation.star_cross_sigma_rad": together(
        SLIM.star_tracker.noise_cross_rad, SLIM.star_tracker.misalignment_rad
    ),
    "navigation.star_roll_sigma_rad": together(
        SLIM.star_tracker.noise_roll_rad, SLIM.star_tracker.misalignment_rad
    ),
}

AT_MOST = {
    "navigation.velocity_maximum_m": SLIM.velocimeter.altitude_maximum_m,
    "navigation.velocity_tilt_rad": SLIM.velocimeter.tilt_maximum_rad,
    "navigation.star_maximum_rate_rad_s": SLIM.star_tracker.rate_maximum_rad_s,
}


@pytest.mark.parametrize("name", EQUAL)
def test_layout_and_engines_are_known_on_board(name: str) -> None:
    """Dictionary values are rounded to about five digits."""
    assert BELIEF[name] == pytest.approx(EQUAL[name], rel=1e-4, abs=1e-9)


@pytest.mark.parametrize("name", AT_LEAST)
def test_the_filter_does_not_flatter_its_instruments(name: str) -> None:
    """Within 5 %: a sigma is not known better."""
    assert BELIEF[name] >= 0.95 * AT_LEAST[name]


@pytest.mark.parametrize("name", AT_MOST)
def test_envelopes_on_board_lie_within_the_instruments(name: str) -> None:
    assert BELIEF[name] <= AT_MOST[name] * (1 + 1e-9)
