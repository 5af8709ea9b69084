"""500 points tracked through 4 levels with windows of 21 x 21, on a real image that moved."""

import cv2
import numpy as np
from moved_images import KAGUYA, SIDE, crop_moved, motion, moved
from vision.turns import by_turns

from onboard.core.vision.corners import spread_corners
from onboard.core.vision.pyramid import Pyramid
from onboard.core.vision.tracker import TrackStatus, track_points

MOTIONS = {
    "shift (5.3, -2.7)": {"shift": (5.3, -2.7)},
    "shift (21.3, -12.7)": {"shift": (21.3, -12.7)},
    "noise 5": {"shift": (5.3, -2.7), "noise": 5},
    "turn 2 degrees": {"degrees": 2, "shift": (5.3, -2.7), "noise": 1},
    "turn 5 degrees": {"degrees": 5, "shift": (5.3, -2.7), "noise": 1},
    "scale 1.05": {"scale": 1.05, "noise": 1},
    "scale 0.9": {"scale": 0.9, "noise": 1},
    "exposure 1.2": {"degrees": 1, "scale": 1.02, "gain": 1.2, "noise": 1},
}
COUNT = 500


def by_onboard(before: np.ndarray, after: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Columns, rows, and whether they count."""
    tracks = track_points(Pyramid(before), Pyramid(after), points)
    found = tracks["status"] == TrackStatus.TRACKED
    return np.stack([tracks["x"], tracks["y"], found], axis=1)


def by_opencv(before: np.ndarray, after: np.ndarray, points: np.ndarray) -> np.ndarray:
    settings = {"winSize": (21, 21), "maxLevel": 3}
    ends, status, _ = cv2.calcOpticalFlowPyrLK(
        before, after, points.astype(np.float32), None, **settings
    )
    return np.hstack([ends, status])


def right(ends: np.ndarray, truth: np.ndarray) -> str:
    """Of the points that stay in the image."""
    miss = np.hypot(*(ends[:, :2] - truth).T)
    stay = ((truth >= 0) & (truth <= SIDE - 1)).all(axis=1)
    taken = (ends[:, 2] > 0) & stay
    near = miss[taken & (miss < 1)]
    told = f"of {np.count_nonzero(taken)} tracked, of {np.count_nonzero(stay)}"
    return f"{len(near)} {told}, rms {np.sqrt(np.mean(near**2)):.3f} px"


def residual(before: np.ndarray, after: np.ndarray, points: np.ndarray, ends: np.ndarray) -> float:
    """Median of the root mean square difference of the windows, by OpenCV's own sampling."""
    differences = []
    for start, end in zip(points[ends[:, 2] > 0], ends[ends[:, 2] > 0, :2], strict=True):
        a, b = (
            cv2.getRectSubPix(image.astype(np.float32), (21, 21), tuple(map(float, at)))
            for image, at in ((before, start), (after, end))
        )
        differences.append(float((a - b).std()))
    return float(np.median(differences))


def main() -> None:
    cv2.setNumThreads(1)
    if not KAGUYA.exists():
        print(f"tracker: skipped, needs {KAGUYA.name} of the shared data")
        return
    whole = cv2.imread(str(KAGUYA), cv2.IMREAD_GRAYSCALE)
    assert whole is not None
    before = crop_moved(whole, motion())
    corners = spread_corners(before, 5, side=32, per_cell=3)
    corners = corners[np.argsort(-corners["score"], kind="stable")][:COUNT]
    points = np.stack([corners["x"], corners["y"]], axis=1).astype(float)
    for name, settings in MOTIONS.items():
        gain, noise = settings.pop("gain", 1), settings.pop("noise", 0)
        matrix = motion(**settings)
        after = crop_moved(whole, matrix, noise, gain)
        truth = moved(matrix, points)
        ways = {
            way.__name__.removeprefix("by_"): (
                lambda way=way, after=after: way(before, after, points)
            )
            for way in (by_onboard, by_opencv)
        }
        for told, way in ways.items():
            ends = way()
            grey = residual(before, after, points, ends)
            print(f"tracked, {name}, {told}: {right(ends, truth)}, residual {grey:.2f}")
        by_turns(f"{len(points)} points, {name}", ways)
    pyramids = Pyramid(before), Pyramid(after)
    by_turns("the last, pyramids kept", {"onboard": lambda: track_points(*pyramids, points)})
    by_turns("a pyramid of 4 levels", {"onboard": lambda: Pyramid(before)})
