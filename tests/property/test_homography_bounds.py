"""Whatever is handed in: a status, the same bits by every path, sound numbers when it is "ok"."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from plane_matches import mapped, plane_matches

from onboard.core.vision import SIMD_PATHS, simd_here
from onboard.core.vision.homography import Homography, find_homography
from onboard.core.vision.robust import STATUS

PLAIN = st.sampled_from([-1.0, 0.0, 0.5, 1.0, 2.0]) | st.floats(-1e4, 1e4)
ANY = PLAIN | st.floats(allow_nan=True, allow_infinity=True)


@st.composite
def matches(draw: st.DrawFn, number: st.SearchStrategy[float]) -> np.ndarray:
    """Any count of rows x, y, u, v; of few different ones, so that many are repeated."""
    rows = draw(st.lists(st.lists(number, min_size=4, max_size=4), min_size=1, max_size=9))
    picked = draw(st.lists(st.sampled_from(rows), max_size=40))
    return np.array(picked, np.float64).reshape(-1, 4)


def found(m: np.ndarray, seed: int, by_quality: bool, simd: int) -> Homography:
    first, second = np.ascontiguousarray(m[:, :2]), np.ascontiguousarray(m[:, 2:])
    return find_homography(
        first, second, seed=seed, by_quality=by_quality, simd=simd, iterations_max=50
    )


@given(matches(ANY), st.integers(0, 2**64 - 1), st.booleans())
def test_any_numbers_give_a_status(m: np.ndarray, seed: int, by_quality: bool) -> None:
    try:
        h = found(m, seed, by_quality, SIMD_PATHS["scalar"])
    except ValueError as error:
        assert "spread of the points" in str(error)  # the threshold beside a vast or tiny spread
        return
    assert h.status in STATUS.values()
    if not np.isfinite(m).all() and len(m) >= 5:
        assert h.status == "not finite"
    assert (h.status == "bad count") == (len(m) < 5)
    if h.status == "ok":
        assert h.inlier.sum() >= 5
        assert math.isclose(np.linalg.norm(h.H), 1.0, rel_tol=1e-12)
        assert np.array_equal(h.covariance, h.covariance.T)
        assert (np.diag(h.covariance) >= 0.0).all()


@given(matches(PLAIN), st.integers(0, 2**64 - 1), st.booleans())
def test_every_path_gives_the_same_bits(m: np.ndarray, seed: int, by_quality: bool) -> None:
    if len(m) >= 5 and np.ptp(m[:, 2:], axis=0).max() < 1e-4:
        return  # no spread, no threshold beside it
    expected = found(m, seed, by_quality, SIMD_PATHS["scalar"])
    for path in simd_here():
        one = found(m, seed, by_quality, SIMD_PATHS[path])
        assert (one.status, one.iterations) == (expected.status, expected.iterations)
        if one.status == "ok":
            assert one.H.tobytes() == expected.H.tobytes()
            assert one.covariance.tobytes() == expected.covariance.tobytes()
            assert np.array_equal(one.inlier, expected.inlier)


@given(st.integers(0, 2**32), st.integers(30, 300), st.floats(0.0, 0.5))
def test_flags_are_the_errors_below_the_threshold(seed: int, count: int, wrong: float) -> None:
    m = plane_matches(np.random.default_rng(seed), count, wrong)
    h = find_homography(m.first, m.second, threshold_px=3.0, seed=seed)
    assert h.status == "ok"
    distance = np.linalg.norm(mapped(h.H, m.first) - m.second, axis=1)
    w = m.first @ h.H[2, :2] + h.H[2, 2]
    clear = np.abs(distance - 3.0) > 1e-6
    assert np.array_equal(h.inlier[clear], ((distance < 3.0) & (w > 0.0))[clear])


def test_points_on_a_line_are_refused() -> None:
    along = np.linspace(0.0, 1000.0, 40)
    line = np.column_stack([along, 0.5 * along])
    assert find_homography(line, line + 3.0).status in ("none", "degenerate")


def test_a_line_and_one_point_are_refused() -> None:
    along = np.linspace(0.0, 1000.0, 40)
    points = np.vstack([np.column_stack([along, 0.5 * along]), [[100.0, 900.0]]])
    assert find_homography(points, points + 3.0).status in ("none", "degenerate")


def test_four_different_points_many_times_are_refused() -> None:
    square = np.tile([[0.0, 0.0], [900.0, 10.0], [880.0, 950.0], [20.0, 1000.0]], (6, 1))
    assert find_homography(square, 1.1 * square).status == "degenerate"


@pytest.mark.parametrize(
    ("change", "name"),
    [
        ({"threshold_px": 0.0}, "threshold_px"),
        ({"threshold_px": math.nan}, "threshold_px"),
        ({"threshold_px": 1e100}, "threshold_px"),
        ({"sigma_px": -1.0}, "sigma_px"),
        ({"confidence": 1.0}, "confidence"),
        ({"iterations_max": 0}, "iterations_max"),
        ({"seed": -1}, "seed"),
        ({"first_px": np.zeros((8, 3))}, "first_px"),
        ({"second_px": np.zeros((7, 2))}, "second_px"),
        ({"second_px": np.zeros((8, 2), np.float32)}, "second_px"),
    ],
)
def test_a_wrong_argument_is_named(change: dict[str, object], name: str) -> None:
    points = np.random.default_rng(1).random((8, 2))
    arguments: dict[str, object] = {"first_px": points, "second_px": points}
    with pytest.raises(ValueError, match=name):
        find_homography(**{**arguments, **change})  # type: ignore[arg-type]
