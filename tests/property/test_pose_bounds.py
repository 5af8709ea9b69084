"""Whatever is handed in: a status, the same bits by every path, sound numbers when it is "ok"."""

import math

import numpy as np
import pytest
from camera_matches import CENTER_PX, FOCAL_PX, ground_matches
from hypothesis import given
from hypothesis import strategies as st

from onboard.core.vision import SIMD_PATHS, simd_here
from onboard.core.vision.pose import Pose, refine_pose, solve_pose, solve_pose_robust
from onboard.core.vision.robust import STATUS

CAMERA = {"focal_px": FOCAL_PX, "center_px": CENTER_PX}
PLAIN = st.sampled_from([-1.0, 0.0, 0.5, 1.0, 2.0]) | st.floats(-1e4, 1e4)
ANY = PLAIN | st.floats(allow_nan=True, allow_infinity=True)
START = (np.array([0.0, 1.0, 0.0, 0.0]), np.array([0.0, 0.0, 1.0]))


@st.composite
def matches(draw: st.DrawFn, number: st.SearchStrategy[float]) -> np.ndarray:
    """Any count of rows X, Y, Z, column, row; of few different ones, so that many are repeated."""
    rows = draw(st.lists(st.lists(number, min_size=5, max_size=5), min_size=1, max_size=9))
    picked = draw(st.lists(st.sampled_from(rows), max_size=40))
    return np.array(picked, np.float64).reshape(-1, 5)


def poses(m: np.ndarray, seed: int, by_quality: bool, simd: int) -> list[Pose]:
    points, pixels = np.ascontiguousarray(m[:, :3]), np.ascontiguousarray(m[:, 3:])
    return [
        solve_pose_robust(
            points,
            pixels,
            **CAMERA,
            seed=seed,
            by_quality=by_quality,
            simd=simd,
            iterations_max=50,
        ),
        solve_pose(points, pixels, **CAMERA, simd=simd),
        refine_pose(points, pixels, *START, **CAMERA, simd=simd),
    ]


def check_sound(pose: Pose) -> None:
    assert pose.status in STATUS.values()
    if pose.status == "ok":
        assert pose.inlier.sum() >= 4
        assert np.isfinite(pose.position_world_m).all()
        assert math.isclose(np.linalg.norm(pose.q_camera_from_world), 1.0, rel_tol=1e-12)
        assert (np.diag(pose.covariance) >= 0.0).all()
        assert np.array_equal(pose.covariance, pose.covariance.T)


@given(matches(ANY), st.integers(0, 2**64 - 1), st.booleans())
def test_any_numbers_give_a_status(m: np.ndarray, seed: int, by_quality: bool) -> None:
    for pose in poses(m, seed, by_quality, SIMD_PATHS["scalar"]):
        check_sound(pose)
        if not np.isfinite(m).all() and len(m) >= 4:
            assert pose.status == "not finite"
        assert (pose.status == "bad count") == (len(m) < 4)


@given(matches(PLAIN), st.integers(0, 2**64 - 1), st.booleans())
def test_every_path_gives_the_same_bits(m: np.ndarray, seed: int, by_quality: bool) -> None:
    expected = poses(m, seed, by_quality, SIMD_PATHS["scalar"])
    for path in simd_here():
        for one, other in zip(poses(m, seed, by_quality, SIMD_PATHS[path]), expected, strict=True):
            assert (one.status, one.iterations) == (other.status, other.iterations)
            if one.status == "ok":
                assert one.position_world_m.tobytes() == other.position_world_m.tobytes()
                assert one.covariance.tobytes() == other.covariance.tobytes()
                assert np.array_equal(one.inlier, other.inlier)


@given(st.integers(0, 2**32), st.integers(20, 300), st.floats(0.0, 0.5))
def test_flags_are_the_errors_below_the_threshold(seed: int, count: int, wrong: float) -> None:
    m = ground_matches(np.random.default_rng(seed), count, wrong)
    pose = solve_pose_robust(m.points, m.pixels, **CAMERA, threshold_px=4.0, seed=seed)
    assert pose.status == "ok"
    w, *u = pose.q_camera_from_world
    from_camera = m.points - pose.position_world_m
    t = 2.0 * np.cross(u, from_camera)
    camera = from_camera + w * t + np.cross(u, t)
    error = FOCAL_PX * camera[:, :2] / camera[:, 2:] + CENTER_PX - m.pixels
    distance = np.linalg.norm(error, axis=1)
    clear = np.abs(distance - 4.0) > 1e-6
    assert np.array_equal(pose.inlier[clear], ((distance < 4.0) & (camera[:, 2] > 0.0))[clear])


@pytest.mark.parametrize("count", [4, 7, 50])
def test_points_on_a_line_are_refused(count: int) -> None:
    along = np.linspace(-0.2, 0.3, count)
    points = np.column_stack([along, 0.5 * along, np.zeros(count)])
    pixels = 1000.0 * points[:, :2] + CENTER_PX  # as seen from (0, 0, -1)
    robust, plain, _ = poses(np.column_stack([points, pixels]), 3, False, 0)
    assert robust.status in ("none", "degenerate")
    assert plain.status == "degenerate"


def test_three_different_points_many_times_are_refused() -> None:
    points = np.tile([[0.1, 0.2, 0.0], [-0.3, 0.1, 0.0], [0.2, -0.3, 0.1]], (7, 1))
    depth = 1.0 + points[:, 2:]
    pixels = 1000.0 * points[:, :2] / depth + CENTER_PX
    robust, _, _ = poses(np.column_stack([points, pixels]), 3, False, 0)
    assert robust.status == "degenerate"


@pytest.mark.parametrize(
    ("change", "name"),
    [
        ({"threshold_px": 0.0}, "threshold_px"),
        ({"threshold_px": math.nan}, "threshold_px"),
        ({"sigma_px": -1.0}, "sigma_px"),
        ({"confidence": 1.0}, "confidence"),
        ({"iterations_max": 0}, "iterations_max"),
        ({"seed": -1}, "seed"),
        ({"focal_px": math.inf}, "focal_px"),
        ({"pixels": np.zeros((8, 3))}, "pixels"),
        ({"pixels": np.zeros((7, 2))}, "pixels"),
        ({"points_world_m": np.zeros((8, 3), np.float32)}, "points_world_m"),
    ],
)
def test_a_wrong_argument_is_named(change: dict[str, object], name: str) -> None:
    arguments: dict[str, object] = {
        "points_world_m": np.zeros((8, 3)),
        "pixels": np.zeros((8, 2)),
        **CAMERA,
    }
    with pytest.raises(ValueError, match=name):
        solve_pose_robust(**{**arguments, **change})  # type: ignore[arg-type]
