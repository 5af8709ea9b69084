"""The ground is one function of direction: no order of access, no seam, no jump with resolution."""

from __future__ import annotations

from functools import cache

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from rays import raycast

from hil.world.terrain import FULL_DETAIL_M, MOON_RADIUS_M, Terrain

seeds = st.integers(0, 2**64 - 1)
axes = st.sampled_from([(a, b) for a in range(3) for b in range(3) if a != b])
resolutions = st.floats(0.1, 1e5)


@cache
def ground() -> Terrain:
    return Terrain(7)


@st.composite
def directions(draw: st.DrawFn) -> npt.NDArray[np.float64]:
    """Anywhere; the edges and corners of the cube's faces, the poles and the date line often."""
    special = st.sampled_from([0.0, 1.0, -1.0, 1.0 + 1e-9, -1.0 - 1e-12])
    components = st.lists(st.one_of(st.floats(-1.0, 1.0), special), min_size=3, max_size=3)
    vector = np.array(draw(components.filter(lambda v: np.linalg.norm(v) > 0.1)))
    unit: npt.NDArray[np.float64] = vector / np.linalg.norm(vector)
    return unit


def beside(unit: npt.NDArray[np.float64], angle: float, step_m: float) -> npt.NDArray[np.float64]:
    e1 = np.cross(unit, np.roll(np.eye(3)[np.argmin(np.abs(unit))], 0))
    e1 /= np.linalg.norm(e1)
    e2 = np.cross(unit, e1)
    p = unit * MOON_RADIUS_M + step_m * (np.cos(angle) * e1 + np.sin(angle) * e2)
    moved: npt.NDArray[np.float64] = p / np.linalg.norm(p)
    return moved


@given(st.lists(directions(), min_size=2, max_size=12), resolutions, st.randoms())
def test_heights_do_not_depend_on_order(
    units: list[npt.NDArray[np.float64]], resolution: float, shuffler: object
) -> None:
    forward = [ground().height_m(u, resolution) for u in units]
    order = list(range(len(units)))
    shuffler.shuffle(order)  # type: ignore[attr-defined]
    shuffled = {k: ground().height_m(units[k], resolution) for k in order}
    assert forward == [shuffled[k] for k in range(len(units))]
    assert forward == list(ground().height_m(np.array(units), resolution))


@given(seeds, directions())
@settings(max_examples=20)
def test_one_seed_is_one_moon(seed: int, unit: npt.NDArray[np.float64]) -> None:
    assert Terrain(seed).height_m(unit) == Terrain(seed).height_m(unit)


@given(directions(), st.floats(0.0, 2.0 * np.pi))
def test_ground_is_continuous(unit: npt.NDArray[np.float64], angle: float) -> None:
    """Over 1 mm no slope is steeper than 60 deg, also over the edges of the faces and the poles."""
    step = 1e-3
    rise = ground().height_m(beside(unit, angle, step)) - ground().height_m(unit)
    assert abs(rise) < np.tan(np.radians(60.0)) * step + 1e-8


@given(axes, st.floats(-0.999, 0.999), st.sampled_from([-1.0, 1.0]), st.sampled_from([-1.0, 1.0]))
def test_faces_of_the_cube_meet_smoothly(
    pair: tuple[int, int], along: float, sign_a: float, sign_b: float
) -> None:
    """Across an edge of the cube the slope to both sides is the same: second differences.

    In steps of 5 cm a curvature of 2 per metre (a crater of 0.5 m, 0.05 m deep) gives 5 mm; one cut
    off at the edge would give its depth, metres.
    """
    first, second = pair
    third = 3 - first - second

    def at(offset: float) -> npt.NDArray[np.float64]:
        v = np.zeros(3)
        v[first], v[second], v[third] = sign_a, sign_b * (1.0 + offset / MOON_RADIUS_M), along
        unit: npt.NDArray[np.float64] = v / np.linalg.norm(v)
        return unit

    h = [ground().height_m(at(offset)) for offset in (-0.05, 0.0, 0.05)]
    assert abs(h[0] - 2.0 * h[1] + h[2]) < 0.01


@given(directions(), st.floats(1.0, 1e4))
def test_detail_comes_in_without_a_jump(unit: npt.NDArray[np.float64], resolution: float) -> None:
    """Heights at resolutions 1 part in 1e6 apart differ by at most that share of what is added:
    two octaves fade together, each below 0.2 of its largest diameter in depth and as much in noise,
    and catalogue craters of up to 60 km below 6 km, as their weight D / resolution - 1 changes."""
    near = ground().height_m(unit, resolution) - ground().height_m(unit, resolution * (1.0 + 1e-6))
    assert abs(near) < 1e-6 * (60.0 * resolution + 1e4)


@given(directions(), st.floats(0.0, 80.0), st.floats(0.0, 2.0 * np.pi), st.floats(50.0, 15_000.0))
def test_raycast_ends_on_the_ground(
    unit: npt.NDArray[np.float64], off_nadir_deg: float, azimuth: float, altitude_m: float
) -> None:
    """Where a ray ends it is on the height function, and nothing stands in its way before that."""
    origin = unit * (MOON_RADIUS_M + ground().height_m(unit) + altitude_m)
    target = beside(unit, azimuth, altitude_m * np.tan(np.radians(off_nadir_deg)))
    direction = target * (MOON_RADIUS_M + ground().height_m(target, 5e3)) - origin
    direction /= np.linalg.norm(direction)
    assume(direction @ unit < 0.0)  # the coarse target may lie above who looks from 50 m
    reached = raycast(ground(), origin, direction, 1e6)
    assert reached is not None

    def gap(distance: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        p = origin + distance[:, None] * direction
        radius = np.linalg.norm(p, axis=1)
        heights: npt.NDArray[np.float64] = radius - MOON_RADIUS_M
        return heights - ground().height_m(p / radius[:, None], FULL_DETAIL_M)

    # 1 % of the resolution of 0.5 m, and rounding of 2e6 m
    assert abs(gap(np.array([reached]))[0]) < 0.006
    before = np.linspace(0.0, reached - 0.5, 400) if reached > 0.5 else np.zeros(1)
    assert gap(before).min() > -0.05


@given(directions(), st.floats(100.0, 20_000.0))
def test_straight_down_is_altitude(unit: npt.NDArray[np.float64], altitude_m: float) -> None:
    origin = unit * (MOON_RADIUS_M + ground().height_m(unit) + altitude_m)
    assert raycast(ground(), origin, -unit, 1e5) == pytest.approx(altitude_m, abs=0.006)
