"""The motion between two images from five points, with wrong matches: time and errors."""

import itertools

import cv2
import numpy as np
import poselib
from motion_matches import (
    CENTER_PX,
    FOCAL_PX,
    Floats,
    MotionMatches,
    across,
    information,
    motion_error,
    motion_matches,
)
from scipy.spatial.transform import Rotation
from vision.turns import by_turns

from onboard.core.vision.motion import find_motion

PROBLEMS = 300
CAMERA = {"model": "PINHOLE", "width": 1024, "height": 1024, "params": [1000, 1000, *CENTER_PX]}
OPTIONS = {"max_epipolar_error": 2.0, "max_iterations": 2000, "min_iterations": 0}
OPTIONS["success_prob"] = 0.999
K = np.array([[FOCAL_PX, 0.0, CENTER_PX[0]], [0.0, FOCAL_PX, CENTER_PX[1]], [0.0, 0.0, 1.0]])
Answer = tuple[Floats, Floats]


def ours(m: MotionMatches) -> Answer:
    motion = find_motion(m.first, m.second, focal_px=FOCAL_PX, center_px=CENTER_PX)
    return motion.q_second_from_first, motion.direction


def opencv(m: MotionMatches) -> Answer:
    E, mask = cv2.findEssentialMat(
        m.first, m.second, K, cv2.USAC_MAGSAC, prob=0.999, threshold=2.0, maxIters=2000
    )
    _, C, t, _ = cv2.recoverPose(E, m.first, m.second, K, mask=mask)
    return Rotation.from_matrix(C).as_quat()[[3, 0, 1, 2]], t.ravel()


def theirs(m: MotionMatches) -> Answer:
    found, _ = poselib.estimate_relative_pose(m.first, m.second, CAMERA, CAMERA, OPTIONS, {})
    pose = getattr(found, "pose", found)
    return np.asarray(pose.q), np.asarray(pose.t) / np.linalg.norm(pose.t)


WAYS = {"onboard": ours, "USAC_MAGSAC": opencv, "PoseLib": theirs}


def accuracy(name: str, problems: list[MotionMatches]) -> None:
    ratios, turns, directions = [], [], []
    for m in problems:
        q, direction = WAYS[name](m)
        error = motion_error(m, q, direction, across(m.direction))
        turns.append(np.degrees(np.linalg.norm(error[:3])))
        directions.append(np.degrees(np.arccos(np.clip(direction @ m.direction, -1.0, 1.0))))
        ratios.append(error @ information(m) @ error / 5.0)
    solved = (np.array(turns) < 2.0) & (np.array(directions) < 10.0)
    print(
        f"    {name:12s} solved {solved.mean():.2%}; median turn {np.median(turns):.4f}, direction "
        f"{np.median(directions):.3f} deg; {np.sqrt(np.mean(np.array(ratios)[solved])):.3f} x "
        "Cramer-Rao"
    )


def main() -> None:
    cv2.setNumThreads(1)
    random = np.random.default_rng(7)
    for count, wrong in ((200, 0.3), (200, 0.5), (1000, 0.5)):
        problems = [motion_matches(random, count, wrong) for _ in range(PROBLEMS)]
        cycles = {name: itertools.cycle(problems) for name in WAYS}
        turns = {name: lambda w=WAYS[name], p=cycles[name]: w(next(p)) for name in WAYS}
        by_turns(f"Motion, {count} matches, {wrong:.0%} wrong", turns, turns=PROBLEMS)
        for name in WAYS:
            accuracy(name, problems)
