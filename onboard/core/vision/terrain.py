"""The camera's pose from an image and the ground carried along: `relief.h`, `terrain_match.h`.

Frames. World: x along the columns of the grid, y along its rows, z up, metres. Camera: x right, y
down, z along the boresight; a pinhole, (column, row) = center + focal (x / z, y / z).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from onboard.core._vision import ffi, lib
from onboard.core.vision import SIMD_BEST
from onboard.core.vision.images import Image, image_struct

Floats = npt.NDArray[np.float64]
Heights = npt.NDArray[np.float32]

PATCH = np.dtype(
    [
        ("point_m", "f8", 3),  # of the ground, under the middle of the patch
        ("pixel", "f8", 2),  # where it was found: column, row
        ("covariance", "f8", 3),  # px^2: column and column, column and row, row and row
        ("correlation", "f8"),
        ("inlier", "i8"),
    ]
)
STATUS: dict[int, str] = {
    lib.OB_TERRAIN_OK: "ok",
    lib.OB_TERRAIN_FEW: "few",
    lib.OB_TERRAIN_CHANCE: "chance",
    lib.OB_TERRAIN_WEAK: "weak",
}
_WRONG: dict[int, str] = {
    lib.OB_TERRAIN_BAD_GROUND: "ground: origin or spacing_m out of range",
    lib.OB_TERRAIN_BAD_IMAGE: "image: allowed 41 px a side and more",
    lib.OB_TERRAIN_BAD_PRIOR: "prior: a number out of range, or no unit quaternion",
    lib.OB_TERRAIN_BAD_SETTING: "correlation_min, contrast_min, log10_chance_max or patches_max: "
    "allowed 0 to 1, above 0 to 255, below 0, 16 to 1,024",
}


@dataclass(frozen=True, slots=True)
class Ground:
    """A grid of heights and, once the Sun is known, of grey levels (`shade_ground`)."""

    x0_m: float  # of the first sample
    y0_m: float
    spacing_m: float
    height_m: Heights  # (rows, columns), 3 to 8,192 a side


@dataclass(frozen=True, slots=True)
class PosePrior:
    """A pinhole camera and what is known of its pose; sigmas are of each axis."""

    focal_px: float
    center_px: tuple[float, float]  # column, row
    q_camera_from_world: Floats  # (4,) unit, scalar first
    position_m: Floats  # (3,)
    attitude_sigma_rad: float
    position_sigma_m: float


@dataclass(frozen=True, slots=True)
class TerrainFix:
    """The pose, from the matches alone, where `status` is "ok".

    Else "few": less than eight patches in sight with a peak; "chance": as good a fit may be chance;
    "weak": the matches do not determine a pose. `patches` are PATCH of the level.
    """

    status: str
    q_camera_from_world: Floats  # (4,)
    position_m: Floats  # (3,)
    covariance: Floats  # (6, 6): turn in camera axes, rad; position, m
    residual_rms_px: float  # of a coordinate of an inlier
    log10_chance: float  # of so good a fit if image and ground had nothing in common, at most
    inliers: int
    level: int  # 2^level pixels of the image are one
    patches: npt.NDArray[np.void]


def shade_ground(
    ground: Ground,
    to_sun: Floats,
    *,
    to_viewer: tuple[float, float, float] = (0.0, 0.0, 1.0),
    albedo: Heights | None = None,
    lommel_seeliger: float = 0.6,
    mean_level: float = 90.0,
) -> Image:
    """Grey levels (rows, columns) of the ground in the light of the Sun, with cast shadows.

    `to_sun`, `to_viewer`: unit vectors, world. `albedo` (rows, columns) is relative. The mean is
    `mean_level`. `lommel_seeliger`, 0 to 1: the share of that law, the rest is Lambert's. Raises
    ValueError for another shape or type, or a number outside its range.
    """
    struct, heights = _ground(ground)
    if albedo is not None:
        _check_grid("albedo", albedo)
        if albedo.shape != heights.shape:
            raise ValueError(f"albedo: {albedo.shape}, height_m has {heights.shape}")
        albedo = np.ascontiguousarray(albedo)
    light = ffi.new(
        "ob_relief_light *",
        ([float(x) for x in to_sun], list(to_viewer), lommel_seeliger, mean_level),
    )
    grey = np.empty(heights.shape, np.uint8)
    workspace = np.empty(lib.ob_relief_workspace(struct), np.float32)
    status = lib.ob_relief_shade(
        struct,
        ffi.NULL if albedo is None else ffi.from_buffer("float[]", albedo),
        light,
        ffi.from_buffer("uint8_t[]", grey),
        ffi.from_buffer("float[]", workspace),
    )
    if status != lib.OB_RELIEF_OK:
        raise ValueError(
            "to_sun, to_viewer, lommel_seeliger or mean_level: allowed unit vectors, 0 to 1, "
            "1 to 255"
            if status == lib.OB_RELIEF_BAD_LIGHT
            else _WRONG[lib.OB_TERRAIN_BAD_GROUND]
        )
    return grey


def match_terrain(
    image: Image,
    ground: Ground,
    grey: Image,
    prior: PosePrior,
    *,
    correlation_min: float = 0.4,
    contrast_min: float = 2.0,
    log10_chance_max: float = -7.0,
    patches_max: int = 256,
    simd: int = SIMD_BEST,
) -> TerrainFix:
    """The pose of the camera that took `image`, from patches of the ground's `grey` levels.

    `grey` (rows, columns) is of `shade_ground`, or a map of brightness on the ground's grid.
    Patches correlate by `correlation_min` and more; at most `patches_max` are looked for at each of
    at most six levels. Raises ValueError for another shape, type or number; all else is told by
    `status`.
    """
    struct, heights = _ground(ground)
    image_of, image = image_struct(image)
    _, grey = image_struct(grey, "grey")
    if grey.shape != heights.shape:
        raise ValueError(f"grey: {grey.shape}, height_m has {heights.shape}")
    grey = np.ascontiguousarray(grey)
    patches = np.zeros(lib.OB_TERRAIN_PATCHES_MAX, PATCH)
    fix = ffi.new("ob_terrain_fix *")
    rows, columns = heights.shape
    octets = lib.ob_terrain_workspace_octets(image.shape[1], image.shape[0], columns, rows)
    status = lib.ob_terrain_match(
        image_of,
        struct,
        ffi.from_buffer("uint8_t[]", grey),
        _prior(prior),
        ffi.new(
            "ob_terrain_settings *",
            (correlation_min, contrast_min, log10_chance_max, patches_max, simd),
        ),
        fix,
        ffi.from_buffer("ob_terrain_patch[]", patches),
        ffi.from_buffer(np.empty(octets, np.uint8)),
    )
    if status in _WRONG:
        raise ValueError(_WRONG[status])
    return TerrainFix(
        STATUS[status],
        np.array(list(fix.q_camera_from_world)),
        np.array(list(fix.position_m)),
        np.array(list(fix.covariance)).reshape(6, 6),
        fix.residual_rms_px,
        fix.log10_chance,
        fix.inliers,
        fix.level,
        patches[: fix.patches].copy(),
    )


def _check_grid(name: str, grid: Heights) -> None:
    if grid.ndim != 2 or grid.dtype != np.float32:
        raise ValueError(f"{name}: {grid.dtype} {grid.shape}, allowed float32 (rows, columns)")


def _ground(ground: Ground) -> tuple[Any, Heights]:
    """An `ob_relief`, and the array that it points into."""
    _check_grid("height_m", ground.height_m)
    if not (
        min(ground.height_m.shape) >= 3 and max(ground.height_m.shape) <= lib.OB_RELIEF_SIDE_MAX
    ):
        raise ValueError(
            f"height_m: {ground.height_m.shape}, allowed 3 to {lib.OB_RELIEF_SIDE_MAX} a side"
        )
    heights = np.ascontiguousarray(ground.height_m)
    rows, columns = heights.shape
    struct = ffi.new(
        "ob_relief *",
        (
            ground.x0_m,
            ground.y0_m,
            ground.spacing_m,
            columns,
            rows,
            ffi.from_buffer("float[]", heights),
        ),
    )
    return struct, heights


def _prior(prior: PosePrior) -> Any:
    q, position = np.asarray(prior.q_camera_from_world), np.asarray(prior.position_m)
    for name, array, size in (("q_camera_from_world", q, 4), ("position_m", position, 3)):
        if array.shape != (size,):
            raise ValueError(f"{name}: {array.shape}, allowed ({size},)")
    return ffi.new(
        "ob_terrain_prior *",
        (
            prior.focal_px,
            list(prior.center_px),
            [float(x) for x in q],
            [float(x) for x in position],
            prior.attitude_sigma_rad,
            prior.position_sigma_m,
        ),
    )
