"""The homography between two images of a plane: `homography.h`."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from onboard.core._vision import ffi, lib
from onboard.core.vision import SIMD_BEST

Floats = npt.NDArray[np.float64]

STATUS: dict[int, str] = {
    lib.OB_HOMOGRAPHY_OK: "ok",
    lib.OB_HOMOGRAPHY_BAD_COUNT: "bad count",
    lib.OB_HOMOGRAPHY_NOT_FINITE: "not finite",
    lib.OB_HOMOGRAPHY_DEGENERATE: "degenerate",
    lib.OB_HOMOGRAPHY_NONE: "none",
}
MATCHES_MAX: int = lib.OB_HOMOGRAPHY_MATCHES_MAX


@dataclass(frozen=True, slots=True)
class Homography:
    """Between two images; only `status` and `iterations` count unless it is "ok".

    `status`: "ok"; "bad count": fewer than 5 matches or more than MATCHES_MAX; "not finite": a NaN
    or an infinity in the input; "degenerate": the inliers lie on a line but for one, or fewer than
    five differ; "none": no homography has five inliers.
    """

    status: str
    H: Floats  # (3, 3), norm 1: second ~ H (column, row, 1), its third coordinate > 0 for inliers
    covariance: Floats  # (9, 9) of the entries, row by row; rank 8
    residual_rms_px: float  # of one coordinate of an inlier, second image
    inlier: npt.NDArray[np.bool_]  # (n,)
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
    for name, array in (("first_px", first_px), ("second_px", second_px)):
        if array.ndim != 2 or array.shape[1] != 2 or array.dtype != np.float64:
            raise ValueError(f"{name}: {array.dtype} {array.shape}, allowed float64 (n, 2)")
    count = len(first_px)
    if len(second_px) != count:
        raise ValueError(f"second_px: {len(second_px)} rows, first_px has {count}")
    _check(threshold_px, sigma_px, confidence, iterations_max, seed)
    settings = ffi.new(
        "ob_homography_settings *",
        (threshold_px, sigma_px, confidence, seed, iterations_max, by_quality, simd),
    )
    out = ffi.new("ob_homography *")
    workspace = np.empty(max(1, lib.ob_homography_workspace_octets(count) // 8))
    inlier = np.zeros(count, np.bool_)
    status = lib.ob_homography_robust(
        ffi.from_buffer("double[]", np.ascontiguousarray(first_px)),
        ffi.from_buffer("double[]", np.ascontiguousarray(second_px)),
        count,
        settings,
        out,
        ffi.from_buffer("uint8_t[]", inlier),
        ffi.from_buffer(workspace),
    )
    if status == lib.OB_HOMOGRAPHY_BAD_SETTING:
        raise ValueError(
            f"threshold_px: {threshold_px}, allowed 1e-12 to 1e6 times the spread of second_px"
        )
    numbers = np.frombuffer(ffi.buffer(out), np.float64).copy()
    return Homography(
        STATUS[status],
        numbers[:9].reshape(3, 3),
        numbers[9:90].reshape(9, 9),
        out.residual_rms,
        inlier,
        out.iterations,
    )


def _check(
    threshold_px: float, sigma_px: float, confidence: float, iterations_max: int, seed: int
) -> None:
    if not 0.0 < threshold_px < 1e150:
        raise ValueError(f"threshold_px: {threshold_px}, allowed above 0, below 1e150")
    if not 0.0 <= sigma_px < 1e150:
        raise ValueError(f"sigma_px: {sigma_px}, allowed 0 or more, below 1e150")
    if not 0.0 < confidence < 1.0:
        raise ValueError(f"confidence: {confidence}, allowed between 0 and 1")
    if not 1 <= iterations_max <= lib.OB_HOMOGRAPHY_ITERATIONS_MAX:
        raise ValueError(
            f"iterations_max: {iterations_max}, allowed 1 to {lib.OB_HOMOGRAPHY_ITERATIONS_MAX}"
        )
    if not 0 <= seed < 2**64:
        raise ValueError(f"seed: {seed}, allowed 0 to 2^64 - 1")
