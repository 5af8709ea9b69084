"""The lander: its components, wired to bus, ports and dictionary. No logic of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from onboard import messages as rows
from onboard.bus import Bus
from onboard.control.attitude import AttitudeControl
from onboard.control.touchdown import TouchdownConfirmation
from onboard.core.camera import pinhole
from onboard.dictionary import Dictionary
from onboard.executive import Counters, Executive, members_of
from onboard.fault_protection.component import FaultProtection
from onboard.guidance.descent import DescentGuidance
from onboard.navigation.craters import CraterNavigation, CraterParameters
from onboard.navigation.navigation import InitialState, Navigation
from onboard.ports import CameraPort, InputPort, NonVolatileMemory, OutputPort, Radio
from onboard.products import LandingMap
from onboard.sensors.sensors import Sensors
from onboard.services.archive import ARCHIVE_BYTES, Archive
from onboard.services.boot import CELL_BYTES, Boot
from onboard.services.channels import ChannelReader
from onboard.services.commands import CommandService
from onboard.services.events import EventLog
from onboard.services.health import HealthService
from onboard.services.housekeeping import Housekeeping
from onboard.services.parameters import ParameterError, ParameterTable
from onboard.services.recorder import (
    RecordedCamera,
    RecordedInput,
    RecordedMemory,
    RecordedOutput,
    RecordedRadio,
    Recorder,
    Sink,
)
from onboard.services.sequences import SequenceService
from onboard.services.storage import TwoCopyStore
from onboard.services.telemetry import TelemetryService

ROWS: dict[str, type] = {
    "imu": rows.ImuSample,
    "rangefinder": rows.RangeSample,
    "velocimeter": rows.VelocitySample,
    "star_tracker": rows.AttitudeSample,
    "legs": rows.LegSample,
    "engine": rows.EngineSample,
    "tank": rows.TankSample,
}
"""Row of each kind of input port; a port is named KIND or KIND.INSTANCE."""

CHECKPOINT_BYTES = 8192  # about 4,300 are used
PARAMETER_BYTES = 4096
ARCHIVE_ADDRESS = 1 << 16  # what lies before it is the computer's own
MEMORY_BYTES = ARCHIVE_ADDRESS + ARCHIVE_BYTES


@dataclass(frozen=True)
class LanderPorts:
    """The hardware of a lander. Names of outputs end in `.command`: an engine also has an input."""

    inputs: Mapping[str, InputPort]  # see ROWS
    engines: tuple[OutputPort, OutputPort]  # engine.a.command, engine.b.command
    thrusters: OutputPort
    camera: CameraPort
    radio: Radio
    memory: NonVolatileMemory  # of MEMORY_BYTES at least
    load: InputPort | None = None  # ProcessorLoad rows


@dataclass(frozen=True)
class Resume:
    """Where a computer that begins in flight goes on."""

    phase: str  # of guidance: `onboard.guidance.descent.PHASES`
    propellant_kg: float | None = None  # None: full


MODES = {"coast": "coast", "braking": "braking", "approach": "approach", "vertical": "descent"}
"""Mode of the vehicle in each phase of guidance."""


COMPONENTS: dict[str, Any] = {
    "sensors": Sensors,
    "navigation": Navigation,
    "craters": CraterNavigation,
    "guidance": DescentGuidance,
    "touchdown": TouchdownConfirmation,
    "control": AttitudeControl,
    "fault_protection": FaultProtection,
    "commands": CommandService,
    "sequences": SequenceService,
    "telemetry": TelemetryService,
    "health": HealthService,
    "boot": Boot,
    "archive": Archive,
    "parameters": ParameterTable,
    "executive": Executive,
}
"""What a lander is built of: members of its schedule, its parameters, and what runs them."""


class Lander:
    """One lander around its ports; `executive.tick` runs it."""

    def __init__(
        self,
        ports: LanderPorts,
        map: LandingMap,
        dictionary: Dictionary,
        initial: InitialState,
        *,
        sun_direction_mcmf: tuple[float, float, float],
        parameters: Mapping[str, float] | None = None,
        components: Mapping[str, Any] | None = None,
        resume: Resume | None = None,
        sink: Sink | None = None,
        target: str = "desk",
        wrap: Callable[[str, Callable[[int], None]], Callable[[int], None]] | None = None,
    ) -> None:
        """`parameters` go over the dictionary's defaults; ParameterError names a wrong one.

        `components` go in place of those of `COMPONENTS`: classes with the same constructor and
        methods. With `resume` it begins in flight, as if from a checkpoint; without, it waits for
        orders.
        """
        self._make = {**COMPONENTS, **(components or {})}
        self.bus = bus = Bus()
        self.dictionary = dictionary
        self.events = EventLog(dictionary.events)
        self.recorder = Recorder(sink, events=self.events)
        self.parameters: ParameterTable = self._make["parameters"](
            dictionary.parameters, self.events
        )
        self.recorder.watch(self.parameters)
        ports = _recorded(ports, self.recorder)
        self._stores(ports.memory)
        self.parameters.restore(self.parameter_store)
        self.parameters.set_all(parameters or {})
        if self.good_parameters.read() is None:
            self.parameters.save(self.good_parameters)
        self._build(bus, ports, map, initial, sun_direction_mcmf)
        self._services(bus, ports, None if resume is None else MODES[resume.phase])
        if resume is not None:
            self._resume(resume)
        self._register()
        self.executive: Executive = self._make["executive"](
            members_of(dictionary.schedule.members, self._members()),
            dictionary.schedule.costs_us(target),
            load=ports.load,
            events=self.events,
            recorder=self.recorder,
            checkpoints=self.checkpoints,
            starts=self.boot,
            counters=self.counters,
            checkpoint_ticks=dictionary.schedule.checkpoint_ticks,
            restart_ticks=dictionary.schedule.restart_ticks,
            watchdog_ticks=dictionary.schedule.watchdog_ticks,
            wrap=wrap,
        )

    def _stores(self, memory: NonVolatileMemory) -> None:
        sizes = (CHECKPOINT_BYTES, PARAMETER_BYTES, PARAMETER_BYTES, CELL_BYTES)
        stores, at = [], 0
        for size in sizes:
            stores.append(TwoCopyStore(memory, at, size))
            at += TwoCopyStore.extent(size)
        assert at <= ARCHIVE_ADDRESS
        self.checkpoints, self.parameter_store, self.good_parameters, self.boot_cell = stores

    def _build(
        self,
        bus: Bus,
        ports: LanderPorts,
        map: LandingMap,
        initial: InitialState,
        sun_direction_mcmf: tuple[float, float, float],
    ) -> None:
        make, values = self._make, self.parameters.snapshot()
        vision: Any = self.parameters.group("craters")
        with _parameters_of("camera"):
            camera = _camera(self.parameters.group("camera"))
        self.sensors: Sensors = make["sensors"](
            bus, {**ports.inputs, ports.camera.name: ports.camera}
        )
        self.navigation: Navigation = make["navigation"](bus, map, values, initial, camera)
        self.craters: CraterNavigation = make["craters"](
            bus,
            map.craters,
            map.site,
            camera,
            sun_direction_mcmf,
            CraterParameters(**vision),
            ports.camera,
        )
        self.guidance: DescentGuidance = make["guidance"](bus, values, map.site)
        self.touchdown: TouchdownConfirmation = make["touchdown"](bus, values)
        with _parameters_of("control"):
            self.control: AttitudeControl = make["control"](
                bus, values, ports.engines, ports.thrusters
            )

    def _resume(self, resume: Resume) -> None:
        if resume.propellant_kg is None:
            self.guidance.resume(resume.phase)
            return
        mass_kg = self.parameters["guidance.dry_mass_kg"] + resume.propellant_kg
        self.guidance.resume(resume.phase, mass_kg)
        self.control.resume(mass_kg)

    def _services(self, bus: Bus, ports: LanderPorts, initial_mode: str | None) -> None:
        make, dictionary, events = self._make, self.dictionary, self.events
        self.commands: CommandService = make["commands"](
            dictionary,
            events,
            mode=lambda: self.fault_protection.mode,
            arm_timeout_s=self.parameters["services.arm_timeout_s"],
            radio=ports.radio,
            contact=bus.topic("commands"),
        )
        self.fault_protection: FaultProtection = make["fault_protection"](
            bus,
            dictionary,
            ChannelReader,
            self.commands,
            events=events,
            initial_mode=initial_mode,
            command_loss_s=self.parameters["services.command_loss_s"],
        )
        self.sequences: SequenceService = make["sequences"](
            dictionary.sequences, self.commands.codec, self.commands.dispatch, events
        )
        self.telemetry: TelemetryService = make["telemetry"](
            dictionary,
            bus,
            ports.radio,
            enabled=lambda: bool(self.parameters["services.telemetry_enabled"]),
        )
        self.counters: Counters = Counters()
        self.health: HealthService = make["health"](
            bus.topic("health"),
            self.counters,
            events,
            self.commands,
            self.parameters,
            self.sensors.stamps_corrected,
        )
        self._storage(bus, ports)

    def _storage(self, bus: Bus, ports: LanderPorts) -> None:
        protection, events = self.fault_protection, self.events
        self.boot: Boot = self._make["boot"](
            self.boot_cell,
            bus.topic("boot"),
            self.dictionary.schedule.members,
            events,
            critical=lambda: protection.in_critical_event,
            healthy_s=self.parameters["services.healthy_s"],
        )
        self.housekeeping = Housekeeping(lambda: protection.mode_number, self.counters, events)
        self.archive: Archive = self._make["archive"](
            ports.memory,
            ARCHIVE_ADDRESS,
            bus.topic("archive"),
            events,
            ports.radio,
            product=self.housekeeping.product,
            period_s=self.parameters["services.product_period_s"],
        )

    def _members(self) -> dict[str, Any]:
        return {
            "sensors": self.sensors,
            "navigation": self.navigation,
            "craters": self.craters,
            "guidance": self.guidance,
            "touchdown": self.touchdown,
            "control": self.control,
            "fault_protection": self.fault_protection,
            "commands": self.commands,
            "sequences": self.sequences,
            "telemetry": self.telemetry,
            "health": self.health,
            "boot": self.boot,
            "archive": self.archive,
        }

    def _register(self) -> None:
        """Say who carries each command of the dictionary out."""
        handlers: dict[str, Callable[..., str | None]] = {
            **self.fault_protection.handlers(),
            "RESTART": self._restart,
            "DESCENT_START": self.guidance.start,
            "ORBIT_BURN": self.guidance.burn_in_orbit,
            "ORBIT_BURN_STOP": self.guidance.stop_burn_in_orbit,
            "GUIDANCE_HOLD": self.guidance.hold,
            "ENGINE_SHUTDOWN": self.guidance.shutdown,
            "ENGINE_INHIBIT": self.control.inhibit_engines,
            "THRUSTER_ENABLE": self._enable_thruster,
            "SAFING_LANDED": self._safe_landed,
            "IMU_SELECT": self.sensors.select_imu,
            "SENSOR_ENABLE": self.sensors.enable,
            "NAV_RESET_GATE": self.navigation.reset_gate,
            "CAMERA_ENABLE": self.craters.enable,
            "PARAM_SET": self._set_parameter,
            "PARAM_SAVE": self._save_parameters,
            "PARAM_CONFIRM": self._confirm_parameters,
            "PARAM_REVERT": self._revert_parameters,
            "PRODUCT_SEND": self.archive.send,
            "PRODUCTS_ERASE": self.archive.erase,
            "SEQUENCE_START": lambda now_ns, name: self.sequences.start(name, now_ns),
            "SEQUENCE_STOP": lambda now_ns, name: self.sequences.stop(name, now_ns),
        }
        for name, handler in handlers.items():
            self.commands.register(name, handler)
        assert not self.commands.unhandled(), self.commands.unhandled()

    def _restart(self, now_ns: int) -> None:
        self.boot.forgive(now_ns)
        self.executive.restart("command", now_ns)

    def _safe_landed(self, now_ns: int) -> str | None:
        return self.guidance.shutdown(now_ns) or self.control.inhibit_engines(now_ns, mask=3)

    def _enable_thruster(self, now_ns: int, thruster: int, enabled: int) -> str | None:
        if why := self.control.enable_thruster(now_ns, thruster, enabled):
            return why
        excluded = " ".join(map(str, self.control.excluded_thrusters)) or "none"
        self.events.emit("THRUSTERS_EXCLUDED", now_ns, excluded=excluded)
        return None

    def _set_parameter(self, now_ns: int, name: str, value: float) -> str | None:
        try:
            self.parameters.set(name, value, now_ns)
        except ValueError as error:
            return str(error)
        return None

    def _save_parameters(self, now_ns: int) -> str | None:
        return None if self.parameters.save(self.parameter_store, now_ns) else "not stored"

    def _confirm_parameters(self, now_ns: int) -> str | None:
        if not self.parameters.save(self.good_parameters, now_ns):
            return "not stored"
        self.events.emit("PARAMETERS_CONFIRMED", now_ns, crc=self.parameters.crc)
        return None

    def _revert_parameters(self, now_ns: int) -> str | None:
        if self.parameters.revert(self.good_parameters, now_ns):
            self.parameters.save(self.parameter_store, now_ns)
            self.executive.restart("parameters reverted", now_ns)
        return None


@contextmanager
def _parameters_of(group: str) -> Iterator[None]:
    """Values that are allowed one by one may not be together: that is a ParameterError, too."""
    try:
        yield
    except ValueError as error:
        raise ParameterError(f"{group}: {error}") from None


def _camera(p: Mapping[str, float]) -> Any:
    return pinhole(
        width=int(p["width_px"]),
        height=int(p["height_px"]),
        field_of_view_rad=p["field_of_view_rad"],
        q_body_from_camera=(p["qw"], p["qx"], p["qy"], p["qz"]),
        position_body_m=(p["position_x_m"], p["position_y_m"], p["position_z_m"]),
    )


def _recorded(ports: LanderPorts, recorder: Recorder) -> LanderPorts:
    """The same ports, with all that crosses them noted."""
    a, b = (RecordedOutput(e, recorder, rows.EngineCommand) for e in ports.engines)
    load = ports.load
    return LanderPorts(
        inputs={
            name: RecordedInput(port, recorder, ROWS[name.split(".")[0]])
            for name, port in ports.inputs.items()
        },
        engines=(a, b),
        thrusters=RecordedOutput(ports.thrusters, recorder, rows.ThrusterCommand),
        camera=RecordedCamera(ports.camera, recorder, rows.CameraCommand),
        radio=RecordedRadio(ports.radio, recorder),
        memory=RecordedMemory(ports.memory, recorder),
        load=None if load is None else RecordedInput(load, recorder, rows.ProcessorLoad),
    )
