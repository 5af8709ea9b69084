"""Emulated time by the wall clock: every tick waits for its instant, what comes late is counted.

Lateness of a tick is how long after its instant its work was done; a tick is an overrun where that
is more than a period: the next one was due. Nothing is promised; what happened is told.
"""

from __future__ import annotations

import time
from array import array
from collections.abc import Callable, Sequence
from typing import Any

from onboard.executive import TICK_NS

GRACE_S = 1.0  # at the start, where late ticks do not count


class TooLate(Exception):
    """More overruns than are allowed."""


class Pacer:
    """The pace of one run: call `wait` after each tick."""

    def __init__(
        self,
        *,
        grace_s: float = GRACE_S,
        halt_after: int | None = None,
        clock: Callable[[], int] = time.perf_counter_ns,
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        """Overruns in the first `grace_s` do not count; more than `halt_after` end the run."""
        self.overruns = 0
        self._grace_ns, self._halt_after = round(1e9 * grace_s), halt_after
        self._clock, self._sleep = clock, sleep
        self._start_ns: int | None = None
        self._late_ns = array("q")

    def begin(self) -> None:
        """The instant from which ticks are counted."""
        self._start_ns = self._clock()

    def wait(self, tick: int) -> None:
        """Until the instant of a tick whose work is done. Raises TooLate."""
        if self._start_ns is None:
            raise ValueError("the pace has not begun")
        late_ns = self._clock() - self._start_ns - tick * TICK_NS
        if late_ns < 0:
            self._sleep(-late_ns / 1e9)
        if tick * TICK_NS > self._grace_ns:
            self._count(tick, max(0, late_ns))

    def _count(self, tick: int, late_ns: int) -> None:
        self._late_ns.append(late_ns)
        self.overruns += late_ns > TICK_NS
        if self._halt_after is not None and self.overruns > self._halt_after:
            raise TooLate(
                f"real time: tick {tick} was {late_ns / 1e6:.1f} ms late; "
                f"{self.overruns} overruns, allowed {self._halt_after}"
            )

    @property
    def late_ns(self) -> Sequence[int]:
        """Of each tick after the grace."""
        return self._late_ns

    @property
    def first_tick(self) -> int:
        """The first after the grace."""
        return self._grace_ns // TICK_NS + 1

    def figures(self) -> dict[str, Any]:
        """Of the ticks after the grace: how many, how late in ms, how many overran."""
        ordered = sorted(self._late_ns)
        return {"ticks": len(ordered), "overruns": self.overruns, **spread_ms(ordered, "late")}


def spread_ms(ordered_ns: list[int], name: str) -> dict[str, float]:
    """Median, 99 % and largest of sorted durations, in ms; nothing of none."""
    if not ordered_ns:
        return {}
    last = len(ordered_ns) - 1
    places = {"median": last // 2, "p99": last * 99 // 100, "max": last}
    return {f"{name}_{word}_ms": ordered_ns[k] / 1e6 for word, k in places.items()}
