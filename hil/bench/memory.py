"""Non-volatile memory of the emulated flight computer, for the length of a run."""

from __future__ import annotations

SIZE = 1 << 16


class EmulatedMemory:
    """A `NonVolatileMemory` (onboard/ports.py), erased at first."""

    name = "memory"

    def __init__(self, size: int = SIZE) -> None:
        self.size = size
        self._bytes = bytearray(b"\xff" * size)

    def read(self, address: int, length: int) -> bytes:
        return bytes(self._bytes[address : address + length])

    def write(self, address: int, data: bytes) -> None:
        self._bytes[address : address + len(data)] = data
