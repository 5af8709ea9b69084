"""Craters in an image: `crater_finder.h`."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from onboard.core._vision import ffi, lib
from onboard.core.vision import SIMD_BEST
from onboard.core.vision.images import Image, image_struct

FOUND = np.dtype([("pixel", "f8", 2), ("radius_px", "f8"), ("correlation", "f8")])
RADIUS_PX = (5.0, 300.0)
CORRELATION_MIN = 0.6
STRAIGHT_DOWN = (1.0, 0.0, 0.0, 1.0)


def find_craters(
    image: Image,
    sun_image: Sequence[float],
    *,
    radius_px: tuple[float, float] = RADIUS_PX,
    correlation_min: float = CORRELATION_MIN,
    ground_to_image: Sequence[float] = STRAIGHT_DOWN,
    capacity: int = 4096,
    simd: int = SIMD_BEST,
) -> npt.NDArray[np.void]:
    """Craters of `image` (rows, columns) as FOUND, the best first, at most `capacity`.

    `sun_image`: unit vector (column, row) towards the Sun along level ground. `ground_to_image`:
    2 x 2, row by row, of determinant 1: how level ground is seen. Radii are those on the ground as
    seen from above, 3 px and more. Raises ValueError for another image, or values out of range.
    """
    struct, kept = image_struct(image)
    height, width = kept.shape
    octets = lib.ob_crater_finder_workspace_octets(width, height)
    if octets == 0:
        least, most = lib.OB_CRATER_FINDER_IMAGE_MIN, lib.OB_CRATER_FINDER_IMAGE_MAX
        raise ValueError(f"image: {width} x {height} px, allowed {least} to {most} each way")
    settings = ffi.new(
        "ob_crater_finder_settings *",
        (list(sun_image), list(ground_to_image), *radius_px, correlation_min, simd),
    )
    craters, count = np.empty(capacity, FOUND), ffi.new("int64_t *")
    status = lib.ob_crater_find(
        struct,
        settings,
        ffi.from_buffer(np.empty(octets // 8 + 1, np.int64)),
        ffi.from_buffer("ob_found_crater[]", craters),
        capacity,
        count,
    )
    if status == lib.OB_CRATER_FINDER_BAD_SETTINGS:
        raise ValueError(
            f"sun_image {tuple(sun_image)}, ground_to_image {tuple(ground_to_image)}, "
            f"radius_px {radius_px}, correlation_min {correlation_min}: allowed a unit vector, "
            "determinant 1 with no element above 1.15, 3 to 4096 in order, 0.3 to 1"
        )
    return craters[: count[0]].copy()
