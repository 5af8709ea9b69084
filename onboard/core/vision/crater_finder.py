"""Craters in an image: `crater_finder.h`."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from onboard.core._vision import ffi, lib
from onboard.core.vision import SIMD_BEST
from onboard.core.vision.images import Image, image_struct

FOUND = np.dtype(
    [
        ("pixel", "f8", 2),
        ("radius_px", "f8"),
        ("correlation", "f8"),
        ("shape_px", "f8", 3),
        ("covariance", "f8", (5, 5)),
    ]
)
RADIUS_PX = (5.0, 300.0)
CORRELATION_MIN = 0.6
LIKENESS_MIN = 0.55  # of fitted rims
STRAIGHT_DOWN = (1.0, 0.0, 0.0, 1.0)


def find_craters(
    image: Image,
    sun_image: Sequence[float],
    *,
    radius_px: tuple[float, float] = RADIUS_PX,
    correlation_min: float | None = None,
    ground_to_image: Sequence[float] = STRAIGHT_DOWN,
    fit_rim: bool = False,
    sun_elevation_rad: float = 0.0,
    capacity: int = 4096,
    simd: int = SIMD_BEST,
) -> npt.NDArray[np.void]:
    """Craters of `image` (rows, columns) as FOUND, the best first, at most `capacity`.

    `sun_image`: unit vector (column, row) towards the Sun along level ground. `ground_to_image`:
    2 x 2, row by row, of determinant 1: how level ground is seen. Radii are those on the ground as
    seen from above, 3 px and more. With `fit_rim` places are right under low Suns too, and there is
    the rim's ellipse (`ellipses`) with the `covariance` of `pixel` and `shape_px`, px2; both are 0
    without. `sun_elevation_rad` over the ground in view, 0 if it is not known: with it the fit has
    fewer shallow forms. `correlation_min` is CORRELATION_MIN, or LIKENESS_MIN with
    `fit_rim`, unless given. Raises ValueError for another image, or values out of range.
    """
    if correlation_min is None:
        correlation_min = LIKENESS_MIN if fit_rim else CORRELATION_MIN
    struct, kept = image_struct(image)
    height, width = kept.shape
    octets = lib.ob_crater_finder_workspace_octets(width, height)
    if octets == 0:
        least, most = lib.OB_CRATER_FINDER_IMAGE_MIN, lib.OB_CRATER_FINDER_IMAGE_MAX
        raise ValueError(f"image: {width} x {height} px, allowed {least} to {most} each way")
    settings = ffi.new(
        "ob_crater_finder_settings *",
        (
            list(sun_image),
            list(ground_to_image),
            *radius_px,
            correlation_min,
            fit_rim,
            sun_elevation_rad,
            simd,
        ),
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
            f"radius_px {radius_px}, correlation_min {correlation_min}, sun_elevation_rad "
            f"{sun_elevation_rad}: allowed a unit vector, determinant 1 with no element above "
            "1.15, 3 to 4096 in order, 0.3 to 1, 0 to 1.5"
        )
    return craters[: count[0]].copy()


def ellipses(found: npt.NDArray[np.void]) -> npt.NDArray[np.float64]:
    """Rims as rows of half axes, px, the longer first, and the angle of the longer one, rad, from
    column to row, -pi/2 to pi/2.
    """
    shape = found["shape_px"][:, [0, 1, 1, 2]].reshape(-1, 2, 2)
    lengths, directions = np.linalg.eigh(shape)
    along = directions[:, :, 1] * np.where(directions[:, :1, 1] < 0.0, -1.0, 1.0)
    return np.column_stack([lengths[:, ::-1], np.arctan2(along[:, 1], along[:, 0])])
