"""CCSDS space packets against the bit layout of 133.0-B-2 and a bitwise CRC."""

import pytest

from onboard.services.packets import LONGEST_DATA, PacketError, decode, encode


def crc_bitwise(data: bytes) -> int:
    """CRC-16/CCITT-FALSE a bit at a time (CCSDS 232.0-B-4, 4.1.4.2)."""
    crc = 0xFFFF
    for byte in data:
        crc ^= byte << 8
        for _ in range(8):
            crc = ((crc << 1) ^ 0x1021 if crc & 0x8000 else crc << 1) & 0xFFFF
    return crc


def test_the_bits_of_a_packet() -> None:
    packet = encode(0x123, True, 5, b"\xaa\xbb")
    bits = "".join(f"{b:08b}" for b in packet[:6])
    assert bits[0:3] == "000"  # version
    assert bits[3] == "1"  # telecommand
    assert bits[4] == "0"  # no secondary header
    assert int(bits[5:16], 2) == 0x123
    assert bits[16:18] == "11"  # unsegmented
    assert int(bits[18:32], 2) == 5
    assert int(bits[32:48], 2) == len(packet) - 6 - 1
    assert packet[6:8] == b"\xaa\xbb"
    assert int.from_bytes(packet[8:]) == crc_bitwise(packet[:8])


def test_the_crc_of_the_check_string() -> None:
    assert crc_bitwise(b"123456789") == 0x29B1  # the check value of the CRC catalogue


def test_the_count_wraps() -> None:
    assert decode(encode(1, False, 16384 + 3, b"x")).sequence_count == 3


@pytest.mark.parametrize(
    ("apid", "data"), [(-1, b"x"), (2047, b"x"), (1, b""), (1, b"x" * (LONGEST_DATA + 1))]
)
def test_what_no_packet_can_hold_is_refused(apid: int, data: bytes) -> None:
    with pytest.raises(PacketError, match="allowed"):
        encode(apid, False, 0, data)


def test_the_longest_packet() -> None:
    assert decode(encode(1, False, 0, bytes(LONGEST_DATA))).data == bytes(LONGEST_DATA)


def resealed(packet: bytes) -> bytes:
    return packet[:-2] + crc_bitwise(packet[:-2]).to_bytes(2)


def changed(packet: bytes, at: int, xor: int) -> bytes:
    return resealed(packet[:at] + bytes([packet[at] ^ xor]) + packet[at + 1 :])


PACKET = encode(7, True, 0, b"data")


@pytest.mark.parametrize(
    ("octets", "why"),
    [
        (b"", "0 octets"),
        (PACKET[:8], "8 octets"),
        (PACKET[:-1], "announced"),
        (PACKET + b"\0", "announced"),
        (PACKET[:-1] + bytes([PACKET[-1] ^ 1]), "CRC"),
        (changed(PACKET, 0, 0x20), "version 1"),
        (changed(PACKET, 0, 0x08), "secondary header"),
        (changed(PACKET, 2, 0x40), "segment"),
    ],
)
def test_what_is_no_packet_is_said(octets: bytes, why: str) -> None:
    with pytest.raises(PacketError, match=why):
        decode(octets)
