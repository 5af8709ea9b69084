"""Navigation as HAKUTO-R M1 is described to have done it (ispace, May 2023).

It knows the height of the site and nothing of the ground before it: a range is a height over the
level of the ground. A range that disagrees with that height is the mark of a broken sensor, which
is not listened to again, whatever it says later. Until the scenario begins it has ranged the
plateau, so it takes the plateau for the level of the site.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from onboard.bus import Bus
from onboard.core._core import lib
from onboard.navigation.navigation import InitialState, Navigation
from onboard.products import LandingMap

NEVER = {"gate_reject_count": 5, "gate_recover_count": 1e6, "reacquire_s": 1e6}
BEFORE_M = 1000.0  # of track behind the start over which the plateau was ranged


class RejectForEver(Navigation):
    """The filter over a level map, with gates that never open again once they have shut."""

    def __init__(
        self,
        bus: Bus,
        map: LandingMap,
        parameters: Mapping[str, float],
        initial: InitialState,
        camera: Any = None,
    ) -> None:
        never = {f"navigation.{name}": value for name, value in NEVER.items()}
        height_m = _ground_before(map, initial) - map.site.elevation_m
        east, north, up = initial.position_site_m
        believed = replace(initial, position_site_m=(east, north, up - height_m))
        super().__init__(bus, _level(map), {**parameters, **never}, believed)

    def reset_gate(self, now_ns: int, stream: str) -> str | None:
        return "the sensor is broken"


def _ground_before(map: LandingMap, initial: InitialState) -> float:
    """Height of the ground under the start and somewhat behind, as it was ranged."""
    grid = map.grids[0]
    east, north, _ = initial.position_site_m
    along_m = east * lib.ob_sin(map.site.azimuth_rad) + north * lib.ob_cos(map.site.azimuth_rad)
    rows = (np.array([along_m - BEFORE_M, along_m]) - grid.along0_m) / grid.spacing_m
    column = round(-grid.cross0_m / grid.spacing_m)
    return float(grid.height_m[int(rows[0]) : int(rows[1]) + 1, column].mean())


def _level(map: LandingMap) -> LandingMap:
    grids = (
        replace(grid, height_m=np.full_like(grid.height_m, map.site.elevation_m))
        for grid in map.grids
    )
    return replace(map, grids=tuple(grids))
