"""Homographies with wrong matches. Beside each time the error over a 5 x 5 grid of the image."""

import itertools
from collections.abc import Callable
from functools import partial
from types import ModuleType

import numpy as np
import poselib
from plane_matches import Floats, PlaneMatches, grid_bound, grid_error, plane_matches
from vision.opencv import OPENCVS
from vision.turns import by_turns

from onboard.core.vision.homography import find_homography

PROBLEMS = 500
OPTIONS = {"max_reproj_error": 3.0, "max_iterations": 2000, "min_iterations": 0}
OPTIONS["success_prob"] = 0.999


def ours(m: PlaneMatches) -> Floats:
    return find_homography(m.first, m.second).H


def opencv(m: PlaneMatches, cv2: ModuleType, method: int) -> Floats:
    H, _ = cv2.findHomography(m.first, m.second, method, 3.0, maxIters=2000, confidence=0.999)
    return np.eye(3) if H is None else np.asarray(H)


def theirs(m: PlaneMatches) -> Floats:
    return np.asarray(poselib.estimate_homography(m.first, m.second, OPTIONS, {})[0])


WAYS: dict[str, Callable[[PlaneMatches], Floats]] = {"onboard": ours, "PoseLib": theirs}
for version, module in OPENCVS.items():
    for method in ("USAC_FAST", "USAC_MAGSAC"):
        WAYS[f"{version} {method}"] = partial(opencv, cv2=module, method=getattr(module, method))


def accuracy(name: str, problems: list[PlaneMatches]) -> None:
    squares = np.array([grid_error(m, WAYS[name](m)) for m in problems])
    solved = squares < 9.0
    bound = np.array([grid_bound(m) for m in problems])
    print(
        f"    {name:24s} solved {solved.mean():.2%}; {np.median(np.sqrt(squares)):.3f} px; "
        f"{np.sqrt(np.mean((squares / bound)[solved])):.3f} x Cramer-Rao"
    )


def main() -> None:
    random = np.random.default_rng(7)
    for count, wrong in ((200, 0.5), (200, 0.7), (1000, 0.5), (1000, 0.7)):
        problems = [plane_matches(random, count, wrong) for _ in range(PROBLEMS)]
        cycles = {name: itertools.cycle(problems) for name in WAYS}
        turns = {name: lambda w=WAYS[name], p=cycles[name]: w(next(p)) for name in WAYS}
        by_turns(f"Homography, {count} points, {wrong:.0%} wrong", turns, turns=PROBLEMS)
        for name in WAYS:
            accuracy(name, problems)
