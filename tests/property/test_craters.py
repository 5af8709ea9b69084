"""Whatever comes in, detector and matcher answer within their bounds."""

from __future__ import annotations

import math

import numpy as np
from crater_detection import detect
from crater_matching import match
from crater_simulation import simulate
from hypothesis import given, settings
from hypothesis import strategies as st

from onboard.core._vision import ffi, lib

ANY = st.floats(allow_nan=True, allow_infinity=True, width=64)


@given(
    width=st.integers(8, 200),
    height=st.integers(8, 200),
    extra=st.integers(0, 9),
    seed=st.integers(0, 2**32 - 1),
    style=st.sampled_from(["noise", "blocks", "ramp"]),
    angle=st.floats(0.0, 2 * math.pi),
    radius_min=st.floats(2.5, 80.0),
    band=st.floats(1.0, 10.0),
    contrast=st.floats(0.02, 4.0),
)
def test_detections_lie_in_the_image_and_the_band(
    width: int,
    height: int,
    extra: int,
    seed: int,
    style: str,
    angle: float,
    radius_min: float,
    band: float,
    contrast: float,
) -> None:
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:height, 0 : width + extra]
    image = {
        "noise": rng.integers(0, 256, x.shape),
        "blocks": 255 * ((x // 11 + y // 13) % 2),
        "ramp": (x * 3 + y) % 256,
    }[style].astype(np.uint8)
    radius_max = min(80.0, radius_min * band)
    found = detect(
        image,
        (math.cos(angle), math.sin(angle)),
        width=width,
        radius_min_px=radius_min,
        radius_max_px=radius_max,
        contrast_min=contrast,
    )
    assert np.all((found["pixel"] >= 0) & (found["pixel"] <= [width - 1, height - 1]))
    assert np.all((found["radius_px"] >= radius_min) & (found["radius_px"] <= radius_max))
    assert np.all(found["contrast"] >= contrast)
    covariance = found["pixel_covariance"]
    assert np.all(covariance[:, 0] * covariance[:, 2] > covariance[:, 1] ** 2)


@given(
    position=st.tuples(ANY, ANY, ANY),
    q=st.tuples(ANY, ANY, ANY, ANY),
    covariance=st.lists(ANY, min_size=9, max_size=9),
    entries=st.lists(st.tuples(ANY, ANY, ANY, ANY, ANY), max_size=20),
    detections=st.lists(st.tuples(*[ANY] * 7), max_size=20),
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
        ffi.new("ob_crater_detection[]", [(d[:2], d[2], d[3], d[4:]) for d in detections]),
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
