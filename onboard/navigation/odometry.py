"""Dead reckoning of a rover on the bus, 100 Hz: IMU and wheels in, place and attitude out.

What it does is in `native/core/include/onboard/odometry.h`.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import NamedTuple

from onboard.bus import NEVER_NS, Bus
from onboard.core._core import ffi, lib
from onboard.core.fields import from_parameters
from onboard.core.rows import packer
from onboard.messages import ImuSample, WheelSample

WHEELS = ("wheel.fl", "wheel.fr", "wheel.rl", "wheel.rr")


class Start(NamedTuple):
    """Where a rover is told that it begins, relative to its site."""

    east_m: float
    north_m: float
    heading_rad: float  # of its front, from north towards east


class Odometry:
    """Publishes `odometry` (`ob_odometry_state *`); step it after the sensors.

    `parameters` maps full names, `odometry.NAME`, to numbers.
    """

    def __init__(self, bus: Bus, parameters: Mapping[str, float], start: Start) -> None:
        self.state = ffi.new("ob_odometry *")
        settings = from_parameters("ob_odometry_params", parameters, "odometry")
        lib.ob_odometry_init(self.state, settings, *start)
        self._reckoned = ffi.addressof(self.state, "state")
        self._imu, self._imu_row = bus.topic("imu"), ffi.new("ob_imu_row *")
        self._rows = ffi.new("ob_wheel_row[]", len(WHEELS))
        self._imu_row.time_ns = NEVER_NS
        for row in self._rows:
            row.time_ns = NEVER_NS
        self._put_imu = packer(self._imu_row[0], ImuSample)
        self._wheels = tuple(
            (bus.topic(name), packer(row, WheelSample))
            for name, row in zip(WHEELS, self._rows, strict=True)
        )
        self._publish = bus.topic("odometry").publish
        self.state_hash = partial(lib.ob_odometry_hash, self.state)
        self._step = lib.ob_odometry_step

    def step(self, now_ns: int) -> None:
        if self._imu.value is not None:
            self._put_imu(self._imu.value)
        for topic, put in self._wheels:
            if topic.value is not None:
                put(topic.value)
        self._step(self.state, self._imu_row, self._rows, now_ns)
        self._publish(self._reckoned, now_ns)

    def checkpoint(self) -> bytes:
        return bytes(ffi.buffer(self.state))

    def restore(self, checkpoint: bytes) -> None:
        ffi.buffer(self.state)[:] = checkpoint
