"""What flight code believes about each lander (dictionary) against what it is (preset)."""

from __future__ import annotations

import math

import pytest

from hil.bench.setting import VEHICLES
from hil.plant.preset import LanderPreset, load_preset
from onboard.dictionary import load
from tests.plant_setup import SLIM

PRESETS = {name: load_preset(name) for name in VEHICLES}
BELIEF = {
    name: {p: d.default for p, d in load(vehicle).parameters.items()}
    for name, vehicle in VEHICLES.items()
}


def inertia_at_start(preset: LanderPreset) -> list[float]:
    """Where the descent begins: linear in mass between dry and full."""
    share = preset.mass.propellant_kg / preset.mass.tank_kg
    pairs = zip(preset.mass.inertia_dry_kg_m2, preset.mass.inertia_full_kg_m2, strict=True)
    return [dry + share * (full - dry) for dry, full in pairs]


def together(*sigmas: float) -> float:
    return math.sqrt(sum(s * s for s in sigmas))


def equal(preset: LanderPreset) -> dict[str, float]:
    axial = preset.engines.mount[0].direction_body[2]
    start_kg = preset.mass.dry_kg + preset.mass.propellant_kg
    a, b = preset.rangefinder
    return {
        "control.mass_full_kg": start_kg,
        "control.mass_dry_kg": preset.mass.dry_kg,
        "guidance.initial_mass_kg": start_kg,
        "guidance.dry_mass_kg": preset.mass.dry_kg,
        **{
            f"control.inertia_{state}_{axis}_kg_m2": value
            for state, values in (
                ("full", inertia_at_start(preset)),
                ("dry", preset.mass.inertia_dry_kg_m2),
            )
            for axis, value in zip("xyz", values, strict=True)
        },
        "control.engine_thrust_n": preset.engines.thrust_n,
        "control.engine_arm_m": 0.05,
        "control.specific_impulse_s": preset.engines.specific_impulse_s,
        "control.throttle_min": preset.engines.throttle_minimum,
        "guidance.throttle_min": preset.engines.throttle_minimum,
        "guidance.thrust_n": 2 * preset.engines.thrust_n * axial,
        "guidance.specific_impulse_s": preset.engines.specific_impulse_s * axial,
        "guidance.throttle_lag_s": preset.engines.valve_delay_s + preset.engines.lag_s,
        "touchdown.thrust_lag_s": preset.engines.valve_delay_s + preset.engines.lag_s,
        "control.pod_x_m": preset.thrusters.pod_radius_m[0],
        "control.pod_y_m": preset.thrusters.pod_radius_m[1],
        "control.pod_z_m": preset.thrusters.pod_height_m,
        "control.thruster_force_n": preset.thrusters.thrust_n,
        "control.thruster_minimum_on_s": preset.thrusters.minimum_on_time_us * 1e-6,
        "touchdown.body_height_m": -preset.legs.foot_body_m[0][2],
        "navigation.range_a_x_m": a.position_body_m[0],
        "navigation.range_a_z_m": a.position_body_m[2],
        "navigation.range_a_tilt_rad": math.atan2(a.direction_body[0], -a.direction_body[2]),
        "navigation.range_a_minimum_m": a.minimum_m,
        "navigation.range_a_maximum_m": a.maximum_m,
        "navigation.range_b_x_m": b.position_body_m[0],
        "navigation.range_b_z_m": b.position_body_m[2],
        "navigation.range_b_tilt_rad": math.atan2(b.direction_body[0], -b.direction_body[2]),
        "navigation.range_b_minimum_m": b.minimum_m,
        "navigation.range_b_maximum_m": b.maximum_m,
    }


def at_least(preset: LanderPreset) -> dict[str, float]:
    """The filter may believe its instruments worse than they are, not better."""
    imu = preset.imu[0]
    a, b = preset.rangefinder
    return {
        "navigation.gyro_noise_rad_sqrt_s": imu.gyroscope.random_walk,
        "navigation.gyro_bias_sigma_rad_s": together(
            imu.gyroscope.bias, imu.gyroscope.bias_instability
        ),
        "navigation.accelerometer_noise_m_s_sqrt_s": imu.accelerometer.random_walk,
        "navigation.accelerometer_bias_sigma_m_s2": together(
            imu.accelerometer.bias, imu.accelerometer.bias_instability
        ),
        "navigation.range_a_sigma_m": together(a.noise_m, a.bias_m),
        "navigation.range_a_sigma_fraction": together(a.noise_proportional, a.scale),
        "navigation.range_b_sigma_m": together(b.noise_m, b.bias_m),
        "navigation.range_b_sigma_fraction": together(b.noise_proportional, b.scale),
        "navigation.velocity_sigma_m_s": preset.velocimeter.noise_m_s,
        "navigation.velocity_sigma_fraction": together(
            preset.velocimeter.noise_proportional,
            preset.velocimeter.scale,
            preset.velocimeter.misalignment_rad,
        ),
        "navigation.velocity_minimum_m": preset.velocimeter.altitude_minimum_m,
        "navigation.star_cross_sigma_rad": together(
            preset.star_tracker.noise_cross_rad, preset.star_tracker.misalignment_rad
        ),
        "navigation.star_roll_sigma_rad": together(
            preset.star_tracker.noise_roll_rad, preset.star_tracker.misalignment_rad
        ),
    }


def at_most(preset: LanderPreset) -> dict[str, float]:
    return {
        "navigation.velocity_maximum_m": preset.velocimeter.altitude_maximum_m,
        "navigation.velocity_tilt_rad": preset.velocimeter.tilt_maximum_rad,
        "navigation.star_maximum_rate_rad_s": preset.star_tracker.rate_maximum_rad_s,
    }


EQUAL, AT_LEAST, AT_MOST = equal(SLIM), at_least(SLIM), at_most(SLIM)


@pytest.mark.parametrize("vehicle", VEHICLES)
@pytest.mark.parametrize("name", EQUAL)
def test_layout_and_engines_are_known_on_board(name: str, vehicle: str) -> None:
    """Dictionary values are rounded to about five digits."""
    known = equal(PRESETS[vehicle])[name]
    assert BELIEF[vehicle][name] == pytest.approx(known, rel=1e-4, abs=1e-9)


@pytest.mark.parametrize("vehicle", VEHICLES)
@pytest.mark.parametrize("name", AT_LEAST)
def test_the_filter_does_not_flatter_its_instruments(name: str, vehicle: str) -> None:
    """Within 5 %: a sigma is not known better."""
    assert BELIEF[vehicle][name] >= 0.95 * at_least(PRESETS[vehicle])[name]


@pytest.mark.parametrize("vehicle", VEHICLES)
@pytest.mark.parametrize("name", AT_MOST)
def test_envelopes_on_board_lie_within_the_instruments(name: str, vehicle: str) -> None:
    assert BELIEF[vehicle][name] <= at_most(PRESETS[vehicle])[name] * (1 + 1e-9)


def test_resilience_is_the_lander_of_the_design() -> None:
    """1,000 kg with full tanks, thrust acceleration at most 4.0 m/s2 at any mass."""
    preset = PRESETS["resilience"]
    assert preset.mass.dry_kg + preset.mass.tank_kg == 1000.0
    axial_n = sum(m.direction_body[2] for m in preset.engines.mount) * preset.engines.thrust_n
    assert 3.9 <= axial_n / preset.mass.dry_kg <= 4.0
