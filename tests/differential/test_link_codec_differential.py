"""The codec of the core beside those of others: same octets out, same packets in."""

from typing import Any

import numpy as np
import pytest
from cobs import cobs
from hypothesis import given
from hypothesis import strategies as st
from spacepackets.ccsds import SpHeader

from hil.link.codec import Receiver, encode, frame
from onboard.core._core import ffi, lib
from onboard.services import packets
from onboard.services.packets import PacketError

bodies = st.binary(min_size=1, max_size=600) | st.binary(min_size=1, max_size=40).map(
    lambda b: b.replace(b"\x01", b"\0") * 20
)
headers = st.tuples(st.integers(0, 2046), st.booleans(), st.integers(0, 16383))


def cobs_encode(octets: bytes) -> bytes:
    out = ffi.new("uint8_t[]", len(octets) + len(octets) // 254 + 1)
    return ffi.buffer(out)[: lib.ob_cobs_encode(out, octets, len(octets))]


def cobs_decode(octets: bytes) -> bytes | None:
    out = ffi.new("uint8_t[]", len(octets) + 1)
    count = lib.ob_cobs_decode(out, octets, len(octets))
    return None if count < 0 else ffi.buffer(out)[:count]


def reference_decode(octets: bytes) -> bytes | None:
    try:
        return cobs.decode(octets)
    except cobs.DecodeError:
        return None


@given(st.binary(max_size=1000) | bodies)
def test_cobs_encodes_as_the_cobs_package(octets: bytes) -> None:
    assert cobs_encode(octets) == cobs.encode(octets)


@given(st.binary(max_size=60) | st.lists(st.integers(0, 6), max_size=60).map(bytes))
def test_cobs_decodes_as_the_cobs_package(octets: bytes) -> None:
    assert cobs_decode(octets) == reference_decode(octets)


@given(headers, bodies)
def test_a_packet_is_that_of_the_services(header: tuple[int, bool, int], data: bytes) -> None:
    apid, telecommand, count = header
    packet = packets.encode(*header, data)
    assert frame(apid, data, telecommand=telecommand, count=count) == b"\0%b\0" % cobs.encode(
        packet
    )


@given(headers, bodies)
def test_a_header_is_that_of_spacepackets(header: tuple[int, bool, int], data: bytes) -> None:
    apid, telecommand, count = header
    packet = cobs.decode(encode(apid, [data], telecommand=telecommand, first_count=count)[1:-1])
    theirs = SpHeader.unpack(packet)
    assert (theirs.apid, theirs.seq_count, theirs.data_len) == (apid, count, len(data) + 1)
    assert (int(theirs.packet_type), theirs.sec_header_flag) == (telecommand, False)
    assert theirs.pack() == packet[:6]


def ours(octets: bytes) -> packets.SpacePacket | None:
    found = list(Receiver().take(b"\0" + cobs.encode(octets) + b"\0"))
    return found[0] if found else None


def theirs(octets: bytes) -> packets.SpacePacket | None:
    try:
        return packets.decode(octets)
    except PacketError:
        return None


@given(headers, st.binary(min_size=1, max_size=40), st.data())
def test_damaged_packets_are_accepted_by_both_or_none(
    header: tuple[int, bool, int], data: bytes, draw: st.DataObject
) -> None:
    octets = bytearray(packets.encode(*header, data))
    for at in draw.draw(st.lists(st.integers(0, len(octets) - 1), max_size=3)):
        octets[at] ^= draw.draw(st.integers(0, 255))
    cut = bytes(octets[: draw.draw(st.integers(0, len(octets)))])
    assert ours(bytes(octets)) == theirs(bytes(octets))
    assert ours(cut) == theirs(cut)


@pytest.mark.parametrize("seal", [True, False])
def test_headers_of_every_kind_are_accepted_by_both_or_none(seal: bool) -> None:
    rng = np.random.default_rng(4)
    for bits in rng.integers(0, 2**32, 3000):
        octets = int(bits).to_bytes(4) + b"\x00\x04abc"
        crc: Any = lib.ob_crc16(0xFFFF, octets, len(octets)) ^ (not seal)
        packet = octets + int(crc).to_bytes(2)
        assert ours(packet) == theirs(packet)
