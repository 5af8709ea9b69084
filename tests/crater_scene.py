"""A small cratered plain seen from above: what the crater detector is tested on.

It shares nothing with the renderer of `hil/world`: a square height grid is the image grid itself,
shaded by Lambert's law, with shadows found by marching towards the Sun. Lengths are in pixels.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Scene:
    image: npt.NDArray[np.uint8]
    craters: Array  # (n, 3): column, row, rim radius
    sun_image: tuple[float, float]


def bowl(distance: Array, depth: float, rim: float) -> Array:
    """Height of a crater at `distance` rim radii: paraboloid, rim, ejecta falling as r^-3."""
    inside = (depth + rim) * distance**2 - depth
    outside = rim * np.maximum(distance, 1.0) ** -3 * np.clip((2.5 - distance) / 1.5, 0.0, 1.0)
    return np.where(distance < 1.0, inside, outside)


def cratered_ground(
    size: int, craters: Array, depth_ratio: Array, roughness: float, rng: np.random.Generator
) -> Array:
    """Fractal roughness plus craters (column, row, radius) of the given depth over diameter."""
    frequency = np.hypot(np.fft.fftfreq(size)[:, None], np.fft.rfftfreq(size)[None, :])
    frequency[0, 0] = 1.0
    spectrum = frequency**-1.8 * np.exp(2j * np.pi * rng.random(frequency.shape))
    height = np.fft.irfft2(spectrum, s=(size, size))
    height *= roughness / height.std()
    for (column, row, radius), ratio in zip(craters, depth_ratio, strict=True):
        reach = int(np.ceil(2.5 * radius)) + 1
        x0, x1 = max(0, int(column) - reach), min(size, int(column) + reach + 1)
        y0, y1 = max(0, int(row) - reach), min(size, int(row) + reach + 1)
        y, x = np.mgrid[y0:y1, x0:x1]
        distance = np.hypot(x - column, y - row) / radius
        height[y0:y1, x0:x1] += bowl(distance, 0.8 * ratio * 2 * radius, 0.2 * ratio * 2 * radius)
    return height


def lit(height: Array, sun: Array) -> npt.NDArray[np.bool_]:
    """Which samples see the Sun, given as a unit vector (column, row, up)."""
    size = height.shape[0]
    horizontal = np.hypot(sun[0], sun[1])
    slope = sun[2] / horizontal
    reach = min(size, int((height.max() - height.min()) / slope) + 2)
    visible = np.ones(height.shape, dtype=bool)
    index = np.arange(size)
    for step in range(1, reach):
        x = np.clip(np.rint(index + step * sun[0] / horizontal).astype(int), 0, size - 1)
        y = np.clip(np.rint(index + step * sun[1] / horizontal).astype(int), 0, size - 1)
        visible &= height[np.ix_(y, x)] <= height + step * slope
    return visible


def render(
    height: Array, azimuth_rad: float, elevation_rad: float, noise: float, rng: np.random.Generator
) -> npt.NDArray[np.uint8]:
    """8-bit image; the Sun stands towards `azimuth_rad`, counted from +column to +row."""
    level = np.cos(elevation_rad)
    sun = np.array(
        [np.cos(azimuth_rad) * level, np.sin(azimuth_rad) * level, np.sin(elevation_rad)]
    )
    dy, dx = np.gradient(height)
    cosine = (sun[2] - dx * sun[0] - dy * sun[1]) / np.sqrt(1.0 + dx**2 + dy**2)
    light = np.where(lit(height, sun), np.clip(cosine, 0.0, None), 0.0)
    grey = 80.0 * light / sun[2] + 2.0 + noise * rng.standard_normal(height.shape)
    return np.clip(np.rint(grey), 0, 255).astype(np.uint8)


def scene(
    seed: int,
    *,
    size: int = 512,
    count: int = 120,
    elevation_deg: float = 12.0,
    radius: tuple[float, float] = (3.0, 40.0),
    noise: float = 1.5,
    depth: tuple[float, float] = (0.05, 0.2),
    roughness: float = 0.5,
) -> Scene:
    """A plain with up to `count` craters that do not touch; cumulative radii fall as r^-2."""
    rng = np.random.default_rng(seed)
    craters: list[tuple[float, float, float]] = []
    for _ in range(40 * count):
        r = (radius[0] ** -2 + rng.random() * (radius[1] ** -2 - radius[0] ** -2)) ** -0.5
        x, y = rng.uniform(1.7 * r + 2, size - 1.7 * r - 2, 2)
        if all(np.hypot(x - a, y - b) > 1.6 * (r + c) for a, b, c in craters):
            craters.append((x, y, r))
        if len(craters) == count:
            break
    placed = np.array(craters).reshape(-1, 3)
    azimuth = rng.uniform(0.0, 2 * np.pi)
    ground = cratered_ground(size, placed, rng.uniform(*depth, len(placed)), roughness, rng)
    image = render(ground, azimuth, np.radians(elevation_deg), noise, rng)
    return Scene(image, placed, (float(np.cos(azimuth)), float(np.sin(azimuth))))


def battered(
    seed: int,
    *,
    size: int = 1024,
    elevation_deg: float = 25.0,
    density: float = 2500 / 1024**2,
    radius: tuple[float, float] = (2.0, 90.0),
    roughness: float = 1.2,
    noise: float = 1.5,
) -> Scene:
    """Ground full of craters of every age, one over the other, the large ones first.

    `density` per px2, cumulative radii fall as r^-2, depth over diameter is 0.036 to 0.24.
    """
    rng = np.random.default_rng(seed)
    count = round(density * size**2)
    radii = (radius[0] ** -2 + rng.random(count) * (radius[1] ** -2 - radius[0] ** -2)) ** -0.5
    craters = np.column_stack([rng.uniform(0, size, (count, 2)), -np.sort(-radii)])
    depth = 0.24 * rng.uniform(0.15, 1.0, count)
    azimuth = rng.uniform(0.0, 2 * np.pi)
    ground = cratered_ground(size, craters, depth, roughness, rng)
    image = render(ground, azimuth, np.radians(elevation_deg), noise, rng)
    return Scene(image, craters, (float(np.cos(azimuth)), float(np.sin(azimuth))))
