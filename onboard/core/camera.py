"""The pinhole camera of `onboard/camera.h`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from onboard.core._core import ffi, lib

SIZE_MIN_PX: int = 8
SIZE_MAX_PX: int = 2048


def pinhole(
    *,
    width: int,
    height: int,
    field_of_view_rad: float,
    q_body_from_camera: Sequence[float],
    position_body_m: Sequence[float] = (0.0, 0.0, 0.0),
) -> Any:
    """An `ob_camera *` whose boresight meets the middle of the image.

    `field_of_view_rad` spans the width. Raises ValueError for a size outside SIZE_MIN_PX to
    SIZE_MAX_PX, a field of view outside 0.01 to 2.6 rad, or a quaternion that is not a unit one.
    """
    for name, size in (("width", width), ("height", height)):
        if not SIZE_MIN_PX <= size <= SIZE_MAX_PX:
            raise ValueError(f"camera {name} {size} px: allowed {SIZE_MIN_PX} to {SIZE_MAX_PX}")
    if not 0.01 <= field_of_view_rad <= 2.6:
        raise ValueError(f"camera field_of_view_rad {field_of_view_rad}: allowed 0.01 to 2.6")
    if not abs(sum(q * q for q in q_body_from_camera) - 1.0) < 1e-6:
        raise ValueError(f"camera q_body_from_camera {tuple(q_body_from_camera)}: length is not 1")
    return ffi.new(
        "ob_camera *",
        {
            "focal_px": 0.5 * width / lib.ob_tan(0.5 * field_of_view_rad),
            "center_column_px": 0.5 * (width - 1),
            "center_row_px": 0.5 * (height - 1),
            "width": width,
            "height": height,
            "q_body_from_camera": tuple(q_body_from_camera),
            "position_body_m": tuple(position_body_m),
        },
    )
