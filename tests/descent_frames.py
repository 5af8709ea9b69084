"""Rendered frames of a descent: ground, the map that a survey makes of it, camera straight down.

`write_case` puts a frame into the files that `onboard vision` takes:

    python tests/descent_frames.py FOLDER --altitude 100e3
"""

from __future__ import annotations

import argparse
import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from crater_simulation import quaternion, rotation

from hil.world.camera import Renderer
from hil.world.survey import CraterPlan, GridPlan, MapErrors, survey
from hil.world.terrain import MOON_RADIUS_M, Terrain
from onboard.core.camera import pinhole
from onboard.products import CraterCatalogue

Array = npt.NDArray[np.float64]
FIELD_RAD = np.radians(50.0)
SMALLEST_PX = 4.0  # radius of the least craters of the map, as seen straight down
# A strip of craters and named ones of the highlands north of it: 4 W is Archytas and Timaeus.
SITE_DEG = (60.5, -4.6)


@dataclass(frozen=True)
class View:
    """A picture and the truth behind it; the projection centre is the position."""

    image: npt.NDArray[np.uint8]
    position_mcmf_m: Array
    C_camera_from_mcmf: Array
    sun_mcmf: Array
    altitude_m: float  # over the sphere


def unit(latitude_deg: float, longitude_deg: float) -> Array:
    latitude, longitude = np.radians(latitude_deg), np.radians(longitude_deg)
    level = np.cos(latitude)
    return np.array([level * np.cos(longitude), level * np.sin(longitude), np.sin(latitude)])


class Ground:
    """Terrain about a site, and its map for frames from one altitude."""

    def __init__(
        self,
        altitude_m: float,
        *,
        seed: int = 11,
        size: int = 1024,
        errors: MapErrors | None = None,
    ) -> None:
        self.terrain = Terrain(seed)
        self.altitude_m = altitude_m
        self.camera = pinhole(
            width=size,
            height=size,
            field_of_view_rad=FIELD_RAD,
            q_body_from_camera=(1.0, 0.0, 0.0, 0.0),
        )
        self.pixel_m = altitude_m / self.camera.focal_px
        reach = 1.1 * altitude_m
        plan = survey(
            self.terrain,
            np.radians(SITE_DEG[0]),
            np.radians(SITE_DEG[1]),
            0.0,
            (GridPlan((-2e3, 2e3), 2e3, 200.0, 1.0),),
            (CraterPlan((-reach, reach), reach, 2.0 * SMALLEST_PX * self.pixel_m),),
        )
        self.corridor = plan.corridor
        self.true = plan.craters
        self.map: CraterCatalogue = plan.map(seed, errors).craters
        self.renderer = Renderer(self.terrain, self.camera)

    def view(
        self,
        rng: np.random.Generator,
        *,
        tilt_deg: float = 10.0,
        sun_deg: float = 25.0,
        spread: float = 0.5,
    ) -> View:
        """From over a place within `spread` altitudes of the site, tilted by up to `tilt_deg`."""
        up = self.corridor.unit(*(self.altitude_m * rng.uniform(-spread, spread, 2)))
        ground = float(self.terrain.height_m(up, 100.0))
        altitude = ground + self.altitude_m
        position = (MOON_RADIUS_M + altitude) * up
        C = level_camera(up, rng.uniform(0.0, 2.0 * np.pi))
        way = rng.uniform(0.0, 2.0 * np.pi)
        lean = np.radians(rng.uniform(0.0, tilt_deg))
        C = rotation(lean * np.array([np.cos(way), np.sin(way), 0.0])) @ C
        sun = sun_over(up, np.radians(sun_deg), rng.uniform(0.0, 2.0 * np.pi))
        image = self.renderer.render(
            position,
            quaternion(C.T),
            sun,
            2e-4 / np.sin(np.radians(sun_deg)),
            int(rng.integers(99)),
        )
        return View(image, position, C, sun, altitude)


def level_camera(up: Array, heading: float) -> Array:
    """C_camera_from_mcmf, straight down."""
    east = np.cross([0.0, 0.0, 1.0], up)
    east /= np.linalg.norm(east)
    north = np.cross(up, east)
    right = np.cos(heading) * east + np.sin(heading) * north
    return np.stack([right, np.cross(-up, right), -up])


def sun_over(up: Array, elevation_rad: float, azimuth_rad: float) -> Array:
    east = np.cross([0.0, 0.0, 1.0], up)
    east /= np.linalg.norm(east)
    level = np.sin(azimuth_rad) * east + np.cos(azimuth_rad) * np.cross(up, east)
    result: Array = np.cos(elevation_rad) * level + np.sin(elevation_rad) * up
    return result


def degrees_of(vector: Array) -> tuple[float, float]:
    """Latitude, longitude."""
    x, y, z = vector / np.linalg.norm(vector)
    return float(np.degrees(np.arcsin(z))), float(np.degrees(np.arctan2(y, x)))


def write_catalogue(craters: CraterCatalogue, path: Path) -> None:
    """With the names of the gazetteer where there is one."""
    named = list(csv.DictReader(gazetteer().read_text("utf-8").splitlines()))
    places = np.array([unit(float(r["latitude_deg"]), float(r["longitude_deg"])) for r in named])
    with path.open("w", newline="", encoding="utf-8") as file:
        out = csv.writer(file)
        out.writerow(["latitude_deg", "longitude_deg", "diameter_km", "name"])
        for position, diameter_m in zip(craters.position_mcmf_m, craters.diameter_m, strict=True):
            off = np.linalg.norm(places - position / np.linalg.norm(position), axis=1)
            k = int(off.argmin())
            ratio = 1e3 * float(named[k]["diameter_km"]) / diameter_m
            same = off[k] * MOON_RADIUS_M < 0.25 * diameter_m and 0.7 < ratio < 1.4
            latitude, longitude = degrees_of(position)
            name = named[k]["name"] if same else ""
            out.writerow([f"{latitude:.6f}", f"{longitude:.6f}", f"{diameter_m / 1e3:.5f}", name])


def gazetteer() -> Path:
    import hil.world

    return Path(hil.world.__file__).parent / "data/iau_features.csv"


def prior_text(
    ground: Ground,
    view: View,
    rng: np.random.Generator,
    *,
    attitude_deg: float,
    position_sigma_m: tuple[float, float] | None = None,
) -> str:
    """A prior file whose errors are drawn from its sigmas."""
    turned = rotation(np.radians(attitude_deg) * rng.standard_normal(3)) @ view.C_camera_from_mcmf
    q = ", ".join(f"{x:.9f}" for x in quaternion(turned))
    sun_latitude, sun_longitude = degrees_of(view.sun_mcmf)
    lines = [
        "[camera]",
        f"focal_px = {ground.camera.focal_px:.6f}",
        "",
        "[attitude]",
        f"q_camera_from_mcmf = [{q}]",
        f"sigma_deg = {attitude_deg}",
        "",
        "[sun]",
        f"latitude_deg = {sun_latitude:.4f}",
        f"longitude_deg = {sun_longitude:.4f}",
        "",
    ]
    if position_sigma_m is None:
        lines += ["[altitude]", f"range_m = [{0.8 * view.altitude_m}, {1.25 * view.altitude_m}]"]
    else:
        lines += position_lines(view, rng, position_sigma_m)
    lines += ["", "[catalogue]", f"sigma_m = {0.5 * ground.pixel_m:.2f}", "radius_sigma = 0.05"]
    return "\n".join(lines) + "\n"


def position_lines(view: View, rng: np.random.Generator, sigma_m: tuple[float, float]) -> list[str]:
    off = rng.standard_normal(3) * [sigma_m[0], sigma_m[0], sigma_m[1]]
    up = view.position_mcmf_m / np.linalg.norm(view.position_mcmf_m)
    level = level_camera(up, 0.0)
    believed = view.position_mcmf_m + off @ level
    latitude, longitude = degrees_of(believed)
    return [
        "[position]",
        f"latitude_deg = {latitude:.7f}",
        f"longitude_deg = {longitude:.7f}",
        f"altitude_m = {np.linalg.norm(believed) - MOON_RADIUS_M:.2f}",
        f"sigma_m = [{sigma_m[0]}, {sigma_m[1]}]",
    ]


def write_case(folder: Path, ground: Ground, view: View, prior: str) -> None:
    """frame.png, craters.csv, prior.toml."""
    from PIL import Image

    folder.mkdir(parents=True, exist_ok=True)
    Image.fromarray(view.image).save(folder / "frame.png")
    write_catalogue(ground.map, folder / "craters.csv")
    (folder / "prior.toml").write_text(prior)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--altitude", type=float, default=100e3)
    parser.add_argument("--attitude-deg", type=float, default=1.0)
    parser.add_argument("--position-sigma", type=float, nargs=2)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--size", type=int, default=1024)
    options = parser.parse_args()
    rng = np.random.default_rng(options.seed)
    ground = Ground(options.altitude, size=options.size)
    view = ground.view(rng)
    sigma = tuple(options.position_sigma) if options.position_sigma else None
    text = prior_text(ground, view, rng, attitude_deg=options.attitude_deg, position_sigma_m=sigma)
    write_case(options.folder, ground, view, text)
    latitude, longitude = degrees_of(view.position_mcmf_m)
    print(f"truth: {latitude:.5f}, {longitude:.5f} deg, {view.altitude_m:.0f} m")


if __name__ == "__main__":
    main()
