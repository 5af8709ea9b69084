"""What the robust estimators share: settings, statuses and the call: `robust.h`."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from onboard.core._vision import ffi, lib

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

STATUS: dict[int, str] = {
    lib.OB_ROBUST_OK: "ok",
    lib.OB_ROBUST_BAD_COUNT: "bad count",
    lib.OB_ROBUST_NOT_FINITE: "not finite",
    lib.OB_ROBUST_DEGENERATE: "degenerate",
    lib.OB_ROBUST_NONE: "none",
    lib.OB_ROBUST_NO_PARALLAX: "no parallax",
}
MATCHES_MAX: int = lib.OB_ROBUST_MATCHES_MAX
ITERATIONS_MAX: int = lib.OB_ROBUST_ITERATIONS_MAX


def check_matches(**arrays: tuple[Floats, int]) -> None:
    """Each is float64 with rows of so many numbers, and as many rows as the first.

    Raises ValueError that names the array.
    """
    counts = {}
    for name, (array, width) in arrays.items():
        if array.ndim != 2 or array.shape[1] != width or array.dtype != np.float64:
            raise ValueError(f"{name}: {array.dtype} {array.shape}, allowed float64 (n, {width})")
        counts[name] = len(array)
        first = next(iter(counts))
        if counts[name] != counts[first]:
            raise ValueError(f"{name}: {counts[name]} rows, {first} has {counts[first]}")


def check_focal(focal_px: float) -> None:
    if not 0.0 < focal_px < np.inf:
        raise ValueError(f"focal_px: {focal_px}, allowed above 0")


def make_settings(
    threshold: float,
    sigma: float,
    confidence: float,
    iterations_max: int,
    by_quality: bool,
    seed: int,
    simd: int,
    *,
    unit: str = "px",
    scale: float = 1.0,
) -> Any:
    """An `ob_robust_settings`; threshold and sigma, given in `unit`, times `scale`.

    Raises ValueError that names the setting.
    """
    if not 0.0 < threshold < 1e150:
        raise ValueError(f"threshold_{unit}: {threshold}, allowed above 0, below 1e150")
    if not 0.0 <= sigma < 1e150:
        raise ValueError(f"sigma_{unit}: {sigma}, allowed 0 or more, below 1e150")
    if not 0.0 < confidence < 1.0:
        raise ValueError(f"confidence: {confidence}, allowed between 0 and 1")
    if not 1 <= iterations_max <= ITERATIONS_MAX:
        raise ValueError(f"iterations_max: {iterations_max}, allowed 1 to {ITERATIONS_MAX}")
    if not 0 <= seed < 2**64:
        raise ValueError(f"seed: {seed}, allowed 0 to 2^64 - 1")
    return ffi.new(
        "ob_robust_settings *",
        (threshold * scale, sigma * scale, confidence, seed, iterations_max, by_quality, simd),
    )


def estimate(
    way: Any,
    arrays: tuple[Floats, ...],
    settings: Any,
    out: Any,
    *,
    flags: bool = True,
    unit: str = "px",
) -> tuple[str, Floats, Flags]:
    """Status, the answer as doubles, and the inliers of `way`.

    Without `flags` the routine takes none, and all are inliers.
    """
    count = len(arrays[0])
    octets = lib.ob_robust_workspace_octets(count, sum(a.shape[1] for a in arrays))
    workspace = np.empty(max(1, octets // 8))
    inlier = np.ones(count, np.bool_)
    status = way(
        *(ffi.from_buffer("double[]", np.ascontiguousarray(a)) for a in arrays),
        count,
        settings,
        out,
        *((ffi.from_buffer("uint8_t[]", inlier),) if flags else ()),
        ffi.from_buffer(workspace),
    )
    if status == lib.OB_ROBUST_BAD_SETTING:
        raise ValueError(f"threshold_{unit}: outside 1e-12 to 1e6 times the spread of the points")
    return STATUS[status], np.frombuffer(ffi.buffer(out), np.float64).copy(), inlier
