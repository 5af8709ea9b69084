"""Direction of the Sun in Moon-fixed axes at a UTC epoch, by analytic series.

Meeus, "Astronomical Algorithms" (2nd ed. 1998): Sun, chapter 25 (0.01 deg); Moon, the larger
terms of chapter 47 (about 0.02 deg); optical librations and the Sun seen from the Moon, chapter
53, without nutation. Physical librations, at most 0.04 deg, and what the mean-Earth axes of the
series differ by from those of DE421 are left out. Against DE421 and its lunar orientation kernel,
200 days from 1950 to 2050, the largest error of the Sun's direction was 0.044 deg and that of the
Earth's, which the Moon's series alone gives, 0.054 deg.
"""

from __future__ import annotations

from datetime import UTC, datetime
from math import asin, atan2, cos, degrees, radians, sin

import numpy as np
import numpy.typing as npt

INCLINATION = radians(1.54242)  # of the mean lunar equator to the ecliptic; Meeus, p. 372
TT_MINUS_UTC_S = 69.184  # since 2017; some 40 s off in 1950, in which the Moon moves 0.006 deg
ASTRONOMICAL_UNIT_KM = 149_597_870.7

# Meeus, table 47.A and 47.B: multiples of D, M, M', F; sine coefficient of longitude (1e-6 deg),
# cosine coefficient of distance (m).
_LONGITUDE = np.array(
    [
        [0, 0, 1, 0, 6288774, -20905355],
        [2, 0, -1, 0, 1274027, -3699111],
        [2, 0, 0, 0, 658314, -2955968],
        [0, 0, 2, 0, 213618, -569925],
        [0, 1, 0, 0, -185116, 48888],
        [0, 0, 0, 2, -114332, -3149],
        [2, 0, -2, 0, 58793, 246158],
        [2, -1, -1, 0, 57066, -152138],
        [2, 0, 1, 0, 53322, -170733],
        [2, -1, 0, 0, 45758, -204586],
        [0, 1, -1, 0, -40923, -129620],
        [1, 0, 0, 0, -34720, 108743],
        [0, 1, 1, 0, -30383, 104755],
        [2, 0, 0, -2, 15327, 10321],
        [0, 0, 1, 2, -12528, 0],
        [0, 0, 1, -2, 10980, 79661],
        [4, 0, -1, 0, 10675, -34782],
        [0, 0, 3, 0, 10034, -23210],
        [4, 0, -2, 0, 8548, -21636],
        [2, 1, -1, 0, -7888, 24208],
        [2, 1, 0, 0, -6766, 30824],
        [1, 0, -1, 0, -5163, -8379],
        [1, 1, 0, 0, 4987, -16675],
        [2, -1, 1, 0, 4036, -12831],
        [2, 0, 2, 0, 3994, -10445],
        [4, 0, 0, 0, 3861, -11650],
        [2, 0, -3, 0, 3665, 14403],
    ],
    np.float64,
)
# Sine coefficient of latitude (1e-6 deg).
_LATITUDE = np.array(
    [
        [0, 0, 0, 1, 5128122],
        [0, 0, 1, 1, 280602],
        [0, 0, 1, -1, 277693],
        [2, 0, 0, -1, 173237],
        [2, 0, -1, 1, 55413],
        [2, 0, -1, -1, 46271],
        [2, 0, 0, 1, 32573],
        [0, 0, 2, 1, 17198],
        [2, 0, 1, -1, 9266],
        [0, 0, 2, -1, 8822],
        [2, -1, 0, -1, 8216],
        [2, 0, -2, -1, 4324],
        [2, 0, 1, 1, 4200],
    ],
    np.float64,
)


def _centuries(utc: datetime) -> float:
    """Julian centuries of terrestrial time since J2000.0."""
    if utc.tzinfo is None:
        raise ValueError(f"epoch {utc.isoformat()} has no time zone: give UTC")
    seconds = (utc - datetime(2000, 1, 1, 12, tzinfo=UTC)).total_seconds()
    return (seconds + TT_MINUS_UTC_S) / (86_400.0 * 36_525.0)


class _Moment:
    """Arguments and ecliptic positions at one epoch (radians, mean equinox of date)."""

    def __init__(self, utc: datetime) -> None:
        t = _centuries(utc)
        self.elongation = radians(297.8501921 + 445267.1114034 * t - 0.0018819 * t * t)  # 47.2
        self.anomaly_sun = radians(357.5291092 + 35999.0502909 * t - 0.0001536 * t * t)  # 47.3
        self.anomaly = radians(134.9633964 + 477198.8675055 * t + 0.0087414 * t * t)  # 47.4
        self.argument = radians(93.2720950 + 483202.0175233 * t - 0.0036539 * t * t)  # 47.5
        self.node = radians(125.0445479 - 1934.1362891 * t + 0.0020754 * t * t)  # 47.7
        self._moon(t)
        self._sun(t)

    def _moon(self, t: float) -> None:
        eccentricity = 1.0 - 0.002516 * t - 0.0000074 * t * t  # 47.6
        arguments = np.array(
            [self.elongation, self.anomaly_sun, self.anomaly, self.argument], np.float64
        )

        def shrink(terms: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
            return eccentricity ** np.abs(terms[:, 1])

        angles = _LONGITUDE[:, :4] @ arguments
        mean = radians(218.3164477 + 481267.88123421 * t - 0.0015786 * t * t)  # 47.1
        in_longitude = float(np.sum(_LONGITUDE[:, 4] * shrink(_LONGITUDE) * np.sin(angles)))
        venus = 3958.0 * sin(radians(119.75 + 131.849 * t))
        flattening = 1962.0 * sin(mean - self.argument)
        self.moon_longitude = mean + radians((in_longitude + venus + flattening) * 1e-6)
        in_distance = float(np.sum(_LONGITUDE[:, 5] * shrink(_LONGITUDE) * np.cos(angles)))
        self.moon_distance_km = 385_000.56 + in_distance * 1e-3
        angles = _LATITUDE[:, :4] @ arguments
        in_latitude = float(np.sum(_LATITUDE[:, 4] * shrink(_LATITUDE) * np.sin(angles)))
        self.moon_latitude = radians((in_latitude - 2235.0 * sin(mean)) * 1e-6)

    def _sun(self, t: float) -> None:
        mean = 280.46646 + 36000.76983 * t + 0.0003032 * t * t  # 25.2
        e = 0.016708634 - 0.000042037 * t  # 25.4
        m = self.anomaly_sun
        centre = (
            (1.914602 - 0.004817 * t) * sin(m)
            + (0.019993 - 0.000101 * t) * sin(2.0 * m)
            + 0.000289 * sin(3.0 * m)
        )
        true_anomaly = m + radians(centre)
        self.sun_distance_km = (
            ASTRONOMICAL_UNIT_KM * 1.000001018 * (1.0 - e * e) / (1.0 + e * cos(true_anomaly))
        )  # 25.5
        self.sun_longitude = radians(mean + centre - 0.00569)  # with aberration

    def selenographic(self, longitude: float, latitude: float) -> tuple[float, float]:
        """Longitude and latitude (rad) on the Moon below a body: Meeus 53.1, from the ecliptic
        longitude and latitude that the Moon has seen from that body."""
        w = longitude - self.node
        across = sin(w) * cos(latitude) * cos(INCLINATION) - sin(latitude) * sin(INCLINATION)
        a = atan2(across, cos(w) * cos(latitude))
        b = asin(-sin(w) * cos(latitude) * sin(INCLINATION) - sin(latitude) * cos(INCLINATION))
        return a - self.argument, b


def _unit(longitude: float, latitude: float) -> tuple[float, float, float]:
    return cos(latitude) * cos(longitude), cos(latitude) * sin(longitude), sin(latitude)


def sun_direction_mcmf(utc: datetime) -> tuple[float, float, float]:
    """Unit vector from the Moon's centre to the Sun, mcmf axes."""
    m = _Moment(utc)
    ratio = m.moon_distance_km / m.sun_distance_km
    longitude = (
        m.sun_longitude
        + radians(180.0)
        + ratio * cos(m.moon_latitude) * sin(m.sun_longitude - m.moon_longitude)
    )
    return _unit(*m.selenographic(longitude, ratio * m.moon_latitude))


def elevation_deg(direction_mcmf: tuple[float, float, float], unit_mcmf: npt.ArrayLike) -> float:
    """Elevation of a direction over the horizon of a sphere at a place (unit vector, mcmf)."""
    return degrees(asin(float(np.clip(np.dot(direction_mcmf, unit_mcmf), -1.0, 1.0))))
