"""Motions between two images against the truth, the bound of Cramer and Rao, and PoseLib."""

import numpy as np
import poselib
import pytest
from motion_matches import (
    CENTER_PX,
    FOCAL_PX,
    Floats,
    MotionMatches,
    across,
    information,
    motion_error,
    motion_matches,
)
from scipy.optimize import least_squares
from scipy.spatial.transform import Rotation

from onboard.core._vision import ffi, lib
from onboard.core.vision.motion import Direction, Motion, find_direction, find_motion

CAMERA = {"model": "PINHOLE", "width": 1024, "height": 1024, "params": [1000, 1000, *CENTER_PX]}
OPTIONS = {"max_epipolar_error": 2.0, "max_iterations": 2000, "min_iterations": 0}
OPTIONS["success_prob"] = 0.999


def found(m: MotionMatches, seed: int = 0) -> Motion:
    return find_motion(
        m.first, m.second, focal_px=FOCAL_PX, center_px=CENTER_PX, sigma_px=1.0, seed=seed
    )


def five_point(first: Floats, second: Floats) -> Floats:
    """(n, 9): essential matrices of norm sqrt(2), row by row."""
    out = ffi.new("double[90]")
    rows = [ffi.from_buffer("double[]", np.ascontiguousarray(a)) for a in (first, second)]
    count = lib.ob_five_point(*rows, out)
    return np.frombuffer(ffi.buffer(out), np.float64).reshape(10, 9)[:count].copy()


def test_five_points_give_the_solutions_of_poselib_and_the_truth() -> None:
    """Each is an essential matrix that the matches obey. Where two solutions nearly meet, noise of
    1e-16 moves them by its root: of 2,000 problems 0.5 % may miss the truth by 1e-4, and 2 %
    differ from PoseLib's in number.
    """
    random = np.random.default_rng(1)
    missed = other_count = 0
    for _ in range(2000):
        m = motion_matches(random, 5, 0.0, sigma_px=0.0)
        first, second = (m.first - CENTER_PX) / FOCAL_PX, (m.second - CENTER_PX) / FOCAL_PX
        x, y = (np.column_stack([a, np.ones(5)]) for a in (first, second))
        solutions = five_point(first, second)
        for E in solutions.reshape(-1, 3, 3):
            assert np.abs(np.einsum("ni,ij,nj->n", y, E, x)).max() < 1e-9
            assert abs(np.linalg.norm(E) - np.sqrt(2.0)) < 1e-12
        true = (np.cross(np.eye(3), m.direction).T @ m.C).ravel()
        away = [min(np.linalg.norm(E - true), np.linalg.norm(E + true)) for E in solutions]
        missed += min(away, default=1.0) > 1e-4
        unit = [a / np.linalg.norm(a, axis=1)[:, None] for a in (x, y)]
        other_count += len(poselib.essential_matrix_5pt(*unit)) != len(solutions)
    assert missed <= 10
    assert other_count <= 40


def test_five_points_that_leave_more_open_have_no_solution() -> None:
    point = np.tile([[0.1, 0.2]], (5, 1))
    assert len(five_point(point, point)) == 0


@pytest.mark.parametrize(("count", "wrong"), [(200, 0.0), (200, 0.5), (1000, 0.5)])
def test_it_is_near_the_bound_and_says_so(count: int, wrong: float) -> None:
    """Tukey's weights give up 5 to 10 % of the information. A wrong match that agrees by chance is
    not told from a right one, so that a few errors are beyond their covariance: medians. That of
    chi-squared of 5 over 5 is 0.870, with a standard deviation over 100 problems of 0.078
    (1.2533 / (2 f) with f the density at the median); four of these, and the 10 %.
    """
    random = np.random.default_rng(count)
    squares, nees = [], []
    for seed in range(100):
        m = motion_matches(random, count, wrong)
        motion = found(m, seed)
        assert motion.status == "ok"
        assert not motion.plane
        error = motion_error(m, motion.q_second_from_first, motion.direction, motion.across)
        nees.append(error @ np.linalg.solve(motion.covariance, error) / 5.0)
        error = motion_error(m, motion.q_second_from_first, motion.direction, across(m.direction))
        squares.append(error @ information(m) @ error / 5.0)
    assert abs(np.median(nees) - 0.870) < 0.35
    assert np.median(squares) < 0.870 * 1.10 + 0.31
    assert max(squares) < 40.0  # none is elsewhere


def test_it_is_no_worse_than_poselib() -> None:
    """Over the same 150 problems."""
    random = np.random.default_rng(2)
    ours, theirs = [], []
    for seed in range(150):
        m = motion_matches(random, 200, 0.5)
        motion, bound = found(m, seed), information(m)
        pair, _ = poselib.estimate_relative_pose(m.first, m.second, CAMERA, CAMERA, OPTIONS, {})
        pose = getattr(pair, "pose", pair)
        t = np.asarray(pose.t) / np.linalg.norm(pose.t)
        for errors, answer in (
            (ours, (motion.q_second_from_first, motion.direction)),
            (theirs, (np.asarray(pose.q), t)),
        ):
            error = motion_error(m, *answer, across(m.direction))
            errors.append(error @ bound @ error)
    assert np.median(ours) < np.median(theirs)


def test_a_turn_alone_has_no_parallax() -> None:
    """The turn stands, with its covariance: chi-squared of 3 over 3, 100 problems, a standard
    deviation of 0.082; four of these, and 0.1 for matches cut at four standard deviations.
    """
    random = np.random.default_rng(3)
    nees = []
    for seed in range(100):
        m = motion_matches(random, 200, 0.3, path=0.0)
        motion = found(m, seed)
        assert motion.status == "no parallax"
        assert not motion.direction.any()
        error = motion_error(m, motion.q_second_from_first, m.direction, motion.across)[:3]
        nees.append(error @ np.linalg.solve(motion.covariance[:3, :3], error) / 3.0)
    assert abs(np.mean(nees) - 1.0) < 0.43


def test_a_plane_is_told() -> None:
    random = np.random.default_rng(4)
    told = [found(motion_matches(random, 200, 0.3, relief=0.0), seed).plane for seed in range(60)]
    assert np.mean(told) > 0.9


def test_exact_matches_give_the_exact_motion() -> None:
    random = np.random.default_rng(5)
    for count in (12, 50):
        m = motion_matches(random, count, 0.0, sigma_px=0.0)
        motion = find_motion(m.first, m.second, focal_px=FOCAL_PX, center_px=CENTER_PX)
        error = motion_error(m, motion.q_second_from_first, motion.direction, motion.across)
        assert motion.status == "ok"
        assert np.abs(error).max() < 1e-6


def test_the_bound_on_samples_holds() -> None:
    random = np.random.default_rng(6)
    for most in (1, 50):
        m = motion_matches(random, 100, 1.0)
        motion = find_motion(
            m.first, m.second, focal_px=FOCAL_PX, center_px=CENTER_PX, iterations_max=most
        )
        assert motion.iterations == most


# ---- with the turn known ----


def direction_of(m: MotionMatches, seed: int = 0) -> Direction:
    q = Rotation.from_matrix(m.C).as_quat()[[3, 0, 1, 2]]
    return find_direction(
        q, m.first, m.second, focal_px=FOCAL_PX, center_px=CENTER_PX, sigma_px=1.0, seed=seed
    )


@pytest.mark.parametrize(("count", "wrong"), [(200, 0.0), (200, 0.5), (1000, 0.5)])
def test_a_direction_is_near_the_bound_and_says_so(count: int, wrong: float) -> None:
    """Medians, as for the motion: of chi-squared of 2 over 2 it is 0.693, its standard deviation
    over 200 problems 0.071; four of these, and 10 % of the information for Tukey's weights.
    """
    random = np.random.default_rng(count + 1)
    squares, nees = [], []
    for seed in range(200):
        m = motion_matches(random, count, wrong)
        d = direction_of(m, seed)
        assert d.status == "ok"
        error = d.across @ (m.direction - d.direction)
        nees.append(error @ np.linalg.solve(d.covariance, error) / 2.0)
        error = across(m.direction) @ (m.direction - d.direction)
        squares.append(error @ information(m)[3:, 3:] @ error / 2.0)
    assert abs(np.median(nees) - 0.693) < 0.35
    assert np.median(squares) < 0.693 * 1.10 + 0.28


def test_a_direction_is_the_least_squares_of_scipy() -> None:
    """Of Sampson's errors under Tukey's weights of width 4 px, between the least (2) and the most
    that ours may have: the other width moves it by less than 0.3 standard deviations.
    """
    random = np.random.default_rng(7)
    for _ in range(10):
        m = motion_matches(random, 100, 0.0)
        d = direction_of(m)
        x, y = (
            np.column_stack([(a - CENTER_PX) / FOCAL_PX, np.ones(len(a))])
            for a in (m.first, m.second)
        )

        def errors(p: Floats, d: Direction = d, m: MotionMatches = m, x: Floats = x) -> Floats:
            t = d.direction + p @ d.across
            E = np.cross(np.eye(3), t / np.linalg.norm(t)).T @ m.C
            a, b = x @ E.T, y @ E  # noqa: B023
            slope = np.sqrt((a[:, :2] ** 2).sum(1) + (b[:, :2] ** 2).sum(1))
            return np.asarray((y * a).sum(1) / slope)  # noqa: B023

        width = 4.0 / FOCAL_PX
        kept = np.abs(errors(np.zeros(2))) < width

        def tukey(z: Floats) -> Floats:
            left = np.clip(1.0 - z, 0.0, None)
            return np.array([(1.0 - left**3) / 3.0, left**2, -2.0 * left])

        s = least_squares(
            lambda p, k=kept, e=errors: e(p)[k], np.zeros(2), loss=tukey, f_scale=width, xtol=1e-12
        )
        assert np.all(np.abs(s.x) < 0.3 * np.sqrt(np.diag(d.covariance)))


def test_a_known_turn_without_a_path_has_no_parallax() -> None:
    random = np.random.default_rng(8)
    for seed in range(100):
        d = direction_of(motion_matches(random, 200, 0.3, path=0.0), seed)
        assert d.status == "no parallax"
        assert not d.direction.any()
        assert d.inlier.sum() > 100


def test_a_turn_without_noise_has_no_parallax() -> None:
    points = np.random.default_rng(9).random((30, 2)) * 1000.0
    d = find_direction(
        np.array([1.0, 0.0, 0.0, 0.0]), points, points, focal_px=1000.0, center_px=(500.0, 500.0)
    )
    assert d.status == "no parallax"
    assert d.inlier.all()
