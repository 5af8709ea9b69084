"""The pose of a camera: with wrong matches among 200 and 1,000, and from 50 right ones.

Beside each time the accuracy over the same problems: the median position error over the altitude,
and the root mean square of all six errors over the bound of Cramer and Rao, of the problems solved.
"""

import itertools

import numpy as np
import poselib
from camera_matches import (
    CENTER_PX,
    FOCAL_PX,
    Floats,
    Matches,
    ground_matches,
    information,
    pose_error,
)
from vision.turns import by_turns

from onboard.core.vision.pose import solve_pose, solve_pose_robust

PROBLEMS = 500
CAMERA = {"model": "PINHOLE", "width": 1024, "height": 1024, "params": [1000, 1000, *CENTER_PX]}
RANSAC = {"max_reproj_error": 4.0, "max_iterations": 1000, "min_iterations": 0}
RANSAC["success_prob"] = 0.999


def ours_robust(m: Matches) -> tuple[Floats, Floats]:
    pose = solve_pose_robust(
        m.points, m.pixels, focal_px=FOCAL_PX, center_px=CENTER_PX, sigma_px=1.0
    )
    return pose.q_camera_from_world, pose.position_world_m


def ours(m: Matches) -> tuple[Floats, Floats]:
    pose = solve_pose(m.points, m.pixels, focal_px=FOCAL_PX, center_px=CENTER_PX, sigma_px=1.0)
    return pose.q_camera_from_world, pose.position_world_m


def theirs(m: Matches) -> tuple[Floats, Floats]:
    image, _ = poselib.estimate_absolute_pose(m.pixels, m.points, CAMERA, RANSAC, {})
    pose = getattr(image, "pose", image)
    return np.asarray(pose.q), -np.asarray(pose.R).T @ np.asarray(pose.t)


def accuracy(name: str, answers: list[tuple[Floats, Floats]], problems: list[Matches]) -> None:
    errors = np.array([pose_error(m, *answer) for m, answer in zip(problems, answers, strict=True)])
    turn_deg = np.degrees(np.linalg.norm(errors[:, :3], axis=1))
    position = np.linalg.norm(errors[:, 3:], axis=1)
    solved = (turn_deg < 1.0) & (position < 0.02)
    scaled = [
        e @ information(m) @ e / 6.0 for m, e, s in zip(problems, errors, solved, strict=True) if s
    ]
    print(
        f"    {name:10s} solved {solved.mean():.2%}; position {1e3 * np.median(position):.3f} "
        f"thousandths of the altitude; {np.sqrt(np.mean(scaled)):.3f} x Cramer-Rao"
    )


def nees(problems: list[Matches]) -> None:
    values = []
    for m in problems:
        p = solve_pose(m.points, m.pixels, focal_px=FOCAL_PX, center_px=CENTER_PX, sigma_px=1.0)
        error = pose_error(m, p.q_camera_from_world, p.position_world_m)
        values.append(error @ np.linalg.solve(p.covariance, error) / 6.0)
    print(f"    onboard    mean NEES over 6: {np.mean(values):.3f}")


def main() -> None:
    random = np.random.default_rng(7)
    for count, wrong in ((50, 0.0), (200, 0.5), (200, 0.7), (1000, 0.5)):
        problems = [ground_matches(random, count, wrong) for _ in range(PROBLEMS)]
        way = ours if wrong == 0.0 else ours_robust
        one, other = itertools.cycle(problems), itertools.cycle(problems)
        by_turns(
            f"Pose, {count} points, {wrong:.0%} wrong",
            {
                "onboard": lambda w=way, p=one: w(next(p)),
                "PoseLib": lambda p=other: theirs(next(p)),
            },
            turns=PROBLEMS,
        )
        accuracy("onboard", [way(m) for m in problems], problems)
        accuracy("PoseLib", [theirs(m) for m in problems], problems)
        if wrong == 0.0:
            nees(problems)
