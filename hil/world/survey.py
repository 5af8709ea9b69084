"""What an orbital survey of the emulated ground would give: the map that a lander carries.

`survey` measures the ground once along the approach; `Survey.map(seed)` adds the errors of one
mapping campaign. The map is never the truth: grids have survey resolution and noise, small craters
are missing, others are misplaced, mismeasured, or not there.

Crater errors are those that two independent surveys of the same craters show. Of 157,773 craters
that LU1319381 (Wu et al. 2022) shares with Robbins (2018), in bins from 1 to 10 km in diameter D:
  position difference per axis, robust sigma (1.4826 MAD): 24, 29, 37, 48, 77, 116 m at diameters
  about 1.1, 1.3, 1.7, 2.4, 3.9, 6.5 km: 0.022 D below 2 km, 0.018 D at 6.5 km; as medians of the
  distance, which count the wings as well, 0.029 D / 1.18 = 0.024 D below 2 km;
  logarithm of the diameter ratio, robust sigma: 0.027 at 1 km to 0.022 at 7 km.
Of a difference of two surveys each one has 1 / sqrt(2), but a lander's map also misses the truth by
what both have in common, so the whole difference is taken: POSITION_SHARE, DIAMETER_SHARE. Below
1 km, where the comparison ends, the same shares hold down to a floor of half a pixel of the survey
(of ten pixels across its smallest crater).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from hil.plant._plant import ffi, lib
from hil.world.terrain import FULL_DETAIL_M, MOON_RADIUS_M, Terrain, unit_from_degrees
from onboard.core._core import ffi as core_ffi
from onboard.core._core import lib as core
from onboard.products import CraterCatalogue, ElevationGrid, LandingMap, LandingSite

POSITION_SHARE = 0.024  # one sigma per axis, of the diameter
DIAMETER_SHARE = 0.026  # one sigma, of the diameter
POSITION_FLOOR_M = 1.0
LISTED_DEPTH = 0.03  # depth over diameter below which no survey lists a crater
CLEAR_DEPTH = 0.06  # above which it misses one only by chance
MISSED = 0.05  # share of clear craters that a survey misses
SPURIOUS = 0.02  # entries that are no craters, over true entries

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class GridPlan:
    """One elevation grid of the survey, in corridor coordinates."""

    along_m: tuple[float, float]
    cross_half_width_m: float
    spacing_m: float
    noise_m: float  # one sigma of a height's own error, white


@dataclass(frozen=True)
class CraterPlan:
    """Where the survey lists craters, and down to which diameter."""

    along_m: tuple[float, float]
    cross_half_width_m: float
    diameter_min_m: float


GRIDS = (
    GridPlan((-800e3, 30e3), 15e3, 250.0, 5.0),
    GridPlan((-60e3, 8e3), 10e3, 60.0, 3.0),
    GridPlan((-5e3, 2e3), 2e3, 10.0, 0.5),
)
# For choosing the target: what a stereo model of 0.5 m orbital images gives. 2 m posts and 0.15 m
# from post to post are the better ones of NAC DTMs (Henriksen et al. 2017, Icarus 283, 122).
SITE_SPACING_M = 2.0
SITE_NOISE_M = 0.15
CRATERS = (
    CraterPlan((-800e3, 30e3), 15e3, 100.0),
    CraterPlan((-30e3, 8e3), 8e3, 40.0),
)


@dataclass(frozen=True)
class MapErrors:
    """Errors that a whole map has in common, one sigma per axis."""

    registration_m: float = 5.0  # along and cross, of grids and craters alike
    height_m: float = 1.0


class Corridor:
    """Map coordinates about a target (`ob_corridor` of onboard/frame.h), for arrays."""

    def __init__(self, latitude_rad: float, longitude_rad: float, azimuth_rad: float) -> None:
        c = core_ffi.new("ob_corridor *")
        core.ob_corridor_init(c, latitude_rad, longitude_rad, azimuth_rad)
        self._axes = np.array(list(c.C_corridor_from_mcmf)).reshape(3, 3)

    def unit(self, along_m: Any, cross_m: Any) -> Array:
        """Directions (..., 3) in mcmf of corridor coordinates."""
        along, cross = np.divide(along_m, MOON_RADIUS_M), np.divide(cross_m, MOON_RADIUS_M)
        along, cross = np.broadcast_arrays(along, cross)
        level = np.cos(cross)
        local = np.stack([level * np.sin(along), np.sin(cross), level * np.cos(along)], axis=-1)
        return local @ self._axes

    def coordinates(self, unit_mcmf: Array) -> tuple[Array, Array]:
        """Along and cross (m) of directions (..., 3)."""
        local = unit_mcmf @ self._axes.T
        along = np.arctan2(local[..., 0], local[..., 2])
        return MOON_RADIUS_M * along, MOON_RADIUS_M * np.arcsin(local[..., 1])


@dataclass(frozen=True)
class _TrueGrid:
    plan: GridPlan
    height_m: Array
    unresolved_m: float  # root mean square of the ground about the interpolated grid


@dataclass(frozen=True)
class _TrueCraters:
    along_m: Array
    cross_m: Array
    diameter_m: Array  # of the rim crest
    depth_m: Array  # as it is now
    rim_height_m: Array  # of the rim plane over 1,737,400 m
    floor_m: Array  # of the position error: the survey's pixel


def _bilinear(height: Array, u: Array, v: Array) -> Array:
    i, j = u.astype(np.int64), v.astype(np.int64)
    p, q = u - i, v - j
    low = height[i, j] * (1.0 - p) + height[i + 1, j] * p
    high = height[i, j + 1] * (1.0 - p) + height[i + 1, j + 1] * p
    result: Array = low * (1.0 - q) + high * q
    return result


def _measure_grid(terrain: Terrain, corridor: Corridor, plan: GridPlan) -> _TrueGrid:
    s = plan.spacing_m
    along = np.arange(plan.along_m[0], plan.along_m[1] + 0.5 * s, s)
    cross = np.arange(-plan.cross_half_width_m, plan.cross_half_width_m + 0.5 * s, s)
    height = terrain.height_m(corridor.unit(along[:, None], cross[None, :]), s)
    probe = np.random.default_rng(0)
    u = probe.uniform(0.0, len(along) - 1.001, 2000)
    v = probe.uniform(0.0, len(cross) - 1.001, 2000)
    ground = terrain.height_m(corridor.unit(along[0] + u * s, cross[0] + v * s), FULL_DETAIL_M)
    residual = ground - _bilinear(height, u, v)
    return _TrueGrid(plan, height, float(np.sqrt(np.mean(residual**2))))


def _boxes(corridor: Corridor, plan: CraterPlan) -> list[Array]:
    """Outlines of pieces of the corridor, a few degrees long at most."""
    pieces = max(1, int(np.ceil((plan.along_m[1] - plan.along_m[0]) / 60e3)))
    edges = np.linspace(*plan.along_m, pieces + 1)
    cross = np.array([-1.0, 0.0, 1.0]) * plan.cross_half_width_m
    return [
        corridor.unit(np.repeat([a, 0.5 * (a + b), b], 3), np.tile(cross, 3))
        for a, b in pairwise(edges)
    ]


def _shapes(terrain: Terrain, craters: npt.NDArray[Any]) -> tuple[Array, Array, Array]:
    """Present depth, height of the crest over the ground before, and crest diameter (m)."""
    out = np.empty((len(craters), 3))
    lib.pl_crater_shapes(
        ffi.addressof(terrain.handle, "profiles"),
        ffi.from_buffer("pl_crater[]", craters),
        len(craters),
        ffi.from_buffer("pl_crater_shape[]", out),
    )
    return out[:, 0], out[:, 1], out[:, 2]


def _within(along: Array, cross: Array, plan: CraterPlan) -> npt.NDArray[np.bool_]:
    inside = (along >= plan.along_m[0]) & (along < plan.along_m[1])
    result: npt.NDArray[np.bool_] = inside & (np.abs(cross) <= plan.cross_half_width_m)
    return result


def _unlike(craters: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Each crater once, in the order of its direction's x, which no two share."""
    _, first = np.unique(craters["unit_mcmf"][:, 0], return_index=True)
    return craters[first]


def _candidates(terrain: Terrain, corridor: Corridor, plan: CraterPlan) -> npt.NDArray[Any]:
    found = [terrain.craters_within(box, plan.diameter_min_m) for box in _boxes(corridor, plan)]
    named = terrain.catalogue_craters()
    found.append(named[named["diameter_m"] >= plan.diameter_min_m])
    craters = _unlike(np.concatenate(found))  # pieces overlap by their margins
    along, cross = corridor.coordinates(craters["unit_mcmf"])
    return craters[_within(along, cross, plan)]


def _measure_craters(
    terrain: Terrain, corridor: Corridor, plans: tuple[CraterPlan, ...]
) -> _TrueCraters:
    parts = [_candidates(terrain, corridor, plan) for plan in plans]
    craters = _unlike(np.concatenate([terrain.catalogue_craters()[:0], *parts]))
    depth, crest, diameter = _shapes(terrain, craters)
    listed = depth > LISTED_DEPTH * diameter
    craters, depth, crest, diameter = (
        craters[listed],
        depth[listed],
        crest[listed],
        diameter[listed],
    )
    along, cross = corridor.coordinates(craters["unit_mcmf"])
    finest = np.full(len(craters), np.inf)
    for plan in plans:
        inside = _within(along, cross, plan)
        finest[inside] = np.minimum(finest[inside], plan.diameter_min_m)
    ground = np.empty(len(craters))
    # Without craters of its own size or smaller: twice its least diameter leaves an octave out.
    octave = np.floor(np.log2(craters["diameter_m"]))
    for k in np.unique(octave):
        same = octave == k
        ground[same] = terrain.height_m(craters["unit_mcmf"][same], 2.0 ** (k + 1.0))
    return _TrueCraters(
        along, cross, diameter, depth, ground + crest, np.maximum(POSITION_FLOOR_M, finest / 20.0)
    )


@dataclass(frozen=True)
class Survey:
    """The ground along one approach, measured without error; `map` adds the errors."""

    site: LandingSite
    corridor: Corridor
    grids: tuple[_TrueGrid, ...]
    craters: _TrueCraters

    def map(self, seed: int, errors: MapErrors | None = None) -> LandingMap:
        """The map that one survey makes; the same for the same seed."""
        common = errors or MapErrors()
        random = np.random.default_rng([0x5EED, seed])
        shift = random.normal(0.0, common.registration_m, 2)
        lift = random.normal(0.0, common.height_m)
        grids = tuple(_noisy_grid(g, shift, lift, common, random) for g in self.grids)
        craters = _noisy_craters(self.craters, self.corridor, shift, lift, common, random)
        return LandingMap(self.site, grids, craters)


def _noisy_grid(
    grid: _TrueGrid, shift: Array, lift: float, common: MapErrors, random: np.random.Generator
) -> ElevationGrid:
    noise = random.normal(0.0, grid.plan.noise_m, grid.height_m.shape)
    variance = grid.plan.noise_m**2 + grid.unresolved_m**2 + common.height_m**2
    return ElevationGrid(
        grid.plan.along_m[0] + shift[0],
        -grid.plan.cross_half_width_m + shift[1],
        grid.plan.spacing_m,
        np.ascontiguousarray(grid.height_m + (noise + lift), np.float32),
        float(np.sqrt(variance)),
    )


def _noisy_craters(
    true: _TrueCraters,
    corridor: Corridor,
    shift: Array,
    lift: float,
    common: MapErrors,
    random: np.random.Generator,
) -> CraterCatalogue:
    clear = (true.depth_m / true.diameter_m - LISTED_DEPTH) / (CLEAR_DEPTH - LISTED_DEPTH)
    chance = (1.0 - MISSED) * np.clip(clear, 0.0, 1.0)
    kept = np.flatnonzero(random.random(len(chance)) < chance)
    false = random.choice(kept, int(SPURIOUS * len(kept)), replace=False)
    rows = np.concatenate([kept, false])
    n, m = len(rows), len(kept)
    sigma = np.hypot(POSITION_SHARE * true.diameter_m[rows], true.floor_m[rows])
    along = true.along_m[rows] + shift[0] + random.normal(0.0, 1.0, n) * sigma
    cross = true.cross_m[rows] + shift[1] + random.normal(0.0, 1.0, n) * sigma
    # An entry that is no crater: the likes of another, some kilometres away from it.
    along[m:] += random.uniform(-5e3, 5e3, n - m)
    cross[m:] *= random.uniform(-1.0, 1.0, n - m)
    diameter = true.diameter_m[rows] * np.exp(random.normal(0.0, DIAMETER_SHARE, n))
    height = true.rim_height_m[rows] + lift + random.normal(0.0, 0.02, n) * diameter
    order = np.argsort(along, kind="stable")
    position = corridor.unit(along, cross) * (MOON_RADIUS_M + height)[:, None]
    return CraterCatalogue(
        along_m=along[order],
        cross_m=cross[order],
        position_mcmf_m=np.ascontiguousarray(position[order]),
        diameter_m=diameter[order],
        position_sigma_m=np.hypot(sigma, common.registration_m)[order],
        depth_m=true.depth_m[rows][order],
    )


def survey(
    terrain: Terrain,
    latitude_rad: float,
    longitude_rad: float,
    azimuth_rad: float,
    grids: tuple[GridPlan, ...] = GRIDS,
    craters: tuple[CraterPlan, ...] = CRATERS,
) -> Survey:
    """Measure the ground along an approach (`azimuth_rad` of flight at the target, from north)."""
    corridor = Corridor(latitude_rad, longitude_rad, azimuth_rad)
    target = unit_from_degrees(np.degrees(latitude_rad), np.degrees(longitude_rad))
    elevation = float(terrain.height_m(target, grids[-1].spacing_m))
    return Survey(
        LandingSite(float(latitude_rad), float(longitude_rad), elevation, float(azimuth_rad)),
        corridor,
        tuple(_measure_grid(terrain, corridor, plan) for plan in grids),
        _measure_craters(terrain, corridor, craters),
    )


def around_target(chart: LandingMap, reach: int) -> LandingMap:
    """The map for a small memory: of each grid, so many samples to each side of the target."""
    grids = tuple(_grid_around_target(grid, reach) for grid in chart.grids)
    return replace(chart, grids=grids)


def _grid_around_target(grid: ElevationGrid, reach: int) -> ElevationGrid:
    first, kept = [], []
    for origin_m, count in zip((grid.along0_m, grid.cross0_m), grid.height_m.shape, strict=True):
        target = round(-origin_m / grid.spacing_m)
        low = max(0, target - reach)
        first.append(origin_m + low * grid.spacing_m)
        kept.append(slice(low, min(count, target + reach + 1)))
    height = np.ascontiguousarray(grid.height_m[kept[0], kept[1]])
    return replace(grid, along0_m=first[0], cross0_m=first[1], height_m=height)


def site_plan(radius_m: float, footprint_m: float) -> GridPlan:
    """The grid that `choose_target` needs to search a radius."""
    reach = radius_m + footprint_m + 2.0 * SITE_SPACING_M
    return GridPlan((-reach, reach), reach, SITE_SPACING_M, SITE_NOISE_M)


def choose_target(
    landing_map: LandingMap, radius_m: float, footprint_m: float = 30.0
) -> LandingSite:
    """The site within `radius_m` of the map's with the least slope over a landing's footprint.

    As mission planning does, from the finest grid: the slope of the ground averaged over three
    samples each way, its largest value within `footprint_m` (three sigma of where the lander comes
    down), the smallest of these. The new site keeps the azimuth of the old one, so its own corridor
    is a parallel of the old.
    """
    grid, site = landing_map.grids[-1], landing_map.site
    s = grid.spacing_m
    height = grid.height_m.astype(np.float64)
    around = [np.roll(height, shift, (0, 1)) for shift in np.ndindex(3, 3)]
    smooth = np.roll(np.mean(around, axis=0), (-1, -1), (0, 1))
    slope = np.hypot(*np.gradient(smooth, s))
    reach = max(1, round(footprint_m / s))
    worst = slope
    for axis in (0, 1):
        worst = np.max([np.roll(worst, k, axis) for k in range(-reach, reach + 1)], axis=0)
    margin = reach + 2  # there the window leaves the grid
    worst[:margin] = worst[-margin:] = np.inf
    worst[:, :margin] = worst[:, -margin:] = np.inf
    along = grid.along0_m + s * np.arange(height.shape[0])[:, None]
    cross = grid.cross0_m + s * np.arange(height.shape[1])[None, :]
    worst = np.where(np.hypot(along, cross) <= radius_m, worst, np.inf)
    i, j = np.unravel_index(int(np.argmin(worst)), worst.shape)
    corridor = Corridor(site.latitude_rad, site.longitude_rad, site.azimuth_rad)
    x, y, z = corridor.unit(along[i, 0], cross[0, j])
    return replace(
        site,
        latitude_rad=float(np.arcsin(z)),
        longitude_rad=float(np.arctan2(y, x)),
        elevation_m=float(height[i, j]),
    )
