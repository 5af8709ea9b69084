"""Matches of a camera above rough ground, noisy and in part wrong, and the bound of a pose's error.

The problems of a lander's camera: one unit of altitude, 0.3 rad of tilt, relief of 1.5 % of the
altitude, 1,024 x 1,024 pixels at a focal length of 1,000, wrong matches anywhere in the image.
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
class Matches:
    points: Floats  # (n, 3) world
    pixels: Floats  # (n, 2)
    C: Floats  # C_camera_from_world
    position: Floats  # of the camera, world
    right: npt.NDArray[np.bool_]  # (n,)


def ground_matches(
    random: np.random.Generator, count: int, wrong: float, sigma_px: float = 1.0
) -> Matches:
    """`wrong` is the share of wrong matches. The horizon is out of view."""
    while True:
        tilt = Rotation.from_rotvec(random.normal(0.0, 0.3, 3)).as_matrix()
        C: Floats = tilt @ np.diag([1.0, -1.0, -1.0])
        position = np.array([*random.normal(0.0, 0.2, 2), 1.0])
        seen = random.random((count, 2)) * SIZE_PX
        ray = np.column_stack([(seen - CENTER_PX) / FOCAL_PX, np.ones(count)]) @ C
        if (ray[:, 2] < -0.2).all():
            break
    depth = (0.015 * random.standard_normal(count) - 1.0) / ray[:, 2]
    points = position + ray * depth[:, None]
    pixels = seen + random.normal(0.0, sigma_px, (count, 2))
    right = np.ones(count, np.bool_)
    right[random.permutation(count)[: round(count * wrong)]] = False
    pixels[~right] = random.random((int((~right).sum()), 2)) * SIZE_PX
    return Matches(points, pixels, C, position, right)


def information(m: Matches, sigma_px: float = 1.0) -> Floats:
    """Fisher's information of (turn in camera axes, position in the world) from the right matches.

    The bound of Cramer and Rao is its inverse. Differences of the projection, not formulas.
    """

    def project(turn: Floats, position: Floats) -> Floats:
        C = Rotation.from_rotvec(turn).as_matrix() @ m.C
        camera = (m.points[m.right] - position) @ C.T
        return np.asarray(FOCAL_PX * camera[:, :2] / camera[:, 2:]).ravel()

    step, columns = 1e-6, []
    for i in range(6):
        d = np.zeros(6)
        d[i] = step
        after = project(d[:3], m.position + d[3:])
        columns.append((after - project(-d[:3], m.position - d[3:])) / (2.0 * step))
    jacobian = np.column_stack(columns)
    return np.asarray(jacobian.T @ jacobian / sigma_px**2)


def pose_error(m: Matches, q_camera_from_world: Floats, position: Floats) -> Floats:
    """Turn in camera axes, rad, and position, from the estimate to the truth: as a covariance's."""
    w, x, y, z = q_camera_from_world
    estimate = Rotation.from_quat([x, y, z, w]).as_matrix()
    turn = Rotation.from_matrix(m.C @ estimate.T).as_rotvec()
    return np.concatenate([turn, m.position - position])
