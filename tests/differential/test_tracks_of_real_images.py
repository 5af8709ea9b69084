"""Points of a real image of the Moon that moved as is known, tracked beside OpenCV's tracker."""

import cv2
import numpy as np
import pytest
from moved_images import KAGUYA, crop_moved, motion, moved

from onboard.core.vision.corners import spread_corners
from onboard.core.vision.pyramid import Pyramid
from onboard.core.vision.tracker import TrackStatus, track_points


@pytest.mark.parametrize(
    ("degrees", "scale", "shift", "noise"),
    [
        (0, 1, (5.3, -2.7), 3),
        (2, 1, (5.3, -2.7), 1),
        (0, 1.05, (-3.1, 8.2), 1),
        (0, 1, (21, -12), 0),
    ],
)
def test_as_many_survive_as_near_to_the_truth(
    degrees: float, scale: float, shift: tuple[float, float], noise: float
) -> None:
    """By a hundredth of the points at most, and a tenth of a median error of a twentieth pixel."""
    if not KAGUYA.exists():
        pytest.skip(f"needs {KAGUYA.name} of the shared data")
    whole = cv2.imread(str(KAGUYA), cv2.IMREAD_GRAYSCALE)
    assert whole is not None
    matrix = motion(degrees, scale, shift)
    before, after = crop_moved(whole, motion()), crop_moved(whole, matrix, noise)
    corners = spread_corners(before, 10, side=32, per_cell=2)
    points = np.stack([corners["x"], corners["y"]], axis=1).astype(float)
    truth = moved(matrix, points)
    ours = track_points(Pyramid(before), Pyramid(after), points)
    settings = {"winSize": (21, 21), "maxLevel": 3}
    theirs, status, _ = cv2.calcOpticalFlowPyrLK(
        before, after, points.astype(np.float32), None, **settings
    )
    off = np.hypot(ours["x"] - truth[:, 0], ours["y"] - truth[:, 1])
    right = (ours["status"] == TrackStatus.TRACKED) & (off < 1)
    off_theirs = np.hypot(*(theirs - truth).T)
    right_theirs = (status[:, 0] == 1) & (off_theirs < 1)
    assert np.count_nonzero(right) >= np.count_nonzero(right_theirs) - 0.01 * len(points)
    assert np.median(off[right]) <= 1.1 * np.median(off_theirs[right_theirs])
