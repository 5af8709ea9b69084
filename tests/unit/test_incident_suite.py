"""`hil incidents`: what it makes of its flights, what it prints and how it ends."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import short_scenario
from click.testing import CliRunner
from rich.console import Console

from hil import incidents
from hil.bench import live
from hil.bench.result import Result
from hil.campaign import Job
from hil.cli import main
from hil.scenario import ScenarioError

INCIDENT = """
[incident]
id = "T1"
title = "What happened"
date = 2020-02-03
gate = 0.5

[incident.historical]
parameters = { "guidance.approach_throttle" = 0.7 }
expect = [
  { metric = "crashed", equals = true },
  { metric = "drift_m", min = 50.0 },
]
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return short_scenario.write(tmp_path, "T1_test", seconds=0.1, extra=INCIDENT)


def flown(monkeypatch: pytest.MonkeyPatch, *wrong: tuple[str, int], trips: int = 0) -> None:
    """Flights that pass, but for some of them."""

    def results(jobs: list[Job], workers: int) -> Iterator[Result]:
        for job in jobs:
            yield Result(
                "T1_test",
                job.seed,
                way=job.way,
                verdict="failed" if (job.way, job.seed) in wrong else "passed",
                failed_expectations=["drift_m is 1, expected >= 50"],
                drift_m=10.0 * job.seed if job.way == "ours" else None,
                faults_tripped=trips if job.way == "nominal" else 7,
            )

    monkeypatch.setattr(incidents, "results", results)


@pytest.mark.parametrize(
    ("wrong", "trips", "met"),
    [
        ((), 0, True),
        ((("ours", 1), ("ours", 2)), 0, True),
        ((("ours", 1), ("ours", 2), ("ours", 3)), 0, False),
        ((("historical", 4),), 0, False),
        ((("nominal", 1), ("nominal", 2), ("nominal", 3)), 0, False),
        ((), 1, False),
    ],
)
def test_the_gate(
    path: Path, monkeypatch: pytest.MonkeyPatch, wrong: Any, trips: int, met: bool
) -> None:
    """Half of four seeds is enough for ours; the history must be lost for all."""
    flown(monkeypatch, *wrong, trips=trips)
    (row,), complete = incidents.fly([path], range(1, 5), 1, lambda *_: None)
    assert complete
    assert row.met is met
    assert row.false_trips == 4 * trips
    assert row.shown == "drift_m"
    assert row.ways["ours"].range("drift_m") == (10.0, 25.0, 40.0)
    assert row.ways["historical"].range("drift_m") is None


@pytest.mark.parametrize(
    ("way", "met"), [("ours", False), ("nominal", False), ("historical", True)]
)
def test_what_must_always_hold_holds_for_every_seed(
    path: Path, monkeypatch: pytest.MonkeyPatch, way: str, met: bool
) -> None:
    """The gate of a half forgives one seed of four, but not where it says `always`."""

    def results(jobs: list[Job], workers: int) -> Iterator[Result]:
        for job in jobs:
            failed = (job.way, job.seed) == (way, 3)
            yield Result("T1_test", job.seed, way=job.way, verdict="passed", failed_always=failed)

    monkeypatch.setattr(incidents, "results", results)
    (row,), _ = incidents.fly([path], range(1, 5), 1, lambda *_: None)
    assert row.met is met
    assert row.as_json()[way]["failed_always_seeds"] == [3]


def test_the_command(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    flown(monkeypatch, ("ours", 2))
    ran = CliRunner().invoke(main, ["incidents", str(path), "--seeds", "2", "--workers", "1"])
    assert ran.exit_code == 0, ran.output
    flat = ran.output.replace("\n", "")
    assert "T1 ours seed 2: drift_m is 1, expected >= 50" in flat
    assert f"hil run {path} --way ours --seed 2" in flat
    again = CliRunner().invoke(main, ["incidents", str(path), "--seeds", "2", "--json"])
    summary = json.loads(again.stdout)
    assert summary["complete"] and summary["met"]
    (entry,) = summary["incidents"]
    assert (entry["id"], entry["date"], entry["gate"]) == ("T1", "2020-02-03", 0.5)
    assert entry["ours"]["failed_seeds"] == [2]
    assert entry["ours"]["figures"]["drift_m"] == {"min": 10.0, "median": 15.0, "max": 20.0}
    flown(monkeypatch, ("historical", 1))
    lost = CliRunner().invoke(main, ["incidents", str(path), "--seeds", "1", "--json"])
    assert lost.exit_code == 1


@pytest.mark.parametrize("how", ["verdict", "signal"])
def test_an_interrupt_keeps_what_was_flown(
    path: Path, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    def results(jobs: list[Job], workers: int) -> Iterator[Result]:
        yield from (Result("x", 1, way=job.way, verdict="passed") for job in jobs[:2])
        if how == "signal":
            raise KeyboardInterrupt
        yield Result("x", 1, way=jobs[2].way, verdict="interrupted")

    monkeypatch.setattr(incidents, "results", results)
    ran = CliRunner().invoke(main, ["incidents", str(path), "--seeds", "9", "--json"])
    assert ran.exit_code == 1
    assert "interrupted" in ran.stderr
    summary = json.loads(ran.stdout)
    assert (summary["complete"], summary["met"]) == (False, False)
    assert [summary["incidents"][0][w]["runs"] for w in ("ours", "historical", "nominal")] == [
        1,
        1,
        0,
    ]


def test_flights_in_worker_processes_are_those_of_one(path: Path) -> None:
    (one,), _ = incidents.fly([path], [1, 2], 1, lambda *_: None)
    (two,), _ = incidents.fly([path], [1, 2], 2, lambda *_: None)
    for way in one.ways:
        hashes = [[r.bit_hash for r in row.ways[way].results] for row in (one, two)]
        assert hashes[0] == hashes[1]
        assert len(hashes[0]) == 2


def test_what_is_no_incident_is_refused(tmp_path: Path) -> None:
    plain = short_scenario.write(tmp_path)
    ran = CliRunner().invoke(main, ["incidents", str(plain)])
    assert ran.exit_code == 2
    assert "incident: required and not given" in ran.output
    assert CliRunner().invoke(main, ["incidents", "L99"]).exit_code == 2
    with pytest.raises(ScenarioError, match="no scenario 'L99'"):
        incidents.find(["L99"])


def test_an_incident_is_found_by_id_and_name() -> None:
    (by_id,), (by_name,) = incidents.find(["L12"]), incidents.find(["L12_leg_transients"])
    assert by_id == by_name
    assert by_id in incidents.find([])


def test_the_plot_is_an_svg_of_the_three_ways(path: Path, tmp_path: Path) -> None:
    out = tmp_path / "T1.svg"
    ran = CliRunner().invoke(main, ["incidents", str(path), "--seeds", "1", "--plot", str(out)])
    assert ran.exit_code == 0, ran.output
    first = out.read_text(encoding="utf-8")
    assert "<svg" in first and "What happened" in first
    CliRunner().invoke(main, ["incidents", str(path), "--seeds", "1", "--plot", str(out)])
    assert out.read_text(encoding="utf-8") == first
    both = CliRunner().invoke(main, ["incidents", str(path), "L12", "--plot", str(out)])
    assert both.exit_code == 2 and "one incident" in both.output


def test_the_table_fits_a_terminal(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    flown(monkeypatch)
    rows, _ = incidents.fly([path], range(1, 201), 1, lambda *_: None)
    console = Console(width=80, record=True)
    with console.capture() as capture:
        console.print(live.incident_table(rows))
    shown = capture.get()
    for words in ("T1", "200", "100.0%", "10..2e+03", "0 trips", "50%", "met"):
        assert words in shown
