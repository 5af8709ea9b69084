"""1,000 oriented binary features over 8 levels beside OpenCV's ORB: time, and right matches.

Matches are mutual, by our matcher for both, and right within 3 px of the known truth.
"""

import re
from collections.abc import Callable, Iterator

import cv2
import numpy as np
from moved_images import KAGUYA, crop_moved, motion, moved
from vision.turns import DATA, REAL_IMAGE, by_turns

from onboard.core.vision.features import find_features
from onboard.core.vision.matching import match_descriptors

Features = tuple[np.ndarray, np.ndarray]
Truth = Callable[[np.ndarray], np.ndarray]
Pair = tuple[str, np.ndarray, np.ndarray, Truth]
COUNT = 1000
STEREO = DATA / "stereo_and_matching"


def by_onboard(image: np.ndarray) -> Features:
    features = find_features(image, COUNT)
    pixels = np.stack([features["x"], features["y"]], axis=1)
    return pixels, np.ascontiguousarray(features["bits"])


def by_opencv(image: np.ndarray, threshold: int = 10) -> Features:
    orb = cv2.ORB_create(COUNT, 1.2, 8, fastThreshold=threshold)
    points, octets = orb.detectAndCompute(image, None)
    return np.array([point.pt for point in points]), octets


def read(folder: object, name: str) -> np.ndarray:
    image = cv2.imread(f"{folder}/{name}", cv2.IMREAD_GRAYSCALE)
    assert image is not None, name
    return image


def by_homography(matrix: np.ndarray) -> Truth:
    def truth(points: np.ndarray) -> np.ndarray:
        there = np.hstack([points, np.ones((len(points), 1))]) @ matrix.T
        return there[:, :2] / there[:, 2:]

    return truth


def by_disparity(disparity: np.ndarray) -> Truth:
    """Nowhere, where it is not known."""

    def truth(points: np.ndarray) -> np.ndarray:
        column, row = np.rint(points).astype(int).T
        height, width = disparity.shape
        known = disparity[row.clip(0, height - 1), column.clip(0, width - 1)].astype(float)
        known[~np.isfinite(known) | (known <= 0)] = np.nan
        return points - np.stack([known, np.zeros(len(points))], axis=1)

    return truth


def of_the_moon() -> Iterator[Pair]:
    whole = read(REAL_IMAGE, KAGUYA.name)
    before = crop_moved(whole, motion())
    for degrees, scale, noise in ((10, 1, 0), (30, 1, 0), (45, 1, 0), (0, 0.7, 0), (20, 0.7, 2)):
        matrix = motion(degrees, scale, (3.3, -2.2))
        name = f"Kaguya turned by {degrees}, scaled by {scale}, noise {noise}"
        yield name, before, crop_moved(whole, matrix, noise), lambda p, m=matrix: moved(m, p)
    turn, scale = np.radians(0.057), 1.0039
    c, s = scale * np.cos(turn), scale * np.sin(turn)
    rendered = by_homography(np.array([[c, -s, 0.76], [s, c, 48.6], [0, 0, 1]]))
    yield (
        "Kaguya, rendered elevation model",
        whole,
        read(REAL_IMAGE, "hillshade_intensity.pgm"),
        rendered,
    )


def of_the_earth() -> Iterator[Pair]:
    known = np.load(STEREO / "skimage_motorcycle_disp.npz")
    names = "skimage_motorcycle_left.png", "skimage_motorcycle_right.png"
    left, right = (read(STEREO, name) for name in names)
    yield "motorcycle, stereo", left, right, by_disparity(known[known.files[0]])
    left, right = (read(STEREO, f"aloe{side}.jpg") for side in "LR")
    yield "aloe, stereo", left, right, by_disparity(read(STEREO, "aloeGT.png"))
    text = re.search("<data>(.*?)</data>", (STEREO / "H1to3p.xml").read_text(), re.DOTALL)
    assert text is not None
    matrix = np.array(text[1].split(), float).reshape(3, 3)
    yield (
        "graffiti, 1 to 3",
        read(STEREO, "graf1.png"),
        read(STEREO, "graf3.png"),
        by_homography(matrix),
    )


def right(before: Features, after: Features, truth: Truth) -> str:
    """Mutual matches, and how many of them are within 3 pixels."""
    matches = match_descriptors(before[1], after[1])
    mutual = np.flatnonzero(matches["mutual"])
    miss = np.hypot(*(truth(before[0][mutual]) - after[0][matches["index"][mutual]]).T)
    return f"{np.count_nonzero(miss < 3)} of {len(mutual)}"


def main() -> None:
    cv2.setNumThreads(1)
    if not KAGUYA.exists():
        print(f"features: skipped, needs {KAGUYA.name} of the shared data")
        return
    ways = {"onboard": by_onboard, "OpenCV ORB": by_opencv}
    pairs = [*of_the_moon(), *of_the_earth()] if STEREO.exists() else of_the_moon()
    for name, before, after, truth in pairs:
        told = [f"{way} {right(find(before), find(after), truth)}" for way, find in ways.items()]
        print(f"right matches, {name}: {', '.join(told)}")
    whole = read(REAL_IMAGE, KAGUYA.name)
    for height, width in ((512, 512), (480, 640)):
        image = np.ascontiguousarray(whole[240 : 240 + height, 180 : 180 + width])
        timed = {
            "onboard": lambda image=image: by_onboard(image),
            "OpenCV ORB, threshold 10": lambda image=image: by_opencv(image),
            "threshold 20": lambda image=image: by_opencv(image, 20),
        }
        by_turns(f"{COUNT} features of 8 levels, {width} x {height}", timed, turns=51)
