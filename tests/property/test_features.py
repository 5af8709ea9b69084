"""Features over scales: how many, where, and that they are found again."""

import cv2
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from moved_images import KAGUYA, crop_moved, motion, moved, smooth_noise

from onboard.core.vision import SIMD_PATHS, simd_here
from onboard.core.vision.features import LEVELS_MAX, find_features, scale_down
from onboard.core.vision.images import Image
from onboard.core.vision.matching import match_descriptors

SEEDS = st.integers(0, 2**32)
SIDES = st.integers(0, 150)


@given(SEEDS, SIDES, SIDES, st.booleans())
def test_five_sixths_are_the_means_of_areas(seed: int, height: int, width: int, crop: bool) -> None:
    """As sums over every pixel cut in 5 x 5 parts, 6 x 6 of which make a pixel; rounded once."""
    random = np.random.default_rng(seed)
    image = random.integers(0, 256, (height, width + crop), np.uint8)[:, :width]
    small = scale_down(image)
    rows, columns = height * 5 // 6, width * 5 // 6
    assert small.shape == (rows, columns)
    parts = image.astype(int).repeat(5, 0).repeat(5, 1)[: 6 * rows, : 6 * columns]
    sums = parts.reshape(rows, 6, columns, 6).sum(axis=(1, 3))
    assert np.array_equal(small, (sums + 18) // 36)


@given(
    SEEDS,
    SIDES,
    SIDES,
    st.integers(1, 300),
    st.integers(1, LEVELS_MAX),
    st.integers(0, 40),
    st.sampled_from(simd_here()),
)
def test_any_image(
    seed: int, height: int, width: int, count: int, levels: int, threshold: int, path: str
) -> None:
    image = np.random.default_rng(seed).integers(0, 256, (height, width), np.uint8)
    asked = {"threshold": threshold, "levels": levels}
    features = find_features(image, count, simd=SIMD_PATHS[path], **asked)
    assert len(features) <= count
    for axis, side in (("x", width), ("y", height)):
        margin = 18.5 * features["size"] - 0.5
        assert (features[axis] >= margin - 1e-9).all()
        assert (features[axis] <= side - 1 - margin + features["size"]).all()
    sizes = 1.2 ** np.arange(levels)
    assert np.abs(features["size"][:, None] - sizes).min(axis=1, initial=9).max(initial=0) < 1e-9


@pytest.mark.parametrize("level", [0, 255])
def test_nothing_where_nothing_is(level: int) -> None:
    assert len(find_features(np.full((200, 200), level, np.uint8))) == 0


@given(SEEDS, st.integers(1, 600))
def test_as_many_as_asked_for_where_there_are_enough(seed: int, count: int) -> None:
    image = np.random.default_rng(seed).integers(0, 256, (300, 300), np.uint8)
    features = find_features(image, count, levels=2)
    assert len(features) == count
    assert len(np.unique(features[["x", "y", "size"]])) == count


def right_matches(before: Image, after: Image, matrix: npt.NDArray[np.float64]) -> tuple[int, int]:
    """Mutual ones within 3 px, and all."""
    first, second = find_features(before), find_features(after)
    matches = match_descriptors(
        np.ascontiguousarray(first["bits"]), np.ascontiguousarray(second["bits"])
    )
    mutual = np.flatnonzero(matches["mutual"])
    start, end = first[mutual], second[matches["index"][mutual]]
    expected = moved(matrix, np.stack([start["x"], start["y"]], axis=1))
    miss = np.hypot(end["x"] - expected[:, 0], end["y"] - expected[:, 1])
    return int(np.count_nonzero(miss < 3)), len(mutual)


@pytest.mark.parametrize(("degrees", "scale"), [(30, 1), (0, 0.7), (75, 1.2)])
def test_features_are_found_again(degrees: float, scale: float) -> None:
    whole = smooth_noise(5, side=800, sigma=2.0)
    whole = np.clip(np.rint(whole), 0, 255).astype(np.uint8)
    matrix = motion(degrees, scale)
    right, every = right_matches(crop_moved(whole, motion()), crop_moved(whole, matrix, 1), matrix)
    assert right > 0.5 * every  # at 0.7, half of what is seen was not seen before
    assert right > 200


@pytest.mark.parametrize(("degrees", "scale"), [(10, 1), (30, 1), (45, 1), (0, 0.7), (20, 0.7)])
def test_as_many_matches_of_the_moon_as_by_orb(degrees: float, scale: float) -> None:
    """Each to a fiftieth: where a feature of either is within 3 px is chance for some."""
    if not KAGUYA.exists():
        pytest.skip(f"needs {KAGUYA.name} of the shared data")
    whole = cv2.imread(str(KAGUYA), cv2.IMREAD_GRAYSCALE)
    assert whole is not None
    matrix = motion(degrees, scale, (3.3, -2.2))
    before, after = crop_moved(whole, motion()), crop_moved(whole, matrix)
    orb = cv2.ORB_create(1000, 1.2, 8, fastThreshold=10)
    first, first_bits = orb.detectAndCompute(before, None)
    second, second_bits = orb.detectAndCompute(after, None)
    pairs = cv2.BFMatcher(cv2.NORM_HAMMING, True).match(first_bits, second_bits)
    start = np.array([first[pair.queryIdx].pt for pair in pairs])
    end = np.array([second[pair.trainIdx].pt for pair in pairs])
    theirs = np.count_nonzero(np.hypot(*(moved(matrix, start) - end).T) < 3)
    ours, _every = right_matches(before, after, matrix)
    assert ours >= 0.98 * theirs


@pytest.mark.parametrize(
    ("image", "settings", "name"),
    [
        (np.zeros((9, 9), np.int32), {}, "image"),
        (np.zeros((1, 4097), np.uint8), {}, "image"),
        (np.zeros((9, 9), np.uint8), {"count": 0}, "count"),
        (np.zeros((9, 9), np.uint8), {"levels": 9}, "levels"),
        (np.zeros((9, 9), np.uint8), {"threshold": 256}, "threshold"),
    ],
)
def test_what_is_not_allowed_is_named(
    image: npt.NDArray[np.uint8], settings: dict[str, int], name: str
) -> None:
    with pytest.raises(ValueError, match=f"^{name}: "):
        find_features(image, **settings)
