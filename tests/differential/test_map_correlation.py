"""The greatest correlation is that of all places, one by one, and that of OpenCV."""

from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from onboard.core.vision import SIMD_PATHS, simd_here
from onboard.core.vision.correlation import PEAK, correlate, correlate_all
from onboard.core.vision.images import Image

DATA = Path(__file__).parents[3] / "shared/data/trn_kaguya_vs_lola_southpole"
PATHS = st.sampled_from(simd_here())


@st.composite
def searches(draw: st.DrawFn) -> tuple[Image, Image]:
    """A window and a pattern: blocks of few or many levels with noise; the pattern from the window,
    changed in brightness, or of its own; whole, or crops with their rows apart.
    """
    height, width = draw(st.integers(3, 70)), draw(st.integers(3, 70))
    down, across = draw(st.integers(3, height)), draw(st.integers(3, width))
    random = np.random.default_rng(draw(st.integers(0, 2**32)))
    levels, grain = draw(st.sampled_from([2, 3, 8, 256])), draw(st.sampled_from([1, 2, 5, 11]))
    blocks = random.integers(0, levels, (72 // grain + 1, 72 // grain + 1)) * (255 // (levels - 1))
    noise = random.integers(0, draw(st.sampled_from([1, 3, 60])), (88, 88))
    grown = blocks.repeat(grain, 0).repeat(grain, 1)
    whole = np.clip(grown[:73, :73] + noise[: min(73, len(grown)), : min(73, len(grown))], 0, 255)
    window = whole.astype(np.uint8)[:height, :width]
    y, x = random.integers(0, height - down + 1), random.integers(0, width - across + 1)
    pattern = window[y : y + down, x : x + across]
    if draw(st.booleans()):
        pattern = (pattern // draw(st.sampled_from([1, 2, 5])) + random.integers(0, 2)).astype(
            np.uint8
        )
    elif draw(st.booleans()):
        pattern = random.integers(0, 256, (down, across), np.uint8)
    return window, pattern


def correlations(window: Image, pattern: Image, contrast_min: float) -> npt.NDArray[np.float64]:
    """At all places, from exact sums; below -1 where the window is flat."""
    under = np.lib.stride_tricks.sliding_window_view(window.astype(np.int64), pattern.shape)
    t, n = pattern.astype(np.int64), pattern.size
    sums, squares = under.sum((2, 3)), (under * under).sum((2, 3))
    numerators = n * np.einsum("ijkl,kl->ij", under, t) - t.sum() * sums
    own, theirs = n * (t * t).sum() - t.sum() ** 2, n * squares - sums * sums
    flat = theirs < (contrast_min * n) ** 2
    with np.errstate(divide="ignore", invalid="ignore"):
        all_of_them = numerators / np.sqrt(theirs.astype(float) * float(own))
    return np.where(flat | (theirs == 0), -2.0, all_of_them)


@given(searches(), st.sampled_from([0.01, 1.003, 20.003]), st.integers(0, 6), PATHS)
def test_no_place_correlates_better(
    search: tuple[Image, Image], contrast_min: float, apart: int, path: str
) -> None:
    window, pattern = search
    peak = correlate(
        window, pattern, contrast_min=contrast_min, apart_px=apart, simd=SIMD_PATHS[path]
    )
    if pattern.std() < contrast_min:
        assert peak.status == "flat"
        return
    expected = correlations(window, pattern, contrast_min)
    if peak.status == "flat":
        assert expected.max() == -2.0
        return
    row, column = round(peak.row), round(peak.column)
    best = expected.max()
    if peak.proven:  # sums are exact: what is left are roundings of a root and a quotient
        assert abs(peak.correlation - best) < 1e-14 * 4
    else:
        assert (expected > best - 1e-2).sum() > 1000
    if peak.status in ("edge", "ridge"):
        assert abs(expected[row, column] - peak.correlation) < 1e-14 * 4
        top = np.array([row, column])
        far = np.abs(np.indices(expected.shape) - top[:, None, None]).max(0) > apart
        second = max(-1.0, expected[far].max(initial=-1.0))
        assert peak.second <= second + 1e-14 * 4
        assert peak.second > second - 5e-3  # the second is the best but for the floats' errors


@pytest.mark.parametrize("side", [128, 64, 21])
def test_peaks_are_those_of_opencv_on_a_real_image(side: int) -> None:
    if not DATA.exists():
        pytest.skip(f"needs {DATA}")
    image = cv2.imread(str(DATA / "kaguya_intensity.pgm"), cv2.IMREAD_GRAYSCALE)
    model = cv2.imread(str(DATA / "hillshade_intensity.pgm"), cv2.IMREAD_GRAYSCALE)
    assert image is not None and model is not None
    random = np.random.default_rng(side)
    met = 0
    for _ in range(40):
        y, x = random.integers(0, 1000 - 300, 2)
        window = image[y : y + 300, x : x + 300]
        y, x = random.integers(0, 1000 - side, 2)
        pattern = model[y : y + side, x : x + side]
        peak = correlate(window, pattern)
        if peak.status == "flat":
            continue
        theirs = cv2.minMaxLoc(cv2.matchTemplate(window, pattern, cv2.TM_CCOEFF_NORMED))[3]
        under = window[theirs[1] :, theirs[0] :][:side, :side]
        if under.std() < 1.0:
            continue  # where theirs divides noise by noise
        met += 1
        best = np.corrcoef(under.ravel(), pattern.ravel())[0, 1]
        assert peak.proven and peak.correlation > best - 1e-12
    assert met > 15


def test_many_at_once_are_one_by_one() -> None:
    random = np.random.default_rng(8)
    windows = random.integers(0, 256, (7, 40, 50), np.uint8)
    patterns = windows[:, 11:24, 20:31].copy()
    patterns[3] = 7
    peaks = correlate_all(windows, patterns)
    assert peaks.dtype == PEAK
    for window, pattern, many in zip(windows, patterns, peaks, strict=True):
        one = correlate(window, pattern)
        assert (one.row, one.column, one.second) == (many["row"], many["column"], many["second"])
    assert np.abs(peaks["row"] - 11).max(where=np.arange(7) != 3, initial=0) < 0.1


@pytest.mark.parametrize("size", [((1024, 1024), (128, 128)), ((1000, 2048), (256, 3))])
def test_large_windows_on_every_path(size: tuple[tuple[int, int], tuple[int, int]]) -> None:
    shape, (down, across) = size
    random = np.random.default_rng(3)
    window = random.integers(0, 256, shape, np.uint8)
    pattern = window[700 : 700 + down, 801 : 801 + across] // 2
    peaks = [correlate(window, pattern, simd=SIMD_PATHS[path]) for path in simd_here()]
    assert all((round(p.row), round(p.column)) == (700, 801) and p.proven for p in peaks)
    assert len({(p.row, p.column, p.correlation, p.second) for p in peaks}) == 1
