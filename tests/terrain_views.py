"""Rough ground, and a camera's view of it, by a renderer that shares nothing with the library.

The ground is a sum of band-limited noise and of craters; the camera casts four rays through
every pixel and bisects along each; light is half Lambert's, half Lommel-Seeliger's, with shadows
marched towards the Sun from every sample.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.ndimage import gaussian_filter, map_coordinates

from onboard.core.vision.terrain import Ground, PosePrior

Floats = npt.NDArray[np.float64]


def rough_heights(random: np.random.Generator, side: int, roughness: float = 1.0) -> Floats:
    """Heights in samples (side, side): slopes of some 0.1 on all scales, and fresh craters."""
    f = np.hypot(np.fft.fftfreq(side)[:, None], np.fft.rfftfreq(side))
    f[0, 0] = 1.0
    noise = random.normal(size=f.shape) + 1j * random.normal(size=f.shape)
    ground = np.fft.irfft2(noise * f**-1.9 * np.exp(-((f / 0.25) ** 2)), (side, side))
    slope = np.hypot(*np.gradient(ground)).std()
    ground *= 0.07 * roughness / slope
    y, x = np.mgrid[:side, :side]
    for _ in range(side // 6):
        radius = 3.0 * (side / 60.0) ** random.random() ** 2
        u, v = random.uniform(0, side, 2)
        r = np.hypot(x - u, y - v) / radius
        bowl = np.where(r < 1.0, 0.35 * (r**2 - 1.0), 0.0) * radius
        ground += roughness * (bowl + 0.07 * radius * np.exp(-((r - 1.0) ** 2) / 0.05))
    return ground


def brightness(heights: Floats, spacing_m: float, to_sun: Floats) -> Floats:
    """Of all samples; half Lambert, half Lommel-Seeliger seen from above."""
    slope_y, slope_x = np.gradient(heights, spacing_m)
    normal = np.stack([-slope_x, -slope_y, np.ones_like(heights)])
    normal /= np.sqrt((normal**2).sum(0))
    incidence = np.maximum(np.tensordot(to_sun, normal, 1), 0.0)
    lit = 0.5 * incidence + incidence / (incidence + normal[2] + 1e-9)
    return lit * ~shadowed(heights, spacing_m, to_sun)


def shadowed(heights: Floats, spacing_m: float, to_sun: Floats, steps: int = 150) -> Floats:
    """Where the ground rises above the ray to the Sun within so many samples."""
    flat = np.hypot(*to_sun[:2])
    y, x = np.mgrid[: heights.shape[0], : heights.shape[1]].astype(float)
    hidden = np.zeros(heights.shape, bool)
    reach = np.ptp(heights) / (spacing_m * to_sun[2] / flat)
    for step in range(1, int(min(steps, reach)) + 1):
        at = np.stack([y + step * to_sun[1] / flat, x + step * to_sun[0] / flat])
        ahead = map_coordinates(heights, at, order=1, mode="nearest")
        hidden |= ahead > heights + step * spacing_m * to_sun[2] / flat + 1e-6
    return hidden


def matrix_of(q: Floats) -> Floats:
    w, x, y, z = q
    return np.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)],
            [2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)],
            [2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)],
        ]
    )


def turned(q: Floats, turn: Floats) -> Floats:
    """The quaternion after a small turn of the camera about its own axes."""
    half = np.concatenate([[1.0], 0.5 * turn])
    a, b = half / np.linalg.norm(half), q
    return np.array(
        [
            a[0] * b[0] - a[1:] @ b[1:],
            *(a[0] * b[1:] + b[0] * a[1:] + np.cross(a[1:], b[1:])),
        ]
    )


@dataclass(frozen=True)
class TerrainView:
    ground: Ground
    image: npt.NDArray[np.uint8]
    truth: PosePrior
    to_sun: Floats


def photograph(
    heights: Floats, grey: Floats, spacing_m: float, camera: PosePrior, side_px: int
) -> Floats:
    """Light at each pixel: the mean of four rays, marched to the ground by bisection."""
    half = 0.25
    total = np.zeros((side_px, side_px))
    rotation = matrix_of(camera.q_camera_from_world)
    for dy, dx in ((-half, -half), (-half, half), (half, -half), (half, half)):
        v, u = np.mgrid[:side_px, :side_px].astype(float)
        rays = np.stack(
            [
                (u + dx - camera.center_px[0]) / camera.focal_px,
                (v + dy - camera.center_px[1]) / camera.focal_px,
                np.ones_like(u),
            ]
        )
        world = np.tensordot(rotation.T, rays, 1)
        near = (heights.max() + 1.0 - camera.position_m[2]) / world[2]
        far = (heights.min() - 1.0 - camera.position_m[2]) / world[2]
        for _ in range(24):
            middle = 0.5 * (near + far)
            at = (camera.position_m[:2, None, None] + middle * world[:2]) / spacing_m
            z = camera.position_m[2] + middle * world[2]
            above = z > map_coordinates(heights, at[::-1], order=1, mode="nearest")
            near, far = np.where(above, middle, near), np.where(above, far, middle)
        at = (camera.position_m[:2, None, None] + far * world[:2]) / spacing_m
        total += map_coordinates(grey, at[::-1], order=1, mode="nearest")
    return total / 4.0


def terrain_view(
    random: np.random.Generator,
    *,
    altitude_m: float,
    side_px: int = 256,
    sun_elevation_deg: float = 25.0,
    tilt_deg: float = 8.0,
    noise: float = 2.0,
    gain: float = 1.0,
    grid: int = 420,
) -> TerrainView:
    """A view from above the middle of a grid whose spacing is a pixel's, with grey noise."""
    focal = side_px / (2.0 * np.tan(np.radians(22.5)))
    spacing = altitude_m / focal
    heights = rough_heights(random, grid) * spacing
    azimuth, elevation = random.uniform(0, 2 * np.pi), np.radians(sun_elevation_deg)
    to_sun = np.array(
        [
            np.cos(elevation) * np.cos(azimuth),
            np.cos(elevation) * np.sin(azimuth),
            np.sin(elevation),
        ]
    )
    middle = 0.5 * (grid - 1) * spacing
    above = heights[grid // 2, grid // 2]
    roll = random.uniform(0, 2 * np.pi)
    down = np.array(
        [0.0, np.cos(roll / 2), np.sin(roll / 2), 0.0]
    )  # boresight down, turned about it
    tilt = np.radians(tilt_deg) * random.uniform(-1, 1, 2) / np.sqrt(2)
    q = turned(down, np.array([*tilt, 0.0]))
    boresight = matrix_of(q)[2]
    offset = altitude_m * boresight[:2] / -boresight[2]  # what it looks at is the grid's middle
    position = np.array([middle - offset[0], middle - offset[1], above + altitude_m])
    center = (0.5 * (side_px - 1), 0.5 * (side_px - 1))
    truth = PosePrior(focal, center, q, position, 1e-3, 1.0)
    light = photograph(heights, brightness(heights, spacing, to_sun), spacing, truth, side_px)
    seen = gaussian_filter(light, 0.5) * (90.0 * gain / light.mean())
    image = np.clip(np.round(seen + noise * random.normal(size=seen.shape)), 0, 255).astype(
        np.uint8
    )
    return TerrainView(Ground(0.0, 0.0, spacing, heights.astype(np.float32)), image, truth, to_sun)


def known_nearly(
    random: np.random.Generator,
    truth: PosePrior,
    position_sigma_m: float,
    attitude_sigma_rad: float,
) -> PosePrior:
    """The pose with errors drawn from the given standard deviations."""
    return PosePrior(
        truth.focal_px,
        truth.center_px,
        turned(truth.q_camera_from_world, attitude_sigma_rad * random.normal(size=3)),
        truth.position_m + position_sigma_m * random.normal(size=3),
        attitude_sigma_rad,
        position_sigma_m,
    )


def normalized_square(truth: PosePrior, q: Floats, position_m: Floats, covariance: Floats) -> float:
    """Error of a pose by its covariance: the mean is 6 where it tells the truth."""
    turn = matrix_of(truth.q_camera_from_world) @ matrix_of(q).T
    small = 0.5 * np.array(
        [turn[2, 1] - turn[1, 2], turn[0, 2] - turn[2, 0], turn[1, 0] - turn[0, 1]]
    )
    error = np.concatenate([small, truth.position_m - position_m])
    return float(error @ np.linalg.solve(covariance, error))
