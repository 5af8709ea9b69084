"""What can go wrong in a table, and the part of the table that it can move. For the walk."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from onboard.dictionary import protection as rows
from onboard.dictionary.protection import Protection
from onboard.fault_protection import checks
from onboard.fault_protection.expression import FALSE, TRUE, evaluate, monitors_of, parse
from onboard.fault_protection.monitors import (
    CLEAR,
    READ_ERROR,
    READ_STALE,
    TRIP,
    Rule,
    count,
    states,
)
from onboard.fault_protection.table import matches, rule_of

LONGEST = 2
"""Steps to which counts, timeouts, tries and masks are shortened in the walk."""


class Cause(NamedTuple):
    """Something that goes wrong: readings that it may force upon monitors, by name."""

    name: str
    options: tuple[tuple[tuple[str, int], ...], ...]

    @property
    def monitors(self) -> frozenset[str]:
        return frozenset(name for option in self.options for name, _ in option)


def causes_of(protection: Protection) -> list[Cause]:
    """Every monitor alone, and every fault that one monitor alone cannot raise."""
    single = [
        Cause(name, tuple(((name, kind),) for kind in _kinds(name, protection)))
        for name in sorted(protection.monitor)
    ]
    joint = [
        cause
        for name in sorted(protection.fault)
        if (cause := _joint_cause(name, protection)) is not None
    ]
    return single + joint


def _kinds(monitor: str, protection: Protection) -> list[int]:
    """The readings that a monitor may be forced to: those it can have, and of those that it cannot
    tell apart one. What it reads when nothing is wrong is clear, for some conditions trip."""
    row = protection.monitor[monitor]
    rule = rule_of(row, LONGEST)
    holds = any(monitor in mode.holds for mode in protection.mode.values())
    possible = [TRIP, CLEAR] if holds else [TRIP]
    if not isinstance(row, rows.Stale | rows.Gap):
        possible += [READ_STALE, READ_ERROR]
    columns: dict[tuple[Any, ...], int] = {}
    if not holds:
        columns[_column(rule, CLEAR)] = CLEAR
    for reading in possible:
        columns.setdefault(_column(rule, reading), reading)
    return [reading for reading in columns.values() if holds or reading != CLEAR]


def _column(rule: Rule, reading: int) -> tuple[Any, ...]:
    return tuple(count(rule, state, reading) for state in states(rule))


def _joint_cause(fault: str, protection: Protection) -> Cause | None:
    node = parse(protection.fault[fault].when)
    names = sorted(monitors_of(node))
    raising: list[tuple[tuple[str, int], ...]] = []
    for readings in itertools.product((CLEAR, TRIP), repeat=len(names)):
        values = {n: TRUE if r == TRIP else FALSE for n, r in zip(names, readings, strict=True)}
        if any(evaluate(node, values, mode) == TRUE for mode in protection.mode):
            raising.append(tuple(zip(names, readings, strict=True)))
    fewest = min(sum(r == TRIP for _, r in option) for option in raising)
    if fewest < 2:
        return None
    least = [option for option in raising if sum(r == TRIP for _, r in option) == fewest]
    unknown = [tuple((name, kind) for name in names) for kind in (READ_STALE, READ_ERROR)]
    return Cause(f"fault {fault}", (*least, *unknown))


def _closure(protection: Protection, names: Iterable[str]) -> set[str]:
    """Monitors with all that their `valid_when` look at."""
    reached: set[str] = set()
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        if name not in reached:
            reached.add(name)
            text = protection.monitor[name].valid_when
            waiting += monitors_of(parse(text)) if text else ()
    return reached


def _fault_monitors(protection: Protection, fault: str) -> set[str]:
    """Every monitor that a fault or its response looks at or masks."""
    response = protection.response[protection.fault[fault].response]
    texts = [protection.fault[fault].when, response.clear_when]
    for tier in response.tier:
        texts += [tier.guard, tier.success]
    named = {name for text in texts if text for name in monitors_of(parse(text))}
    masked = {mask.monitor for tier in response.tier for mask in tier.masks}
    return _closure(protection, named | masked)


def _mode_monitors(protection: Protection) -> set[str]:
    nodes = (
        node
        for name, mode in protection.mode.items()
        for _, node in checks.mode_expressions(name, mode)
    )
    return _closure(protection, {name for node in nodes for name in monitors_of(node)})


def slice_of(protection: Protection, faults: Iterable[str], causes: Sequence[Cause]) -> Protection:
    """The part of a table that some causes and faults can move; all modes stay."""
    faults = set(faults)
    names = _mode_monitors(protection)
    for cause in causes:
        names |= _closure(protection, cause.monitors)
    for fault in faults:
        names |= _fault_monitors(protection, fault)
    masked = {
        name: row.model_copy(update={"tier": [_without_masks(tier, names) for tier in row.tier]})
        for name, row in protection.response.items()
    }
    update = {
        "monitor": {n: row for n, row in protection.monitor.items() if n in names},
        "fault": {n: row for n, row in protection.fault.items() if n in faults},
        "response": masked,
        "mode": {
            n: row.model_copy(update={"holds": [m for m in row.holds if m in names]})
            for n, row in protection.mode.items()
        },
    }
    return protection.model_copy(update=update)


def _without_masks(tier: rows.Tier, names: set[str]) -> rows.Tier:
    return tier.model_copy(update={"masks": [m for m in tier.masks if m.monitor in names]})


class Reach:
    """What each cause can touch: its faults, and what makes two causes meet."""

    def __init__(self, protection: Protection) -> None:
        self.protection = protection
        self.looks_at = {f: _fault_monitors(protection, f) for f in protection.fault}

    def faults(self, *causes: Cause) -> set[str]:
        """Faults that look at a monitor of a cause."""
        moved = frozenset().union(*(cause.monitors for cause in causes))
        return {f for f, names in self.looks_at.items() if names & moved}

    def marks(self, cause: Cause) -> set[str]:
        """Two causes meet when they have a mark in common."""
        marks = {f"monitor {name}" for name in cause.monitors}
        for fault in self.faults(cause):
            marks.add(f"fault {fault}")
            for tier in self.protection.response[self.protection.fault[fault].response].tier:
                marks |= {f"claim {name}" for name in tier.claims}
                marks |= {f"monitor {mask.monitor}" for mask in tier.masks}
                for k, group in enumerate(self.protection.globals.never_together):
                    if any(matches(tier.action, pattern) for pattern in group):
                        marks.add(f"never {k}")
        return marks
