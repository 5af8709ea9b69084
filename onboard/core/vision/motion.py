"""The motion of a camera between two images, up to its length: `essential.h`, `two_point.h`.

Frames. Camera: x right, y down, z along the boresight; a pinhole without distortion and with square
pixels, (column, row) = center + focal (x / z, y / z), the same for both images.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
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
class Motion:
    """point_second = C point_first + b direction, with a length b > 0 not known.

    `status`: "ok"; "bad count": too few matches or more than 65,536; "not finite": a NaN or an
    infinity in the input; "degenerate": the inliers do not differ enough to fix the motion; "none":
    no motion has inliers enough; "no parallax": a turn explains them as well, so that the direction
    means nothing (it is zero), while turn, covariance of the turn and inliers stand. With other
    statuses only `iterations` counts.
    """

    status: str
    q_second_from_first: Floats  # (4,) unit, scalar first
    direction: Floats  # (3,) unit, second camera's axes: of the first camera from the second
    across: Floats  # (2, 3) unit vectors across it, along which its error is said
    covariance: Floats  # (5, 5): turn in the second camera's axes, rad; direction along across, rad
    residual_rms_px: float  # Sampson's error of the inliers
    parallax_rms_px: float  # of the inliers: how far the path moved them in the image
    plane: (
        bool  # the inliers lie on a plane as far as their noise tells: a second motion may fit too
    )
    inlier: Flags  # (n,)
    iterations: int  # samples drawn


@dataclass(frozen=True, slots=True)
class Direction:
    """Where the camera moved, its turn being known; statuses as of Motion.

    With "no parallax" the inliers and the parallax stand, and the direction is zero.
    """

    status: str
    direction: Floats  # (3,) unit, second camera's axes: of the first camera from the second
    across: Floats  # (2, 3) unit vectors across it, along which its error is said
    covariance: Floats  # (2, 2) rad^2, along across; the turn is taken as exact
    residual_rms_px: float  # Sampson's error of the inliers
    parallax_rms_px: float  # of the inliers: how far the path moved them in the image
    inlier: Flags  # (n,)
    iterations: int  # samples drawn


def find_motion(
    first_px: Floats,
    second_px: Floats,
    *,
    focal_px: float,
    center_px: tuple[float, float],
    threshold_px: float = 2.0,
    sigma_px: float = 0.0,
    confidence: float = 0.999,
    iterations_max: int = 2000,
    by_quality: bool = False,
    seed: int = 0,
    simd: int = SIMD_BEST,
) -> Motion:
    """Turn and direction, from matches (n, 2) and (n, 2) of which some, or most, are wrong.

    At least 6 matches; with `by_quality` the best comes first. An inlier's error (Sampson's: about
    the distance to the nearest exact match) is below `threshold_px`. `sigma_px` is the standard
    deviation of a coordinate in either image; 0 takes it from the residuals. The same `seed` gives
    the same bits everywhere. Raises ValueError for a wrong shape, type or setting; all else is told
    by `status`.
    """
    images = _images(first_px, second_px, focal_px, center_px)
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
    out = ffi.new("ob_motion *")
    status, numbers, inlier = estimate(lib.ob_essential_robust, images, settings, out)
    return _motion(status, numbers, inlier, out, focal_px)


def find_direction(
    q_second_from_first: Floats,
    first_px: Floats,
    second_px: Floats,
    *,
    focal_px: float,
    center_px: tuple[float, float],
    threshold_px: float = 2.0,
    sigma_px: float = 0.0,
    confidence: float = 0.999,
    iterations_max: int = 1000,
    by_quality: bool = False,
    seed: int = 0,
    simd: int = SIMD_BEST,
) -> Direction:
    """The direction alone, with the turn (4,) known, as from a gyro: at least 3 matches.

    Other arguments and errors as of `find_motion`.
    """
    turn = [float(x) for x in q_second_from_first]
    if len(turn) != 4:
        raise ValueError(f"q_second_from_first: {len(turn)} numbers, allowed 4")
    images = _images(first_px, second_px, focal_px, center_px)
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
    out = ffi.new("ob_direction *")
    way = partial(lib.ob_two_point_robust, ffi.new("double[4]", turn))
    status, numbers, inlier = estimate(way, images, settings, out)
    return Direction(
        status,
        numbers[:3],
        numbers[3:9].reshape(2, 3),
        numbers[9:13].reshape(2, 2),
        out.residual_rms * focal_px,
        out.parallax_rms * focal_px,
        inlier,
        out.iterations,
    )


def _images(
    first: Floats, second: Floats, focal_px: float, center_px: tuple[float, float]
) -> tuple[Floats, Floats]:
    check_matches(first_px=(first, 2), second_px=(second, 2))
    check_focal(focal_px)
    return (first - center_px) * (1.0 / focal_px), (second - center_px) * (1.0 / focal_px)


def _motion(status: str, numbers: Floats, inlier: Flags, out: Any, focal_px: float) -> Motion:
    return Motion(
        status,
        numbers[:4],
        numbers[4:7],
        numbers[7:13].reshape(2, 3),
        numbers[13:38].reshape(5, 5),
        out.residual_rms * focal_px,
        out.parallax_rms * focal_px,
        bool(out.plane),
        inlier,
        out.iterations,
    )
