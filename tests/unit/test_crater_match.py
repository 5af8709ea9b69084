"""The crater matcher on simulated frames: fixes, refusals, wrong matches, bad input."""

from __future__ import annotations

import numpy as np
import pytest
from crater_matching import Outcome, match
from crater_simulation import Frame, simulate

from onboard.core._vision import lib

ACCEPTED: int = lib.OB_CRATER_FIX_ACCEPTED


def outcomes(seed: int, count: int, **changed: float) -> list[tuple[Frame, Outcome]]:
    rng = np.random.default_rng(seed)
    frames = [simulate(rng, **changed) for _ in range(count)]  # type: ignore[arg-type]
    known = {k: v for k, v in changed.items() if k.startswith("sigma_") and k.endswith("al_m")}
    return [(frame, match(frame, **known)) for frame in frames]


@pytest.mark.parametrize("altitude_m", [15_000.0, 8_000.0, 3_000.0])
def test_fixes_are_right_and_precise(altitude_m: float) -> None:
    pixel_m = altitude_m / 549.0
    runs = outcomes(11, 40, altitude_m=altitude_m)
    fixes = [(f, o) for f, o in runs if o.status == ACCEPTED]
    # The prior leaves its search box of 3 sigma per axis in 0.8 % of the frames.
    assert len(fixes) >= 37
    for frame, outcome in fixes:
        error = outcome.position_m - frame.position_m
        # 3e-4 rad of attitude moves the ground by 0.16 px; 40 matches at 0.5 px give 0.1 px, and
        # a slanted view makes height and distance go together: 3 px is far outside all of it.
        assert np.linalg.norm(error) < 3.0 * pixel_m
        # 0.4 px of the detections and 0.03 diameters of the map: 1 px at 30 px of diameter.
        assert outcome.residual_rms_px < 2.0
        assert outcome.log10_chance < -6.0


def test_covariance_of_the_fix_is_honest() -> None:
    runs = outcomes(12, 120, sigma_attitude_rad=0.0)
    nees = []
    for frame, outcome in runs:
        if outcome.status == ACCEPTED:
            error = outcome.position_m - frame.position_m
            nees.append(error @ np.linalg.solve(outcome.covariance_m2, error))
    # Mean of n chi-square variables with 3 degrees of freedom: 3 +- sqrt(6 / n), here +- 0.23; four
    # of them, and wrong pairs (a few per thousand) and the gate's cut on either side.
    assert 2.0 < np.mean(nees) < 4.0


def test_few_matches_are_wrong_and_probability_says_so() -> None:
    right, wrong = [], []
    for _, outcome in outcomes(13, 60):
        for fits, probability in zip(outcome.right, outcome.probability, strict=True):
            (right if fits else wrong).append(probability)
    assert len(wrong) < 0.01 * len(right)
    assert np.mean(right) > 0.95
    assert np.mean(right) > np.mean(wrong or [0.0])


def test_matches_are_one_to_one() -> None:
    for _, outcome in outcomes(14, 10):
        assert len(set(outcome.catalogue_index)) == len(outcome.catalogue_index)
        assert len({tuple(p) for p in outcome.pixel}) == len(outcome.pixel)


def test_a_frame_of_another_place_is_refused() -> None:
    for _, outcome in outcomes(15, 60, elsewhere=True):
        assert outcome.status != ACCEPTED
        assert len(outcome.catalogue_index) == 0


@pytest.mark.slow
def test_no_false_fix_in_a_thousand_frames_of_another_place() -> None:
    """The bound asked for is 1e-6 a frame; none in n frames shows 3 / n at 95 %."""
    worst = 0.0
    rng = np.random.default_rng(16)
    for _ in range(1000):
        frame = simulate(
            rng, altitude_m=float(rng.uniform(3e3, 15e3)), elsewhere=True, spurious=0.0
        )
        outcome = match(frame)
        assert outcome.status != ACCEPTED
        worst = min(worst, outcome.log10_chance)
    # If the bound holds, 1000 frames go below 1e-4 with a chance of a tenth.
    print(f"least log10 chance of a wrong position: {worst:.1f}")
    assert worst > -4.0


@pytest.mark.slow
def test_a_thousand_frames_give_no_wrong_fix() -> None:
    rng = np.random.default_rng(17)
    accepted = 0
    for _ in range(1000):
        altitude = float(rng.uniform(3e3, 15e3))
        frame = simulate(
            rng,
            altitude_m=altitude,
            missing=float(rng.uniform(0.1, 0.3)),
            undetected=float(rng.uniform(0.2, 0.7)),
            clutter=int(rng.integers(0, 200)),
            sigma_px=float(rng.uniform(0.2, 0.6)),
        )
        outcome = match(frame)
        if outcome.status == ACCEPTED:
            accepted += 1
            assert np.linalg.norm(outcome.position_m - frame.position_m) < 5.0 * altitude / 549.0
    print(f"accepted {accepted} of 1000")
    assert accepted > 950


def test_hard_frames_are_fixed_or_refused_but_not_wrong() -> None:
    """A tenth of the craters detected, among twice as many that are not on the map."""
    runs = outcomes(18, 60, undetected=0.93, clutter=250)
    for frame, outcome in runs:
        if outcome.status == ACCEPTED:
            assert np.linalg.norm(outcome.position_m - frame.position_m) < 200.0
    assert any(o.status == ACCEPTED for _, o in runs)
    assert any(o.status != ACCEPTED for _, o in runs)


def test_a_kilometre_of_uncertainty_is_searched() -> None:
    runs = outcomes(19, 30, sigma_horizontal_m=1000.0, sigma_vertical_m=300.0)
    assert sum(o.status == ACCEPTED for _, o in runs) >= 27


def test_the_status_names_the_reason() -> None:
    frame = simulate(np.random.default_rng(20))
    assert match(frame, count_min=250).status == lib.OB_CRATER_FIX_FEW_PREDICTED
    assert match(frame.without_detections()).status == lib.OB_CRATER_FIX_FEW_DETECTED
    assert match(frame.without_map()).status == lib.OB_CRATER_FIX_FEW_PREDICTED
    assert match(frame, log10_chance_max=-1e4).status == lib.OB_CRATER_FIX_CHANCE
    found = match(frame)
    assert match(frame, count_min=found.count + 1).status == lib.OB_CRATER_FIX_FEW_MATCHED


def test_a_map_that_repeats_itself_is_refused_as_ambiguous() -> None:
    frame = simulate(np.random.default_rng(21), altitude_m=8000.0)
    assert match(frame).status == ACCEPTED
    assert match(frame.with_map_doubled(600.0)).status == lib.OB_CRATER_FIX_RIVAL


def test_a_prior_that_is_too_sure_of_itself_is_refused() -> None:
    """True error 60 m, claimed sigma 10 m: the voting grid still reaches it, the fix says no."""
    frame = simulate(
        np.random.default_rng(22),
        sigma_horizontal_m=0.0,
        sigma_vertical_m=0.0,
        sigma_attitude_rad=0.0,
    )
    off = frame.with_prior_moved(65.0)
    outcome = match(off, sigma_horizontal_m=10.0, sigma_vertical_m=10.0)
    assert outcome.status == lib.OB_CRATER_FIX_OUTSIDE_PRIOR
    assert match(off).status == ACCEPTED


@pytest.mark.parametrize(
    "changed",
    [
        {"prior_position_m": np.array([np.nan, 0.0, 1.75e6])},
        {"prior_position_m": np.zeros(3)},
        {"prior_position_m": np.array([np.inf, 0.0, 0.0])},
        {"q_mcmf_from_camera": np.zeros(4)},
        {"q_mcmf_from_camera": np.full(4, np.nan)},
        {"q_mcmf_from_camera": np.array([2.0, 0.0, 0.0, 0.0])},
    ],
)
def test_a_pose_that_is_not_a_number_is_bad_input(changed: dict[str, np.ndarray]) -> None:
    frame = simulate(np.random.default_rng(23)).changed(**changed)
    assert match(frame).status == lib.OB_CRATER_FIX_BAD_INPUT


@pytest.mark.parametrize(
    "changed",
    [
        {"radius_min_px": 0.0},
        {"radius_min_px": np.nan},
        {"radius_max_px": 1.0},
        {"radius_max_px": np.inf},
        {"radius_ratio_max": 1.0},
        {"radius_ratio_max": np.nan},
        {"gate_sigma": 0.5},
        {"gate_sigma": 7.0},
        {"log10_chance_max": 0.0},
        {"log10_chance_max": np.nan},
        {"rival_fraction_max": 1.5},
        {"count_min": 3},
        {"sigma_horizontal_m": 0.0},
        {"sigma_horizontal_m": np.nan},
        {"sigma_vertical_m": 1e6},
    ],
)
def test_settings_and_covariances_out_of_range_are_bad_input(changed: dict[str, float]) -> None:
    frame = simulate(np.random.default_rng(24))
    assert match(frame, **changed).status == lib.OB_CRATER_FIX_BAD_INPUT


def test_map_entries_and_detections_that_are_not_numbers_are_passed_over() -> None:
    frame = simulate(np.random.default_rng(25))
    whole = match(frame)
    assert whole.status == ACCEPTED
    spoiled = frame.with_nan_map_rows().with_nan_detections()
    outcome = match(spoiled)
    assert outcome.status == ACCEPTED
    assert outcome.count == whole.count


def test_more_craters_than_fit_use_the_largest() -> None:
    """The map of a frame with thousands of craters in view: still a fix, still within the cap."""
    frame = simulate(np.random.default_rng(26), altitude_m=15_000.0).with_small_craters(30_000)
    outcome = match(frame, radius_min_px=0.5)
    assert outcome.predicted <= 1024
    assert outcome.status == ACCEPTED


def test_capacity_limits_what_is_written() -> None:
    frame = simulate(np.random.default_rng(27))
    outcome = match(frame, capacity=5)
    assert outcome.status == ACCEPTED
    assert outcome.count > 5
    assert len(outcome.catalogue_index) == 5


def test_the_same_bits_again() -> None:
    frame = simulate(np.random.default_rng(28))
    first, second = match(frame), match(frame)
    assert first.position_m.tobytes() == second.position_m.tobytes()
    assert first.pixel.tobytes() == second.pixel.tobytes()
