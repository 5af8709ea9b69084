"""The whole chain over the emulated Moon: rendered frames, surveyed map, crater navigation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from crater_simulation import quaternion, rotation

from hil.world.camera import Renderer
from hil.world.survey import CraterPlan, GridPlan, survey
from hil.world.terrain import Terrain
from onboard.bus import Bus
from onboard.core._core import ffi, lib
from onboard.core.camera import pinhole
from onboard.messages import FrameHeader
from onboard.navigation.craters import CraterMatches, CraterNavigation, CraterParameters

Array = npt.NDArray[np.float64]
BORESIGHT_RAD = np.radians(65.0)  # from -z towards +x of the body
EXPOSED_NS = 50_000_000


def camera() -> Any:
    """`camera.a` of the slim lander: up in the image is along flight while braking."""
    s, c = np.sin(BORESIGHT_RAD), np.cos(BORESIGHT_RAD)
    C_body_from_camera = np.array([[0.0, c, s], [1.0, 0.0, 0.0], [0.0, s, -c]])
    return pinhole(
        width=512,
        height=512,
        field_of_view_rad=np.radians(50.0),
        q_body_from_camera=quaternion(C_body_from_camera),
        position_body_m=(0.4, 0.0, -0.3),
    )


class Port:
    name = "camera.a"

    def write(self, message: Any) -> None:
        pass


@dataclass(frozen=True)
class Attempt:
    """One frame: what was published, and the error of the fix in site axes (m)."""

    matches: CraterMatches
    error_site_m: Array
    wrong: int  # matches further than a radius, or 3 px, from where the map crater is seen


class Descent:
    """Terrain, map and camera over the last 60 km of the approach to Mare Frigoris."""

    def __init__(self, seed: int = 11) -> None:
        self.terrain = Terrain(seed)
        plan = survey(
            self.terrain,
            np.radians(60.5),
            np.radians(-4.6),
            0.0,
            (GridPlan((-2e3, 2e3), 2e3, 200.0, 1.0),),
            (CraterPlan((-100e3, 40e3), 20e3, 100.0), CraterPlan((-30e3, 8e3), 8e3, 40.0)),
        )
        self.map = plan.map(seed)
        self.corridor = plan.corridor
        self.camera = camera()
        self.renderer = Renderer(self.terrain, self.camera)
        self.site = ffi.new("ob_site *")
        s = self.map.site
        lib.ob_site_init(self.site, s.latitude_rad, s.longitude_rad, s.elevation_m)
        self.C_site_from_mcmf = np.array(list(self.site.C_site_from_mcmf)).reshape(3, 3)

    def sun(self, unit: Array, elevation_rad: float, azimuth_rad: float) -> Array:
        """Unit vector to a Sun at that elevation and azimuth, as seen at `unit`."""
        east = np.cross([0.0, 0.0, 1.0], unit)
        east /= np.linalg.norm(east)
        north = np.cross(unit, east)
        level = np.cos(elevation_rad)
        towards: Array = level * (np.sin(azimuth_rad) * east + np.cos(azimuth_rad) * north)
        return towards + np.sin(elevation_rad) * unit

    def attempt(
        self,
        rng: np.random.Generator,
        altitude_m: float,
        *,
        along_m: tuple[float, float] = (-50e3, -5e3),
        elevation_deg: float = 12.0,
        sigma_m: tuple[float, float] = (500.0, 150.0),
        sigma_attitude_rad: float = 3e-4,
        parameters: CraterParameters | None = None,
    ) -> Attempt:
        """A frame at a random place, braking with the thrust up to 30 deg above the horizontal."""
        unit = self.corridor.unit(rng.uniform(*along_m), rng.uniform(-1e3, 1e3))
        ground = float(self.terrain.height_m(unit, 100.0))
        position = (1_737_400.0 + ground + altitude_m) * unit
        body = self.braking_attitude(unit, rng.uniform(0.0, 0.5), rng.uniform(-0.1, 0.1))
        sun = self.sun(unit, np.radians(elevation_deg), np.radians(rng.uniform(80, 130)))
        image = self.picture(position, body, sun, elevation_deg, int(rng.integers(1 << 30)))
        error = np.array([*(sigma_m[0] * rng.standard_normal(2)), sigma_m[1] * rng.normal()])
        turned = body @ rotation(sigma_attitude_rad * rng.standard_normal(3))
        matches = self.navigate(position, error, turned, sun, image, sigma_m, parameters)
        return Attempt(matches, self.fix_error(error), self.count_wrong(matches, position, body))

    def braking_attitude(self, unit: Array, pitch: float, roll: float) -> Array:
        """C_mcmf_from_body: thrust against the flight, raised by `pitch`; belly down."""
        ahead = self.corridor.unit(1.0, 0.0) - self.corridor.unit(0.0, 0.0)
        ahead -= (ahead @ unit) * unit
        ahead /= np.linalg.norm(ahead)
        z = -np.cos(pitch) * ahead + np.sin(pitch) * unit
        x = -np.sin(pitch) * ahead - np.cos(pitch) * unit
        C = np.column_stack([x, np.cross(z, x), z])
        attitude: Array = C @ rotation(np.array([0.0, 0.0, roll]))
        return attitude

    def picture(
        self, position: Array, body: Array, sun: Array, elevation_deg: float, seed: int
    ) -> npt.NDArray[np.uint8]:
        q, lever = ffi.new("double[4]"), ffi.new("double[3]")
        lib.ob_q_mul(q, quaternion(body).tolist(), self.camera.q_body_from_camera)
        lever = body @ list(self.camera.position_body_m)
        exposure_s = 2e-4 / np.sin(np.radians(elevation_deg))
        return self.renderer.render(position + lever, list(q), sun, exposure_s, seed)

    def navigate(
        self,
        position: Array,
        error_site: Array,
        body: Array,
        sun: Array,
        image: npt.NDArray[np.uint8],
        sigma_m: tuple[float, float],
        parameters: CraterParameters | None,
    ) -> CraterMatches:
        bus = Bus()
        self.component = CraterNavigation(
            bus,
            self.map.craters,
            self.map.site,
            self.camera,
            (float(sun[0]), float(sun[1]), float(sun[2])),
            parameters or CraterParameters(),
            Port(),
        )
        here = ffi.new("double[3]")
        lib.ob_site_from_mcmf(self.site, position.tolist(), here)
        velocity = np.array([0.0, 1000.0, -30.0])
        believed = np.array(list(here)) + error_site
        state = ffi.new(
            "ob_nav_state *",
            {
                "time_ns": 0,
                "position_site_m": (believed - 1e-9 * EXPOSED_NS * velocity).tolist(),
                "velocity_site_m_s": velocity.tolist(),
                "q_site_from_body": quaternion(self.C_site_from_mcmf @ body).tolist(),
                "position_sigma_m": (sigma_m[0], sigma_m[0], sigma_m[1]),
                "altitude_m": 9_000.0,
                "valid": 1,
            },
        )
        bus.topic("navigation").publish(state, 0)
        self.component.step(0)
        header = FrameHeader(EXPOSED_NS, 0, 512, 512, 1e-3)
        bus.topic("frame").publish((header, image.tobytes()), EXPOSED_NS)
        state.time_ns = 10**10  # the state goes on; the one at exposure is remembered
        self.component.step(10**8)
        published: CraterMatches = bus.topic("matches").value
        return published

    def fix_error(self, error_site: Array) -> Array:
        offset = list(self.component._vision.fix.position_offset_mcmf_m)
        left: Array = self.C_site_from_mcmf @ offset + error_site
        return left

    def count_wrong(self, matches: CraterMatches, position: Array, body: Array) -> int:
        wrong = 0
        lever = body @ list(self.camera.position_body_m)
        pixel, seen = ffi.new("double[2]"), ffi.new("double[3]")
        for k in range(matches.count):
            m = matches.matched[k]
            relative = body.T @ (np.array(list(m.position_mcmf_m)) - position - lever)
            lib.ob_q_rotate_back(seen, self.camera.q_body_from_camera, relative.tolist())
            lib.ob_camera_project(self.camera, seen, pixel)
            radius = matches.matched_circles[k, 2]
            off = np.hypot(pixel[0] - m.pixel[0], pixel[1] - m.pixel[1])
            wrong += bool(off > max(3.0, radius))
        return wrong
