"""Similarities against the truth, their covariance, and OpenCV."""

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from onboard.core.vision import SIMD_PATHS, simd_here
from onboard.core.vision.robust import STATUS
from onboard.core.vision.similarity import Similarity, find_similarity

Floats = np.ndarray
ANY = st.sampled_from([-1.0, 0.0, 0.5, 1.0]) | st.floats(allow_nan=True, allow_infinity=True)


def problem(random: np.random.Generator, count: int, wrong: float, sigma: float = 1.0) -> tuple:
    """First, second and the truth (scale, turn, shift)."""
    scale, turn = random.uniform(0.5, 2.0), random.uniform(-3.0, 3.0)
    truth = np.array([scale, turn, *random.normal(0.0, 100.0, 2)])
    first = random.random((count, 2)) * 1024.0
    R = scale * np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    second = first @ R.T + truth[2:] + random.normal(0.0, sigma, (count, 2))
    bad = random.permutation(count)[: round(count * wrong)]
    second[bad] = random.random((len(bad), 2)) * 1024.0
    return first, second, truth


def numbers_of(s: Similarity) -> Floats:
    return np.array([s.scale, s.turn_rad, *s.shift_px])


@pytest.mark.parametrize("wrong", [0.0, 0.5, 0.7])
def test_its_errors_are_those_it_tells(wrong: float) -> None:
    """The mean of 300 normalized squares over 4: a standard deviation of sqrt(2 / 1200) = 0.041;
    four of these, and 0.02 for wrong matches that agree by chance.
    """
    random = np.random.default_rng(1)
    nees = []
    for seed in range(300):
        first, second, truth = problem(random, 200, wrong)
        s = find_similarity(first, second, sigma_px=1.0, seed=seed)
        assert s.status == "ok"
        error = truth - numbers_of(s)
        nees.append(error @ np.linalg.solve(s.covariance, error) / 4.0)
    assert abs(np.mean(nees) - 1.0) < 0.19


def test_without_wrong_matches_it_is_that_of_opencv() -> None:
    """Both the least squares over all; OpenCV stops at relative steps of about 1e-6."""
    random = np.random.default_rng(2)
    for _ in range(20):
        first, second, _ = problem(random, 100, 0.0)
        s = find_similarity(first, second, threshold_px=20.0)
        theirs, _ = cv2.estimateAffinePartial2D(
            first, second, method=cv2.RANSAC, ransacReprojThreshold=20.0, refineIters=100
        )
        ours = s.scale * np.array([np.cos(s.turn_rad), np.sin(s.turn_rad)])
        assert np.abs(ours - theirs[:, 0]).max() < 1e-4
        assert np.abs(s.shift_px - theirs[:, 2]).max() < 1e-1


def test_points_of_one_place_are_refused() -> None:
    point = np.tile([[3.0, 4.0]], (10, 1))
    assert find_similarity(point, point).status == "degenerate"
    two = np.tile([[3.0, 4.0], [500.0, 20.0]], (10, 1))
    assert find_similarity(two, two).status == "degenerate"


@given(st.lists(st.lists(ANY, min_size=4, max_size=4), max_size=30), st.booleans())
def test_any_numbers_give_a_status_and_the_same_bits(rows: list, by_quality: bool) -> None:
    m = np.array(rows, np.float64).reshape(-1, 4)
    first, second = np.ascontiguousarray(m[:, :2]), np.ascontiguousarray(m[:, 2:])
    ways = []
    for path in simd_here():
        try:
            ways.append(
                find_similarity(first, second, by_quality=by_quality, simd=SIMD_PATHS[path])
            )
        except ValueError as error:
            assert "threshold_px" in str(error)  # beside a vast or tiny spread
    for s in ways:
        assert s.status in STATUS.values()
        assert (s.status == "bad count") == (len(m) < 3)
        assert (s.status, s.iterations) == (ways[0].status, ways[0].iterations)
        if s.status == "ok":
            assert numbers_of(s).tobytes() == numbers_of(ways[0]).tobytes()
            assert s.covariance.tobytes() == ways[0].covariance.tobytes()
