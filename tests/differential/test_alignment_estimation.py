"""Alignments against the truth, their covariance, Umeyama's closed form and SciPy's."""

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from onboard.core.vision.alignment import Alignment, find_alignment

Floats = np.ndarray
BOTH = pytest.mark.parametrize("with_scale", [False, True])


def problem(
    random: np.random.Generator, count: int, wrong: float, with_scale: bool, sigma: float = 0.1
) -> tuple[Floats, Floats, Rotation, Floats, float]:
    """First, second (a spread of 10 m, noise there) and the truth: turn, shift, scale."""
    turn = Rotation.from_quat(random.normal(size=4))
    shift, scale = random.normal(0.0, 50.0, 3), random.uniform(0.5, 2.0) if with_scale else 1.0
    first = random.normal(0.0, 10.0, (count, 3)) + random.normal(0.0, 50.0, 3)
    second = scale * turn.apply(first) + shift
    bad = random.permutation(count)[: round(count * wrong)]
    second[bad] = random.normal(second.mean(axis=0), 10.0 * scale, (len(bad), 3))
    return first, second + random.normal(0.0, sigma, (count, 3)), turn, shift, scale


def rotation(a: Alignment) -> Rotation:
    return Rotation.from_quat(a.q_second_from_first[[1, 2, 3, 0]])


def error_of(a: Alignment, turn: Rotation, shift: Floats, scale: float) -> Floats:
    error = [*(turn * rotation(a).inv()).as_rotvec(), *(shift - a.shift_m), scale - a.scale]
    return np.array(error[: len(a.covariance)])


@BOTH
@pytest.mark.parametrize("wrong", [0.0, 0.5, 0.7])
def test_its_errors_are_those_it_tells(wrong: float, with_scale: bool) -> None:
    """The mean of 300 normalized squares of 6 or 7: a standard deviation of sqrt(2 / 1800) = 0.033;
    four of these, and 0.02 for wrong matches that agree by chance.
    """
    random = np.random.default_rng(1)
    nees = []
    for seed in range(300):
        first, second, *truth = problem(random, 200, wrong, with_scale)
        a = find_alignment(
            first, second, threshold_m=0.4, sigma_m=0.1, with_scale=with_scale, seed=seed
        )
        assert a.status == "ok"
        error = error_of(a, *truth)
        nees.append(error @ np.linalg.solve(a.covariance, error) / len(error))
    assert abs(np.mean(nees) - 1.0) < 0.153


def umeyama(first: Floats, second: Floats, with_scale: bool) -> tuple[Rotation, Floats, float]:
    """IEEE PAMI 13(4), 1991, equations 39 to 43."""
    a, b = first - first.mean(axis=0), second - second.mean(axis=0)
    U, singular, Vt = np.linalg.svd(b.T @ a)
    sign = np.array([1.0, 1.0, np.sign(np.linalg.det(U @ Vt))])
    C = U * sign @ Vt
    scale = singular @ sign / (a * a).sum() if with_scale else 1.0
    shift = second.mean(axis=0) - scale * C @ first.mean(axis=0)
    return Rotation.from_matrix(C), shift, scale


@BOTH
def test_without_wrong_matches_it_is_the_closed_form(with_scale: bool) -> None:
    """The refinement ends at a step below 1e-3 standard deviations."""
    random = np.random.default_rng(2)
    for _ in range(20):
        first, second, *_ = problem(random, 50, 0.0, with_scale)
        a = find_alignment(first, second, threshold_m=2.0, with_scale=with_scale)
        off = error_of(a, *umeyama(first, second, with_scale))
        assert off @ np.linalg.solve(a.covariance, off) < 1e-6
        if not with_scale:
            centred = first - first.mean(axis=0), second - second.mean(axis=0)
            scipy, _ = Rotation.align_vectors(centred[1], centred[0])
            turn = (scipy * rotation(a).inv()).as_rotvec()
            assert np.abs(turn).max() < 1e-3 * np.sqrt(np.diag(a.covariance)[:3]).min()


def test_a_plane_seen_from_both_sides_is_turned_not_mirrored() -> None:
    random = np.random.default_rng(3)
    first = np.column_stack([random.normal(0.0, 10.0, (40, 2)), np.zeros(40)])
    turn = Rotation.from_rotvec([np.pi, 0.0, 0.0])
    a = find_alignment(first, turn.apply(first), threshold_m=0.1)
    assert a.status == "ok"
    assert (turn * rotation(a).inv()).magnitude() < 1e-9


@BOTH
@pytest.mark.parametrize("sigma", [0.0, 0.1])
def test_a_line_and_one_wrong_match_are_told(sigma: float, with_scale: bool) -> None:
    """The wrong match is on the circle which a turn about the line allows it."""
    random = np.random.default_rng(4)
    turn = Rotation.from_rotvec([0.3, -0.2, 0.5])
    for _ in range(50):
        line = np.outer(random.uniform(-20.0, 20.0, 30), [1.0, 2.0, -0.5])
        first = np.vstack([line, [[3.0, -8.0, 1.0]]])
        second = turn.apply(first)
        axis = turn.apply(np.array([1.0, 2.0, -0.5]) / np.linalg.norm([1.0, 2.0, -0.5]))
        second[-1] = Rotation.from_rotvec(2.0 * axis).apply(second[-1])
        second += random.normal(0.0, sigma, second.shape)
        a = find_alignment(first, second, threshold_m=0.5, with_scale=with_scale)
        assert a.status == "degenerate"
