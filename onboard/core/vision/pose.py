"""The pose of a camera from points and their pixels: `pose.h`.

Frames. World: right-handed Cartesian, metres. Camera: x right, y down, z along the boresight; a
pinhole without distortion and with square pixels, (column, row) = center + focal (x / z, y / z).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from onboard.core._vision import ffi, lib
from onboard.core.vision import SIMD_BEST

Floats = npt.NDArray[np.float64]

STATUS: dict[int, str] = {
    lib.OB_POSE_OK: "ok",
    lib.OB_POSE_BAD_COUNT: "bad count",
    lib.OB_POSE_NOT_FINITE: "not finite",
    lib.OB_POSE_DEGENERATE: "degenerate",
    lib.OB_POSE_NONE: "none",
}
POINTS_MAX: int = lib.OB_POSE_POINTS_MAX


@dataclass(frozen=True, slots=True)
class Pose:
    """Of a camera; only `status` and `iterations` count unless it is "ok".

    `status`: "ok"; "bad count": fewer than 4 points or more than POINTS_MAX; "not finite": a NaN or
    an infinity in the input; "degenerate": the points lie on a line, or fewer than four differ;
    "none": no pose has four inliers (or, where all points count, sees all of them).
    """

    status: str
    q_camera_from_world: Floats  # (4,) unit, scalar first
    position_world_m: Floats  # (3,) of the projection centre
    covariance: Floats  # (6, 6): turn in camera axes, rad; position in the world frame, m
    residual_rms_px: float  # of one coordinate of an inlier
    inlier: npt.NDArray[np.bool_]  # (n,)
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
    settings = _settings(
        focal_px, threshold_px, sigma_px, confidence, iterations_max, by_quality, seed, simd
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
    settings = _settings(focal_px, 1.0, sigma_px, 0.999, 1, False, 0, simd)
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
    settings = _settings(focal_px, threshold_px, sigma_px, 0.999, 1, False, 0, simd)
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
    for name, array, width in (("points_world_m", points, 3), ("pixels", pixels, 2)):
        if array.ndim != 2 or array.shape[1] != width or array.dtype != np.float64:
            raise ValueError(f"{name}: {array.dtype} {array.shape}, allowed float64 (n, {width})")
    if len(points) != len(pixels):
        raise ValueError(f"pixels: {len(pixels)} rows, points_world_m has {len(points)}")
    if not 0.0 < focal_px < np.inf:
        raise ValueError(f"focal_px: {focal_px}, allowed above 0")
    return np.ascontiguousarray((pixels - center_px) * (1.0 / focal_px))


def _settings(
    focal_px: float,
    threshold_px: float,
    sigma_px: float,
    confidence: float,
    iterations_max: int,
    by_quality: bool,
    seed: int,
    simd: int,
) -> Any:
    if not 0.0 < threshold_px < 1e3 * focal_px:
        raise ValueError(f"threshold_px: {threshold_px}, allowed above 0, below 1000 focal_px")
    if not 0.0 <= sigma_px < np.inf:
        raise ValueError(f"sigma_px: {sigma_px}, allowed 0 or more")
    if not 0.0 < confidence < 1.0:
        raise ValueError(f"confidence: {confidence}, allowed between 0 and 1")
    if not 1 <= iterations_max <= lib.OB_POSE_ITERATIONS_MAX:
        raise ValueError(
            f"iterations_max: {iterations_max}, allowed 1 to {lib.OB_POSE_ITERATIONS_MAX}"
        )
    if not 0 <= seed < 2**64:
        raise ValueError(f"seed: {seed}, allowed 0 to 2^64 - 1")
    return ffi.new(
        "ob_pose_settings *",
        (
            threshold_px / focal_px,
            sigma_px / focal_px,
            confidence,
            seed,
            iterations_max,
            by_quality,
            simd,
        ),
    )


def _solve(
    way: Any, points: Floats, image: Floats, settings: Any, focal_px: float, out: Any
) -> Pose:
    count = len(image)
    workspace = np.empty(max(1, lib.ob_pose_workspace_octets(count) // 8))
    inlier = np.ones(count, np.bool_)
    flags = () if way is lib.ob_pose_from_points else (ffi.from_buffer("uint8_t[]", inlier),)
    status = way(
        ffi.from_buffer("double[]", np.ascontiguousarray(points)),
        ffi.from_buffer("double[]", image),
        count,
        settings,
        out,
        *flags,
        ffi.from_buffer(workspace),
    )
    if status == lib.OB_POSE_BAD_SETTING:
        raise ValueError("focal_px, threshold_px or sigma_px: outside the range of numbers")
    numbers = np.frombuffer(ffi.buffer(out), np.float64).copy()
    return Pose(
        STATUS[status],
        numbers[:4],
        numbers[4:7],
        numbers[7:43].reshape(6, 6),
        out.residual_rms * focal_px,
        inlier,
        out.iterations,
    )
