"""Pictures of the emulated Moon: the ground and the shadows that rays find, light and noise."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import numpy.typing as npt
import pytest
from rays import raycast
from scipy.spatial.transform import Rotation

from hil.plant._plant import lib
from hil.world.camera import Renderer, Sensor, render
from hil.world.terrain import MOON_RADIUS_M, BaseElevation, Craters, Terrain, unit_from_degrees

Array = npt.NDArray[np.float64]

TARGET = unit_from_degrees(60.5, -4.6)
EAST = np.cross([0.0, 0.0, 1.0], TARGET) / np.linalg.norm(np.cross([0.0, 0.0, 1.0], TARGET))
NORTH = np.cross(TARGET, EAST)
CAMERA = SimpleNamespace(
    focal_px=256.0 / np.tan(np.radians(25.0)),
    center_column_px=255.5,
    center_row_px=255.5,
    width=512,
    height=512,
)
QUIET = Sensor(read_noise_e=0.0, full_well_e=20_000.0, blur=0.0)


def sun(elevation_deg: float, azimuth_deg: float = 110.0) -> Array:
    elevation, azimuth = np.radians([elevation_deg, azimuth_deg])
    level = np.cos(azimuth) * NORTH + np.sin(azimuth) * EAST
    result: Array = np.sin(elevation) * TARGET + np.cos(elevation) * level
    return result


class Pose:
    """A camera over the target, boresight `off_deg` from straight down towards `azimuth_deg`."""

    def __init__(
        self, terrain: Terrain, altitude_m: float, off_deg: float = 0.0, azimuth_deg: float = 30.0
    ) -> None:
        off, azimuth = np.radians([off_deg, azimuth_deg])
        ahead = np.cos(azimuth) * NORTH + np.sin(azimuth) * EAST
        z = -np.cos(off) * TARGET + np.sin(off) * ahead
        y = -np.sin(off) * TARGET - np.cos(off) * ahead
        self.matrix = np.stack([np.cross(y, z), y, z], axis=1)  # mcmf from camera
        self.position = TARGET * (MOON_RADIUS_M + terrain.height_m(TARGET) + altitude_m)
        x, y_, z_, w = Rotation.from_matrix(self.matrix).as_quat()
        self.quaternion = np.array([w, x, y_, z_])

    def ray(self, column: float, row: float) -> Array:
        d = np.array([(column - 255.5) / CAMERA.focal_px, (row - 255.5) / CAMERA.focal_px, 1.0])
        ray: Array = self.matrix @ (d / np.linalg.norm(d))
        return ray

    def pixel(self, point_mcmf_m: Array) -> Array:
        c = (point_mcmf_m - self.position) @ self.matrix
        pixel: Array = 255.5 + CAMERA.focal_px * c[..., :2] / c[..., 2:]
        return pixel


@pytest.fixture(scope="module")
def terrain() -> Terrain:
    return Terrain(1)


@pytest.fixture(scope="module")
def renderer(terrain: Terrain) -> Renderer:
    return Renderer(terrain, CAMERA, QUIET)


def relief_height(renderer: Renderer, point_mcmf_m: Array) -> tuple[float, float, float]:
    """Height of a point over the tangent plane, of the finest relief below it, and its spacing."""
    relief = renderer.relief
    axes = np.array(list(relief.C_plane_from_mcmf)).reshape(3, 3)
    x, y, z = axes @ point_mcmf_m - [0.0, 0.0, relief.origin_radius_m]
    level = relief.level[0]
    u, v = x / level.spacing_m - level.i0, y / level.spacing_m - level.j0
    i, j = int(u), int(v)
    assert 8 <= i < level.ni - 9
    assert 8 <= j < level.nj - 9
    p, q = u - i, v - j
    at = j * level.ni + i
    h = [level.height_m[at + k] for k in (0, 1, level.ni, level.ni + 1)]
    ground = (h[0] * (1 - p) + h[1] * p) * (1 - q) + (h[2] * (1 - p) + h[3] * p) * q
    return float(z), ground, level.spacing_m


@pytest.mark.parametrize("altitude_m", [15_000.0, 3000.0, 200.0])
def test_the_picture_shows_the_ground_that_rays_meet(
    terrain: Terrain, renderer: Renderer, altitude_m: float
) -> None:
    """Rays through pixels end, at full detail, on the relief that is drawn.

    With spacing s the relief leaves out craters below 2 s (0.11 x 2 s deep at most, 0.01 x 2 s as a
    rule), roughness below 8 s (10 m x (8 s / 1 km)^0.76 x 0.3), and bends of s^2 / 8 times the
    curvature 8 x 0.06 / D of a crater of D = 4 s: 0.015 s.
    """
    pose = Pose(terrain, altitude_m)
    renderer.render(pose.position, pose.quaternion, sun(12.0), 1e-3, 0)
    rng = np.random.default_rng(5)
    errors = []
    for column, row in rng.uniform(10.0, 500.0, (400, 2)):
        ray = pose.ray(column, row)
        distance = raycast(terrain, pose.position, ray, 1e5)
        assert distance is not None
        z, ground, s = relief_height(renderer, pose.position + distance * ray)
        errors.append(z - ground)
    roughness = 0.3 * 10.0 * (8.0 * s / 1e3) ** 0.76
    allowed = np.hypot(np.hypot(0.02 * s, roughness), 0.015 * s)
    assert np.sqrt(np.mean(np.square(errors))) < 1.5 * allowed
    assert np.max(np.abs(errors)) < 6.0 * allowed + 0.22 * s


@pytest.mark.parametrize(
    ("altitude_m", "off_deg"), [(15_000.0, 0.0), (15_000.0, 45.0), (800.0, 20.0)]
)
def test_shadows_are_where_rays_to_the_sun_meet_ground(
    terrain: Terrain, renderer: Renderer, altitude_m: float, off_deg: float
) -> None:
    """Pixels far darker than any slope that the Sun reaches, against rays cast towards it."""
    light = sun(5.0)
    pose = Pose(terrain, altitude_m, off_deg)
    image = renderer.render(pose.position, pose.quaternion, light, 2e-3, 0)
    dark = image < 0.15 * np.median(image)
    rng = np.random.default_rng(6)
    agree, shadows = [], 0
    for column, row in rng.integers(20, 490, (1500, 2)):
        around = dark[row - 2 : row + 3, column - 2 : column + 3]
        if around.any() and not around.all():
            continue  # at an edge of a shadow, within what pixels and detail leave open
        ray = pose.ray(column, row)
        distance = raycast(terrain, pose.position, ray, 1e5, 0.001 * altitude_m)
        assert distance is not None
        point = pose.position + distance * ray
        point = point + point / np.linalg.norm(point) * 0.0005 * altitude_m
        hidden = raycast(terrain, point, light, 3e4, 0.002 * altitude_m) is not None
        agree.append(hidden == around.all())
        shadows += hidden
    assert shadows > 3
    assert np.mean(agree) > 0.98  # the rest lies in weak shadows of slopes at the Sun's elevation


def test_a_known_crater_is_where_it_should_be() -> None:
    """Under a low Sun the shadow in a lone crater lies inside its rim, on the Sun's side."""
    centre = unit_from_degrees(60.55, -4.5)
    flat = BaseElevation(np.zeros((16, 32), np.int16), 0.5)
    crater = Craters(np.array([60.55]), np.array([-4.5]), np.array([5000.0]))
    ground = Terrain(3, flat, crater)
    pose = Pose(ground, 15_000.0)
    image = Renderer(ground, CAMERA, QUIET).render(
        pose.position, pose.quaternion, sun(15.0), 1e-3, 0
    )
    east = np.cross([0.0, 0.0, 1.0], centre) / np.linalg.norm(np.cross([0.0, 0.0, 1.0], centre))
    north = np.cross(centre, east)
    angle = np.radians(np.arange(0.0, 360.0, 5.0))[:, None]
    rim = centre * (MOON_RADIUS_M + 150.0) + 2500.0 * (np.sin(angle) * east + np.cos(angle) * north)
    pixels = pose.pixel(rim)
    middle, radius = pixels.mean(axis=0), np.ptp(pixels, axis=0).mean() / 2.0
    rows, columns = np.nonzero(image < 0.1 * np.median(image))
    off = np.stack([columns, rows], axis=1) - middle
    near = np.hypot(*off.T) < 1.5 * radius
    assert near.sum() > 0.1 * np.pi * radius**2
    # the crest of an aged crater stands a little outside of its first diameter; around it small
    # craters, on a few percent of the ground, have shadows of their own
    assert np.mean(np.hypot(*off[near].T) < 1.15 * radius) > 0.95
    sunward = pose.pixel(rim.mean(axis=0) + 2500.0 * sun(0.0)) - middle
    assert off[near].mean(axis=0) @ sunward > 0.3 * radius * np.hypot(*sunward)


def test_the_horizon_is_at_its_dip() -> None:
    """Over a level Moon the limb lies acos(R / (R + h)) below the horizontal."""
    flat = Terrain(3, BaseElevation(np.zeros((16, 32), np.int16), 0.5), Craters(*np.zeros((3, 0))))
    pose = Pose(flat, 15_000.0, 75.0)
    image = Renderer(flat, CAMERA, QUIET).render(pose.position, pose.quaternion, sun(40.0), 1e-3, 0)
    dip = np.degrees(np.arccos(MOON_RADIUS_M / np.linalg.norm(pose.position)))
    expected = 255.5 - CAMERA.focal_px * np.tan(np.radians(90.0 - dip - 75.0))
    limb = int(np.argmax(image[:, 256] > 20))
    # roughness of 30 m at 228 km away is 0.07 px; half a pixel of rounding; the last grid's step
    assert abs(limb - expected) < 2.0
    assert image[: int(expected) - 3].max() == 0


def test_noise_is_that_of_the_sensor(terrain: Terrain) -> None:
    """Two pictures that differ in their seed: variance 2 (electrons + read noise^2) in counts."""
    sensor = Sensor()
    pose = Pose(terrain, 15_000.0)
    drawn = Renderer(terrain, CAMERA, sensor)
    a, b, again = (
        drawn.render(pose.position, pose.quaternion, sun(12.0), 1e-3, seed) for seed in (1, 2, 1)
    )
    assert np.array_equal(a, again)
    good = (a > 20) & (a < 230) & (b > 20) & (b < 230)
    difference = a[good].astype(float) - b[good]
    counts = 255.0 / sensor.full_well_e
    electrons = 0.5 * (a[good] + b[good].astype(float)) / counts
    expected = 2.0 * (counts**2 * (electrons + sensor.read_noise_e**2) + 1.0 / 12.0)
    # relative error of a variance from n samples: sqrt(2 / n) = 0.3 %; 5 sigma
    assert np.mean(difference**2) == pytest.approx(np.mean(expected), rel=0.015)
    assert abs(np.mean(difference)) < 5.0 * np.sqrt(np.mean(expected) / good.sum())


def test_exposure_is_linear(terrain: Terrain) -> None:
    pose = Pose(terrain, 15_000.0)
    quiet = Renderer(terrain, CAMERA, QUIET)
    half, full = (
        quiet.render(pose.position, pose.quaternion, sun(12.0), t, 0).astype(float)
        for t in (0.5e-3, 1e-3)
    )
    good = full < 240
    assert half[good].mean() == pytest.approx(0.5 * full[good].mean(), rel=0.002)


def test_one_call_draws_the_same(terrain: Terrain) -> None:
    pose = Pose(terrain, 3000.0)
    once = render(terrain, CAMERA, (pose.position, pose.quaternion), sun(12.0), 1e-3, 4)
    kept = Renderer(terrain, CAMERA)
    kept.render(pose.position, -pose.quaternion, sun(30.0), 1e-3, 9)
    assert np.array_equal(once, kept.render(pose.position, pose.quaternion, sun(12.0), 1e-3, 4))


@pytest.mark.parametrize("phase_deg", [10.0, 40.0, 80.0, 110.0])
def test_the_whole_disc_has_allens_phase_law(phase_deg: float) -> None:
    """Integrated over a sphere, f with Lommel-Seeliger scattering gives the Moon's magnitudes.

    Disc of a Lommel-Seeliger sphere over that at full phase, by quadrature over the lit and seen
    part: the value by which pl_phase_function divides.
    """
    phase = np.radians(phase_deg)
    n = 1500
    latitude = (np.arange(n) + 0.5) / n * np.pi - np.pi / 2
    longitude = (np.arange(n) + 0.5) / n * np.pi - np.pi / 2
    lat, lon = np.meshgrid(latitude, longitude, indexing="ij")
    mu, mu0 = np.cos(lat) * np.cos(lon), np.cos(lat) * np.cos(lon - phase)
    lit = mu0 > 0.0
    light = np.sum((mu * mu0 / (mu + np.where(lit, mu0, 1.0)) * np.cos(lat))[lit])
    full = np.sum(0.5 * mu * np.cos(lat))
    magnitude = 0.026 * phase_deg + 4e-9 * phase_deg**4
    disc = lib.pl_phase_function(np.cos(phase)) * light / full
    assert disc == pytest.approx(10.0 ** (-0.4 * magnitude), rel=2e-3)


def test_reflectance_ends_with_the_light() -> None:
    assert lib.pl_reflectance(1.0, 1.0, 1.0) == pytest.approx(1.0, abs=1e-3)
    assert lib.pl_reflectance(0.0, 0.5, 0.2) == 0.0
    assert lib.pl_reflectance(0.5, -0.1, 0.2) == 0.0
