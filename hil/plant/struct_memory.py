"""The memory of a plant's C struct, for ports that read and write rows in place."""

from __future__ import annotations

from typing import Any

from hil.plant._plant import ffi


class StructMemory:
    """The bytes of a C struct and of its fields; what is handed out keeps the struct alive."""

    def __init__(self, owner: Any) -> None:
        self._start = int(ffi.cast("uintptr_t", owner))
        self._bytes = memoryview(ffi.buffer(owner)).cast("B")

    def of(self, field: Any) -> memoryview:
        """The memory of a field that is a struct or an array."""
        address = int(ffi.cast("uintptr_t", ffi.addressof(field)))
        offset = address - self._start
        return self._bytes[offset : offset + ffi.sizeof(field)]
