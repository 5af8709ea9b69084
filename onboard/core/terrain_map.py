"""The terrain map of a landing as the core reads it."""

from __future__ import annotations

from typing import Any

import numpy as np

from onboard.core._core import ffi, lib
from onboard.products import ElevationGrid, LandingMap, LandingSite


def site_of(site: LandingSite) -> Any:
    """`ob_site *` of a landing site."""
    out = ffi.new("ob_site *")
    lib.ob_site_init(out, site.latitude_rad, site.longitude_rad, site.elevation_m)
    return out


def _problem(grid: ElevationGrid) -> str | None:
    if grid.height_m.ndim != 2 or min(grid.height_m.shape) < 2:
        return f"height_m has shape {grid.height_m.shape}, needed are at least 2 x 2 samples"
    if grid.height_m.dtype != np.float32 or not grid.height_m.flags.c_contiguous:
        return f"height_m is {grid.height_m.dtype}, needed is C-contiguous float32"
    if not grid.spacing_m > 0.0 or not grid.sigma_m > 0.0:
        return f"spacing_m = {grid.spacing_m}, sigma_m = {grid.sigma_m}: both must be above 0"
    if not np.isfinite(grid.height_m).all():
        return "height_m holds a value that is not finite"
    return None


class TerrainMap:
    """The nested grids of a `LandingMap`; `.pointer` is an `ob_terrain_map *` on their own arrays.

    Raises ValueError for more than four grids, none, or one that is not a usable grid.
    """

    def __init__(self, product: LandingMap) -> None:
        if not 1 <= len(product.grids) <= lib.OB_MAP_GRIDS:
            raise ValueError(
                f"map: {len(product.grids)} elevation grids, allowed 1 to {lib.OB_MAP_GRIDS}"
            )
        self.pointer = ffi.new("ob_terrain_map *")
        self._arrays = [grid.height_m for grid in product.grids]  # the map points into them
        site = product.site
        lib.ob_corridor_init(
            ffi.addressof(self.pointer.corridor),
            site.latitude_rad,
            site.longitude_rad,
            site.azimuth_rad,
        )
        for index, grid in enumerate(product.grids):
            if why := _problem(grid):
                raise ValueError(f"map: elevation grid {index}: {why}")
            self._fill(self.pointer.grid[index], grid)
        self.pointer.count = len(product.grids)

    @staticmethod
    def _fill(out: Any, grid: ElevationGrid) -> None:
        out.along0_m, out.cross0_m = grid.along0_m, grid.cross0_m
        out.spacing_m, out.sigma_m = grid.spacing_m, grid.sigma_m
        out.n_along, out.n_cross = grid.height_m.shape
        out.height_m = ffi.from_buffer("float[]", grid.height_m)
