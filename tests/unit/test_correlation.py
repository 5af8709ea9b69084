"""Correlation: between pixels, with covariance; refusals; mistakes."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from onboard.core.vision.correlation import correlate, correlate_all

Floats = npt.NDArray[np.float64]


def spectrum(
    random: np.random.Generator, blur_px: float, side: int = 64
) -> npt.NDArray[np.complex128]:
    """Of periodic ground: white noise behind a Gaussian blur, 35 grey levels of contrast."""
    f = np.fft.fftfreq(side)
    blur = np.exp(-2.0 * (np.pi * blur_px) ** 2 * (f[:, None] ** 2 + f**2))
    ground = np.fft.fft2(random.normal(size=(side, side))) * blur
    return ground * (35.0 / np.fft.ifft2(ground).real.std())


def seen(ground: npt.NDArray[np.complex128], down: float, right: float) -> Floats:
    """The ground moved up and left by that, at 128 grey levels; band-limited, hence exact."""
    f = np.fft.fftfreq(len(ground))
    turn = np.exp(2j * np.pi * (f[:, None] * down + f * right))
    return 128.0 + np.fft.ifft2(ground * turn).real


def octets(image: Floats) -> npt.NDArray[np.uint8]:
    return np.clip(np.round(image), 0, 255).astype(np.uint8)


@pytest.mark.parametrize(
    ("blur_px", "noise"), [(0.8, 15), (0.8, 30), (1.2, 15), (2.0, 5), (2.0, 0)]
)
def test_errors_are_as_large_as_the_covariance_says(blur_px: float, noise: float) -> None:
    random = np.random.default_rng(4)
    count = 300
    moved = random.uniform(-0.5, 0.5, (count, 2))
    windows, patterns = [], []
    for down, right in moved:
        ground = spectrum(random, blur_px)
        window, view = seen(ground, 0, 0), seen(ground, down, right)
        windows.append(octets(window + noise * random.normal(size=window.shape))[:50, :50])
        patterns.append(octets(view + noise * random.normal(size=view.shape))[14:35, 16:37])
    peaks = correlate_all(np.array(windows), np.array(patterns))
    peaks, moved = peaks[peaks["status"] == 0], moved[peaks["status"] == 0]
    assert len(peaks) > 0.9 * count
    errors = np.stack([peaks["row"] - 14, peaks["column"] - 16], 1) - moved
    covariances = peaks["covariance"][:, [0, 1, 1, 2]].reshape(-1, 2, 2)
    squares = np.einsum("ni,nij,nj->n", errors, np.linalg.inv(covariances), errors) / 2
    # The allowance for the shape of a peak makes it less where there is no noise; the mean of 300
    # such squares scatters by 1 / sqrt(300), four times which is 0.23.
    assert (0.35 if noise < 10 else 0.7) < squares.mean() < 1.25


def test_brightness_and_contrast_do_not_count() -> None:
    random = np.random.default_rng(5)
    window = octets(seen(spectrum(random, 1.5), 0, 0))
    peak = correlate(window, window[20:41, 30:51] // 3 + 9)
    assert peak.status == "ok" and peak.proven
    assert abs(peak.row - 20) < 0.1 and abs(peak.column - 30) < 0.1
    assert peak.correlation > 0.99 > peak.second


def test_flat_ground_is_refused() -> None:
    random = np.random.default_rng(6)
    window = octets(seen(spectrum(random, 1.5), 0, 0))
    flat = np.full((64, 64), 80, np.uint8)
    assert correlate(flat, window[:21, :21]).status == "flat"
    assert correlate(window, flat[:21, :21]).status == "flat"
    faint = (80 + random.integers(0, 2, (64, 64))).astype(np.uint8)  # half a grey level
    assert correlate(faint, faint[5:26, 5:26]).status == "flat"
    assert correlate(faint, faint[5:26, 5:26], contrast_min=0.1).status == "ok"


def test_an_edge_has_no_place_along_it() -> None:
    window = np.full((60, 60), 40, np.uint8)
    window[:, 30:] = 200
    peak = correlate(window, window[10:31, 20:41])
    assert peak.status in ("edge", "ridge") and peak.second > 0.999
    assert not peak.covariance_px2.any()


def test_a_peak_at_the_border_is_told() -> None:
    window = np.random.default_rng(7).integers(0, 256, (60, 60), np.uint8)
    for row, column in ((0, 20), (39, 20), (20, 0), (20, 39)):
        peak = correlate(window, window[row : row + 21, column : column + 21])
        assert (peak.status, peak.row, peak.column) == ("edge", row, column)


def test_a_thousand_alike_places_are_not_proven() -> None:
    window = np.tile(np.array([[0, 255], [255, 0]], np.uint8), (60, 60))
    peak = correlate(window, window[:9, :9])
    assert not peak.proven and peak.correlation == pytest.approx(1.0, abs=1e-12)
    assert peak.second == pytest.approx(1.0, abs=1e-12)


IMAGE = np.random.default_rng(1).integers(0, 256, (40, 40), np.uint8)


@pytest.mark.parametrize(
    ("window", "pattern", "settings", "message"),
    [
        (IMAGE.astype(float), IMAGE[:9, :9], {}, "window: float64"),
        (IMAGE, IMAGE[0], {}, "pattern: uint8"),
        (IMAGE[:8], IMAGE[:9, :9], {}, "pattern: \\(9, 9\\) in a window of \\(8, 40\\)"),
        (IMAGE, IMAGE[:2, :9], {}, "allowed 3 to 256"),
        (np.zeros((2049, 9), np.uint8), IMAGE[:9, :9], {}, "at most 2048"),
        (IMAGE, IMAGE[:9, :9], {"contrast_min": 0.0}, "contrast_min: 0.0"),
        (IMAGE, IMAGE[:9, :9], {"contrast_min": float("nan")}, "contrast_min: nan"),
        (IMAGE, IMAGE[:9, :9], {"apart_px": -1}, "apart_px: -1"),
        (IMAGE, IMAGE[:9, :9], {"workspace": IMAGE}, "workspace: 1600 octets"),
    ],
)
def test_mistakes_are_named(
    window: npt.NDArray[np.uint8],
    pattern: npt.NDArray[np.uint8],
    settings: dict[str, Any],
    message: str,
) -> None:
    with pytest.raises(ValueError, match=message):
        correlate(window, pattern, **settings)


def test_mistakes_with_many_are_named() -> None:
    with pytest.raises(ValueError, match="windows: uint8"):
        correlate_all(IMAGE, IMAGE[None])
    with pytest.raises(ValueError, match="patterns: 2, there are 1 windows"):
        correlate_all(IMAGE[None], np.stack([IMAGE, IMAGE]))
    assert len(correlate_all(np.zeros((0, 9, 9), np.uint8), np.zeros((0, 3, 3), np.uint8))) == 0
