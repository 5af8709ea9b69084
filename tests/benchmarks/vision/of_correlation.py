"""Map correlation: a large pattern in a large window, many small ones, and their peaks."""

from collections.abc import Callable
from types import ModuleType

import numpy as np
import numpy.typing as npt
from vision.opencv import OPENCVS
from vision.turns import REAL_IMAGE, by_turns

from onboard.core.vision.correlation import correlate, correlate_all, correlation_workspace
from onboard.core.vision.images import Image

Images = npt.NDArray[np.uint8]  # (n, rows, columns)


def real_images(cv2: ModuleType) -> tuple[Image, Image]:
    """Kaguya's, and the rendered model of the same ground, 48 px below."""
    names = ("kaguya_intensity.pgm", "hillshade_intensity.pgm")
    image, model = (cv2.imread(str(REAL_IMAGE / name), cv2.IMREAD_GRAYSCALE) for name in names)
    return image, model


def rough_places(image: Image, side: int, count: int, random: np.random.Generator) -> list[Image]:
    """Crops that are not in shadow in their middle."""
    crops: list[Image] = []
    while len(crops) < count:
        y, x = random.integers(0, 1000 - side, 2)
        crop = image[y : y + side, x : x + side]
        if crop[37:58, 43:64].std() > 4:
            crops.append(crop)
    return crops


def of_opencv(cv2: ModuleType, window: Image, pattern: Image) -> tuple[int, ...]:
    correlations = cv2.matchTemplate(window, pattern, cv2.TM_CCOEFF_NORMED)
    return tuple(cv2.minMaxLoc(correlations)[3])


def compare_large(image: Image, model: Image) -> None:
    window, pattern = np.pad(image, (0, 24), "reflect"), model[300:428, 400:528].copy()
    memory = correlation_workspace(window.shape, pattern.shape)
    ways: dict[str, Callable[[], object]] = {
        "onboard": lambda: correlate(window, pattern, workspace=memory)
    }
    for name, cv2 in OPENCVS.items():
        ways[name] = lambda cv2=cv2: of_opencv(cv2, window, pattern)
    by_turns("correlation, 128 x 128 in 1,024 x 1,024", ways)


def compare_small(what: str, windows: Images) -> None:
    patterns = windows[:, 37:58, 43:64].copy()
    pairs = list(zip(windows, patterns, strict=True))
    ways: dict[str, Callable[[], object]] = {"onboard": lambda: correlate_all(windows, patterns)}
    for name, cv2 in OPENCVS.items():
        ways[name] = lambda cv2=cv2: [of_opencv(cv2, *pair) for pair in pairs]
    by_turns(f"correlation, 150 of 21 x 21 in 100 x 100, {what}", ways)


def compare_peaks(
    image: Image, model: Image, random: np.random.Generator, cases: int = 200
) -> None:
    """Whether both are at the same place; where not, which correlates more, in exact sums."""
    opencv = next(iter(OPENCVS.values()))
    same = better = proven = found = 0
    while found < cases:
        y, x = random.integers(100, 1000 - 228, 2)
        pattern = model[y : y + 128, x : x + 128]
        peak = correlate(image, pattern)
        if peak.status != "ok":
            continue
        column, row = of_opencv(opencv, image, pattern)
        there = image[row : row + 128, column : column + 128]
        found += 1
        proven += peak.proven
        same += abs(peak.row - row) < 1 and abs(peak.column - column) < 1
        better += peak.correlation > np.corrcoef(there.ravel(), pattern.ravel())[0, 1] + 1e-9
    print(f"{found} patterns of 128 x 128: {proven} proven, {same} as OpenCV's, {better} better")


def main() -> None:
    random = np.random.default_rng(1)
    image, model = real_images(next(iter(OPENCVS.values())))
    compare_large(image, model)
    compare_small("real", np.array(rough_places(image, 100, 150, random)))
    compare_small("noise", random.integers(0, 256, (150, 100, 100), np.uint8))
    compare_peaks(image, model, random)
