"""Readers: from numbers and ages to readings."""

import math

import pytest
from protection_tables import table_with

from onboard.fault_protection.monitors import (
    CLEAR,
    HOLD,
    NEVER_NS,
    NO_NEWS,
    READ_ERROR,
    READ_STALE,
    TRIP,
    UNKNOWN,
    Rule,
    states,
)
from onboard.fault_protection.table import channels_of, readers

SECOND = 1_000_000_000
STEP = SECOND // 10
NAN, INF = math.nan, math.inf


def monitor(**fields):
    """A reader of the monitor `high` with other fields, and a function that reads it once."""
    base = {"region": "a", "persistence": 1, "clear": 1, "channel": "x"}
    table = table_with({"monitor.high": base | fields})
    at = list(table.monitor).index("high")
    made, memory = readers(table)
    names = channels_of(table)

    def read(now_s, value, age_s=0.0, other=0.0):
        memory[0] = now_s * SECOND
        values, ages = [0.0] * len(names), [0] * len(names)
        values[names.index("x")], ages[names.index("x")] = value, round(age_s * SECOND)
        if "other" in fields:
            values[names.index("z")] = other
        return made[at](values, ages)

    return read


VALUE = {"stale_after_s": 1.0, "when_stale": "stale"}
LIMITS = {
    "check": "limits",
    "enter": {"low": -2.0, "high": 2.0},
    "exit": {"low": -1.0, "high": 1.0},
}
WITHIN = {
    "check": "within",
    "enter": {"low": -1.0, "high": 1.0},
    "exit": {"low": -2.0, "high": 2.0},
}


@pytest.mark.parametrize(
    ("value", "reading"),
    [
        *((v, CLEAR) for v in (-1.0, 0.0, 1.0)),
        *((v, HOLD) for v in (-2.0, -1.1, 1.1, 2.0)),
        *((v, TRIP) for v in (-2.1, 2.1, INF, -INF)),
        (NAN, READ_ERROR),
    ],
)
def test_limits(value, reading):
    assert monitor(**LIMITS, **VALUE)(0, value) == reading


@pytest.mark.parametrize(
    ("value", "reading"),
    [
        *((v, TRIP) for v in (-1.0, 0.0, 1.0)),
        *((v, HOLD) for v in (-2.0, -1.1, 1.1, 2.0)),
        *((v, CLEAR) for v in (-2.1, 2.1, INF, -INF)),
        (NAN, READ_ERROR),
    ],
)
def test_within(value, reading):
    assert monitor(**WITHIN, **VALUE)(0, value) == reading


def test_a_bound_left_out_is_not_checked():
    read = monitor(check="limits", enter={"high": 2.0}, exit={"high": 1.0}, **VALUE)
    assert read(0, -1e300) == CLEAR
    assert read(0, 2.1) == TRIP


@pytest.mark.parametrize(
    "check",
    [
        LIMITS,
        WITHIN,
        {"check": "expected", "value": 0.0},
        {"check": "delta", "enter": 2.0, "exit": 1.0},
        {"check": "rate", "enter": 2.0, "exit": 1.0},
        {"check": "stuck"},
        {"check": "consistency", "other": "z", "enter": 2.0, "exit": 1.0},
    ],
    ids=lambda c: c["check"],
)
def test_checks_of_a_value_know_stale_and_error(check):
    read = monitor(**check, **VALUE)
    assert read(0, 0.0, age_s=1.0) != READ_STALE
    assert read(1, 0.0, age_s=1.001) == READ_STALE
    assert read(2, 0.0, age_s=NEVER_NS / SECOND) == READ_STALE
    assert read(3, NAN) == READ_ERROR


def test_expected():
    read = monitor(check="expected", value=3.0, **VALUE)
    assert [read(0, v) for v in (3.0, 3.0000001, -3.0)] == [CLEAR, TRIP, TRIP]


def test_consistency_scales_and_offsets_the_other():
    read = monitor(
        check="consistency", other="z", scale=2.0, offset=1.0, enter=0.5, exit=0.2, **VALUE
    )
    assert read(0, 7.0, other=3.0) == CLEAR
    assert read(0, 7.4, other=3.0) == HOLD
    assert read(0, 6.4, other=3.0) == TRIP
    assert read(0, 7.0, other=NAN) == READ_ERROR


def test_stale_trips_on_age_alone():
    read = monitor(check="stale", enter_s=0.5, exit_s=0.2)
    assert [read(0, NAN, age_s=a) for a in (0.0, 0.2, 0.3, 0.5, 0.51)] == [
        CLEAR,
        CLEAR,
        HOLD,
        HOLD,
        TRIP,
    ]
    assert read(0, 0.0, age_s=NEVER_NS / SECOND) == TRIP


def test_delta_compares_steps_and_forgets_over_a_stale_one():
    read = monitor(check="delta", enter=2.0, exit=1.0, **VALUE)
    assert [read(i, v) for i, v in enumerate((5.0, 6.0, 7.5, 10.0))] == [NO_NEWS, CLEAR, HOLD, TRIP]
    assert read(4, 0.0, age_s=2.0) == READ_STALE
    assert read(5, 100.0) == NO_NEWS
    assert read(6, 100.0) == CLEAR


def test_rate_divides_by_the_time_between_samples():
    read = monitor(check="rate", enter=2.0, exit=1.0, **VALUE)
    assert read(0, 0.0) == NO_NEWS
    assert read(1, 0.0, age_s=1.0) == NO_NEWS  # the same sample, a second older
    assert read(2, 3.0) == HOLD  # 3 in 2 s
    assert read(3, 6.0) == TRIP
    assert read(4, 6.5) == CLEAR


def test_stuck_wants_a_new_sample_that_is_the_same():
    read = monitor(check="stuck", tolerance=0.01, **VALUE)
    assert read(0, 1.0) == NO_NEWS
    assert read(0.1, 1.0, age_s=0.1) == NO_NEWS
    assert read(0.2, 1.005) == TRIP
    assert read(0.3, 1.1) == CLEAR


def test_gap_trips_though_the_last_sample_is_fresh():
    read = monitor(check="gap", enter_s=1.0, exit_s=0.5)
    assert read(0, 0.0, age_s=NEVER_NS / SECOND) == NO_NEWS
    assert read(0.1, 0.0) == NO_NEWS
    assert read(0.2, 0.0) == CLEAR
    assert read(0.3, 0.0, age_s=0.1) == NO_NEWS
    assert read(1.0, 0.0) == HOLD
    assert read(2.5, 0.0) == TRIP


@pytest.mark.parametrize("counts", [(1, 1), (3, 2), (2, 4)])
def test_a_monitor_is_in_one_state_at_a_time(counts):
    """A state that stood twice would be unequal to itself; the first is that of a mask."""
    every = states(Rule(*counts, "trip", "trip"))
    assert len(set(every)) == len(every) == 3 + 2 * (counts[0] - 1) + 2 * (counts[1] - 1)
    assert every[0] == (UNKNOWN, 0)
