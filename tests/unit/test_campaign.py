"""What a campaign makes of its runs."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import short_scenario
from rich.console import Console

from hil import campaign
from hil.bench import live
from hil.bench.result import Result
from hil.plant.lander import LanderPlant

FLOWN = [
    Result("x", seed, verdict="passed", tilt_deg=float(seed), fixes=seed, wall_seconds=1.0)
    for seed in range(1, 100)
] + [Result("x", 100, verdict="failed", fixes=0)]


def test_summary_has_the_percentiles_of_what_was_measured() -> None:
    summary = campaign.summarise(FLOWN)
    assert (summary.runs, summary.passed, summary.failed_seeds) == (100, 99, [100])
    tilts = np.arange(1.0, 100.0)  # the run without a touchdown has none
    assert summary.figures["tilt_deg"] == {
        "median": 50.0,
        "p99": pytest.approx(np.quantile(tilts, 0.99)),
        "min": 1.0,
        "max": 99.0,
    }
    assert "miss_distance_m" not in summary.figures


def test_no_run_at_all_is_summed_up_too() -> None:
    summary = campaign.summarise([])
    assert (summary.runs, summary.passed, summary.figures) == (0, 0, {})


def test_the_table_shows_each_figure() -> None:
    console = Console(width=100, record=True, file=None, quiet=False)
    with console.capture() as capture:
        console.print(live.campaign_table(campaign.summarise(FLOWN).as_json()))
    shown = capture.get()
    assert "99 of 100 passed" in shown
    for words in ("tilt_deg", "p99", "99.000"):
        assert words in shown


@pytest.mark.parametrize("how", ["verdict", "signal"])
def test_an_interrupt_keeps_the_runs_flown(monkeypatch: pytest.MonkeyPatch, how: str) -> None:
    def results(*_: Any) -> Iterator[Result]:
        yield from FLOWN[:3]
        if how == "signal":
            raise KeyboardInterrupt
        yield Result("x", 4, verdict="interrupted")

    monkeypatch.setattr(campaign, "results", results)
    seen: list[Result] = []
    summary = campaign.fly(Path("x.toml"), range(1, 11), 2, seen.append)
    assert summary.runs == 3
    assert seen == FLOWN[:3]


def test_a_flight_leaves_nothing_behind(tmp_path: Path) -> None:
    """Cycles held the C memory of every flight; hundreds of them took gigabytes."""
    path = short_scenario.write(tmp_path, seconds=0.2)
    jobs = [campaign.Job(path, seed) for seed in range(4)]
    gc.collect()
    before = plants()  # that other tests keep
    for _ in campaign.results(jobs, 1):
        assert plants() <= before + 1


def plants() -> int:
    return sum(isinstance(thing, LanderPlant) for thing in gc.get_objects())
