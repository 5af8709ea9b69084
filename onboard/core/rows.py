"""Samples of the bus into the rows of C structs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from onboard.core._core import ffi
from onboard.messages import LAYOUTS


def packer(row: Any, message: type) -> Callable[[Any], None]:
    """A function that puts a sample into the memory of a C row."""
    octets = memoryview(ffi.buffer(ffi.addressof(row)))
    pack_into = LAYOUTS[message.__name__].pack_into
    return lambda sample: pack_into(octets, 0, *sample)
