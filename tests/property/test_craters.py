"""Whatever comes in, the matcher answers within its bounds."""

from __future__ import annotations

import numpy as np
from crater_matching import match
from crater_simulation import simulate
from hypothesis import given, settings
from hypothesis import strategies as st

from onboard.core._vision import ffi, lib

ANY = st.floats(allow_nan=True, allow_infinity=True, width=64)


@given(
    position=st.tuples(ANY, ANY, ANY),
    q=st.tuples(ANY, ANY, ANY, ANY),
    covariance=st.lists(ANY, min_size=9, max_size=9),
    entries=st.lists(st.tuples(ANY, ANY, ANY, ANY, ANY), max_size=20),
    detections=st.lists(st.tuples(*[ANY] * 6), max_size=20),
)
def test_the_matcher_answers_any_numbers_with_a_status(
    position: tuple[float, ...],
    q: tuple[float, ...],
    covariance: list[float],
    entries: list[tuple[float, ...]],
    detections: list[tuple[float, ...]],
) -> None:
    from crater_matching import camera
    from crater_matching import settings as defaults

    frame = simulate(np.random.default_rng(1))
    out = ffi.new("ob_crater_matched[]", 64)
    fix = ffi.new("ob_crater_fix *")
    status = lib.ob_crater_match(
        camera(frame),
        ffi.new("ob_crater_prior *", (position, q, covariance)),
        ffi.new("ob_crater_map_entry[]", [(e[:3], e[3], e[4]) for e in entries]),
        len(entries),
        ffi.new("ob_crater_detection[]", [(d[:2], d[2], d[3:]) for d in detections]),
        len(detections),
        defaults(),
        ffi.new("ob_crater_matcher *"),
        out,
        64,
        fix,
    )
    assert lib.OB_CRATER_FIX_ACCEPTED <= status <= lib.OB_CRATER_FIX_TURNED


@settings(max_examples=30)
@given(
    seed=st.integers(0, 2**32 - 1),
    altitude_m=st.floats(2_500.0, 20_000.0),
    undetected=st.floats(0.0, 0.99),
    clutter=st.integers(0, 400),
    missing=st.floats(0.0, 0.9),
)
def test_an_accepted_fix_is_right(
    seed: int, altitude_m: float, undetected: float, clutter: int, missing: float
) -> None:
    frame = simulate(
        np.random.default_rng(seed),
        altitude_m=altitude_m,
        undetected=undetected,
        clutter=clutter,
        missing=missing,
        sigma_attitude_rad=0.0,
    )
    outcome = match(frame)
    if outcome.status == lib.OB_CRATER_FIX_ACCEPTED:
        # Few matches under a slant tie height and distance together: the covariance knows.
        error = outcome.position_m - frame.position_m
        assert error @ np.linalg.solve(outcome.covariance_m2, error) < 60.0
        assert np.mean(outcome.right) > 0.6
