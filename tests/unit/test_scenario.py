"""Scenario files: what is accepted, and that every mistake is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from hil import scenario as scenarios
from hil.expectation import Expectation
from hil.scenario import ScenarioError

TEXT = (scenarios.FOLDER / "frigoris.toml").read_text()


def _error(text: str) -> str:
    with pytest.raises(ScenarioError) as caught:
        scenarios.parse(text, "mine.toml")
    return str(caught.value)


@pytest.mark.parametrize("path", sorted(scenarios.FOLDER.glob("*.toml")), ids=lambda p: p.stem)
def test_shipped_scenarios_load_under_their_own_name(path: Path) -> None:
    scenario, _ = scenarios.load(path)
    assert scenario.name == path.stem
    assert scenarios.find(path.stem) == path


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("latitude_deg = 60.5", "latitude_deg = 99.0", ("site.latitude_deg", "99.0", "85")),
        ("latitude_deg = 60.5", "", ("site.latitude_deg", "required")),
        ("latitude_deg = 60.5", "latitude_deg = nan", ("site.latitude_deg", "nan")),
        (
            "latitude_deg = 60.5",
            "latitude_rad = 1.0",
            ("site.latitude_rad", "unknown; 4 fields", "near it: latitude_deg"),
        ),
        (
            "perilune_range_m = 550000.0",
            "perilune_range_m = -1",
            ("initial.perilune_range_m", "-1"),
        ),
        ('vehicle = "slim"', 'vehicle = "sIim"', ("vehicle", "sIim", "slim")),
        ("duration_s = 1000.0", 'duration_s = "long"', ("duration_s", "long")),
        ("19:17:00Z", "19:17:00", ("epoch_utc", "offset")),
        ("2025-06-05T19:17:00Z", "5", ("epoch_utc = 5: ", "2025-06-05T19:17:00Z")),
        ("2025-06-05T19:17:00Z", "2025-06-05", ("epoch_utc", "date and time with its offset")),
        ("2025-06-05T19:17:00Z", '"now"', ("epoch_utc = 'now'", "date and time")),
        ("duration_s = 1000.0", "duration_s = 0.001", ("0.001: allowed: 0.01 to 100,000",)),
        ("azimuth_deg = 0.0", "azimuth_deg = 360.0", ("360.0: allowed: 0 to below 360",)),
        ("azimuth_deg = 0.0", 'azimuth_deg = "n"', ("= 'n': allowed: a number, 0 to below 360",)),
        ("lead_s = 120.0", "lead = 120.0", ("initial.lead = 120.0: unknown", "near it: lead_s")),
        ("position_m = 500.0", "position_m = []", ("knowledge.position_m: allowed: a number",)),
        ("[knowledge]", "[know]", ("know: unknown", "knowledge")),
        ("time_s = 5.0", "time_s = -5.0", ("command.0.time_s = -5.0: allowed: 0 to 100,000",)),
        ("time_s = 5.0", "", ("command.0.time_s: required and not given",)),
        ("equals = true", "equals = []", ("expect.0.equals: allowed: true, false or a number",)),
        ("equals = true", 'equals = "x"', ("equals = 'x': allowed: true, false or a number",)),
        ('name = "frigoris"', 'name = "a/b"', ("name = 'a/b': allowed: text of the form",)),
        ("[site]", "[world]\nseed = -1\n[site]", ("world.seed = -1: allowed: 0 to 9,223",)),
        ("[site]", "[world]\nelevation_unit_m = 0\n[site]", ("above 0 to 100",)),
        ("[site]", "[parameters]\nx = []\n[site]", ("parameters.x: allowed: a number",)),
        ('metric = "landed"', 'metric = "happy"', ("expect.0.metric", "happy")),
        ("equals = true", "", ("expect.0", "at least one of")),
        ("[site]", "[site", ("not valid TOML",)),
    ],
)
def test_a_mistake_names_file_field_and_value(old: str, new: str, words: tuple[str, ...]) -> None:
    assert old in TEXT
    message = _error(TEXT.replace(old, new, 1))
    assert message.startswith("mine.toml: ")
    for word in words:
        assert word in message


def test_truncated_file_is_refused() -> None:
    assert "expect" in _error(TEXT[: TEXT.index("[[expect]]")])


def test_unknown_scenario_lists_the_known() -> None:
    with pytest.raises(ScenarioError, match="frigoris"):
        scenarios.find("mare_nowhere")


def test_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match=r"gone\.toml"):
        scenarios.find(str(tmp_path / "gone.toml"))


@pytest.mark.parametrize(
    ("expectation", "value", "holds"),
    [
        (Expectation(metric="landed", equals=True), True, True),
        (Expectation(metric="landed", equals=True), False, False),
        (Expectation(metric="tilt_deg", max=12.0), 12.0, True),
        (Expectation(metric="tilt_deg", max=12.0), 12.1, False),
        (Expectation(metric="tilt_deg", max=12.0), None, False),
        (Expectation(metric="tilt_deg", max=12.0), float("nan"), False),
        (Expectation(metric="fixes", min=3.0), 2, False),
    ],
)
def test_expectations(expectation: Expectation, value: object, holds: bool) -> None:
    assert expectation.holds(value) is holds
