"""Grants and replies survive their octets, and octets that are none are refused."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from onboard.bus import NEVER_NS
from onboard.core._core import ffi, lib

INTEGERS = st.integers(-(2**63), 2**63 - 1)
CLOCK = st.integers(0, 2**61)  # what a board takes for a time
WORDS = st.binary(min_size=88, max_size=88)
ROOM = lib.OB_EXCHANGE_OCTETS_MAX
LANDER, ROVER = (lib.ob_vehicle_of(n) for n in (lib.OB_VEHICLE_LANDER, lib.OB_VEHICLE_ROVER))
ROW_OCTETS = {
    LANDER: (72, 72, 32, 32, 48, 56, 24, 32, 32, 32),
    ROVER: (72, 32, 32, 32, 32, 40),
}
OUTPUT_OCTETS = {LANDER: (112, 32, 32), ROVER: (48,)}
VEHICLES = st.sampled_from([LANDER, ROVER])


@st.composite
def grants(draw: Any) -> tuple[Any, Any]:
    """A vehicle and a grant for it."""
    vehicle, g = draw(VEHICLES), ffi.new("ob_grant *")
    sizes = ROW_OCTETS[vehicle]
    g.tick, g.now_ns = draw(INTEGERS), draw(CLOCK)
    g.members = draw(st.integers(0, 63))
    for k, number in enumerate(draw(st.lists(st.integers(0, len(sizes) - 1), max_size=12))):
        g.row[k].intake, size = number, sizes[number]
        ffi.buffer(ffi.addressof(g.row[k], "row"))[0:size] = draw(WORDS)[:size]
        g.rows = k + 1
    for name, orders in (("before", g.order_before), ("after", g.order_after)):
        count = draw(st.integers(0, 5))
        setattr(g, name, count)
        for order in orders[0:count]:
            order.kind = draw(st.integers(0, lib.OB_ORDER_WHEELS_INHIBIT))
            order.argument = [draw(INTEGERS) for _ in range(3)]
    g.told = draw(st.integers(0, 5))
    for tell in g.tell[0 : g.told]:
        tell.number = draw(st.integers(0, 15))
        tell.told.value = draw(st.floats(allow_nan=False))
        tell.told.time_ns = draw(CLOCK | st.just(NEVER_NS))
    return vehicle, g


def octets_of(vehicle: Any, grant: Any) -> bytes:
    octets = ffi.new("uint8_t[]", ROOM)
    count = lib.ob_grant_encode(octets, vehicle, grant)
    assert 0 < count <= ROOM
    return bytes(ffi.buffer(octets, count))


@given(grants())
def test_a_grant_survives_its_octets(made: tuple[Any, Any]) -> None:
    vehicle, grant = made
    data, back = octets_of(vehicle, grant), ffi.new("ob_grant *")
    assert lib.ob_grant_decode(back, vehicle, data, len(data))
    assert bytes(ffi.buffer(back)) == bytes(ffi.buffer(grant))


@given(grants(), st.data())
def test_a_cut_grant_is_refused_or_ends_between_entries(
    made: tuple[Any, Any], data: st.DataObject
) -> None:
    """What is cut inside an entry is refused; a grant with fewer entries is one."""
    vehicle, grant = made
    whole = octets_of(vehicle, grant)
    part = whole[: data.draw(st.integers(0, len(whole) - 1))]
    back = ffi.new("ob_grant *")
    if lib.ob_grant_decode(back, vehicle, part, len(part)):
        assert octets_of(vehicle, back) == part


@given(VEHICLES, st.binary(max_size=200))
def test_any_octets_are_taken_or_refused(vehicle: Any, octets: bytes) -> None:
    grant, reply = ffi.new("ob_grant *"), ffi.new("ob_reply *")
    if lib.ob_grant_decode(grant, vehicle, octets, len(octets)):
        assert grant.rows <= lib.OB_GRANT_ROWS and grant.before <= lib.OB_GRANT_ORDERS
        assert all(0 <= row.intake < vehicle.intakes for row in grant.row[0 : grant.rows])
    lib.ob_reply_decode(reply, vehicle, octets, len(octets))


@given(
    VEHICLES,
    st.integers(0, 7),
    st.lists(INTEGERS, min_size=11, max_size=11),
    st.lists(WORDS, min_size=3, max_size=3),
)
def test_a_reply_survives_its_octets(
    vehicle: Any, sent: int, numbers: list[int], rows: list[bytes]
) -> None:
    reply, back, octets = ffi.new("ob_reply *"), ffi.new("ob_reply *"), ffi.new("uint8_t[]", ROOM)
    values = iter(numbers)
    for name in ("tick", "now_ns", "refused", "cost", "actions"):
        setattr(reply, name, next(values))
    reply.hash, reply.sent = next(values) & (2**64 - 1), sent & (1 << vehicle.outputs) - 1
    for k in range(vehicle.outputs):
        if reply.sent >> k & 1:
            size = OUTPUT_OCTETS[vehicle][k]
            ffi.buffer(ffi.addressof(reply.row[k]))[0:size] = (rows[k] + rows[0])[:size]
    count = lib.ob_reply_encode(octets, vehicle, reply)
    assert lib.ob_reply_decode(back, vehicle, octets, count)
    assert bytes(ffi.buffer(back)) == bytes(ffi.buffer(reply))
    assert not lib.ob_reply_decode(back, vehicle, octets, count - 1)
