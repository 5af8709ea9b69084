"""Executives without Apollo's protection, or with too much of it."""

from __future__ import annotations

from onboard.executive import Executive


class NoShedding(Executive):
    """Everything that is due runs, however long it takes."""

    def _keep(self, due: tuple[int, ...], available_us: float, now_ns: int) -> tuple[int, ...]:
        return due


class RestartOnOverrun(Executive):
    """The lazy fix: whoever takes more than his budget brings a restart."""

    def _run(self, kept: tuple[int, ...], available_us: float, now_ns: int) -> float:
        elapsed_us = super()._run(kept, available_us, now_ns)
        if any(self._cost_us(i) > self.members[i].budget_us for i in kept):
            self.restart("watchdog", now_ns)
        return elapsed_us
