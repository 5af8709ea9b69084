"""Whatever is put in, crater identification answers with a status, in bounds."""

import dataclasses
import math
from functools import cache
from typing import Any

import numpy as np
import pytest
from crater_views import Craters, scattered, scene
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from onboard.core.vision.crater_index import build_index
from onboard.core.vision.craters import (
    ELLIPSE,
    FIX_STATUS,
    CraterIdentifier,
    CraterIndex,
    CraterView,
    IdentifySettings,
)

VIEW = CraterView(
    focal_px=887.0,
    center_px=(512.0, 512.0),
    size_px=(1024, 1024),
    q_camera_from_mcmf=(1.0, 0.0, 0.0, 0.0),
    attitude_sigma_rad=0.03,
    altitude_m=(100e3, 500e3),
)


@cache
def identifier() -> tuple[Craters, CraterIdentifier]:
    craters = scattered(3000, seed=4)
    index = build_index(
        craters.longitude_deg, craters.latitude_deg, craters.radius_m, neighbour_count=16
    )
    return craters, CraterIdentifier(CraterIndex(index))


def ellipses(table: Any) -> np.ndarray[Any, Any]:
    found = np.zeros(len(table), ELLIPSE)
    found["pixel"] = table[:, :2]
    for k, name in enumerate(("radius_px", "sigma_px", "radius_sigma_px")):
        found[name] = table[:, 2 + k]
    return found


@settings(max_examples=100, deadline=None)
@given(arrays(np.float64, st.tuples(st.integers(0, 40), st.just(5))))
def test_any_numbers_are_answered(table: Any) -> None:
    fix = identifier()[1].identify(VIEW, ellipses(table))
    assert fix.status in FIX_STATUS.values()
    assert len(fix.rows) == len(table)


@settings(max_examples=50, deadline=None)
@given(
    st.integers(0, 700),
    st.integers(0, 2**32),
    st.floats(1.0, 60.0),
    st.floats(0.01, 20.0),
    st.floats(0.001, 0.2),
)
def test_any_scatter_is_answered(
    count: int, seed: int, radius: float, sigma: float, attitude: float
) -> None:
    random = np.random.default_rng(seed)
    table = np.column_stack(
        [
            random.uniform(-50.0, 1100.0, (count, 2)),
            radius * random.exponential(size=count),
            np.full((count, 2), sigma),
        ]
    )
    view = dataclasses.replace(VIEW, attitude_sigma_rad=attitude)
    chosen = IdentifySettings(anchors=4)
    fix = identifier()[1].identify(view, ellipses(table), chosen)
    assert not fix.found or fix.log10_chance <= chosen.log10_chance_max
    assert fix.anchors <= 4
    assert len(set(fix.rows[fix.rows >= 0])) == (fix.rows >= 0).sum()  # one to one


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 1000), st.integers(0, 2**32))
def test_the_order_of_detections_does_not_matter(seed: int, shuffle: int) -> None:
    craters, of = identifier()
    shown = scene(craters, seed, visible_min=8, altitude_m=(300e3, 500e3))
    order = np.random.default_rng(shuffle).permutation(len(shown.ellipses))
    a = of.identify(shown.view, shown.ellipses)
    b = of.identify(shown.view, shown.ellipses[order])
    assert a.status == b.status
    assert (a.rows[order] == b.rows).all()
    assert (a.position_mcmf_m == b.position_mcmf_m).all()


@pytest.mark.parametrize(
    "change",
    [
        {"focal_px": math.nan},
        {"focal_px": -1.0},
        {"center_px": (math.inf, 0.0)},
        {"size_px": (63, 1024)},
        {"size_px": (1024, 8193)},
        {"q_camera_from_mcmf": (0.0, 0.0, 0.0, 0.0)},
        {"q_camera_from_mcmf": (math.nan, 0.0, 0.0, 0.0)},
        {"attitude_sigma_rad": 0.0},
        {"attitude_sigma_rad": math.nan},
        {"altitude_m": (2e5, 1e5)},
        {"altitude_m": (-1e5, 1e5)},
        {"altitude_m": (1e5, math.inf)},
    ],
)
def test_a_view_out_of_range_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="out of range"):
        identifier()[1].identify(dataclasses.replace(VIEW, **change), np.zeros(5, ELLIPSE))


@pytest.mark.parametrize(
    "change",
    [
        {"radius_min_px": 0.0},
        {"catalogue_sigma_m": -1.0},
        {"catalogue_radius_sigma": math.nan},
        {"log10_chance_max": 0.0},
        {"rate_min": 1.1},
        {"anchors": 0},
        {"anchors": 49},
    ],
)
def test_settings_out_of_range_are_refused(change: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="out of range"):
        identifier()[1].identify(VIEW, np.zeros(5, ELLIPSE), IdentifySettings(**change))


def test_another_shape_is_refused() -> None:
    with pytest.raises(ValueError, match="ellipses"):
        identifier()[1].identify(VIEW, np.zeros((5, 5)))
