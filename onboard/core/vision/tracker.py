"""Points tracked from one image to the next: `tracker.h`."""

from __future__ import annotations

from enum import IntEnum
from typing import Any

import numpy as np
import numpy.typing as npt

from onboard.core._vision import ffi, lib
from onboard.core.vision import SIMD_BEST
from onboard.core.vision.pyramid import Pyramid

TRACK = np.dtype(
    [
        ("x", "f8"),
        ("y", "f8"),
        ("covariance_xx", "f8"),
        ("covariance_xy", "f8"),
        ("covariance_yy", "f8"),
        ("residual", "f8"),
        ("status", "i4"),
        ("iterations", "i4"),
    ]
)
SIDE_MAX: int = lib.OB_TRACK_SIDE_MAX
ITERATIONS_MAX: int = lib.OB_TRACK_ITERATIONS_MAX


class TrackStatus(IntEnum):
    """How the track of a point ended."""

    TRACKED = lib.OB_TRACKED
    OUTSIDE = lib.OB_TRACK_OUTSIDE
    FLAT = lib.OB_TRACK_FLAT
    NO_END = lib.OB_TRACK_NO_END
    DIFFERENT = lib.OB_TRACK_DIFFERENT
    NO_RETURN = lib.OB_TRACK_NO_RETURN


def track_points(
    before: Pyramid,
    after: Pyramid,
    points: npt.NDArray[np.float64],
    guesses: npt.NDArray[np.float64] | None = None,
    *,
    side: int = 21,
    iterations: int = 30,
    step_px: float = 0.01,
    texture_least: float = 0.1,
    residual_most: float = np.inf,
    return_most_px: float = 0.0,
    simd: int = SIMD_BEST,
) -> npt.NDArray[np.void]:
    """TRACK of each of `points` (n, 2: column and row, pixels) of the image before in that after.

    `guesses` (n, 2) are where they are about to be, by default where they were. `side` (odd, 3 to
    31 pixels) is that of the window, `iterations` (1 to 100) are the most on each level, the last
    of which is shorter than `step_px`. Without `texture_least` (squared grey levels per squared
    pixel: the smaller eigenvalue of the mean of gradients times gradients) a point is FLAT; with
    more than `residual_most` grey levels of difference at the end it is DIFFERENT. With
    `return_most_px` above 0 it is tracked back too, and must end that near to where it began.

    `status` is a TrackStatus. Covariances are px^2, of the noise of pixels alone; `residual` is the
    root mean square of the difference of the windows, without their means. Raises ValueError for
    pyramids of different size or levels, another shape of points, or another value.
    """
    points, guesses = _points("points", points), _guesses(guesses, points)
    if before.shape != after.shape or before.struct.levels != after.struct.levels:
        told = f"{after.shape} in {after.struct.levels} levels"
        raise ValueError(f"after: {told}, but before: {before.shape} in {before.struct.levels}")
    settings = ffi.new(
        "ob_track_settings *",
        (side, iterations, step_px, texture_least, residual_most, return_most_px),
    )
    _check_settings(settings)
    tracks = np.empty(len(points), TRACK)
    lib.ob_track_points(
        before.struct,
        after.struct,
        ffi.from_buffer("double[]", points),
        ffi.NULL if guesses is None else ffi.from_buffer("double[]", guesses),
        len(points),
        settings,
        ffi.from_buffer("ob_track[]", tracks),
        simd,
    )
    return tracks


def _points(name: str, points: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    if points.ndim != 2 or points.shape[1] != 2 or points.dtype != np.float64:
        raise ValueError(f"{name}: {points.dtype} {points.shape}, allowed float64 (n, 2)")
    return np.ascontiguousarray(points)


def _guesses(
    guesses: npt.NDArray[np.float64] | None, points: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64] | None:
    if guesses is None:
        return None
    guesses = _points("guesses", guesses)
    if len(guesses) != len(points):
        raise ValueError(f"guesses: {len(guesses)}, but {len(points)} points")
    return guesses


def _check_settings(settings: Any) -> None:
    """The bounds of `ob_track_settings`; written so that what is not a number fails."""
    texture = lib.OB_TRACK_TEXTURE_LEAST
    allowed = {
        "side": (
            settings.side % 2 == 1 and 3 <= settings.side <= SIDE_MAX,
            f"odd, 3 to {SIDE_MAX}",
        ),
        "iterations": (1 <= settings.iterations <= ITERATIONS_MAX, f"1 to {ITERATIONS_MAX}"),
        "step_px": (settings.step_px > 0, "above 0"),
        "texture_least": (settings.texture_least >= texture, f"{texture} or more"),
        "residual_most": (settings.residual_most > 0, "above 0"),
        "return_most_px": (settings.return_most_px >= 0, "0 or more"),
    }
    for name, (holds, told) in allowed.items():
        if not holds:
            raise ValueError(f"{name}: {getattr(settings, name)}, allowed {told}")
