"""The analytic series against JPL's DE421 and its lunar orientation kernel."""

from __future__ import annotations

import csv
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from hil.world.ephemeris import _Moment, _unit, elevation_deg, sun_direction_mcmf
from hil.world.terrain import unit_from_degrees

# Directions in mean-Earth axes from DE421 (astrometric for the Sun, geometric for the Earth),
# turned by moon_pa_de421_1900-2050.bpc and moon_080317.tf, with Skyfield; 60 days in 1950-2050.
REFERENCE = Path(__file__).parent / "data" / "sun_earth_de421.csv"
FIXTURES = (
    Path(__file__).parents[2] / "../shared/data/ephemeris_orientation/spice_fixtures.npz"
).resolve()

# Physical libration (0.04 deg) and the Sun's series (0.01); or for the Earth the Moon's series, cut
# at 0.004 deg (0.02), and UTC against TT (0.006): sums of the worst cases.
SUN_ERROR_DEG = 0.05
EARTH_ERROR_DEG = 0.07


def angle_deg(a: object, b: object) -> float:
    return float(np.degrees(np.arcsin(min(1.0, np.linalg.norm(np.cross(a, b))))))


def earth_direction_mcmf(utc: datetime) -> tuple[float, float, float]:
    """Unit vector from the Moon's centre to the Earth's: what the Moon's series says by itself."""
    m = _Moment(utc)
    return _unit(*m.selenographic(m.moon_longitude, m.moon_latitude))


def reference_rows() -> list[dict[str, str]]:
    with REFERENCE.open() as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("row", reference_rows(), ids=lambda row: row["utc"])
def test_directions_follow_de421(row: dict[str, str]) -> None:
    utc = datetime.strptime(row["utc"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    sun = [float(row[f"sun_{axis}"]) for axis in "xyz"]
    earth = [float(row[f"earth_{axis}"]) for axis in "xyz"]
    assert angle_deg(sun_direction_mcmf(utc), sun) < SUN_ERROR_DEG
    assert angle_deg(earth_direction_mcmf(utc), earth) < EARTH_ERROR_DEG
    assert np.dot(sun_direction_mcmf(utc), sun) > 0.0
    assert np.dot(earth_direction_mcmf(utc), earth) > 0.0


def test_earth_follows_the_spice_fixtures() -> None:
    if not FIXTURES.exists():
        pytest.skip(f"{FIXTURES} is absent")
    with np.load(FIXTURES) as fixtures:
        epochs, earth = fixtures["ets"], fixtures["earth_me"]
    for seconds, reference in zip(epochs, earth, strict=True):
        utc = datetime(2000, 1, 1, 12, tzinfo=UTC) + timedelta(seconds=float(seconds) - 69.184)
        unit = reference / np.linalg.norm(reference)
        assert angle_deg(earth_direction_mcmf(utc), unit) < EARTH_ERROR_DEG


def test_sun_is_low_over_the_first_landing() -> None:
    """2025-06-05T19:17Z over Mare Frigoris: a morning Sun, 11.8 deg high (DE421 says 11.84)."""
    utc = datetime(2025, 6, 5, 19, 17, tzinfo=UTC)
    target = unit_from_degrees(60.5, -4.6)
    assert elevation_deg(sun_direction_mcmf(utc), target) == pytest.approx(11.84, abs=SUN_ERROR_DEG)


def test_an_epoch_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="no time zone"):
        sun_direction_mcmf(datetime(2025, 6, 5))
