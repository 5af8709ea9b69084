"""Crater navigation over the emulated Moon: rendered frames against the surveyed map."""

from __future__ import annotations

import numpy as np
import pytest
from crater_descent import Descent

from onboard.core._vision import lib


@pytest.fixture(scope="module")
def descent() -> Descent:
    return Descent()


@pytest.mark.parametrize(
    ("altitude_m", "along_m"),
    [
        (15_000.0, (-50e3, -35e3)),
        (10_000.0, (-40e3, -20e3)),
        (6_000.0, (-25e3, -10e3)),
        (3_000.0, (-12e3, -4e3)),
    ],
)
def test_frames_of_the_descent_are_fixed(
    descent: Descent, altitude_m: float, along_m: tuple[float, float]
) -> None:
    """Prior errors of 500 m one-sigma on the ground and 150 m in height."""
    rng = np.random.default_rng(int(altitude_m))
    attempts = [descent.attempt(rng, altitude_m, along_m=along_m) for _ in range(5)]
    fixed = [a for a in attempts if a.matches.status == lib.OB_CRATER_FIX_ACCEPTED]
    # The search takes in 3 sigma of each axis, 99.2 % of all frames: two of five missing is wrong.
    assert len(fixed) >= 4
    for attempt in fixed:
        assert attempt.matches.count >= 10
        assert attempt.wrong <= 0.05 * attempt.matches.count
        # Attitude: 3e-4 rad of the slant range, 1.1 times the altitude, each way. Map: 5 m that all
        # its craters share, each way. Matches: half a pixel over the root of ten of them, and of
        # their map error of some 4 m. Four standard deviations of all that.
        matching = np.hypot(0.5 * altitude_m / 549.0, 4.0) / np.sqrt(10.0)
        sigma = np.sqrt((3.3e-4 * altitude_m) ** 2 + 5.0**2 + matching**2)
        assert np.all(np.abs(attempt.error_site_m) < 4.0 * sigma)


@pytest.mark.parametrize("elevation_deg", [6.0, 20.0, 35.0])
def test_other_heights_of_the_sun(descent: Descent, elevation_deg: float) -> None:
    rng = np.random.default_rng(5)
    attempts = [descent.attempt(rng, 8_000.0, elevation_deg=elevation_deg) for _ in range(3)]
    assert sum(a.matches.status == lib.OB_CRATER_FIX_ACCEPTED for a in attempts) >= 2
    for attempt in attempts:
        assert attempt.wrong <= 0.05 * attempt.matches.count


def test_ground_without_craters_of_the_map_is_refused(descent: Descent) -> None:
    """Far from the target the map lists craters from 100 m on: too few to see from 3 km."""
    rng = np.random.default_rng(4)
    attempt = descent.attempt(rng, 3_000.0, along_m=(-50e3, -40e3), sigma_m=(500.0, 150.0))
    assert attempt.matches.count == 0 or attempt.wrong == 0


def test_a_map_of_other_ground_is_refused(descent: Descent) -> None:
    """The same approach over a Moon of another seed: no crater is where the map says."""
    other = Descent(seed=99)
    other.map, other.corridor = descent.map, descent.corridor
    rng = np.random.default_rng(3)
    for altitude_m in (15_000.0, 8_000.0, 4_000.0):
        attempt = other.attempt(rng, altitude_m)
        assert attempt.matches.status != lib.OB_CRATER_FIX_ACCEPTED
        assert attempt.matches.count == 0
