"""Non-volatile memory of the emulated flight computer, for the length of a run."""

from __future__ import annotations

from onboard.services.archive import HOUSEKEEPING, ROOM_BYTES, SLOT_BYTES, SLOTS, number_in, slot
from onboard.vehicles.vehicle import ARCHIVE_ADDRESS, MEMORY_BYTES

SIZE = MEMORY_BYTES
LONGEST = b"\xa5" * ROOM_BYTES


class EmulatedMemory:
    """A `NonVolatileMemory` (onboard/ports.py), erased at first."""

    name = "memory"

    def __init__(self, size: int = SIZE) -> None:
        self.size = size
        self._bytes = bytearray(b"\xff" * size)

    def fill(self, products: int) -> None:
        """Put that many products into the archive, each as long as may be."""
        for i in range(products):
            product = slot(i + 1, 0, HOUSEKEEPING, LONGEST)
            self.write(ARCHIVE_ADDRESS + i * SLOT_BYTES, product)

    def products(self) -> int:
        """How many of the archive's slots hold something."""
        at = range(ARCHIVE_ADDRESS, ARCHIVE_ADDRESS + SLOTS * SLOT_BYTES, SLOT_BYTES)
        return sum(number_in(self.read(address, SLOT_BYTES)) != 0 for address in at)

    def read(self, address: int, length: int) -> bytes:
        return bytes(self._bytes[address : address + length])

    def write(self, address: int, data: bytes) -> None:
        self._bytes[address : address + len(data)] = data
