"""Processor load from the scenario: rows at their times, wrong members named."""

from __future__ import annotations

import pytest

from hil.bench.load import NO_MEMBER, LoadPort
from hil.scenario import Load
from onboard.messages import ProcessorLoad

MEMBERS = ("sensors", "craters")


def test_rows_come_at_their_times_in_order() -> None:
    now = 0
    loads = [
        Load(time_s=2.0, member="craters", member_extra_us=50.0),
        Load(time_s=1.0, stolen_percent=15.0, reset=True),
    ]
    port = LoadPort(loads, MEMBERS, lambda: now)
    assert port.read() is None
    now = 1_000_000_000
    # 15 % of a tick of 10,000 us
    assert port.read() == ProcessorLoad(now, 0, 1500.0, NO_MEMBER, 0.0, 1)
    assert port.read() is None
    now = 5_000_000_000
    assert port.read() == ProcessorLoad(2_000_000_000, 1, 0.0, 1, 50.0, 0)
    assert port.read() is None


def test_a_member_that_is_not_scheduled_is_named_with_those_that_are() -> None:
    """By its place in the file, which is not that in time."""
    loads = [Load(time_s=2.0, member="craters"), Load(time_s=0.0, member="telescope")]
    with pytest.raises(KeyError, match=r"load\.1\.member = 'telescope': .*sensors, craters"):
        LoadPort(loads, MEMBERS, lambda: 0)
