"""What a scenario and a seed amount to for a lander: ground, map, plant, and what it is told.

`ground` and `cautions` are for any vehicle; `hil.bench.driving` has the rover's setting.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from hil.bench.components import Component, ComponentError
from hil.bench.components import load as load_components
from hil.bench.trace import mistakes
from hil.instruments.ports import CameraPose
from hil.plant.lander import OUTPUTS, LanderPlant, descent_orbit, flight_start
from hil.plant.lander import InitialState as PlantState
from hil.plant.preset import Dispersions, LanderPreset, PresetError, load_preset
from hil.plant.random_stream import RandomStream
from hil.scenario import LanderScenario, Scenario, Site, World
from hil.world.camera import Renderer
from hil.world.ephemeris import elevation_deg, sun_direction_mcmf
from hil.world.products import ProductError, read_craters, read_elevation
from hil.world.survey import Survey, around_target, choose_target, site_plan, survey
from hil.world.terrain import Terrain, unit_from_degrees
from onboard.core._core import ffi, lib
from onboard.core.camera import pinhole
from onboard.dictionary import Dictionary, DictionaryError
from onboard.dictionary import load as load_dictionary
from onboard.navigation.navigation import InitialState
from onboard.products import LandingMap, LandingSite
from onboard.vehicles.lander import COMPONENTS, Resume

FOOTPRINT_M = 30.0  # three sigma of where a lander that sees the map comes down
# preset of the plant -> dictionary of the vehicle
VEHICLES = {"slim": "lander", "resilience": "resilience"}


class InputError(Exception):
    """What the user gave is wrong; the message names file, field, value and what is allowed."""


@dataclass(frozen=True)
class Setting:
    """Everything that a landing is built from."""

    scenario: LanderScenario
    seed: int
    preset: LanderPreset
    dispersions: Dispersions
    terrain: Terrain
    map: LandingMap
    dictionary: Dictionary
    start: PlantState  # nominal
    knowledge: InitialState
    sun_direction_mcmf: tuple[float, float, float]
    components: dict[str, Component]  # in place of the vehicle's own

    @property
    def input_names(self) -> tuple[str, ...]:
        """Input ports of the vehicle, fitted or not used: what its flight computer is wired to."""
        imus = [i.name for i in self.preset.imu]
        return (*imus, *(n for n in OUTPUTS if n.split(".")[0] not in ("imu", "camera")))

    @property
    def resume(self) -> Resume | None:
        """Where the vehicle's computer goes on, if the run begins in flight."""
        flight = self.scenario.initial.flight
        return None if flight is None else Resume(flight.phase, flight.propellant_kg)

    def fingerprints(self) -> dict[str, str]:
        """What a replay needs to be the same, apart from the code: digests by name."""
        digest = hashlib.sha256()
        for grid in self.map.grids:
            digest.update(grid.height_m.tobytes())
        digest.update(self.map.craters.position_mcmf_m.tobytes())
        preset = hashlib.sha256(self.preset.model_dump_json().encode())
        return {
            "dictionary": f"{self.dictionary.crc:08x}",
            "preset": preset.hexdigest(),
            "map": digest.hexdigest(),
        }

    def plant(self) -> LanderPlant:
        """The emulated vehicle at its start."""
        renderer = Renderer(self.terrain, _camera(self.preset))
        mount = self.preset.camera

        def render(pose: CameraPose) -> bytes:
            position, q = _camera_pose(pose, mount.position_body_m, mount.q_body_from_camera)
            noise = RandomStream(self.seed, f"{mount.name} {pose.time_ns}").bits()
            sun, exposure_s = self.sun_direction_mcmf, pose.exposure_s
            return renderer.render(position, q, sun, exposure_s, noise).tobytes()

        return LanderPlant(
            self.preset,
            self.terrain,
            self.seed,
            self.dispersions,
            self.start,
            site=self.map.site,
            render=render,
        )


def _camera(preset: LanderPreset) -> Any:
    spec = preset.camera
    return pinhole(
        width=spec.width,
        height=spec.height,
        field_of_view_rad=spec.field_of_view_rad,
        q_body_from_camera=spec.q_body_from_camera,
        position_body_m=spec.position_body_m,
    )


def _camera_pose(
    pose: CameraPose, position_body_m: Any, q_body_from_camera: Any
) -> tuple[list[float], list[float]]:
    """Projection centre and attitude of a camera on a body, in mcmf."""
    arm, q = ffi.new("double[3]"), ffi.new("double[4]")
    lib.ob_q_rotate(arm, pose.q_mcmf_from_body, position_body_m)
    lib.ob_q_mul(q, pose.q_mcmf_from_body, q_body_from_camera)
    return [p + a for p, a in zip(pose.position_mcmf_m, arm, strict=True)], list(q)


def knowledge(scenario: LanderScenario, site: LandingSite, start: PlantState) -> InitialState:
    """The nominal start in the frame of the site, with the errors that navigation is told."""
    at = ffi.new("ob_site *")
    lib.ob_site_init(at, site.latitude_rad, site.longitude_rad, site.elevation_m)
    q = ffi.new("double[4]")
    lib.ob_q_site_from_mci(at, start.time_ns, q)
    position, velocity, attitude = ffi.new("double[3]"), ffi.new("double[3]"), ffi.new("double[4]")
    moving = _over_ground(start)
    lib.ob_q_rotate(velocity, q, moving)
    lib.ob_q_mul(attitude, q, start.q_mci_from_body)
    fixed, q_mcmf = ffi.new("double[3]"), ffi.new("double[4]")
    lib.ob_q_mcmf_from_mci(q_mcmf, start.time_ns)
    lib.ob_q_rotate(fixed, q_mcmf, start.position_mci_m)
    lib.ob_site_from_mcmf(at, fixed, position)
    told = scenario.knowledge
    return InitialState(
        time_ns=start.time_ns,
        position_site_m=tuple(position),
        velocity_site_m_s=tuple(velocity),
        q_site_from_body=tuple(attitude),
        position_sigma_m=(told.position_m,) * 3,
        velocity_sigma_m_s=(told.velocity_m_s,) * 3,
        attitude_sigma_rad=(told.attitude_rad,) * 3,
    )


def _over_ground(start: PlantState) -> list[float]:
    """Velocity relative to the turning Moon, mci axes."""
    x, y, _ = start.position_mci_m
    vx, vy, vz = start.velocity_mci_m_s
    rate = lib.OB_MOON_RATE_RAD_S
    return [vx + rate * y, vy - rate * x, vz]


@lru_cache(maxsize=2)
def ground(world: World) -> Terrain:
    """The ground, over the user's own elevation and craters where the scenario names them."""
    try:
        elevation = world.elevation and read_elevation(world.elevation, world.elevation_unit_m)
        craters = world.craters and read_craters(world.craters)
    except ProductError as error:
        raise InputError(str(error)) from None
    return Terrain(world.seed, elevation or None, craters or None)


@lru_cache(maxsize=2)
def _survey(world: World, site: Site) -> Survey:
    """The survey around the target, which is first chosen if the scenario says so."""
    terrain, seed = ground(world), world.seed
    latitude_rad, longitude_rad = math.radians(site.latitude_deg), math.radians(site.longitude_deg)
    azimuth_rad = math.radians(site.approach_azimuth_deg)
    if site.search_radius_m > 0.0:
        grid = site_plan(site.search_radius_m, FOOTPRINT_M)
        search = survey(terrain, latitude_rad, longitude_rad, azimuth_rad, (grid,), ())
        chosen = choose_target(search.map(seed), site.search_radius_m, FOOTPRINT_M)
        latitude_rad, longitude_rad = chosen.latitude_rad, chosen.longitude_rad
    return survey(terrain, latitude_rad, longitude_rad, azimuth_rad)


def cautions(scenario: Scenario) -> list[str]:
    """What a scenario may have got wrong and still can be flown: a line each."""
    site = scenario.site
    target = unit_from_degrees(site.latitude_deg, site.longitude_deg)
    sun_deg = elevation_deg(sun_direction_mcmf(scenario.epoch_utc), target)
    if sun_deg > 0.0 or not isinstance(scenario, LanderScenario):
        return []
    return [
        f"epoch_utc = {scenario.epoch_utc:%Y-%m-%dT%H:%M:%SZ}: the Sun is {-sun_deg:.1f} deg below "
        f"the horizon of the target; the camera sees no craters"
    ]


def _fitted(preset: LanderPreset, imus: int) -> LanderPreset:
    """The preset with as many IMUs, each like the first."""
    named = [preset.imu[0].model_copy(update={"name": name}) for name in ("imu.a", "imu.b")]
    return preset.model_copy(update={"imu": tuple(named[:imus])})


def _start(scenario: LanderScenario, site: LandingSite) -> PlantState:
    """The nominal start of the plant: on a descent orbit, or in flight."""
    at, flight = scenario.initial, scenario.initial.flight
    if flight is None:
        return descent_orbit(
            site,
            range_m=at.perilune_range_m,
            perilune_m=at.perilune_altitude_m,
            apolune_m=at.apolune_altitude_m,
            lead_s=at.lead_s,
        )
    forward, left, up = (getattr(flight, f"velocity_{d}_m_s") for d in ("along", "cross", "up"))
    x, y, z = (math.radians(rate) for rate in flight.rate_deg_s)
    return flight_start(
        site,
        along_m=flight.along_m,
        cross_m=flight.cross_m,
        height_m=flight.height_m,
        velocity_m_s=(forward, left, up),
        tilt_rad=math.radians(flight.tilt_deg),
        rate_body_rad_s=(x, y, z),
        propellant_kg=flight.propellant_kg,
        throttle=flight.throttle,
    )


def check_trace(scenario: Scenario, dictionary: Dictionary) -> None:
    """Raise InputError for a trace that the vehicle's table cannot go."""
    for mistake in (scenario.trace and mistakes(scenario.trace, dictionary)) or ():
        raise InputError(f"{scenario.origin}: {mistake}")


def prepare(
    scenario: LanderScenario, seed: int, sources: Mapping[str, str] | None = None
) -> Setting:
    """Build ground, map and knowledge. Ground and survey are kept from run to run.

    `sources` has the texts of the scenario's components by member, where their files may be gone.
    Raises InputError for a file (preset, dictionary, elevation, craters, component) that cannot be
    used.
    """
    try:
        components = load_components(scenario.components, COMPONENTS, scenario.origin, sources)
        preset = _fitted(load_preset(scenario.vehicle), scenario.imus)
        dictionary = load_dictionary(scenario.dictionary or VEHICLES[scenario.vehicle])
    except (PresetError, DictionaryError, ComponentError) as error:
        raise InputError(str(error)) from None
    check_trace(scenario, dictionary)
    survey_seed, reach = scenario.world.survey_seed, scenario.world.map_reach_samples
    world = scenario.world.ground()
    chart = _survey(world, scenario.site).map(seed if survey_seed is None else survey_seed)
    chart = chart if reach is None else around_target(chart, reach)
    start = _start(scenario, chart.site)
    return Setting(
        scenario=scenario,
        seed=seed,
        preset=preset,
        dispersions=preset.dispersions if scenario.dispersion is None else scenario.dispersion,
        terrain=ground(world),
        map=chart,
        dictionary=dictionary,
        start=start,
        knowledge=knowledge(scenario, chart.site, start),
        sun_direction_mcmf=sun_direction_mcmf(scenario.epoch_utc),
        components=components,
    )
