"""Oriented binary descriptors of 256 bits: `descriptors.h`."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from onboard.core._vision import ffi, lib
from onboard.core.vision import SIMD_BEST
from onboard.core.vision.corners import CORNER
from onboard.core.vision.images import Image, image_struct

DESCRIPTION = np.dtype([("point", "i4"), ("direction", "i4"), ("bits", "u1", 32)])
DIRECTIONS: int = lib.OB_DIRECTIONS
MARGIN: int = lib.OB_DESCRIPTOR_MARGIN


def describe_points(
    image: Image, points: npt.NDArray[np.void], *, simd: int = SIMD_BEST
) -> npt.NDArray[np.void]:
    """DESCRIPTION of each of `points` (n of CORNER) at least MARGIN pixels from the border.

    `point` is its index, `direction` in 1/256 of a turn from columns to rows. `bits` (32 octets)
    are for `match_descriptors`. Raises ValueError for another image, a side above 4,096 pixels, or
    other points.
    """
    struct, _kept = image_struct(image)
    if max(image.shape) > lib.OB_DESCRIBE_SIDE_MAX:
        raise ValueError(f"image: {image.shape}, at most {lib.OB_DESCRIBE_SIDE_MAX} a side")
    if points.ndim != 1 or points.dtype != CORNER:
        raise ValueError(f"points: {points.dtype} {points.shape}, allowed CORNER (n,)")
    height, width = image.shape
    descriptions = np.empty(len(points), DESCRIPTION)
    workspace = np.empty(lib.ob_describe_workspace(width, height), np.uint16)
    described = ffi.new("int64_t *")
    lib.ob_describe(
        struct,
        ffi.from_buffer("ob_corner[]", np.ascontiguousarray(points)),
        len(points),
        ffi.from_buffer("ob_description[]", descriptions),
        described,
        ffi.from_buffer("uint16_t[]", workspace),
        simd,
    )
    return descriptions[: described[0]].copy()
