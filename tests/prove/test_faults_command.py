"""`onboard faults check`: the lander holds; a broken or unreadable table ends with 1 or 2."""

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

import onboard.dictionary
from onboard.cli import main
from onboard.fault_protection.checks import Finding
from onboard.fault_protection.walk import Step, Violation

LANDER = Path(onboard.dictionary.__file__).parent / "lander"


def run(*arguments):
    return CliRunner().invoke(main, ["faults", "check", *map(str, arguments)])


@pytest.fixture
def copy(tmp_path):
    """A copy of the lander's dictionary, and a function that edits its table."""
    folder = tmp_path / "lander"
    shutil.copytree(LANDER, folder)

    def edit(before, after, file="faults.toml"):
        path = folder / file
        assert before in path.read_text()
        path.write_text(path.read_text().replace(before, after, 1))
        return folder

    return edit


@pytest.mark.slow
def test_a_vehicle_holds_and_says_what_was_walked():
    """The lander itself is walked for its reference pages, in `test_diagrams.py`."""
    result = run("resilience", "--json")
    assert result.exit_code == 0, result.output
    report = json.loads(result.stdout)
    assert report["holds"] and not report["findings"] and not report["violations"]
    figures = report["figures"]
    assert figures["states"] > 50_000
    assert figures["causes"] >= figures["monitors"]
    assert figures["worst_settling_steps"] < 1500
    assert set(report["latency"]) == set(onboard.dictionary.load("resilience").protection.fault)
    for name, row in report["latency"].items():
        assert 0 < row["detection_ticks"] <= row["answer_ticks"], name
        assert row["silence_ticks"] + row["answer_ticks"] < row["bound_ticks"], name
        assert row["bound_ticks"] <= row["effect_ticks"], name
    assert not undocumented(report)


def undocumented(report):
    """The keys that docs/fault_protection.md does not name, each `in backquotes`."""
    violation = Violation("rule", "problem", ("a",), "cruise", (Step("cruise", ()),)).as_json()
    rows = [report, report["figures"], *report["latency"].values(), violation, *violation["steps"]]
    keys = {key for row in rows for key in row} | set(Finding._fields)
    text = (Path(__file__).parents[2] / "docs" / "fault_protection.md").read_text()
    section = text[text.index("## The JSON of the check") : text.index("## Four values")]
    return {key for key in keys if f"`{key}`" not in section}


def test_a_broken_table_ends_with_1_and_the_reason(copy):
    result = run(copy("time_to_effect_s = 3.0", "time_to_effect_s = 0.5"))
    assert result.exit_code == 1
    assert "time-to-effect: fault.imu_lost: in coast" in result.output


def test_a_broken_table_as_json(copy):
    result = run(copy("priority = 2\n", "priority = 1\n"), "--json")
    assert result.exit_code == 1
    report = json.loads(result.stdout)
    assert [f["rule"] for f in report["findings"]] == ["priority"]
    assert report["holds"] is False


@pytest.mark.parametrize(
    ("before", "after", "file", "reason"),
    [
        ('check = "stale"', 'check = "stael"', "faults.toml", "stael"),
        ("persistence = 3", "persistence = 0", "faults.toml", "persistence"),
        ('channel = "guidance.phase"', 'channel = "guidance.phsae"', "faults.toml", "phsae"),
        ('command = "SAFE"', 'command = "SAVE"', "faults.toml", "SAVE"),
        ('kind = "nominal"', 'kind = "normal"', "modes.toml", "normal"),
        ("number = 0", "number = ", "modes.toml", "modes.toml"),
    ],
)
def test_a_table_that_cannot_be_read_ends_with_2_and_one_line(copy, before, after, file, reason):
    result = run(copy(before, after, file))
    assert result.exit_code == 2
    assert reason in result.stderr and file in result.stderr
    assert "Traceback" not in result.output


def test_an_unknown_vehicle_ends_with_2():
    result = run("/no/such/vehicle")
    assert result.exit_code == 2
    assert "/no/such/vehicle" in result.stderr
