"""Similarities with wrong matches, beside OpenCV's; with each time the error of turn and scale."""

import itertools

import cv2
import numpy as np
from vision.turns import by_turns

from onboard.core.vision.similarity import find_similarity

PROBLEMS = 500
Problem = tuple[np.ndarray, np.ndarray, complex]


def problem(random: np.random.Generator, count: int, wrong: float) -> Problem:
    """First, second and the factor as a complex number; 1 px of noise in the second."""
    factor = random.uniform(0.7, 1.4) * np.exp(1j * random.uniform(-3.0, 3.0))
    first = random.random((count, 2)) * 1024.0
    turned = factor * (first[:, 0] + 1j * first[:, 1])
    second = np.column_stack([turned.real, turned.imag]) + random.normal(0.0, 1.0, (count, 2))
    bad = random.permutation(count)[: round(count * wrong)]
    second[bad] = random.random((len(bad), 2)) * 1024.0
    return first, second, complex(factor)


def ours(p: Problem) -> complex:
    s = find_similarity(p[0], p[1])
    return complex(s.scale * np.exp(1j * s.turn_rad))


def opencv(p: Problem) -> complex:
    A, _ = cv2.estimateAffinePartial2D(
        p[0], p[1], method=cv2.RANSAC, ransacReprojThreshold=3.0, maxIters=1000, confidence=0.999
    )
    return complex(A[0, 0], A[1, 0])


def main() -> None:
    cv2.setNumThreads(1)
    random = np.random.default_rng(7)
    for count, wrong in ((200, 0.5), (1000, 0.5)):
        problems = [problem(random, count, wrong) for _ in range(PROBLEMS)]
        one, other = itertools.cycle(problems), itertools.cycle(problems)
        ways = {
            "onboard": lambda p=one: ours(next(p)),
            "OpenCV": lambda p=other: opencv(next(p)),
        }
        by_turns(f"Similarity, {count} matches, {wrong:.0%} wrong", ways, turns=PROBLEMS)
        for name, way in (("onboard", ours), ("OpenCV", opencv)):
            off = np.array([abs(way(p) - p[2]) for p in problems])
            print(f"    {name:8s} factor off by {1e5 * np.median(off):.2f}e-5 (median)")
