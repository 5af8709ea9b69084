"""Two copies of a datum in non-volatile memory, so that power may fail at any instant.

Each copy is a slot: magic, sequence number, length, CRC-32 over sequence number, length and data,
then the data. A write goes to the slot that does not hold the newest valid copy; a read returns the
valid copy with the higher sequence number. A write that tears therefore damages only the copy that
was about to be replaced: after power loss the store holds the datum before the write or the one
after it, nothing else (but for the 2^-32 chance of a CRC that matches by accident).
"""

from __future__ import annotations

import struct
import zlib

from onboard.ports import NonVolatileMemory

_MAGIC = b"OB2C"
_HEADER = struct.Struct("<4sQII")  # magic, sequence, length, crc
_CHECKED = struct.Struct("<QI")  # sequence, length: what the CRC covers before the data


class TwoCopyStore:
    """A datum of at most `capacity` bytes at `address`; takes `TwoCopyStore.extent(capacity)`."""

    def __init__(self, memory: NonVolatileMemory, address: int, capacity: int) -> None:
        """Raises ValueError when the two slots do not fit the memory."""
        if not 0 <= address <= memory.size - self.extent(capacity):
            raise ValueError(
                f"store of 2 x {capacity} bytes at {address}: allowed within 0..{memory.size}"
            )
        self.capacity = capacity
        self.failures = 0  # writes that did not fit or did not read back
        self._memory = memory
        self._slot_size = _HEADER.size + capacity
        self._address = address
        self._newest: tuple[int, int] | None = None  # slot and sequence, once known

    @staticmethod
    def extent(capacity: int) -> int:
        """Bytes of memory that a store of that capacity takes."""
        return 2 * (_HEADER.size + capacity)

    def read(self) -> bytes | None:
        """The newest valid copy, None if neither slot holds one."""
        copies = [copy for slot in (0, 1) if (copy := self._copy(slot))]
        return max(copies)[1] if copies else None

    def write(self, data: bytes) -> bool:
        """Replace the older copy; False if it does not fit or does not read back as written."""
        slot, sequence = self._find_newest()
        target = 1 - slot
        ok = len(data) <= self.capacity and self._write(target, sequence + 1, data)
        self._newest = (target, sequence + 1) if ok else None
        self.failures += not ok
        return ok

    def _find_newest(self) -> tuple[int, int]:
        if self._newest is None:
            found = [(copy[0], slot) for slot in (0, 1) if (copy := self._copy(slot))]
            sequence, slot = max(found, default=(0, 1))
            self._newest = (slot, sequence)
        return self._newest

    def _copy(self, slot: int) -> tuple[int, bytes] | None:
        """Sequence number and data of a slot, None if it is not valid."""
        at = self._address + slot * self._slot_size
        magic, sequence, length, crc = _HEADER.unpack(self._memory.read(at, _HEADER.size))
        if magic != _MAGIC or length > self.capacity:
            return None
        data = bytes(self._memory.read(at + _HEADER.size, length))
        return (sequence, data) if crc == _crc(sequence, data) else None

    def _write(self, slot: int, sequence: int, data: bytes) -> bool:
        at = self._address + slot * self._slot_size
        row = _HEADER.pack(_MAGIC, sequence, len(data), _crc(sequence, data)) + data
        self._memory.write(at, row)
        return bytes(self._memory.read(at, len(row))) == row


def _crc(sequence: int, data: bytes) -> int:
    return zlib.crc32(data, zlib.crc32(_CHECKED.pack(sequence, len(data))))
