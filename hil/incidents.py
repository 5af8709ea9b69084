"""The incident suite: each incident flown three ways over many seeds, and what came of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np

from hil import scenario as scenarios
from hil.bench.result import Figures
from hil.campaign import Job, results
from hil.scenario import INCIDENTS, WAYS, Incident, Scenario, ScenarioError


@dataclass
class Way:
    """One incident flown one way over the seeds."""

    expected: tuple[str, ...]  # metrics that the expectations of the incident are about
    results: list[Figures] = field(default_factory=list)

    @property
    def passed(self) -> int:
        """Runs whose expectations held; of the historical way these are losses."""
        return sum(r.verdict == "passed" for r in self.results)

    @property
    def share(self) -> float:
        """Of the runs, those whose expectations held."""
        return self.passed / len(self.results) if self.results else 0.0

    def range(self, metric: str) -> tuple[float, float, float] | None:
        """Least, median and largest value of a figure, over the runs that have it."""
        values = [v for r in self.results if (v := getattr(r, metric)) is not None]
        return (min(values), float(np.median(values)), max(values)) if values else None

    def as_json(self) -> dict[str, Any]:
        ranges = {metric: self.range(metric) for metric in self.expected}
        return {
            "runs": len(self.results),
            "passed": self.passed,
            "failed_seeds": [r.seed for r in self.results if r.verdict != "passed"],
            "failed_always_seeds": [r.seed for r in self.results if r.failed_always],
            "figures": {
                metric: dict(zip(("min", "median", "max"), found, strict=True))
                for metric, found in ranges.items()
                if found is not None
            },
        }


@dataclass
class Row:
    """One incident of the suite."""

    path: Path
    incident: Incident
    ways: dict[str, Way]

    @property
    def shown(self) -> str:
        """The figure by which the table tells lost from survived."""
        expected = self.incident.historical.expect
        bounded = (e.metric for e in expected if e.metric and e.equals is None)
        return next(bounded, "impact_speed_m_s")

    @property
    def false_trips(self) -> int:
        """Faults that tripped where nothing was wrong."""
        return sum(r.faults_tripped for r in self.ways["nominal"].results)

    @property
    def met(self) -> bool:
        """Lost then for every seed, survived for the share asked for, with what must always hold,
        nothing tripped nominally."""
        flown = (self.ways["ours"], self.ways["nominal"])
        return (
            self.ways["historical"].share == 1.0
            and all(way.share >= self.incident.gate for way in flown)
            and not any(result.failed_always for way in flown for result in way.results)
            and self.false_trips == 0
        )

    def as_json(self) -> dict[str, Any]:
        incident = self.incident
        return {
            "id": incident.id,
            "title": incident.title,
            "date": incident.date.isoformat(),
            "anti_twin": incident.anti_twin,
            "gate": incident.gate,
            "nominal_false_trips": self.false_trips,
            "met": self.met,
            **{name: way.as_json() for name, way in self.ways.items()},
        }


def find(names: Sequence[str]) -> list[Path]:
    """The files of incidents by name, id or path; without a name, all that ship.

    Raises ScenarioError for a name that there is not.
    """
    if names:
        return [scenarios.find(name) for name in names]
    return sorted(INCIDENTS.glob("*.toml"))


def load(path: Path) -> Scenario:
    """An incident. Raises ScenarioError for a scenario that is none, or has a mistake."""
    scenario, _ = scenarios.load(path)
    if scenario.incident is None:
        raise ScenarioError(f"{path}: incident: required and not given; it is a plain scenario")
    return scenario


def _row(path: Path) -> Row:
    scenario = load(path)
    incident = scenario.incident
    assert incident is not None
    expected = dict.fromkeys(
        str(e.metric)
        for e in (*incident.historical.expect, *scenario.expect)
        if e.metric is not None
    )
    return Row(path, incident, {way: Way(tuple(expected)) for way in WAYS})


def fly(
    paths: Iterable[Path],
    seeds: Sequence[int],
    workers: int,
    on_result: Callable[[Row, Figures], None],
) -> tuple[list[Row], bool]:
    """Fly incidents three ways; `on_result` sees each result as it comes.

    Returns the rows and whether all was flown: Ctrl-C ends the suite with what was flown by then.
    """
    rows = [_row(path) for path in paths]
    plan = list(product(rows, seeds, WAYS))
    jobs = [Job(row.path, seed, way) for row, seed, way in plan]
    flown = 0
    try:
        for (row, _, way), result in zip(plan, results(jobs, workers), strict=False):
            if result.verdict == "interrupted":
                break
            row.ways[way].results.append(result)
            on_result(row, result)
            flown += 1
    except KeyboardInterrupt:
        pass
    return rows, flown == len(plan)


def failures(row: Row, result: Figures) -> Iterator[str]:
    """What is wrong with a run, and the command that flies it again."""
    if result.verdict != "passed":
        wrong = "; ".join(result.failed_expectations)
        yield f"{row.incident.id} {result.way} seed {result.seed}: {wrong}"
        name = row.path.stem if row.path.parent == INCIDENTS else row.path
        yield f"  hil run {name} --way {result.way} --seed {result.seed}"
