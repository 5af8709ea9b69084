"""A drive on the bench: the rover's setting and ports, what is written down, what it comes to.

A kind of vehicle (`hil.bench.kind`).
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from hil.bench import drive_log, drive_report
from hil.bench.components import Component, ComponentError
from hil.bench.components import load as load_components
from hil.bench.load import LoadPort
from hil.bench.recording import McapSink, Recording
from hil.bench.replay import Replay, ReplayMemory, ReplayRadio
from hil.bench.result import DriveResult as Result
from hil.bench.rover_core import RoverCore as Core
from hil.bench.setting import InputError, check_trace, ground
from hil.plant.preset import PresetError
from hil.plant.rover import OUTPUTS, RoverPlant, RoverStart
from hil.plant.rover_preset import RoverDispersions, RoverPreset, load_rover_preset
from hil.scenario import RoverScenario
from hil.world.terrain import Terrain, unit_from_degrees
from onboard.core._core import lib
from onboard.dictionary import Dictionary, DictionaryError
from onboard.dictionary import load as load_dictionary
from onboard.navigation.odometry import Start
from onboard.products import LandingSite
from onboard.vehicles.rover import COMPONENTS, ROWS, Rover, RoverPorts

__all__ = [
    "Account",
    "Core",
    "Result",
    "hardware",
    "in_batches",
    "prepare",
    "recorded_hardware",
    "shown",
]

DICTIONARIES = {"micro": "rover"}
"""Preset of the plant -> dictionary of the vehicle."""

AFTER_DRIVE_S = 5.0  # the run goes on for so long after the path is done
SLIP_ROWS = 10  # of the log, over which slip is the mean: a second
J_PER_WH = 3600.0


@dataclass(frozen=True)
class Setting:
    """Everything that a drive is built from."""

    scenario: RoverScenario
    seed: int
    preset: RoverPreset
    dispersions: RoverDispersions
    terrain: Terrain
    site: LandingSite
    dictionary: Dictionary
    start: RoverStart
    components: dict[str, Component]  # in place of the vehicle's own

    input_names = OUTPUTS

    def fingerprints(self) -> dict[str, str]:
        """What a replay needs to be the same, apart from the code: digests by name."""
        preset = hashlib.sha256(self.preset.model_dump_json().encode())
        return {"dictionary": f"{self.dictionary.crc:08x}", "preset": preset.hexdigest()}

    def plant(self) -> RoverPlant:
        """The emulated rover at its start."""
        return RoverPlant(
            self.preset, self.terrain, self.seed, self.dispersions, self.start, site=self.site
        )


def prepare(
    scenario: RoverScenario, seed: int, sources: Mapping[str, str] | None = None
) -> Setting:
    """Build ground and start. The ground is kept from run to run.

    `sources` has the texts of the scenario's components by member, where their files may be gone.
    Raises InputError for a file (preset, dictionary, elevation, craters, component) that cannot be
    used.
    """
    try:
        components = load_components(scenario.components, COMPONENTS, scenario.origin, sources)
        preset = load_rover_preset(scenario.vehicle)
        dictionary = load_dictionary(scenario.dictionary or DICTIONARIES[scenario.vehicle])
    except (PresetError, DictionaryError, ComponentError) as error:
        raise InputError(str(error)) from None
    check_trace(scenario, dictionary)
    terrain = ground(scenario.world.ground())
    at = scenario.initial
    return Setting(
        scenario=scenario,
        seed=seed,
        preset=preset,
        dispersions=preset.dispersions if scenario.dispersion is None else scenario.dispersion,
        terrain=terrain,
        site=_site(scenario, terrain),
        dictionary=dictionary,
        start=RoverStart(at.east_m, at.north_m, math.radians(at.heading_deg), at.charge),
        components=components,
    )


def _site(scenario: RoverScenario, terrain: Terrain) -> LandingSite:
    """The origin of the site's axes, on the ground."""
    latitude, longitude = scenario.site.latitude_deg, scenario.site.longitude_deg
    height_m = float(terrain.height_m(unit_from_degrees(latitude, longitude)))
    return LandingSite(math.radians(latitude), math.radians(longitude), height_m, 0.0)


# --- ports --------------------------------------------------------------------------------------


def hardware(ports: dict[str, Any], load: LoadPort | None) -> RoverPorts:
    """The ports of the emulated rover as the flight computer's hardware."""
    return RoverPorts(
        inputs={n: p for n, p in ports.items() if n.split(".")[0] in ROWS},
        wheels=ports["wheels"],
        radio=ports["radio"],
        memory=ports["memory"],
        load=load,
    )


def recorded_hardware(replay: Replay, setting: Setting) -> RoverPorts:
    """The ports of a recording as the hardware."""
    return RoverPorts(
        inputs={name: replay.input(name) for name in setting.input_names},
        wheels=replay.output("wheels"),
        radio=ReplayRadio(replay),
        memory=ReplayMemory(replay),
        load=replay.input("load") if setting.scenario.load else None,
    )


def vehicle(setting: Setting, ports: RoverPorts, **options: Any) -> Rover:
    """The rover of a setting around some ports; it is told where it stands."""
    east_m, north_m, heading_rad, _ = setting.start
    return Rover(ports, setting.dictionary, Start(east_m, north_m, heading_rad), **options)


def in_batches(*_: Any) -> None:
    """A rover is driven tick by tick."""
    return None


# --- what it comes to ---------------------------------------------------------------------------


class Account:
    """What is written down of one drive, and what it comes to."""

    def __init__(
        self, setting: Setting, plant: RoverPlant, rover: Rover, sink: McapSink | None
    ) -> None:
        self.setting, self.plant, self._rover = setting, plant, rover
        self.log = drive_log.DriveLog(sink)
        self._odometry = rover.bus.topic("odometry")
        self._drive, self._wheels = rover.bus.topic("drive"), rover.bus.topic("wheels")
        self._done_ns: int | None = None

    def look(self, tick: int, now_ns: int, silent_s: float) -> bool:
        """Write the log; True when the drive is over: a path done, or a rover that is lost."""
        drive = self._drive.value
        self.log.note(
            tick,
            self.plant.truth,
            self._odometry.value,
            drive,
            self._wheels.value,
            self._rover.counters.restarts,
            silent_s,
        )
        done = drive is not None and drive.phase == lib.OB_DRIVE_DONE
        self._done_ns = (self._done_ns or now_ns) if done else None
        waited = self._done_ns is not None and now_ns - self._done_ns >= AFTER_DRIVE_S * 1e9
        last_command_s = max((c.time_s for c in self.setting.scenario.command), default=0.0)
        return bool(self.plant.events or (waited and now_ns > last_command_s * 1e9))

    def result(self, **common: Any) -> Result:
        """Figures of the drive beside those that any run has."""
        truth, log, start = self.plant.truth, self.log.table(), self.setting.start
        counts, wheels = self._rover.events.counts, self._rover.wheels.state.wheel
        result = Result(
            arrived=self._drive.value is not None and self._drive.value.phase == lib.OB_DRIVE_DONE,
            stranded=bool(self.plant.events),
            waypoints=counts["WAYPOINT_REACHED"] + counts["DRIVE_DONE"],
            distance_m=truth.distance_m,
            closure_error_m=math.dist(truth.position_site_m[0:2], (start.east_m, start.north_m)),
            energy_wh=truth.delivered_j / J_PER_WH,
            charge_left=truth.charge,
            trips=sum(wheel.trip_count for wheel in wheels),
            stalls=sum(
                e.name == "WHEEL_TRIPPED" and "tripped: stall" in e.text
                for e in self._rover.events.since(0)
            ),
            **common,
        )
        if len(log):
            _figures_of_log(result, log)
        self._figures_of_odometry(result, truth)
        return result

    def _figures_of_odometry(self, result: Result, truth: Any) -> None:
        believed = self._odometry.value
        if believed is None:
            return
        result.navigation_error_m = math.dist(
            believed.position_site_m[0:2], truth.position_site_m[0:2]
        )
        apart = math.remainder(believed.heading_rad - truth.heading_rad, 2.0 * math.pi)
        result.heading_error_deg = math.degrees(abs(apart))


def _figures_of_log(result: Result, log: Any) -> None:
    result.largest_tilt_deg = math.degrees(float(log["true_tilt_rad"].max()))
    result.mean_slope_deg = math.degrees(float(log["slope_rad"].mean()))
    driven = log[log["phase"] == lib.OB_DRIVE_LEG]
    if len(driven) >= SLIP_ROWS:
        over = np.ones(SLIP_ROWS) / SLIP_ROWS
        slips = [np.convolve(driven[f"slip_{w}"], over, "valid") for w in drive_log.WHEELS]
        result.largest_slip = float(np.max(slips))


def shown(recording: Recording, setting: Setting) -> dict[str, Any]:
    """What the report shows of a recorded drive beside what it shows of any run."""
    log = drive_log.rows(recording)
    ground_m = drive_report.relief(setting.terrain, setting.site, log)
    return {"log": log, "ground_m": ground_m, "charts": drive_report.CHARTS}
