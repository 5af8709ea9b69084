"""The direction of a motion whose turn is known; beside it what OpenCV and PoseLib do without."""

import itertools

import numpy as np
from motion_matches import (
    CENTER_PX,
    FOCAL_PX,
    Floats,
    MotionMatches,
    across,
    information,
    motion_matches,
)
from scipy.spatial.transform import Rotation
from vision import of_essential
from vision.turns import by_turns

from onboard.core.vision.motion import Direction, find_direction

PROBLEMS = 300


def ours(problem: tuple[MotionMatches, Floats]) -> Direction:
    m, q = problem
    return find_direction(q, m.first, m.second, focal_px=FOCAL_PX, center_px=CENTER_PX)


def main() -> None:
    random = np.random.default_rng(7)
    for count, wrong in ((200, 0.5), (200, 0.7), (1000, 0.5)):
        problems = [motion_matches(random, count, wrong) for _ in range(PROBLEMS)]
        turned = [(m, Rotation.from_matrix(m.C).as_quat()[[3, 0, 1, 2]]) for m in problems]
        one, other = itertools.cycle(turned), itertools.cycle(problems)
        turns = {
            "onboard": lambda p=one: ours(next(p)),
            "PoseLib, five points": lambda p=other: of_essential.theirs(next(p)),
        }
        by_turns(f"Direction, {count} matches, {wrong:.0%} wrong", turns, turns=PROBLEMS)
        alone = {"onboard, call after call": lambda p=one: ours(next(p))}
        by_turns("  the same, warm", alone, turns=PROBLEMS)
        off, squares = [], []
        for m, q in turned:
            direction = ours((m, q)).direction
            error = across(m.direction) @ (m.direction - direction)
            squares.append(error @ information(m)[3:, 3:] @ error / 2.0)
            off.append(np.degrees(np.arccos(np.clip(direction @ m.direction, -1.0, 1.0))))
        solved = np.array(off) < 10.0
        print(
            f"    solved {solved.mean():.2%}; median {np.median(off):.3f} deg; "
            f"{np.sqrt(np.mean(np.array(squares)[solved])):.3f} x Cramer-Rao"
        )
