"""The flight image of a vehicle: what a board is told before it flies, and the heights of its map.

The layout is that of `native/core/include/onboard/flight_image.h`. The parameters are read back
from the structs of the vehicle's components, so that the board has what the desk has.
"""

from __future__ import annotations

import re
import zlib
from dataclasses import dataclass
from typing import Any

import numpy as np

from hil.bench.flight import intakes
from hil.bench.setting import Setting
from onboard import messages
from onboard.core._core import ffi, lib
from onboard.core.fault import FaultEngine
from onboard.products import ElevationGrid, LandingMap
from onboard.vehicles.lander import ROWS, Lander

STRUCTS = {
    "navigation": (lib.OB_CHANNEL_NAVIGATION, "ob_nav_state"),
    "guidance": (lib.OB_CHANNEL_GUIDANCE, "ob_guidance_command"),
    "actuators": (lib.OB_CHANNEL_ACTUATORS, "ob_actuator_command"),
    "thrust": (lib.OB_CHANNEL_THRUST, "ob_thrust_monitor"),
    "touchdown": (lib.OB_CHANNEL_TOUCHDOWN, "ob_touchdown"),
    "gates": (lib.OB_CHANNEL_GATES, "ob_gate[5]"),
}
"""Topics whose values are C structs: their part of the flight core."""

_STEP = re.compile(r"\[(\d+)\]|(\w+)")


class NotForBoards(ValueError):
    """A vehicle whose flight core does not run on a board; the message says why."""


@dataclass(frozen=True)
class FlightImage:
    """What a board gets, and what it has to be told of while it flies."""

    data: bytes
    heights: bytes  # what the board's memory for maps has to hold
    told: tuple[int, ...]  # of fault protection's channels, those that other members produce


def flight_image(vehicle: Lander, setting: Setting) -> FlightImage:
    """The image of a vehicle that has not run yet. Raises NotForBoards."""
    protection = vehicle.fault_protection
    if not isinstance(protection.engine, FaultEngine):
        raise NotForBoards("the engine of its fault protection is not the core's")
    told: list[int] = []
    rows = b"".join(
        _channel(vehicle, number, name, told) for number, name in enumerate(protection.channels)
    )
    settings, heights = _settings(vehicle, setting)
    body = bytes(ffi.buffer(settings)) + rows + protection.engine.checked.data
    header = ffi.new("ob_flight_header *")
    header.magic, header.version = lib.OB_FLIGHT_MAGIC, lib.OB_FLIGHT_VERSION
    header.size = ffi.sizeof("ob_flight_header") + len(body)
    header.settings_size = ffi.sizeof("ob_flight_settings")
    header.channels = len(protection.channels)
    header.fault_size = len(protection.engine.checked.data)
    behind_crc = ffi.offsetof("ob_flight_header", "crc") + 4
    header.crc = zlib.crc32(bytes(ffi.buffer(header))[behind_crc:] + body)
    return FlightImage(bytes(ffi.buffer(header)) + body, heights, tuple(told))


def _settings(vehicle: Lander, setting: Setting) -> tuple[Any, bytes]:
    """`ob_flight_settings *`, and the heights that its grids point to."""
    s = ffi.new("ob_flight_settings *")
    s.fitted = sum(1 << number for number in intakes(vehicle))
    told = setting.knowledge
    for name in ("time_ns", "position_site_m", "velocity_site_m_s", "q_site_from_body"):
        setattr(s, name, getattr(told, name))
    s.prior.position_m = told.position_sigma_m
    s.prior.velocity_m_s = told.velocity_sigma_m_s
    s.prior.attitude_rad = told.attitude_sigma_rad
    for name in ("latitude_rad", "longitude_rad", "elevation_m", "azimuth_rad"):
        setattr(s, name, getattr(setting.map.site, name))
    heights = _grids(s, setting.map)
    s.filter = vehicle.navigation.filter.params
    s.camera = vehicle.navigation.state.camera[0]
    s.guidance, s.orbit_burn = vehicle.guidance.state.params, vehicle.guidance.state.orbit.params
    s.touchdown, s.attitude = vehicle.touchdown.state.params, vehicle.control.state.params
    s.request, s.resuming = vehicle.guidance.request, vehicle.guidance.resuming
    s.guidance_mass_kg = vehicle.guidance.state.mass_kg
    s.control_mass_kg = vehicle.control.state.mass_kg
    s.mode = vehicle.fault_protection.state.mode
    return s, heights


def _grids(settings: Any, chart: LandingMap) -> bytes:
    offset = 0
    settings.grids = len(chart.grids)
    for out, grid in zip(settings.grid, chart.grids, strict=False):
        octets = _heights(grid)
        out.along0_m, out.cross0_m = grid.along0_m, grid.cross0_m
        out.spacing_m, out.sigma_m = grid.spacing_m, grid.sigma_m
        out.n_along, out.n_cross = grid.height_m.shape
        out.offset, out.crc = offset, zlib.crc32(octets)
        offset += len(octets)
    return map_heights(chart)


def map_heights(chart: LandingMap) -> bytes:
    """What a board's memory for maps holds: the heights of all grids, one behind the other."""
    return b"".join(map(_heights, chart.grids))


def _heights(grid: ElevationGrid) -> bytes:
    return np.ascontiguousarray(grid.height_m).tobytes()


def _channel(vehicle: Lander, number: int, name: str, told: list[int]) -> bytes:
    """The row of one channel; `told` grows by those that nothing on the board produces."""
    channel = vehicle.dictionary.channels[name]
    if channel.topic in STRUCTS:
        part, c_type = STRUCTS[channel.topic]
        return _row(part, *_place(ffi.typeof(c_type), channel.field))
    kind = channel.topic.split(".")[0]
    if kind in ROWS:
        return _row(_intake_part(vehicle, channel.topic), *_field(ROWS[kind], channel.field))
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


def _intake_part(vehicle: Lander, topic: str) -> int:
    if topic == "imu":
        return int(lib.OB_CHANNEL_IMU)
    for number, intake in intakes(vehicle).items():
        if intake.topic.name == topic:
            return int(lib.OB_CHANNEL_INTAKE) + number
    raise NotForBoards(f"nothing is fitted that would publish {topic}")
