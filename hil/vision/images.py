"""Grey images from files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

GREY_MODES = {"L": 255, "I;16": 65535, "I;16L": 65535, "I;16B": 65535, "I": 65535}
BRIGHTEST = 99.9  # percentile of a 16-bit image that becomes the 8-bit white


class FileError(ValueError):
    """A file cannot be used as it is; the message names it and says what is wrong."""


def read_grey(path: Path) -> npt.NDArray[np.uint8]:
    """(rows, columns) of a PNG, PGM, TIFF or other file that Pillow reads, 8 or 16 bit grey.

    16 bits are scaled to 8 so that BRIGHTEST per cent fit: a factor without an offset, as ratios of
    brightness tell a crater. Raises FileError.
    """
    try:
        from PIL import Image, UnidentifiedImageError
    except ImportError:
        raise FileError(
            f"{path}: reading images needs Pillow: pip install onboard[vision]"
        ) from None
    try:
        with Image.open(path) as image:
            mode, pixels = image.mode, np.asarray(image)
    except UnidentifiedImageError:
        raise FileError(f"{path}: not an image of a known format, such as PNG, PGM, TIFF") from None
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        reason = getattr(error, "strerror", None) or error
        raise FileError(f"{path}: cannot be read to its end: {reason}") from None
    if mode not in GREY_MODES or pixels.ndim != 2:
        raise FileError(f"{path}: mode {mode}: allowed grey of 8 or 16 bit, one band")
    return pixels if mode == "L" else to_8_bit(path, pixels)


def to_8_bit(path: Path, pixels: npt.NDArray[np.int64]) -> npt.NDArray[np.uint8]:
    if pixels.min() < 0 or pixels.max() > 65535:
        raise FileError(
            f"{path}: grey levels {pixels.min()} to {pixels.max()}: allowed 0 to 65535 (16 bit)"
        )
    white = max(float(np.percentile(pixels, BRIGHTEST)), 1.0)
    return np.clip(np.rint(pixels * (255.0 / white)), 0, 255).astype(np.uint8)
