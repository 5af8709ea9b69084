"""The lazy fix of members that run too long: what was once left out never runs again."""

from __future__ import annotations

from onboard.executive import Executive


class ShedsForGood(Executive):
    """Keeps every member that was ever shed out of all later ticks."""

    def _report_shed(self, shed: tuple[int, ...], due: tuple[int, ...], now_ns: int) -> None:
        super()._report_shed(shed, due, now_ns)
        self._idle |= {self.members[i].name for i in shed}
        self._lay_out()
