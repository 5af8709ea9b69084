"""Bit flips are drawn from seed and number alone; what they come to is counted with a bound."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from hil.link.endpoint import CONFIG, GRANT
from hil.radiation.campaign import Account
from hil.radiation.flips import BETWEEN_TICKS, SHARES, Flip, Targets, UnknownTarget, target_of
from hil.radiation.laboratory import Trace
from hil.radiation.memory_map import Region
from hil.radiation.recording import Asked
from hil.radiation.summary import Summary, upper_bound

REGIONS = [
    Region("code", 0, 4000),
    Region("board.link", 0x1000, 30),
    Region("board.memory.navigation", 0x2000, 10),
    Region("board.image", 0x3000, 20),
    Region("ring", 0x4000, 10),
    Region("ticks", 0x5000, 4),
    Region("stack", 0x6000, 100),
]
REGISTERS = {"r0": (0, 32), "d0": (26, 64)}
DRAWN = 8_000


def targets(*wanted: str) -> Targets:
    return Targets(REGIONS, REGISTERS, wanted)


@pytest.mark.parametrize(
    ("name", "target"),
    [
        ("code", "code"),
        ("stack", "stack"),
        ("ring", "line"),
        ("board.frame", "line"),
        ("board.image", "image"),
        ("board.memory.fault_table", "image"),
        ("board.memory.fault_memory", "state"),
        ("board.kept.reply.hash", "state"),
        ("clock", "platform"),
    ],
)
def test_each_region_belongs_to_one_target(name: str, target: str) -> None:
    assert target_of(name) == target


def test_a_flip_follows_from_seed_and_number() -> None:
    again = targets()
    for number in range(50):
        flip = targets().draw(7, number, 5)
        assert flip == again.draw(7, number, 5)
    assert targets().draw(7, 1, 5) != targets().draw(8, 1, 5)


def test_flips_are_spread_as_promised() -> None:
    """Counts are binomial: within five standard deviations of their mean."""
    flips = [targets().draw(1, number, 4) for number in range(DRAWN)]
    counts = Counter(flip.target for flip in flips)
    for name, share in SHARES.items():
        deviation = (DRAWN * share * (1.0 - share)) ** 0.5
        assert abs(counts[name] - DRAWN * share) < 5.0 * deviation, name
    of_memory = [flip for flip in flips if flip.address is not None]
    between = sum(flip.instant == 0.0 for flip in of_memory)
    assert abs(between - BETWEEN_TICKS * len(of_memory)) < 5.0 * (len(of_memory) / 4.0) ** 0.5
    assert {flip.window for flip in flips} == {0, 1, 2, 3}


def test_every_bit_of_a_target_can_be_hit() -> None:
    flips = [targets("line").draw(1, number, 1) for number in range(DRAWN)]
    octets = {
        at
        for r in REGIONS
        if r.name in ("board.link", "ring")
        for at in range(r.address, r.address + r.size)
    }
    assert {(f.address, f.bit) for f in flips} == {(at, bit) for at in octets for bit in range(8)}
    registers = [targets("registers").draw(1, number, 1) for number in range(DRAWN)]
    assert {(f.place, f.bit) for f in registers} == {
        (name, bit) for name, (_, bits) in REGISTERS.items() for bit in range(bits)
    }


def test_an_unknown_target_is_refused() -> None:
    with pytest.raises(UnknownTarget, match="'moon': allowed: state, image"):
        targets("moon")


def test_the_way_to_an_instruction_leads_there() -> None:
    """Followed arrival by arrival and step by step through a program with a loop."""
    pcs = [2, 4, 6, *[8, 10, 12] * 50, 14, 4, 6, 16, *[8, 10, 12] * 9, 18]
    trace = Trace(np.array(pcs))
    for instant in range(len(trace)):
        way = trace.way_to(instant)
        at = 0
        for _ in range(way.arrivals):
            at = pcs.index(pcs[way.anchor], at + 1)
        assert at == way.anchor
        assert at + way.steps == instant


def test_an_instruction_in_a_loop_is_reached_from_before_it() -> None:
    """A stop takes as long as twenty steps."""
    trace = Trace(np.array([2, *range(100, 200), *[6, 8] * 50]))
    assert trace.way_to(150) == (102, 1, 48)


def test_one_far_into_a_long_loop_is_taken_for_an_earlier_turn() -> None:
    trace = Trace(np.array([2, 4, *[6, 8, 10] * 100_000, 12]))
    way = trace.way_to(250_000)
    assert way.cost <= 600
    assert way.anchor + way.steps >= 2 + 3 * 10
    assert trace.way_to(300_002) == (300_002, 1, 0)


@pytest.mark.parametrize("trials", [1, 10, 1000, 10_000])
def test_no_event_bounds_the_rate(trials: int) -> None:
    """With none in n the bound solves (1 - p)^n = 0.05."""
    assert upper_bound(0, trials) == pytest.approx(1.0 - 0.05 ** (1.0 / trials), rel=1e-9)


def test_some_events_bound_the_rate() -> None:
    """Clopper and Pearson: 1 of 10 up to 0.3942, 5 of 20 up to 0.4556."""
    assert upper_bound(1, 10) == pytest.approx(0.3942, abs=5e-5)
    assert upper_bound(5, 20) == pytest.approx(0.4556, abs=5e-5)
    assert upper_bound(3, 3) == 1.0


def account(number: int, target: str, outcome: str, *violated: str) -> Account:
    flip = Flip(number, target, "x", 0, 0, 0, 0.0)
    return Account(flip, outcome, violated=list(violated))


def test_a_summary_counts_and_names() -> None:
    summary = Summary(
        [
            account(2, "state", "silent", "landed is False"),
            account(0, "state", "masked"),
            account(3, "state", "silent"),
            account(1, "registers", "restarted"),
        ],
        {name: 8 for name in SHARES},
    )
    told = summary.as_json()
    assert told["flips"] == 4 and told["violated"] == 1
    assert told["targets"]["state"] == {
        **{"octets": 8, "flips": 3, "masked": 1, "dormant": 0, "recovered": 0, "safed": 0},
        **{"restarted": 0, "dead": 0, "silent": 2, "violated": 1},
    }
    assert [a["number"] for a in told["noted"]] == [1, 2, 3]
    assert [a.flip.number for a in summary.violated] == [2]


def test_answers_are_compared_without_time_and_cost() -> None:
    time, tick, hashed, rest = bytes(8), b"\x82\x01", bytes(range(8)), b"\x00\x07"

    def reply(cost: bytes, refused: bytes = b"\x00") -> bytes:
        return time + tick + hashed + refused + cost + rest

    asked = Asked(GRANT, b"", reply(b"\x81\x02"))
    assert asked.is_same(reply(b"\x05"))
    assert not asked.is_same(reply(b"\x05", refused=b"\x02"))
    assert not asked.is_same(reply(b"\x05")[:-1])
    assert not asked.is_same(b"\xff" * 9)
    assert Asked(CONFIG, b"", bytes(8) + b"x").is_same(b"12345678x")
