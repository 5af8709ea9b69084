"""Fault protection on the readings of a trace: the flight component in its executive, with its
commands; only what it reads from channels is replaced."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from hil.trace import Trace, TraceStep
from onboard.dictionary import Dictionary
from onboard.fault_protection.component import NO_RESET_NS, FaultProtection
from onboard.fault_protection.monitors import READING_NAMES
from onboard.fault_protection.responses import standing
from onboard.fault_protection.walk import Walk

QUIET = READING_NAMES.index("clear")


def mistakes(trace: Trace, dictionary: Dictionary) -> Iterator[str]:
    """Names in a trace that the dictionary does not have: field, value, and what is allowed."""
    table = dictionary.protection
    modes = sorted(table.mode)
    if trace.start not in modes:
        yield f"trace.start = {trace.start!r}: allowed: {', '.join(modes)}"
    for number, step in enumerate(trace.step):
        where = f"trace.step.{number}"
        if step.mode not in modes:
            yield f"{where}.mode = {step.mode!r}: allowed: {', '.join(modes)}"
        if step.request not in ("", "SAFE", *modes):
            yield f"{where}.request = {step.request!r}: allowed: SAFE, {', '.join(modes)}"
        for name in step.readings.keys() - table.monitor.keys():
            yield f"{where}.readings: {name!r} is no monitor of the dictionary"
        for name in step.faults.keys() - table.fault.keys():
            yield f"{where}.faults: {name!r} is no fault of the dictionary"


class TracedProtection(FaultProtection):
    """Takes one step of the trace in each of its own, then holds the last readings.

    A reset of the trace restarts fault protection alone and takes a step. `reproduced` counts the
    steps after which mode and faults were those of the trace, up to the first that differed.
    """

    def __init__(self, *arguments: Any, trace: Trace, **options: Any) -> None:
        super().__init__(*arguments, **options, longest=trace.longest)
        walk = Walk(arguments[1].protection, (), longest=trace.longest)
        self._take(walk.settled(self.table.mode_names.index(trace.start)).state)
        self._trace, self._at = trace.step, 0
        self.reproduced = 0

    def step(self, now_ns: int) -> None:
        row = self._row()
        if row is not None and row.reset:
            self._last_reset_ns = now_ns if row.reset == "within_window" else NO_RESET_NS
            self._reset(now_ns)
            self._publish(now_ns)
        else:
            if row is not None:
                self._ask(row, now_ns)
            super().step(now_ns)
        if row is not None:
            self.reproduced += self.reproduced == self._at and self._is_as_in(row)
            self._at += 1

    def readings(self, now_ns: int) -> Sequence[int]:
        row = self._trace[min(self._at, len(self._trace) - 1)]
        named = row.readings
        return [
            READING_NAMES.index(named[name]) if name in named else QUIET
            for name in self.table.monitors
        ]

    def _row(self) -> TraceStep | None:
        return self._trace[self._at] if self._at < len(self._trace) else None

    def _ask(self, row: TraceStep, now_ns: int) -> None:
        if row.request == "SAFE":
            self.modes.safe(now_ns)
        elif row.request:
            self.modes.set_mode(now_ns, row.request)

    def _is_as_in(self, row: TraceStep) -> bool:
        return (
            self.mode == row.mode
            and standing(self.table.fault_names, self.state.faults) == row.faults
        )
