"""Descriptors turn with the image, and do not change with its brightness and contrast."""

import cv2
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from onboard.core.vision.corners import CORNER, find_corners
from onboard.core.vision.descriptors import DIRECTIONS, MARGIN, describe_points
from onboard.core.vision.images import Image
from onboard.core.vision.matching import match_descriptors

SEEDS = st.integers(0, 2**32)


def landscape(seed: int, height: int, width: int, most: int = 255) -> Image:
    """Smooth, with features of several pixels."""
    noise = np.random.default_rng(seed).normal(size=(height + 8, width + 8))
    smooth = cv2.GaussianBlur(noise, (0, 0), 2.0)[4:-4, 4:-4]
    return np.rint((smooth - smooth.min()) / np.ptp(smooth) * most).astype(np.uint8)


def every_point(height: int, width: int) -> npt.NDArray[np.void]:
    points = np.zeros((height, width), CORNER)
    points["y"], points["x"] = np.mgrid[:height, :width]
    return points.ravel()


@given(SEEDS, st.integers(0, 60), st.integers(0, 60))
def test_what_is_near_the_border_is_left_out(seed: int, height: int, width: int) -> None:
    image = np.random.default_rng(seed).integers(0, 256, (height, width), np.uint8)
    points = every_point(height, width)
    inside = (points["x"] >= MARGIN) & (points["x"] < width - MARGIN)
    inside &= (points["y"] >= MARGIN) & (points["y"] < height - MARGIN)
    assert describe_points(image, points)["point"].tolist() == np.flatnonzero(inside).tolist()


@given(SEEDS, st.integers(1, 3))
def test_a_quarter_turn_turns_the_direction_and_nothing_else(seed: int, quarters: int) -> None:
    image = landscape(seed, 45, 52)
    turned = np.rot90(image, -quarters)  # from columns to rows
    before = describe_points(image, every_point(*image.shape))
    after = describe_points(turned, every_point(*turned.shape))
    where = np.rot90(np.arange(image.size).reshape(image.shape), -quarters).ravel()
    after["point"] = where[after["point"]]
    after = after[np.argsort(after["point"])]
    assert (after["bits"] == before["bits"]).all()
    expected = (before["direction"] + quarters * DIRECTIONS // 4) % DIRECTIONS
    assert (after["direction"] == expected).all()


@given(SEEDS, st.integers(0, 100), st.integers(1, 3))
def test_brightness_and_contrast_do_not_matter(seed: int, brighter: int, contrast: int) -> None:
    image = landscape(seed, 48, 48, most=50)
    points = every_point(48, 48)
    other = (image * contrast + brighter).astype(np.uint8)
    assert (describe_points(image, points) == describe_points(other, points)).all()


@given(SEEDS)
def test_the_direction_is_that_of_the_centroid(seed: int) -> None:
    """As an arc tangent in floating point tells it. The limits between directions are rounded to
    1/16384, so by half a step and 1e-4.
    """
    image = landscape(seed, 50, 50)
    reach = range(-15, 16)
    disk = [(x, y) for y in reach for x in reach if x * x + y * y <= 15.5**2]
    points = every_point(50, 50)
    for point, direction, _bits in describe_points(image, points)[::17]:
        _x, _y = int(points[point]["x"]), int(points[point]["y"])
        center = sum(int(image[_y + y, _x + x]) * complex(x, y) for x, y in disk)
        if center != 0:
            steps = np.angle(center) / (2 * np.pi) * DIRECTIONS
            off = (steps - direction + DIRECTIONS / 2) % DIRECTIONS - DIRECTIONS / 2
            assert abs(off) <= 0.5 + 1e-4 / (2 * np.pi) * DIRECTIONS


@pytest.mark.parametrize("degrees", [5, 30, 45, 77, 200])
def test_most_matches_of_a_turned_image_are_right(degrees: int) -> None:
    image = landscape(3, 300, 300)
    turn = cv2.getRotationMatrix2D((149.5, 149.5), degrees, 1)
    turned = cv2.warpAffine(image, turn, (300, 300), borderMode=cv2.BORDER_REFLECT)
    corners, other = find_corners(image, 10), find_corners(turned, 10)
    before, after = describe_points(image, corners), describe_points(turned, other)
    matches = match_descriptors(before["bits"], after["bits"])
    taken = np.flatnonzero((matches["mutual"] == 1) & (matches["distance"] < 50))
    start = corners[before["point"][taken]]
    end = other[after["point"][matches["index"][taken]]]
    expected = np.stack([start["x"], start["y"], np.ones(len(start))], axis=1) @ turn.T
    in_sight = ((expected >= MARGIN) & (expected < 300 - MARGIN)).all(axis=1)
    miss = np.hypot(end["x"] - expected[:, 0], end["y"] - expected[:, 1])[in_sight]
    assert len(miss) > 100
    assert np.mean(miss < 3) > 0.9


def test_what_is_not_allowed_is_named() -> None:
    points = np.zeros(1, CORNER)
    with pytest.raises(ValueError, match=r"^image: "):
        describe_points(np.zeros((1, 4097), np.uint8), points)
    with pytest.raises(ValueError, match=r"^image: "):
        describe_points(np.zeros((9, 9), np.uint16), points)
    with pytest.raises(ValueError, match=r"^points: "):
        describe_points(np.zeros((9, 9), np.uint8), np.zeros((1, 2), CORNER))
