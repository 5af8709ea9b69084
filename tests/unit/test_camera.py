"""The pinhole camera."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onboard.core._core import ffi, lib
from onboard.core.camera import pinhole

CAMERA = pinhole(
    width=640, height=480, field_of_view_rad=1.0, q_body_from_camera=(1.0, 0.0, 0.0, 0.0)
)


def project(point: tuple[float, float, float]) -> tuple[int, float, float]:
    pixel = ffi.new("double[2]", (-1.0, -2.0))
    return lib.ob_camera_project(CAMERA, point, pixel), pixel[0], pixel[1]


def test_the_boresight_meets_the_middle() -> None:
    assert project((0.0, 0.0, 5.0)) == (1, 319.5, 239.5)


def test_the_field_of_view_spans_the_width() -> None:
    edge = math.tan(0.5)
    inside, column, row = project((-edge, 0.0, 1.0))
    # The left edge of the left column is half a pixel left of its centre.
    assert column == pytest.approx(-0.5, abs=1e-9)
    assert row == 239.5
    assert project((-1.001 * edge, 0.0, 1.0))[0] == 0
    assert project((-0.999 * edge, 0.0, 1.0))[0] == 1
    assert inside in (0, 1)


@pytest.mark.parametrize(
    ("point", "pixel_moves"),
    [((1.0, 0.0, 10.0), (1, 0)), ((0.0, 1.0, 10.0), (0, 1))],
)
def test_x_is_right_and_y_is_down(
    point: tuple[float, float, float], pixel_moves: tuple[int, int]
) -> None:
    _, column, row = project(point)
    assert (column > 319.5, row > 239.5) == tuple(map(bool, pixel_moves))


@pytest.mark.parametrize("depth", [0.0, -1.0, math.nan, -math.inf])
def test_what_is_not_in_front_leaves_the_pixel_alone(depth: float) -> None:
    assert project((1.0, 1.0, depth)) == (0, -1.0, -2.0)


def test_a_pixel_outside_is_still_told() -> None:
    inside, column, _ = project((10.0, 0.0, 1.0))
    assert inside == 0
    assert column > 640


@given(st.floats(-2000, 3000), st.floats(-2000, 3000), st.floats(0.1, 1e6))
def test_ray_and_projection_are_inverse(column: float, row: float, distance: float) -> None:
    ray = ffi.new("double[3]")
    lib.ob_camera_ray(CAMERA, (column, row), ray)
    assert math.hypot(*ray) == pytest.approx(1.0, abs=4e-16)
    _, back_column, back_row = project(tuple(distance * x for x in ray))
    # A handful of roundings of numbers up to 3000.
    assert back_column == pytest.approx(column, abs=3e-12)
    assert back_row == pytest.approx(row, abs=3e-12)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"width": 7}, "width 7 px: allowed 8 to 2048"),
        ({"height": 2049}, "height 2049 px"),
        ({"field_of_view_rad": 3.0}, "field_of_view_rad 3.0: allowed 0.01 to 2.6"),
        ({"field_of_view_rad": math.nan}, "field_of_view_rad nan"),
        ({"q_body_from_camera": (1.0, 1.0, 0.0, 0.0)}, "q_body_from_camera"),
    ],
)
def test_a_camera_that_cannot_be_is_refused(changed: dict[str, object], message: str) -> None:
    good = {
        "width": 512,
        "height": 512,
        "field_of_view_rad": 0.9,
        "q_body_from_camera": (1.0, 0.0, 0.0, 0.0),
    }
    with pytest.raises(ValueError, match=message):
        pinhole(**{**good, **changed})  # type: ignore[arg-type]
