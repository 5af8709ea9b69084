"""Many seeds of one scenario, in parallel. Every failure prints the one seed that reproduces it."""

from __future__ import annotations

import gc
import multiprocessing
import signal
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from hil.bench.result import Figures


@dataclass(frozen=True)
class Summary:
    """Median, 99th percentile and extremes of each figure, and the seeds that failed."""

    scenario: str
    runs: int
    passed: int
    failed_seeds: list[int]
    figures: dict[str, dict[str, float]]

    def as_json(self) -> dict[str, Any]:
        return {
            "scenario": self.scenario,
            "runs": self.runs,
            "passed": self.passed,
            "failed_seeds": self.failed_seeds,
            "figures": self.figures,
        }


class Job(NamedTuple):
    """One flight; in batches of C steps where it can be (`hil.bench.batch`), unless forbidden."""

    scenario: Path
    seed: int
    way: str = "ours"
    executive: bool = False


def _work(job: Job) -> Figures:
    from hil.bench import session
    from hil.scenario import load

    gc.collect()  # the flight before left cycles that hold C memory, which the collector cannot see
    scenario, text = load(job.scenario)
    return session.run(scenario, text, seed=job.seed, way=job.way, executive=job.executive)


def _begin() -> None:
    """What a worker does first."""
    from hil.bench import session  # noqa: F401  what stays is imported before it is set aside

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    gc.collect()
    gc.freeze()  # the collector need not look at it before every flight


def results(jobs: Sequence[Job], workers: int) -> Iterator[Figures]:
    """Fly in worker processes; results come in the order of the jobs."""
    if workers <= 1:
        yield from map(_work, jobs)
        return
    context = multiprocessing.get_context("spawn")
    with context.Pool(workers, _begin) as pool:
        yield from pool.imap(_work, jobs)


def fly(
    scenario: Path,
    seeds: Iterable[int],
    workers: int,
    on_result: Callable[[Figures], None],
    *,
    executive: bool = False,
) -> Summary:
    """Fly the seeds and sum them up; `on_result` sees each result as it comes.

    Ctrl-C ends the campaign with the runs that were flown to their end.
    """
    flown: list[Figures] = []
    try:
        jobs = [Job(scenario, seed, executive=executive) for seed in seeds]
        for result in results(jobs, workers):
            if result.verdict == "interrupted":
                break
            flown.append(result)
            on_result(result)
    except KeyboardInterrupt:
        pass
    return summarise(flown)


def summarise(flown: list[Figures]) -> Summary:
    """Percentiles over the runs in which a figure exists."""
    figures = {}
    for name in flown[0].summarised if flown else ():
        values = [v for r in flown if (v := getattr(r, name)) is not None]
        if values:
            array = np.asarray(values, float)
            figures[name] = {
                "median": float(np.median(array)),
                "p99": float(np.percentile(array, 99)),
                "min": float(array.min()),
                "max": float(array.max()),
            }
    return Summary(
        scenario=flown[0].scenario if flown else "",
        runs=len(flown),
        passed=sum(r.verdict == "passed" for r in flown),
        failed_seeds=[r.seed for r in flown if r.verdict != "passed"],
        figures=figures,
    )
