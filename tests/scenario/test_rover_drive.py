"""The rover in closed loop: it comes back, and what goes wrong with it ends in standing still."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import short_drive

from hil.bench import drive_log, session
from hil.bench.report import write as write_report
from hil.bench.result import DriveResult
from hil.scenario import ScenarioError, find, load, parse

SLIP_PER_SLOPE = 1.6  # docs/rover.md: way that slopes drag it, for each radian and metre
CORNER_M = 0.8  # way of the treads in a turn of a right angle


def fault(**values: Any) -> str:
    rows = "\n".join(f"{k} = {v!r}" for k, v in values.items()).replace("'", '"')
    return f"[[fault]]\n{rows}\n"


def names(run: Any) -> list[str]:
    return [e.name for e in run.vehicle.events.since(0)]


def stands(run: Any) -> bool:
    truth = run.plant.truth
    return not any(truth.wheel_rate_rad_s) and run.vehicle.fault_protection.mode == "safe"


@pytest.mark.parametrize("seed", [1, 7])
def test_a_square_comes_back_to_its_beginning(seed: int) -> None:
    """Within what slopes of the ground that it drove over can drag it, unseen, and what heading
    costs: an error of 5 mrad at the start turns the square, and is no error of closure; what the
    gyroscope drifts meanwhile is on average half of it wrong over the longest leg."""
    scenario, text = load(find("rover_square"))
    result = session.run(scenario, text, seed=seed)
    assert isinstance(result, DriveResult)
    assert result.verdict == "passed", result.failed_expectations
    assert result.waypoints == 4 and 17.0 < result.distance_m < 19.0
    way_m = result.distance_m + 4 * CORNER_M
    dragged_m = SLIP_PER_SLOPE * math.radians(result.mean_slope_deg) * way_m
    turned_m = math.radians(result.heading_error_deg or 0.0) * 5.0
    assert result.closure_error_m < dragged_m + turned_m
    assert result.energy_wh == pytest.approx(6.0 * result.sim_seconds / 3600.0, rel=0.1)


def test_a_recorded_drive_is_replayed_to_the_same_bits(tmp_path: Path) -> None:
    text = short_drive.text()
    scenario = parse(text, "short.toml")
    result = session.run(scenario, text, seed=3, folder=tmp_path / "one")
    assert result.verdict == "passed", result.failed_expectations
    outcome = session.replay(tmp_path / "one")
    assert outcome.equal and outcome.ticks == round(100 * result.sim_seconds)
    assert short_drive.driven(3).result.bit_hash == result.bit_hash  # type: ignore[attr-defined]
    assert short_drive.driven(4).result.bit_hash != result.bit_hash  # type: ignore[attr-defined]
    write_report(tmp_path / "report.html", session.read(tmp_path / "one"))
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "Path over the terrain" in page and "Camera frames" not in page


def test_a_wheel_that_is_held_for_a_moment_is_tried_again_and_arrives() -> None:
    jam = fault(port="wheel.fl", kind="jam", amount=20.0, start_s=12.0, end_s=14.0)
    run = short_drive.driven(extra=jam)
    result: DriveResult = run.result  # type: ignore[attr-defined]
    assert result.arrived and result.stalls >= 1
    assert result.faults_tripped == 0
    assert "WHEEL_TRIPPED" in names(run)


def test_a_wheel_that_stays_blocked_ends_in_safe_mode() -> None:
    jam = fault(port="wheel.rr", kind="jam", amount=20.0, start_s=12.0)
    run = short_drive.driven(extra=jam)
    result: DriveResult = run.result  # type: ignore[attr-defined]
    assert result.stalls == 3 and not result.arrived
    assert result.faults_tripped == 1 and stands(run)
    wheel = run.vehicle.wheels.state.wheel[3]
    assert wheel.current_a == pytest.approx(0.0, abs=0.01)


@pytest.mark.parametrize(
    ("values", "what"),
    [
        ({"port": "wheel.fr", "kind": "stuck", "fields": ["counts"]}, "encoder_stuck"),
        ({"port": "wheel.fr", "kind": "off"}, "wheel_silent"),
        (
            {"port": "wheel.rl", "kind": "wrong", "fields": ["current_a"], "amount": 0.6},
            "wheel_overcurrent",
        ),
        ({"port": "imu.a", "kind": "off"}, "imu_lost"),
        (
            {"port": "battery", "kind": "wrong", "fields": ["voltage_v"], "amount": 9.9},
            "battery_low",
        ),
        (
            {"port": "battery", "kind": "wrong", "fields": ["energy_wh"], "amount": 4.0},
            "battery_low",
        ),
        ({"port": "battery", "kind": "off"}, "battery_silent"),
    ],
)
def test_what_breaks_is_named_and_the_rover_stands(values: dict[str, Any], what: str) -> None:
    run = short_drive.driven(extra=fault(**values, start_s=10.0), north_m=2.0)
    texts = [e.text for e in run.vehicle.events.since(0) if e.name == "FAULT_ACTIVE"]
    assert any(what in text for text in texts), texts
    assert stands(run)
    assert not run.result.arrived  # type: ignore[attr-defined]


def test_a_tilt_only_stops_the_drive() -> None:
    """What looks like 26 deg, by the accelerometer: 0.8 m/s2 across where 1.62 are up."""
    lean = fault(
        port="imu.a", kind="offset", fields=["delta_velocity_y_m_s"], amount=0.009, start_s=10.0
    )
    run = short_drive.driven(extra=lean, north_m=3.0)
    assert any("tilt_high" in e.text for e in run.vehicle.events.since(0))
    assert run.vehicle.fault_protection.mode == "standby"
    assert not any(run.plant.truth.wheel_rate_rad_s)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_wheels_that_run_on_the_spot_are_noticed_before_they_dig(seed: int) -> None:
    """The wall of a small crater, 18 deg: slip is above 80 %. Start 3 s, filter 1 s, count 3 s,
    answer 0.3 s, at 0.05 m/s: 0.37 m of treads. Opportunity's measure is 0.5 m."""
    run = short_drive.flown(short_drive.uphill(-136.0, -57.0, 161.0, 3.0), seed)
    tripped = [e.text for e in run.vehicle.events.since(0) if e.name == "FAULT_ACTIVE"]
    assert len(tripped) == 1 and "slip_high" in tripped[0]
    assert run.vehicle.fault_protection.mode == "standby"
    assert not run.vehicle.wheels.state.driven
    assert run.vehicle.odometry.state.state.distance_m < 0.5


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_slope_that_takes_some_slip_is_driven(seed: int) -> None:
    """8.5 deg: 15 % of level ground and 1.57 for each radian are 38 %, and the curve of the
    traction adds to that."""
    run = short_drive.flown(short_drive.uphill(370.0, -391.0, 291.0, 1.0), seed)
    result: DriveResult = run.result  # type: ignore[attr-defined]
    assert result.arrived and result.faults_tripped == 0
    log = run.log.table()
    told = log["slip_believed"] != 0.0
    true = np.mean([log[f"slip_{wheel}"] for wheel in drive_log.WHEELS], axis=0)
    assert np.median(true[told]) > 0.3


def test_a_drained_battery_strands_it() -> None:
    """200 W are more than a battery of 0.15 ohm at 10.5 V can give: its voltage collapses to half,
    and 7.2 Wh are gone in 65 s."""
    drain = fault(port="battery", kind="drain", amount=200.0, start_s=5.0)
    run = short_drive.driven(extra=drain, seconds=120.0, charge=0.3)
    result: DriveResult = run.result  # type: ignore[attr-defined]
    assert result.stranded and not result.arrived
    assert result.charge_left == 0.0
    assert any("battery_low" in e.text for e in run.vehicle.events.since(0))


def test_after_a_restart_it_stands_and_knows_where_it_is() -> None:
    reset = "[[load]]\ntime_s = 15.0\nreset = true\n"
    run = short_drive.driven(extra=reset)
    result: DriveResult = run.result  # type: ignore[attr-defined]
    assert result.restarts == 1 and not result.arrived
    assert run.vehicle.fault_protection.mode == "standby"
    assert not any(run.plant.truth.wheel_rate_rad_s)
    assert 0.1 < run.plant.truth.distance_m < 0.9
    assert result.navigation_error_m is not None and result.navigation_error_m < 0.1


def test_a_command_that_is_not_armed_drives_nowhere() -> None:
    text = short_drive.text().replace('"DRIVE_TO" }', '"RESTART" }', 1)
    run = session.run(parse(text, "short.toml"), text, seed=1)
    assert isinstance(run, DriveResult)
    assert run.distance_m < 0.05 and not run.arrived  # what it slides while it settles


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ('"arrived"', '"landed"', "allowed for micro: arrived, stranded"),
        ("heading_deg = 20.0", "heading_deg = 360.0", "initial.heading_deg = 360.0"),
        ("heading_deg = 20.0", "perilune_range_m = 1.0", "initial.perilune_range_m"),
        ('vehicle = "micro"', 'vehicle = "macro"', "'slim', 'resilience' or 'micro'"),
    ],
)
def test_a_mistake_in_a_rovers_scenario_is_told(before: str, after: str, said: str) -> None:
    with pytest.raises(ScenarioError) as error:
        parse(short_drive.text().replace(before, after), "mine.toml")
    assert said in str(error.value)
