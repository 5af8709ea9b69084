"""The rover: its components, wired to bus, ports and dictionary. No logic of its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from onboard import messages as rows
from onboard.control.wheels import WheelControl
from onboard.dictionary import Dictionary
from onboard.guidance.path import PathDrive
from onboard.navigation.odometry import Odometry, Start
from onboard.ports import InputPort, NonVolatileMemory, OutputPort, Radio
from onboard.sensors.sensors import Sensors
from onboard.services.recorder import (
    RecordedInput,
    RecordedMemory,
    RecordedOutput,
    RecordedRadio,
    Recorder,
    Sink,
)
from onboard.vehicles.vehicle import SERVICES, Vehicle

ROWS: dict[str, type] = {
    "imu": rows.ImuSample,
    "wheel": rows.WheelSample,
    "battery": rows.BatterySample,
}
"""Row of each kind of input port; a port is named KIND or KIND.INSTANCE."""


@dataclass(frozen=True)
class RoverPorts:
    """The hardware of a rover."""

    inputs: Mapping[str, InputPort]  # see ROWS
    wheels: OutputPort
    radio: Radio
    memory: NonVolatileMemory  # of MEMORY_BYTES at least
    load: InputPort | None = None  # ProcessorLoad rows


COMPONENTS: dict[str, Any] = {
    "sensors": Sensors,
    "odometry": Odometry,
    "drive": PathDrive,
    "wheels": WheelControl,
    **SERVICES,
}
"""What a rover is built of: members of its schedule, its parameters, and what runs them."""


class Rover(Vehicle):
    """One rover around its ports; `executive.tick` runs it."""

    sends_events = True

    def __init__(
        self,
        ports: RoverPorts,
        dictionary: Dictionary,
        start: Start,
        *,
        parameters: Mapping[str, float] | None = None,
        components: Mapping[str, Any] | None = None,
        sink: Sink | None = None,
        target: str = "desk",
        wrap: Callable[[str, Callable[[int], None]], Callable[[int], None]] | None = None,
    ) -> None:
        """`parameters` go over the dictionary's defaults; ParameterError names a wrong one.

        `components` go in place of those of `COMPONENTS`: classes with the same constructor and
        methods.
        """
        super().__init__(dictionary, {**COMPONENTS, **(components or {})}, sink)
        ports = _recorded(ports, self.recorder)
        self.mount(ports.memory, parameters)
        make, bus, values = self._make, self.bus, self.parameters.snapshot()
        emit = self.events.emit
        self.sensors: Sensors = make["sensors"](bus, ports.inputs)
        self.odometry: Odometry = make["odometry"](bus, values, start)
        self.drive: PathDrive = make["drive"](bus, values, emit)
        self.wheels: WheelControl = make["wheels"](bus, values, ports.wheels, emit)
        self.serve(ports.radio, ports.memory, self.sensors.stamps_corrected)
        self.register(self._handlers())
        self.run(self._members(), ports.load, target, wrap)

    def _members(self) -> dict[str, Any]:
        return {
            "sensors": self.sensors,
            "odometry": self.odometry,
            "drive": self.drive,
            "wheels": self.wheels,
        }

    def _handlers(self) -> dict[str, Callable[..., str | None]]:
        """Who carries out the commands that are a rover's own."""
        return {
            "DRIVE_TO": self.drive.drive_to,
            "PATH_CLEAR": self.drive.clear,
            "PATH_ADD": self.drive.add,
            "DRIVE_PATH": self.drive.start,
            "DRIVE_STOP": self.drive.stop,
            "WHEELS_RESET": self.wheels.reset,
            "WHEELS_INHIBIT": self.wheels.inhibit,
        }


def _recorded(ports: RoverPorts, recorder: Recorder) -> RoverPorts:
    """The same ports, with all that crosses them noted."""
    load = ports.load
    return RoverPorts(
        inputs={
            name: RecordedInput(port, recorder, ROWS[name.split(".")[0]])
            for name, port in ports.inputs.items()
        },
        wheels=RecordedOutput(ports.wheels, recorder, rows.WheelCommand),
        radio=RecordedRadio(ports.radio, recorder),
        memory=RecordedMemory(ports.memory, recorder),
        load=None if load is None else RecordedInput(load, recorder, rows.ProcessorLoad),
    )
