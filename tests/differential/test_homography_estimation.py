"""Homographies against the truth, the bound of Cramer and Rao, and OpenCV."""

import cv2
import numpy as np
import pytest
from plane_matches import (
    Floats,
    grid_bound,
    grid_error,
    mapped,
    plane_jacobian,
    plane_matches,
)

from onboard.core.vision.homography import find_homography

CORNERS = np.array([[0.0, 0.0], [1024.0, 0.0], [0.0, 1024.0], [1024.0, 1024.0]])
COUNT = 400


def corner_nees(H: Floats, covariance: Floats, truth: Floats) -> float:
    """Over 8, of where the four corners are sent."""
    error = (mapped(H, CORNERS) - mapped(truth, CORNERS)).ravel()
    J = plane_jacobian(H, CORNERS)
    return float(error @ np.linalg.solve(J @ covariance @ J.T, error) / 8.0)


@pytest.mark.parametrize(("count", "wrong"), [(200, 0.0), (200, 0.5), (200, 0.7), (1000, 0.5)])
def test_it_is_at_the_bound_and_says_so(count: int, wrong: float) -> None:
    """The ratio of a mean square to its bound: the error over the grid has 8 degrees of freedom of
    unlike weight, at least one: a standard deviation of the mean of at most sqrt(2 / 400) = 0.071.
    The normalized squares: sqrt(2 / (8 400)) = 0.025. Four of each; 0.02 for the truncation.
    """
    random = np.random.default_rng(count)
    ratios, nees = [], []
    for seed in range(COUNT):
        m = plane_matches(random, count, wrong)
        h = find_homography(m.first, m.second, sigma_px=1.0, seed=seed)
        assert h.status == "ok"
        ratios.append(grid_error(m, h.H) / grid_bound(m))
        nees.append(corner_nees(h.H, h.covariance, m.H))
    assert max(nees) < 8.0  # all solved: 64 for eight degrees of freedom is 1 in 10^10
    assert abs(np.mean(ratios) - 1.0) < 0.30
    assert abs(np.mean(nees) - 1.0) < 0.12


def test_it_is_no_worse_than_opencv() -> None:
    """Over the same 300 problems, within the 2 % that their common noise leaves."""
    random = np.random.default_rng(2)
    ours, theirs = [], []
    for seed in range(300):
        m = plane_matches(random, 200, 0.5)
        ours.append(grid_error(m, find_homography(m.first, m.second, seed=seed).H))
        H, _ = cv2.findHomography(m.first, m.second, cv2.USAC_MAGSAC, 3.0, None, 2000, 0.999)
        theirs.append(grid_error(m, np.asarray(H)))
    assert np.median(ours) < 1.02 * np.median(theirs)


def test_without_wrong_matches_it_is_the_least_squares_of_opencv() -> None:
    """Method 0 minimizes the same sum; it stops at steps of about 1e-7 of the noise's."""
    random = np.random.default_rng(3)
    for _ in range(20):
        m = plane_matches(random, 100, 0.0)
        ours = find_homography(m.first, m.second, threshold_px=10.0).H
        theirs, _ = cv2.findHomography(m.first, m.second, 0)
        assert np.abs(mapped(ours, CORNERS) - mapped(np.asarray(theirs), CORNERS)).max() < 1e-2


def test_exact_matches_give_the_exact_homography() -> None:
    random = np.random.default_rng(4)
    for count in (5, 6, 50):
        m = plane_matches(random, count, 0.0, sigma_px=0.0)
        h = find_homography(m.first, m.second)
        assert h.status == "ok"
        assert np.allclose(h.H / h.H[2, 2], m.H, rtol=1e-9, atol=1e-11)


def test_the_bound_on_samples_holds() -> None:
    """Nothing but wrong matches: as many samples as allowed, none found or one of few inliers."""
    random = np.random.default_rng(5)
    for most in (1, 100, 2000):
        m = plane_matches(random, 100, 1.0)
        h = find_homography(m.first, m.second, iterations_max=most)
        assert h.iterations == most
        assert h.status in ("none", "degenerate") or h.inlier.sum() < 15
