"""The pose from patches of the map: views by another renderer, a real image, refusals, mistakes."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from terrain_views import known_nearly, normalized_square, terrain_view

from onboard.core.vision import SIMD_PATHS
from onboard.core.vision.terrain import Ground, PosePrior, match_terrain, shade_ground

DATA = Path(__file__).parents[3] / "shared/data/trn_kaguya_vs_lola_southpole"
DOWN = np.array([0.0, 1.0, 0.0, 0.0])  # camera x is the world's, its boresight is down
UP = np.array([0.0, 0.0, 1.0])


@pytest.mark.parametrize(("altitude_m", "seed"), [(3000.0, 1), (300.0, 2), (30.0, 3)])
def test_pose_within_its_covariance(altitude_m: float, seed: int) -> None:
    random = np.random.default_rng(seed)
    view = terrain_view(random, altitude_m=altitude_m, side_px=180, grid=320)
    prior = known_nearly(random, view.truth, altitude_m / 30, np.radians(0.5))
    grey = shade_ground(view.ground, view.to_sun)
    fix = match_terrain(view.image, view.ground, grey, prior)
    assert fix.status == "ok" and fix.log10_chance < -7
    assert fix.inliers > 0.8 * len(fix.patches)
    # 27.9 is what a square of 6 degrees of freedom exceeds once in 10,000 times.
    square = normalized_square(view.truth, fix.q_camera_from_world, fix.position_m, fix.covariance)
    assert square < 27.9
    assert np.linalg.norm(fix.position_m - view.truth.position_m) < view.ground.spacing_m
    same = match_terrain(view.image, view.ground, grey, prior, simd=SIMD_PATHS["scalar"])
    assert (same.position_m == fix.position_m).all() and (same.patches == fix.patches).all()

    other = terrain_view(random, altitude_m=altitude_m, side_px=180, grid=320)
    strange = shade_ground(other.ground, view.to_sun)
    assert match_terrain(view.image, other.ground, strange, prior).status in ("few", "chance")


def camera(position_m: tuple[float, float, float], sigma_m: float, focal_px: float) -> PosePrior:
    center = (0.5 * focal_px - 0.5, 0.5 * focal_px - 0.5)
    return PosePrior(focal_px, center, DOWN, np.array(position_m), np.radians(0.3), sigma_m)


def test_a_real_image_against_a_rendered_model() -> None:
    """Kaguya's, with a prior 49 px off; the places differ from one similarity by a pixel."""
    if not DATA.exists():
        pytest.skip(f"needs {DATA}")
    image, model = (
        np.frombuffer((DATA / name).read_bytes()[-1_000_000:], np.uint8).reshape(1000, 1000)
        for name in ("kaguya_intensity.pgm", "hillshade_intensity.pgm")
    )
    ground = Ground(0.0, -999.0, 1.0, np.zeros((1000, 1000), np.float32))
    prior = camera((499.5, -499.5, 1000.0), 30.0, 1000.0)
    fix = match_terrain(image, ground, np.ascontiguousarray(model[::-1]), prior, patches_max=1024)
    assert fix.status == "ok" and fix.log10_chance < -30
    assert fix.inliers >= 179 and fix.inliers > 0.9 * len(fix.patches)
    good = fix.patches[fix.patches["inlier"] == 1]
    there = good["point_m"][:, 0] - 1j * good["point_m"][:, 1]
    seen = good["pixel"][:, 0] + 1j * good["pixel"][:, 1]
    scale, shift = np.linalg.lstsq(np.stack([seen, np.ones_like(seen)], 1), there, rcond=None)[0]
    reference = 1.0039 * np.exp(1j * np.radians(0.057)), 0.76 + 48.60j
    middle = 499.5 + 499.5j
    # Two samples of a field of local shifts with a standard deviation of 1 px each way, correlated
    # over a tenth of the image: some 0.1 to 0.5 px between their means.
    assert abs(scale * middle + shift - reference[0] * middle - reference[1]) < 1.0
    assert abs(abs(scale) - 1.0039) < 0.002 and abs(np.degrees(np.angle(scale))) < 0.2


def test_nothing_in_sight_is_refused() -> None:
    ground = Ground(0.0, 0.0, 1.0, np.zeros((100, 100), np.float32))
    grey = np.random.default_rng(1).integers(0, 256, (100, 100), np.uint8)
    prior = camera((50.0, 50.0, 80.0), 2.0, 80.0)
    for level in (0, 255):
        assert (
            match_terrain(np.full((80, 80), level, np.uint8), ground, grey, prior).status == "few"
        )
    noise = np.random.default_rng(2).integers(0, 256, (80, 80), np.uint8)
    far = replace(prior, position_m=np.array([900.0, 50.0, 80.0]))
    upwards = replace(prior, q_camera_from_world=np.array([1.0, 0.0, 0.0, 0.0]))
    for wrong in (far, upwards):
        assert match_terrain(noise, ground, grey, wrong).status == "few"
    hole = replace(ground, height_m=np.full((100, 100), np.nan, np.float32))
    assert match_terrain(noise, hole, grey, prior).status == "few"
    assert match_terrain(noise, ground, grey, prior).status in ("few", "chance")


def test_flat_ground_and_slopes_are_as_bright_as_the_law_says() -> None:
    heights = np.zeros((20, 30), np.float32)
    heights[:, 15:] = -0.5 * np.arange(15)  # away from a Sun in the west
    sun = np.array([-0.8, 0.0, 0.6])
    grey = shade_ground(Ground(0, 0, 1.0, heights), sun, lommel_seeliger=0.25, mean_level=100.0)
    normal = np.array([0.5, 0.0, 1.0]) / np.sqrt(1.25)
    incidence = (0.6, float(sun @ normal))
    emission = (1.0, float(normal[2]))
    light = [0.5 * i / (i + e) + 0.75 * i for i, e in zip(incidence, emission, strict=True)]
    ratio = float(grey[10, 25]) / float(grey[10, 5])
    assert ratio == pytest.approx(light[1] / light[0], abs=1.5 / float(grey[10, 5]))
    assert grey.mean() == pytest.approx(100.0, abs=0.5)


@pytest.mark.parametrize("azimuth_deg", range(0, 360, 15))
def test_a_wall_casts_its_shadow_away_from_the_sun(azimuth_deg: int) -> None:
    heights = np.zeros((161, 161), np.float32)
    heights[68:93, 68:93] = 10.0
    azimuth, elevation = np.radians(azimuth_deg), np.radians(20.0)
    flat = np.array([np.cos(azimuth), np.sin(azimuth)])
    sun = np.array([*(np.cos(elevation) * flat), np.sin(elevation)])
    grey = shade_ground(Ground(0, 0, 1.0, heights), sun)
    along = np.array([80 - flat * d for d in np.arange(0.0, 70.0, 0.25)])
    dark = np.array([grey[round(y), round(x)] for x, y in along]) < 0.5 * grey[2, 2]
    length = 0.25 * np.flatnonzero(dark).max()
    # From the middle to the edge, 12 to 13 m along an axis, and 27.5 m in which a ray falls by
    # 10 m; samples are 1 m apart, and a shadow's edge that runs between them is as wide.
    edge = 1.0 / np.abs(flat).max()
    assert 12.0 * edge + 27.5 - 2.0 < length < 13.0 * edge + 27.5 + 2.0
    assert grey[5, 5] == grey[155, 155]


def test_a_sun_below_the_horizon_leaves_the_ground_black() -> None:
    ground = Ground(0, 0, 1.0, np.random.default_rng(1).normal(size=(9, 9)).astype(np.float32))
    assert not shade_ground(ground, np.array([0.8, 0.0, -0.6])).any()
    assert shade_ground(ground, UP).all()


GROUND = Ground(0.0, 0.0, 1.0, np.zeros((50, 60), np.float32))
GREY = np.zeros((50, 60), np.uint8)
PRIOR = camera((30.0, 25.0, 50.0), 1.0, 50.0)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"image": np.zeros((40, 99), np.uint8)}, "image: allowed 41 px"),
        ({"grey": GREY[:9]}, "grey: \\(9, 60\\), height_m has \\(50, 60\\)"),
        ({"ground": replace(GROUND, spacing_m=0.0)}, "ground: origin or spacing_m"),
        ({"ground": replace(GROUND, height_m=np.zeros((50, 60)))}, "height_m: float64"),
        (
            {"ground": replace(GROUND, height_m=np.zeros((2, 60), np.float32))},
            "height_m: \\(2, 60\\)",
        ),
        ({"prior": replace(PRIOR, position_m=np.array([0.0, np.nan, 0.0]))}, "prior: a number"),
        ({"prior": replace(PRIOR, position_m=np.zeros(2))}, "position_m: \\(2,\\)"),
        ({"prior": replace(PRIOR, attitude_sigma_rad=0.0)}, "prior: a number"),
        ({"patches_max": 15}, "patches_max"),
        ({"correlation_min": float("nan")}, "correlation_min"),
    ],
)
def test_mistakes_are_named(change: dict[str, Any], message: str) -> None:
    given = {"image": np.zeros((60, 60), np.uint8), "ground": GROUND, "grey": GREY, "prior": PRIOR}
    with pytest.raises(ValueError, match=message):
        match_terrain(**(given | change))


def test_mistakes_in_the_light_are_named() -> None:
    with pytest.raises(ValueError, match="to_sun"):
        shade_ground(GROUND, np.array([0.0, 0.0, 2.0]))
    with pytest.raises(ValueError, match="albedo: \\(3, 3\\)"):
        shade_ground(GROUND, UP, albedo=np.ones((3, 3), np.float32))
