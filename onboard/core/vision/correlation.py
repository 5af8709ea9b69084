"""Where a pattern lies in a window, by normalized cross-correlation: `correlation.h`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from onboard.core._vision import ffi, lib
from onboard.core.vision import SIMD_BEST
from onboard.core.vision.images import Image, image_struct

Workspace = npt.NDArray[np.uint8]
PEAK = np.dtype(
    [
        ("row", "f8"),
        ("column", "f8"),
        ("correlation", "f8"),
        ("second", "f8"),
        ("covariance", "f8", 3),
        ("row_px", "i4"),
        ("column_px", "i4"),
        ("proven", "i4"),
        ("status", "i4"),
    ]
)
STATUS: dict[int, str] = {
    lib.OB_CORRELATION_OK: "ok",
    lib.OB_CORRELATION_FLAT: "flat",
    lib.OB_CORRELATION_EDGE: "edge",
    lib.OB_CORRELATION_RIDGE: "ridge",
}


@dataclass(frozen=True, slots=True)
class Peak:
    """Where the correlation is greatest; rows and columns are of the window, px.

    `status`: "ok"; "flat": pattern or window have no contrast, and nothing else counts; "edge": at
    the border, the true place may lie beyond; "ridge": no maximum between pixels. With the last two
    row and column are whole and the covariance is 0.
    """

    status: str
    row: float  # where the pattern's first pixel lies
    column: float
    correlation: float  # at the nearest whole pixel, -1 to 1
    second: float  # the greatest elsewhere; -1 without any
    covariance_px2: npt.NDArray[np.float64]  # (2, 2) of row and column
    proven: bool  # no other whole pixel has a greater correlation


def correlation_workspace(window: tuple[int, ...], pattern: tuple[int, ...]) -> Workspace:
    """Memory for a window and a pattern of these shapes; ValueError if they are not allowed."""
    octets = lib.ob_correlation_workspace_octets(window[1], window[0], pattern[1], pattern[0])
    if octets == 0:
        least, most = lib.OB_CORRELATION_PATTERN_MIN, lib.OB_CORRELATION_PATTERN_MAX
        raise ValueError(
            f"pattern: {pattern} in a window of {window}, allowed {least} to {most} px a side in a "
            f"window no smaller and at most {lib.OB_CORRELATION_WINDOW_MAX} px a side"
        )
    return np.empty(octets, np.uint8)


def correlate(
    window: Image,
    pattern: Image,
    *,
    contrast_min: float = 1.0,
    apart_px: int = 5,
    workspace: Workspace | None = None,
    simd: int = SIMD_BEST,
) -> Peak:
    """The place of `pattern` in `window` where their zero-mean normalized correlation is greatest.

    `window`: up to 2,048 px a side; `pattern`: 3 to 256 px a side, no larger than the window. Grey
    levels with a standard deviation below `contrast_min` are flat. The second peak is farther than
    `apart_px` from the first in row or column. `workspace`: of `correlation_workspace` for
    these sizes, so that none is made. Raises ValueError for another shape, type or setting.
    """
    settings = _settings(contrast_min, apart_px, simd)
    window_struct, window = image_struct(window, "window")
    pattern_struct, pattern = image_struct(pattern, "pattern")
    octets = _workspace(workspace, window.shape, pattern.shape)
    out = ffi.new("ob_correlation_peak *")
    lib.ob_correlation_find(window_struct, pattern_struct, settings, out, octets)
    yy, yx, xx = out.covariance
    return Peak(
        STATUS[out.status],
        out.row,
        out.column,
        out.correlation,
        out.second,
        np.array([[yy, yx], [yx, xx]]),
        bool(out.proven),
    )


def correlate_all(
    windows: npt.NDArray[np.uint8],
    patterns: npt.NDArray[np.uint8],
    *,
    contrast_min: float = 1.0,
    apart_px: int = 5,
    workspace: Workspace | None = None,
    simd: int = SIMD_BEST,
) -> npt.NDArray[np.void]:
    """The place of each of `patterns` in its own of `windows`: n of PEAK.

    Both: (n, rows, columns). `status` is a key of STATUS, the rest as of `correlate`;
    `covariance` holds row and row, row and column, column and column.
    """
    for name, array in (("windows", windows), ("patterns", patterns)):
        if array.ndim != 3 or array.dtype != np.uint8:
            raise ValueError(
                f"{name}: {array.dtype} {array.shape}, allowed uint8 (n, rows, columns)"
            )
    if len(windows) != len(patterns):
        raise ValueError(f"patterns: {len(patterns)}, there are {len(windows)} windows")
    settings = _settings(contrast_min, apart_px, simd)
    peaks = np.zeros(len(windows), PEAK)
    if len(windows) > 0:
        octets = _workspace(workspace, windows.shape[1:], patterns.shape[1:])
        window, windows = image_struct(np.ascontiguousarray(windows)[0], "windows")
        pattern, patterns = image_struct(np.ascontiguousarray(patterns)[0], "patterns")
        lib.ob_correlation_find_all(
            window,
            pattern,
            len(peaks),
            settings,
            ffi.from_buffer("ob_correlation_peak[]", peaks),
            octets,
        )
    return peaks


def _settings(contrast_min: float, apart_px: int, simd: int) -> Any:
    if not 0.0 < contrast_min <= 255.0:
        raise ValueError(f"contrast_min: {contrast_min}, allowed above 0, to 255")
    if not 0 <= apart_px <= lib.OB_CORRELATION_WINDOW_MAX:
        raise ValueError(f"apart_px: {apart_px}, allowed 0 to {lib.OB_CORRELATION_WINDOW_MAX}")
    return ffi.new("ob_correlation_settings *", (contrast_min, apart_px, simd))


def _workspace(
    workspace: Workspace | None, window: tuple[int, ...], pattern: tuple[int, ...]
) -> Any:
    needed = correlation_workspace(window, pattern)
    if workspace is None:
        workspace = needed
    elif workspace.dtype != np.uint8 or workspace.size < needed.size:
        raise ValueError(f"workspace: {workspace.size} octets, allowed {needed.size} and more")
    return ffi.from_buffer(workspace, require_writable=True)
