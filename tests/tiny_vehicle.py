"""A vehicle of three members around the real services, for tests of the frame."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from onboard import dictionary
from onboard.bus import Bus, Topic
from onboard.core._core import ffi, lib
from onboard.executive import (
    TICK_NS,
    Counters,
    Criticality,
    Executive,
    Member,
    members_of,
)
from onboard.messages import (
    CameraCommand,
    EngineCommand,
    FrameHeader,
    ImuSample,
    ProcessorLoad,
)
from onboard.services.commands import CommandService
from onboard.services.events import EventLog
from onboard.services.health import HealthService
from onboard.services.parameters import ParameterTable
from onboard.services.recorder import (
    RecordedCamera,
    RecordedInput,
    RecordedMemory,
    RecordedOutput,
    RecordedRadio,
    Recorder,
)
from onboard.services.sequences import SequenceService
from onboard.services.storage import TwoCopyStore
from onboard.services.telemetry import TelemetryService

LANDER = dictionary.load("lander")


class Memory:
    """Non-volatile memory that lasts as long as the object."""

    def __init__(self, size: int = 65_536) -> None:
        self.size = size
        self.content = bytearray(size)

    def read(self, address: int, length: int) -> bytes:
        return bytes(self.content[address : address + length])

    def write(self, address: int, data: bytes) -> None:
        self.content[address : address + len(data)] = data


class Imu:
    """An IMU whose increments follow a formula of the tick."""

    name = "imu.a"

    def __init__(self) -> None:
        self.n = 0

    def read(self) -> ImuSample:
        self.n += 1
        x = math.fmod(self.n * 0.37, 1.0) - 0.5
        return ImuSample(self.n * TICK_NS, self.n, x, -x, x * x, 0.1 * x, 0.2, 0.016, 0)


class Engine:
    name = "engine.a"

    def __init__(self) -> None:
        self.commands: list[EngineCommand] = []

    def write(self, message: EngineCommand) -> None:
        self.commands.append(message)


class Camera:
    """A camera that delivers a small picture for each exposure."""

    name = "camera.a"

    def __init__(self) -> None:
        self.pending: CameraCommand | None = None

    def write(self, message: CameraCommand) -> None:
        self.pending = message

    def read(self) -> tuple[FrameHeader, bytes] | None:
        if self.pending is None:
            return None
        command, self.pending = self.pending, None
        header = FrameHeader(command.time_ns, command.sequence, 8, 4, command.exposure_s)
        return header, bytes((command.sequence * 7 + i) % 256 for i in range(32))


class Radio:
    """A radio that receives what the test queued."""

    def __init__(self) -> None:
        self.up: list[bytes] = []
        self.down: list[bytes] = []

    def receive(self) -> bytes | None:
        return self.up.pop(0) if self.up else None

    def send(self, packet: bytes) -> None:
        self.down.append(packet)


class Load:
    """Processor load by tick; it is read once a tick."""

    name = "load"

    def __init__(self, rows: dict[int, ProcessorLoad] | None = None) -> None:
        self.rows, self.tick = rows or {}, -1

    def read(self) -> ProcessorLoad | None:
        self.tick += 1
        return self.rows.get(self.tick)


class Navigation:
    """Sums velocity increments and publishes them as a navigation state."""

    def __init__(self, imu: Any, topic: Topic) -> None:
        self.imu, self.topic = imu, topic
        self.state = ffi.new("ob_nav_state *")

    def step(self, now_ns: int) -> None:
        sample = self.imu.read()
        if sample is not None:
            self.state.velocity_site_m_s[0] += sample.delta_velocity_x_m_s
            self.state.altitude_m = 1000.0 - now_ns * 1e-9
            self.state.valid = 1
            self.topic.publish(self.state, now_ns)

    def state_hash(self, h: int) -> int:
        return lib.ob_hash_f64s(h, self.state.velocity_site_m_s, 3)

    def checkpoint(self) -> bytes:
        return bytes(ffi.buffer(self.state))

    def restore(self, state: bytes) -> None:
        ffi.buffer(self.state)[:] = state


class Control:
    """Throttles by the velocity; takes a picture once a second."""

    def __init__(self, engine: Any, camera: Any, navigation: Topic) -> None:
        self.engine, self.camera, self.navigation = engine, camera, navigation
        self.n = self.frames = 0

    def step(self, now_ns: int) -> None:
        self.n += 1
        throttle = math.fabs(self.navigation.value.velocity_site_m_s[0])
        self.engine.write(EngineCommand(now_ns, self.n, 1, throttle))
        if self.n % 100 == 1:
            self.camera.write(CameraCommand(now_ns, self.n // 100, 1, 0.002))
        while self.camera.read() is not None:
            self.frames += 1


class TinyVehicle:
    """Everything joined: what a composition of a real vehicle does."""

    def __init__(
        self,
        ports: dict[str, Any],
        *,
        memory: Any = None,
        sink: Any = None,
        wrap: Callable[..., Any] | None = None,
    ) -> None:
        self.bus = bus = Bus()
        self.events = EventLog(LANDER.events)
        self.recorder = Recorder(sink, events=self.events)
        self.parameters = ParameterTable(LANDER.parameters, self.events)
        self.recorder.watch(self.parameters)
        memory = RecordedMemory(memory or Memory(), self.recorder)
        self.parameter_store = TwoCopyStore(memory, 0, 4096)
        self.parameters.restore(self.parameter_store)
        self.checkpoints = TwoCopyStore(memory, 16_384, 8192)
        radio = RecordedRadio(ports["radio"], self.recorder)
        self.commands = CommandService(LANDER, self.events, mode=lambda: "coast", radio=radio)
        self.sequences = SequenceService(
            LANDER.sequences, self.commands.codec, self.commands.dispatch, self.events
        )
        self.commands.register(
            "SEQUENCE_START", lambda now_ns, name: self.sequences.start(name, now_ns)
        )
        self.counters = Counters()
        imu = RecordedInput(ports["imu.a"], self.recorder, ImuSample)
        engine = RecordedOutput(ports["engine.a"], self.recorder, EngineCommand)
        camera = RecordedCamera(ports["camera.a"], self.recorder, CameraCommand)
        components = {
            "navigation": Navigation(imu, bus.topic("navigation")),
            "control": Control(engine, camera, bus.topic("navigation")),
            "commands": self.commands,
            "sequences": self.sequences,
            "telemetry": TelemetryService(LANDER, bus, radio),
            "health": HealthService(
                bus.topic("health"),
                self.counters,
                self.events,
                self.commands,
                self.parameters,
                lambda: 0,
            ),
        }
        rates = {"navigation": (100, 0), "control": (100, 0), "health": (1, 6)}
        schedule = {n: entry(*rates.get(n, (10, 3))) for n in components}
        self.executive = Executive(
            members_of(schedule, components),
            dict.fromkeys(components, 100.0),
            load=RecordedInput(ports["load"], self.recorder, ProcessorLoad),
            events=self.events,
            recorder=self.recorder,
            checkpoints=self.checkpoints,
            counters=self.counters,
            wrap=wrap,
        )


def entry(rate_hz: int, offset: int) -> Member:
    """What a schedule says of a member: the fast ones are critical, the others are not."""
    criticality = Criticality.CRITICAL if rate_hz == 100 else Criticality.NORMAL
    return Member("entry", print, rate_hz, 1_000.0, criticality, offset)


def ports(load: dict[int, ProcessorLoad] | None = None) -> dict[str, Any]:
    """The hardware of the tiny vehicle."""
    devices = {"imu.a": Imu(), "engine.a": Engine(), "camera.a": Camera()}
    return {**devices, "radio": Radio(), "load": Load(load)}
