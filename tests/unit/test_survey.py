"""The map that a survey makes: its resolution, its errors, and that it is never the truth."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats
from scipy.spatial import cKDTree

from hil.world.survey import (
    DIAMETER_SHARE,
    MISSED,
    POSITION_SHARE,
    SPURIOUS,
    Corridor,
    CraterPlan,
    GridPlan,
    MapErrors,
    Survey,
    around_target,
    choose_target,
    survey,
)
from hil.world.terrain import MOON_RADIUS_M, Terrain
from onboard.core._core import ffi, lib
from onboard.core.terrain_map import TerrainMap

LATITUDE, LONGITUDE, AZIMUTH = np.radians([60.5, -4.6, 20.0])
GRIDS = (GridPlan((-60e3, 10e3), 10e3, 250.0, 5.0), GridPlan((-2e3, 1e3), 1e3, 20.0, 0.5))
CRATERS = (CraterPlan((-60e3, 10e3), 10e3, 100.0), CraterPlan((-10e3, 5e3), 5e3, 40.0))
NO_SHIFT = MapErrors(0.0, 0.0)


@pytest.fixture(scope="module")
def terrain() -> Terrain:
    return Terrain(1)


@pytest.fixture(scope="module")
def approach(terrain: Terrain) -> Survey:
    return survey(terrain, LATITUDE, LONGITUDE, AZIMUTH, GRIDS, CRATERS)


def test_corridor_is_that_of_the_flight_core() -> None:
    corridor = Corridor(LATITUDE, LONGITUDE, AZIMUTH)
    rng = np.random.default_rng(1)
    along, cross = rng.uniform(-6e5, 3e4, 50), rng.uniform(-2e4, 2e4, 50)
    units = corridor.unit(along, cross)
    back = corridor.coordinates(units)
    assert back[0] == pytest.approx(along, abs=1e-6)
    assert back[1] == pytest.approx(cross, abs=1e-6)
    c = ffi.new("ob_corridor *")
    lib.ob_corridor_init(c, LATITUDE, LONGITUDE, AZIMUTH)
    for n in range(50):
        out = ffi.new("double[3]")
        lib.ob_mcmf_from_corridor(c, [along[n], cross[n], 100.0], out)
        assert list(out) == pytest.approx(list(units[n] * (MOON_RADIUS_M + 100.0)), abs=1e-6)


def test_grids_are_right_within_their_sigma(terrain: Terrain, approach: Survey) -> None:
    """Heights between samples miss the full ground by the stated sigma: chi-square within 10 %,
    what is common to a map (one draw) taken out."""
    product = approach.map(3, NO_SHIFT)
    rng = np.random.default_rng(2)
    for grid in product.grids:
        n_along, n_cross = grid.height_m.shape
        i, j = rng.integers(0, n_along, 3000), rng.integers(0, n_cross, 3000)
        along, cross = grid.along0_m + i * grid.spacing_m, grid.cross0_m + j * grid.spacing_m
        truth = terrain.height_m(approach.corridor.unit(along, cross))
        error = grid.height_m[i, j] - truth
        assert 0.8 * grid.sigma_m < np.std(error) < 1.2 * grid.sigma_m
        assert abs(np.mean(error)) < 5.0 * grid.sigma_m / np.sqrt(3000)


def test_map_shifts_as_one(approach: Survey) -> None:
    """Registration moves grids and craters alike, from seed to seed by its sigma."""
    maps = [approach.map(seed) for seed in range(60)]
    shifts = np.array(
        [
            [
                m.grids[0].along0_m - GRIDS[0].along_m[0],
                m.grids[0].cross0_m + GRIDS[0].cross_half_width_m,
            ]
            for m in maps
        ]
    )
    # chi-square of 120 draws of sigma 5 m: 0.1 % and 99.9 %
    low, high = stats.chi2.ppf([0.001, 0.999], 120)
    assert low < np.sum((shifts / MapErrors().registration_m) ** 2) < high
    fine = maps[0].grids[1]
    assert fine.along0_m - GRIDS[1].along_m[0] == pytest.approx(shifts[0][0], abs=1e-9)


def test_one_seed_is_one_map(approach: Survey) -> None:
    a, b, other = approach.map(5), approach.map(5), approach.map(6)
    assert np.array_equal(a.craters.position_mcmf_m, b.craters.position_mcmf_m)
    assert np.array_equal(a.grids[1].height_m, b.grids[1].height_m)
    assert not np.array_equal(a.grids[1].height_m, other.grids[1].height_m)


def test_catalogue_is_sorted_and_consistent(approach: Survey) -> None:
    c = approach.map(3).craters
    n = len(c.along_m)
    assert c.position_mcmf_m.shape == (n, 3)
    assert c.position_mcmf_m.flags.c_contiguous
    assert np.all(np.diff(c.along_m) >= 0.0)
    unit = c.position_mcmf_m / np.linalg.norm(c.position_mcmf_m, axis=1, keepdims=True)
    along, cross = approach.corridor.coordinates(unit)
    assert along == pytest.approx(c.along_m, abs=1e-5)
    assert cross == pytest.approx(c.cross_m, abs=1e-5)
    assert np.all(c.position_sigma_m > 0.0)
    assert np.all(c.depth_m > 0.03 * c.diameter_m / np.exp(5 * DIAMETER_SHARE))


def test_craters_err_as_two_surveys_do(approach: Survey) -> None:
    """Entries against the truth they come from: sigma of position and of diameter, one sample in
    each entry, those that are no craters apart."""
    true, c = approach.craters, approach.map(3, NO_SHIFT).craters
    tree = cKDTree(np.stack([true.along_m, true.cross_m], axis=1))
    sizes = [
        np.flatnonzero(np.abs(np.log(true.diameter_m / d)) < 5 * DIAMETER_SHARE)
        for d in c.diameter_m[:800]
    ]
    scaled, logarithms, orphans = [], [], 0
    for n, candidates in enumerate(sizes):
        reach = 5.0 * c.position_sigma_m[n]
        near = np.intersect1d(
            candidates, tree.query_ball_point((c.along_m[n], c.cross_m[n]), reach)
        )
        if len(near) != 1:
            orphans += 1
            continue
        k = near[0]
        sigma = np.hypot(POSITION_SHARE * true.diameter_m[k], true.floor_m[k])
        scaled += [
            (c.along_m[n] - true.along_m[k]) / sigma,
            (c.cross_m[n] - true.cross_m[k]) / sigma,
        ]
        logarithms.append(np.log(c.diameter_m[n] / true.diameter_m[k]))
    assert orphans < 800 * (SPURIOUS + 0.05)  # and a few with a neighbour of the same size
    assert np.std(scaled) == pytest.approx(1.0, abs=0.1)
    assert np.std(logarithms) == pytest.approx(DIAMETER_SHARE, rel=0.15)


def test_clear_craters_are_seldom_missed(approach: Survey) -> None:
    """Of craters deeper than 0.06 D the survey lists 95 %: binomial, 4 sigma."""
    true = approach.craters
    clear = np.flatnonzero(true.depth_m > 0.07 * true.diameter_m)
    c = approach.map(4, NO_SHIFT).craters
    tree = cKDTree(np.stack([c.along_m, c.cross_m, 30.0 * np.log(c.diameter_m)], axis=1))
    sigma = np.hypot(POSITION_SHARE * true.diameter_m, true.floor_m)[clear]
    points = np.stack([true.along_m, true.cross_m, 30.0 * np.log(true.diameter_m)], axis=1)[clear]
    listed = tree.query(points)[0] < 5.0 * sigma
    expected = (1.0 - MISSED) * len(clear)
    assert abs(listed.sum() - expected) < 4.0 * np.sqrt(MISSED * expected) + 0.02 * len(clear)


def test_smaller_craters_are_listed_near_the_target(approach: Survey) -> None:
    c = approach.map(3).craters
    far = c.along_m < -16e3  # entries that are no craters lie up to 5 km from the likes of them
    assert c.diameter_m[far].min() > 85.0
    assert c.diameter_m.min() < 60.0
    assert np.sum(~far) > 300


def test_site_stands_on_the_ground(terrain: Terrain, approach: Survey) -> None:
    unit = approach.corridor.unit(0.0, 0.0)
    assert approach.site.elevation_m == pytest.approx(terrain.height_m(unit), abs=2.0)


def test_a_small_map_is_the_same_near_the_target(approach: Survey) -> None:
    """Its corners are rounded by 2^-37 m (of 60 km): heights by less, over any slope to 100."""
    whole = approach.map(3)
    small = around_target(whole, 30)
    assert [grid.height_m.shape for grid in small.grids] == [(61, 61), (61, 61)]
    maps, sigma = (TerrainMap(whole), TerrainMap(small)), ffi.new("double *")

    def heights(along_m: float, cross_m: float) -> list[tuple[float, float]]:
        return [(lib.ob_map_height_m(m.pointer, along_m, cross_m, sigma), sigma[0]) for m in maps]

    reach_m = 29.0 * GRIDS[1].spacing_m
    for along_m, cross_m in np.random.default_rng(1).uniform(-reach_m, reach_m, (200, 2)):
        there, here = heights(along_m, cross_m)
        assert here == pytest.approx(there, abs=100 * 2.0**-37)
    assert heights(-40e3, 0.0)[1] == (0.0, 3000.0)  # OB_MAP_UNKNOWN_SIGMA_M


def test_a_small_map_is_no_larger_than_the_whole(approach: Survey) -> None:
    whole = approach.map(3)
    for grid, same in zip(whole.grids, around_target(whole, 10_000).grids, strict=True):
        assert (grid.along0_m, grid.cross0_m) == (same.along0_m, same.cross0_m)
        assert np.array_equal(grid.height_m, same.height_m)


def test_chosen_target_is_the_most_level(terrain: Terrain, approach: Survey) -> None:
    """It lies within the radius, and its true slope at 20 m is below the median of the place."""
    product = approach.map(3)
    site = choose_target(product, 400.0)
    p = MOON_RADIUS_M * approach.corridor.unit(0.0, 0.0)
    q = np.array(
        [
            np.cos(site.latitude_rad) * np.cos(site.longitude_rad),
            np.cos(site.latitude_rad) * np.sin(site.longitude_rad),
            np.sin(site.latitude_rad),
        ]
    )
    assert np.linalg.norm(MOON_RADIUS_M * q - p) < 401.0

    def slope(unit: np.ndarray) -> float:
        return float(np.degrees(np.arccos(np.dot(terrain.normal(unit, 20.0), unit))))

    rng = np.random.default_rng(3)
    others = [slope(approach.corridor.unit(*xy)) for xy in rng.uniform(-280.0, 280.0, (200, 2))]
    assert slope(q) < np.median(others)
