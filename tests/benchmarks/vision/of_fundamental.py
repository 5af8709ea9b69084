"""Fundamental matrices with wrong matches: time, and how far epipolar lines miss exact matches."""

import itertools

import cv2
import numpy as np
import poselib
from motion_matches import Floats, MotionMatches, motion_matches, project
from vision.turns import by_turns

from onboard.core.vision.fundamental import find_fundamental

PROBLEMS = 200
OPTIONS = {"max_epipolar_error": 2.0, "max_iterations": 5000, "min_iterations": 0}
OPTIONS["success_prob"] = 0.999


def ours(m: MotionMatches) -> Floats:
    return find_fundamental(m.first, m.second).F


def opencv(m: MotionMatches) -> Floats:
    F, _ = cv2.findFundamentalMat(m.first, m.second, cv2.USAC_MAGSAC, 2.0, 0.999, 5000)
    return F


def theirs(m: MotionMatches) -> Floats:
    F, _ = poselib.estimate_fundamental(m.first, m.second, OPTIONS, {})
    return np.asarray(F)


WAYS = {"onboard": ours, "USAC_MAGSAC": opencv, "PoseLib": theirs}


def miss_px(m: MotionMatches, F: Floats) -> float:
    """Root mean square of Sampson's error over all points of the scene, without noise."""
    x = np.column_stack([project(m.points), np.ones(len(m.points))])
    y = project(m.points @ m.C.T + m.path * m.direction)
    y = np.column_stack([y, np.ones(len(y))])
    a, b = x @ F.T, y @ F
    e = (y * a).sum(axis=1) ** 2 / (a[:, 0] ** 2 + a[:, 1] ** 2 + b[:, 0] ** 2 + b[:, 1] ** 2)
    return float(np.sqrt(e.mean()))


def main() -> None:
    cv2.setNumThreads(1)
    random = np.random.default_rng(7)
    for count, wrong in ((200, 0.3), (200, 0.5), (1000, 0.5)):
        problems = [motion_matches(random, count, wrong) for _ in range(PROBLEMS)]
        cycles = {name: itertools.cycle(problems) for name in WAYS}
        turns = {name: lambda w=WAYS[name], p=cycles[name]: w(next(p)) for name in WAYS}
        by_turns(f"Fundamental matrix, {count}, {wrong:.0%} wrong", turns, turns=PROBLEMS)
        for name, way in WAYS.items():
            off = np.array([miss_px(m, way(m)) for m in problems])
            print(f"    {name:12s} lines off by {np.median(off):.3f} px (median)", end="")
            print(f", 90 % below {np.quantile(off, 0.9):.3f} px")
