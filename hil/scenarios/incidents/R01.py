"""A scheduler in which a low task keeps a high one waiting for as long as it likes.

On Mars Pathfinder the low task (weather data) held the mutex of the bus that the high task needed,
and medium tasks kept it from running on and giving it back (Reeves 1997). The high task, due at
8 Hz, then found its work undone and reset the computer.
"""

from __future__ import annotations

from onboard.executive import Executive

LATE_TICKS = 12  # 125 ms: the high task's period


class RunsWhateverIsDue(Executive):
    """Nothing is shed, and a high task that is late by a period restarts the computer."""

    def _keep(self, due: tuple[int, ...], available_us: float, now_ns: int) -> tuple[int, ...]:
        return due

    def _watch(self, available_us: float, elapsed_us: float, now_ns: int) -> None:
        self._watchdog_ticks = LATE_TICKS
        super()._watch(available_us, elapsed_us, now_ns)
