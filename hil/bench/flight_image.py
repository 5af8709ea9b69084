"""The flight image of a vehicle: what a board is told before it flies, and the heights of its map.

The layout is that of `native/core/include/onboard/flight_image.h`. The parameters are read back
from the structs of the vehicle's components, so that the board has what the desk has.
"""

from __future__ import annotations

import re
import zlib
from dataclasses import dataclass
from typing import Any

from hil.bench.flight_core import FlightCore, NotForBoards
from onboard import messages
from onboard.core._core import ffi, lib

_STEP = re.compile(r"\[(\d+)\]|(\w+)")


@dataclass(frozen=True)
class FlightImage:
    """What a board gets, and what it has to be told of while it flies."""

    data: bytes
    heights: bytes  # what the board's memory for maps has to hold
    told: tuple[int, ...]  # of fault protection's channels, those that other members produce


def flight_image(core: FlightCore) -> FlightImage:
    """The image of a vehicle that has not run yet. Raises NotForBoards."""
    protection = core.vehicle.fault_protection
    table = protection.engine.checked.data
    told: list[int] = []
    rows = b"".join(
        _channel(core, number, name, told) for number, name in enumerate(protection.channels)
    )
    settings, heights = core.settings()
    body = bytes(ffi.buffer(settings)) + rows + table
    header = ffi.new("ob_flight_header *")
    header.magic, header.version = lib.OB_FLIGHT_MAGIC, lib.OB_FLIGHT_VERSION
    header.size = ffi.sizeof("ob_flight_header") + len(body)
    header.settings_size = ffi.sizeof(ffi.typeof(settings).item)
    header.channels = len(protection.channels)
    header.fault_size = len(table)
    header.vehicle, header.mode = core.number, protection.state.mode
    behind_crc = ffi.offsetof("ob_flight_header", "crc") + 4
    header.crc = zlib.crc32(bytes(ffi.buffer(header))[behind_crc:] + body)
    return FlightImage(bytes(ffi.buffer(header)) + body, heights, tuple(told))


def _channel(core: FlightCore, number: int, name: str, told: list[int]) -> bytes:
    """The row of one channel; `told` grows by those that nothing on the board produces."""
    channel = core.vehicle.dictionary.channels[name]
    if channel.topic in core.sources:
        part, c_type, within = core.sources[channel.topic]
        integer, offset = _place(ffi.typeof(c_type), f"{within}.{channel.field}")
        return _row(part, integer, offset)
    kind = channel.topic.split(".")[0]
    if kind in core.rows:
        integer, offset = _field(core.rows[kind], channel.field)
        part, begin = _sample(core, channel.topic)
        return _row(part, integer, begin + offset)
    told.append(number)
    return _row(lib.OB_CHANNEL_TOLD, 0, len(told) - 1)


def _row(part: int, integer: int, offset: int) -> bytes:
    return bytes(ffi.buffer(ffi.new("ob_flight_channel *", (part, integer, offset))))


def _place(c_type: Any, path: str) -> tuple[int, int]:
    """Whether a field of a C type is an integer, and its offset."""
    offset = 0
    for index, name in _STEP.findall(path):
        if index:
            c_type = c_type.item
            offset += int(index) * ffi.sizeof(c_type)
        else:
            field = dict(c_type.fields)[name]
            c_type, offset = field.type, offset + field.offset
    return int(c_type.cname == "int64_t"), offset


def _field(message: type, name: str) -> tuple[int, int]:
    """The same of a row."""
    number = list(message.__annotations__).index(name)
    is_integer = messages.LAYOUTS[message.__name__].format[1 + number] == "q"
    return int(is_integer), 8 * number


def _sample(core: FlightCore, topic: str) -> tuple[int, int]:
    """The part that holds the sample of a topic, and where in it."""
    in_intake = ffi.offsetof("ob_intake", "row")
    if topic == "imu":
        return core.imu_part, in_intake if core.imu_part < len(core.instruments) else 0
    for number, intake in core.intakes().items():
        if intake.topic.name == topic:
            return number, in_intake
    raise NotForBoards(f"nothing is fitted that would publish {topic}")
