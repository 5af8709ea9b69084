"""The tests of `integrity.h` against least squares done again without each match, in NumPy."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest
from crater_simulation import rotation
from scipy.stats import chi2, kstest

from onboard.core._vision import lib
from onboard.core.vision.integrity import PAIR, IntegrityLimits, judge_fix

Array = npt.NDArray[np.float64]
FOCAL_PX = 549.0
SIGMA_PX = 0.5
LOOSE = IntegrityLimits(growth=1e9, deviation=1e9, scatter=1e9, turn=1e9)


def scene(rng: np.random.Generator, count: int, slant_deg: float = 0.0) -> Array:
    """(count, 3) points on level ground 8 km below a camera, camera axes."""
    pixel = rng.uniform(-256.0, 256.0, (count, 2)) / FOCAL_PX
    ray = np.column_stack([pixel, np.ones(count)])
    s, c = np.sin(np.radians(slant_deg)), np.cos(np.radians(slant_deg))
    down = np.array([0.0, s, c])
    points: Array = ray * (8000.0 / (ray @ down))[:, None]
    return points + rng.normal(0.0, 100.0, points.shape)


def project(points: Array) -> Array:
    return FOCAL_PX * points[:, :2] / points[:, 2:]


def numeric(points: Array, moved: object) -> Array:
    """(n, 2, 3) central differences of the pixels by three parameters."""
    columns = []
    for k in range(3):
        step = np.zeros(3)
        step[k] = 1e-6
        columns.append((project(moved(points, step)) - project(moved(points, -step))) / 2e-6)  # type: ignore[operator]
    return np.stack(columns, axis=-1)


def shifted(points: Array, step: Array) -> Array:
    return points - step


def turned(points: Array, step: Array) -> Array:
    result: Array = points @ rotation(step).T
    return result


def weights(rng: np.random.Generator, count: int) -> Array:
    """(count, 2, 2) covariances of different sizes and shapes."""
    half = SIGMA_PX * (np.eye(2) + 0.3 * rng.standard_normal((count, 2, 2)))
    covariance: Array = half @ half.transpose(0, 2, 1) + 0.01 * np.eye(2)
    return covariance


def fit(
    residual: Array, S: Array, J: Array, information: Array, offset: Array
) -> tuple[Array, Array]:
    """Position (from the prior, at `offset` from it) and covariance by the normal equations."""
    W = np.linalg.inv(S)
    H = information + np.einsum("nji,njk,nkl->il", J, W, J)
    g = np.einsum("nji,njk,nk->i", J, W, residual) - information @ offset
    P = np.linalg.inv(H)
    return P @ g, P


def pairs_of(residual: Array, S: Array, points: Array) -> npt.NDArray[np.void]:
    pairs = np.zeros(len(points), PAIR)
    pairs["residual_px"], pairs["point_m"] = residual, points
    pairs["covariance_px2"] = S.reshape(-1, 4)[:, [0, 1, 3]]
    return pairs


@pytest.mark.parametrize("count", [4, 9, 60])
@pytest.mark.parametrize("slant_deg", [0.0, 40.0])
def test_figures_are_those_of_fits_without_each_match(count: int, slant_deg: float) -> None:
    rng = np.random.default_rng(count)
    points, S = scene(rng, count, slant_deg), weights(rng, count)
    J, K = numeric(points, shifted), numeric(points, turned)
    information = np.diag([1e-4, 1e-4, 4e-4])
    residual = np.einsum("nij,nj->ni", np.linalg.cholesky(S), rng.standard_normal((count, 2)))
    # The fix: where the normal equations leave nothing to do.
    step, P = fit(residual, S, J, information, np.zeros(3))
    residual = residual - np.einsum("nij,j->ni", J, step)
    found = judge_fix(
        pairs_of(residual, S, points),
        information,
        focal_px=FOCAL_PX,
        attitude_sigma_rad=3e-4,
        limits=LOOSE,
    )
    growth, separation = [], []
    for k in range(count):
        rest = np.arange(count) != k
        without, Q = fit(residual[rest], S[rest], J[rest], information, step)
        growth.append(np.linalg.eigvals(np.linalg.solve(P, Q)).real.max())
        separation.append(without @ np.linalg.pinv(Q - P, rcond=1e-9) @ without)
    images = np.linalg.inv(P) - information
    alone = np.trace(np.linalg.solve(images, np.linalg.inv(P))) - 2.0
    # Central differences of 1e-6 keep some seven digits.
    assert found.growth == pytest.approx(max(*growth, alone), rel=1e-5)
    assert found.deviation == pytest.approx(max(separation), rel=1e-5)
    W = np.linalg.inv(S)
    square = np.einsum("ni,nij,nj->", residual, W, residual)
    assert found.scatter == pytest.approx(square / (2 * count), rel=1e-9)
    B = np.einsum("nji,njk,nkl->il", J, W, K)
    assert found.shift_by_turn_m_rad == pytest.approx(P @ B, rel=1e-5, abs=1e-2)


def fixes(
    seed: int, frames: int, sigma_rad: float, slant_deg: float = 30.0
) -> list[dict[str, float]]:
    """Figures of simulated fixes whose attitude is off by `sigma_rad` per axis, said to be so."""
    rng = np.random.default_rng(seed)
    rows = []
    information = np.diag([1e-4, 1e-4, 4e-4])
    for _ in range(frames):
        points = scene(rng, 30, slant_deg)
        S = np.broadcast_to(SIGMA_PX**2 * np.eye(2), (30, 2, 2))
        J, K = numeric(points, shifted), numeric(points, turned)
        off = np.linalg.cholesky(np.linalg.inv(information)) @ rng.standard_normal(3)
        turn = sigma_rad * rng.standard_normal(3)
        residual = SIGMA_PX * rng.standard_normal((30, 2)) + K @ turn
        step, _ = fit(residual - J @ off, S, J, information, np.zeros(3))
        residual = residual - J @ (off + step)
        # At the prior plus step; the prior pulls it by the offset.
        found = judge_fix(
            pairs_of(residual, S, points),
            information,
            focal_px=FOCAL_PX,
            attitude_sigma_rad=sigma_rad,
            limits=LOOSE,
        )
        rows.append({"scatter": found.scatter, "turn": found.turn})
    return rows


def test_statistics_have_their_distributions() -> None:
    rows = fixes(1, 400, 3e-4)
    # Kolmogorov and Smirnov at 1e-4. 1 / LINEAR_RAD^2 = 1,100 beside information of 1e5 and more
    # makes the turn's statistic smaller by a per cent at most.
    assert kstest([row["turn"] for row in rows], chi2(3).cdf).pvalue > 1e-4
    # 60 degrees of freedom less up to 3 of the fit: 0.95 to 1; four of sqrt(2 / 60 / 400).
    assert 0.95 - 0.037 < np.mean([row["scatter"] for row in rows]) < 1.0 + 0.037


def test_half_a_degree_shows_in_a_slanted_view() -> None:
    rng = np.random.default_rng(5)
    points = scene(rng, 60, 40.0)
    S = np.broadcast_to(SIGMA_PX**2 * np.eye(2), (60, 2, 2))
    J, K = numeric(points, shifted), numeric(points, turned)
    information = np.diag([1e-6, 1e-6, 4e-6])
    residual = SIGMA_PX * rng.standard_normal((60, 2)) + K @ np.array([np.radians(0.5), 0.0, 0.0])
    step, _ = fit(residual, S, J, information, np.zeros(3))
    pairs = pairs_of(residual - J @ step, S, points)
    limits = replace(LOOSE, turn=IntegrityLimits().turn)
    known = {"focal_px": FOCAL_PX, "attitude_sigma_rad": 3e-4, "limits": limits}
    assert judge_fix(pairs, information, **known).verdict == "attitude disagrees"  # type: ignore[arg-type]
    known["attitude_sigma_rad"] = np.radians(0.5)
    assert judge_fix(pairs, information, **known).verdict == "holds"  # type: ignore[arg-type]


def test_each_verdict_has_its_cause() -> None:
    rng = np.random.default_rng(6)
    points = scene(rng, 12)
    S = np.broadcast_to(SIGMA_PX**2 * np.eye(2), (12, 2, 2))
    information = 1e-4 * np.eye(3)
    residual = 0.3 * rng.standard_normal((12, 2))
    known = {"focal_px": FOCAL_PX}

    def verdict(residual: Array, points: Array = points, S: Array = S) -> str:
        return judge_fix(pairs_of(residual, S, points), information, **known).verdict

    assert verdict(residual) == "holds"
    one = residual.copy()
    one[3] = 4.0 * SIGMA_PX
    assert verdict(one) == "one match deviates"
    assert verdict(np.where(residual > 0.0, 0.75, -0.75)) == "matches scatter"
    sharp = S.copy()
    sharp[0] /= 1e4
    assert verdict(0.0 * residual, S=sharp) == "hinges on one match"
    assert judge_fix(pairs_of(residual, S, points), 1e4 * np.eye(3), **known).verdict == (
        "hinges on one match"  # or on the prior
    )


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("residual_px", np.nan),
        ("point_m", 0.0),
        ("point_m", np.inf),
        ("covariance_px2", 0.0),
        ("covariance_px2", np.nan),
    ],
)
def test_pairs_that_are_none_are_named(field: str, value: float) -> None:
    rng = np.random.default_rng(7)
    pairs = pairs_of(np.zeros((5, 2)), np.broadcast_to(np.eye(2), (5, 2, 2)), scene(rng, 5))
    pairs[field][2] = value
    with pytest.raises(ValueError, match="out of range"):
        judge_fix(pairs, np.eye(3), focal_px=FOCAL_PX)


def test_wrong_shapes_and_numbers_are_named() -> None:
    rng = np.random.default_rng(8)
    good = pairs_of(np.zeros((5, 2)), np.broadcast_to(np.eye(2), (5, 2, 2)), scene(rng, 5))
    most = lib.OB_INTEGRITY_PAIRS_MAX
    with pytest.raises(ValueError, match=r"pairs: float64 \(5,\)"):
        judge_fix(np.zeros(5), np.eye(3), focal_px=FOCAL_PX)
    with pytest.raises(ValueError, match=r"information: \(2, 2\)"):
        judge_fix(good, np.eye(2), focal_px=FOCAL_PX)
    for pairs in (good[:0], np.resize(good, most + 1)):
        with pytest.raises(ValueError, match=f"not 1 to {most} pairs"):
            judge_fix(pairs, np.eye(3), focal_px=FOCAL_PX)
    for focal_px in (0.0, -1.0, np.nan):
        with pytest.raises(ValueError, match="focal_px"):
            judge_fix(good, np.eye(3), focal_px=focal_px)
    for sigma in (-1.0, 2.0, np.nan):
        with pytest.raises(ValueError, match="attitude_sigma_rad"):
            judge_fix(good, np.eye(3), focal_px=FOCAL_PX, attitude_sigma_rad=sigma)
    with pytest.raises(ValueError, match="information"):
        judge_fix(good, np.full((3, 3), np.nan), focal_px=FOCAL_PX)
