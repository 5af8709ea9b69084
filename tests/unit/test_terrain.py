"""The ground of the emulated Moon: what its parts are, and that queries agree with each other."""

from __future__ import annotations

import numpy as np
import pytest
from rays import raycast

from hil.world.terrain import (
    MOON_RADIUS_M,
    BaseElevation,
    Craters,
    Terrain,
    iau_craters,
    lola_base,
    unit_from_degrees,
)

TARGET = unit_from_degrees(60.5, -4.6)
NO_CRATERS = Craters(np.zeros(0), np.zeros(0), np.zeros(0))


@pytest.fixture(scope="module")
def terrain() -> Terrain:
    return Terrain(1)


def test_coarse_ground_interpolates_the_elevation_grid(terrain: Terrain) -> None:
    """At the centre of a sample the base is the sample, anywhere away from the poles."""
    counts = lola_base().counts
    rng = np.random.default_rng(3)
    rows, columns = rng.integers(4, 508, 200), rng.integers(0, 1024, 200)
    latitude = 90.0 - (rows + 0.5) * 180.0 / 512
    longitude = -180.0 + (columns + 0.5) * 360.0 / 1024
    heights = Terrain(1, craters=NO_CRATERS).height_m(unit_from_degrees(latitude, longitude), 1e6)
    # 1e-12 of a turn times the steepest slope between samples, 8 km per sample
    assert heights == pytest.approx(0.5 * counts[rows, columns], abs=1e-6)


def test_apollo_sites_have_their_published_elevation(terrain: Terrain) -> None:
    """Apollo 11, 12, 15, 17 lie at -1927, -1519, -1932, -2685 m (LRO control, Wagner et al. 2017);
    a 10.7 km grid misses valleys and massifs by a few hundred metres."""
    sites = unit_from_degrees([0.674, -3.013, 26.132, 20.191], [23.473, -23.422, 3.634, 30.772])
    published = np.array([-1927.0, -1519.0, -1932.0, -2685.0])
    assert np.all(np.abs(terrain.height_m(sites[:3], 1e5) - published[:3]) < 300.0)


def test_grid_of_the_wrong_shape_is_refused() -> None:
    with pytest.raises(ValueError, match="3 x 8"):
        BaseElevation(np.zeros((3, 8), np.int16), 0.5)


def test_named_craters_are_the_gazetteers() -> None:
    craters = iau_craters()
    assert len(craters) == 8650
    assert craters.diameter_m.min() > 0.0


def test_raycast_meets_the_ground(terrain: Terrain) -> None:
    """The point it returns is on the height function to a hundredth of the resolution, and the ray
    straight down gives altitude."""
    ground = terrain.height_m(TARGET)
    origin = TARGET * (MOON_RADIUS_M + ground + 15_000.0)
    assert raycast(terrain, origin, -TARGET, 2e4) == pytest.approx(15_000.0, abs=0.006)
    assert raycast(terrain, origin, TARGET, 2e4) is None
    assert raycast(terrain, origin, -TARGET, 14_000.0) is None
    assert raycast(terrain, TARGET * (MOON_RADIUS_M + ground - 1.0), -TARGET, 1e4) is None


def test_normal_is_up_on_level_ground() -> None:
    flat = Terrain(1, BaseElevation(np.zeros((8, 16), np.int16), 0.5), NO_CRATERS)
    assert flat.normal(TARGET, 1e6) == pytest.approx(tuple(TARGET), abs=1e-12)
