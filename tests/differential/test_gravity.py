"""Gravity against the derivative of the potential in mpmath, and against published coefficients."""

from pathlib import Path

import mathematics as m
import numpy as np
import pytest
from mpmath import mp, mpf

MODEL = Path(__file__).parents[3] / "shared/data/lunar_gravity/jgl165p1.sha"


def gravity(r_mcmf_m: m.Array) -> m.Array:
    return m.call("ob_gravity_mcmf", 3, r_mcmf_m, out_last=True)


def potential(x: mpf, y: mpf, z: mpf) -> mpf:
    """Kaula's form, by associated Legendre functions: no formula of gravity.c."""
    radius = mp.sqrt(x * x + y * y + z * z)
    sine, longitude = z / radius, mp.atan2(y, x)
    ratio2 = (mpf(m.lib.OB_GRAVITY_RADIUS_M) / radius) ** 2
    p20 = mp.legendre(2, sine)
    p22 = 3 * (1 - sine * sine)
    shape = -mpf(m.lib.OB_GRAVITY_J2) * p20 + mpf(m.lib.OB_GRAVITY_C22) * p22 * mp.cos(
        2 * longitude
    )
    return mpf(m.lib.OB_MOON_MU_M3_S2) / radius * (1 + ratio2 * shape)


def test_is_the_gradient_of_the_potential() -> None:
    rng = np.random.default_rng(22)
    for _ in range(100):
        r = rng.normal(size=3)
        r *= rng.uniform(1.73e6, 5e6) / np.linalg.norm(r)
        with mp.workprec(150):
            point = tuple(mpf(c) for c in r)
            gradient = [
                mp.diff(potential, point, tuple(int(i == k) for k in range(3))) for i in range(3)
            ]
            reference = np.array([float(g) for g in gradient])
        ours = gravity(r)
        # a dozen rounded operations
        assert np.abs(ours - reference).max() < 12 * 2.0**-53 * np.linalg.norm(reference)


def test_surface_values() -> None:
    """1.62 m/s2; strongest where the Moon is longest, towards the Earth."""
    magnitudes = [
        np.linalg.norm(gravity(np.array(axis) * 1_737_400.0))
        for axis in ([1.0, 0, 0], [0, 1.0, 0], [0, 0, 1.0])
    ]
    assert all(1.61 < g < 1.63 for g in magnitudes)
    near_side, east, pole = magnitudes
    assert near_side > east > pole


def read_model(path: Path) -> tuple[dict[str, float], dict[tuple[int, int], tuple[float, float]]]:
    """Radius (m), mu (m3/s2) and fully normalized coefficients to degree 4 of a PDS SHADR file."""
    lines = path.read_text().splitlines()
    radius_km, mu_km3_s2 = (float(field) for field in lines[0].split(",")[:2])
    rows = [line.split(",") for line in lines[1:40] if line.count(",") >= 4]
    coefficients = {
        (int(row[0]), int(row[1])): (float(row[2]), float(row[3]))
        for row in rows
        if int(row[0]) < 5
    }
    return {"radius_m": 1e3 * radius_km, "mu_m3_s2": 1e9 * mu_km3_s2}, coefficients


@pytest.mark.skipif(not MODEL.exists(), reason=f"{MODEL} is not there")
def test_constants_are_those_of_lp165p() -> None:
    model, coefficients = read_model(MODEL)
    assert pytest.approx(model["mu_m3_s2"], rel=1e-15) == m.lib.OB_MOON_MU_M3_S2
    assert model["radius_m"] == m.lib.OB_GRAVITY_RADIUS_M
    c20, c22 = coefficients[2, 0][0], coefficients[2, 2][0]
    assert pytest.approx(-c20 * np.sqrt(5), rel=1e-14) == m.lib.OB_GRAVITY_J2
    assert pytest.approx(c22 * np.sqrt(5 / 12), rel=1e-14) == m.lib.OB_GRAVITY_C22


@pytest.mark.skipif(not MODEL.exists(), reason=f"{MODEL} is not there")
def test_left_out_terms_of_degree_two_are_small() -> None:
    _, coefficients = read_model(MODEL)
    c22 = coefficients[2, 2][0]
    left_out = [*coefficients[2, 1], coefficients[2, 2][1]]
    assert max(abs(c) for c in left_out) < 1e-3 * c22
