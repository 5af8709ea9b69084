"""A pyramid of images, each half the size of the one below: `pyramid.h`."""

from __future__ import annotations

from typing import Any

import numpy as np

from onboard.core._vision import ffi, lib
from onboard.core.vision import SIMD_BEST
from onboard.core.vision.images import Image, image_struct

LEVELS_MAX: int = lib.OB_PYRAMID_LEVELS_MAX


class Pyramid:
    """`levels` (1 to 8) of `image` (rows, columns), each half the size of the one before.

    It keeps a copy of the image. Raises ValueError for another image or number of levels, or an
    image without a pixel.
    """

    def __init__(self, image: Image, levels: int = 4, *, simd: int = SIMD_BEST) -> None:
        struct, _kept = image_struct(image)
        if image.size == 0:
            raise ValueError(f"image: {image.shape}, at least one pixel")
        if not 1 <= levels <= LEVELS_MAX:
            raise ValueError(f"levels: {levels}, allowed 1 to {LEVELS_MAX}")
        height, width = image.shape
        self.shape = (height, width)
        self.storage = np.empty(lib.ob_pyramid_storage(width, height, levels), np.uint8)
        self.struct = ffi.new("ob_pyramid *")
        storage = ffi.from_buffer("uint8_t[]", self.storage)
        lib.ob_pyramid_build(struct, levels, self.struct, storage, simd)

    @property
    def levels(self) -> list[Image]:
        """The images (rows, columns), the whole one first; they share the pyramid's storage."""
        start = int(ffi.cast("intptr_t", ffi.from_buffer(self.storage)))
        return [self._view(self.struct.level[i], start) for i in range(self.struct.levels)]

    def _view(self, level: Any, start: int) -> Image:
        offset = int(ffi.cast("intptr_t", level.pixels)) - start
        shape, strides = (level.height, level.width), (level.stride, 1)
        return np.ndarray(shape, np.uint8, self.storage.data, offset, strides)
