"""Grants and replies survive their octets, and octets that are none are refused."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from onboard.core._core import ffi, lib

INTEGERS = st.integers(-(2**63), 2**63 - 1)
WORDS = st.binary(min_size=88, max_size=88)
ROOM = lib.OB_EXCHANGE_OCTETS_MAX
ROW_OCTETS = {0: 72, 1: 72, 2: 32, 3: 32, 4: 48, 5: 56, 6: 24, 7: 32, 8: 32, 9: 32}


@st.composite
def grants(draw: Any) -> Any:
    g = ffi.new("ob_grant *")
    g.tick, g.now_ns = draw(INTEGERS), draw(INTEGERS)
    g.members = draw(st.integers(0, 63))
    for k, number in enumerate(draw(st.lists(st.integers(0, 9), max_size=12))):
        g.row[k].intake = number
        ffi.buffer(ffi.addressof(g.row[k], "row"))[0 : ROW_OCTETS[number]] = draw(WORDS)[
            : ROW_OCTETS[number]
        ]
        g.rows = k + 1
    for name, orders in (("before", g.order_before), ("after", g.order_after)):
        count = draw(st.integers(0, 5))
        setattr(g, name, count)
        for order in orders[0:count]:
            order.kind = draw(st.integers(0, 9))
            order.argument = [draw(INTEGERS) for _ in range(3)]
    g.told = draw(st.integers(0, 5))
    for tell in g.tell[0 : g.told]:
        tell.number = draw(st.integers(0, 15))
        tell.told.value = draw(st.floats(allow_nan=False))
        tell.told.time_ns = draw(INTEGERS)
    g.matched = draw(st.integers(0, 1))
    if g.matched:
        g.matches_time_ns, g.matches_count = draw(INTEGERS), draw(st.integers(0, 64))
    return g


def octets_of(grant: Any) -> bytes:
    octets = ffi.new("uint8_t[]", ROOM)
    count = lib.ob_grant_encode(octets, grant)
    assert 0 < count <= ROOM
    return bytes(ffi.buffer(octets, count))


@given(grants())
def test_a_grant_survives_its_octets(grant: Any) -> None:
    data, back = octets_of(grant), ffi.new("ob_grant *")
    assert lib.ob_grant_decode(back, data, len(data))
    assert bytes(ffi.buffer(back)) == bytes(ffi.buffer(grant))


@given(grants(), st.data())
def test_a_cut_grant_is_refused_or_ends_between_entries(grant: Any, data: st.DataObject) -> None:
    """What is cut inside an entry is refused; a grant with fewer entries is one."""
    whole = octets_of(grant)
    part = whole[: data.draw(st.integers(0, len(whole) - 1))]
    back = ffi.new("ob_grant *")
    if lib.ob_grant_decode(back, part, len(part)):
        assert octets_of(back) == part


@given(st.binary(max_size=200))
def test_any_octets_are_taken_or_refused(octets: bytes) -> None:
    grant, reply = ffi.new("ob_grant *"), ffi.new("ob_reply *")
    if lib.ob_grant_decode(grant, octets, len(octets)):
        assert grant.rows <= lib.OB_GRANT_ROWS and grant.before <= lib.OB_GRANT_ORDERS
        assert all(0 <= row.intake < 10 for row in grant.row[0 : grant.rows])
    lib.ob_reply_decode(reply, octets, len(octets))


@given(st.integers(0, 3), st.lists(INTEGERS, min_size=30, max_size=30))
def test_a_reply_survives_its_octets(sent: int, numbers: list[int]) -> None:
    reply, back, octets = ffi.new("ob_reply *"), ffi.new("ob_reply *"), ffi.new("uint8_t[]", ROOM)
    values = iter(numbers)
    for name in ("tick", "now_ns", "refused", "cost", "actions"):
        setattr(reply, name, next(values))
    reply.hash, reply.sent = next(values) & (2**64 - 1), sent
    if sent & lib.OB_SEND_THRUSTERS:
        reply.thruster.time_ns, reply.thruster.sequence = next(values), next(values)
        reply.thruster.on_time_us = [next(values) for _ in range(12)]
    for engine in reply.engine if sent & lib.OB_SEND_ENGINES else ():
        engine.time_ns, engine.sequence, engine.on = next(values), next(values), next(values)
        engine.throttle = 0.25
    count = lib.ob_reply_encode(octets, reply)
    assert lib.ob_reply_decode(back, octets, count)
    assert bytes(ffi.buffer(back)) == bytes(ffi.buffer(reply))
    assert not lib.ob_reply_decode(back, octets, count - 1)
