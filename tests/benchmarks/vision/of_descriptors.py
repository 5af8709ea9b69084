"""Corners with oriented binary descriptors, at one scale, beside OpenCV's ORB of one level."""

import cv2
import numpy as np
from vision.turns import REAL_IMAGE, by_turns

from onboard.core.vision.corners import spread_corners
from onboard.core.vision.descriptors import describe_points
from onboard.core.vision.matching import match_descriptors

Features = tuple[np.ndarray, np.ndarray]
COUNT, THRESHOLD = 1000, 5


def by_onboard(image: np.ndarray) -> Features:
    """At most 18 for each of 64 cells, as pixels and octets."""
    corners = spread_corners(image, THRESHOLD, side=64, per_cell=18)
    described = describe_points(image, corners)
    kept = corners[described["point"]]
    return np.stack([kept["x"], kept["y"]], axis=1).astype(float), described["bits"]


def by_opencv(image: np.ndarray) -> Features:
    orb = cv2.ORB_create(COUNT, nlevels=1, fastThreshold=THRESHOLD)
    points, octets = orb.detectAndCompute(image, None)
    return np.array([point.pt for point in points]), octets


def right(before: Features, after: Features, turn: np.ndarray) -> str:
    """Mutual matches, and how many of them are within 3 pixels."""
    matches = match_descriptors(before[1], after[1])
    mutual = np.flatnonzero(matches["mutual"])
    expected = before[0][mutual] @ turn[:, :2].T + turn[:, 2]
    miss = np.linalg.norm(after[0][matches["index"][mutual]] - expected, axis=1)
    return f"{np.count_nonzero(miss < 3)} of {len(mutual)}"


def main() -> None:
    cv2.setNumThreads(1)
    path = REAL_IMAGE / "kaguya_intensity.pgm"
    if not path.exists():
        print(f"features: skipped, needs {path.name} of the shared data")
        return
    real = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
    assert real is not None
    image = np.ascontiguousarray(real[240:752, 240:752])
    ways = {"onboard": by_onboard, "OpenCV ORB": by_opencv}
    for degrees in (10, 30, 45):
        turn = cv2.getRotationMatrix2D((255.5, 255.5), degrees, 1)
        turned = cv2.warpAffine(image, turn, (512, 512))
        told = [f"{name} {right(way(image), way(turned), turn)}" for name, way in ways.items()]
        print(f"right matches after a turn by {degrees} degrees: {', '.join(told)}")
    counts = ", ".join(f"{name} {len(way(image)[0])}" for name, way in ways.items())
    print(f"features: {counts}")
    by_turns(
        "up to 1,000 features of one scale, 512 x 512",
        {name: lambda way=way: way(image) for name, way in ways.items()},
        turns=51,
    )
