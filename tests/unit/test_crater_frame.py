"""Prior pose at exposure, and the Sun in the image."""

from __future__ import annotations

import numpy as np
import pytest
from crater_flight import ALTITUDE_M, camera, navigation_state, site_struct
from crater_simulation import looking, quaternion, rotation

from onboard.core._vision import ffi, lib

SECOND_NS = 1_000_000_000
SITE = site_struct()
C_SITE_FROM_MCMF = np.array(list(SITE.C_site_from_mcmf)).reshape(3, 3)


def prior_at(state: object, time_ns: int, sigma_min_m: float = 1.0) -> object | None:
    prior = ffi.new("ob_crater_prior *")
    return prior if lib.ob_crater_prior_at(state, SITE, time_ns, sigma_min_m, prior) else None


def to_site(mcmf: object) -> np.ndarray:
    out = ffi.new("double[3]")
    lib.ob_site_from_mcmf(SITE, mcmf, out)
    return np.array(list(out))


def matrix(q: object) -> np.ndarray:
    out = ffi.new("double[9]")
    lib.ob_q_to_matrix(out, q)
    return np.array(list(out)).reshape(3, 3)


def test_the_state_is_carried_to_the_exposure() -> None:
    state = navigation_state(5 * SECOND_NS, np.array([1000.0, -200.0, ALTITUDE_M]))
    state.velocity_site_m_s = (100.0, 1500.0, -50.0)
    state.specific_force_body_m_s2 = (0.0, 1.0, 3.0)
    state.rate_body_rad_s = (0.01, -0.02, 0.03)
    for dt in (-0.1, 0.0, 0.09):
        prior = prior_at(state, 5 * SECOND_NS + round(dt * 1e9))
        gravity = 4.902801056e12 / (SITE.radius_m + ALTITUDE_M) ** 2
        expected = (
            np.array([1000.0, -200.0, ALTITUDE_M])
            + dt * np.array([100.0, 1500.0, -50.0])
            + 0.5 * dt**2 * np.array([0.0, 1.0, 3.0 - gravity])
        )
        # 1 km from the site's vertical tilts gravity by 6e-4: micrometres in 0.1 s.
        assert to_site(prior.position_mcmf_m) == pytest.approx(expected, abs=1e-4)
        turned = C_SITE_FROM_MCMF @ matrix(prior.q_mcmf_from_body)
        assert turned == pytest.approx(rotation(dt * np.array([0.01, -0.02, 0.03])), abs=1e-14)


def test_the_covariance_is_turned_into_moon_fixed_axes_and_has_a_floor() -> None:
    state = navigation_state(0, np.array([0.0, 0.0, ALTITUDE_M]))
    state.position_sigma_m = (300.0, 20.0, 100.0)
    prior = prior_at(state, 0, sigma_min_m=50.0)
    P = np.array(list(prior.position_covariance_m2)).reshape(3, 3)
    site = C_SITE_FROM_MCMF @ P @ C_SITE_FROM_MCMF.T
    assert site == pytest.approx(np.diag([300.0**2, 50.0**2, 100.0**2]), abs=1e-7)


@pytest.mark.parametrize("late_ns", [SECOND_NS + 1, -SECOND_NS - 1, 10**15])
def test_a_state_too_far_away_gives_no_prior(late_ns: int) -> None:
    state = navigation_state(0, np.array([0.0, 0.0, ALTITUDE_M]))
    assert prior_at(state, late_ns) is None


def test_a_state_that_is_not_valid_gives_no_prior() -> None:
    state = navigation_state(0, np.array([0.0, 0.0, ALTITUDE_M]))
    state.valid = 0
    assert prior_at(state, 0) is None


def light(C_mcmf_from_camera: np.ndarray, sun_mcmf: np.ndarray) -> object | None:
    lens = camera()
    lens.q_body_from_camera = (1.0, 0.0, 0.0, 0.0)
    up = C_SITE_FROM_MCMF[2]
    prior = ffi.new(
        "ob_crater_prior *",
        {
            "position_mcmf_m": (1.75e6 * up).tolist(),
            "q_mcmf_from_body": quaternion(C_mcmf_from_camera).tolist(),
        },
    )
    out = ffi.new("ob_crater_lighting *")
    return out if lib.ob_crater_light(lens, prior, sun_mcmf.tolist(), out) else None


def sun(azimuth_deg: float, elevation_deg: float) -> np.ndarray:
    a, e = np.radians([azimuth_deg, elevation_deg])
    local = np.array([np.sin(a) * np.cos(e), np.cos(a) * np.cos(e), np.sin(e)])
    towards: np.ndarray = C_SITE_FROM_MCMF.T @ local
    return towards


@pytest.mark.parametrize("elevation_deg", [3.0, 12.0, 40.0])
@pytest.mark.parametrize("azimuth_deg", [0.0, 77.0, 200.0])
@pytest.mark.parametrize("down_deg", [51.0, 65.0, 89.0])
def test_light_is_the_projection_of_small_steps_over_ground(
    elevation_deg: float, azimuth_deg: float, down_deg: float
) -> None:
    C = looking(np.radians(down_deg), 0.4, C_SITE_FROM_MCMF)
    s = sun(azimuth_deg, elevation_deg)
    out = light(C, s)
    assert np.degrees(out.sun_elevation_rad) == pytest.approx(elevation_deg, abs=1e-9)
    # A ground point on the boresight, and points a metre towards the Sun and beside it.
    up = C_SITE_FROM_MCMF[2]
    level = s - (s @ up) * up
    level /= np.linalg.norm(level)
    point = 10_000.0 * C[:, 2]

    def pixel(offset: np.ndarray) -> np.ndarray:
        seen = (point + offset) @ C
        projected: np.ndarray = seen[:2] / seen[2] * 1e4
        return projected

    steps = np.column_stack([pixel(level), pixel(np.cross(up, level))])
    G = np.array(list(out.ground_to_image)).reshape(2, 2)
    # Perspective over a metre at 10 km: 1e-4.
    assert pytest.approx(steps / np.sqrt(abs(np.linalg.det(steps))), abs=1e-3) == G
    assert abs(np.linalg.det(G)) == pytest.approx(1.0, abs=1e-12)
    towards = steps[:, 0] / np.linalg.norm(steps[:, 0])
    assert list(out.sun_image) == pytest.approx(list(towards), abs=1e-3)


def test_no_light_without_ground_or_direction() -> None:
    assert light(looking(np.radians(49.0), 0.0, C_SITE_FROM_MCMF), sun(90.0, 12.0)) is None
    assert light(looking(np.radians(-60.0), 0.0, C_SITE_FROM_MCMF), sun(90.0, 12.0)) is None
    assert light(looking(np.radians(80.0), 0.0, C_SITE_FROM_MCMF), sun(90.0, 90.0)) is None
