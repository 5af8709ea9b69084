"""Hops of a tick: what is stamped where, and that they add up to the way."""

import struct

import pytest

from hil.bench.latency import HOPS, Latency


def told(tick: int, *hops_ns: int) -> bytes:
    return struct.pack("<qqqqq", 5, tick, *hops_ns)


def test_hops_of_a_tick_add_up_to_its_way() -> None:
    latency = Latency()
    latency.note(32, (1_000, 3_000, 10_000, 90_000, 94_000, 100_000))
    latency.take(told(32, 11_000, 22_000, 3_000))
    hops = {name: values[0] for name, values in latency.hops_ns().items()}
    assert list(hops) == list(HOPS)
    assert hops["line"] == 80_000 - 36_000
    assert sum(hops.values()) == 99_000


def test_ticks_of_which_one_end_tells_nothing() -> None:
    latency = Latency()
    latency.take(told(32, 1, 2, 3))  # the desk had to ask again
    latency.take(b"short")
    for tick in range(1, 4):
        latency.note(tick, (0, 1, 2, 3, 4, 5))
    assert set(latency.figures()) == {"encode", "write", "read", "decode"}


@pytest.mark.parametrize("count", [1, 2, 100, 1000])
def test_figures_are_those_of_sorted_durations(count: int) -> None:
    latency = Latency()
    for k in reversed(range(count)):
        latency.note(k, (0, 1000 * k, 0, 0, 0, 0))
    assert latency.figures()["encode"] == {
        "count": count,
        "median_us": (count - 1) // 2,
        "p99_us": (count - 1) * 99 // 100,
        "max_us": count - 1,
    }
