"""The archive of recorded products: a bounded index over slots of non-volatile memory.

A slot holds one product. The index has a number for each slot and nothing more, so what it takes
does not depend on what the memory holds. It is built slot by slot in the steps after a start
(mounting); a computer that does not mount can still erase. When every slot is taken, a new product
is refused: nothing that is kept is given up without a command. A slot whose CRC does not match
(power failed while it was written) stays as it is, and counts as damaged.

Slot: magic, number (uint32, from 1), time (int64, ns), length (uint16), kind (uint8), one octet,
CRC-32 over all of these from the number on and the data; then the data.
"""

from __future__ import annotations

import struct
import zlib
from array import array
from collections.abc import Callable
from typing import NamedTuple

from onboard.bus import Topic
from onboard.core._core import lib
from onboard.ports import NonVolatileMemory, Radio
from onboard.services.events import EventSink
from onboard.services.packets import encode

SLOT_BYTES = 256
SLOTS = 512
ARCHIVE_BYTES = SLOTS * SLOT_BYTES
HOUSEKEEPING = 1  # kind of product
PRODUCT_APID = 512
MOUNTED_IN_A_STEP = 64  # slots
_MAGIC = b"OBPR"
_ERASED = bytes(4)
_HEAD = struct.Struct("<4sIqHBxI")
_CHECKED = struct.Struct("<IqHB")
ROOM_BYTES = SLOT_BYTES - _HEAD.size  # for the data of a product
_FREE, _DAMAGED = 0, 0xFFFFFFFF  # numbers that no product has


class ArchiveSample(NamedTuple):
    """Value of the topic `archive`; counts since the computer started, but for `stored`."""

    mounted: int  # flag
    stored: int  # products in the slots that the index knows
    damaged: int  # slots that hold none and are not free
    free: int  # slots; none before all are known
    refused: int  # products that found no slot


def slot(number: int, time_ns: int, kind: int, data: bytes) -> bytes:
    """A product as it stands in its slot. Raises ValueError for data that does not fit."""
    if len(data) > ROOM_BYTES:
        raise ValueError(f"{len(data)} octets of data: allowed 0..{ROOM_BYTES}")
    crc = zlib.crc32(_CHECKED.pack(number, time_ns, len(data), kind) + data)
    return _HEAD.pack(_MAGIC, number, time_ns, len(data), kind, crc) + data


def number_in(octets: bytes) -> int:
    """The number of the product in a slot, 0 if it is free, 2^32 - 1 if it is damaged."""
    magic, number, time_ns, length, kind, crc = _HEAD.unpack_from(octets)
    if magic != _MAGIC:
        return _FREE
    data = octets[_HEAD.size : _HEAD.size + length]
    whole = zlib.crc32(_CHECKED.pack(number, time_ns, length, kind) + data) == crc
    return int(number) if whole and _FREE < number < _DAMAGED else _DAMAGED


class Archive:
    """Stores a product every `period_s`, keeps count of all; a member of the schedule."""

    def __init__(
        self,
        memory: NonVolatileMemory,
        address: int,
        topic: Topic,
        events: EventSink,
        radio: Radio,
        *,
        product: Callable[[int], bytes],
        period_s: float,
    ) -> None:
        """`product` makes what is stored at a time. ValueError if the memory is too small."""
        if not 0 <= address <= memory.size - ARCHIVE_BYTES:
            raise ValueError(f"archive at {address}: allowed 0..{memory.size - ARCHIVE_BYTES}")
        self.refused = 0
        self._memory = memory
        self._address = address
        self._topic = topic
        self._events = events
        self._send = radio.send
        self._product = product
        self._period_ns = round(period_s * 1e9)
        self._due_ns = 0  # when the next product is
        self._numbers = array("I", bytes(4 * SLOTS))
        self._mounted = 0  # slots that the index knows
        self._highest = 0

    @property
    def mounted(self) -> bool:
        """Whether the index knows every slot."""
        return self._mounted == SLOTS

    def start_up(self, now_ns: int) -> None:
        """After a start of the computer: the index is to be built again."""
        self._numbers = array("I", bytes(4 * SLOTS))
        self._mounted = self._highest = self.refused = 0
        self._due_ns = now_ns + self._period_ns

    def step(self, now_ns: int) -> None:
        """Mount some more slots, or store the product that is due."""
        if not self.mounted:
            self._mount(MOUNTED_IN_A_STEP, now_ns)
        elif now_ns >= self._due_ns:
            self._due_ns += self._period_ns
            self.store(HOUSEKEEPING, self._product(now_ns), now_ns)
        self._topic.publish(self.sample(), now_ns)

    def sample(self) -> ArchiveSample:
        """How it stands."""
        free, damaged = self._numbers.count(_FREE), self._numbers.count(_DAMAGED)
        return ArchiveSample(
            mounted=int(self.mounted),
            stored=SLOTS - free - damaged,
            damaged=damaged,
            free=free if self.mounted else 0,
            refused=self.refused,
        )

    def _mount(self, slots: int, now_ns: int) -> None:
        for i in range(self._mounted, min(self._mounted + slots, SLOTS)):
            number = self._numbers[i] = number_in(self._read(i))
            if number != _DAMAGED:
                self._highest = max(self._highest, number)
            self._mounted = i + 1
        if self.mounted:
            sample = self.sample()
            stored, damaged, free = sample.stored, sample.damaged, sample.free
            self._events.emit("ARCHIVE_MOUNTED", now_ns, stored=stored, damaged=damaged, free=free)

    def store(self, kind: int, data: bytes, now_ns: int) -> bool:
        """Keep a product; False, and an event, if it is refused."""
        if not self.mounted:
            return self._refuse("the index is not built", now_ns)
        if self._highest + 1 == _DAMAGED or _FREE not in self._numbers:
            return self._refuse("no slot is free", now_ns)
        i, number = self._numbers.index(_FREE), self._highest + 1
        octets = slot(number, now_ns, kind, data)
        self._memory.write(self._at(i), octets)
        self._numbers[i] = number_in(self._read(i))
        self._highest = number
        if self._numbers[i] != number:
            return self._refuse("write not verified", now_ns)
        return True

    def _refuse(self, reason: str, now_ns: int) -> bool:
        self.refused += 1
        self._events.emit("PRODUCT_REFUSED", now_ns, reason=reason)
        return False

    def erase(self, now_ns: int) -> str | None:
        """The command PRODUCTS_ERASE: every slot is free. It needs no index."""
        for i in range(SLOTS):
            self._memory.write(self._at(i), _ERASED)
        left = sum(number_in(self._read(i)) != _FREE for i in range(SLOTS))
        self._numbers = array("I", bytes(4 * SLOTS))
        self._highest = 0
        if left:
            return f"{left} slots could not be erased"
        self._events.emit("PRODUCTS_ERASED", now_ns, slots=SLOTS)
        return None

    def send(self, now_ns: int, number: int) -> str | None:
        """The command PRODUCT_SEND: a product as it stands in its slot, as a space packet."""
        if not self.mounted:
            return "the index is not built"
        if not _FREE < number < _DAMAGED or number not in self._numbers:
            return f"product {number} is not kept"
        octets = self._read(self._numbers.index(number))
        length = _HEAD.size + _HEAD.unpack_from(octets)[3]
        self._send(encode(PRODUCT_APID, False, number, octets[:length]))
        return None

    def _at(self, i: int) -> int:
        return self._address + i * SLOT_BYTES

    def _read(self, i: int) -> bytes:
        return self._memory.read(self._at(i), SLOT_BYTES)

    def state_hash(self, h: int) -> int:
        """Chain how far the index is built, the last number and what was refused."""
        for word in (self._mounted, self._highest, self.refused):
            h = lib.ob_hash_u64(h, word)
        return h
