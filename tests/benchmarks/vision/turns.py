"""Several ways to do one thing, by turns."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from pathlib import Path

DATA = Path(__file__).parents[4] / "shared/data"
REAL_IMAGE = DATA / "trn_kaguya_vs_lola_southpole"


def by_turns(task: str, ways: dict[str, Callable[[], object]], turns: int = 31) -> dict[str, float]:
    """Median CPU time of each way, ms; the first is ours. Prints them and the ratio to the fastest
    of the others.
    """
    times: dict[str, list[int]] = {name: [] for name in ways}
    for way in ways.values():
        way()
    for _ in range(turns):
        for name, way in ways.items():
            start = time.thread_time_ns()
            way()
            times[name].append(time.thread_time_ns() - start)
    medians = {name: statistics.median(t) * 1e-6 for name, t in times.items()}
    ours, *others = medians
    best = min(others, key=medians.__getitem__, default=ours)
    told = ", ".join(f"{name} {ms:.3f}" for name, ms in medians.items())
    print(f"{task:44s} {told} ms; {medians[best] / medians[ours]:.1f} x {best}")
    return medians
