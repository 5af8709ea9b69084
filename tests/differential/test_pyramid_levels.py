"""Levels of a pyramid are OpenCV's, bit for bit, and its margins the mirrored image."""

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from onboard.core._vision import lib
from onboard.core.vision import SIMD_PATHS, simd_here
from onboard.core.vision.images import Image
from onboard.core.vision.pyramid import LEVELS_MAX, Pyramid

SIDES = st.integers(1, 300)  # below and above a margin, and the part of a row done at once


@st.composite
def images(draw: st.DrawFn) -> Image:
    height, width = draw(SIDES), draw(SIDES)
    random = np.random.default_rng(draw(st.integers(0, 2**32)))
    grown = random.integers(0, 256, (height, width + draw(st.integers(0, 5))), np.uint8)
    return grown[:, :width]


@given(images(), st.integers(1, LEVELS_MAX), st.sampled_from(simd_here()))
def test_levels_are_those_of_opencv(image: Image, levels: int, path: str) -> None:
    below: Image = np.ascontiguousarray(image)
    for level in Pyramid(image, levels, simd=SIMD_PATHS[path]).levels:
        assert np.array_equal(level, below)
        below = np.asarray(cv2.pyrDown(below), np.uint8).reshape(
            (below.shape[0] + 1) // 2, (below.shape[1] + 1) // 2
        )


@given(images(), st.integers(1, LEVELS_MAX))
def test_margins_are_the_mirrored_image(image: Image, levels: int) -> None:
    margin = lib.OB_PYRAMID_MARGIN
    pyramid = Pyramid(image, levels)
    start = 0
    for level in pyramid.levels:
        height, width = (side + 2 * margin for side in level.shape)
        kept = pyramid.storage[start : start + height * width].reshape(height, width)
        assert np.array_equal(kept, np.pad(level, margin, mode="reflect"))
        start += height * width + lib.OB_PYRAMID_SLACK


def test_what_is_not_allowed_is_named() -> None:
    with pytest.raises(ValueError, match=r"^image: "):
        Pyramid(np.zeros((0, 9), np.uint8))
    with pytest.raises(ValueError, match=r"^image: "):
        Pyramid(np.zeros((9, 9), np.int8))  # type: ignore[arg-type]
    for levels in (0, 9):
        with pytest.raises(ValueError, match=r"^levels: "):
            Pyramid(np.zeros((9, 9), np.uint8), levels)
