"""Faults at the ports between vehicle and emulator, from the scenario file; see docs/faults.md.

    attached = attach(plant.ports, specs, seed, file, clock)
    vehicle = build(attached.ports)       # ports without a fault are the plant's own
    step = attached.stepping(plant.step)  # moves delayed commands, too

A fault sits on one direction of one port. Messages that pass while it is active are changed, held
back, lost or doubled by `hil.fault_line`. Each fault draws from its own stream of random numbers,
named after its port and its place in the list, so that a run repeats from its seed alone, and one
fault more leaves the others' draws as they were.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from hil.fault_line import FaultLine, FaultyMemory
from hil.plant.random_stream import RandomStream
from onboard import messages

Direction = Literal["input", "output"]
Kind = Literal[
    "off",
    "stuck",
    "wrong",
    "offset",
    "drift",
    "scale",
    "noise",
    "saturation",
    "set_bits",
    "clear_bits",
    "beyond",
    "delay",
    "drop",
    "duplicate",
    "corrupt",
    "nozzle",
    "feed",
    "jam",
    "drain",
]

# What passes the ports, by the first part of an instance's name. None: packets of bytes.
INPUT_MESSAGES: dict[str, Any] = {
    "imu": messages.ImuSample,
    "rangefinder": messages.RangeSample,
    "velocimeter": messages.VelocitySample,
    "star_tracker": messages.AttitudeSample,
    "legs": messages.LegSample,
    "engine": messages.EngineSample,
    "tank": messages.TankSample,
    "wheel": messages.WheelSample,
    "battery": messages.BatterySample,
    "camera": messages.FrameHeader,
    "radio": None,
}
OUTPUT_MESSAGES: dict[str, Any] = {
    "engine": messages.EngineCommand,
    "thrusters": messages.ThrusterCommand,
    "wheels": messages.WheelCommand,
    "camera": messages.CameraCommand,
    "radio": None,
    "memory": None,  # non-volatile memory: the blocks written
}

# Allowed amounts of each kind, lowest and highest; None: the kind takes no amount.
AMOUNTS: dict[str, tuple[float, float] | None] = {
    "off": None,
    "stuck": None,
    "wrong": (-1e18, 1e18),
    "offset": (-1e18, 1e18),
    "drift": (-1e18, 1e18),
    "scale": (-1e6, 1e6),
    "noise": (0.0, 1e18),
    "saturation": (0.0, 1e18),
    "set_bits": (1.0, 2.0**32 - 1.0),
    "clear_bits": (1.0, 2.0**32 - 1.0),
    "beyond": (0.0, 1e18),
    "delay": (0.0, 600.0),
    "drop": None,
    "duplicate": None,
    "corrupt": (1.0, 64.0),
    "nozzle": (0.0, 2.0),
    "feed": (0.0, 2.0),
    "jam": (0.0, 100.0),
    "drain": (0.0, 1000.0),
}
WHOLE = ("corrupt", "set_bits", "clear_bits")  # kinds whose amount is a whole number
BITS = ("set_bits", "clear_bits")
NEEDS_FIELDS = ("wrong", "offset", "drift", "scale", "noise", "saturation", "beyond", *BITS)
NO_RAMP = ("off", "stuck", "saturation", "beyond", *BITS)
PACKET_KINDS = ("off", "delay", "drop", "duplicate", "corrupt")
MEMORY_KINDS = ("off", "stuck", "corrupt")
# Kinds of the device itself, not of its messages: the device, and the amount of a sound one.
HURTS = {
    "nozzle": ("engine", 1.0),
    "feed": ("engine", 1.0),
    "jam": ("wheel", 0.0),
    "drain": ("battery", 0.0),
}


class FaultError(ValueError):
    """A fault that cannot be; the message names file, field, value and what is allowed."""


class FaultSpec(BaseModel):
    """One fault at one port. Times are seconds of the emulated clock."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    port: str = Field(description="instance, for example `imu.a`")
    kind: Kind
    direction: Direction | None = Field(
        None, description="`input` to the vehicle or `output` from it; needed where a port has both"
    )
    start_s: float = Field(0.0, ge=0.0)
    end_s: float | None = Field(None, gt=0.0, description="not included; none: to the end")
    ramp_s: float = Field(0.0, ge=0.0, description="grows from nothing to full over this time")
    probability: float = Field(1.0, gt=0.0, le=1.0, description="per message")
    fields: tuple[str, ...] = Field((), description="of the message; none: see the kind")
    amount: float | None = Field(None, description="meaning and unit: see the kind")
    stream: str | None = Field(None, description="name of the random stream, to share or to vary")

    @property
    def base(self) -> str:
        """The first part of the port's name: what kind of device it is."""
        return self.port.split(".")[0]

    @property
    def way(self) -> Direction:
        """The direction, worked out where the port has only one."""
        if self.direction is not None:
            return self.direction
        if self.kind in HURTS:
            return "output" if self.base in OUTPUT_MESSAGES else "input"
        return "input" if self.base in INPUT_MESSAGES else "output"

    @property
    def message(self) -> Any:
        """Class of the messages it acts on, None for packets."""
        return (INPUT_MESSAGES if self.way == "input" else OUTPUT_MESSAGES)[self.base]

    @model_validator(mode="after")
    def _check(self) -> Self:
        self._check_port()
        self._check_times()
        self._check_amount()
        self._check_fields()
        return self

    def _check_port(self) -> None:
        known = sorted({*INPUT_MESSAGES, *OUTPUT_MESSAGES})
        if self.base not in known:
            raise ValueError(f"port = {self.port!r}: allowed devices: {', '.join(known)}")
        if self.kind in HURTS:
            self._check_hurt(HURTS[self.kind][0])
            return
        both = self.base in INPUT_MESSAGES and self.base in OUTPUT_MESSAGES
        if both and self.direction is None:
            raise ValueError(f"direction missing: {self.port} has both, allowed: input, output")
        if self.base not in (INPUT_MESSAGES if self.way == "input" else OUTPUT_MESSAGES):
            raise ValueError(f"direction = {self.way!r}: {self.port} has none")

    def _check_hurt(self, device: str) -> None:
        if self.base != device:
            article = "an" if device[0] in "aeiou" else "a"
            raise ValueError(f"port = {self.port!r}: allowed for {self.kind!r}: {article} {device}")
        if self.direction is not None:
            raise ValueError(f"direction = {self.direction!r}: kind {self.kind!r} has none")
        if self.probability < 1.0:
            raise ValueError(f"probability = {self.probability}: kind {self.kind!r} is certain")
        if self.fields:
            raise ValueError(f"fields = {list(self.fields)}: kind {self.kind!r} has none")

    def _check_times(self) -> None:
        if self.end_s is not None and self.end_s <= self.start_s:
            raise ValueError(f"end_s = {self.end_s}: must be above start_s = {self.start_s}")
        if self.ramp_s and self.kind in NO_RAMP:
            raise ValueError(f"ramp_s = {self.ramp_s}: kind {self.kind!r} has none, allowed: 0")
        if self.kind == "off" and self.probability < 1.0:
            raise ValueError(f"probability = {self.probability}: off is certain, use drop")

    def _check_amount(self) -> None:
        limits = AMOUNTS[self.kind]
        if limits is None:
            if self.amount is not None:
                raise ValueError(f"amount = {self.amount}: kind {self.kind!r} takes none")
            return
        if self.amount is None:
            raise ValueError(f"amount missing: kind {self.kind!r} needs one in {list(limits)}")
        if not limits[0] <= self.amount <= limits[1]:
            raise ValueError(f"amount = {self.amount}: allowed for {self.kind!r}: {list(limits)}")
        if self.kind in WHOLE and self.amount % 1.0:
            raise ValueError(f"amount = {self.amount}: a whole number of bits")

    def _check_fields(self) -> None:
        if self.message is None:
            carried = "memory" if self.base == "memory" else "packets"
            kinds = MEMORY_KINDS if self.base == "memory" else PACKET_KINDS
            if self.kind not in kinds:
                raise ValueError(f"kind = {self.kind!r}: allowed for {carried}: {kinds}")
            if self.fields:
                raise ValueError(f"fields = {list(self.fields)}: there are none in {carried}")
            return
        allowed = self.known_fields
        for name in self.fields:
            if name not in allowed:
                raise ValueError(f"fields: {name!r} unknown, allowed: {', '.join(allowed)}")
            if self.kind in BITS and not self._is_whole(name):
                raise ValueError(f"fields: {name!r} has no bits that {self.kind!r} could reach")
        if self.kind in NEEDS_FIELDS and not self.fields:
            raise ValueError(f"fields missing: kind {self.kind!r}, allowed: {', '.join(allowed)}")

    def _is_whole(self, name: str) -> bool:
        return name != "image" and self.message.__annotations__[name] in (int, "int")

    def severity(self, time_s: float) -> float:
        """0 before and after the fault, 1 while it is full, in between on the ramp."""
        if time_s < self.start_s or (self.end_s is not None and time_s >= self.end_s):
            return 0.0
        elapsed_s = time_s - self.start_s
        return 1.0 if elapsed_s >= self.ramp_s else elapsed_s / self.ramp_s

    @property
    def known_fields(self) -> tuple[str, ...]:
        """Fields of the message, and `image` for what comes from a camera."""
        image = ("image",) if self.base == "camera" and self.way == "input" else ()
        return (*self.message._fields, *image)


@dataclass(frozen=True)
class AttachedFaults:
    """Ports with their faults, the lines of those that lead out of the vehicle, hurt engines."""

    ports: dict[str, Any]
    lines: tuple[_OutputLine | _HurtDevice, ...]

    def advance(self) -> None:
        """Deliver commands that are due, hurt engines; once a tick, before the plant's step."""
        for line in self.lines:
            line.advance()

    def stepping(self, step: Callable[[], Any]) -> Callable[[], Any]:
        """`step` preceded by `advance`; `step` itself when there is nothing to advance."""
        if not self.lines:
            return step

        def faulty_step() -> Any:
            self.advance()
            return step()

        return faulty_step


class _FaultyPort:
    """A port with faults on one or both directions; the rest is the port's own."""

    def __init__(self, port: Any) -> None:
        self.name = port.name
        for method in ("read", "write", "receive", "send"):
            if hasattr(port, method):
                setattr(self, method, getattr(port, method))


class _OutputLine:
    """The way from the vehicle to a device, which also moves when nothing is written."""

    def __init__(self, line: FaultLine, deliver: Callable[[Any], None]) -> None:
        self._line = line
        self._deliver = deliver

    def write(self, message: Any) -> None:
        self._line.push(message)
        self.advance()

    def advance(self) -> None:
        idle = self._line.idle_message()
        if idle is not None:
            self._deliver(idle)
        while (message := self._line.pop()) is not None:
            self._deliver(message)


class _HurtDevice:
    """An engine, a wheel or a battery that is not what it was built for."""

    def __init__(
        self, specs: Sequence[FaultSpec], clock: Callable[[], int], hurt: Callable[..., None]
    ) -> None:
        self._specs = specs
        self._clock = clock
        self._hurt = hurt
        device = specs[0].base
        self._sound = {kind: sound for kind, (of, sound) in HURTS.items() if of == device}

    def advance(self) -> None:
        time_s = self._clock() * 1e-9
        amounts = dict(self._sound)
        for spec in self._specs:
            sound = self._sound[spec.kind]
            change = spec.severity(time_s) * ((spec.amount or 0.0) - sound)
            # shares multiply, loads add
            amounts[spec.kind] += change * (amounts[spec.kind] if sound else 1.0)
        self._hurt(self._specs[0].port, **amounts)


def _faulty_reader(line: FaultLine, read: Callable[[], Any]) -> Callable[[], Any]:
    def faulty() -> Any:
        while (message := read()) is not None:
            line.push(message)
        return line.pop()

    return faulty


def _streams(specs: Sequence[tuple[int, FaultSpec]], seed: int) -> list[RandomStream]:
    return [
        RandomStream(seed, spec.stream or f"fault {spec.port} {index}") for index, spec in specs
    ]


def _line(specs: Sequence[tuple[int, FaultSpec]], seed: int, clock: Callable[[], int]) -> FaultLine:
    return FaultLine([spec for _, spec in specs], _streams(specs, seed), clock)


def attach(
    ports: Mapping[str, Any],
    specs: Sequence[FaultSpec],
    seed: int,
    file: str,
    clock: Callable[[], int],
    hurt: Callable[..., None] | None = None,
) -> AttachedFaults:
    """Ports with faults attached; `clock` gives the time of the emulated clock in ns.

    `hurt` is the plant's; without it its devices stay sound. Ports that no fault
    names are passed on as they are. Raises `FaultError` for a port that this vehicle does not have.
    """
    for index, spec in enumerate(specs):
        if spec.port not in ports:
            known = ", ".join(sorted(ports))
            raise FaultError(
                f"{file}: fault.{index}.port = {spec.port!r}: this vehicle has {known}"
            )
    numbered = [(i, s) for i, s in enumerate(specs) if s.kind not in HURTS]
    faulty: dict[str, Any] = dict(ports)
    outputs: list[_OutputLine | _HurtDevice] = []
    hurting = [s for s in specs if s.kind in HURTS]
    if hurt is not None:
        outputs += [
            _HurtDevice([s for s in hurting if s.port == name], clock, hurt)
            for name in dict.fromkeys(s.port for s in hurting)
        ]
    for name in dict.fromkeys(spec.port for _, spec in numbered):
        if name == "memory":
            here = [(i, s) for i, s in numbered if s.port == name]
            all_specs, streams = [s for _, s in here], _streams(here, seed)
            faulty[name] = FaultyMemory(ports[name], all_specs, streams, clock)
            continue
        port: Any = _FaultyPort(ports[name])
        inward = [(i, s) for i, s in numbered if s.port == name and s.way == "input"]
        outward = [(i, s) for i, s in numbered if s.port == name and s.way == "output"]
        if inward:
            method = "read" if hasattr(port, "read") else "receive"
            line = _line(inward, seed, clock)
            setattr(port, method, _faulty_reader(line, getattr(port, method)))
        if outward:
            method = "write" if hasattr(port, "write") else "send"
            output = _OutputLine(_line(outward, seed, clock), getattr(port, method))
            setattr(port, method, output.write)
            outputs.append(output)
        faulty[name] = port
    return AttachedFaults(faulty, tuple(outputs))
