"""Whatever is put in, the search without attitude answers with a status, in bounds; an index that
is not sound, or of another catalogue, does not open.
"""

import dataclasses
import math
import zlib
from functools import cache
from typing import Any

import numpy as np
import pytest
from crater_views import scattered
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from lost_views import CAMERA, lost_scene

from onboard.core.vision.crater_index import CRC_FROM, build_index
from onboard.core.vision.craters import ELLIPSE, FIX_STATUS, CraterIndex, IdentifySettings
from onboard.core.vision.lost import LostIdentifier, QuadIndex
from onboard.core.vision.quad_index import HEADER, build_quad_index

CRATERS = scattered(3000, seed=4)


@cache
def catalogue() -> CraterIndex:
    return CraterIndex(
        build_index(
            CRATERS.longitude_deg, CRATERS.latitude_deg, CRATERS.radius_m, neighbour_count=16
        )
    )


@cache
def octets() -> bytes:
    return build_quad_index(catalogue(), 8, cell_shift=5)


@cache
def identifier() -> LostIdentifier:
    return LostIdentifier(QuadIndex(octets(), catalogue()))


def ellipses(table: Any) -> np.ndarray[Any, Any]:
    found = np.zeros(len(table), ELLIPSE)
    found["pixel"] = table[:, :2]
    for k, name in enumerate(("radius_px", "sigma_px", "radius_sigma_px")):
        found[name] = table[:, 2 + k]
    return found


@settings(max_examples=100, deadline=None)
@given(arrays(np.float64, st.tuples(st.integers(0, 40), st.just(5))))
def test_any_numbers_are_answered(table: Any) -> None:
    fix = identifier().identify(CAMERA, ellipses(table))
    assert fix.status in FIX_STATUS.values()
    assert len(fix.rows) == len(table)


@settings(max_examples=30, deadline=None)
@given(
    st.integers(0, 700),
    st.integers(0, 2**32),
    st.floats(1.0, 60.0),
    st.floats(0.01, 20.0),
    st.sampled_from([0.3, 1.0, 2.0]),
)
def test_any_scatter_is_answered(
    count: int, seed: int, radius: float, sigma: float, focal: float
) -> None:
    random = np.random.default_rng(seed)
    table = np.column_stack(
        [
            random.uniform(-50.0, 1100.0, (count, 2)),
            radius * random.exponential(size=count),
            np.full((count, 2), sigma),
        ]
    )
    camera = dataclasses.replace(CAMERA, focal_px=focal * 1024.0)
    chosen = IdentifySettings(anchors=8)
    fix = identifier().identify(camera, ellipses(table), chosen)
    assert not fix.found or fix.log10_chance <= chosen.log10_chance_max
    assert fix.anchors <= 8 * 12 * 11 * 10 // 6
    assert fix.hypotheses <= 200_000
    assert fix.trials <= 128
    assert len(set(fix.rows[fix.rows >= 0])) == (fix.rows >= 0).sum()  # one to one


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 1000), st.integers(0, 2**32))
def test_the_order_of_detections_does_not_matter(seed: int, shuffle: int) -> None:
    shown = lost_scene(CRATERS, seed)
    order = np.random.default_rng(shuffle).permutation(len(shown.ellipses))
    a = identifier().identify(CAMERA, shown.ellipses)
    b = identifier().identify(CAMERA, shown.ellipses[order])
    assert a.status == b.status
    assert (a.rows[order] == b.rows).all()
    assert (a.position_mcmf_m == b.position_mcmf_m).all()


@pytest.mark.parametrize(
    "change",
    [
        {"focal_px": math.nan},
        {"focal_px": 255.0},
        {"center_px": (math.inf, 0.0)},
        {"size_px": (63, 1024)},
        {"size_px": (1024, 8193)},
    ],
)
def test_a_camera_out_of_range_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="out of range"):
        identifier().identify(dataclasses.replace(CAMERA, **change), np.zeros(5, ELLIPSE))


@pytest.mark.parametrize("change", [{"radius_min_px": 0.0}, {"rate_min": 1.1}, {"anchors": 49}])
def test_settings_out_of_range_are_refused(change: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="out of range"):
        identifier().identify(CAMERA, np.zeros(5, ELLIPSE), IdentifySettings(**change))


def test_another_shape_is_refused() -> None:
    with pytest.raises(ValueError, match="ellipses"):
        identifier().identify(CAMERA, np.zeros((2, 2), ELLIPSE))
    with pytest.raises(ValueError, match="ellipses"):
        identifier().identify(CAMERA, np.zeros((2, 5)))


def test_too_few_detections() -> None:
    assert identifier().identify(CAMERA, np.zeros(0, ELLIPSE)).status.startswith("fewer than 4")


@pytest.mark.parametrize(
    ("change", "value"), [("neighbour_count", 2), ("neighbour_count", 17), ("cell_shift", 2)]
)
def test_an_index_is_not_built_with_numbers_out_of_range(change: str, value: int) -> None:
    with pytest.raises(ValueError, match=change):
        build_quad_index(catalogue(), **{change: value})


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 2**40), st.integers(0, 255))
def test_a_damaged_index_does_not_open(at: int, octet: int) -> None:
    damaged = bytearray(octets())
    at %= len(damaged)
    if damaged[at] == octet:
        return
    damaged[at] = octet
    with pytest.raises(ValueError, match="quad index"):
        QuadIndex(bytes(damaged), catalogue())


@pytest.mark.parametrize("size", [0, 63, 64, 1000, -1, -8])
def test_a_shortened_index_does_not_open(size: int) -> None:
    with pytest.raises(ValueError, match="shorter"):
        QuadIndex(octets()[:size], catalogue())


def sealed(change: str, value: int) -> bytes:
    header = np.frombuffer(octets(), HEADER, 1).copy()
    header[change] = value
    body = octets()[HEADER.itemsize :]
    header["crc"] = zlib.crc32(header.tobytes()[CRC_FROM:] + body)
    return header.tobytes() + body


@pytest.mark.parametrize(
    ("change", "value", "cause"),
    [
        ("magic", 0, "not an index"),
        ("version", 2, "version"),
        ("octets", 2**31, "shorter"),
        ("crater_count", 2999, "counts"),
        ("neighbour_count", 2, "counts"),
        ("cell_shift", 40, "counts"),
        ("quad_count", 2**32 - 1, "counts"),
        ("catalogue_crc", 5, "another catalogue"),
    ],
)
def test_a_header_with_other_numbers_does_not_open(change: str, value: int, cause: str) -> None:
    with pytest.raises(ValueError, match=cause):
        QuadIndex(sealed(change, value), catalogue())
