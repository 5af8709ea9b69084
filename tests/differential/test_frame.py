"""Frames against NumPy and SciPy formulations that share no formula with frame.c."""

import mathematics as m
import numpy as np
import pytest
from scipy.spatial.transform import Rotation

COUNT = 200
RADIUS_M = 1_737_400.0
RATE_RAD_S = np.radians(13.17635815) / 86400  # IAU 2015, W of the Moon
# 2e6 m through about fifty rounded operations in either implementation, less in practice
POSITION_TOLERANCE_M = 2e6 * 50 * 2.0**-53
ANGLE_TOLERANCE = 20 * 2.0**-52


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(21)


def places(rng: np.random.Generator) -> m.Array:
    """Latitudes and longitudes (rad), the poles and the date line among them."""
    edges = [(np.pi / 2, 0.3), (-np.pi / 2, -2.0), (0.0, np.pi), (0.0, -np.pi), (0.0, 0.0)]
    anywhere = rng.uniform([-np.pi / 2, -np.pi], [np.pi / 2, np.pi], (COUNT, 2))
    return np.concatenate([edges, anywhere])


def level_axes(latitude_rad: float, longitude_rad: float) -> Rotation:
    """mcmf from local level: the level frame at 0 N 0 E, tilted up to its latitude, turned east."""
    at_origin = Rotation.from_matrix(np.array([[0, 0, 1], [1, 0, 0], [0, 1, 0]]))
    tilted = Rotation.from_rotvec([0.0, -latitude_rad, 0.0])
    return Rotation.from_rotvec([0.0, 0.0, longitude_rad]) * tilted * at_origin


def test_constants() -> None:
    assert m.lib.OB_MOON_RADIUS_M == RADIUS_M
    assert pytest.approx(RATE_RAD_S, rel=2e-8) == m.lib.OB_MOON_RATE_RAD_S  # eight digits given
    assert pytest.approx(4902.8, abs=2e-3) == m.lib.OB_MOON_MU_M3_S2 / 1e9


def test_site(rng: np.random.Generator) -> None:
    for latitude, longitude in places(rng):
        elevation_m, r = float(rng.uniform(-9e3, 1e4)), rng.normal(size=3) * 1e6
        site = m.site(latitude, longitude, elevation_m)
        axes = level_axes(latitude, longitude)
        origin = axes.apply([0.0, 0.0, RADIUS_M + elevation_m])
        assert site.radius_m == RADIUS_M + elevation_m
        assert np.abs(np.array(list(site.origin_mcmf_m)) - origin).max() < POSITION_TOLERANCE_M
        matrix = np.array(list(site.C_site_from_mcmf)).reshape(3, 3)
        assert np.abs(matrix - axes.inv().as_matrix()).max() < ANGLE_TOLERANCE
        rate_tolerance = m.lib.OB_MOON_RATE_RAD_S * ANGLE_TOLERANCE
        rate = axes.inv().apply([0.0, 0.0, m.lib.OB_MOON_RATE_RAD_S])
        assert np.abs(np.array(list(site.rate_site_rad_s)) - rate).max() < rate_tolerance
        ours = m.call("ob_site_from_mcmf", 3, site, r, out_last=True)
        assert np.abs(ours - axes.inv().apply(r - origin)).max() < POSITION_TOLERANCE_M
        back = m.call("ob_mcmf_from_site", 3, site, ours, out_last=True)
        assert np.abs(back - r).max() < POSITION_TOLERANCE_M


def test_moon_turns(rng: np.random.Generator) -> None:
    for latitude, longitude in places(rng):
        time_ns = int(rng.integers(-(10**15), 10**15))
        angle = m.lib.OB_MOON_RATE_RAD_S * (time_ns / 1e9)  # at most 2.7 rad
        fixed_from_inertial = Rotation.from_rotvec([0.0, 0.0, angle]).inv()
        v = rng.normal(size=3)
        ours = m.call("ob_q_mcmf_from_mci", 4, time_ns)
        turned = Rotation.from_quat(m.scalar_last(ours)).apply(v)
        assert np.abs(turned - fixed_from_inertial.apply(v)).max() < 4 * ANGLE_TOLERANCE
        site = m.site(latitude, longitude, 0.0)
        q = m.call("ob_q_site_from_mci", 4, site, time_ns, out_last=True)
        through = (level_axes(latitude, longitude).inv() * fixed_from_inertial).apply(v)
        direct = Rotation.from_quat(m.scalar_last(q)).apply(v)
        assert np.abs(direct - through).max() < 4 * ANGLE_TOLERANCE


def test_frames_agree_at_time_zero() -> None:
    assert m.call("ob_q_mcmf_from_mci", 4, 0).tolist() == [1.0, 0.0, 0.0, 0.0]


def walk(latitude: float, longitude: float, azimuth: float, along: float, cross: float) -> m.Array:
    """Unit vector reached by `along` (rad) on the great circle, then `cross` (rad) to its left."""
    axes = level_axes(latitude, longitude)
    up = axes.apply([0.0, 0.0, 1.0])
    forward = axes.apply([np.sin(azimuth), np.cos(azimuth), 0.0])
    pole = np.cross(up, forward)  # to the left of the flight, everywhere
    foot = Rotation.from_rotvec(along * pole).apply(up)
    return Rotation.from_rotvec(cross * np.cross(foot, pole)).apply(foot)


def test_corridor(rng: np.random.Generator) -> None:
    for latitude, longitude in places(rng):
        azimuth = float(rng.uniform(-np.pi, np.pi))
        map_point = rng.uniform([-2e6, -1e6, -9e3], [2e6, 1e6, 1e5])
        corridor = m.corridor(latitude, longitude, azimuth)
        ours = m.call("ob_mcmf_from_corridor", 3, corridor, map_point, out_last=True)
        angles = map_point[:2] / RADIUS_M
        theirs = walk(latitude, longitude, azimuth, *angles) * (RADIUS_M + map_point[2])
        assert np.abs(ours - theirs).max() < POSITION_TOLERANCE_M
        back = m.call("ob_corridor_from_mcmf", 3, corridor, ours, out_last=True)
        assert np.abs(back - map_point).max() < 2 * POSITION_TOLERANCE_M


def test_corridor_target_and_directions() -> None:
    corridor = m.corridor(np.radians(60.5), np.radians(-4.6), np.radians(90.0))
    target = m.call("ob_mcmf_from_corridor", 3, corridor, [0.0, 0.0, 0.0], out_last=True)
    latitude = np.degrees(np.arcsin(target[2] / RADIUS_M))
    longitude = np.degrees(np.arctan2(target[1], target[0]))
    assert (latitude, longitude) == pytest.approx((60.5, -4.6), abs=1e-12)
    left = m.call("ob_mcmf_from_corridor", 3, corridor, [0.0, 1000.0, 0.0], out_last=True)
    ahead = m.call("ob_mcmf_from_corridor", 3, corridor, [1000.0, 0.0, 0.0], out_last=True)
    assert left[2] > target[2]  # flying east, left is north
    assert np.arctan2(ahead[1], ahead[0]) > np.arctan2(target[1], target[0])
