"""Stamp, number and arrival of samples: two that agree outvote the third; none shuts out."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onboard.core._core import ffi, lib

PERIOD_NS = {
    lib.OB_ROW_IMU: 10_000_000,
    lib.OB_ROW_RANGE: 100_000_000,
    lib.OB_ROW_VELOCITY: 100_000_000,
    lib.OB_ROW_ATTITUDE: 200_000_000,
    lib.OB_ROW_LEGS: 10_000_000,
    lib.OB_ROW_ENGINE: 100_000_000,
    lib.OB_ROW_TANK: 1_000_000_000,
}
KINDS = st.sampled_from(sorted(PERIOD_NS))
START = 50  # samples before anything goes wrong
SEEN = 12  # samples looked at after it


class Instrument:
    """Good samples of one kind, each `on_its_way_ns` late, with the time and number asked for."""

    def __init__(self, kind: int, on_its_way_ns: int = 0) -> None:
        self.kind = kind
        self.period_ns = PERIOD_NS[kind]
        self.on_its_way_ns = on_its_way_ns
        self.state = ffi.new("ob_intake *")
        self.row = ffi.new("ob_row *")
        lib.ob_intake_init(self.state, kind)
        self.k = 0
        for _ in range(START):
            assert self.send() == 1

    def send(self, *, stamp_ns: int = 0, number: int = 0, lost: int = 0, flipped: int = 0) -> int:
        """The next sample after `lost` ones, its time and number off by so much."""
        self.k += 1 + lost
        self.row[0] = ffi.new("ob_row *")[0]
        head = self.row.head
        head.time_ns = self.k * self.period_ns + stamp_ns
        signed = (self.k + number) ^ flipped
        head.sequence = (signed + 2**63) % 2**64 - 2**63
        _make_good(self.kind, self.row)
        now_ns = self.k * self.period_ns + self.on_its_way_ns
        return int(lib.ob_intake_take(self.state, now_ns, self.row))

    @property
    def error_ns(self) -> int:
        """Of the time that was given to the last sample that was passed on."""
        return int(self.state.row.head.time_ns) - self.k * self.period_ns


def _make_good(kind: int, row: Any) -> None:
    if kind == lib.OB_ROW_RANGE:
        row.range.range_m, row.range.valid = 100.0, 1
    elif kind == lib.OB_ROW_VELOCITY:
        row.velocity.valid = 1
    elif kind == lib.OB_ROW_ATTITUDE:
        row.attitude.q_mci_from_body[0], row.attitude.valid = 1.0, 1


def late(kind: int) -> int:
    """A delay that is neither none nor more than a sample may have."""
    return int(lib.ob_intake_age_max_ns(kind)) // 2


@given(kind=KINDS, bit=st.integers(0, 63))
def test_a_bit_of_a_number_costs_nothing(kind: int, bit: int) -> None:
    instrument = Instrument(kind, late(kind))
    assert instrument.send(flipped=1 << bit) == 1
    for _ in range(SEEN):
        assert instrument.send() == 1 and instrument.error_ns == 0


@given(kind=KINDS, bit=st.integers(0, 63))
def test_a_bit_of_every_number_costs_nothing(kind: int, bit: int) -> None:
    instrument = Instrument(kind)
    for _ in range(100):
        assert instrument.send(flipped=1 << bit) == 1 and instrument.error_ns == 0


@given(kind=KINDS, off=st.integers(-(10**18), 10**18), lost=st.integers(0, 3))
def test_stamps_that_jump_are_outvoted(kind: int, off: int, lost: int) -> None:
    instrument = Instrument(kind, late(kind))
    apart = abs(off) > instrument.period_ns / 4
    for _ in range(SEEN):
        passes = instrument.send(stamp_ns=off, lost=lost)
        assert passes == 2 if apart else passes == 1
        assert abs(instrument.error_ns) <= instrument.period_ns / 4
    assert instrument.send() == 1 and instrument.error_ns == 0
    assert instrument.state.stamped_count == (SEEN if apart else 0)


@given(kind=KINDS, share=st.floats(0.01, 10.0))
def test_stamps_that_run_away_are_outvoted(kind: int, share: float) -> None:
    """By a share of the period a sample; followed is 1/1024 of it, over 100 samples a tenth."""
    instrument = Instrument(kind)
    for k in range(1, 101):
        assert instrument.send(stamp_ns=-int(k * share * instrument.period_ns)) > 0
        assert abs(instrument.error_ns) <= instrument.period_ns * 0.36  # a quarter and a tenth


@given(kind=KINDS, number=st.integers(-(2**40), 2**40))
def test_an_instrument_may_count_anew(kind: int, number: int) -> None:
    instrument = Instrument(kind, late(kind))
    for _ in range(SEEN):
        assert instrument.send(number=number, lost=1) == 1 and instrument.error_ns == 0


@given(kind=KINDS, lateness=st.floats(0.0, 0.99))
def test_a_sample_may_come_late(kind: int, lateness: float) -> None:
    instrument = Instrument(kind)
    instrument.on_its_way_ns = int(lateness * lib.ob_intake_age_max_ns(kind))
    assert instrument.send() == 1 and instrument.error_ns == 0


DELAYED = sorted(k for k in PERIOD_NS if late(k) > PERIOD_NS[k] // 4)


@given(kind=st.sampled_from(DELAYED), number=st.integers(3, 2**40))
def test_where_no_two_agree_the_stamp_is_believed_after_patience(kind: int, number: int) -> None:
    """It counts anew and is late from now on; each sample of that alone would be refused."""
    instrument = Instrument(kind)
    instrument.on_its_way_ns = late(kind)
    taken = [instrument.send(number=-number) for _ in range(lib.OB_CLOCK_PATIENCE + SEEN)]
    assert taken == [0] * (lib.OB_CLOCK_PATIENCE - 1) + [1] * (SEEN + 1)


@given(kind=KINDS, offset=st.integers(0, 5))
def test_a_sample_is_taken_once(kind: int, offset: int) -> None:
    instrument = Instrument(kind)
    before = instrument.state.repeated_count
    instrument.k -= offset + 1
    instrument.on_its_way_ns = (offset + 1) * instrument.period_ns
    assert instrument.send() == 0
    assert instrument.state.repeated_count == before + 1


@pytest.mark.parametrize("kind", sorted(PERIOD_NS))
def test_lost_samples_are_counted_and_jumps_of_the_number_are_not(kind: int) -> None:
    instrument = Instrument(kind)
    instrument.send(lost=3)
    instrument.send(number=1000)
    instrument.send()
    assert instrument.state.gap_count == 3
