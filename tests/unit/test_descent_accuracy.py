"""Position error of a few rendered frames from 15 km against the bound: `descent_accuracy.py`."""

from __future__ import annotations

import numpy as np
import pytest
from descent_accuracy import Fix, bound, centres, index_of, measure, prior_of, scatter
from descent_frames import Ground

from hil.vision.sighting import sight
from hil.world.survey import MapErrors


@pytest.fixture(scope="module")
def fixes() -> list[Fix]:
    rng = np.random.default_rng(3)
    ground = Ground(15e3, errors=MapErrors(0.0, 0.0))
    where = centres(ground, 0.25)
    index = index_of(ground, where)
    found = []
    for _ in range(6):
        view = ground.view(rng)
        sighting = sight(view.image, index, prior_of(ground, view, rng))
        assert sighting.found
        found.append(measure(ground, where, view, sighting))
    return found


def test_errors_are_those_of_the_bound(fixes: list[Fix]) -> None:
    """Six frames of three axes: the root mean square scatters by 1 / sqrt(36), a sixth."""
    sizes = scatter(fixes)
    errors = np.array([fix.error_m for fix in fixes])
    bounds = np.array([np.diagonal(bound(fix, sizes)) for fix in fixes])
    ratio = np.sqrt((errors**2).sum() / bounds.sum())
    # 1.5 is asked of many; three sigma of six more.
    assert 0.5 < ratio < 1.5 * 1.5


def test_the_scatter_is_below_a_pixel_for_small_craters(fixes: list[Fix]) -> None:
    """Of finder and map: 0.024 of a diameter of 12 px and half a pixel or so of each."""
    _, sigma, count = scatter(fixes)[0]
    assert count > 100
    assert 0.3 < sigma < 0.9


def test_the_bound_is_that_of_one_pixel_scale_over_the_root_of_matches() -> None:
    """Straight down at 1,000 m, 400 matches of 1 px: horizontal 1,000 / f / sqrt(400)."""
    rng = np.random.default_rng(4)
    ray = np.column_stack([rng.uniform(-0.1, 0.1, (400, 2)), np.ones(400)])
    derivative = np.zeros((400, 2, 3))
    derivative[:, 0, 0] = derivative[:, 1, 1] = 500.0 / 1000.0
    derivative[:, :, 2] = -500.0 / 1000.0 * ray[:, :2]
    fix = Fix(np.zeros(3), np.full(400, 6.0), np.zeros((400, 2)), derivative, np.zeros(2))
    sigma = np.sqrt(np.diagonal(bound(fix, [(5.0, 1.0, 9), (7.0, 1.0, 9)])))
    # The middle of 400 random rays is not quite the axis: some per cent.
    assert sigma[:2] == pytest.approx(2.0 / np.sqrt(400), rel=0.05)
