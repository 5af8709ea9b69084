"""The pace of a run, on a clock that the test moves."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest
import short_scenario
from click.testing import CliRunner

from hil.bench.pacing import Pacer, TooLate
from hil.cli import main

MS = 1_000_000


class Wall:
    """A wall clock; sleeping moves it."""

    def __init__(self) -> None:
        self.now_ns = 7_000

    def __call__(self) -> int:
        return self.now_ns

    def sleep(self, seconds: float) -> None:
        self.now_ns += round(1e9 * seconds)


def paced(took_ms: list[int], grace_s: float = 0.0, halt_after: int | None = None) -> Pacer:
    """A run whose ticks take so long each."""
    wall = Wall()
    pacer = Pacer(grace_s=grace_s, halt_after=halt_after, clock=wall, sleep=wall.sleep)
    pacer.begin()
    for tick, ms in enumerate(took_ms, 1):
        wall.now_ns += ms * MS
        pacer.wait(tick)
    return pacer


def test_a_tick_that_is_early_waits() -> None:
    figures = paced([1, 9, 0, 10]).figures()
    assert figures == {
        **{"ticks": 4, "overruns": 0},
        **{"late_median_ms": 0.0, "late_p99_ms": 0.0, "late_max_ms": 0.0},
    }


def test_lateness_carries_over_and_is_made_up_for() -> None:
    """A tick of 35 ms ends 25 ms late; those behind it catch up 9 ms each."""
    figures = paced([35, 1, 1, 1]).figures()
    assert (figures["overruns"], figures["late_max_ms"]) == (2, 25.0)
    assert figures["late_median_ms"] == 7.0  # of 0, 7, 16, 25


def test_the_start_is_forgiven() -> None:
    assert paced([500] + [0] * 99, grace_s=1.0).figures() == {"ticks": 0, "overruns": 0}
    assert paced([500, 0, 0], grace_s=0.01).overruns == 2


@pytest.mark.parametrize(("allowed", "ends"), [(0, True), (1, True), (2, False), (None, False)])
def test_too_many_overruns_end_the_run(allowed: int | None, ends: bool) -> None:
    if ends:
        with pytest.raises(TooLate, match=f"{(allowed or 0) + 1} overruns, allowed {allowed}"):
            paced([35, 1, 1, 1], halt_after=allowed)
    else:
        assert paced([35, 1, 1, 1], halt_after=allowed).overruns == 2


def test_a_pace_that_has_not_begun() -> None:
    with pytest.raises(ValueError, match="has not begun"):
        Pacer().wait(1)


def test_a_run_tells_its_pace_and_has_a_folder(tmp_path: Path) -> None:
    scenario = short_scenario.write(tmp_path, seconds=0.5)
    folder = tmp_path / "out"
    options = ["--json", "--no-report", "--out", str(folder)]
    done = CliRunner().invoke(main, ["run", str(scenario), "--real-time", "--grace", "0", *options])
    assert done.exit_code == 0, done.output
    result = json.loads(done.stdout)
    assert result["real_time"]["ticks"] == 50 and result["real_time"]["halted"] is None
    assert result["wall_seconds"] >= 0.5
    cases = list(ElementTree.parse(folder / "junit.xml").iter("testcase"))
    assert [c.attrib["name"] for c in cases] == ["ends", "sim_seconds >= 0.5", "real time"]
    assert not [c for c in cases if c.find("failure") is not None]
    of_case = {p.attrib["name"]: p.attrib["value"] for p in cases[0].iter("property")}
    assert of_case == {"seed": "1", "way": "ours", "bit_hash": result["bit_hash"]}
    told = json.loads((folder / "configuration.json").read_text())
    assert (told["scenario"], told["seed"], told["board"]) == ("short", "1", None)


def test_a_run_that_is_too_slow_or_falls_short_fails_its_tests(tmp_path: Path) -> None:
    extra = '[[expect]]\nmetric = "landed"\nequals = true\n'
    scenario = short_scenario.write(tmp_path, seconds=0.3, extra=extra)
    folder = tmp_path / "out"
    done = CliRunner().invoke(
        main, ["run", str(scenario), "--json", "--no-report", "--out", str(folder)]
    )
    assert done.exit_code == 1
    suite = ElementTree.parse(folder / "junit.xml").getroot()[0]
    assert (suite.attrib["tests"], suite.attrib["failures"]) == ("3", "1")
    (failure,) = suite.iter("failure")
    assert failure.attrib["message"] == "landed is False, expected = True"
    for option in ("--halt-after", "--grace"):
        refused = CliRunner().invoke(main, ["run", str(scenario), option, "3"])
        assert refused.exit_code == 2 and f"{option}: is about late ticks" in refused.stderr
