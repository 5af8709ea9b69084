"""Components of a scenario in place of the vehicle's own, and the ways of an incident."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import short_scenario
from click.testing import CliRunner

from hil.bench import session
from hil.bench.components import ComponentError, load
from hil.cli import main
from hil.scenario import ScenarioError
from hil.scenario import load as load_scenario
from onboard.guidance.descent import DescentGuidance
from onboard.vehicles.lander import COMPONENTS

MINE = """
from onboard.guidance.descent import DescentGuidance

class Counted(DescentGuidance):
    steps = 0

    def step(self, now_ns):
        self.steps += 1
        super().step(now_ns)

number = 7
"""
INCIDENT = """
[[fault]]
port = "tank"
kind = "off"

[[load]]
time_s = 0.2
stolen_percent = 1.0

[incident]
id = "T1"
title = "Test"
date = 2020-02-03
gate = 1.0

[[incident.command]]
time_s = 0.5
name = "NOOP"

[incident.historical]
components = { guidance = "mine.py:Counted" }
parameters = { "guidance.approach_throttle" = 0.7 }
expect = [ { metric = "crashed", equals = true } ]
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "mine.py").write_text(MINE, encoding="utf-8")
    short_scenario.write(tmp_path, "T1_test", seconds=1.0, extra=INCIDENT)
    return tmp_path


def test_a_class_is_loaded_with_its_source(folder: Path) -> None:
    found = load({"guidance": f"{folder}/mine.py:Counted"}, COMPONENTS, "x.toml")["guidance"]
    assert issubclass(found.make, DescentGuidance)
    assert found.source == MINE
    shutil.rmtree(folder)
    place = {"guidance": f"{folder}/mine.py:Counted"}
    again = load(place, COMPONENTS, "x.toml", {"guidance": MINE})
    assert again["guidance"].make.__name__ == "Counted"


@pytest.mark.parametrize(
    ("member", "place", "said"),
    [
        ("guidnce", "mine.py:Counted", "allowed members: sensors, navigation"),
        ("guidance", "mine.py", "allowed: FILE.py:CLASS"),
        ("guidance", "mine.toml:Counted", "allowed: FILE.py:CLASS"),
        ("guidance", "gone.py:Counted", "gone.py cannot be read: "),
        ("guidance", "mine.py:Other", "no class Other; the file has: Counted"),
        ("guidance", "mine.py:number", "no class number; the file has: Counted"),
        ("guidance", "syntax.py:Counted", "line 2: SyntaxError"),
        ("guidance", "raises.py:Counted", "line 3: ZeroDivisionError: division by zero"),
    ],
)
def test_what_cannot_be_used_is_told_in_a_line(
    folder: Path, member: str, place: str, said: str
) -> None:
    (folder / "syntax.py").write_text("x = 1\ny = = 2\n", encoding="utf-8")
    (folder / "raises.py").write_text("x = 0\n\ny = 1 / x\n", encoding="utf-8")
    with pytest.raises(ComponentError) as caught:
        load({member: f"{folder}/{place}"}, COMPONENTS, "x.toml")
    assert str(caught.value).startswith(f"x.toml: components.{member} = ")
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_the_three_ways_of_an_incident(folder: Path) -> None:
    incident, _ = load_scenario(folder / "T1_test.toml")
    ours, then, nominal = (incident.flown(way) for way in ("ours", "historical", "nominal"))
    assert (ours.way, then.way, nominal.way) == ("ours", "historical", "nominal")
    assert [c.name for c in ours.command][-1] == "NOOP"
    assert then.command == ours.command and nominal.command == incident.command
    assert then.fault == ours.fault == incident.fault and nominal.fault == ()
    assert then.load == ours.load == incident.load and nominal.load == ()
    assert then.components == {"guidance": f"{folder}/mine.py:Counted"}
    assert then.parameters == {"guidance.approach_throttle": 0.7}
    assert ours.components == nominal.components == ours.parameters == nominal.parameters == {}
    assert [e.subject for e in then.expect] == ["crashed"]
    assert nominal.expect[:-1] == ours.expect == incident.expect
    assert str(nominal.expect[-1]) == "= 0.0" and nominal.expect[-1].metric == "faults_tripped"
    assert ours.origin == incident.origin


def test_only_an_incident_has_ways(tmp_path: Path) -> None:
    plain, _ = short_scenario.scenario(tmp_path)
    assert plain.flown("ours") == plain
    with pytest.raises(ScenarioError, match="no \\[incident\\], so it has no way 'nominal'"):
        plain.flown("nominal")


def test_a_component_flies_and_its_recording_replays_without_the_file(folder: Path) -> None:
    scenario, text = load_scenario(folder / "T1_test.toml")
    out = folder / "out"
    result = session.run(scenario, text, seed=1, folder=out, way="historical")
    assert result.way == "historical"
    assert result.verdict == "failed"  # it was not lost in a second
    (folder / "mine.py").write_text("class Counted: pass\n", encoding="utf-8")
    outcome = session.replay(out)
    assert outcome.equal, str(outcome)
    assert outcome.ticks == 100


def test_the_command_line_says_what_is_wrong_with_a_component(folder: Path) -> None:
    (folder / "mine.py").unlink()
    path = str(folder / "T1_test.toml")
    ran = CliRunner().invoke(main, ["run", path, "--way", "historical", "--no-record"])
    assert ran.exit_code == 2
    assert "components.guidance" in ran.output and "cannot be read" in ran.output
    ours = CliRunner().invoke(main, ["run", path, "--no-record", "--json"])
    assert ours.exit_code == 0, ours.output
    assert json.loads(ours.stdout)["way"] == "ours"
