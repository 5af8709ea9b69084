"""The pose of a camera from points and their pixels: `pose.h`.

Frames. World: right-handed Cartesian, metres. Camera: x right, y down, z along the boresight; a
pinhole without distortion and with square pixels, (column, row) = center + focal (x / z, y / z).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from onboard.core._vision import ffi, lib
from onboard.core.vision import SIMD_BEST
from onboard.core.vision.robust import (
    Flags,
    Floats,
    check_focal,
    check_matches,
    estimate,
    make_settings,
)


@dataclass(frozen=True, slots=True)
class Pose:
    """Of a camera; only `status` and `iterations` count unless it is "ok".

    `status`: "ok"; "bad count": fewer than 4 points or more than 65,536; "not finite": a NaN or an
    infinity in the input; "degenerate": the points lie on a line, or fewer than four differ;
    "none": no pose has four inliers (or, where all points count, sees all of them).
    """

    status: str
    q_camera_from_world: Floats  # (4,) unit, scalar first
    position_world_m: Floats  # (3,) of the projection centre
    covariance: Floats  # (6, 6): turn in camera axes, rad; position in the world frame, m
    residual_rms_px: float  # of one coordinate of an inlier
    inlier: Flags  # (n,)
    iterations: int  # samples drawn


def solve_pose_robust(
    points_world_m: Floats,
    pixels: Floats,
    *,
    focal_px: float,
    center_px: tuple[float, float],
    threshold_px: float = 4.0,
    sigma_px: float = 0.0,
    confidence: float = 0.999,
    iterations_max: int = 1000,
    by_quality: bool = False,
    seed: int = 0,
    simd: int = SIMD_BEST,
) -> Pose:
    """Pose from matches of which some, or most, are wrong.

    `points_world_m` (n, 3); `pixels` (n, 2), column and row; with `by_quality` the best match comes
    first. An inlier's error is below `threshold_px`. `sigma_px` is the standard deviation of a
    pixel coordinate; 0 takes it from the residuals. The same `seed` gives the same bits everywhere.
    Raises ValueError for a wrong shape, type or setting; all else is told by `status`.
    """
    image = _image(points_world_m, pixels, focal_px, center_px)
    settings = make_settings(
        threshold_px,
        sigma_px,
        confidence,
        iterations_max,
        by_quality,
        seed,
        simd,
        scale=1.0 / focal_px,
    )
    return _solve(
        lib.ob_pose_robust, points_world_m, image, settings, focal_px, ffi.new("ob_pose *")
    )


def solve_pose(
    points_world_m: Floats,
    pixels: Floats,
    *,
    focal_px: float,
    center_px: tuple[float, float],
    sigma_px: float = 0.0,
    simd: int = SIMD_BEST,
) -> Pose:
    """Pose from matches that are all right: the least squares over all of them, without a prior.

    Arguments, result and errors as of `solve_pose_robust`; every point is an inlier.
    """
    image = _image(points_world_m, pixels, focal_px, center_px)
    settings = make_settings(1.0, sigma_px, 0.999, 1, False, 0, simd, scale=1.0 / focal_px)
    out = ffi.new("ob_pose *")
    return _solve(lib.ob_pose_from_points, points_world_m, image, settings, focal_px, out)


def refine_pose(
    points_world_m: Floats,
    pixels: Floats,
    q_camera_from_world: Floats,
    position_world_m: Floats,
    *,
    focal_px: float,
    center_px: tuple[float, float],
    threshold_px: float = 4.0,
    sigma_px: float = 0.0,
    simd: int = SIMD_BEST,
) -> Pose:
    """Pose from one known nearly: matches beyond `threshold_px` do not count.

    Arguments, result and errors as of `solve_pose_robust`.
    """
    image = _image(points_world_m, pixels, focal_px, center_px)
    settings = make_settings(threshold_px, sigma_px, 0.999, 1, False, 0, simd, scale=1.0 / focal_px)
    start = {
        "q_camera_from_world": [float(x) for x in q_camera_from_world],
        "position_world_m": [float(x) for x in position_world_m],
    }
    for name, size in (("q_camera_from_world", 4), ("position_world_m", 3)):
        if len(start[name]) != size:
            raise ValueError(f"{name}: {len(start[name])} numbers, allowed {size}")
    out = ffi.new("ob_pose *", start)
    return _solve(lib.ob_pose_refine, points_world_m, image, settings, focal_px, out)


def _image(
    points: Floats, pixels: Floats, focal_px: float, center_px: tuple[float, float]
) -> Floats:
    check_matches(points_world_m=(points, 3), pixels=(pixels, 2))
    check_focal(focal_px)
    return (pixels - center_px) * (1.0 / focal_px)


def _solve(
    way: Any, points: Floats, image: Floats, settings: Any, focal_px: float, out: Any
) -> Pose:
    flags = way is not lib.ob_pose_from_points
    status, numbers, inlier = estimate(way, (points, image), settings, out, flags=flags)
    return Pose(
        status,
        numbers[:4],
        numbers[4:7],
        numbers[7:43].reshape(6, 6),
        out.residual_rms * focal_px,
        inlier,
        out.iterations,
    )
