"""Craters in rendered and real images: F1 and time, beside OpenCV's Hough transforms."""

import re
from pathlib import Path

import cv2
import numpy as np
from crater_scene import battered
from crater_scoring import Score, score
from vision.turns import DATA, by_turns

from onboard.core.vision.crater_finder import find_craters
from onboard.core.vision.images import Image

RADIUS_PX = (5.0, 80.0)
SOUGHT_PX = (4.3, 80.0)
LARGE_PX = (10.0, 80.0)  # of real images: smaller ones are labelled in part
SCENES = range(100, 104)
Setting = tuple[int, float, float, float]  # method, dp, param1, param2
HOUGH: list[Setting] = [
    *(
        (cv2.HOUGH_GRADIENT_ALT, 1.5, p1, p2)
        for p1 in (50, 100, 300)
        for p2 in (0.2, 0.4, 0.6, 0.8)
    ),
    *((cv2.HOUGH_GRADIENT, 1.0, p1, p2) for p1 in (60, 120) for p2 in (12, 18, 25)),
]
REAL = DATA / "lroc_nac_crater_labels/train"


def rows(found: np.ndarray) -> np.ndarray:
    return np.column_stack([found["pixel"], found["radius_px"]])


def ours(image: Image, sun: tuple[float, float], elevation_deg: float) -> np.ndarray:
    elevation = np.radians(elevation_deg)
    found = find_craters(image, sun, radius_px=SOUGHT_PX, fit_rim=True, sun_elevation_rad=elevation)
    return rows(found)


def hough(image: Image, setting: Setting) -> np.ndarray:
    method, dp, param1, param2 = setting
    found = cv2.HoughCircles(
        cv2.medianBlur(image, 5),
        method,
        dp,
        8,
        param1=param1,
        param2=param2,
        minRadius=4,
        maxRadius=80,
    )
    return np.zeros((0, 3)) if found is None else found[0, :, :3].astype(float)


def best_hough(examples: list[tuple[Image, np.ndarray]]) -> Setting:
    """The setting with the best F1 over examples, some of those that it is then judged by."""

    def f1(setting: Setting) -> float:
        scores = (score(hough(image, setting), truth, RADIUS_PX) for image, truth in examples)
        return sum(scores, Score()).f1

    return max(HOUGH, key=f1)


def labels(path: Path) -> np.ndarray:
    """Columns of a label file: ID, X, Y, W, H, centre."""
    text = path.read_text().splitlines()
    lines = [re.split(r"[,\t ]+", line.strip()) for line in text if line[:1].isdigit()]
    table = np.array([[float(v) for v in line[:7]] for line in lines])
    return np.column_stack([table[:, 5], table[:, 6], (table[:, 3] + table[:, 4]) / 4])


def sun_of(image: Image) -> tuple[float, float]:
    """The direction, of 24, in which the correlations found add up to most: none is given."""
    directions = [(np.cos(a), np.sin(a)) for a in np.arange(24) * np.pi / 12]
    return max(directions, key=lambda sun: float(find_craters(image, sun)["correlation"].sum()))


def read_real() -> list[tuple[Image, np.ndarray]]:
    paths = sorted(REAL.glob("*.txt"))
    read = (cv2.imread(str(p.with_suffix(".png")), cv2.IMREAD_GRAYSCALE) for p in paths)
    return [(image, labels(path)) for image, path in zip(read, paths, strict=True)]


def main() -> None:
    cv2.setNumThreads(1)
    for elevation in (5.0, 10.0, 25.0, 50.0, 75.0):
        scenes = [battered(seed, elevation_deg=elevation) for seed in SCENES]
        setting = best_hough([(scene.image, scene.craters) for scene in scenes[:1]])
        total, of_hough = Score(), Score()
        for scene in scenes:
            total += score(ours(scene.image, scene.sun_image, elevation), scene.craters, RADIUS_PX)
            of_hough += score(hough(scene.image, setting), scene.craters, RADIUS_PX)
        print(f"rendered, Sun at {elevation:g} deg: {total}; Hough {setting}: {of_hough}")
        by_turns(
            f"craters, rendered, 1,024 x 1,024, {elevation:g} deg",
            {
                "onboard": lambda s=scenes[0], e=elevation: ours(s.image, s.sun_image, e),
                "OpenCV Hough": lambda s=scenes[0], h=setting: hough(s.image, h),
            },
            turns=5,
        )
    real = read_real()
    if not real:
        print("real images: skipped, no data")
        return
    setting = best_hough(real[:2])
    found = [
        rows(find_craters(image, sun_of(image), radius_px=(3.0, 80.0), fit_rim=True))
        for image, _ in real
    ]
    of_hough = [hough(image, setting) for image, _ in real]
    for limits in (RADIUS_PX, LARGE_PX):
        totals = [
            sum(
                (score(f, truth, limits) for f, (_, truth) in zip(lists, real, strict=True)),
                Score(),
            )
            for lists in (found, of_hough)
        ]
        print(f"12 real images, {limits} px: {totals[0]}; Hough {setting}: {totals[1]}")
