"""Matches of a camera that moves past a scene, noisy and in part wrong, and its errors' bound.

A turn of 0.05 rad an axis, a path of a tenth of the scene's mean depth in any direction, depths of
0.6 to 1.4, 1,024 x 1,024 pixels at a focal length of 1,000, noise in both images, wrong matches
anywhere.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.spatial.transform import Rotation

Floats = npt.NDArray[np.float64]
FOCAL_PX, SIZE_PX = 1000.0, 1024.0
CENTER_PX = (511.5, 511.5)


@dataclass
class MotionMatches:
    first: Floats  # (n, 2) px
    second: Floats  # (n, 2) px
    C: Floats  # C_second_from_first
    direction: Floats  # of the first camera from the second, second camera's axes
    points: Floats  # (n, 3), first camera's axes
    path: float
    right: npt.NDArray[np.bool_]


def project(camera: Floats) -> Floats:
    return np.asarray(camera[:, :2] / camera[:, 2:] * FOCAL_PX + CENTER_PX)


def motion_matches(
    random: np.random.Generator,
    count: int,
    wrong: float,
    sigma_px: float = 1.0,
    path: float = 0.1,
    relief: float = 0.4,
) -> MotionMatches:
    """`wrong` is the share of wrong matches; depths are 1 - relief to 1 + relief."""
    C: Floats = Rotation.from_rotvec(random.normal(0.0, 0.05, 3)).as_matrix()
    direction = random.normal(size=3)
    direction /= np.linalg.norm(direction)
    seen = random.random((count, 2)) * SIZE_PX
    depth = 1.0 + relief * random.uniform(-1.0, 1.0, count)
    points = np.column_stack([(seen - CENTER_PX) / FOCAL_PX, np.ones(count)]) * depth[:, None]
    second = project(points @ C.T + path * direction) + random.normal(0.0, sigma_px, (count, 2))
    first = seen + random.normal(0.0, sigma_px, (count, 2))
    right = np.ones(count, np.bool_)
    right[random.permutation(count)[: round(count * wrong)]] = False
    second[~right] = random.random((int((~right).sum()), 2)) * SIZE_PX
    return MotionMatches(first, second, C, direction, points, path, right)


def across(direction: Floats) -> Floats:
    """Two unit vectors across it: (2, 3)."""
    return np.asarray(np.linalg.svd(direction[None])[2][1:])


def motion_error(m: MotionMatches, q: Floats, direction: Floats, axes: Floats) -> Floats:
    """Turn in the second camera's axes and direction along `axes`, rad, from estimate to truth."""
    w, x, y, z = q
    estimate = Rotation.from_quat([x, y, z, w]).as_matrix()
    turn = Rotation.from_matrix(m.C @ estimate.T).as_rotvec()
    return np.concatenate([turn, axes @ (m.direction - direction)])


def information(m: MotionMatches, sigma_px: float = 1.0) -> Floats:
    """Fisher's information of (turn, direction along `across(m.direction)`) from the right matches,
    the points' places being unknown too. Differences of the projection, not formulas.
    """
    X, axes = m.points[m.right], across(m.direction)
    step = 1e-6

    def second(X: Floats, p: Floats) -> Floats:
        C = Rotation.from_rotvec(p[:3]).as_matrix() @ m.C
        t = m.direction + p[3:] @ axes
        return project(X @ C.T + m.path * t / np.linalg.norm(t))

    by_motion = np.stack(
        [(second(X, e) - second(X, -e)) / (2 * step) for e in step * np.eye(5)], axis=2
    )  # (n, 2, 5)
    zero = np.zeros(5)
    by_point = np.stack(
        [
            np.concatenate(
                [project(X + e) - project(X - e), second(X + e, zero) - second(X - e, zero)], axis=1
            )
            / (2 * step)
            for e in step * np.eye(3)
        ],
        axis=2,
    )  # (n, 4, 3)
    total = np.zeros((5, 5))
    for J, P in zip(by_motion, by_point, strict=True):
        whole = np.vstack([np.zeros((2, 5)), J])
        rest = whole - P @ np.linalg.lstsq(P, whole, rcond=None)[0]
        total += rest.T @ rest
    return np.asarray(total / sigma_px**2)
