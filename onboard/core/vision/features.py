"""Oriented binary features over scales: `features.h`, `scaling.h`."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from onboard.core._vision import ffi, lib
from onboard.core.vision import SIMD_BEST
from onboard.core.vision.images import Image, image_struct

FEATURE = np.dtype(
    [("x", "f8"), ("y", "f8"), ("size", "f8"), ("direction", "i4"), ("bits", "u1", 32)], align=True
)
LEVELS_MAX: int = lib.OB_FEATURE_LEVELS_MAX
COUNT_MAX: int = lib.OB_FEATURES_MAX


def find_features(
    image: Image,
    count: int = 1000,
    *,
    threshold: int = 10,
    levels: int = LEVELS_MAX,
    simd: int = SIMD_BEST,
) -> npt.NDArray[np.void]:
    """At most `count` (to 65,536) FEATURE of `image` (rows, columns), on up to 8 levels.

    `x` and `y` are the column and row, `size` how many pixels of the image are one of the level:
    1.2 to its power. `direction` is in 1/256 of a turn from columns to rows; `bits` (32 octets) are
    for `match_descriptors`. `threshold` of corners in grey levels, 0 to 255. Raises ValueError for
    another image, a side above 4,096 pixels, or another value.
    """
    struct, _kept = image_struct(image)
    if max(image.shape) > lib.OB_DESCRIBE_SIDE_MAX:
        raise ValueError(f"image: {image.shape}, at most {lib.OB_DESCRIBE_SIDE_MAX} a side")
    limits = {"threshold": (threshold, 0, 255), "count": (count, 1, COUNT_MAX)}
    for name, (value, least, most) in {**limits, "levels": (levels, 1, LEVELS_MAX)}.items():
        if not least <= value <= most:
            raise ValueError(f"{name}: {value}, allowed {least} to {most}")
    height, width = image.shape
    features, found = np.empty(count, FEATURE), ffi.new("int64_t *")
    workspace = np.empty(lib.ob_features_workspace(width, height, count), np.int64)
    lib.ob_features_find(
        struct,
        threshold,
        levels,
        count,
        ffi.from_buffer("ob_feature[]", features),
        found,
        ffi.from_buffer("int64_t[]", workspace),
        simd,
    )
    return features[: found[0]].copy()


def scale_down(image: Image) -> Image:
    """`image` (rows, columns) at five sixths of its sides, each pixel the mean of its area.

    Pixel (x, y) of it lies at (1.2 x + 0.1, 1.2 y + 0.1). Raises ValueError for another image.
    """
    struct, _kept = image_struct(image)
    height, width = image.shape
    small = np.empty((lib.ob_scaled_side(height), lib.ob_scaled_side(width)), np.uint8)
    workspace = np.empty(lib.ob_scale_workspace(width), np.uint16)
    pixels, sums = ffi.from_buffer("uint8_t[]", small), ffi.from_buffer("uint16_t[]", workspace)
    lib.ob_scale_down(struct, pixels, sums)
    return small
