"""Packets in a stream of octets, many a call: `packet.h`, `cobs.h` and `framing.h` of the core.

    frames = encode(apid, payloads)          # or Frames of packets of several APIDs
    receiver = Receiver()
    batch = receiver.take(octets)            # any piece of the stream
    for packet in batch: ...                 # packet.apid, packet.data

What the receiver refuses is counted by its cause in `receiver.counters`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from onboard.core._core import ffi, lib
from onboard.services.packets import PacketError, SpacePacket

PACKET_OCTETS_MAX: int = lib.OB_PACKET_OCTETS_MAX
DATA_MAX: int = lib.OB_PACKET_DATA_MAX
FRAME_OCTETS_MAX: int = lib.OB_FRAME_OCTETS_MAX
COUNTERS = tuple(name for name, _ in ffi.typeof("ob_framing_counters").fields)
ENTRY = np.dtype(
    [
        ("apid", "i4"),
        ("telecommand", "i4"),
        ("sequence_count", "i4"),
        ("data_octets", "i4"),
        ("data_at", "i8"),
    ]
)
_PIECE = 1 << 16  # octets that one call into C takes


def encode(
    apid: int | npt.NDArray[Any],
    payloads: Sequence[bytes],
    *,
    telecommand: bool | npt.NDArray[Any] = False,
    first_count: int | npt.NDArray[Any] = 0,
) -> bytes:
    """Frames of packets with these user data, one after the other.

    `apid` and `telecommand` are those of all packets, or arrays with one of each; counts go up
    from `first_count`, or are its elements. Raises PacketError for what no packet can hold.
    """
    lengths = np.fromiter(map(len, payloads), np.int32, len(payloads))
    entries = np.empty(len(payloads), ENTRY)
    entries["apid"] = apid
    entries["telecommand"] = telecommand
    several = isinstance(first_count, np.ndarray)
    counts = first_count if several else first_count + np.arange(len(payloads))
    entries["sequence_count"] = counts % lib.OB_SEQUENCE_COUNTS
    entries["data_octets"] = lengths
    ends = np.cumsum(lengths, dtype=np.int64)
    entries["data_at"] = ends - lengths
    _check(entries)
    return encode_entries(entries, b"".join(payloads))


def _check(entries: npt.NDArray[Any]) -> None:
    if len(entries) == 0:
        return
    for name, least, most in (("apid", 0, 0x7FF), ("data_octets", 1, DATA_MAX)):
        low, high = int(entries[name].min()), int(entries[name].max())
        if low < least or high > most:
            wrong = low if low < least else high
            raise PacketError(f"{name} {wrong}: allowed {least}..{most}")


def encode_entries(entries: npt.NDArray[Any], data: bytes | npt.NDArray[Any]) -> bytes:
    """Frames of packets whose headers are rows of ENTRY and whose user data lie in `data`."""
    octets = int(entries["data_octets"].sum())
    room = octets + 10 * len(entries) + (octets + 8 * len(entries)) // 254 + len(entries)
    frames = bytearray(room)
    count = lib.ob_frames_encode(
        ffi.from_buffer("uint8_t[]", frames),
        ffi.from_buffer("ob_packet_entry[]", entries),
        len(entries),
        ffi.from_buffer("uint8_t[]", data),
    )
    return bytes(memoryview(frames)[:count])


def frame(apid: int, data: bytes, *, telecommand: bool = False, count: int = 0) -> bytes:
    """The frame of one packet. Raises PacketError for what no packet can hold."""
    if not 0 <= apid <= 0x7FF or not 1 <= len(data) <= DATA_MAX:
        raise PacketError(f"apid {apid}, {len(data)} octets: allowed 0..2047, 1..{DATA_MAX}")
    packet = ffi.new("ob_packet *", (apid, telecommand, count % lib.OB_SEQUENCE_COUNTS, len(data)))
    held = ffi.from_buffer("uint8_t[]", data)
    packet.data = held
    octets = ffi.new("uint8_t[]", FRAME_OCTETS_MAX)
    return bytes(ffi.buffer(octets, lib.ob_frame_encode(octets, packet)))


class Batch:
    """What a piece of the stream held: packets in the order of their ends, and console text.

    `entries` are rows of ENTRY. Their user data lie in `data` one after the other, so that packets
    of one length are an array of records without a copy: `rows`.
    """

    __slots__ = ("data", "entries", "text")

    def __init__(self, entries: npt.NDArray[Any], data: bytes, text: bytes) -> None:
        self.entries, self.data, self.text = entries, data, text

    def __len__(self) -> int:
        return len(self.entries)

    def __iter__(self) -> Iterator[SpacePacket]:
        columns = self.entries
        return map(
            SpacePacket,
            columns["apid"].tolist(),
            columns["telecommand"].astype(bool).tolist(),
            columns["sequence_count"].tolist(),
            self.payloads(),
        )

    def payloads(self) -> list[bytes]:
        """The user data of each packet."""
        data, begins = self.data, self.entries["data_at"]
        ends = begins + self.entries["data_octets"]
        return [data[a:b] for a, b in zip(begins.tolist(), ends.tolist(), strict=True)]

    def rows(self, dtype: npt.DTypeLike) -> npt.NDArray[Any]:
        """The user data of all packets as records. Raises ValueError for one of another length."""
        size = np.dtype(dtype).itemsize
        if (self.entries["data_octets"] != size).any():
            raise ValueError(f"not all packets hold {size} octets of user data")
        return np.frombuffer(self.data, dtype)


class Intake:
    """Memory for what a piece of the stream may hold, and the call into C that fills it.

    `take` gets the octets of a piece, their number, and the memory: `ob_receiver_take_many` or
    `ob_link_take_many` with what comes before bound.
    """

    def __init__(self, take: Callable[..., None]) -> None:
        self._take_many = take
        self._many = ffi.new("ob_received_many *")
        room = _PIECE + lib.OB_SEGMENT_MAX
        self._entries = np.empty(room // (lib.OB_FRAME_OCTETS_MIN - 1) + 1, ENTRY)
        self._entries_pointer = ffi.from_buffer("ob_packet_entry[]", self._entries)
        self._data, self._text = ffi.new("uint8_t[]", room), ffi.new("uint8_t[]", room)

    def take(self, octets: bytes, *before: Any) -> Batch:
        """The next piece of the stream, of any length."""
        if len(octets) <= _PIECE:
            return self._take(octets, *before)
        whole = memoryview(octets)
        pieces = range(0, len(octets), _PIECE)
        return _joined([self._take(whole[at : at + _PIECE], *before) for at in pieces])

    def _take(self, octets: bytes | memoryview, *before: Any) -> Batch:
        many, held = self._many, ffi.from_buffer("uint8_t[]", octets)
        memory = self._entries_pointer, self._data, self._text, many
        self._take_many(*before, held, len(octets), *memory)
        return Batch(
            self._entries[: many.packets].copy(),
            ffi.buffer(self._data, many.data_octets)[:],
            ffi.buffer(self._text, many.text_octets)[:],
        )


class Receiver:
    """Takes the stream in pieces of any size and gives what they complete."""

    def __init__(self) -> None:
        self._state = ffi.new("ob_receiver *")
        self._intake = Intake(lib.ob_receiver_take_many)
        lib.ob_receiver_init(self._state)

    def take(self, octets: bytes) -> Batch:
        """The next piece of the stream."""
        return self._intake.take(octets, self._state)

    @property
    def counters(self) -> dict[str, int]:
        """What was received and what was refused, by its cause: fields of `ob_framing_counters`."""
        return counters_of(self._state)


def counters_of(receiver: Any) -> dict[str, int]:
    """The counters of an `ob_receiver`, by name."""
    return {name: getattr(receiver.counters, name) for name in COUNTERS}


def _joined(batches: list[Batch]) -> Batch:
    at = 0
    for batch in batches:
        batch.entries["data_at"] += at
        at += len(batch.data)
    return Batch(
        np.concatenate([b.entries for b in batches]),
        b"".join(b.data for b in batches),
        b"".join(b.text for b in batches),
    )
