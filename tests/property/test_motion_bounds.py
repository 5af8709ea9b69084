"""Whatever is handed in: a status, the same bits by every path, sound numbers when it is "ok"."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from motion_matches import CENTER_PX, FOCAL_PX, motion_matches

from onboard.core.vision import SIMD_PATHS, simd_here
from onboard.core.vision.motion import Direction, Motion, find_direction, find_motion
from onboard.core.vision.robust import STATUS

PLAIN = st.sampled_from([-1.0, 0.0, 0.5, 1.0, 2.0]) | st.floats(-1e4, 1e4)
ANY = PLAIN | st.floats(allow_nan=True, allow_infinity=True)


@st.composite
def matches(draw: st.DrawFn, number: st.SearchStrategy[float]) -> np.ndarray:
    """Any count of rows x, y, u, v; of few different ones, so that many are repeated."""
    rows = draw(st.lists(st.lists(number, min_size=4, max_size=4), min_size=1, max_size=9))
    picked = draw(st.lists(st.sampled_from(rows), max_size=40))
    return np.array(picked, np.float64).reshape(-1, 4)


def found(m: np.ndarray, seed: int, by_quality: bool, simd: int, focal: float = 1.0) -> Motion:
    first, second = np.ascontiguousarray(m[:, :2]), np.ascontiguousarray(m[:, 2:])
    return find_motion(
        first,
        second,
        focal_px=focal,
        center_px=(0.0, 0.0),
        threshold_px=0.1,
        seed=seed,
        by_quality=by_quality,
        simd=simd,
        iterations_max=20,
    )


@given(matches(ANY), st.integers(0, 2**64 - 1), st.booleans())
def test_any_numbers_give_a_status(m: np.ndarray, seed: int, by_quality: bool) -> None:
    motion = found(m, seed, by_quality, SIMD_PATHS["scalar"])
    assert motion.status in STATUS.values()
    if not np.isfinite(m).all() and len(m) >= 6:
        assert motion.status == "not finite"
    assert (motion.status == "bad count") == (len(m) < 6)
    if motion.status in ("ok", "no parallax"):
        assert motion.inlier.sum() >= 6
        assert math.isclose(np.linalg.norm(motion.q_second_from_first), 1.0, rel_tol=1e-12)
        assert np.array_equal(motion.covariance, motion.covariance.T)
        assert (np.diag(motion.covariance) >= 0.0).all()
    if motion.status == "ok":
        axes = np.vstack([motion.across, motion.direction])
        assert np.abs(axes @ axes.T - np.eye(3)).max() < 1e-12


@given(st.integers(0, 2**32), st.integers(6, 200), st.floats(0.0, 0.6), st.booleans())
def test_every_path_gives_the_same_bits(
    seed: int, count: int, wrong: float, by_quality: bool
) -> None:
    m = motion_matches(np.random.default_rng(seed), count, wrong)
    arguments = {"focal_px": FOCAL_PX, "center_px": CENTER_PX, "iterations_max": 30}
    ways = [
        find_motion(
            m.first, m.second, seed=seed, by_quality=by_quality, simd=SIMD_PATHS[path], **arguments
        )
        for path in simd_here()
    ]
    for one in ways:
        assert (one.status, one.iterations, one.plane) == (
            ways[0].status,
            ways[0].iterations,
            ways[0].plane,
        )
        if one.status in ("ok", "no parallax"):
            assert one.q_second_from_first.tobytes() == ways[0].q_second_from_first.tobytes()
            assert one.direction.tobytes() == ways[0].direction.tobytes()
            assert one.covariance.tobytes() == ways[0].covariance.tobytes()
            assert np.array_equal(one.inlier, ways[0].inlier)


def test_repeated_points_are_refused() -> None:
    five = np.random.default_rng(1).random((5, 4))
    motion = found(np.tile(five, (5, 1)), 0, False, SIMD_PATHS["scalar"])
    assert motion.status in ("none", "degenerate")


def test_points_on_a_line_are_refused() -> None:
    """All epipolar lines may be that line: the motion is open."""
    along = np.linspace(-0.5, 0.5, 40)
    line = np.column_stack([along, 0.0 * along, 1.1 * along + 0.02 * along**2, 0.0 * along])
    assert found(line, 0, False, SIMD_PATHS["scalar"]).status in ("none", "degenerate")


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
        ({"focal_px": 0.0}, "focal_px"),
        ({"first_px": np.zeros((8, 3))}, "first_px"),
        ({"second_px": np.zeros((7, 2))}, "second_px"),
        ({"second_px": np.zeros((8, 2), np.float32)}, "second_px"),
    ],
)
def test_a_wrong_argument_is_named(change: dict[str, object], name: str) -> None:
    points = np.random.default_rng(1).random((8, 2))
    arguments: dict[str, object] = {
        "first_px": points,
        "second_px": points,
        "focal_px": 1000.0,
        "center_px": (0.0, 0.0),
    }
    with pytest.raises(ValueError, match=name):
        find_motion(**{**arguments, **change})  # type: ignore[arg-type]


# ---- with the turn known ----


def direction_of(
    m: np.ndarray, q: list[float], seed: int, by_quality: bool, simd: int
) -> Direction:
    return find_direction(
        np.array(q),
        np.ascontiguousarray(m[:, :2]),
        np.ascontiguousarray(m[:, 2:]),
        focal_px=1.0,
        center_px=(0.0, 0.0),
        threshold_px=0.1,
        seed=seed,
        by_quality=by_quality,
        simd=simd,
        iterations_max=20,
    )


@given(
    matches(ANY),
    st.lists(ANY, min_size=4, max_size=4),
    st.integers(0, 2**64 - 1),
    st.booleans(),
)
def test_any_numbers_give_a_direction_or_a_status(
    m: np.ndarray, q: list[float], seed: int, by_quality: bool
) -> None:
    expected = direction_of(m, q, seed, by_quality, SIMD_PATHS["scalar"])
    assert expected.status in STATUS.values()
    assert (expected.status == "bad count") == (len(m) < 3)
    if expected.status == "ok":
        axes = np.vstack([expected.across, expected.direction])
        assert np.abs(axes @ axes.T - np.eye(3)).max() < 1e-12
        assert (np.diag(expected.covariance) >= 0.0).all()
    for path in simd_here():
        one = direction_of(m, q, seed, by_quality, SIMD_PATHS[path])
        assert (one.status, one.iterations) == (expected.status, expected.iterations)
        if one.status in ("ok", "no parallax"):
            assert one.direction.tobytes() == expected.direction.tobytes()
            assert one.covariance.tobytes() == expected.covariance.tobytes()
            assert np.array_equal(one.inlier, expected.inlier)


def test_a_turn_of_three_numbers_is_refused() -> None:
    points = np.zeros((8, 2))
    with pytest.raises(ValueError, match="q_second_from_first"):
        find_direction(np.zeros(3), points, points, focal_px=1.0, center_px=(0.0, 0.0))
