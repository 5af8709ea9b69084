"""Sequence counts and clocks beside plain models of them."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from onboard.core._core import ffi, lib

COUNTS = 16384


def sequence() -> Any:
    state = ffi.new("ob_sequence *")
    lib.ob_sequence_init(state)
    return state


@given(st.integers(0, COUNTS - 1), st.lists(st.integers(1, 5000), max_size=60))
def test_gaps_are_the_packets_between(first: int, steps: list[int]) -> None:
    state, count = sequence(), first
    assert lib.ob_sequence_take(state, 7, count)
    for step in steps:
        count = (count + step) % COUNTS
        assert lib.ob_sequence_take(state, 7, count)
    row = state.apid[0]
    assert (row.taken, row.lost) == (1 + len(steps), sum(steps) - len(steps))
    assert (row.repeated, row.jumps) == (0, 0)


@given(st.data())
def test_a_line_that_loses_and_repeats(data: st.DataObject) -> None:
    """Every packet sent is taken once, or lost; every repetition within the window is refused."""
    sent = data.draw(st.integers(1, 300))
    kept = data.draw(st.lists(st.booleans(), min_size=sent, max_size=sent))
    state, taken, repeated = sequence(), [], 0
    for number in (k for k in range(sent) if kept[k]):
        assert lib.ob_sequence_take(state, 3, number)
        taken.append(number)
        near = [n for n in taken if number - n < lib.OB_SEQUENCE_WINDOW]
        if data.draw(st.booleans()):
            assert not lib.ob_sequence_take(state, 3, data.draw(st.sampled_from(near)))
            repeated += 1
    if taken:
        row = state.apid[0]
        assert row.taken + row.lost == taken[-1] - taken[0] + 1
        assert row.repeated == repeated


@given(st.integers(0, COUNTS - 1), st.integers(lib.OB_SEQUENCE_WINDOW + 1, COUNTS // 2 - 1))
def test_far_behind_is_a_sender_that_counts_anew(count: int, behind: int) -> None:
    state = sequence()
    lib.ob_sequence_take(state, 3, count)
    assert lib.ob_sequence_take(state, 3, (count + 1 - behind) % COUNTS)
    assert lib.ob_sequence_take(state, 3, (count + 2 - behind) % COUNTS)
    assert (state.apid[0].jumps, state.apid[0].lost) == (1, 0)


def test_more_apids_than_are_watched() -> None:
    state = sequence()
    for apid in range(lib.OB_SEQUENCE_APIDS + 3):
        assert lib.ob_sequence_take(state, apid, 0)
        assert lib.ob_sequence_take(state, apid, 0) == (apid >= lib.OB_SEQUENCE_APIDS)
    assert state.unwatched == 6


@given(st.integers(0, COUNTS), st.lists(st.integers(0, 3), min_size=1, max_size=50))
def test_a_sender_counts_each_apid_for_itself(start: int, apids: list[int]) -> None:
    state = sequence()
    counts = [lib.ob_sequence_next(state, apid) for apid in apids]
    assert counts == [apids[:k].count(apid) for k, apid in enumerate(apids)]


stamps = st.integers(0, 1 << 59)
delays = st.integers(0, 2_000_000_000)


@given(stamps, stamps, st.lists(st.tuples(delays, delays, delays), min_size=1, max_size=40))
def test_the_offset_is_within_its_bound(
    here: int, there: int, exchanges: list[tuple[int, int, int]]
) -> None:
    """However unequal the ways are; of two clocks that run alike."""
    sync = ffi.new("ob_time_sync *")
    lib.ob_time_sync_init(sync)
    offset, now = there - here, here
    for out, held, back in exchanges:
        received = now + out + offset
        exchange = ffi.new(
            "ob_time_exchange *", (now, received, received + held, now + out + held + back)
        )
        if received + held <= 1 << 60:
            assert lib.ob_time_sync_take(sync, exchange)
            assert abs(sync.best.offset_ns - offset) <= sync.error_ns + 1  # of halving
            assert sync.error_ns <= (out + back) // 2 + 1
        now = exchange.arrived_ns
    assert lib.ob_time_here_ns(sync, lib.ob_time_there_ns(sync, here)) == here


@given(st.lists(st.integers(-(1 << 63), (1 << 63) - 1), min_size=4, max_size=4))
def test_stamps_that_cannot_be_are_refused(times: list[int]) -> None:
    asked, received, answered, arrived = times
    sync = ffi.new("ob_time_sync *")
    lib.ob_time_sync_init(sync)
    taken = lib.ob_time_sync_take(sync, ffi.new("ob_time_exchange *", times))
    possible = all(0 <= t <= 1 << 60 for t in times) and (
        0 <= answered - received <= arrived - asked <= answered - received + 10_000_000_000
    )
    assert taken == possible
    assert sync.taken + sync.refused == 1


@given(st.integers(-100, 100), st.lists(st.integers(1_000, 3_000_000), min_size=20, max_size=60))
def test_a_drifting_clock_stays_within_the_bound(parts: int, ways: list[int]) -> None:
    """Up to 100 parts in a million, asked once a second, over ways of up to 3 ms."""
    sync = ffi.new("ob_time_sync *")
    lib.ob_time_sync_init(sync)

    def there(time_ns: int) -> int:
        return time_ns + time_ns * parts // 1_000_000 + 10**12

    for second, way in enumerate(ways):
        asked = second * 10**9
        heard, arrived = asked + way, asked + way + 2_000
        stamps = (asked, there(heard), there(heard), arrived)
        lib.ob_time_sync_take(sync, ffi.new("ob_time_exchange *", stamps))
        assert abs(lib.ob_time_there_ns(sync, arrived) - there(arrived)) <= sync.error_ns + 2
