"""Whatever is handed in: a status, the same bits by every path, sound numbers when it is "ok"."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from onboard.core.vision import SIMD_PATHS, simd_here
from onboard.core.vision.alignment import find_alignment
from onboard.core.vision.robust import STATUS

PLAIN = st.sampled_from([-1.0, 0.0, 0.5, 1.0, 2.0]) | st.floats(-1e4, 1e4)
ANY = PLAIN | st.floats(allow_nan=True, allow_infinity=True)


@st.composite
def matches(draw: st.DrawFn) -> np.ndarray:
    """Any count of rows of both points; of few different ones, so that many are repeated."""
    rows = draw(st.lists(st.lists(ANY, min_size=6, max_size=6), min_size=1, max_size=9))
    picked = draw(st.lists(st.sampled_from(rows), max_size=40))
    return np.array(picked, np.float64).reshape(-1, 6)


@given(matches(), st.integers(0, 2**64 - 1), st.booleans(), st.booleans(), st.floats(1e-3, 10.0))
def test_any_numbers_give_a_status_and_the_same_bits(
    m: np.ndarray, seed: int, by_quality: bool, with_scale: bool, threshold_m: float
) -> None:
    first, second = np.ascontiguousarray(m[:, :3]), np.ascontiguousarray(m[:, 3:])
    ways = []
    for path in simd_here():
        try:
            ways.append(
                find_alignment(
                    first,
                    second,
                    threshold_m=threshold_m,
                    with_scale=with_scale,
                    by_quality=by_quality,
                    seed=seed,
                    iterations_max=50,
                    simd=SIMD_PATHS[path],
                )
            )
        except ValueError as error:
            assert "threshold_m" in str(error)  # beside a vast or tiny spread
    for a in ways:
        assert a.status in STATUS.values()
        assert (a.status == "bad count") == (len(m) < 4)
        assert (a.status, a.iterations) == (ways[0].status, ways[0].iterations)
        if a.status == "ok":
            assert a.inlier.sum() >= 4
            assert math.isclose(np.linalg.norm(a.q_second_from_first), 1.0, rel_tol=1e-12)
            assert a.scale > 0.0 if with_scale else a.scale == 1.0
            assert np.isfinite(a.covariance).all()
            assert np.array_equal(a.covariance, a.covariance.T)
            for name in ("q_second_from_first", "shift_m", "covariance", "inlier"):
                assert getattr(a, name).tobytes() == getattr(ways[0], name).tobytes()


def test_points_that_leave_it_open_are_refused() -> None:
    point = np.tile([[3.0, 4.0, 5.0]], (10, 1))
    assert find_alignment(point, point, threshold_m=1.0).status == "degenerate"
    three = np.tile(10.0 * np.eye(3), (5, 1))
    assert find_alignment(three, three, threshold_m=1.0).status == "degenerate"
    along = np.linspace(-9.0, 9.0, 30)
    line = np.column_stack([along, 2.0 * along, -along])
    assert find_alignment(line, line, threshold_m=1.0).status in ("none", "degenerate")


@pytest.mark.parametrize(
    ("change", "name"),
    [
        ({"threshold_m": 0.0}, "threshold_m"),
        ({"threshold_m": 1e100}, "threshold_m"),
        ({"sigma_m": -1.0}, "sigma_m"),
        ({"confidence": 1.0}, "confidence"),
        ({"iterations_max": 0}, "iterations_max"),
        ({"seed": -1}, "seed"),
        ({"first_m": np.zeros((8, 2))}, "first_m"),
        ({"second_m": np.zeros((7, 3))}, "second_m"),
        ({"second_m": np.zeros((8, 3), np.float32)}, "second_m"),
    ],
)
def test_a_wrong_argument_is_named(change: dict[str, object], name: str) -> None:
    points = np.random.default_rng(1).random((8, 3))
    arguments: dict[str, object] = {"first_m": points, "second_m": points, "threshold_m": 0.1}
    with pytest.raises(ValueError, match=name):
        find_alignment(**{**arguments, **change})  # type: ignore[arg-type]
