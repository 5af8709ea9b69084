"""A vehicle over the plain of `crater_scene`, camera straight down: frame, map and state."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from crater_scene import Scene

from onboard.core._core import ffi, lib
from onboard.core.camera import pinhole
from onboard.products import CraterCatalogue, LandingSite

SITE = LandingSite(
    latitude_rad=np.radians(60.5),
    longitude_rad=np.radians(-4.6),
    elevation_m=-2500.0,
    azimuth_rad=0.3,
)
ALTITUDE_M = 8000.0
# Camera z down, body z up along site z: camera x = body x, camera y = -body y.
Q_BODY_FROM_CAMERA = (0.0, 1.0, 0.0, 0.0)


def camera(size: int = 512) -> Any:
    return pinhole(
        width=size,
        height=size,
        field_of_view_rad=np.radians(50.0),
        q_body_from_camera=Q_BODY_FROM_CAMERA,
    )


def site_struct() -> Any:
    site = ffi.new("ob_site *")
    lib.ob_site_init(site, SITE.latitude_rad, SITE.longitude_rad, SITE.elevation_m)
    return site


def corridor_struct() -> Any:
    corridor = ffi.new("ob_corridor *")
    lib.ob_corridor_init(corridor, SITE.latitude_rad, SITE.longitude_rad, SITE.azimuth_rad)
    return corridor


def navigation_state(time_ns: int, position_site_m: npt.NDArray[np.float64]) -> Any:
    """Level, at rest, valid, 500 m one-sigma horizontally and 200 m vertically."""
    return ffi.new(
        "ob_nav_state *",
        {
            "time_ns": time_ns,
            "position_site_m": position_site_m.tolist(),
            "q_site_from_body": (1.0, 0.0, 0.0, 0.0),
            "specific_force_body_m_s2": (0.0, 0.0, 1.62),
            "position_sigma_m": (500.0, 500.0, 200.0),
            "altitude_m": float(position_site_m[2]),
            "valid": 1,
        },
    )


def catalogue(scene: Scene) -> CraterCatalogue:
    """The craters of the scene as a vehicle ALTITUDE_M over the origin of the site sees them."""
    lens, site, corridor = camera(scene.image.shape[0]), site_struct(), corridor_struct()
    scale = ALTITUDE_M / lens.focal_px
    column, row, radius = scene.craters.T
    local = np.column_stack(
        [
            scale * (column - lens.center_column_px),
            -scale * (row - lens.center_row_px),
            np.zeros(len(column)),
        ]
    )
    out = ffi.new("double[3]")
    rows = []
    for point in local:
        lib.ob_mcmf_from_site(site, point.tolist(), out)
        position = list(out)
        lib.ob_corridor_from_mcmf(corridor, position, out)
        rows.append([out[0], out[1], *position])
    table = np.array(rows).reshape(-1, 5)
    order = np.argsort(table[:, 0])
    table, diameter = table[order], 2.0 * scale * radius[order]
    return CraterCatalogue(
        along_m=table[:, 0].copy(),
        cross_m=table[:, 1].copy(),
        position_mcmf_m=table[:, 2:].copy(),
        diameter_m=diameter,
        position_sigma_m=0.02 * diameter,
        depth_m=0.1 * diameter,
    )


def sun_mcmf(scene: Scene, elevation_rad: float) -> tuple[float, float, float]:
    """Unit vector towards the Sun that lights the scene."""
    column, row = scene.sun_image
    level = np.array([column, -row, np.tan(elevation_rad)])
    C = np.array(list(site_struct().C_site_from_mcmf)).reshape(3, 3)
    x, y, z = C.T @ (level / np.linalg.norm(level))
    return float(x), float(y), float(z)
