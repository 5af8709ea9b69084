"""CCSDS space packets (133.0-B-2) as bytes: primary header, user data, CRC-16 in the last octets.

No secondary header; the first eight octets of the user data are the time in nanoseconds, big
endian. The CRC is CRC-16/CCITT-FALSE (polynomial 0x1021, all ones at the start) over everything
before it, which is the error control of CCSDS 232.0-B-4, 4.1.4.2.
"""

from __future__ import annotations

import struct
from binascii import crc_hqx
from typing import NamedTuple

_PRIMARY = struct.Struct(">HHH")  # 133.0-B-2, 4.1.3: identification, sequence control, length
_CRC = struct.Struct(">H")
_TELECOMMAND = 0x1000
_SECONDARY = 0x0800
_UNSEGMENTED = 0xC000
APID_IDLE = 0x7FF
LONGEST_DATA = 65536 - _CRC.size


class PacketError(ValueError):
    """Octets that are no packet of ours; the message says why."""


class SpacePacket(NamedTuple):
    """A packet taken apart; `data` is the user data without the CRC."""

    apid: int
    telecommand: bool
    sequence_count: int  # 0 to 16383
    data: bytes


def encode(apid: int, telecommand: bool, count: int, data: bytes) -> bytes:
    """One unsegmented packet. `apid` is 0 to 2046, `count` is taken modulo 16384."""
    if not 0 <= apid < APID_IDLE or not 1 <= len(data) <= LONGEST_DATA:
        raise PacketError(f"apid {apid}, {len(data)} octets: allowed 0..2046, 1..{LONGEST_DATA}")
    identification = apid | (_TELECOMMAND if telecommand else 0)
    control = _UNSEGMENTED | (count & 0x3FFF)
    packet = _PRIMARY.pack(identification, control, len(data) + _CRC.size - 1) + data
    return packet + _CRC.pack(crc_hqx(packet, 0xFFFF))


def decode(octets: bytes) -> SpacePacket:
    """Take one packet apart. Raises PacketError."""
    least = _PRIMARY.size + 1 + _CRC.size
    if len(octets) < least:
        raise PacketError(f"{len(octets)} octets, at least {least} expected")
    identification, control, length = _PRIMARY.unpack_from(octets)
    if len(octets) != _PRIMARY.size + length + 1:
        raise PacketError(f"{len(octets)} octets, {_PRIMARY.size + length + 1} announced")
    if crc_hqx(octets, 0xFFFF) != 0:  # a message followed by its CRC leaves zero
        raise PacketError("CRC does not match")
    if identification >> 13 != 0:
        raise PacketError(f"packet version {identification >> 13}, 0 expected")
    if identification & _SECONDARY or control & _UNSEGMENTED != _UNSEGMENTED:
        raise PacketError("secondary header or segment, neither expected")
    return SpacePacket(
        apid=identification & 0x7FF,
        telecommand=bool(identification & _TELECOMMAND),
        sequence_count=control & 0x3FFF,
        data=bytes(octets[_PRIMARY.size : -_CRC.size]),
    )
