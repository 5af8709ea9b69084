"""What the rover's flight code believes against its preset; what it shares with the lander."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
from click.testing import CliRunner
from rover_setup import MICRO

from onboard.cli import main
from onboard.dictionary import load
from onboard.fault_protection.prove import prove

DOCS = Path(__file__).parents[2] / "docs"
ROVER, LANDER = load("rover"), load("lander")
BELIEFS = {name: p.default for name, p in ROVER.parameters.items()}
COMMON = (
    ("commands", "NOOP ARM MODE_SET SAFE RESTART PARAM_SET PARAM_SAVE PARAM_CONFIRM PARAM_REVERT"),
    ("commands", "PRODUCT_SEND SEQUENCE_START SEQUENCE_STOP FAULT_CLEAR"),
    ("events", " ".join(n for n in LANDER.events if n != "THRUSTERS_EXCLUDED")),
    ("parameters", " ".join(n for n in LANDER.parameters if n.startswith("services."))),
    (
        "channels",
        " ".join(n for n in LANDER.channels if n.startswith(("health.", "boot.", "imu."))),
    ),
)


def test_the_table_of_faults_and_modes_is_proved() -> None:
    proof = prove(ROVER.protection, ROVER, every_pair=True)
    assert proof.holds, [*proof.findings, *proof.violations]
    for name, latency in proof.latency.items():
        assert latency.answer_ticks is not None, name
        assert latency.silence_ticks + latency.answer_ticks < latency.effect_ticks, name


def test_motors_and_encoders_are_those_of_the_preset() -> None:
    motor = MICRO.motor
    assert BELIEFS["wheels.constant_v_s_rad"] == motor.constant_n_m_a
    assert BELIEFS["wheels.winding_ohm"] == motor.winding_ohm
    for group in ("wheels", "odometry"):
        assert BELIEFS[f"{group}.counts_per_rad"] == pytest.approx(motor.counts_per_rad)
    free_a = (motor.friction_n_m + motor.viscous_n_m_s_rad * 0.8) / motor.constant_n_m_a
    assert BELIEFS["wheels.idle_current_a"] == pytest.approx(free_a, rel=0.2)
    assert BELIEFS["drive.track_m"] == MICRO.wheels.track_m


def test_the_rolling_radius_is_the_wheel_less_the_slip_of_level_ground() -> None:
    """15 % by the soil's formulas, see test_rover_plant.py."""
    for group in ("drive", "odometry"):
        radius = BELIEFS[f"{group}.rolling_radius_m"]
        assert radius == pytest.approx(0.85 * MICRO.wheels.radius_m, rel=0.01)


def test_trips_lie_between_what_driving_draws_and_what_a_blocked_wheel_draws() -> None:
    """Soil can hold a wheel with its strength, 2.5 N on 0.075 m; the limit holds a blocked one."""
    motor = MICRO.motor
    most_driving_a = (2.5 * MICRO.wheels.radius_m + motor.friction_n_m) / motor.constant_n_m_a
    assert most_driving_a < BELIEFS["wheels.stall_current_a"] < BELIEFS["wheels.current_max_a"]
    stalled_a = MICRO.battery.full_v / motor.winding_ohm
    assert BELIEFS["wheels.current_max_a"] < BELIEFS["wheels.overcurrent_a"] < stalled_a
    held_v = BELIEFS["wheels.current_max_a"] * motor.winding_ohm
    assert BELIEFS["wheels.encoder_v"] < held_v < MICRO.battery.empty_v


def test_the_fastest_path_is_within_what_the_battery_can_drive() -> None:
    fastest = BELIEFS["drive.speed_m_s"] / BELIEFS["drive.rolling_radius_m"]
    turning = (
        BELIEFS["drive.turn_ratio"]
        * BELIEFS["drive.turn_rate_rad_s"]
        * BELIEFS["drive.track_m"]
        / 2.0
        / BELIEFS["drive.rolling_radius_m"]
    )
    most = BELIEFS["wheels.rate_max_rad_s"]
    assert fastest < most and turning < most
    assert most * BELIEFS["wheels.constant_v_s_rad"] < MICRO.battery.empty_v + 1.0


def test_it_may_not_tilt_as_far_as_it_tips() -> None:
    high = ROVER.protection.monitor["tilt_high"].enter.high
    tips = math.atan2(
        MICRO.wheels.track_m / 2.0, MICRO.wheels.radius_m - MICRO.wheels.axle_height_m
    )
    assert high < 0.6 * tips


@pytest.mark.parametrize(("section", "names"), COMMON)
def test_what_the_services_use_is_the_same_as_the_landers(section: str, names: str) -> None:
    ours, theirs = getattr(ROVER, section), getattr(LANDER, section)
    different = [name for name in names.split() if ours[name] != theirs[name]]
    assert not different


def test_the_committed_pages_are_those_of_the_dictionary_and_the_walk(tmp_path: Path) -> None:
    folder, page = tmp_path / "faults", tmp_path / "rover.md"
    export = ["dictionary", "export", "rover", "--format", "markdown", "--output", str(page)]
    for command in (export, ["faults", "document", "rover", "--out", str(folder)]):
        result = CliRunner().invoke(main, command)
        assert result.exit_code == 0, result.output
    made = {path.name: path.read_text("utf-8") for path in (page, *folder.iterdir())}
    there = [DOCS / "dictionary/rover.md", *(DOCS / "reference/rover/faults").iterdir()]
    committed = {path.name: path.read_text("utf-8") for path in there}
    names = made.keys() | committed.keys()
    stale = sorted(name for name in names if made.get(name) != committed.get(name))
    assert not stale, f"stale, run `make docs`: {stale}"
