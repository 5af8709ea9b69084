"""The alignment of two sets of points in space, rigid or with a scale: `alignment.h`."""

from __future__ import annotations

from dataclasses import dataclass

from onboard.core._vision import ffi, lib
from onboard.core.vision import SIMD_BEST
from onboard.core.vision.robust import Flags, Floats, check_matches, estimate, make_settings


@dataclass(frozen=True, slots=True)
class Alignment:
    """second = scale C first + shift; only `status` and `iterations` count unless it is "ok".

    `status`: "ok"; "bad count": fewer than 4 matches or more than 65,536; "not finite": a NaN or an
    infinity in the input; "degenerate": the inliers lie on a line as far as their noise tells, or
    fewer than four differ; "none": no alignment has four inliers.
    """

    status: str
    q_second_from_first: Floats  # (4,) unit, scalar first
    shift_m: Floats  # (3,) where the first set's origin is sent
    scale: float  # 1 without a scale
    # (6, 6), or (7, 7) with a scale: a small turn in the second set's axes, rad; shift; scale
    covariance: Floats
    residual_rms_m: float  # of one coordinate of an inlier
    inlier: Flags  # (n,)
    iterations: int  # samples drawn


def find_alignment(
    first_m: Floats,
    second_m: Floats,
    *,
    threshold_m: float,
    sigma_m: float = 0.0,
    with_scale: bool = False,
    confidence: float = 0.999,
    iterations_max: int = 2000,
    by_quality: bool = False,
    seed: int = 0,
    simd: int = SIMD_BEST,
) -> Alignment:
    """From matches (n, 3) and (n, 3) of which some, or most, are wrong.

    With `by_quality` the best match comes first. The error of a match is the distance in the second
    set; an inlier's is below `threshold_m`. `sigma_m` is the standard deviation of a coordinate
    there; 0 takes it from the residuals. The same `seed` gives the same bits everywhere. Raises
    ValueError for a wrong shape, type or setting; all else is told by `status`.
    """
    check_matches(first_m=(first_m, 3), second_m=(second_m, 3))
    settings = make_settings(
        threshold_m, sigma_m, confidence, iterations_max, by_quality, seed, simd, unit="m"
    )
    out = ffi.new("ob_alignment *")
    way = lib.ob_alignment_scaled if with_scale else lib.ob_alignment_rigid
    status, numbers, inlier = estimate(way, (first_m, second_m), settings, out, unit="m")
    unknowns = 7 if with_scale else 6
    return Alignment(
        status,
        numbers[:4],
        numbers[4:7],
        out.scale,
        numbers[8:57].reshape(7, 7)[:unknowns, :unknowns],
        out.residual_rms,
        inlier,
        out.iterations,
    )
