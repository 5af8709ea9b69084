"""Prediction and fix against independent work: outlines in NumPy, least squares in SciPy."""

from __future__ import annotations

import numpy as np
import pytest
from crater_matching import (
    MAP_SIGMA_FRACTION,
    SIGMA_PX,
    camera,
    map_entries,
    match,
    prior,
    settings,
)
from crater_simulation import Frame, apparent_radius, rims, simulate
from scipy.optimize import least_squares

from onboard.core._vision import ffi, lib
from onboard.core.vision.crater_matching import PREDICTED


def predict(frame: Frame, **changed: float) -> np.ndarray:
    rows, entries = map_entries(frame)
    out = ffi.new("ob_crater_predicted[]", 4096)
    count = lib.ob_crater_predict(
        camera(frame), prior(frame, 10.0, 10.0), entries, len(rows), settings(**changed), out, 4096
    )
    return np.frombuffer(ffi.buffer(out), PREDICTED)[:count].copy()


def exact(seed: int, altitude_m: float) -> Frame:
    """A frame whose prior is the truth."""
    return simulate(
        np.random.default_rng(seed),
        altitude_m=altitude_m,
        sigma_horizontal_m=0.0,
        sigma_vertical_m=0.0,
        sigma_attitude_rad=0.0,
    )


@pytest.mark.parametrize("altitude_m", [2_500.0, 15_000.0])
def test_pixels_and_radii_are_those_of_projected_outlines(altitude_m: float) -> None:
    checked = 0
    for seed in range(5):
        frame = exact(seed, altitude_m)
        predicted = predict(frame)
        k = predicted["catalogue_index"]
        C, lens = frame.C_mcmf_from_camera, frame.lens
        centre = lens.project((frame.map_position_m[k] - frame.position_m) @ C)
        assert np.abs(predicted["pixel"] - centre).max() < 1e-6
        rim = (rims(frame.map_position_m[k], frame.map_diameter_m[k], 64) - frame.position_m) @ C
        radius = apparent_radius(lens, rim)
        # The area by the derivative at the centre; perspective adds the second order, of the square
        # of the crater's angular size: 60 px of 549 squared is 0.012, and 3 times that at a slant.
        small = radius < 20.0
        assert np.abs(predicted["radius_px"] / radius - 1.0)[small].max() < 0.01
        assert np.abs(predicted["radius_px"] / radius - 1.0).max() < 0.05
        checked += len(k)
    assert checked > 500


def test_prediction_leaves_nothing_out_that_is_in_the_image() -> None:
    for seed in range(5):
        frame = exact(100 + seed, 8_000.0)
        C, lens = frame.C_mcmf_from_camera, frame.lens
        offset = frame.map_position_m - frame.position_m
        seen = offset @ C
        rim = (rims(frame.map_position_m, frame.map_diameter_m, 64) - frame.position_m) @ C
        up = frame.map_position_m / np.linalg.norm(frame.map_position_m, axis=1, keepdims=True)
        incidence = -np.sum(up * offset, axis=1) / np.linalg.norm(offset, axis=1)
        front = (seen[:, 2] > 0) & (rim[..., 2].min(axis=1) > 0) & (incidence > 0.18)
        pixel, radius = lens.project(seen), apparent_radius(lens, rim)
        inside = front & np.all((pixel > 0) & (pixel < lens.size - 1), axis=1)
        inside &= (radius > 2.6) & (radius < 55.0)
        assert inside.sum() > 50
        assert set(np.flatnonzero(inside)) <= set(predict(frame)["catalogue_index"])


def test_the_fix_is_the_least_squares_solution_of_its_matches() -> None:
    for seed in range(5):
        frame = simulate(np.random.default_rng(200 + seed), altitude_m=10_000.0)
        found = match(frame)
        assert found.status == lib.OB_CRATER_FIX_ACCEPTED
        q = frame.q_mcmf_from_camera
        w, x, y, z = q
        C = np.array(
            [
                [1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)],
                [2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)],
                [2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)],
            ]
        )
        entries = frame.map_position_m[found.catalogue_index]
        diameters = frame.map_diameter_m[found.catalogue_index]
        lens = frame.lens
        up = frame.position_m / np.linalg.norm(frame.position_m)
        depth = ((entries - found.position_m) @ C)[:, 2]
        sigma = np.hypot(SIGMA_PX, MAP_SIGMA_FRACTION * diameters * lens.focal_px / depth)

        def residuals(offset: np.ndarray, frame: Frame = frame) -> np.ndarray:
            seen = (entries - frame.prior_position_m - offset) @ C  # noqa: B023
            pixel = (found.pixel - lens.project(seen)) / sigma[:, None]  # noqa: B023
            vertical = offset @ up  # noqa: B023
            level = offset - vertical * up  # noqa: B023
            return np.concatenate([pixel.ravel(), level / 500.0, [vertical / 200.0]])

        reference = least_squares(residuals, np.zeros(3), method="lm", xtol=1e-15, ftol=1e-15)
        offset = found.position_m - frame.prior_position_m
        # The weights of the last step are those of the step before: far below a standard deviation.
        spread = np.sqrt(np.diag(np.linalg.inv(reference.jac.T @ reference.jac)))
        assert np.all(np.abs(offset - reference.x) < 0.01 * spread)
        covariance = np.linalg.inv(reference.jac.T @ reference.jac)
        assert np.allclose(
            found.covariance_m2, covariance, rtol=0.02, atol=0.02 * spread.min() ** 2
        )
