"""What the emulated ground costs: a height, a ray, a picture, a survey (--benchmark-enable)."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from hil.plant._plant import ffi, lib
from hil.world.camera import Renderer
from hil.world.survey import survey
from hil.world.terrain import MOON_RADIUS_M, Terrain, unit_from_degrees

TARGET = unit_from_degrees(60.5, -4.6)
SIDE = np.cross(TARGET, [0.0, 0.0, 1.0]) / np.linalg.norm(np.cross(TARGET, [0.0, 0.0, 1.0]))


@pytest.fixture(scope="module")
def terrain() -> Terrain:
    return Terrain(1)


def test_height_at_full_detail(benchmark: Any, terrain: Terrain) -> None:
    unit = ffi.new("double[3]", list(TARGET))
    benchmark(lib.pl_terrain_height_m, terrain.handle, unit, 0.5)


@pytest.mark.parametrize("off_deg", [0.0, 25.0, 60.0])
def test_ray_from_15_km(benchmark: Any, terrain: Terrain, off_deg: float) -> None:
    origin = ffi.new("double[3]", list(TARGET * (MOON_RADIUS_M + 12_500.0)))
    off = np.radians(off_deg)
    direction = ffi.new("double[3]", list(-np.cos(off) * TARGET + np.sin(off) * SIDE))
    out = ffi.new("double *")
    assert benchmark(lib.pl_terrain_raycast, terrain.handle, origin, direction, 1e5, 0.5, out)


@pytest.mark.parametrize("altitude_m", [15_000.0, 3000.0])
def test_picture(benchmark: Any, terrain: Terrain, altitude_m: float) -> None:
    camera = SimpleNamespace(
        focal_px=549.0, center_column_px=255.5, center_row_px=255.5, width=512, height=512
    )
    drawn = Renderer(terrain, camera)
    position = TARGET * (MOON_RADIUS_M + terrain.height_m(TARGET) + altitude_m)
    sun = np.sin(np.radians(12.0)) * TARGET + np.cos(np.radians(12.0)) * SIDE
    # boresight along -z of mcmf turned over the target, 29.5 deg from straight down
    image = benchmark(drawn.render, position, [0.0, 1.0, 0.0, 0.0], sun, 1e-3, 1)
    assert image.any()


def test_survey_of_an_approach(benchmark: Any, terrain: Terrain) -> None:
    latitude, longitude, azimuth = np.radians([60.5, -4.6, 20.0])
    benchmark.pedantic(survey, (terrain, latitude, longitude, azimuth), rounds=1)
