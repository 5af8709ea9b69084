"""The described forms of GRANT, REPLY, CONFIG and MEMORY against the C code that has them."""

import re
import struct
from pathlib import Path
from random import Random
from typing import Any

import pytest

from hil.bench.flight_core import FlightCore
from hil.bench.lander_core import LanderCore
from hil.bench.rover_core import RoverCore
from onboard.core._core import ffi, lib
from onboard.dictionary import exchange
from onboard.dictionary.exchange import Field, Form

ROOT = Path(__file__).parents[2]
I64 = (-(2**63), -(2**40), -129, -65, -64, -1, 0, 1, 63, 64, 8191, 2**35, 2**63 - 1)
REALS = (0.0, -0.0, 1.5, -1e300, 5e-324, float("inf"), 0.1)


# ---- a codec of the description alone ---------------------------------------------------------


def number(value: int) -> bytes:
    """LEB128 with the sign in bit 0, as the document says it."""
    word, octets = (value << 1 if value >= 0 else (~value << 1) | 1), bytearray()
    while word > 0x7F:
        octets.append(word & 0x7F | 0x80)
        word >>= 7
    return bytes([*octets, word])


def put(field: Field, value: Any) -> bytes:
    codes = {"i64": "<q", "u64": "<Q", "f64": "<d"}
    return number(value) if field.type == "number" else struct.pack(codes[field.type], value)


class Octets:
    """Reads fields from octets."""

    def __init__(self, octets: bytes) -> None:
        self.octets, self.at = octets, 0

    def octet(self) -> int:
        self.at += 1
        return self.octets[self.at - 1]

    def number(self) -> int:
        word, shift = 0, 0
        while (octet := self.octet()) & 0x80:
            word |= (octet & 0x7F) << shift
            shift += 7
        word |= octet << shift
        return ~(word >> 1) if word & 1 else word >> 1

    def field(self, field: Field) -> Any:
        if field.type == "number":
            return self.number()
        code = {"i64": "<q", "u64": "<Q", "f64": "<d"}[field.type]
        (value,) = struct.unpack_from(code, self.octets, self.at)
        self.at += 8
        return value

    def fields(self, fields: tuple[Field, ...]) -> dict[str, list[Any]]:
        return {f.name: [self.field(f) for _ in range(f.times)] for f in fields}


def values(random: Random, fields: tuple[Field, ...]) -> dict[str, list[Any]]:
    pools = {"f64": REALS, "u64": [v & 2**64 - 1 for v in I64]}
    pick = {f.name: [random.choice(pools.get(f.type, I64)) for _ in range(f.times)] for f in fields}
    return pick


def encoded(fields: tuple[Field, ...], row: dict[str, list[Any]]) -> bytes:
    return b"".join(put(f, value) for f in fields for value in row[f.name])


def held(struct_value: Any, name: str) -> list[Any]:
    value = getattr(struct_value, name)
    return list(value) if isinstance(value, ffi.CData) else [value]


def rows_of_union(union: str) -> dict[str, str]:
    """Member of a union of rows by the name of its struct."""
    return {f.type.cname: name for name, f in ffi.typeof(union).fields}


TOLD = 0x60
FORMS = pytest.mark.parametrize("form", [exchange.LANDER, exchange.ROVER], ids=["lander", "rover"])


def vehicle_of(form: Form) -> Any:
    return lib.ob_vehicle_of(form.number)


# ---- grants -----------------------------------------------------------------------------------


def a_grant(form: Form, random: Random) -> tuple[bytes, list[tuple[int, dict[str, list[Any]]]]]:
    """Octets of the description and what they say, entry by entry; the first is the head."""
    head = values(random, exchange.GRANT)
    head["time_ns"] = [random.randrange(2**60)]
    octets, told = encoded(exchange.GRANT, head), [(-1, head)]
    for entry in random.sample(list(exchange.entries(form)), 8):
        k = random.randrange(entry.kinds)
        row = values(random, entry.fields)
        if entry.tag == TOLD:
            row["age_ns"] = [random.choice((-(2**60), -1, 0, 5, 2**61))]
        octets += bytes([entry.tag + k]) + encoded(entry.fields, row)
        told.append((entry.tag + k, row))
    return octets, told


@FORMS
def test_grants_of_the_description_are_what_the_core_decodes(form: Form) -> None:
    random, grant, seen = Random(1), ffi.new("ob_grant *"), set()
    for _ in range(300):
        octets, told = a_grant(form, random)
        assert lib.ob_grant_decode(grant, vehicle_of(form), octets, len(octets))
        head = told[0][1]
        assert [grant.now_ns, grant.tick, grant.members] == [
            head[f.name][0] for f in exchange.GRANT
        ]
        for tag, row in told[1:]:
            seen.add(tag)
            assert row == taken(form, grant, tag), hex(tag)
    assert len(seen) == sum(e.kinds for e in exchange.entries(form)), "every entry was tried"


@pytest.mark.parametrize(
    ("now_ns", "age_ns", "good"),
    [
        (0, 0, True),
        (2**61, 0, True),
        (2**61 + 1, 0, False),
        (-1, 0, False),
        (-(2**63), 0, False),
        (0, 2**62, True),  # OB_NEVER_NS
        (0, 2**62 + 1, False),
        (2**61, -1, False),
        (5, -(2**63), False),
    ],
)
def test_times_that_no_clock_shows_are_refused(now_ns: int, age_ns: int, good: bool) -> None:
    entries = {e.tag: e for e in exchange.entries(exchange.LANDER)}
    head = {"time_ns": [now_ns], "tick": [1], "members": [63]}
    told = {"age_ns": [age_ns], "value": [1.0]}
    octets = encoded(exchange.GRANT, head) + bytes([TOLD]) + encoded(entries[TOLD].fields, told)
    grant, vehicle = ffi.new("ob_grant *"), vehicle_of(exchange.LANDER)
    assert bool(lib.ob_grant_decode(grant, vehicle, octets, len(octets))) is good


def taken(form: Form, grant: Any, tag: int) -> dict[str, list[Any]]:
    """What the core took an entry for, in the description's names."""
    if tag >= 0x60:
        (tell,) = [t.told for t in grant.tell[0 : grant.told] if t.number == tag - 0x60]
        return {"age_ns": [age(grant, tell.time_ns)], "value": [tell.value]}
    if tag >= 0x20:
        after = tag >= 0x40
        orders = (grant.order_after if after else grant.order_before)[
            0 : (grant.after if after else grant.before)
        ]
        (order,) = [o for o in orders if o.kind == tag % 0x20]
        return {"argument": list(order.argument)}
    (found,) = [r.row for r in grant.row[0 : grant.rows] if r.intake == tag]
    struct_name = list(form.rows.values())[tag]
    member = getattr(found, rows_of_union("ob_row")[struct_name])
    fields = [f.name for f in exchange.row(struct_name)]
    return {n: [age(grant, member.time_ns)] if n == "age_ns" else held(member, n) for n in fields}


def age(grant: Any, time_ns: int) -> int:
    """Of 64 bits, as the core reckons."""
    return (grant.now_ns - time_ns + 2**63) % 2**64 - 2**63


@FORMS
def test_the_core_encodes_what_it_decoded_in_the_same_octets(form: Form) -> None:
    random, grant, out = Random(2), ffi.new("ob_grant *"), ffi.new("uint8_t[2040]")
    for _ in range(100):
        octets, _ = a_grant(form, random)
        assert lib.ob_grant_decode(grant, vehicle_of(form), octets, len(octets))
        count = lib.ob_grant_encode(out, vehicle_of(form), grant)
        assert pieces(form, bytes(ffi.buffer(out, count))) == pieces(form, octets)


def pieces(form: Form, octets: bytes) -> list[tuple[int, str]]:
    """Entries by their tags; the core writes them in its own order."""
    forms = {e.tag + k: e for e in exchange.entries(form) for k in range(e.kinds)}
    read = Octets(octets)
    found = [(-1, repr(read.fields(exchange.GRANT)))]
    while read.at < len(octets):
        tag = read.octet()
        found.append((tag, repr(read.fields(forms[tag].fields))))
    return sorted(found)


# ---- replies ----------------------------------------------------------------------------------


@FORMS
@pytest.mark.parametrize("sent", range(8))
def test_replies_of_the_core_are_read_by_the_description(form: Form, sent: int) -> None:
    random, reply, out = Random(sent), ffi.new("ob_reply *"), ffi.new("uint8_t[2040]")
    sent &= (1 << len(form.effectors)) - 1
    for _ in range(50):
        head = values(random, exchange.REPLY) | {
            "sent": [sent],
            "time_ns": [random.randrange(2**60)],
        }
        for f in exchange.REPLY:
            setattr(reply, "now_ns" if f.name == "time_ns" else f.name, head[f.name][0])
        rows = {}
        for k, kind in enumerate(form.effectors.values()):
            member = getattr(reply.row[k], rows_of_union("ob_output_row")[kind])
            rows[kind, k] = filled(random, member, exchange.row(kind)[1:])
            reply.row[k].head.time_ns = reply.now_ns - 7
        octets = bytes(ffi.buffer(out, lib.ob_reply_encode(out, vehicle_of(form), reply)))
        read = Octets(octets)
        assert read.fields(exchange.REPLY) == head
        for (kind, k), row in rows.items():
            if sent >> k & 1:
                assert read.fields(exchange.row(kind)) == {"age_ns": [7], **row}
        assert read.at == len(read.octets)


def filled(random: Random, row: Any, fields: tuple[Field, ...]) -> dict[str, list[Any]]:
    """Numbers put into a struct."""
    numbers = values(random, fields)
    for f in fields:
        setattr(row, f.name, numbers[f.name] if f.times > 1 else numbers[f.name][0])
    return numbers


# ---- numbers ----------------------------------------------------------------------------------


def enumerated(header: str, prefix: str) -> dict[str, int]:
    text = (ROOT / header).read_text(encoding="utf-8")
    return {name: int(value) for name, value in re.findall(rf"\b{prefix}(\w+) = (\d+)", text)}


def of_description(table: dict[str, tuple[int, str]]) -> dict[str, int]:
    return {name: value for name, (value, _) in table.items()}


def test_the_numbers_are_those_of_the_headers() -> None:
    firmware, core = "native/firmware/common/flight.h", "native/core/include/onboard/"
    assert of_description(exchange.CONFIGS) == enumerated(firmware, "FLIGHT_CONFIG_")
    assert of_description(exchange.PARTS) == enumerated(firmware, "FLIGHT_PART_")
    orders = {name.upper(): k for k, (name, _) in enumerate(exchange.ORDERS)}
    assert orders | {"S": len(orders)} == enumerated(core + "order.h", "OB_ORDER_?")
    errors = enumerated(core + "flight_image.h", "OB_FLIGHT_IMAGE_")
    assert sorted(errors.values()) == sorted(exchange.STATUSES)


@FORMS
def test_a_form_is_that_of_the_core(form: Form) -> None:
    vehicle = vehicle_of(form)
    assert (vehicle.members, vehicle.intakes, vehicle.outputs) == (
        len(form.members),
        len(form.rows),
        len(form.effectors),
    )
    assert set(form.orders) <= {name for name, _ in exchange.ORDERS}


@pytest.mark.parametrize("core", [LanderCore, RoverCore])
def test_a_form_is_that_of_the_bench(core: type[FlightCore]) -> None:
    """Members by their bits, instruments and effectors by their numbers."""
    form = {f.number: f for f in exchange.VEHICLES.values()}[core.number]
    kinds = [name.split(".")[0] for name in core.instruments[: len(form.rows)]]
    assert [name.split(".")[0] for name in form.rows] == kinds
    assert form.members == (*core.members, "fault_protection")
    assert [core.bit(name) for name in form.members] == [1 << k for k in range(len(form.members))]
    names = {name.removesuffix("_command_row") for name in form.effectors.values()}
    assert len(names) == len(set(core.output_rows))
