"""The lander's flight core, for boards: `native/core/src/craft_lander.c` is its other end."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar
from zlib import crc32

import numpy as np

from hil.bench import flight
from hil.bench.flight_core import FlightCore, Member, Order, Source, bits_of
from hil.plant.lander import OUTPUTS
from onboard.core._core import ffi, lib
from onboard.messages import EngineCommand, ThrusterCommand
from onboard.navigation.navigation import STREAMS
from onboard.ports import OutputPort
from onboard.products import ElevationGrid, LandingMap
from onboard.vehicles.lander import ROWS, LanderPorts


class LanderCore(FlightCore):
    """Of one lander."""

    number = lib.OB_VEHICLE_LANDER
    members: ClassVar = {name: Member(*member) for name, member in flight.MEMBERS.items()}
    instruments = OUTPUTS
    rows = ROWS
    output_rows = (ThrusterCommand, EngineCommand, EngineCommand)
    sources: ClassVar = {
        "navigation": Source(lib.OB_LANDER_NAVIGATION, "ob_navigation", "state"),
        "guidance": Source(lib.OB_LANDER_GUIDANCE_COMMAND, "ob_guidance_command"),
        "actuators": Source(lib.OB_LANDER_EFFECTORS, "ob_effectors", "command"),
        "thrust": Source(lib.OB_LANDER_THRUST, "ob_thrust_monitor"),
        "touchdown": Source(lib.OB_LANDER_TOUCHDOWN, "ob_touchdown"),
        "gates": Source(lib.OB_LANDER_GATES, "ob_gate[5]"),
    }
    imu_part = lib.OB_LANDER_IMU
    times = ("navigation", "guidance", "touchdown", "actuators", "thrust", "gates", "imu")
    even_if_refused = ("THRUSTER_ENABLE",)  # forgets what is carried over
    without_checkpoint = ("intake", "navigation")

    def __init__(self, vehicle: Any, setting: Any) -> None:
        super().__init__(vehicle, setting)
        self._words = vehicle.sensors.cameras[0].words  # counters of the camera's intake
        self._words_before = list(self._words)
        self._matches = vehicle.bus.topic("matches")
        self._matches_seen = self._matches.sequence
        self._waiting: Order | None = None  # matches that the board has and has not used

    @staticmethod
    def outputs(ports: LanderPorts) -> tuple[OutputPort, ...]:
        return (ports.thrusters, *ports.engines)

    @staticmethod
    def with_outputs(
        ports: LanderPorts, outputs: Sequence[OutputPort], inputs: Mapping[str, Any]
    ) -> LanderPorts:
        thrusters, a, b = outputs
        return replace(ports, inputs=inputs, engines=(a, b), thrusters=thrusters)

    # -- before the flight

    def settings(self) -> tuple[Any, bytes]:
        vehicle, told = self.vehicle, self.setting.knowledge
        s = ffi.new("ob_lander_settings *")
        s.fitted = sum(1 << number for number in self.intakes())
        for name in ("time_ns", "position_site_m", "velocity_site_m_s", "q_site_from_body"):
            setattr(s, name, getattr(told, name))
        s.prior.position_m = told.position_sigma_m
        s.prior.velocity_m_s = told.velocity_sigma_m_s
        s.prior.attitude_rad = told.attitude_sigma_rad
        for name in ("latitude_rad", "longitude_rad", "elevation_m", "azimuth_rad"):
            setattr(s, name, getattr(self.setting.map.site, name))
        heights = _grids(s, self.setting.map)
        s.filter = vehicle.navigation.filter.params
        s.camera = vehicle.navigation.state.camera[0]
        s.guidance, s.orbit_burn = (
            vehicle.guidance.state.params,
            vehicle.guidance.state.orbit.params,
        )
        s.touchdown, s.attitude = vehicle.touchdown.state.params, vehicle.control.state.params
        s.request, s.resuming = vehicle.guidance.request, vehicle.guidance.resuming
        s.guidance_mass_kg = vehicle.guidance.state.mass_kg
        s.control_mass_kg = vehicle.control.state.mass_kg
        return s, heights

    # -- a tick

    def noted(self, members: int) -> tuple[list[Order], list[Order]]:
        """Counters of the camera's intake, which enter the hash of the sensors, and matches."""
        before: list[Order] = []
        after: list[Order] = []
        words, was = list(self._words), self._words_before
        if words[:2] != was[:2]:
            before.append((lib.OB_ORDER_FRAMES, *words[:2], was[2]))
        if words[2] != was[2]:
            after.append((lib.OB_ORDER_FRAMES, *words))
        self._words_before = words
        if self._waiting and members & lib.OB_FLIGHT_NAVIGATION:
            before.append(self._waiting)
            self._waiting = None
        return before, after

    def written(self) -> tuple[int, bytes]:
        """Matches of this tick: they are used when navigation runs next."""
        if self._matches.sequence == self._matches_seen:
            return 0, b""
        self._matches_seen = self._matches.sequence
        matches = self._matches.value
        count = min(matches.count, lib.OB_FLIGHT_MATCHES)
        self._waiting = (lib.OB_ORDER_MATCHES, matches.time_ns, count)
        chosen = (matches.matched[matches.count * k // count] for k in range(count))
        octets = b"".join(bytes(ffi.buffer(ffi.addressof(m))) for m in chosen)
        return lib.OB_LANDER_MATCHES, octets

    def carried_over(self) -> list[Order]:
        return [
            (lib.OB_ORDER_GUIDANCE, self.vehicle.guidance.request),
            *super().carried_over(),
        ]

    # -- parts and orders

    def own_parts(self) -> Iterator[tuple[str, int, Any]]:
        vehicle = self.vehicle
        yield "frame_words", lib.OB_LANDER_FRAME_WORDS, ffi.cast("int64_t(*)[3]", self._words)
        yield "navigation", lib.OB_LANDER_NAVIGATION, vehicle.navigation.state
        yield "guidance", lib.OB_LANDER_GUIDANCE, vehicle.guidance.state
        yield "touchdown", lib.OB_LANDER_TOUCHDOWN, vehicle.touchdown.state
        yield "control", lib.OB_LANDER_CONTROL, vehicle.control.state
        yield "effectors", lib.OB_LANDER_EFFECTORS, vehicle.control.effectors

    def commands(self) -> Mapping[str, Callable[..., list[Order]]]:
        return {
            "DESCENT_START": self._guidance,
            "GUIDANCE_HOLD": self._guidance,
            "ENGINE_SHUTDOWN": self._guidance,
            "SAFING_LANDED": lambda: [*self._guidance(), *self._inhibit()],
            "ORBIT_BURN": lambda velocity_m_s: [(lib.OB_ORDER_ORBIT_BURN, bits_of(velocity_m_s))],
            "ORBIT_BURN_STOP": lambda: [(lib.OB_ORDER_ORBIT_BURN, 0)],
            "ENGINE_INHIBIT": self._inhibit,
            "THRUSTER_ENABLE": self._thruster,
            "IMU_SELECT": self._imu,
            "SENSOR_ENABLE": self._sensor,
            "NAV_RESET_GATE": lambda stream: [(lib.OB_ORDER_GATE, STREAMS.index(stream))],
        }

    def _guidance(self, **_: Any) -> list[Order]:
        return [(lib.OB_ORDER_GUIDANCE, self.vehicle.guidance.request)]

    def _inhibit(self, **_: Any) -> list[Order]:
        return [(lib.OB_ORDER_INHIBIT, self.vehicle.control.effectors.inhibited)]

    def _thruster(self, thruster: int, enabled: int) -> list[Order]:
        bit, excluded = 1 << thruster, self.vehicle.control.state.allocation.excluded
        return [(lib.OB_ORDER_EXCLUDE, excluded & ~bit if enabled else excluded | bit)]

    def _imu(self, instance: str) -> list[Order]:
        names = [intake.name for intake in self.vehicle.sensors.imu.intakes]
        return [(lib.OB_ORDER_IMU, names.index(instance))]

    def _sensor(self, name: str, enabled: int) -> list[Order]:
        return [
            (lib.OB_ORDER_INTAKE, number, enabled)
            for number, intake in self.intakes().items()
            if name in (intake.name, intake.name.split(".")[0])
            and not intake.name.startswith("imu")
        ]


def _grids(settings: Any, chart: LandingMap) -> bytes:
    offset = 0
    settings.grids = len(chart.grids)
    for out, grid in zip(settings.grid, chart.grids, strict=False):
        octets = _heights(grid)
        out.along0_m, out.cross0_m = grid.along0_m, grid.cross0_m
        out.spacing_m, out.sigma_m = grid.spacing_m, grid.sigma_m
        out.n_along, out.n_cross = grid.height_m.shape
        out.offset, out.crc = offset, crc32(octets)
        offset += len(octets)
    return map_heights(chart)


def map_heights(chart: LandingMap) -> bytes:
    """What a board's memory for maps holds: the heights of all grids, one behind the other."""
    return b"".join(map(_heights, chart.grids))


def _heights(grid: ElevationGrid) -> bytes:
    return np.ascontiguousarray(grid.height_m).tobytes()
