"""Points tracked between two images: where they end, how surely, and why some are given up."""

import cv2
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from moved_images import smooth_noise

from onboard.core.vision.images import Image
from onboard.core.vision.pyramid import Pyramid
from onboard.core.vision.tracker import TrackStatus, track_points

SEEDS = st.integers(0, 2**32)
BROAD = smooth_noise(1)


def crop(x: float, y: float, noise: float = 0.0, seed: int = 0) -> Image:
    """400 x 400 of it from there on, at multiples of 1/32 pixel, which is what OpenCV keeps."""
    matrix = np.array([[1, 0, x], [0, 1, y]], float)
    flags = cv2.INTER_LANCZOS4 | cv2.WARP_INVERSE_MAP
    cut = cv2.warpAffine(BROAD, matrix, (400, 400), flags=flags)
    added = np.random.default_rng(seed).normal(size=cut.shape) * noise
    return np.clip(np.rint(cut + added), 0, 255).astype(np.uint8)


def anywhere(seed: int, count: int = 200) -> npt.NDArray[np.float64]:
    return np.random.default_rng(seed).uniform(60, 340, (count, 2))


def ends(tracks: npt.NDArray[np.void]) -> npt.NDArray[np.float64]:
    return np.stack([tracks["x"], tracks["y"]], axis=1)


@given(st.integers(-320, 320), st.integers(-320, 320), st.sampled_from([9, 21, 31]), SEEDS)
def test_a_shift_is_found(x: int, y: int, side: int, seed: int) -> None:
    """Rounding to grey levels is noise of 0.29 in both images; with a gradient of some 9 levels per
    pixel in a window of 81 or more, 0.29 sqrt(2) / (9 * 9) px; five of that, and the last step.
    """
    points = anywhere(seed, 20)
    before, after = Pyramid(crop(100, 100)), Pyramid(crop(100 - x / 32, 100 - y / 32))
    tracks = track_points(before, after, points, side=side)
    found = tracks["status"] == TrackStatus.TRACKED
    assert np.count_nonzero(found) >= 19
    off = ends(tracks) - points - np.array([x, y]) / 32
    assert np.median(np.abs(off[found])) < 0.025 + 0.01


@given(SEEDS)
def test_the_same_image_moves_nothing(seed: int) -> None:
    pyramid = Pyramid(crop(100, 100))
    points = anywhere(seed)
    tracks = track_points(pyramid, pyramid, points)
    assert (tracks["status"] == TrackStatus.TRACKED).all()
    assert np.abs(ends(tracks) - points).max() < 1e-9
    assert (tracks["residual"] == 0).all()
    assert (tracks["iterations"] == 4).all()  # one for each level


@given(SEEDS, st.integers(-25, 25))
def test_brightness_moves_nothing(seed: int, brighter: int) -> None:
    image = np.clip(crop(100, 100), 30, 220).astype(np.int16)
    points = anywhere(seed, 50)
    tracks = track_points(
        *(Pyramid((image + more).astype(np.uint8)) for more in (0, brighter)), points
    )
    assert (tracks["status"] == TrackStatus.TRACKED).all()
    assert np.abs(ends(tracks) - points).max() < 1e-6
    assert tracks["residual"].max() < 1e-6


@pytest.mark.parametrize("noise", [3.0, 6.0])
def test_the_covariance_is_that_of_the_errors(noise: float) -> None:
    """The mean of 800 normalized squared errors of 2 dimensions each is 1, within 0.11 (three
    times 1 / sqrt(800)); interpolation of a texture of 2.5 px adds some hundredths.
    """
    squares: list[float] = []
    for seed in range(4):
        x, y = np.random.default_rng(seed).integers(-128, 128, 2) / 32
        before, after = crop(100, 100, noise, 2 * seed), crop(100 - x, 100 - y, noise, 2 * seed + 1)
        points = anywhere(seed)
        tracks = track_points(Pyramid(before), Pyramid(after), points)
        errors = ends(tracks) - points - (x, y)
        for track, error in zip(tracks, errors, strict=True):
            xx, xy, yy = (float(track[f"covariance_{name}"]) for name in ("xx", "xy", "yy"))
            squares.append(float(error @ np.linalg.solve([[xx, xy], [xy, yy]], error)) / 2)
    assert 0.85 < np.mean(squares) < 1.15


def test_a_guess_leads_beyond_the_reach_of_the_pyramid() -> None:
    before, after = Pyramid(crop(20, 100), 1), Pyramid(crop(80, 100), 1)
    points = anywhere(1)
    points = points[points[:, 0] > 90]
    truth = points - (60, 0)
    blind = track_points(before, after, points)
    led = track_points(before, after, points, truth + 1.5)
    assert np.mean(np.abs(ends(blind) - truth).max(axis=1) < 0.1) < 0.1
    assert np.mean(np.abs(ends(led) - truth).max(axis=1) < 0.1) > 0.9


def test_each_loss_has_its_name() -> None:
    image = crop(100, 100)
    image[:, 250:] = 128
    after = image.copy()
    after[250:, :250] = crop(0, 0)[250:, :250]
    points = np.array([[100, 100], [330, 100], [-1, 5], [np.nan, 5], [5, 1e300], [100, 330]], float)
    before, other = Pyramid(image), Pyramid(after)
    lost = [TrackStatus.FLAT] + 3 * [TrackStatus.OUTSIDE]
    different = track_points(before, other, points, residual_most=8.0)["status"].tolist()
    assert different[:5] == [TrackStatus.TRACKED, *lost]
    assert different[5] in (TrackStatus.DIFFERENT, TrackStatus.NO_END, TrackStatus.OUTSIDE)
    hasty = track_points(before, Pyramid(crop(103, 103)), points, iterations=1)["status"].tolist()
    assert hasty[:5] == [TrackStatus.NO_END, *lost]


def test_what_was_replaced_does_not_return() -> None:
    """The lower half shows another ground: hardly a point finds its way back from there."""
    before, after = crop(100, 100), crop(98, 99)
    after[200:] = crop(290, 0)[200:]
    points = anywhere(2, 400)
    tracks = track_points(Pyramid(before), Pyramid(after), points, return_most_px=0.5)
    kept = tracks["status"] == TrackStatus.TRACKED
    upper, lower = points[:, 1] < 180, points[:, 1] > 220
    assert np.mean(kept[upper]) > 0.95
    assert np.mean(kept[lower]) < 0.2


@given(
    SEEDS,
    st.integers(1, 70),
    st.integers(1, 70),
    st.integers(1, 8),
    st.integers(1, 15),
    st.sampled_from(["noise", "black", "white"]),
)
def test_any_size_comes_to_an_end(
    seed: int, height: int, width: int, levels: int, half: int, kind: str
) -> None:
    random = np.random.default_rng(seed)
    level = {"black": 0, "white": 255}.get(kind)
    drawn = random.integers(0, 256, (2, height, width), np.uint8)
    images = drawn if level is None else np.full_like(drawn, level)
    points = random.uniform(-3, 73, (20, 2))
    guesses = points + random.normal(size=points.shape) * 20
    before, after = (Pyramid(image, levels) for image in images)
    tracks = track_points(before, after, points, guesses, side=2 * half + 1, return_most_px=1)
    found = tracks[tracks["status"] == TrackStatus.TRACKED]
    assert (found["x"] >= 0).all() and (found["x"] <= width - 1).all()
    assert (found["y"] >= 0).all() and (found["y"] <= height - 1).all()
    assert level is None or len(found) == 0
    assert tracks["iterations"].max() <= 2 * levels * 30


@pytest.mark.parametrize(
    ("settings", "name"),
    [
        ({"side": 20}, "side"),
        ({"side": 33}, "side"),
        ({"iterations": 0}, "iterations"),
        ({"step_px": 0.0}, "step_px"),
        ({"texture_least": 0.0}, "texture_least"),
        ({"residual_most": np.nan}, "residual_most"),
        ({"return_most_px": -1.0}, "return_most_px"),
        ({"guesses": np.zeros((2, 2))}, "guesses"),
        ({"points": np.zeros((2, 3))}, "points"),
        ({"after": Pyramid(np.zeros((9, 9), np.uint8), 3)}, "after"),
    ],
)
def test_what_is_not_allowed_is_named(settings: dict[str, object], name: str) -> None:
    pyramid = Pyramid(np.zeros((9, 9), np.uint8), 2)
    asked = {"before": pyramid, "after": pyramid, "points": np.zeros((1, 2)), **settings}
    with pytest.raises(ValueError, match=f"^{name}: "):
        track_points(**asked)  # type: ignore[arg-type]
