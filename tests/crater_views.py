"""Views of the Moon's craters from orbit, for the identification of craters: an implementation in
NumPy that shares nothing with the library.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt

from onboard.core.vision.craters import ELLIPSE, CraterView

Floats = npt.NDArray[np.float64]
Rows = npt.NDArray[np.int64]

MOON_M = 1737400.0
CATALOGUE = Path(__file__).parents[2] / "shared/data/craters_head_povilaitis"
SIZE_PX = 1024
FOCAL_PX = 512.0 / np.tan(np.radians(30.0))
ALTITUDE_M = (100e3, 500e3)
TILT_MAX_DEG = 20.0
ATTITUDE_MAX_DEG = 5.0
RADIUS_MIN_PX = 5.0
GRAZING_COSINE = 0.17  # craters seen from lower are not detected


@dataclass(frozen=True)
class Craters:
    longitude_deg: Floats
    latitude_deg: Floats
    radius_m: Floats

    @cached_property
    def normal(self) -> Floats:
        longitude, latitude = np.radians(self.longitude_deg), np.radians(self.latitude_deg)
        equator = np.cos(latitude)
        return np.column_stack(
            [equator * np.cos(longitude), equator * np.sin(longitude), np.sin(latitude)]
        )


def head_povilaitis() -> Craters:
    """24,520 craters of 5 km and more (20 km and more towards the poles)."""
    rows = []
    with (CATALOGUE / "HeadCraters.csv").open() as file:
        rows += [(r["Lon"], r["Lat"], r["Diam_km"]) for r in csv.DictReader(file)]
    with (CATALOGUE / "LROCCraters.csv").open() as file:
        rows += [(r["Long"], r["Lat"], r["Diameter (km)"]) for r in csv.DictReader(file)]
    table = np.array(rows, np.float64)
    return Craters(table[:, 0], table[:, 1], 500.0 * table[:, 2])


def scattered(count: int, seed: int) -> Craters:
    """A catalogue by the law of sizes, number above a radius as its power -2, from 2.5 km on."""
    random = np.random.default_rng(seed)
    latitude = np.degrees(np.arcsin(random.uniform(-1.0, 1.0, count)))
    radius = 2500.0 / np.sqrt(random.uniform(1e-3, 1.0, count))
    return Craters(random.uniform(-180.0, 180.0, count), latitude, radius)


@dataclass(frozen=True)
class Scene:
    view: CraterView  # with the attitude as it is known
    ellipses: npt.NDArray[np.void]
    rows: Rows  # catalogue row of each, -1: spurious
    visible: int
    position_m: Floats
    C_camera_from_mcmf: Floats
    noise_px: float
    altitude_m: float


def rotation(vector: Floats) -> Floats:
    """Rodrigues' formula: the turn of the components of vectors by `vector`, rad."""
    angle = float(np.linalg.norm(vector))
    if angle == 0.0:
        return np.eye(3)
    x, y, z = vector / angle
    skew = np.array([[0.0, -z, y], [z, 0.0, -x], [-y, x, 0.0]])
    return np.eye(3) + np.sin(angle) * skew + (1.0 - np.cos(angle)) * skew @ skew


def quaternion(matrix: Floats) -> tuple[float, float, float, float]:
    """Scalar first: the eigenvector of Bar-Itzhack's matrix (2000)."""
    m = matrix
    K = np.array(
        [
            [m[0, 0] + m[1, 1] + m[2, 2], m[2, 1] - m[1, 2], m[0, 2] - m[2, 0], m[1, 0] - m[0, 1]],
            [m[2, 1] - m[1, 2], m[0, 0] - m[1, 1] - m[2, 2], m[0, 1] + m[1, 0], m[0, 2] + m[2, 0]],
            [m[0, 2] - m[2, 0], m[0, 1] + m[1, 0], m[1, 1] - m[0, 0] - m[2, 2], m[1, 2] + m[2, 1]],
            [m[1, 0] - m[0, 1], m[0, 2] + m[2, 0], m[1, 2] + m[2, 1], m[2, 2] - m[0, 0] - m[1, 1]],
        ]
    )
    w, x, y, z = np.linalg.eigh(K)[1][:, -1]
    return float(w), float(x), float(y), float(z)


def unit(random: np.random.Generator) -> Floats:
    vector = random.normal(size=3)
    return np.asarray(vector / np.linalg.norm(vector))


def pose(
    random: np.random.Generator, altitude_m: float, tilt_deg: float = TILT_MAX_DEG
) -> tuple[Floats, Floats]:
    """Position anywhere and attitude: down, tilted by up to `tilt_deg`, any roll."""
    up = unit(random)
    z = -up
    x = np.cross(z, unit(random))
    x /= np.linalg.norm(x)
    down = np.stack([x, np.cross(z, x), z])
    tilt, way = np.radians(random.uniform(0.0, tilt_deg)), random.uniform(0.0, 2.0 * np.pi)
    turn = rotation(tilt * np.array([np.cos(way), np.sin(way), 0.0]))
    return up * (MOON_M + altitude_m), turn @ down


def apparent(craters: Craters, position_m: Floats, C: Floats) -> tuple[Rows, Floats]:
    """Rows of the craters in the image, and column, row and radius of their ellipses."""
    rows = about(craters, position_m, C)
    rim = rims(craters, rows, position_m, C)
    front = rim[:, 2, 2] > np.hypot(rim[:, 2, 0], rim[:, 2, 1])
    rows, uvr = rows[front], image(rim[front])
    inside = ((uvr[:, :2] >= 0.0) & (uvr[:, :2] < SIZE_PX)).all(axis=1)
    seen = inside & (uvr[:, 2] >= RADIUS_MIN_PX)
    return rows[seen], uvr[seen]


def rims(craters: Craters, rows: Rows, position_m: Floats, C: Floats) -> Floats:
    """(n, 3, 3): times (cos, sin, 1) the points of each rim, camera axes."""
    n = craters.normal[rows]
    east = np.column_stack([-n[:, 1], n[:, 0], np.zeros(len(n))])
    east /= np.linalg.norm(east, axis=1)[:, None]
    radius = craters.radius_m[rows][:, None]
    axes = (radius * east, radius * np.cross(n, east), n * MOON_M - position_m)
    return np.stack([axis @ C.T for axis in axes], axis=2)


def image(rim: Floats) -> Floats:
    """(n, 3) column, row and radius."""
    uvr = ellipse(np.diag([FOCAL_PX, FOCAL_PX, 1.0]) @ rim)
    return np.asarray(uvr + np.array([0.5 * SIZE_PX, 0.5 * SIZE_PX, 0.0]))


def about(craters: Craters, position_m: Floats, C: Floats) -> Rows:
    """Rows of the craters that face the camera and may show in the image: a generous cut in place
    and size, the sharp test is that of the ellipse.
    """
    height = craters.normal @ position_m - MOON_M
    distance2 = position_m @ position_m - MOON_M * (MOON_M + 2.0 * height)
    facing = (height > 0.0) & (height**2 > GRAZING_COSINE**2 * distance2)
    rows = np.flatnonzero(facing)
    x, y, z = C @ (craters.normal[rows] * MOON_M - position_m).T
    radius = craters.radius_m[rows]
    reach = z + 2.0 * radius
    ahead = (z > 0.5 * np.sqrt(distance2[rows])) & (np.abs(x) < reach) & (np.abs(y) < reach)
    # An area is seen as f^2 cos(incidence) (distance / z)^3 / distance^2 of itself.
    large = 2.0 * FOCAL_PX * radius > RADIUS_MIN_PX * (z - radius)
    return rows[ahead & large]


def ellipse(homography: Floats) -> Floats:
    """(n, 3) centre and root of area over pi of the images of the unit circle by homographies
    (n, 3, 3): the conic H^-T diag(1, 1, -1) H^-1 (Hartley and Zisserman 2004, 2.2).
    """
    back = np.linalg.inv(homography)
    conic = np.swapaxes(back, 1, 2) @ (np.array([[1.0], [1.0], [-1.0]]) * back)
    a, b, c = conic[:, 0, 0], conic[:, 0, 1], conic[:, 1, 1]
    d, e = conic[:, 0, 2], conic[:, 1, 2]
    det = a * c - b * b
    centre = np.column_stack([b * e - c * d, b * d - a * e]) / det[:, None]
    level = conic[:, 2, 2] + d * centre[:, 0] + e * centre[:, 1]
    return np.column_stack([centre, np.sqrt(np.abs(level) / np.sqrt(det))])


def scene(
    craters: Craters,
    seed: int,
    *,
    noise_px: float | None = None,
    missing: float | None = None,
    spurious: float | None = None,
    attitude_deg: float = ATTITUDE_MAX_DEG,
    altitude_m: tuple[float, float] = ALTITUDE_M,
    visible_min: int = 0,
    tilt_deg: float = TILT_MAX_DEG,
) -> Scene:
    """One view by its seed. Noise, share missing and spurious (of those visible) are drawn, to
    6 px, 0.5 and 0.5, unless given. Views with fewer than `visible_min` craters are drawn again.
    """
    random = np.random.default_rng(seed)
    while True:
        altitude = random.uniform(*altitude_m)
        position, C = pose(random, altitude, tilt_deg)
        rows, uvr = apparent(craters, position, C)
        if len(rows) >= visible_min:
            break
    noise = random.uniform(0.1, 6.0) if noise_px is None else noise_px
    lost = random.uniform(0.0, 0.5) if missing is None else missing
    false = random.uniform(0.0, 0.5) if spurious is None else spurious
    known = random.uniform(size=len(rows)) >= lost
    count = random.poisson(false * len(rows))
    clutter = np.column_stack(
        [
            random.uniform(0.0, SIZE_PX, (count, 2)),
            random.choice(uvr[:, 2], count) if count else np.zeros(0),
        ]
    )
    names = np.concatenate([rows[known], np.full(count, -1)])
    measured = np.concatenate([uvr[known], clutter])
    measured[:, :2] += random.normal(0.0, noise, (len(measured), 2))
    measured[:, 2] += random.normal(0.0, noise / np.sqrt(2.0), len(measured))
    good = (measured[:, 2] > 1.5) & ((measured[:, :2] > 0.0) & (measured[:, :2] < SIZE_PX)).all(1)
    shuffle = random.permutation(np.flatnonzero(good))
    ellipses = np.zeros(len(shuffle), ELLIPSE)
    ellipses["pixel"], ellipses["radius_px"] = measured[shuffle, :2], measured[shuffle, 2]
    ellipses["sigma_px"], ellipses["radius_sigma_px"] = noise, noise / np.sqrt(2.0)
    error = unit(random) * np.radians(random.uniform(0.0, attitude_deg))
    view = CraterView(
        focal_px=FOCAL_PX,
        center_px=(0.5 * SIZE_PX, 0.5 * SIZE_PX),
        size_px=(SIZE_PX, SIZE_PX),
        q_camera_from_mcmf=quaternion(rotation(error) @ C),
        attitude_sigma_rad=max(np.radians(attitude_deg) / 3.0, 1e-4),
        altitude_m=altitude_m,
    )
    return Scene(
        view, ellipses, names[shuffle], len(rows), position, C, float(noise), float(altitude)
    )


def quaternion_matrix(q: Floats) -> Floats:
    w, x, y, z = q
    return np.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)],
            [2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)],
            [2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)],
        ]
    )


def pose_error(scene: Scene, position_m: Floats, q_camera_from_mcmf: Floats) -> Floats:
    """Turn (camera axes, rad) and position, m, from the estimate to the truth."""
    D = scene.C_camera_from_mcmf @ quaternion_matrix(q_camera_from_mcmf).T
    turn = 0.5 * np.array([D[2, 1] - D[1, 2], D[0, 2] - D[2, 0], D[1, 0] - D[0, 1]])
    return np.concatenate([turn, scene.position_m - position_m])
