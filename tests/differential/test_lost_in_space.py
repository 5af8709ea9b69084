"""Lost in space against views made by an independent implementation in NumPy, and the index of
quads against its definition.
"""

import math
from collections.abc import Iterator
from functools import cache
from itertools import combinations

import numpy as np
import numpy.typing as npt
import pytest
from crater_views import CATALOGUE, Craters, Scene, head_povilaitis, pose_error, scattered, scene
from lost_views import CAMERA, lost_identifier, lost_scene, mirrored

from onboard.core.vision.crater_index import build_index
from onboard.core.vision.craters import CraterFix, CraterIndex
from onboard.core.vision.lost import LostIdentifier
from onboard.core.vision.quad_index import HEADER, QUAD, build_quad_index

Floats = npt.NDArray[np.float64]

VIEWS = 60


@cache
def identifier(real: bool) -> tuple[Craters, LostIdentifier]:
    if real and not CATALOGUE.exists():
        pytest.skip(f"needs {CATALOGUE}")
    craters = head_povilaitis() if real else scattered(6000, seed=2)
    return craters, lost_identifier(craters)


@cache
def views(real: bool) -> list[tuple[Scene, CraterFix]]:
    craters, of = identifier(real)
    shown = [lost_scene(craters, 9000 + k) for k in range(VIEWS)]
    return [(view, of.identify(CAMERA, view.ellipses)) for view in shown]


@pytest.mark.parametrize("real", [False, True], ids=["scattered", "Head and Povilaitis"])
def test_views_are_solved_and_none_wrong(real: bool) -> None:
    """Of 2,659 views with 16 and more craters detected all were (docs/vision.md); here one refusal
    is let pass.
    """
    enough = [(view, fix) for view, fix in views(real) if (view.rows >= 0).sum() >= 16]
    assert len(enough) > VIEWS // 2
    assert sum(fix.found for _, fix in enough) >= len(enough) - 1
    for view, fix in views(real):
        if not fix.found:
            assert (fix.rows == -1).all()
            continue
        matched = fix.rows >= 0
        error = pose_error(view, fix.position_mcmf_m, fix.q_camera_from_mcmf)
        assert np.linalg.norm(error[3:]) < 0.1 * view.altitude_m
        assert (fix.rows == view.rows)[matched].mean() > 0.8
        assert fix.log10_chance <= -5.0


@pytest.mark.parametrize("real", [False, True], ids=["scattered", "Head and Povilaitis"])
def test_covariance_is_that_of_the_errors(real: bool) -> None:
    """The mean of n chi-squared of 6, over 6, has a standard deviation of sqrt(2 / (6 n)); five of
    them.
    """
    nees = []
    for view, fix in views(real):
        if fix.found:
            error = pose_error(view, fix.position_mcmf_m, fix.q_camera_from_mcmf)
            nees.append(error @ np.linalg.solve(fix.covariance, error) / 6.0)
    assert abs(np.mean(nees) - 1.0) < 5.0 * np.sqrt(2.0 / (6.0 * len(nees)))


def test_without_noise_the_pose_is_exact() -> None:
    """What is left are radii rounded to the index's unit, ellipses from 96 points, and a stated
    sigma of 0.05 px: a thousandth of the altitude is 0.9 px.
    """
    craters, of = identifier(False)
    for seed in range(10):
        view = scene(craters, seed, noise_px=0.05, missing=0.0, spurious=0.0, visible_min=20)
        fix = of.identify(CAMERA, view.ellipses)
        assert fix.found
        assert (fix.rows == view.rows).mean() > 0.95
        error = pose_error(view, fix.position_mcmf_m, fix.q_camera_from_mcmf)
        assert np.linalg.norm(error[3:]) < 1e-3 * view.altitude_m


def test_a_moon_that_is_not_in_the_catalogue_is_refused() -> None:
    """Chance below 10^-5 a view: none in 10."""
    craters, of = identifier(False)
    other = mirrored(craters)
    for seed in range(10):
        assert not of.identify(CAMERA, lost_scene(other, seed).ellipses).found


def test_the_index_has_every_quad_where_its_definition_puts_it() -> None:
    """By loops over craters, angles and determinants. Numbers that rounding may put into the next
    step are not compared.
    """
    craters, count = scattered(300, seed=5), 6
    catalogue = CraterIndex(
        build_index(craters.longitude_deg, craters.latitude_deg, 8.0 * craters.radius_m)
    )
    octets = build_quad_index(catalogue, count, cell_shift=5)
    near = np.frombuffer(octets, "<u4", count * len(catalogue), HEADER.itemsize)
    starts = np.frombuffer(octets, "<u4", 3 * 8**4 + 1, HEADER.itemsize + near.nbytes)
    quads = np.frombuffer(octets, QUAD, starts[-1], HEADER.itemsize + near.nbytes + starts.nbytes)
    built = {int(q["name"]): q["step"].tolist() for q in quads}
    normal, radius_m = catalogue.normal_mcmf, catalogue.radius_m
    expected, doubtful = {}, set()
    for a, own in enumerate(near.reshape(-1, count).tolist()):
        larger = [j for j in range(len(normal)) if j != a and radius_m[j] >= radius_m[a]]
        larger.sort(key=lambda j: float(((normal[j] - normal[a]) ** 2).sum()))
        assert own[: len(larger)] == larger[:count]
        for name, steps in slow_quads(a, larger[:count], normal, radius_m):
            if all(0.0 <= step < 256.0 for step in steps):
                expected[name] = [int(step) for step in steps]
            if any(abs(step - round(step)) < 1e-6 for step in steps):
                doubtful.add(name)
    assert len(expected) > 3000
    assert len(doubtful) < 10
    assert {k: v for k, v in built.items() if k not in doubtful} == {
        k: v for k, v in expected.items() if k not in doubtful
    }
    cell = np.repeat(np.arange(3 * 8**4), np.diff(starts.astype(np.int64)))
    assert (cell % 8**4 == (quads["step"] >> 5) @ np.array([512, 64, 8, 1])).all()


def slow_quads(
    a: int, near: list[int], normal: Floats, radius_m: Floats
) -> Iterator[tuple[int, list[float]]]:
    """Names and steps, not rounded."""
    east = np.cross([0.0, 0.0, 1.0], normal[a])
    east /= np.linalg.norm(east)
    axes = np.stack([east, np.cross(normal[a], east)])
    for numbers in combinations(range(len(near)), 3):
        at = {n: axes @ (normal[near[n]] - normal[a]) * 1737400.0 for n in numbers}
        around = sorted(numbers, key=lambda n: math.atan2(at[n][1], at[n][0]))
        angles = [math.atan2(at[n][1], at[n][0]) for n in around]
        gaps = [(angles[k] - angles[k - 1]) % (2.0 * math.pi) for k in range(3)]
        first = int(np.argmax(gaps))
        if max(gaps) < math.pi:
            first = int(np.argmax([radius_m[near[n]] for n in around]))
        b, c, d = (around[(first + k) % 3] for k in range(3))
        points = [np.zeros(2), at[b], at[c], at[d]]
        radii = [radius_m[j] for j in (a, near[b], near[c], near[d])]
        areas, steps = [], []
        for i, j, k in ((0, 1, 2), (0, 2, 3), (0, 3, 1), (1, 2, 3)):
            areas.append(
                abs(np.linalg.det(np.stack([points[j] - points[i], points[k] - points[i]])))
            )
            invariant = math.log(areas[-1]) - 2.0 / 3.0 * math.log(radii[i] * radii[j] * radii[k])
            steps.append((invariant + 0.5) * 32.0)
        if min(areas) > 0.05 * max(areas):
            yield a << 12 | b << 8 | c << 4 | d, steps
