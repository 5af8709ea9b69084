"""Who runs when: members, rate groups and the cyclic schedule precomputed from them.

A minor frame is one tick of 10 ms; the major frame is 100 minor frames, after which the schedule
repeats (the cyclic executive of Baker and Shaw 1989). Within a minor frame members run in the order
in which they were given.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, Protocol

TICK_NS = 10_000_000
TICK_US = 10_000.0
MAJOR_FRAME_TICKS = 100
RATES_HZ = (100, 50, 10, 1)


class ScheduleError(ValueError):
    """Members that cannot be scheduled: the message names the member, the value and the range."""


class Criticality(IntEnum):
    """What overload sheds, from first to never."""

    DEFERRABLE = 0
    NORMAL = 1
    ESSENTIAL = 2
    CRITICAL = 3  # never shed


Step = Callable[[int], None]
StateHash = Callable[[int], int]


@dataclass(frozen=True, slots=True)
class Member:
    """One component of a rate group."""

    name: str
    step: Step  # called with the time of the tick in nanoseconds
    rate_hz: int  # one of RATES_HZ
    budget_us: float  # execution time on the target beyond which an overrun is counted
    criticality: Criticality
    offset: int = 0  # in ticks, 0 to 100 / rate_hz - 1: spreads slow members over the frames
    state_hash: StateHash | None = None  # chains the member's state onto the hash it is given
    checkpoint: Callable[[], bytes] | None = None  # what a restart needs
    milestone: Callable[[], int] | None = None  # when it changes, the checkpoint is saved at once
    restore: Callable[[bytes], None] | None = None  # drops volatile state, resumes from those bytes
    start: Step | None = None  # before the first tick after each start of the computer
    stand_down: Step | None = None  # at a start that leaves it out: what it put out last ends
    minimal: bool = False  # runs in a minimal start, too

    @property
    def period_ticks(self) -> int:
        """Ticks from one run to the next."""
        return MAJOR_FRAME_TICKS // self.rate_hz


class ScheduleEntry(Protocol):
    """What a dictionary's schedule says of one member."""

    rate_hz: int
    budget_us: float
    criticality: Criticality
    offset: int
    minimal: bool


def members_of(
    schedule: Mapping[str, ScheduleEntry], components: Mapping[str, Any]
) -> list[Member]:
    """Join the dictionary's schedule with the components that a vehicle built, in schedule order.

    A component has `step(now_ns)` and may have `state_hash`, `checkpoint`, `milestone`, `restore`,
    `start_up(now_ns)` and `stand_down(now_ns)`. Raises ScheduleError when a name is on one side
    only.
    """
    if strangers := sorted(set(schedule) ^ set(components)):
        raise ScheduleError(
            f"members {strangers} are not both in the schedule {sorted(schedule)} "
            f"and among the components {sorted(components)}"
        )
    return [_member(name, entry, components[name]) for name, entry in schedule.items()]


def _member(name: str, entry: ScheduleEntry, component: Any) -> Member:
    return Member(
        name,
        component.step,
        entry.rate_hz,
        entry.budget_us,
        entry.criticality,
        entry.offset,
        state_hash=getattr(component, "state_hash", None),
        checkpoint=getattr(component, "checkpoint", None),
        milestone=getattr(component, "milestone", None),
        restore=getattr(component, "restore", None),
        start=getattr(component, "start_up", None),
        stand_down=getattr(component, "stand_down", None),
        minimal=entry.minimal,
    )


def check(members: Sequence[Member]) -> None:
    """Raise ScheduleError for a member that no frame can hold."""
    names = [m.name for m in members]
    if repeated := sorted({n for n in names if names.count(n) > 1}):
        raise ScheduleError(f"members {repeated} are listed more than once")
    for m in members:
        if m.rate_hz not in RATES_HZ:
            raise ScheduleError(f"{m.name}: rate_hz = {m.rate_hz}, allowed {RATES_HZ}")
        if not 0 <= m.offset < m.period_ticks:
            raise ScheduleError(f"{m.name}: offset = {m.offset}, allowed 0..{m.period_ticks - 1}")
        if not 0 < m.budget_us <= TICK_US:
            raise ScheduleError(f"{m.name}: budget_us = {m.budget_us}, allowed 0..{TICK_US:g}")


def minor_frames(members: Sequence[Member]) -> tuple[tuple[int, ...], ...]:
    """Indices of the members due in each of the 100 minor frames."""
    return tuple(
        tuple(i for i, m in enumerate(members) if frame % m.period_ticks == m.offset)
        for frame in range(MAJOR_FRAME_TICKS)
    )
