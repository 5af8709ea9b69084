"""Monitors: from numbers to readings, and from readings to values that persist.

A *reading* is what one look at the channels says: clear, hold (between the exit and the enter
limit), trip, no news (the check needs a new sample), stale, error. Readers make them from numbers
and ages. A *value* (false, true,
stale, error) is what the monitor says after its persistence and clear counts. `count` is that
second half, a function of small integers, tabulated by `transitions`.

A monitor begins unknown and answers stale until it has counted to a verdict. A masked monitor
resets fully: it begins again, so that nothing counted before the mask decides anything after it.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Sequence
from typing import NamedTuple

from onboard.fault_protection.expression import ERROR, FALSE, STALE, TRUE

CLEAR, HOLD, TRIP, NO_NEWS, READ_STALE, READ_ERROR, NOT_VALID, HIDDEN, FROZEN = range(9)
READINGS = 9
READING_NAMES = (
    *("clear", "hold", "trip", "no_news", "stale", "error"),
    *("not_valid", "hidden", "frozen"),
)
"""The first six come from channels. NOT_VALID: `valid_when` is false. HIDDEN: a response masks
the monitor. FROZEN: nobody knows whether it is valid."""

UNKNOWN, CLEARED, TRIPPED = range(3)

NEVER_NS = 1 << 62
"""Age of a channel that has never been produced."""


class Counted(NamedTuple):
    """A verdict and the steps counted towards another: trips up, clears down from zero."""

    verdict: int
    counted: int


class Rule(NamedTuple):
    """The counts of one monitor and what it makes of a stale or wrong channel."""

    persistence: int
    clear: int
    when_stale: str
    when_error: str


def count(rule: Rule, state: Counted, reading: int) -> tuple[Counted, int]:
    """One step of a monitor: the next state and the value it answers now."""
    if reading == NOT_VALID:
        return Counted(UNKNOWN, 0), FALSE
    if reading == HIDDEN:
        return Counted(UNKNOWN, 0), STALE
    if reading == FROZEN:
        return state, STALE
    if reading == NO_NEWS:
        return state, _value(state)
    if reading in (READ_STALE, READ_ERROR):
        behaviour = rule.when_stale if reading == READ_STALE else rule.when_error
        if behaviour == "trip":
            reading = TRIP
        elif behaviour == "clear":
            reading = CLEAR
        elif behaviour == "hold":
            return state, _value(state)
        else:
            return state, STALE if reading == READ_STALE else ERROR
    after = _counted(rule, state, reading)
    return after, _value(after)


def _counted(rule: Rule, state: Counted, reading: int) -> Counted:
    if reading == HOLD:  # neither past the limit nor back inside: as the verdict stands
        reading = TRIP if state.verdict == TRIPPED else CLEAR
    if reading == TRIP:
        if state.verdict == TRIPPED:
            return Counted(TRIPPED, 0)
        trips = max(state.counted, 0) + 1
        return Counted(TRIPPED, 0) if trips >= rule.persistence else Counted(state.verdict, trips)
    if state.verdict == CLEARED:
        return Counted(CLEARED, 0)
    clears = max(-state.counted, 0) + 1
    return Counted(CLEARED, 0) if clears >= rule.clear else Counted(state.verdict, -clears)


def _value(state: Counted) -> int:
    return (STALE, FALSE, TRUE)[state.verdict]


Transitions = tuple[tuple[int, int], ...]


def states(rule: Rule) -> list[Counted]:
    """All states of a monitor; the first is the initial one, the second the cleared one."""
    up = [Counted(v, n) for v in (UNKNOWN, CLEARED) for n in range(1, rule.persistence)]
    down = [Counted(v, -n) for v in (UNKNOWN, TRIPPED) for n in range(1, rule.clear)]
    rest = [Counted(UNKNOWN, 0), Counted(CLEARED, 0), Counted(TRIPPED, 0)]
    return rest + up + down


INITIAL_STATE, CLEARED_STATE, TRIPPED_STATE = range(3)


def transitions(rule: Rule) -> Transitions:
    """`count` as a table: entry `state * READINGS + reading` is (next state, value)."""
    every = states(rule)
    number = {state: n for n, state in enumerate(every)}
    steps = (count(rule, state, reading) for state in every for reading in range(READINGS))
    return tuple((number[after], value) for after, value in steps)


def masked(table: Transitions) -> Transitions:
    """`transitions` of a monitor whose readings do not count: as NOT_VALID, whatever is read."""
    return tuple(table[i - i % READINGS + NOT_VALID] for i in range(len(table)))


Reader = Callable[[Sequence[float], Sequence[int]], int]
"""(value of each channel, age of each channel in nanoseconds) -> reading.

Readers that compare with an earlier sample keep it in `memory`, an array of doubles: element 0 is
the time of this step in nanoseconds, element `at` their value before, `at + 1` its time.
"""


def limits(channel: int, stale_ns: int, enter: Sequence[float], leave: Sequence[float]) -> Reader:
    """Trips outside [enter_low, enter_high], clears inside [exit_low, exit_high]."""
    (enter_low, enter_high), (exit_low, exit_high) = enter, leave

    def read(values: Sequence[float], ages: Sequence[int]) -> int:
        if ages[channel] > stale_ns:
            return READ_STALE
        value = values[channel]
        if exit_low <= value <= exit_high:
            return CLEAR
        if value < enter_low or value > enter_high:
            return TRIP
        return HOLD if value == value else READ_ERROR

    return read


def within(channel: int, stale_ns: int, enter: Sequence[float], leave: Sequence[float]) -> Reader:
    """Trips inside [enter_low, enter_high], clears outside [exit_low, exit_high]."""
    (enter_low, enter_high), (exit_low, exit_high) = enter, leave

    def read(values: Sequence[float], ages: Sequence[int]) -> int:
        if ages[channel] > stale_ns:
            return READ_STALE
        value = values[channel]
        if enter_low <= value <= enter_high:
            return TRIP
        if value < exit_low or value > exit_high:
            return CLEAR
        return HOLD if value == value else READ_ERROR

    return read


def expected(channel: int, stale_ns: int, wanted: float) -> Reader:
    """Trips on any other value."""

    def read(values: Sequence[float], ages: Sequence[int]) -> int:
        if ages[channel] > stale_ns:
            return READ_STALE
        value = values[channel]
        if value == wanted:
            return CLEAR
        return TRIP if value == value else READ_ERROR

    return read


def consistency(
    channels: tuple[int, int],
    stale_ns: int,
    scale: float,
    offset: float,
    enter: float,
    leave: float,
) -> Reader:
    """Trips when |a - (scale b + offset)| > enter, clears when it is at most `leave`."""
    first, second = channels

    def read(values: Sequence[float], ages: Sequence[int]) -> int:
        if ages[first] > stale_ns or ages[second] > stale_ns:
            return READ_STALE
        return _magnitude(abs(values[first] - (scale * values[second] + offset)), enter, leave)

    return read


def stale(channel: int, enter_ns: int, leave_ns: int) -> Reader:
    """Trips on an age above `enter_ns`, clears at or below `leave_ns`."""

    def read(values: Sequence[float], ages: Sequence[int]) -> int:
        age = ages[channel]
        if age <= leave_ns:
            return CLEAR
        return TRIP if age > enter_ns else HOLD

    return read


def delta(
    channel: int, stale_ns: int, enter: float, leave: float, memory: array[float], at: int
) -> Reader:
    """Trips when the value moved by more than `enter` since the last step.

    It remembers the value; NaN while there is none, as after a stale step.
    """

    def read(values: Sequence[float], ages: Sequence[int]) -> int:
        if ages[channel] > stale_ns:
            memory[at] = NAN
            return READ_STALE
        before, now = memory[at], values[channel]
        memory[at] = now
        if now != now:
            return READ_ERROR
        return _magnitude(abs(now - before), enter, leave) if before == before else NO_NEWS

    return read


def rate(
    channel: int, stale_ns: int, enter: float, leave: float, memory: array[float], at: int
) -> Reader:
    """Trips when the value changed faster than `enter` a second between two samples."""

    def read(values: Sequence[float], ages: Sequence[int]) -> int:
        if ages[channel] > stale_ns:
            memory[at] = NAN
            return READ_STALE
        before, time_ns = memory[at], memory[at + 1]
        now, now_ns = values[channel], memory[0] - ages[channel]
        if now != now:
            return READ_ERROR
        if before == before and now_ns <= time_ns:
            return NO_NEWS
        memory[at], memory[at + 1] = now, now_ns
        if before != before:
            return NO_NEWS
        return _magnitude(abs(now - before) / ((now_ns - time_ns) * 1e-9), enter, leave)

    return read


def stuck(channel: int, stale_ns: int, tolerance: float, memory: array[float], at: int) -> Reader:
    """Trips on a new sample within `tolerance` of the one before; no news between samples."""

    def read(values: Sequence[float], ages: Sequence[int]) -> int:
        if ages[channel] > stale_ns:
            memory[at] = NAN
            return READ_STALE
        before, time_ns = memory[at], memory[at + 1]
        now, now_ns = values[channel], memory[0] - ages[channel]
        if now != now:
            return READ_ERROR
        if before == before and now_ns <= time_ns:
            return NO_NEWS
        memory[at], memory[at + 1] = now, now_ns
        if before != before:
            return NO_NEWS
        return TRIP if abs(now - before) <= tolerance else CLEAR

    return read


def gap(channel: int, enter_ns: int, leave_ns: int, memory: array[float], at: int) -> Reader:
    """Trips on a new sample more than `enter_ns` after the one before; no news between samples.

    It remembers the time of the last sample; NaN before the first.
    """

    def read(values: Sequence[float], ages: Sequence[int]) -> int:
        age = ages[channel]
        if age >= NEVER_NS:
            return NO_NEWS
        before, now_ns = memory[at + 1], memory[0] - age
        memory[at + 1] = now_ns
        if before != before or now_ns == before:
            return NO_NEWS
        return _magnitude(now_ns - before, enter_ns, leave_ns)

    return read


def _magnitude(size: float, enter: float, leave: float) -> int:
    if size <= leave:
        return CLEAR
    if size > enter:
        return TRIP
    return HOLD if size == size else READ_ERROR


NAN = float("nan")
