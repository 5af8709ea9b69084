"""Grey images for the vision library: `image.h`."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from onboard.core._vision import ffi, lib

Image = npt.NDArray[np.uint8]


def image_struct(image: Image, name: str = "image") -> tuple[Any, Image]:
    """An `ob_image` of it, and the array that the struct points into.

    Rows may lie apart, as in a crop of another image; whatever else is not one pixel after the
    other is copied. Raises ValueError for another shape or type, or a side above 16,384 pixels.
    """
    if not isinstance(image, np.ndarray) or image.ndim != 2 or image.dtype != np.uint8:
        what = f"{image.dtype} {image.shape}" if isinstance(image, np.ndarray) else type(image)
        raise ValueError(f"{name}: {what}, allowed uint8 (rows, columns)")
    if max(image.shape) > lib.OB_IMAGE_SIDE_MAX:
        raise ValueError(f"{name}: {image.shape}, at most {lib.OB_IMAGE_SIDE_MAX} a side")
    height, width = image.shape
    if image.size == 0 or image.strides[1] != 1 or not width <= image.strides[0] < 2**31:
        image = np.ascontiguousarray(image)
    stride = image.strides[0] if image.size else width
    pixels = ffi.cast("uint8_t *", image.ctypes.data)
    return ffi.new("ob_image *", (pixels, width, height, stride)), image
