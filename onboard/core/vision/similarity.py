"""The similarity between two images, a turn, a scale and a shift: `similarity.h`."""

from __future__ import annotations

from dataclasses import dataclass

from onboard.core._vision import ffi, lib
from onboard.core.vision import SIMD_BEST
from onboard.core.vision.robust import Flags, Floats, check_matches, estimate, make_settings


@dataclass(frozen=True, slots=True)
class Similarity:
    """second = scale R(turn) first + shift; only `status` and `iterations` count unless it is "ok".

    `status`: "ok"; "bad count": fewer than 3 matches or more than 65,536; "not finite": a NaN or an
    infinity in the input; "degenerate": fewer than three inliers differ, or all points are one;
    "none": no similarity has three inliers.
    """

    status: str
    scale: float
    turn_rad: float  # of the first image's x axis towards its y axis
    shift_px: Floats  # (2,) where the first image's origin is sent
    covariance: Floats  # (4, 4): scale, turn_rad, shift_px
    residual_rms_px: float  # of one coordinate of an inlier, second image
    inlier: Flags  # (n,)
    iterations: int  # samples drawn


def find_similarity(
    first_px: Floats,
    second_px: Floats,
    *,
    threshold_px: float = 3.0,
    sigma_px: float = 0.0,
    confidence: float = 0.999,
    iterations_max: int = 1000,
    by_quality: bool = False,
    seed: int = 0,
    simd: int = SIMD_BEST,
) -> Similarity:
    """From matches (n, 2) and (n, 2) of which some, or most, are wrong.

    With `by_quality` the best match comes first. The error of a match is the distance in the second
    image; an inlier's is below `threshold_px`. `sigma_px` is the standard deviation of a coordinate
    there; 0 takes it from the residuals. The same `seed` gives the same bits everywhere. Raises
    ValueError for a wrong shape, type or setting; all else is told by `status`.
    """
    check_matches(first_px=(first_px, 2), second_px=(second_px, 2))
    settings = make_settings(
        threshold_px, sigma_px, confidence, iterations_max, by_quality, seed, simd
    )
    out = ffi.new("ob_similarity *")
    status, numbers, inlier = estimate(
        lib.ob_similarity_robust, (first_px, second_px), settings, out
    )
    return Similarity(
        status,
        out.scale,
        out.turn_rad,
        numbers[2:4],
        numbers[4:20].reshape(4, 4),
        out.residual_rms,
        inlier,
        out.iterations,
    )
