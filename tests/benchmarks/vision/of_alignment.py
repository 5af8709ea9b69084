"""Rigid alignments with wrong matches, with each time the error of the turn.

Beside OpenCV's estimateAffine3D (another model: twelve unknowns) and SciPy's closed form, which is
told the right matches.
"""

import itertools

import cv2
import numpy as np
from scipy.spatial.transform import Rotation
from vision.turns import by_turns

from onboard.core.vision.alignment import find_alignment

PROBLEMS = 300
Problem = tuple[np.ndarray, np.ndarray, np.ndarray, Rotation]


def problem(random: np.random.Generator, count: int, wrong: float) -> Problem:
    """First, second, which are right, the turn: 10 m of spread, 0.1 m of noise in the second."""
    turn = Rotation.from_quat(random.normal(size=4))
    first = random.normal(0.0, 10.0, (count, 3))
    second = turn.apply(first) + random.normal(0.0, 50.0, 3)
    bad = random.permutation(count)[: round(count * wrong)]
    second[bad] = random.normal(second.mean(axis=0), 10.0, (len(bad), 3))
    right = np.ones(count, np.bool_)
    right[bad] = False
    return first, second + random.normal(0.0, 0.1, (count, 3)), right, turn


def ours(p: Problem) -> Rotation:
    a = find_alignment(p[0], p[1], threshold_m=0.4)
    return Rotation.from_quat(a.q_second_from_first[[1, 2, 3, 0]])


def opencv(p: Problem) -> Rotation:
    _, A, _ = cv2.estimateAffine3D(p[0], p[1], ransacThreshold=0.4, confidence=0.999)
    return Rotation.from_matrix(A[:, :3]) if np.linalg.det(A[:, :3]) > 0.0 else Rotation.identity()


def told(p: Problem) -> Rotation:
    first, second = p[0][p[2]], p[1][p[2]]
    return Rotation.align_vectors(second - second.mean(axis=0), first - first.mean(axis=0))[0]


WAYS = {"onboard": ours, "OpenCV": opencv, "SciPy, told": told}


def main() -> None:
    cv2.setNumThreads(1)
    random = np.random.default_rng(7)
    for count, wrong in ((200, 0.5), (200, 0.8), (1000, 0.5)):
        problems = [problem(random, count, wrong) for _ in range(PROBLEMS)]
        cycles = {name: itertools.cycle(problems) for name in WAYS}
        turns = {name: lambda w=WAYS[name], p=cycles[name]: w(next(p)) for name in WAYS}
        by_turns(f"Alignment, {count} matches, {wrong:.0%} wrong", turns, turns=PROBLEMS)
        for name, way in WAYS.items():
            off = np.degrees([(p[3] * way(p).inv()).magnitude() for p in problems])
            print(f"    {name:12s} turn off by {np.median(off):.4f} deg (median)", end="")
            print(f", {np.mean(off < 1.0):.2%} below 1 deg")
