"""The only loop: rate groups, budgets, load shedding, restart, state hash of each tick."""

from onboard.executive.executive import Counters, Executive, MemberCounters, Trap
from onboard.executive.schedule import (
    RATES_HZ,
    TICK_NS,
    TICK_US,
    Criticality,
    Member,
    ScheduleError,
    members_of,
)

__all__ = [
    "RATES_HZ",
    "TICK_NS",
    "TICK_US",
    "Counters",
    "Criticality",
    "Executive",
    "Member",
    "MemberCounters",
    "ScheduleError",
    "Trap",
    "members_of",
]
