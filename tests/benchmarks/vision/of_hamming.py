"""Binary descriptors of 256 bits, best two and mutual."""

import numpy as np
from vision.opencv import OPENCVS
from vision.turns import by_turns

from onboard.core.vision.matching import match_descriptors


def main() -> None:
    random = np.random.default_rng(1)
    for count in (500, 1000, 2000):
        q = random.integers(0, 256, (count, 32), np.uint8)
        t = random.integers(0, 256, (count, 32), np.uint8)
        ways = {"onboard": lambda q=q, t=t: match_descriptors(q, t)}
        for name, cv2 in OPENCVS.items():
            mutual, two = cv2.BFMatcher(cv2.NORM_HAMMING, True), cv2.BFMatcher(cv2.NORM_HAMMING)
            ways[f"{name} mutual"] = lambda q=q, t=t, m=mutual: m.match(q, t)
            ways[f"{name} best two"] = lambda q=q, t=t, m=two: m.knnMatch(q, t, 2)
        by_turns(f"Hamming {count} x {count}: best two, mutual", ways)
