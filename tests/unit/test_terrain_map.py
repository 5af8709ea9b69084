"""The terrain map: heights, nesting, normals, relief and rays, against NumPy and SciPy."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from navigation_simulation import Array, Ground, array, c_array, ffi, lib, make_site
from scipy.interpolate import RegularGridInterpolator

RADIUS = 1737400.0


def bumpy(n_along: int, n_cross: int, seed: int, amplitude_m: float) -> Array:
    """Smooth random heights: white noise, box-filtered twice."""
    rng = np.random.default_rng(seed)
    h = rng.normal(0.0, 1.0, (n_along + 8, n_cross + 8))
    kernel = np.ones(5) / 5.0
    for axis in (0, 1, 0, 1):
        h = np.apply_along_axis(np.convolve, axis, h, kernel, "valid")
    return amplitude_m * h[:n_along, :n_cross] / np.abs(h).max()


def two_grids() -> tuple[Ground, RegularGridInterpolator, RegularGridInterpolator]:
    ground = Ground(make_site(), azimuth_rad=0.7)
    coarse = bumpy(60, 40, 1, 400.0).astype(np.float32)
    fine = bumpy(50, 30, 2, 50.0).astype(np.float32)
    ground.add(-6000.0, -4000.0, 200.0, coarse, 20.0)
    ground.add(-500.0, -300.0, 20.0, fine, 3.0)
    interpolate = [
        RegularGridInterpolator(
            (a0 + step * np.arange(h.shape[0]), c0 + step * np.arange(h.shape[1])),
            h.astype(np.float64),
        )
        for a0, c0, step, h in ((-6000.0, -4000.0, 200.0, coarse), (-500.0, -300.0, 20.0, fine))
    ]
    return ground, interpolate[0], interpolate[1]


GROUND, COARSE, FINE = two_grids()
FINE_ALONG, FINE_CROSS = (-500.0, 480.0), (-300.0, 280.0)


@given(st.floats(-6000.0, 5800.0), st.floats(-4000.0, 3800.0))
def test_height_is_bilinear_in_the_finest_grid_that_holds_the_point(
    along: float, cross: float
) -> None:
    sigma = ffi.new("double *")
    got = lib.ob_map_height_m(GROUND.map, along, cross, sigma)
    inside = FINE_ALONG[0] <= along <= FINE_ALONG[1] and FINE_CROSS[0] <= cross <= FINE_CROSS[1]
    want = (FINE if inside else COARSE)([[along, cross]])[0]
    # Both blend four heights below 400 m; the weights carry the rounding of positions of 6 km over
    # a spacing of at least 20 m, 6000/20 ulp(1): 400 m x 300 x 2e-16 x a few.
    assert got == pytest.approx(want, abs=1e-9)
    assert sigma[0] == (3.0 if inside else 20.0)
    assert lib.ob_map_grid_at(GROUND.map, along, cross) == (1 if inside else 0)


@pytest.mark.parametrize(
    ("along", "cross"),
    [(-6000.1, 0.0), (5800.1, 0.0), (0.0, 3800.1), (np.nan, 0.0), (0.0, np.nan), (np.inf, 0.0)],
)
def test_off_the_map_height_is_zero_with_the_relief_of_the_moon_as_sigma(
    along: float, cross: float
) -> None:
    sigma = ffi.new("double *")
    assert lib.ob_map_height_m(GROUND.map, along, cross, sigma) == 0.0
    assert sigma[0] == 3000.0
    assert lib.ob_map_grid_at(GROUND.map, along, cross) == -1


def test_the_last_sample_is_reached_exactly() -> None:
    assert GROUND.height(5800.0, 3800.0) == COARSE.values[-1, -1]
    assert GROUND.height(-6000.0, -4000.0) == COARSE.values[0, 0]


def mcmf(along: float, cross: float, height: float) -> Array:
    out = ffi.new("double[3]")
    lib.ob_mcmf_from_corridor(
        ffi.addressof(GROUND.map.corridor), c_array([along, cross, height]), out
    )
    return array(out, 3)


def clearance(r: Array) -> Array:
    """Height above the mapped ground of many mcmf points, by NumPy alone."""
    C = array(GROUND.map.corridor.C_corridor_from_mcmf, 9).reshape(3, 3)
    x, y, z = C @ r.T
    norm = np.sqrt(x * x + y * y + z * z)
    points = np.stack([RADIUS * np.arctan2(x, z), RADIUS * np.arcsin(y / norm)], axis=-1)
    inside = (
        (points[:, 0] >= FINE_ALONG[0])
        & (points[:, 0] <= FINE_ALONG[1])
        & (points[:, 1] >= FINE_CROSS[0])
        & (points[:, 1] <= FINE_CROSS[1])
    )
    COARSE.bounds_error = FINE.bounds_error = False
    return norm - RADIUS - np.where(inside, FINE(points), COARSE(points))


def raycast(origin: Array, direction: Array, limit: float = 2e4) -> tuple[float, float] | None:
    range_m, sigma_m = ffi.new("double *"), ffi.new("double *")
    hit = lib.ob_map_raycast(
        GROUND.map, c_array(origin), c_array(direction), limit, range_m, sigma_m
    )
    return (range_m[0], sigma_m[0]) if hit else None


@settings(max_examples=60)
@given(
    along=st.floats(-3000.0, 3000.0),
    cross=st.floats(-2000.0, 2000.0),
    height=st.floats(500.0, 3000.0),
    tilt=st.floats(0.0, 0.9),
    heading=st.floats(0.0, 6.28),
)
def test_rays_end_where_a_dense_march_first_meets_the_ground(
    along: float, cross: float, height: float, tilt: float, heading: float
) -> None:
    origin = mcmf(along, cross, height)
    up = origin / np.linalg.norm(origin)
    side = mcmf(along + 1.0, cross, height) - origin
    side /= np.linalg.norm(side)
    other = np.cross(up, side)
    level = np.cos(heading) * side + np.sin(heading) * other
    direction = np.sin(tilt) * level - np.cos(tilt) * up
    direction /= np.linalg.norm(direction)
    got = raycast(origin, direction)
    ranges = np.arange(0.0, 6000.0, 1.0)
    below = clearance(origin + ranges[:, None] * direction) <= 0.0
    if got is None:
        # Only rays that leave the map (clearance NaN there) or graze it may be without a hit.
        assert not below.any()
        return
    assert below.any()
    first = ranges[np.argmax(below)]
    # The ground of these grids is less steep than the march assumes, so it is the first hit; the
    # dense march finds it within its step, or a jump at the edge of the fine grid.
    assert first - 1.0 - 0.01 <= got[0] <= first + 0.01


def test_ray_limits_and_bad_origins() -> None:
    origin = mcmf(0.0, 0.0, 2000.0)
    down = -origin / np.linalg.norm(origin)
    hit = raycast(origin, down)
    assert hit is not None
    assert hit[0] == pytest.approx(2000.0 - GROUND.height(0.0, 0.0), abs=0.01)
    assert hit[1] == 3.0
    assert raycast(origin, down, limit=hit[0] - 1.0) is None
    assert raycast(origin, -down) is None
    assert raycast(mcmf(0.0, 0.0, -500.0), down) is None
    assert raycast(mcmf(50_000.0, 0.0, 2000.0), down) is None
    assert raycast(np.full(3, np.nan), down) is None


def test_normal_of_a_tilted_plane() -> None:
    ground = Ground(make_site(), azimuth_rad=0.3)
    along, cross = np.arange(-2000.0, 2001.0, 50.0), np.arange(-2000.0, 2001.0, 50.0)
    ground.add(-2000.0, -2000.0, 50.0, 0.2 * along[:, None] - 0.1 * cross[None, :], 1.0)
    out = ffi.new("double[3]")
    lib.ob_map_normal(ground.map, 0.0, 0.0, 100.0, out)
    C = array(ground.map.corridor.C_corridor_from_mcmf, 9).reshape(3, 3)
    want = np.array([-0.2, 0.1, 1.0]) / np.sqrt(1.05)
    # At the target the corridor axes are forward, left, up. Float heights of up to 20 m round by
    # 1e-6 m over 200 m; the sphere bends by 100 m / R = 6e-5 rad symmetrically.
    assert C @ array(out, 3) == pytest.approx(want, abs=1e-6)


def test_relief_bounds_every_height_that_was_looked_at() -> None:
    lowest, highest = ffi.new("double *"), ffi.new("double *")
    lib.ob_map_relief(GROUND.map, -3000.0, 500.0, 800.0, lowest, highest)
    heights = [
        GROUND.height(-3000.0 + 200.0 * i, 500.0 + 200.0 * k)
        for i in range(-4, 5)
        for k in range(-4, 5)
    ]
    assert (lowest[0], highest[0]) == (min(heights), max(heights))
