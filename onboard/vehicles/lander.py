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
from onboard.guidance.descent import DescentGuidance
from onboard.navigation.craters import CraterNavigation, CraterParameters
from onboard.navigation.navigation import InitialState, Navigation
from onboard.ports import CameraPort, InputPort, NonVolatileMemory, OutputPort, Radio
from onboard.products import LandingMap
from onboard.sensors.sensors import Sensors
from onboard.services.parameters import ParameterError
from onboard.services.recorder import (
    RecordedCamera,
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
    "rangefinder": rows.RangeSample,
    "velocimeter": rows.VelocitySample,
    "star_tracker": rows.AttitudeSample,
    "legs": rows.LegSample,
    "engine": rows.EngineSample,
    "tank": rows.TankSample,
}
"""Row of each kind of input port; a port is named KIND or KIND.INSTANCE."""


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
    **SERVICES,
}
"""What a lander is built of: members of its schedule, its parameters, and what runs them."""


class Lander(Vehicle):
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
        super().__init__(dictionary, {**COMPONENTS, **(components or {})}, sink)
        ports = _recorded(ports, self.recorder)
        self.mount(ports.memory, parameters)
        self._build(self.bus, ports, map, initial, sun_direction_mcmf)
        mode = None if resume is None else MODES[resume.phase]
        self.serve(ports.radio, ports.memory, self.sensors.stamps_corrected, mode)
        if resume is not None:
            self._resume(resume)
        self.register(self._handlers())
        self.run(self._members(), ports.load, target, wrap)

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

    def _members(self) -> dict[str, Any]:
        return {
            "sensors": self.sensors,
            "navigation": self.navigation,
            "craters": self.craters,
            "guidance": self.guidance,
            "touchdown": self.touchdown,
            "control": self.control,
        }

    def _handlers(self) -> dict[str, Callable[..., str | None]]:
        """Who carries out the commands that are a lander's own."""
        return {
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
        }

    def _safe_landed(self, now_ns: int) -> str | None:
        return self.guidance.shutdown(now_ns) or self.control.inhibit_engines(now_ns, mask=3)

    def _enable_thruster(self, now_ns: int, thruster: int, enabled: int) -> str | None:
        if why := self.control.enable_thruster(now_ns, thruster, enabled):
            return why
        excluded = " ".join(map(str, self.control.excluded_thrusters)) or "none"
        self.events.emit("THRUSTERS_EXCLUDED", now_ns, excluded=excluded)
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
