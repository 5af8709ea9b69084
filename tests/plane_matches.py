"""Matches between two images of a plane, with noise in the second and wrong ones among them.

A turn of 0.05 rad, 3 % of scale, 20 px of shift and a perspective of 2e-5 per pixel, 1,024 x 1,024.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
SIZE_PX = 1024.0
GRID: Floats = (
    np.stack(np.meshgrid(np.linspace(0, SIZE_PX, 5), np.linspace(0, SIZE_PX, 5)), -1)
    .reshape(-1, 2)
    .astype(np.float64)
)


@dataclass
class PlaneMatches:
    first: Floats  # (n, 2) px
    second: Floats  # (n, 2) px
    H: Floats  # second ~ H first
    right: npt.NDArray[np.bool_]


def mapped(H: Floats, points: Floats) -> Floats:
    q = np.column_stack([points, np.ones(len(points))]) @ H.T
    return np.asarray(q[:, :2] / q[:, 2:])


def plane_matches(
    random: np.random.Generator, count: int, wrong: float, sigma_px: float = 1.0
) -> PlaneMatches:
    """`wrong` is the share of wrong matches."""
    turn, scale = random.normal(0.0, 0.05), 1.0 + random.normal(0.0, 0.03)
    c, s = scale * np.cos(turn), scale * np.sin(turn)
    shift, tilt = random.normal(0.0, 20.0, 2), random.normal(0.0, 2e-5, 2)
    H = np.array([[c, -s, shift[0]], [s, c, shift[1]], [*tilt, 1.0]])
    first = random.random((count, 2)) * SIZE_PX
    second = mapped(H, first) + random.normal(0.0, sigma_px, (count, 2))
    right = np.ones(count, np.bool_)
    right[random.permutation(count)[: round(count * wrong)]] = False
    second[~right] = random.random((int((~right).sum()), 2)) * SIZE_PX
    return PlaneMatches(first, second, H, right)


def plane_jacobian(H: Floats, points: Floats) -> Floats:
    """Of the mapped points by the nine entries: (2 n, 9)."""
    p = np.column_stack([points, np.ones(len(points))])
    w = p @ H[2]
    zero = np.zeros_like(p)
    u, v = mapped(H, points).T[:, :, None]
    rows = np.stack([np.hstack([p, zero, -u * p]), np.hstack([zero, p, -v * p])], axis=1)
    return np.asarray((rows / w[:, None, None]).reshape(-1, 9))


def grid_bound(m: PlaneMatches, sigma_px: float = 1.0) -> float:
    """Cramer and Rao's bound of the mean square distance, px^2, over the grid."""
    J, grid = plane_jacobian(m.H, m.first[m.right]), plane_jacobian(m.H, GRID)
    basis = np.linalg.svd(m.H.ravel()[None])[2][1:].T  # the entries' directions but the scale
    scale = np.linalg.norm(J @ basis, axis=0)  # the columns differ by 1e6 in size
    inner = np.linalg.inv((basis / scale).T @ J.T @ J @ (basis / scale)) * sigma_px**2
    covariance = (basis / scale) @ inner @ (basis / scale).T
    return float(np.trace(grid @ covariance @ grid.T) / len(GRID))


def grid_error(m: PlaneMatches, H: Floats) -> float:
    """Mean square distance, px^2, over the grid between where H and the true one send it."""
    away = mapped(H, GRID) - mapped(m.H, GRID)
    return float(np.mean(np.sum(away**2, axis=1)))
