"""FAST-9 with score and suppression, and the spread over a grid."""

from functools import partial

import cv2
import numpy as np
from vision.opencv import OPENCVS
from vision.turns import REAL_IMAGE, by_turns

from onboard.core.vision.corners import find_corners, spread_corners


def images() -> dict[str, np.ndarray]:
    """A smooth one, noise, and crops of a real one of the Moon."""
    random = np.random.default_rng(1)
    noise = random.integers(0, 256, (512, 512), np.uint8)
    images = {"smooth 512 x 512": cv2.GaussianBlur(noise, (0, 0), 6), "noise 512 x 512": noise}
    path = REAL_IMAGE / "kaguya_intensity.pgm"
    if path.exists():
        real = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
        assert real is not None
        images["Kaguya 512 x 512"] = np.ascontiguousarray(real[240:752, 240:752])
        images["Kaguya 1000 x 1000"] = np.ascontiguousarray(real)
    return images


def compare(name: str, image: np.ndarray, threshold: int) -> None:
    fast = cv2.FastFeatureDetector_create(threshold, True)
    ours = find_corners(image, threshold)
    theirs = [(*map(int, point.pt), int(point.response)) for point in fast.detect(image)]
    same = "the same" if ours.tolist() == theirs else "OTHER"
    print(f"{name}, threshold {threshold}: {len(ours)} corners, OpenCV {len(theirs)}, {same}")
    for task, way in {
        "FAST-9": lambda: find_corners(image, threshold),
        "4 for each 16 x 16": lambda: spread_corners(image, threshold, side=16, per_cell=4),
    }.items():
        ways = {"onboard": way}
        for version, module in OPENCVS.items():
            peer = module.FastFeatureDetector_create(threshold, True)
            ways[version] = partial(peer.detect, image)
        by_turns(f"{task}, {name}, threshold {threshold}", ways, turns=101)


def main() -> None:
    for name, image in images().items():
        for threshold in (5, 20):
            compare(name, image, threshold)
