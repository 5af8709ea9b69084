"""A violation of the walk, written as a scenario, goes the same way when it is flown."""

import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

import onboard.cli
import onboard.dictionary
from hil import scenario as scenarios
from hil.bench import session
from hil.bench.setting import InputError
from hil.scenario import load, parse
from onboard.dictionary.protection import Protection
from onboard.fault_protection.causes import Reach, causes_of, slice_of
from onboard.fault_protection.core_walk import CoreWalk
from onboard.fault_protection.expression import monitors_of
from onboard.fault_protection.expression import parse as parse_expression
from onboard.fault_protection.prove import Proof
from onboard.fault_protection.trace import as_scenario
from onboard.fault_protection.walk import Violation

LANDER = Path(onboard.dictionary.__file__).parent / "lander"


def edited(folder: Path, file: str, pattern: str, new: str) -> Protection:
    """A copy of the lander's dictionary with something replaced wherever it stands."""
    shutil.copytree(LANDER, folder)
    path = folder / file
    text, count = re.subn(pattern, new, path.read_text())
    assert count
    path.write_text(text)
    return onboard.dictionary.load(folder).protection


def violation_of(table: Protection, *names: str) -> Violation:
    """What the walk of these causes finds first."""
    causes = [cause for cause in causes_of(table) if cause.name in names]
    walk = CoreWalk(slice_of(table, Reach(table).faults(*causes), causes), causes)
    walk.run()
    return walk.violations[0]


@pytest.fixture(scope="module")
def both_engines(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Protection, Violation]:
    """A lander that may shut down both engines: nothing keeps the other one's."""
    folder = tmp_path_factory.mktemp("dictionaries") / "both"
    table = edited(folder, "faults.toml", r"\nkeeps = .*", "")
    lost = (table.fault[f"engine_{name}_lost"].when for name in "ab")
    violation = violation_of(
        table, *(name for when in lost for name in monitors_of(parse_expression(when)))
    )
    assert violation.rule == "never-together"
    return folder, table, violation


def fly(text: str, **options: Any) -> Any:
    return session.run(parse(text, "trace"), text, seed=1, **options)


def test_a_pair_of_faults_goes_its_way_again(both_engines: Any, tmp_path: Path) -> None:
    folder, table, violation = both_engines
    text = as_scenario(str(folder), table, violation)
    result = fly(text, folder=tmp_path / "session")
    assert result.verdict == "passed"
    assert result.trace_steps == len(violation.steps) >= 3
    lines = [event.text for event in session.read(tmp_path / "session").events]
    assert lines.count("ENGINE_INHIBIT from protection accepted") == 2  # of one engine each
    assert session.replay(tmp_path / "session").equal


def test_the_sound_table_does_not_go_that_way(both_engines: Any) -> None:
    _, table, violation = both_engines
    result = fly(as_scenario("lander", table, violation))
    assert result.verdict == "failed"
    assert 1 <= result.trace_steps < len(violation.steps)


def test_a_reset_goes_its_way_again(tmp_path: Path) -> None:
    """A lander whose restarted computer gives the burn up."""
    folder = tmp_path / "gives_up"
    table = edited(folder, "modes.toml", 'after_reset = "braking"', 'after_reset = "coast"')
    violation = violation_of(table, "imu_silent")
    assert violation.rule == "after-reset"
    result = fly(as_scenario(str(folder), table, violation))
    assert result.verdict == "passed" and result.trace_steps == len(violation.steps)


def test_the_command_writes_the_scenario(
    both_engines: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, _, violation = both_engines
    monkeypatch.setattr(onboard.cli, "prove", lambda *a, **k: Proof(violations=[violation]))
    file = tmp_path / "trace.toml"
    done = CliRunner().invoke(
        onboard.cli.main, ["faults", "check", str(folder), "--trace-to", str(file)]
    )
    assert done.exit_code == 1 and "reproduces it" in done.stderr
    scenario, _ = load(file)
    assert scenario.trace is not None and scenario.dictionary == str(folder)


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        ('start = "braking"', 'start = "flying"', "trace.start = 'flying'"),
        ("phase_braking", "phase_breaking", "trace.step.0.readings: 'phase_breaking'"),
        ("_lost =", "_list =", "_list' is no fault"),
        ('mode = "braking"', 'mode = "breaking"', "trace.step.0.mode = 'breaking'"),
    ],
)
def test_a_wrong_name_is_told_with_its_place(
    both_engines: Any, old: str, new: str, field: str
) -> None:
    folder, table, violation = both_engines
    text = as_scenario(str(folder), table, violation).replace(old, new)
    with pytest.raises(InputError, match=re.escape(field)):
        fly(text)


def test_a_wrong_reading_is_told_with_what_is_allowed(both_engines: Any) -> None:
    folder, table, violation = both_engines
    text = as_scenario(str(folder), table, violation).replace('"trip"', '"tripped"', 1)
    with pytest.raises(scenarios.ScenarioError, match="trip"):
        parse(text, "trace")
