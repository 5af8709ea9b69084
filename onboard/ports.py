"""Protocols between flight code and hardware. The emulator, a board driver and a replay all fit.

Ports are instances: `imu.a`, `rangefinder.a`, `rangefinder.b`. An input port returns each sample
once, and None when nothing new has arrived since the last read.
"""

from __future__ import annotations

from typing import Any, Protocol


class InputPort(Protocol):
    """A sensor or other source of rows (see `messages`)."""

    name: str

    def read(self) -> Any | None:
        """The next sample that has not been read yet, or None. Call until None to drain."""


def holds_one(port: Any) -> bool:
    """Whether an input port never holds more than one sample, so that one read drains it.

    Such a port says so by an attribute `holds_one`; a port without it may hold any number.
    """
    return bool(getattr(port, "holds_one", False))


def memory_of(port: Any) -> memoryview | None:
    """Where an input port keeps the row of the sample that was read last, laid out as in `LAYOUTS`.

    Such a port says so by an attribute `row`; who records copies it instead of packing the sample.
    """
    row: memoryview | None = getattr(port, "row", None)
    return row


class OutputPort(Protocol):
    """An actuator."""

    name: str

    def write(self, message: Any) -> None: ...


class CameraPort(Protocol):
    """A camera: ask for a picture with `write`, fetch (header, image) with `read`."""

    name: str

    def write(self, message: Any) -> None: ...

    def read(self) -> tuple[Any, Any] | None:
        """The next (FrameHeader, image bytes of width*height) or None."""


class NonVolatileMemory(Protocol):
    """A small block device that survives a reset; a write may tear at power loss."""

    size: int

    def read(self, address: int, length: int) -> bytes: ...

    def write(self, address: int, data: bytes) -> None: ...


class Radio(Protocol):
    """Space packets (CCSDS 133.0-B) to and from the ground."""

    def receive(self) -> bytes | None:
        """The next telecommand packet or None."""

    def send(self, packet: bytes) -> None: ...
