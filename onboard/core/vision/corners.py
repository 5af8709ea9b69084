"""Corners by the segment test, FAST-9: `corners.h`."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from onboard.core._vision import ffi, lib
from onboard.core.vision import SIMD_BEST
from onboard.core.vision.images import Image, image_struct

CORNER = np.dtype([("x", "i2"), ("y", "i2"), ("score", "i4")])
PER_CELL_MAX: int = lib.OB_CORNERS_PER_CELL_MAX


def find_corners(
    image: Image, threshold: int, *, suppress: bool = True, simd: int = SIMD_BEST
) -> npt.NDArray[np.void]:
    """All corners of `image` (rows, columns), as CORNER, in the order of rows, then columns.

    `threshold` and scores are in grey levels, 0 to 255. With `suppress` only those that score
    higher than all 8 neighbours. Raises ValueError for another image or threshold.
    """
    struct, _kept = image_struct(image)
    _check("threshold", threshold, 0, 255)
    height, width = image.shape
    capacity = ((width + 1) // 2) * ((height + 1) // 2) if suppress else width * height
    corners = np.empty(capacity, CORNER)
    found = ffi.new("int64_t *")
    lib.ob_corners_find(
        struct, threshold, suppress, _pointer(corners), capacity, found, _workspace(width), simd
    )
    return corners[: found[0]].copy()


def spread_corners(
    image: Image, threshold: int, *, side: int, per_cell: int, simd: int = SIMD_BEST
) -> npt.NDArray[np.void]:
    """Of each cell of `side` x `side` pixels the `per_cell` (1 to 64) corners of the highest score.

    Cells in the order of rows, in each the highest score first; of equal scores the first by row,
    then column. Raises ValueError for another image or value.
    """
    struct, _kept = image_struct(image)
    _check("threshold", threshold, 0, 255)
    _check("side", side, 1, lib.OB_IMAGE_SIDE_MAX)
    _check("per_cell", per_cell, 1, PER_CELL_MAX)
    height, width = image.shape
    cells = lib.ob_corners_cells(width, height, side)
    corners, counts = np.empty(cells * per_cell, CORNER), np.empty(cells, np.int64)
    found = ffi.new("int64_t *")
    lib.ob_corners_spread(
        struct,
        threshold,
        side,
        per_cell,
        _pointer(corners),
        ffi.from_buffer("int64_t[]", counts),
        found,
        _workspace(width),
        simd,
    )
    return corners[: found[0]].copy()


def _check(name: str, value: int, least: int, most: int) -> None:
    if not least <= value <= most:
        raise ValueError(f"{name}: {value}, allowed {least} to {most}")


def _pointer(corners: npt.NDArray[np.void]) -> object:
    return ffi.from_buffer("ob_corner[]", corners)


def _workspace(width: int) -> object:
    return _pointer(np.empty(lib.ob_corners_workspace(width), CORNER))
