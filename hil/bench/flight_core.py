"""The flight core of a vehicle on the desk, as a board that flies it as well has to know it.

What is common; `hil.bench.lander_core` and `hil.bench.rover_core` have what is each vehicle's own.
"""

from __future__ import annotations

import struct
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, ClassVar, NamedTuple

from hil.bench.taps import HeldOutput, NotedInput
from onboard.core._core import ffi, lib
from onboard.core.fault import FaultEngine
from onboard.messages import LAYOUTS
from onboard.ports import OutputPort
from onboard.sensors.intake import Intake
from onboard.sensors.sensors import Sensors

Order = tuple[int, ...]
"""Kind (OB_ORDER_...) and arguments."""


class NotForBoards(ValueError):
    """A vehicle whose flight core does not run on a board; the message says why."""


class Member(NamedTuple):
    """A member of the schedule that the board runs."""

    component: type  # the only one that the core stands for
    bit: int


class Source(NamedTuple):
    """Where the core has the value of a topic."""

    part: int
    c_type: str
    field: str = ""  # path in it that leads to the value


def bits_of(x: float) -> int:
    """A double as an argument of an order."""
    return int(struct.unpack("<q", struct.pack("<d", x))[0])


def intakes(sensors: Sensors, instruments: Sequence[str]) -> dict[int, Intake]:
    """The intakes of sensors, but cameras, by the number of their instrument."""
    fitted: Iterable[Intake] = (*sensors.imu.intakes, *sensors.quick, *sensors.instruments)
    return {instruments.index(intake.name): intake for intake in fitted}


class FlightCore(ABC):
    """The parts that the components of one vehicle own, by the numbers that they have on boards."""

    number: ClassVar[int]  # OB_VEHICLE_...
    members: ClassVar[Mapping[str, Member]]  # in their order; fault protection follows
    instruments: ClassVar[Sequence[str]]  # input ports by the number of their intake
    rows: ClassVar[Mapping[str, type]]  # of each kind of input port
    output_rows: ClassVar[Sequence[Any]]  # messages of the output ports by their number
    sources: ClassVar[Mapping[str, Source]]  # topics whose values are C structs
    imu_part: ClassVar[int]  # the sample that flies
    times: ClassVar[Sequence[str]]  # topics whose times fault protection looks at, as in the core
    even_if_refused: ClassVar[Sequence[str]] = ()  # commands that change something all the same
    without_checkpoint: ClassVar[Sequence[str]]  # parts, by the first word of their name

    def __init__(self, vehicle: Any, setting: Any) -> None:
        """Around a vehicle that has not run yet. Raises NotForBoards."""
        self.vehicle, self.setting = vehicle, setting
        for name, member in self.members.items():
            if type(getattr(vehicle, name)) is not member.component:
                raise NotForBoards(f"the {name} of this scenario is not the core's")
        engine, readers = vehicle.fault_protection.engine, vehicle.fault_protection.readers
        if not isinstance(engine, FaultEngine):
            raise NotForBoards("the engine of its fault protection is not the core's")
        self._faults = ffi.new("ob_protection *")
        self._faults.table, self._faults.state = engine.checked.table, engine.core
        self._faults.memory = readers.memory

    # -- what each vehicle says of itself

    @staticmethod
    @abstractmethod
    def outputs(ports: Any) -> tuple[OutputPort, ...]:
        """The output ports by the number of their row."""

    @staticmethod
    @abstractmethod
    def with_outputs(ports: Any, outputs: Sequence[OutputPort], inputs: Mapping[str, Any]) -> Any:
        """The ports with others in place of these."""

    @abstractmethod
    def settings(self) -> tuple[Any, bytes]:
        """The vehicle's settings of the flight image, and the heights of its map."""

    @abstractmethod
    def own_parts(self) -> Iterator[tuple[str, int, Any]]:
        """Name, number and the desk's struct of each part that is the vehicle's own."""

    @abstractmethod
    def commands(self) -> Mapping[str, Callable[..., list[Order]]]:
        """The orders that commands amount to, from their arguments."""

    def noted(self, members: int) -> tuple[list[Order], list[Order]]:
        """Orders of this tick that no command gave: those before it, those after it."""
        return [], []

    def written(self) -> tuple[int, bytes]:
        """A part that is to be written after this tick, and its octets, none: nothing."""
        return 0, b""

    def carried_over(self) -> list[Order]:
        """What was not in the parts when the computer went on from a checkpoint."""
        return [(lib.OB_ORDER_MODE, lib.OB_FAULT_NO_REQUEST)]

    # -- ports

    @classmethod
    def wired(cls, ports: Any, seen: list[tuple[int, Any]], held: list[tuple[int, Any]]) -> Any:
        """The same ports: what is read is noted, what is written is kept back."""
        inputs = {
            name: NotedInput(port, cls.instruments.index(name), seen)
            if name in cls.instruments
            else port
            for name, port in ports.inputs.items()
        }
        outputs = [HeldOutput(port, k, held) for k, port in enumerate(cls.outputs(ports))]
        return cls.with_outputs(ports, outputs, inputs)

    def intakes(self) -> dict[int, Intake]:
        """The intakes of the instruments that are fitted, but cameras, by their number."""
        return intakes(self.vehicle.sensors, self.instruments)

    # -- a tick

    @classmethod
    def bit(cls, member: str) -> int:
        """The bit of a member that the board runs, 0 of others."""
        if member == "fault_protection":
            return 1 << len(cls.members)
        return cls.members[member].bit if member in cls.members else 0

    @property
    def last_member(self) -> int:
        """The bit of the member that gives the effectors their rows."""
        return max(member.bit for member in self.members.values())

    def hash(self, members: int, sent: Iterable[tuple[int, Any]], chain: int) -> int:
        """The hash of a tick, as the board makes it: members, then the rows that were sent."""
        for name, member in self.members.items():
            if members & member.bit:
                chain = getattr(self.vehicle, name).state_hash(chain)
        if members & self.bit("fault_protection"):
            chain = lib.ob_protection_hash(self._faults, chain)
        for _, row in sorted(sent, key=lambda numbered: numbered[0]):
            octets = LAYOUTS[type(row).__name__].pack(*row)
            chain = lib.ob_hash_bytes(chain, octets, len(octets))
        return chain

    def orders_of(self, name: str, arguments: Mapping[str, Any], refused: bool) -> list[Order]:
        """The orders that do on a board what a command did on the desk just now.

        `refused`: its handler did. Commands that act on other members make none.
        """
        if refused and name not in self.even_if_refused:
            return []
        if name == "SAFE":
            return [(lib.OB_ORDER_MODE, lib.OB_FAULT_REQUEST_SAFE)]
        table = self.vehicle.fault_protection.table
        if name == "MODE_SET":
            return [(lib.OB_ORDER_MODE, table.mode_names.index(arguments["mode"]))]
        if name == "FAULT_CLEAR":
            bit = 1 << table.fault_names.index(arguments["fault"])
            return [(lib.OB_ORDER_CLEAR, bit - (bit >> 63 << 64))]
        make = self.commands().get(name)
        return make(**arguments) if make else []

    # -- parts

    def parts(self) -> Iterator[tuple[str, int, Any]]:
        """Name, number and the desk's struct of each part, in the order of the tick."""
        for number, intake in self.intakes().items():
            yield f"intake {intake.name}", number, intake.state
        sensors = self.vehicle.sensors
        if len(sensors.imu.intakes) > 1:  # a single IMU is not chosen on the desk
            yield "imu_choice", lib.OB_PART_IMU_CHOICE, sensors.imu.choice
        yield "slow_hash", lib.OB_PART_SLOW_HASH, sensors.slow_hash
        yield from self.own_parts()
        yield "fault_state", lib.OB_PART_FAULT_STATE, self._faults.state
        yield "fault_memory", lib.OB_PART_FAULT_MEMORY, self._faults.memory
