"""A scenario over another: what is joined, what is replaced, and what the recording keeps of it."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
import short_scenario

from hil import scenario as scenarios
from hil.bench import session
from hil.bench.recording import Recording
from hil.scenario import Scenario, ScenarioError

HEAD = 'extends = "{base}"\nname = "{name}"\n'
DRIFT = '[[fault]]\nport = "rangefinder.a"\nkind = "drift"\nfields = ["range_m"]\namount = 0.5\n'


def over(folder: Path, rest: str = "", *, name: str = "over", base: str = "frigoris") -> Path:
    path = folder / f"{name}.toml"
    path.write_text(HEAD.format(base=base, name=name) + rest)
    return path


def loaded(folder: Path, rest: str = "", **names: str) -> Scenario:
    return scenarios.load(over(folder, rest, **names))[0]


def error(path: Path) -> str:
    with pytest.raises(ScenarioError) as caught:
        scenarios.load(path)
    return str(caught.value)


FRIGORIS = scenarios.load(scenarios.find("frigoris"))[0]


def test_what_is_not_given_is_the_bases(tmp_path: Path) -> None:
    scenario = loaded(tmp_path)
    assert scenario.name == "over"
    assert scenario.model_dump(exclude={"name"}) == FRIGORIS.model_dump(exclude={"name"})


def test_tables_merge_key_by_key(tmp_path: Path) -> None:
    scenario = loaded(tmp_path, "[knowledge]\nposition_m = 1000.0\n[parameters]\nFT_LATCH = 1.0\n")
    assert scenario.knowledge.position_m == 1000.0
    assert scenario.knowledge.velocity_m_s == FRIGORIS.knowledge.velocity_m_s
    assert scenario.parameters == {"FT_LATCH": 1.0}


def test_commands_faults_and_loads_come_after_the_bases(tmp_path: Path) -> None:
    rest = DRIFT + '[[command]]\ntime_s = 3.0\nname = "PING"\n[[load]]\ntime_s = 9.0\n'
    over(tmp_path, rest, name="middle")
    scenario = loaded(tmp_path, rest, base="middle.toml")
    names = [command.name for command in scenario.command]
    assert names == [*(c.name for c in FRIGORIS.command), "PING", "PING"]
    assert [fault.port for fault in scenario.fault] == ["rangefinder.a"] * 2
    assert [load.time_s for load in scenario.load] == [9.0, 9.0]


def test_expectations_take_the_place_of_those_of_their_metric(tmp_path: Path) -> None:
    tilt = '[[expect]]\nmetric = "tilt_deg"\n'
    scenario = loaded(tmp_path, f"{tilt}max = 8.0\n{tilt}min = 0.1\n")
    limits = [(e.min, e.max) for e in scenario.expect if e.metric == "tilt_deg"]
    assert limits == [(None, 8.0), (0.1, None)]
    assert len(scenario.expect) == len(FRIGORIS.expect) + 1


def test_a_file_is_relative_to_the_one_that_names_it(tmp_path: Path) -> None:
    (tmp_path / "inner").mkdir()
    over(tmp_path / "inner", '[world]\ncraters = "mine.csv"\n', name="middle")
    scenario = loaded(tmp_path, "[world]\nseed = 7\n", base="inner/middle.toml")
    assert scenario.world.craters == tmp_path / "inner/mine.csv"
    assert scenario.world.seed == 7


def test_the_text_of_a_file_alone_is_its_own() -> None:
    path = scenarios.find("frigoris")
    assert scenarios.load(path)[1] == path.read_text()


def test_the_text_of_joined_files_says_all(tmp_path: Path) -> None:
    scenario, text = scenarios.load(over(tmp_path, DRIFT + "[parameters]\n"))
    assert "extends" not in tomllib.loads(text)
    assert scenarios.parse(text, "recorded").model_dump() == scenario.model_dump()


def test_a_circle_names_the_files(tmp_path: Path) -> None:
    over(tmp_path, name="a", base="b.toml")
    over(tmp_path, name="b", base="c.toml")
    over(tmp_path, name="c", base="b.toml")
    a, b, c = (tmp_path / f"{name}.toml" for name in "abc")
    circle = f"{a} extends {b} extends {c} extends {b}"
    assert error(a) == f"{c}: extends goes in a circle: {circle}"
    over(tmp_path, name="self", base="self.toml")
    assert "circle" in error(tmp_path / "self.toml")


@pytest.mark.parametrize(
    ("base", "words"),
    [
        ("mare_nowhere", ("extends = 'mare_nowhere'", "no scenario 'mare_nowhere'", "frigoris")),
        ("gone.toml", ("extends = 'gone.toml'", "there is no such scenario file")),
    ],
)
def test_a_missing_base_is_named(tmp_path: Path, base: str, words: tuple[str, ...]) -> None:
    message = error(over(tmp_path, base=base))
    assert message.startswith(f"{tmp_path}/over.toml: ")
    for word in words:
        assert word in message


@pytest.mark.parametrize("value", ["5", "true", '["frigoris"]', "{}"])
def test_extends_must_be_a_name(tmp_path: Path, value: str) -> None:
    path = tmp_path / "over.toml"
    path.write_text(f"extends = {value}\n")
    assert re.match(rf"{path}: extends = .*: allowed: a scenario's name or file", error(path))


@pytest.mark.parametrize("rest", ["site = 5\n", "command = 5\n", "expect = [1]\n", "[[expect]]\n"])
def test_a_wrong_table_is_named_with_both_files(tmp_path: Path, rest: str) -> None:
    path = over(tmp_path, rest)
    assert error(path).startswith(f"{path} (extends frigoris.toml): ")


def test_a_base_that_is_not_toml_is_named(tmp_path: Path) -> None:
    (tmp_path / "middle.toml").write_text("[site")
    message = error(over(tmp_path, base="middle.toml"))
    assert message.startswith(f"{tmp_path}/middle.toml: not valid TOML")


def test_the_documented_example_loads(tmp_path: Path) -> None:
    document = (Path(__file__).parents[2] / "docs/scenarios.md").read_text()
    example = re.search(r"```toml\n(extends = .*?)```", document, re.S)
    assert example is not None
    path = tmp_path / "example.toml"
    path.write_text(example[1])
    scenario, _ = scenarios.load(path)
    assert scenario.fault[0].port == "rangefinder.a"
    assert [e.max for e in scenario.expect if e.metric == "tilt_deg"] == [8.0]


def test_a_recording_replays_without_the_files(tmp_path: Path) -> None:
    base = short_scenario.write(tmp_path, "base", seconds=2.0)
    path = over(tmp_path, DRIFT, base="base.toml")
    scenario, text = scenarios.load(path)
    session.run(scenario, text, seed=1, folder=tmp_path / "flown")
    base.unlink()
    path.unlink()
    recording = Recording.open(tmp_path / "flown" / session.RECORDING)
    kept = tomllib.loads(recording.attachments["scenario.toml"].decode())
    assert "extends" not in kept
    assert [fault["port"] for fault in kept["fault"]] == ["rangefinder.a"]
    assert session.replay(tmp_path / "flown").equal
