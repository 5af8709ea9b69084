"""Frames for `crater_reliability.py`: detections without images, by the thousand.

A place is drawn once and used for several frames, each with errors of its own. Apparent radii are
those of `crater_match.h`; `test_crater_projection.py` holds that formula against outlines.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
from crater_simulation import RADIUS_M, Lens, axes_at, looking, quaternion, rotation

Array = npt.NDArray[np.float64]
Indices = npt.NDArray[np.int64]
Draw = np.random.Generator

RADIUS_PX = (3.0, 60.0)  # apparent, of detections and of the map craters that are used
SIGMA_RADIUS = 0.08  # of a detected radius, of itself
MAP_SIGMA_SHARE = 0.024  # of a map crater's diameter: hil/world/survey.py
GRAZING_COSINE = 0.17


@dataclass(frozen=True)
class Place:
    """A camera over ground full of craters; positions in mcmf."""

    lens: Lens
    altitude_m: float
    site: Array  # rows: east, north, up
    eye_m: Array
    C_mcmf_from_camera: Array
    crater_m: Array  # (n, 3)
    diameter_m: Array

    def seen(self, crater_m: Array, diameter_m: Array) -> Array:
        """(n, 3): column, row, apparent radius; NaN where it is not in the image or too small."""
        offset = crater_m - self.eye_m
        c = offset @ self.C_mcmf_from_camera
        normal = crater_m / np.linalg.norm(crater_m, axis=1, keepdims=True)
        height = -(normal * offset).sum(axis=1)
        with np.errstate(invalid="ignore", divide="ignore"):
            pixel = self.lens.project(c)
            radius = 0.5 * diameter_m * self.lens.focal_px * np.sqrt(height / c[:, 2] ** 3)
        good = (c[:, 2] > 0.1 * height) & (height > GRAZING_COSINE * np.linalg.norm(offset, axis=1))
        good &= ((pixel > -0.5) & (pixel < self.lens.size - 0.5)).all(axis=1)
        good &= (radius >= RADIUS_PX[0]) & (radius <= RADIUS_PX[1])
        return np.where(good[:, None], np.column_stack([pixel, radius]), np.nan)


@dataclass
class Frame:
    """What the matcher is given, and the truth. `origin`: map entry of a detection, -1 for none."""

    place: Place
    prior_m: Array
    prior_sigma_m: tuple[float, float]
    q_mcmf_from_camera: Array
    map_m: Array
    map_diameter_m: Array
    map_sigma_m: Array
    detections: Array  # (n, 3): column, row, radius
    sigma_px: float
    origin: Indices
    fixable: bool = True  # False: there is nothing that a fix could be right about
    attitude_sigma_rad: float = field(default=3e-4)


def draw_place(draw: Draw, grid: bool = False) -> Place:
    """12 to 150 craters in view or so, 3 to 15 km up, camera 45 deg to straight down."""
    lens = Lens()
    altitude = float(draw.uniform(3e3, 15e3))
    site = axes_at(draw.uniform(-1.2, 1.2), draw.uniform(-3.0, 3.0))
    down = np.radians(draw.uniform(45.0, 90.0))
    C = looking(down, draw.uniform(0, 2 * np.pi), site)
    smallest = 2.0 * RADIUS_PX[0] * altitude / lens.focal_px
    reach = 2.2 * altitude
    if grid:
        step = draw.uniform(25.0, 60.0) * altitude / lens.focal_px
        line = np.arange(-reach, reach, step)
        level = np.stack(np.meshgrid(line, line), axis=-1).reshape(-1, 2)
        diameter = np.full(len(level), draw.uniform(1.2, 3.0) * smallest)
    else:
        share = draw.uniform(0.03, 0.25)  # of the equilibrium density
        density = share * 0.08 / smallest**2
        count = draw.poisson(density * (2 * reach) ** 2)
        level = draw.uniform(-reach, reach, (count, 2))
        diameter = np.minimum(smallest * draw.random(count) ** -0.5, 3000.0)
    ground = level @ site[:2] + RADIUS_M * site[2]
    relief = draw.normal(0.0, 60.0, (len(level), 1))
    crater = ground / np.linalg.norm(ground, axis=1, keepdims=True) * (RADIUS_M + relief)
    return Place(lens, altitude, site, (RADIUS_M + altitude) * site[2], C, crater, diameter)


def draw_frame(
    draw: Draw,
    place: Place,
    *,
    detected: tuple[float, float] = (0.2, 0.9),
    clutter: tuple[int, int] = (0, 150),
    prior_sigmas: float | None = None,
    turned_rad: float = 0.0,
) -> Frame:
    """`prior_sigmas`: the prior is off horizontally by so many sigma, in place of one drawn."""
    sigma_px = float(draw.uniform(0.2, 0.6))
    map_m, map_diameter, listed = draw_map(draw, place)
    true = place.seen(place.crater_m, place.diameter_m)
    there = np.flatnonzero(np.isfinite(true[:, 0]))
    there = there[draw.random(len(there)) < draw.uniform(*detected)]
    found = true[there]
    found[:, :2] += sigma_px * draw.standard_normal((len(found), 2))
    found[:, 2] *= np.exp(SIGMA_RADIUS * draw.standard_normal(len(found)))
    count = int(draw.integers(clutter[0], clutter[1] + 1))
    noise = draw_clutter(draw, place.lens, count)
    sigma = (float(draw.uniform(30.0, 500.0)), float(draw.uniform(20.0, 200.0)))
    error = np.array([*(sigma[0] * draw.standard_normal(2)), sigma[1] * draw.standard_normal()])
    if prior_sigmas is not None:
        way = draw.uniform(0.0, 2.0 * np.pi)
        error[:2] = prior_sigmas * sigma[0] * np.array([np.cos(way), np.sin(way)])
    turn = 3e-4 * draw.standard_normal(3)
    if turned_rad:
        axis = draw.standard_normal(3)
        turn = turned_rad * axis / np.linalg.norm(axis)
    order = draw.permutation(len(found) + count)[:512]
    return Frame(
        place=place,
        prior_m=place.eye_m + error @ place.site,
        prior_sigma_m=sigma,
        q_mcmf_from_camera=quaternion(place.C_mcmf_from_camera @ rotation(turn)),
        map_m=map_m,
        map_diameter_m=map_diameter,
        map_sigma_m=MAP_SIGMA_SHARE * map_diameter,
        detections=np.concatenate([found, noise])[order],
        sigma_px=sigma_px,
        origin=np.concatenate([listed[there], np.full(count, -1)])[order],
    )


def draw_map(draw: Draw, place: Place) -> tuple[Array, Array, Indices]:
    """Positions, diameters, and the entry of each true crater (-1: missing). Some are false."""
    kept = np.flatnonzero(draw.random(len(place.crater_m)) > draw.uniform(0.05, 0.3))
    false = draw.choice(kept, len(kept) // 20, replace=False) if len(kept) else kept
    rows = np.concatenate([kept, false])
    sigma = MAP_SIGMA_SHARE * place.diameter_m[rows, None]
    position = place.crater_m[rows] + sigma * draw.standard_normal((len(rows), 3))
    # Beside another by some kilometres: not a crater of this ground.
    position[len(kept) :] += draw.uniform(-5e3, 5e3, (len(false), 2)) @ place.site[:2]
    diameter = place.diameter_m[rows] * np.exp(0.026 * draw.standard_normal(len(rows)))
    entry = np.full(len(place.crater_m), -1)
    entry[kept] = np.arange(len(kept))
    return position, diameter, entry


def draw_clutter(draw: Draw, lens: Lens, count: int) -> Array:
    radius = np.minimum(RADIUS_PX[0] * (1.0 - draw.random(count)) ** -0.5, RADIUS_PX[1])
    return np.column_stack([draw.uniform(-0.5, lens.size - 0.5, (count, 2)), radius])


# --- Kinds ----------------------------------------------------------------------------------------


def usual(draw: Draw, place: Place) -> Frame:
    return draw_frame(draw, place)


def sparse(draw: Draw, place: Place) -> Frame:
    """Few craters of the map among many that are not on it."""
    return draw_frame(draw, place, detected=(0.03, 0.2), clutter=(50, 250))


def prior_off(draw: Draw, place: Place) -> Frame:
    return draw_frame(draw, place, prior_sigmas=float(draw.uniform(3.0, 10.0)))


def turned(draw: Draw, place: Place) -> Frame:
    """Attitude off by half a degree, said to be good to a minute."""
    return draw_frame(draw, place, turned_rad=np.radians(0.5))


def mirrored(draw: Draw, place: Place) -> Frame:
    """The map is mirrored east to west."""
    frame = draw_frame(draw, place)
    east = place.site[0]
    frame.map_m = frame.map_m - 2.0 * (frame.map_m @ east)[:, None] * east
    return nothing_right(frame)


def cluttered(draw: Draw, place: Place) -> Frame:
    """No detection is a crater."""
    return nothing_right(draw_frame(draw, place, detected=(0.0, 0.0), clutter=(20, 300)))


def half_blind(draw: Draw, place: Place) -> Frame:
    """Half of the image is saturated: no detections there, or only clutter at its edge."""
    frame = draw_frame(draw, place)
    way = draw.uniform(0.0, 2.0 * np.pi)
    across = np.array([np.cos(way), np.sin(way)])
    side = (frame.detections[:, :2] - place.lens.center_px) @ across
    keep = side > 0.0
    along = np.array([-across[1], across[0]])
    count = int(draw.integers(0, 30))
    edge = place.lens.center_px + draw.uniform(-250.0, 250.0, (count, 1)) * along
    edge += draw.normal(0.0, 2.0, (count, 2))
    edge = edge[((edge > 0.0) & (edge < place.lens.size - 1)).all(axis=1)]
    rim = np.column_stack([edge, draw.uniform(3.0, 12.0, len(edge))])
    frame.detections = np.concatenate([frame.detections[keep], rim])
    frame.origin = np.concatenate([frame.origin[keep], np.full(len(edge), -1)])
    return frame


def biased(draw: Draw, place: Place) -> Frame:
    """One or two detections of mapped craters are off by 2 to 15 px."""
    frame = draw_frame(draw, place, detected=(0.1, 0.9))
    real = np.flatnonzero(frame.origin >= 0)
    chosen = draw.permutation(real)[: int(draw.integers(1, 3))]
    way = draw.uniform(0.0, 2.0 * np.pi)
    off = draw.uniform(2.0, 15.0) * np.array([np.cos(way), np.sin(way)])
    frame.detections[chosen, :2] = np.clip(frame.detections[chosen, :2] + off, 0.0, 511.0)
    return frame


def nothing_right(frame: Frame) -> Frame:
    frame.origin = np.full(len(frame.origin), -1)
    frame.fixable = False
    return frame


GRID, TURNED = "craters in a square grid", "attitude off by 0.5 deg"
HOPELESS = ("map mirrored", "clutter only")  # nothing that a fix could be right about
KINDS: dict[str, tuple[Callable[[Draw, Place], Frame], float]] = {
    "usual": (usual, 0.50),
    "few of the map detected": (sparse, 0.10),
    "one or two biased": (biased, 0.08),
    "half the image saturated": (half_blind, 0.06),
    "prior off by 3 to 10 sigma": (prior_off, 0.06),
    GRID: (usual, 0.05),
    "map mirrored": (mirrored, 0.06),
    "clutter only": (cluttered, 0.04),
    TURNED: (turned, 0.05),
}
FRAMES_OF_A_PLACE = 24
