"""The rover's flight core, for boards: `native/core/src/craft_rover.c` is its other end."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar

from hil.bench.flight_core import FlightCore, Member, Order, Source, bits_of
from hil.plant.rover import OUTPUTS
from onboard.control.wheels import WheelControl
from onboard.core._core import ffi, lib
from onboard.guidance.path import PathDrive
from onboard.messages import WheelCommand
from onboard.navigation.odometry import Odometry
from onboard.ports import OutputPort
from onboard.sensors.sensors import Sensors
from onboard.vehicles.rover import ROWS, RoverPorts


class RoverCore(FlightCore):
    """Of one rover."""

    number = lib.OB_VEHICLE_ROVER
    members: ClassVar = {
        "sensors": Member(Sensors, lib.OB_ROVER_SENSORS),
        "odometry": Member(Odometry, lib.OB_ROVER_ODOMETRY),
        "drive": Member(PathDrive, lib.OB_ROVER_DRIVE),
        "wheels": Member(WheelControl, lib.OB_ROVER_WHEELS),
    }
    instruments = OUTPUTS
    rows = ROWS
    output_rows = (WheelCommand,)
    sources: ClassVar = {
        "odometry": Source(lib.OB_ROVER_ODOMETRY_PART, "ob_odometry", "state"),
        "drive": Source(lib.OB_ROVER_PATH_COMMAND, "ob_drive_command"),
        "wheels": Source(lib.OB_ROVER_WHEELS_PART, "ob_wheels"),
    }
    imu_part = OUTPUTS.index("imu.a")
    times = ("odometry", "drive", "wheels")
    without_checkpoint = ("intake",)

    @staticmethod
    def outputs(ports: RoverPorts) -> tuple[OutputPort, ...]:
        return (ports.wheels,)

    @staticmethod
    def with_outputs(
        ports: RoverPorts, outputs: Sequence[OutputPort], inputs: Mapping[str, Any]
    ) -> RoverPorts:
        return replace(ports, inputs=inputs, wheels=outputs[0])

    def settings(self) -> tuple[Any, bytes]:
        vehicle, start = self.vehicle, self.setting.start
        s = ffi.new("ob_rover_settings *")
        s.odometry, s.drive = vehicle.odometry.state.params, vehicle.drive.state.params
        wheels = vehicle.wheels.state
        s.wheel, s.slip = wheels.wheel[0].params, wheels.slip.params
        s.supply_v = vehicle.parameters["wheels.supply_v"]
        s.east_m, s.north_m, s.heading_rad = start.east_m, start.north_m, start.heading_rad
        return s, b""

    def own_parts(self) -> Iterator[tuple[str, int, Any]]:
        vehicle = self.vehicle
        yield "odometry", lib.OB_ROVER_ODOMETRY_PART, vehicle.odometry.state
        yield "drive", lib.OB_ROVER_PATH, vehicle.drive.state
        yield "drive_command", lib.OB_ROVER_PATH_COMMAND, vehicle.drive.command
        yield "wheels", lib.OB_ROVER_WHEELS_PART, vehicle.wheels.state

    def commands(self) -> Mapping[str, Callable[..., list[Order]]]:
        return {
            "DRIVE_TO": self._drive_to,
            "PATH_CLEAR": lambda: [(lib.OB_ORDER_PATH_CLEAR,)],
            "PATH_ADD": self._add,
            "DRIVE_PATH": self._drive,
            "DRIVE_STOP": lambda: [(lib.OB_ORDER_DRIVE_STOP,)],
            "WHEELS_RESET": lambda: [(lib.OB_ORDER_WHEELS_RESET,)],
            "WHEELS_INHIBIT": lambda inhibited: [(lib.OB_ORDER_WHEELS_INHIBIT, inhibited)],
        }

    def _add(self, east_m: float, north_m: float) -> list[Order]:
        return [(lib.OB_ORDER_PATH_ADD, bits_of(east_m), bits_of(north_m))]

    def _drive(self, speed_m_s: float) -> list[Order]:
        return [(lib.OB_ORDER_PATH_DRIVE, bits_of(speed_m_s))]

    def _drive_to(self, east_m: float, north_m: float, speed_m_s: float) -> list[Order]:
        clear: Order = (lib.OB_ORDER_PATH_CLEAR,)
        return [clear, *self._add(east_m, north_m), *self._drive(speed_m_s)]
