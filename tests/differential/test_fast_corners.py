"""Corners and scores are those of OpenCV, on any image; by every path."""

from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from onboard.core.vision import SIMD_PATHS, simd_here
from onboard.core.vision.corners import find_corners, spread_corners
from onboard.core.vision.images import Image

REAL = Path(__file__).parents[3] / "shared/data/trn_kaguya_vs_lola_southpole/kaguya_intensity.pgm"

SIDES = st.integers(0, 90)  # below and above the circle, the lanes of a path, and two of them
PATHS = st.sampled_from(simd_here())


@st.composite
def images(draw: st.DrawFn) -> Image:
    """Blocks of few or many levels, with noise; whole, or a crop with its rows apart."""
    height, width = draw(SIDES), draw(SIDES)
    random = np.random.default_rng(draw(st.integers(0, 2**32)))
    levels = draw(st.sampled_from([2, 3, 8, 256]))
    grain = draw(st.sampled_from([1, 2, 3, 5, 9]))
    rows, columns = height // grain + 1, width // grain + 4
    blocks = random.integers(0, levels, (rows, columns)) * (255 // (levels - 1))
    noise = random.integers(0, draw(st.sampled_from([1, 4, 40])), (rows * grain, columns * grain))
    grown = np.clip(blocks.repeat(grain, 0).repeat(grain, 1) + noise - 2, 0, 255)
    left = draw(st.integers(0, 3)) if draw(st.booleans()) else 0
    crop = grown.astype(np.uint8)[:height, left : left + width]
    return crop if left else np.ascontiguousarray(crop)


def of_opencv(image: Image, threshold: int, suppress: bool) -> list[tuple[int, int, int]]:
    """Column, row and score; it does not tell the score without suppression."""
    if min(image.shape) == 0:
        return []
    points = cv2.FastFeatureDetector_create(threshold, suppress).detect(np.ascontiguousarray(image))
    return [(int(p.pt[0]), int(p.pt[1]), int(p.response)) for p in points]


@given(images(), st.one_of(st.integers(0, 30), st.integers(0, 255)), st.booleans(), PATHS)
def test_corners_are_those_of_opencv(
    image: Image, threshold: int, suppress: bool, path: str
) -> None:
    ours = find_corners(image, threshold, suppress=suppress, simd=SIMD_PATHS[path]).tolist()
    theirs = of_opencv(image, threshold, suppress)
    if suppress:
        assert ours == theirs
    else:
        assert [corner[:2] for corner in ours] == [corner[:2] for corner in theirs]


@given(images(), PATHS)
def test_the_score_is_the_greatest_threshold_at_which_it_is_a_corner(
    image: Image, path: str
) -> None:
    simd = SIMD_PATHS[path]
    every = find_corners(image, 0, suppress=False, simd=simd)
    for threshold in {0, 7, int(every["score"].max(initial=0))}:
        at_least = every[every["score"] >= threshold]
        assert (find_corners(image, threshold, suppress=False, simd=simd) == at_least).all()
        above = {corner[:2] for corner in of_opencv(image, threshold, False)}
        assert {corner[:2] for corner in at_least.tolist()} == above


@pytest.mark.parametrize("path", simd_here())
@pytest.mark.parametrize("threshold", [0, 5, 20])
def test_a_real_image_of_the_moon(threshold: int, path: str) -> None:
    if not REAL.exists():
        pytest.skip(f"needs {REAL.name} of the shared data")
    image = cv2.imread(str(REAL), cv2.IMREAD_GRAYSCALE)
    assert image is not None
    for crop in (image, image[100:612, 301:813]):
        ours = find_corners(crop, threshold, simd=SIMD_PATHS[path]).tolist()
        assert ours == of_opencv(crop, threshold, True)
        assert len(ours) > 1000


def strongest(
    corners: npt.NDArray[np.void], side: int, per_cell: int
) -> list[tuple[int, int, int]]:
    """Of each cell, by sorting all."""
    order = sorted(corners.tolist(), key=lambda c: (c[1] // side, c[0] // side, -c[2], c[1], c[0]))
    taken: dict[tuple[int, int], list[tuple[int, int, int]]] = {}
    for corner in order:
        taken.setdefault((corner[1] // side, corner[0] // side), []).append(corner)
    return [corner for cell in taken.values() for corner in cell[:per_cell]]


@given(images(), st.integers(1, 100), st.integers(1, 64), st.integers(0, 40), PATHS)
def test_the_spread_takes_the_strongest_of_each_cell(
    image: Image, side: int, per_cell: int, threshold: int, path: str
) -> None:
    spread = spread_corners(
        image, threshold, side=side, per_cell=per_cell, simd=SIMD_PATHS[path]
    ).tolist()
    assert spread == strongest(find_corners(image, threshold), side, per_cell)


@pytest.mark.parametrize(
    ("image", "settings", "name"),
    [
        (np.zeros((9, 9), np.float32), {}, "image"),
        (np.zeros((9, 9, 3), np.uint8), {}, "image"),
        (np.zeros((1, 16385), np.uint8), {}, "image"),
        (np.zeros((9, 9), np.uint8), {"threshold": -1}, "threshold"),
        (np.zeros((9, 9), np.uint8), {"threshold": 256}, "threshold"),
        (np.zeros((9, 9), np.uint8), {"side": 0}, "side"),
        (np.zeros((9, 9), np.uint8), {"per_cell": 65}, "per_cell"),
    ],
)
def test_what_is_not_allowed_is_named(
    image: npt.NDArray[np.uint8], settings: dict[str, int], name: str
) -> None:
    with pytest.raises(ValueError, match=f"^{name}: "):
        spread_corners(image, **{"threshold": 20, "side": 16, "per_cell": 4, **settings})
