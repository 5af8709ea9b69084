"""The verdict of a run, and that its JSON has the documented keys."""

from __future__ import annotations

import dataclasses
import json
import re
from pathlib import Path

import pytest
import short_scenario

from hil import incidents
from hil.bench.result import DriveResult, Figures, Result, judge
from hil.bench.session import Outcome
from hil.campaign import summarise
from hil.expectation import LANDING, ROVING, Expectation
from hil.scenario import Scenario

DOCUMENT = Path(__file__).parents[2] / "docs/run.md"


@pytest.fixture
def scenario(tmp_path: Path) -> Scenario:
    extra = (
        '[[expect]]\nmetric = "tilt_deg"\nmax = 12.0\n[[expect]]\nmetric = "landed"\nequals = true'
    )
    return short_scenario.scenario(tmp_path, extra=extra)[0]


def documented_keys(heading: str = "The JSON") -> list[str]:
    table = DOCUMENT.read_text(encoding="utf-8").split(f"## {heading}\n")[1].split("\n## ")[0]
    cells = [line.split("|")[1] for line in table.splitlines() if line.startswith("| `")]
    return [key for cell in cells for key in re.findall(r"`(\w+)`", cell)]


def test_the_json_has_exactly_the_documented_keys() -> None:
    assert sorted(Result("x", 1).as_json()) == sorted(documented_keys())


def test_the_json_of_a_drive_has_exactly_the_documented_keys() -> None:
    common = {f.name for f in dataclasses.fields(Figures)}
    own = set(DriveResult("x", 1).as_json()) - common
    assert sorted(own) == sorted(documented_keys("JSON of a drive"))
    assert common <= set(documented_keys())


def test_the_json_of_replay_and_campaign_have_exactly_the_documented_keys() -> None:
    replay = Outcome("folder", 1, None, None).as_json()
    assert sorted(replay) == sorted(documented_keys("JSON of a replay"))
    summary = summarise([Result("x", 1)]).as_json()
    assert sorted(summary) == sorted(documented_keys("JSON of a campaign"))


def test_the_json_of_the_incidents_has_exactly_the_documented_keys() -> None:
    (row,), _ = incidents.fly(incidents.find(["L12"]), [], 1, lambda *_: None)
    assert sorted(row.as_json()) == sorted(documented_keys("JSON of the incidents"))


def test_every_metric_is_a_figure() -> None:
    assert set(LANDING) <= {f.name for f in dataclasses.fields(Result)}
    assert set(ROVING) <= {f.name for f in dataclasses.fields(DriveResult)}


def test_all_expectations_held(scenario: Scenario) -> None:
    result = Result("short", 1, sim_seconds=20.0, tilt_deg=12.0, landed=True)
    assert judge(result, scenario).verdict == "passed"
    assert result.failed_expectations == []


def test_each_failed_expectation_has_its_line(scenario: Scenario) -> None:
    result = judge(Result("short", 1, sim_seconds=19.9, tilt_deg=12.3456, landed=True), scenario)
    assert result.verdict == "failed"
    assert result.failed_expectations == [
        "sim_seconds is 19.9, expected >= 20",
        "tilt_deg is 12.35, expected <= 12",
    ]


def test_a_figure_that_never_came_to_be_fails(scenario: Scenario) -> None:
    result = judge(Result("short", 1, sim_seconds=20.0, landed=True), scenario)
    assert result.failed_expectations == ["tilt_deg is not known, expected <= 12"]


def test_an_interrupted_run_is_neither_passed_nor_failed(scenario: Scenario) -> None:
    result = Result("short", 1, sim_seconds=20.0, tilt_deg=1.0, landed=True)
    assert judge(result, scenario, interrupted=True).verdict == "interrupted"


def test_a_range_is_told_whole() -> None:
    line = Expectation(metric="fixes", min=3, max=30).wrong({"fixes": 31}, [])
    assert line == "fixes is 31, expected >= 3 and <= 30"


def test_the_json_is_json() -> None:
    assert json.loads(json.dumps(Result("x", 1).as_json()))["miss_distance_m"] is None


@pytest.mark.parametrize(("tilt_deg", "drift_m", "failed"), [(1, 1, 0), (20, 1, 0), (1, 9, 1)])
def test_what_must_always_hold_is_told_apart(
    tmp_path: Path, tilt_deg: float, drift_m: float, failed: bool
) -> None:
    extra = (
        '[[expect]]\nmetric = "tilt_deg"\nmax = 12.0\n'
        '[[expect]]\nmetric = "drift_m"\nmax = 5.0\nalways = true'
    )
    scenario = short_scenario.scenario(tmp_path, extra=extra)[0]
    result = judge(Result("x", 1, tilt_deg=tilt_deg, drift_m=drift_m), scenario)
    assert result.failed_always is bool(failed)
    told = "; ".join(result.failed_expectations)
    assert ("tilt_deg is" in told, "drift_m is" in told) == (tilt_deg > 12, drift_m > 5)
