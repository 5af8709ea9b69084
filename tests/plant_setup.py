"""What the tests of the plant share: a smooth ground, a site, a lander set down anywhere."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from hil.plant._plant import ffi, lib
from hil.plant.lander import InitialState, LanderPlant
from hil.plant.preset import Dispersions, LanderPreset, load_preset
from hil.world.terrain import BaseElevation, Craters, Terrain
from onboard.products import LandingSite

TICK_S = 0.01
MOON_RADIUS_M = 1_737_400.0
MOON_RATE_RAD_S = 2.6616995e-6
SITE = LandingSite(math.radians(60.5), math.radians(-4.6), 0.0, math.radians(20.0))
NOMINAL = Dispersions()
PERFECT = Dispersions(sensor_constant=0.0, sensor_noise=0.0)
SLIM: LanderPreset = load_preset("slim")


class SmoothGround(Terrain):
    """The sphere of 1,737,400 m, without any relief."""

    def __init__(self) -> None:
        base = BaseElevation(np.zeros((4, 8), np.int16), 1.0)
        super().__init__(0, base, Craters(np.zeros(0), np.zeros(0), np.zeros(0)))
        for octave in self.handle.population.octave:
            for k in range(len(octave.cdf)):
                octave.cdf[k] = 1.0  # no crater in any cell
        for k in range(len(self.handle.roughness.amplitude_m)):
            self.handle.roughness.amplitude_m[k] = 0.0


def up_mcmf(site: LandingSite = SITE) -> np.ndarray[Any, Any]:
    lat, lon = site.latitude_rad, site.longitude_rad
    return np.array([math.cos(lat) * math.cos(lon), math.cos(lat) * math.sin(lon), math.sin(lat)])


def rotate(q: Any, v: Any) -> np.ndarray[Any, Any]:
    """v_a = q_a_from_b v_b q*, from the textbook matrix."""
    w, x, y, z = q
    matrix = [
        [1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)],
        [2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)],
        [2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)],
    ]
    result: np.ndarray[Any, Any] = np.array(matrix) @ np.asarray(v)
    return result


def upright(site: LandingSite = SITE, tilt_rad: float = 0.0) -> tuple[float, ...]:
    """q_mci_from_body at time 0 of a vehicle with z up, then tilted about its own x axis."""
    up = up_mcmf(site)
    axis = np.cross([0.0, 0.0, 1.0], up)
    axis /= np.linalg.norm(axis)
    angle = math.acos(up[2])
    stand = np.array([math.cos(angle / 2), *(math.sin(angle / 2) * axis)])
    w, x, y, z = stand
    c, s = math.cos(tilt_rad / 2), math.sin(tilt_rad / 2)
    return (w * c - x * s, x * c + w * s, y * c + z * s, z * c - y * s)


def above(
    height_m: float,
    *,
    down_m_s: float = 0.0,
    tilt_rad: float = 0.0,
    sideways_m_s: float = 0.0,
    site: LandingSite = SITE,
) -> InitialState:
    """Over the site; at rest over the ground but for `down_m_s` and `sideways_m_s` (east)."""
    up = up_mcmf(site)
    position = (MOON_RADIUS_M + site.elevation_m + height_m) * up
    moon = np.array([0.0, 0.0, MOON_RATE_RAD_S])
    east = np.cross(moon, up) / np.linalg.norm(np.cross(moon, up))
    velocity = np.cross(moon, position) - down_m_s * up + sideways_m_s * east
    q = upright(site, tilt_rad)
    conjugate = (q[0], -q[1], -q[2], -q[3])
    return InitialState(0, tuple(position), tuple(velocity), q, tuple(rotate(conjugate, moon)))


def lander(
    terrain: Any,
    initial: InitialState,
    *,
    seed: int = 1,
    dispersions: Dispersions = PERFECT,
    preset: LanderPreset = SLIM,
    **options: Any,
) -> LanderPlant:
    return LanderPlant(preset, terrain, seed, dispersions, initial, site=SITE, **options)


def run(plant: LanderPlant, seconds: float) -> None:
    for _ in range(round(seconds / TICK_S)):
        plant.step()


__all__ = [
    "NOMINAL",
    "PERFECT",
    "SITE",
    "SLIM",
    "TICK_S",
    "SmoothGround",
    "above",
    "ffi",
    "lander",
    "lib",
    "rotate",
    "run",
    "up_mcmf",
    "upright",
]
