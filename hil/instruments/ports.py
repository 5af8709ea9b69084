"""Ports (`onboard/ports.py`) onto the rows of an emulated vehicle.

A reader costs a flag check when there is nothing new, and one unpacking when there is. The
functions are closures over the C buffers, which is the fastest a port in Python gets.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

from onboard.messages import LAYOUTS

Reader = Callable[[], Any]
Writer = Callable[[Any], None]


class CameraPose(NamedTuple):
    """An exposure: body origin and attitude when the shutter opened, and for how long it did."""

    time_ns: int
    position_mcmf_m: tuple[float, float, float]
    q_mcmf_from_body: tuple[float, float, float, float]
    exposure_s: float


class RowPort:
    """A port of rows: `read` for a sensor, `write` for an actuator, both for an engine.

    `row` is the memory that `read` reads.
    """

    def __init__(
        self,
        name: str,
        read: Reader | None = None,
        write: Writer | None = None,
        row: memoryview | None = None,
    ) -> None:
        self.name = name
        self.row = row
        if read is not None:
            self.read = read
            self.holds_one = True  # the row of the last sample, see `onboard.ports.holds_one`
        if write is not None:
            self.write = write

    def __repr__(self) -> str:
        return f"RowPort({self.name!r})"


def row_reader(message: Any, row: memoryview, fresh: memoryview, index: int) -> Reader:
    """Reads `row` as a `message` once each time `fresh[index]` has been set."""
    unpack = LAYOUTS[message.__name__].unpack
    make = partial(tuple.__new__, message)  # what `message._make` does, without its check

    def read() -> Any:
        if not fresh[index]:
            return None
        fresh[index] = 0
        return make(unpack(row))

    return read


def row_writer(message: Any, row: memoryview, pending: memoryview, index: int) -> Writer:
    """Packs a `message` into `row` and sets `pending[index]`."""
    pack_into = LAYOUTS[message.__name__].pack_into

    def write(value: Any) -> None:
        pack_into(row, 0, *value)
        pending[index] = 1

    return write


def frame_reader(
    header: Reader, pose: Callable[[], CameraPose], render: Callable[[CameraPose], Any]
) -> Reader:
    """Reads (FrameHeader, image), rendering the image only when a frame is there."""

    def read() -> Any:
        row = header()
        return None if row is None else (row, render(pose()))

    return read
