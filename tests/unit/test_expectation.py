"""Expectations of figures and of events: what they accept, and what they say of the rest."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from hil.expectation import Event, Expectation

TRIPPED = [
    Event(3.0, "FAULT_ACTIVE", "fault engine_a_lost"),
    Event(4.0, "FAULT_CLEARED", "fault engine_a_lost cleared"),
    Event(9.5, "FAULT_ACTIVE", "fault imu_lost"),
]


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({}, None),
        ({"contains": "imu"}, None),
        ({"contains": "leg"}, "FAULT_ACTIVE (leg) came 0 times, expected 1 or more times"),
        ({"count_max": 0}, "FAULT_ACTIVE came 2 times, expected 0 to 0 times"),
        ({"contains": "leg", "count_max": 0}, None),
        ({"count_min": 3}, "FAULT_ACTIVE came 2 times, expected 3 or more times"),
        ({"count_min": 2, "count_max": 2, "after_s": 3.0, "before_s": 3.0}, None),
        ({"after_s": 5.0}, "FAULT_ACTIVE came first at 3.00 s, expected 1 or more times from 5 s"),
        (
            {"contains": "imu", "before_s": 9.0},
            "FAULT_ACTIVE (imu) came first at 9.50 s, expected 1 or more times until 9 s",
        ),
    ],
)
def test_events(fields: dict[str, Any], said: str | None) -> None:
    assert Expectation(event="FAULT_ACTIVE", **fields).wrong({}, TRIPPED) == said


def test_an_event_that_may_be_absent_has_no_time_then() -> None:
    wanted = Expectation(event="NONE", count_min=0, before_s=1.0)
    assert wanted.wrong({}, TRIPPED) is None


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({}, "give one of metric, event"),
        ({"metric": "tilt_deg", "event": "X", "max": 1}, "give one of metric, event"),
        ({"metric": "tilt_deg"}, "give at least one of equals, min, max"),
        ({"metric": "tilt_deg", "max": 1, "before_s": 2}, "before_s not allowed beside tilt_deg"),
        ({"event": "X", "max": 1}, "max not allowed beside X"),
        ({"event": "X", "count_min": 3, "count_max": 2}, "least 3 is above count_max 2"),
        ({"event": "X", "after_s": 3, "before_s": 2}, "after_s 3.0 is above before_s 2.0"),
    ],
)
def test_what_makes_no_sense_is_refused(fields: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        Expectation(**fields)
