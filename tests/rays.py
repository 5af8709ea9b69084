"""Rays cast at the ground of the emulated Moon."""

from __future__ import annotations

from typing import Any

from hil.plant._plant import ffi, lib
from hil.world.terrain import FULL_DETAIL_M, Terrain


def raycast(
    terrain: Terrain,
    origin_mcmf_m: Any,
    direction_mcmf: Any,
    max_range_m: float,
    resolution_m: float = FULL_DETAIL_M,
) -> float | None:
    """Distance (m) along a unit direction to the ground, or None within `max_range_m`."""
    out = ffi.new("double *")
    hit = lib.pl_terrain_raycast(
        terrain.handle,
        [float(x) for x in origin_mcmf_m],
        [float(x) for x in direction_mcmf],
        max_range_m,
        resolution_m,
        out,
    )
    return out[0] if hit else None
