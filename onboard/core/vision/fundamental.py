"""The fundamental matrix between two images of cameras not calibrated: `fundamental.h`."""

from __future__ import annotations

from dataclasses import dataclass

from onboard.core._vision import ffi, lib
from onboard.core.vision import SIMD_BEST
from onboard.core.vision.robust import Flags, Floats, check_matches, estimate, make_settings


@dataclass(frozen=True, slots=True)
class Fundamental:
    """(second, 1) F (first, 1)' = 0; only `status` and `iterations` count unless it is "ok".

    `status`: "ok"; "bad count": fewer than 8 matches or more than 65,536; "not finite": a NaN or
    an infinity in the input; "degenerate": a homography explains the inliers as well, as of a plane
    or of a camera that only turned, or fewer than eight differ; "none": no F has eight inliers.
    """

    status: str
    F: Floats  # (3, 3), rank 2, norm 1; its sign means nothing
    covariance: Floats  # (9, 9) of the entries, row by row; rank 7
    residual_rms_px: float  # Sampson's error of the inliers
    inlier: Flags  # (n,)
    iterations: int  # samples drawn


def find_fundamental(
    first_px: Floats,
    second_px: Floats,
    *,
    threshold_px: float = 2.0,
    sigma_px: float = 0.0,
    confidence: float = 0.999,
    iterations_max: int = 5000,
    by_quality: bool = False,
    seed: int = 0,
    simd: int = SIMD_BEST,
) -> Fundamental:
    """From matches (n, 2) and (n, 2) of which some, or most, are wrong.

    With `by_quality` the best match comes first. The error of a match is Sampson's; an inlier's is
    below `threshold_px`. `sigma_px` is the standard deviation of a coordinate in either image; 0
    takes it from the residuals. The same `seed` gives the same bits everywhere. Raises ValueError
    for a wrong shape, type or setting; all else is told by `status`.
    """
    check_matches(first_px=(first_px, 2), second_px=(second_px, 2))
    settings = make_settings(
        threshold_px, sigma_px, confidence, iterations_max, by_quality, seed, simd
    )
    out = ffi.new("ob_fundamental *")
    status, numbers, inlier = estimate(
        lib.ob_fundamental_robust, (first_px, second_px), settings, out
    )
    return Fundamental(
        status,
        numbers[:9].reshape(3, 3),
        numbers[9:90].reshape(9, 9),
        out.residual_rms,
        inlier,
        out.iterations,
    )
