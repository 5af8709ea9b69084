"""What is found in a frame becomes a measurement: bias taken off, covariance given."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from crater_scene import Scene, scene

from onboard.core._vision import ffi
from onboard.core.vision import SIMD_BEST
from onboard.core.vision.crater_finder import find_craters
from onboard.core.vision.crater_matching import CraterVision
from onboard.navigation.craters import CraterParameters

P = CraterParameters()
NOISE = (P.sigma_px, P.sigma_fraction, P.shift_fraction, P.shift_shadow)
RADIUS_PX = (3.0, 40.0)


def lighting(view: Scene, elevation_rad: float) -> Any:
    """Straight down: the axis towards the Sun, and one at a right angle to it."""
    x, y = view.sun_image
    return ffi.new("ob_crater_lighting *", ((x, y), (x, -y, y, x), elevation_rad))


def measured(
    view: Scene,
    elevation_rad: float,
    noise: tuple[float, ...] = NOISE,
    *,
    most: int = 512,
    radius_px: tuple[float, float] = RADIUS_PX,
) -> Any:
    height, width = view.image.shape
    vision = CraterVision(width, height)
    finder = {"radius_min_px": radius_px[0], "radius_max_px": radius_px[1], "simd": SIMD_BEST}
    settings = ffi.new("ob_crater_finder_settings *", {**finder, "correlation_min": 0.6})
    bias = ffi.new("ob_crater_noise *", noise)
    vision.detect(view.image.tobytes(), lighting(view, elevation_rad), settings, bias, most)
    return vision.detections.copy()


@pytest.fixture(scope="module")
def plain() -> Scene:
    return scene(1, elevation_deg=20.0)


def test_the_shift_is_towards_the_sun_and_grows_with_shadow_and_radius(plain: Scene) -> None:
    elevation = np.radians(20.0)
    found = find_craters(plain.image, plain.sun_image, radius_px=RADIUS_PX)
    detections = measured(plain, elevation, (0.2, 0.1, 0.03, 0.02))
    assert len(detections) == len(found) > 50
    share = 0.03 + 0.02 / np.tan(elevation)
    shift = share * found["radius_px"][:, None] * np.array(plain.sun_image)
    np.testing.assert_allclose(detections["pixel"], found["pixel"] + shift, atol=1e-9)
    variance = 0.2**2 + (0.1 * found["radius_px"]) ** 2
    covariance = np.column_stack([variance, np.zeros(len(found)), variance])
    np.testing.assert_allclose(detections["pixel_covariance"], covariance, rtol=1e-12)


@pytest.mark.parametrize("elevation_deg", [10.0, 20.0, 40.0, 60.0])
def test_errors_fit_the_covariance(elevation_deg: float) -> None:
    """Normalised squared errors have median 2 ln 2 when the covariance is right. It is measured on
    ground with craters upon craters, so on a plain they must not be larger. Beyond 3 sigma: 0.011
    of a normal distribution in two dimensions; shadows that fill whole small craters make the tail
    longer, the lower the Sun.
    """
    squares: list[float] = []
    for seed in range(4):
        view = scene(seed, elevation_deg=elevation_deg)
        for d in measured(view, float(np.radians(elevation_deg))):
            off = view.craters[:, :2] - d["pixel"]
            near = int(np.argmin(np.hypot(*off.T)))
            if np.hypot(*off[near]) < 0.5 * view.craters[near, 2]:
                squares.append(float(off[near] @ off[near]) / d["pixel_covariance"][0])
    beyond = float(np.mean(np.array(squares) > 9.0))
    print(f"{elevation_deg}: median {np.median(squares):.2f}, beyond 3 sigma {beyond:.3f}")
    assert len(squares) > 200
    assert np.median(squares) < 2.0 * np.log(2.0)
    assert beyond < 0.05


def test_no_more_than_asked_for_and_the_best_first(plain: Scene) -> None:
    everything = measured(plain, 0.35)
    np.testing.assert_array_equal(measured(plain, 0.35, most=20), everything[:20])
    assert len(measured(plain, 0.35, most=0)) == 0


def test_radii_lie_in_the_band(plain: Scene) -> None:
    radii = measured(plain, 0.35, radius_px=(5.0, 12.0))["radius_px"]
    assert len(radii) > 10
    assert radii.min() >= 5.0
    assert radii.max() <= 12.0


def test_what_cannot_be_is_refused(plain: Scene) -> None:
    with pytest.raises(ValueError, match="settings out of range"):
        measured(plain, 0.35, radius_px=(1.0, 40.0))
    with pytest.raises(ValueError, match=r"image of 9 bytes: must be 64 x 48"):
        CraterVision(64, 48).detect(bytes(9), None, None, None, 5)
    with pytest.raises(ValueError, match=r"allowed 48 to 2048"):
        CraterVision(47, 100)
    with pytest.raises(ValueError, match=r"allowed 48 to 2048"):
        CraterVision(100, 2049)
