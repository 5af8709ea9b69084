"""Binary descriptors of 256 bits, best two and mutual."""

import cv2
import numpy as np
from vision.turns import by_turns

from onboard.core.vision.matching import match_descriptors


def main() -> None:
    cv2.setNumThreads(1)
    random = np.random.default_rng(1)
    for count in (500, 1000, 2000):
        queries = random.integers(0, 256, (count, 32), np.uint8)
        train = random.integers(0, 256, (count, 32), np.uint8)
        mutual, two = cv2.BFMatcher(cv2.NORM_HAMMING, True), cv2.BFMatcher(cv2.NORM_HAMMING)
        by_turns(
            f"Hamming {count} x {count}: best two, mutual",
            {
                "onboard": lambda q=queries, t=train: match_descriptors(q, t),
                "OpenCV mutual": lambda q=queries, t=train, m=mutual: m.match(q, t),
                "OpenCV best two": lambda q=queries, t=train, m=two: m.knnMatch(q, t, 2),
            },
        )
