"""Learns the pairs of `native/vision/src/descriptor_pairs.h` and prints that file.

After Rublee et al. 2011, section 4.3: of pairs of places around a point, first those whose bit is 1
for half of the points, and of these the least correlated with those taken before. The points are
corners of rendered ground (`crater_scene`), so nothing of what the tests and benchmarks match was
seen. Run: `.venv/bin/python tests/descriptor_pairs.py` (half a minute).
"""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt
from crater_scene import battered

from onboard.core.vision.corners import find_corners
from onboard.core.vision.images import Image

Floats = npt.NDArray[np.float64]
Bits = npt.NDArray[np.bool_]

BITS, REACH, NEXT_TO, DRAWN, TRIED = 256, 13, 2, 40000, 10000
SIZE, SCENES, POINTS, MARGIN = 512, 8, 600, 20
CORRELATION_FIRST, CORRELATION_STEP = 0.2, 0.01
SPAN = range(-REACH, REACH + 1)
PLACES = np.array([(x, y) for y in SPAN for x in SPAN if x * x + y * y <= REACH * REACH])


def directions(image: Image, column: npt.NDArray[np.intp], row: npt.NDArray[np.intp]) -> Floats:
    """Of the centroid of intensity within 15.5 pixels, rad."""
    y, x = np.mgrid[-15:16, -15:16]
    disk = x**2 + y**2 <= 15.5**2
    moments = [
        cv2.filter2D(image.astype(float), -1, (disk * axis).astype(float)) for axis in (x, y)
    ]
    return np.arctan2(moments[1][row, column], moments[0][row, column])


def boxes_around_corners(seed: int) -> Floats:
    """Boxes of 5 x 5 at PLACES around the best corners of a scene, turned by the direction of each:
    (points, places).
    """
    image = battered(seed, size=SIZE, elevation_deg=float(12 + 5 * seed)).image
    corners = find_corners(image, 10)
    for axis in ("x", "y"):
        corners = corners[(corners[axis] >= MARGIN) & (corners[axis] < SIZE - MARGIN)]
    corners = corners[np.argsort(-corners["score"], kind="stable")][:POINTS]
    column, row = corners["x"].astype(np.intp), corners["y"].astype(np.intp)
    angle = directions(image, column, row)[:, None]
    x, y = PLACES.T
    columns = np.rint(column[:, None] + np.cos(angle) * x - np.sin(angle) * y).astype(int)
    rows = np.rint(row[:, None] + np.sin(angle) * x + np.cos(angle) * y).astype(int)
    return np.asarray(cv2.boxFilter(image.astype(np.float64), -1, (5, 5))[rows, columns])


def candidates() -> npt.NDArray[np.intp]:
    """Pairs of PLACES that are not next to each other: (n, 2)."""
    drawn = np.random.default_rng(0).integers(0, len(PLACES), (DRAWN, 2))
    apart = np.abs(PLACES[drawn[:, 0]] - PLACES[drawn[:, 1]]).max(axis=1)
    return drawn[apart > NEXT_TO]


def select(bits: Bits) -> list[int]:
    """Indices of BITS columns, early ones first, as little correlated as that many can be."""
    signs = bits.astype(np.float32)
    signs = (signs - signs.mean(axis=0)) / signs.std(axis=0) / np.float32(np.sqrt(len(signs)))
    correlation = np.abs(signs.T @ signs)
    most = CORRELATION_FIRST
    while True:
        taken: list[int] = []
        nearest = np.zeros(bits.shape[1], np.float32)
        for column in range(bits.shape[1]):
            if nearest[column] < most and len(taken) < BITS:
                taken.append(column)
                nearest = np.maximum(nearest, correlation[column])
        if len(taken) == BITS:
            return taken
        most += CORRELATION_STEP


def learned() -> npt.NDArray[np.intp]:
    """Column and row of both boxes of each bit: (256, 4)."""
    boxes = np.vstack([boxes_around_corners(seed) for seed in range(SCENES)])
    pairs = candidates()
    bits = boxes[:, pairs[:, 0]] < boxes[:, pairs[:, 1]]
    tried = np.argsort(np.abs(bits.mean(axis=0) - 0.5), kind="stable")[:TRIED]
    taken = pairs[tried[select(bits[:, tried])]]
    return np.hstack([PLACES[taken[:, 0]], PLACES[taken[:, 1]]])


def main() -> None:
    print("/* Columns and rows of the first boxes of all bits, then of the second ones; learned by")
    print(" * tests/descriptor_pairs.py. */")
    pairs = learned()
    for name, first in (("X", 0), ("Y", 1)):
        numbers = [*pairs[:, first].tolist(), *pairs[:, first + 2].tolist()]
        print(f"static const int16_t PAIRS_{name}[2 * BITS] = {{")
        for i in range(0, len(numbers), 22):
            print("    " + ", ".join(map(str, numbers[i : i + 22])) + ",")
        print("};")


if __name__ == "__main__":
    main()
