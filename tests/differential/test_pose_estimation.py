"""Poses against the truth, the bound of Cramer and Rao, OpenCV and PoseLib."""

import cv2
import numpy as np
import numpy.typing as npt
import pytest
from camera_matches import CENTER_PX, FOCAL_PX, Floats, ground_matches, information, pose_error
from scipy.spatial.transform import Rotation

from onboard.core._vision import ffi, lib
from onboard.core.vision.pose import Pose, refine_pose, solve_pose, solve_pose_robust

CAMERA = {"focal_px": FOCAL_PX, "center_px": CENTER_PX}
K = np.array([[FOCAL_PX, 0.0, CENTER_PX[0]], [0.0, FOCAL_PX, CENTER_PX[1]], [0.0, 0.0, 1.0]])


def p3p(bearings: Floats, points: Floats) -> Floats:
    """(n, 12): each row a rotation, row by row, and a translation."""
    out = ffi.new("ob_rigid[4]")
    count = lib.ob_p3p(
        ffi.from_buffer("double[]", np.ascontiguousarray(bearings)),
        ffi.from_buffer("double[]", np.ascontiguousarray(points)),
        out,
    )
    return np.frombuffer(ffi.buffer(out), np.float64).reshape(4, 12)[:count].copy()


def test_p3p_finds_the_truth_and_nothing_false() -> None:
    """Each solution must see the points along the bearings. A true one is missed only where two of
    them nearly meet: there noise of 1e-16 moves it by its root, and about 1 in 10,000 of these
    problems comes so near.
    """
    random = np.random.default_rng(1)
    missed = 0
    for _ in range(3000):
        camera = np.column_stack([random.uniform(-1.0, 1.0, (3, 2)), np.ones(3)])
        camera *= random.uniform(0.1, 10.0, 3)[:, None]
        bearings = camera / np.linalg.norm(camera, axis=1)[:, None]
        C = Rotation.random(rng=random).as_matrix()
        shift = random.normal(size=3)
        points = (camera - shift) @ C
        solutions = p3p(bearings, points)
        for s in solutions:
            rotation = s[:9].reshape(3, 3)
            assert np.abs(rotation @ rotation.T - np.eye(3)).max() < 1e-6
            seen = points @ rotation.T + s[9:]
            assert np.abs(seen / np.linalg.norm(seen, axis=1)[:, None] - bearings).max() < 1e-6
        away = np.abs(solutions - np.concatenate([C.ravel(), shift])).max(axis=1)
        missed += not (away < 1e-6).any()
    assert missed <= 3


def test_p3p_of_a_line_or_of_two_points_has_no_solution() -> None:
    bearings = np.array([[0.0, 0.0, 1.0], [0.6, 0.0, 0.8], [0.0, 0.6, 0.8]])
    assert len(p3p(bearings, np.array([[0.0, 0, 0], [1, 1, 1], [2, 2, 2]]))) == 0
    assert len(p3p(bearings, np.array([[0.0, 0, 0], [1, 1, 1], [1, 1, 1]]))) == 0


def scaled_errors(poses: list[Pose], problems: list) -> tuple[npt.NDArray, npt.NDArray]:
    """Squared error over 6 by the bound of Cramer and Rao, and by the pose's own covariance."""
    by_bound, by_own = [], []
    for m, pose in zip(problems, poses, strict=True):
        assert pose.status == "ok"
        e = pose_error(m, pose.q_camera_from_world, pose.position_world_m)
        by_bound.append(e @ information(m) @ e / 6.0)
        by_own.append(e @ np.linalg.solve(pose.covariance, e) / 6.0)
    return np.array(by_bound), np.array(by_own)


# The mean of 400 normalized squares over 6 has a standard deviation of sqrt(2 / (6 400)) = 0.029;
# four of them, and 0.02 for what is not linear at 1 px, make 0.135.
COUNT, ROOM = 400, 0.135


@pytest.mark.parametrize(("count", "wrong"), [(50, 0.5), (200, 0.5), (200, 0.7)])
def test_robust_pose_is_at_the_bound_and_says_so(count: int, wrong: float) -> None:
    random = np.random.default_rng(count)
    problems = [ground_matches(random, count, wrong) for _ in range(COUNT)]
    poses = [
        solve_pose_robust(m.points, m.pixels, **CAMERA, sigma_px=1.0, seed=i)
        for i, m in enumerate(problems)
    ]
    by_bound, by_own = scaled_errors(poses, problems)
    assert (by_own < 10.0).all()  # all solved: 60 for six degrees of freedom is 1 in 10^10
    assert abs(by_bound.mean() - 1.0) < ROOM
    assert abs(by_own.mean() - 1.0) < ROOM


def test_pose_from_all_points_is_at_the_bound_and_says_so() -> None:
    random = np.random.default_rng(2)
    problems = [ground_matches(random, 50, 0.0) for _ in range(COUNT)]
    poses = [solve_pose(m.points, m.pixels, **CAMERA, sigma_px=1.0) for m in problems]
    for scaled in scaled_errors(poses, problems):
        assert abs(scaled.mean() - 1.0) < ROOM


def test_sigma_is_taken_from_the_residuals() -> None:
    m = ground_matches(np.random.default_rng(3), 1000, 0.0, sigma_px=0.5)
    given = solve_pose(m.points, m.pixels, **CAMERA, sigma_px=0.5)
    own = solve_pose(m.points, m.pixels, **CAMERA)
    # 1,994 degrees of freedom: a relative standard deviation of the variance of sqrt(2 / 1994)
    assert np.allclose(own.covariance, given.covariance, rtol=4.0 * np.sqrt(2.0 / 1994.0))


@pytest.mark.parametrize("count", [6, 20, 200])
def test_it_is_the_least_squares_that_opencv_finds(count: int) -> None:
    """Started from the same pose, OpenCV's own minimizer does not go elsewhere.

    It stops at steps of 1e-7 or so, far below the noise, which bounds the difference.
    """
    random = np.random.default_rng(4)
    for _ in range(20):
        m = ground_matches(random, count, 0.0)
        pose = solve_pose(m.points, m.pixels, **CAMERA, sigma_px=1.0)
        assert pose.status == "ok"
        w, x, y, z = pose.q_camera_from_world
        C = Rotation.from_quat([x, y, z, w])
        turn, shift = C.as_rotvec(), -C.apply(pose.position_world_m)
        turn, shift = cv2.solvePnPRefineLM(m.points, m.pixels, K, None, turn.copy(), shift.copy())
        theirs = -Rotation.from_rotvec(turn.ravel()).inv().apply(shift.ravel())
        sigma = np.sqrt(np.diag(pose.covariance)[3:])
        assert (np.abs(theirs - pose.position_world_m) < 1e-2 * sigma).all()


def test_a_refined_pose_is_the_robust_one() -> None:
    random = np.random.default_rng(5)
    for seed in range(20):
        m = ground_matches(random, 100, 0.3)
        robust = solve_pose_robust(m.points, m.pixels, **CAMERA, sigma_px=1.0, seed=seed)
        near = robust.position_world_m + 1e-3
        again = refine_pose(
            m.points, m.pixels, robust.q_camera_from_world, near, **CAMERA, sigma_px=1.0
        )
        assert again.status == "ok"
        sigma = np.sqrt(np.diag(robust.covariance)[3:])
        assert (np.abs(again.position_world_m - robust.position_world_m) < 0.02 * sigma).all()


def test_a_far_frame_costs_no_accuracy() -> None:
    """Body-fixed coordinates: 1,737 km from the origin of the frame, kilometres apart."""
    random = np.random.default_rng(6)
    m = ground_matches(random, 100, 0.4)
    here = solve_pose_robust(m.points, m.pixels, **CAMERA, sigma_px=1.0)
    far = np.array([1.2e6, -0.9e6, 0.7e6])
    there = solve_pose_robust(1e3 * m.points + far, m.pixels, **CAMERA, sigma_px=1.0)
    sigma = 1e3 * np.sqrt(np.diag(here.covariance)[3:])
    moved = there.position_world_m - far - 1e3 * here.position_world_m
    assert (np.abs(moved) < 1e-3 * sigma).all()


def test_good_matches_first_need_fewer_samples() -> None:
    """A quality that tells right from wrong only by half: each is solved, in fewer than half."""
    random = np.random.default_rng(7)
    drawn = {True: 0, False: 0}
    for seed in range(100):
        m = ground_matches(random, 200, 0.8)
        order = np.argsort(-(random.random(200) + 0.5 * m.right), kind="stable")
        for by_quality in drawn:
            pose = solve_pose_robust(
                m.points[order], m.pixels[order], **CAMERA, by_quality=by_quality, seed=seed
            )
            assert pose.status == "ok"
            assert np.linalg.norm(pose.position_world_m - m.position) < 0.02
            drawn[by_quality] += pose.iterations
    assert drawn[True] < 0.5 * drawn[False]


def test_the_bound_on_samples_holds() -> None:
    """Nothing but wrong matches: as many samples as allowed, no pose or one of few inliers."""
    random = np.random.default_rng(8)
    for most in (1, 100, 1000):
        m = ground_matches(random, 100, 1.0)
        pose = solve_pose_robust(m.points, m.pixels, **CAMERA, iterations_max=most)
        assert pose.iterations == most
        assert pose.status == "none" or pose.inlier.sum() < 12


def test_no_worse_than_poselib() -> None:
    poselib = pytest.importorskip("poselib", reason="needs PoseLib")
    camera = {"model": "PINHOLE", "width": 1024, "height": 1024, "params": [1000, 1000, *CENTER_PX]}
    options = {"max_reproj_error": 4.0, "max_iterations": 1000, "min_iterations": 0}
    random = np.random.default_rng(9)
    ours, theirs = [], []
    for seed in range(200):
        m = ground_matches(random, 200, 0.5)
        pose = solve_pose_robust(m.points, m.pixels, **CAMERA, sigma_px=1.0, seed=seed)
        e = pose_error(m, pose.q_camera_from_world, pose.position_world_m)
        ours.append(e @ information(m) @ e)
        image, _ = poselib.estimate_absolute_pose(m.pixels, m.points, camera, options, {})
        other = getattr(image, "pose", image)
        e = pose_error(m, np.asarray(other.q), -np.asarray(other.R).T @ np.asarray(other.t))
        theirs.append(e @ information(m) @ e)
    assert np.mean(ours) < 1.02 * np.mean(theirs)
