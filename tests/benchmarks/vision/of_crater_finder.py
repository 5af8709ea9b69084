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
SCENES = range(100, 104)
REAL = DATA / "lroc_nac_crater_labels/train"


def rows(found: np.ndarray) -> np.ndarray:
    return np.column_stack([found["pixel"], found["radius_px"]])


def ours(image: Image, sun: tuple[float, float]) -> np.ndarray:
    return rows(find_craters(image, sun, radius_px=(4.0, 80.0)))


def hough(image: Image) -> np.ndarray:
    """The setting that found most on such scenes."""
    blurred = cv2.medianBlur(image, 5)
    found = cv2.HoughCircles(
        blurred, cv2.HOUGH_GRADIENT_ALT, 1.5, 6, param1=100, param2=0.5, minRadius=4, maxRadius=80
    )
    return np.zeros((0, 3)) if found is None else found[0, :, :3].astype(float)


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


def main() -> None:
    cv2.setNumThreads(1)
    for elevation in (10.0, 25.0, 50.0):
        total, of_hough = Score(), Score()
        for seed in SCENES:
            scene = battered(seed, elevation_deg=elevation)
            total += score(ours(scene.image, scene.sun_image), scene.craters, RADIUS_PX)
            of_hough += score(hough(scene.image), scene.craters, RADIUS_PX)
        print(f"rendered, Sun at {elevation:g} deg: {total}; Hough: {of_hough}")
    by_turns(
        "craters, rendered, 1,024 x 1,024",
        {
            "onboard": lambda: ours(scene.image, scene.sun_image),
            "OpenCV Hough": lambda: hough(scene.image),
        },
        turns=5,
    )
    if not REAL.exists():
        print("real images: skipped, no data")
        return
    total, of_hough = Score(), Score()
    for path in sorted(REAL.glob("*.txt")):
        image = cv2.imread(str(path.with_suffix(".png")), cv2.IMREAD_GRAYSCALE)
        truth = labels(path)
        total += score(ours(image, sun_of(image)), truth, RADIUS_PX)
        of_hough += score(hough(image), truth, RADIUS_PX)
    print(f"12 real images: {total}; Hough: {of_hough}")
