"""The wheels of a rover on the bus, 100 Hz: rates in, duties out.

Speed loops and trips are in `native/core/include/onboard/wheel.h` and `wheels.h`, slip is in
`wheel_slip.h`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from onboard.bus import NEVER_NS, Bus
from onboard.core._core import ffi, lib
from onboard.core.fields import from_parameters
from onboard.core.rows import packer
from onboard.messages import LAYOUTS, WheelCommand, WheelSample
from onboard.ports import OutputPort

WHEELS = ("wheel.fl", "wheel.fr", "wheel.rl", "wheel.rr")
CAUSES = {
    lib.OB_TRIP_STALL: "stall",
    lib.OB_TRIP_OVERCURRENT: "over-current",
    lib.OB_TRIP_ENCODER: "encoder stuck",
    lib.OB_TRIP_SILENT: "silent",
}
COMMAND_WITHIN_NS = 300_000_000  # older commands of the path are not obeyed
BATTERY_WITHIN_NS = 1_000_000_000


class WheelControl:
    """Publishes `wheels` (`ob_wheels *`); step it after the path.

    `parameters` maps full names, `wheels.NAME` and `slip.NAME`, to numbers. `emit` is told by
    event name of trips.
    """

    def __init__(
        self,
        bus: Bus,
        parameters: Mapping[str, float],
        port: OutputPort,
        emit: Callable[..., object],
    ) -> None:
        self.state = ffi.new("ob_wheels *")
        wheel = from_parameters("ob_wheel_params", parameters, "wheels")
        slip = from_parameters("ob_wheel_slip_params", parameters, "slip")
        lib.ob_wheels_init(self.state, wheel, slip)
        self._supply_v = parameters["wheels.supply_v"]
        self._emit = emit
        self._trips = [0] * len(WHEELS)
        self._tripped = 0
        self._drive, self._battery = bus.topic("drive"), bus.topic("battery")
        self._rows = ffi.new("ob_wheel_row[]", len(WHEELS))
        for row in self._rows:
            row.time_ns = NEVER_NS
        self._samples = tuple(
            (bus.topic(name), packer(row, WheelSample))
            for name, row in zip(WHEELS, self._rows, strict=True)
        )
        self._still = ffi.new("double[]", len(WHEELS))
        self._write = port.write
        self._row = _reader(self.state.row)
        self._publish = bus.topic("wheels").publish
        self.state_hash = partial(lib.ob_wheels_hash, self.state)
        self._step = lib.ob_wheels_step

    def reset(self, now_ns: int) -> str | None:
        """All wheels ready again, whatever they tripped for."""
        lib.ob_wheels_reset(self.state)
        return None

    def inhibit(self, now_ns: int, inhibited: int) -> str | None:
        """Let no wheel be driven (1), or lift that (0)."""
        self.state.inhibited = inhibited
        return None

    def step(self, now_ns: int) -> None:
        for topic, put in self._samples:
            if topic.value is not None:
                put(topic.value)
        drive, battery = self._drive, self._battery
        told = now_ns - drive.time_ns <= COMMAND_WITHIN_NS
        targets = drive.value.wheel_rate_rad_s if told else self._still
        known = now_ns - battery.time_ns <= BATTERY_WITHIN_NS
        supply_v = battery.value.voltage_v if known else self._supply_v
        if self._step(self.state, self._rows, targets, supply_v, now_ns):
            self._write(self._row())
        if self.state.resting + self.state.out != self._tripped:
            self._tell(now_ns)
        self._publish(self.state, now_ns)

    def _tell(self, now_ns: int) -> None:
        """Say which wheels tripped since the last time."""
        self._tripped = self.state.resting + self.state.out
        for k, wheel in enumerate(self.state.wheel):
            if wheel.trip_count > self._trips[k]:
                cause = CAUSES[wheel.cause]
                self._emit("WHEEL_TRIPPED", now_ns, wheel=WHEELS[k], cause=cause, trip=wheel.trips)
            self._trips[k] = wheel.trip_count

    def checkpoint(self) -> bytes:
        return bytes(ffi.buffer(self.state))

    def restore(self, checkpoint: bytes) -> None:
        ffi.buffer(self.state)[:] = checkpoint


def _reader(row: Any) -> Callable[[], Any]:
    """Reads a row of the C struct as a `WheelCommand`."""
    octets = memoryview(ffi.buffer(ffi.addressof(row)))
    unpack = LAYOUTS["WheelCommand"].unpack
    return lambda: WheelCommand._make(unpack(octets))
