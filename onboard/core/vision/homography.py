"""The homography between two images of a plane: `homography.h`."""

from __future__ import annotations

from dataclasses import dataclass

from onboard.core._vision import ffi, lib
from onboard.core.vision import SIMD_BEST
from onboard.core.vision.robust import Flags, Floats, check_matches, estimate, make_settings


@dataclass(frozen=True, slots=True)
class Homography:
    """Between two images; only `status` and `iterations` count unless it is "ok".

    `status`: "ok"; "bad count": fewer than 5 matches or more than 65,536; "not finite": a NaN or
    an infinity in the input; "degenerate": the inliers lie on a line but for one, or fewer than
    five differ; "none": no homography has five inliers.
    """

    status: str
    H: Floats  # (3, 3), norm 1: second ~ H (column, row, 1), its third coordinate > 0 for inliers
    covariance: Floats  # (9, 9) of the entries, row by row; rank 8
    residual_rms_px: float  # of one coordinate of an inlier, second image
    inlier: Flags  # (n,)
    iterations: int  # samples drawn


def find_homography(
    first_px: Floats,
    second_px: Floats,
    *,
    threshold_px: float = 3.0,
    sigma_px: float = 0.0,
    confidence: float = 0.999,
    iterations_max: int = 2000,
    by_quality: bool = False,
    seed: int = 0,
    simd: int = SIMD_BEST,
) -> Homography:
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
    out = ffi.new("ob_homography *")
    status, numbers, inlier = estimate(
        lib.ob_homography_robust, (first_px, second_px), settings, out
    )
    return Homography(
        status,
        numbers[:9].reshape(3, 3),
        numbers[9:90].reshape(9, 9),
        out.residual_rms,
        inlier,
        out.iterations,
    )
