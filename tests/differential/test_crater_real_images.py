"""The finder on real images: LROC NAC crops with craters labelled by hand.

Labels: Yang et al., CraterDANet (IEEE TGRS). They stay outside the project; the images say nothing
of the Sun's direction, which is therefore taken as the one that gives most correlation.
"""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from onboard.core.vision.crater_finder import find_craters

FOLDER = Path(__file__).parents[3] / "shared" / "data" / "lroc_nac_crater_labels" / "train"
IMAGES = sorted(FOLDER.glob("*.png"))

if not IMAGES:
    pytest.skip(f"no labelled images in {FOLDER}", allow_module_level=True)


def labels(path: Path) -> np.ndarray:
    """(n, 3): column, row, radius of the labelled boxes."""
    lines = path.with_suffix(".txt").read_text().strip().splitlines()[1:]
    rows = np.array([[float(x) for x in re.split("[,\t]", line)[1:7]] for line in lines])
    return np.column_stack([rows[:, 4], rows[:, 5], (rows[:, 2] + rows[:, 3]) / 4])


def direction(degrees: float) -> tuple[float, float]:
    return float(np.cos(np.radians(degrees))), float(np.sin(np.radians(degrees)))


def best_direction(image: np.ndarray) -> tuple[float, float]:
    strength = {
        a: find_craters(image, direction(a))["correlation"][:60].sum() for a in range(0, 360, 20)
    }
    return direction(max(strength, key=lambda a: strength[a]))


def test_most_of_the_strongest_detections_are_labelled_craters() -> None:
    """Chance would give a few per cent: labels of a compatible size cover little of an image."""
    from PIL import Image

    precisions = []
    for path in IMAGES:
        image = np.ascontiguousarray(Image.open(path).convert("L"))
        truth = labels(path)
        found = find_craters(image, best_direction(image))[:200]
        hits = 0
        for d in found:
            distance = np.hypot(*(truth[:, :2] - d["pixel"]).T)
            ratio = d["radius_px"] / truth[:, 2]
            hits += bool(np.any((distance < 0.6 * truth[:, 2]) & (ratio > 0.6) & (ratio < 1.6)))
        precisions.append(hits / len(found))
        print(f"{path.stem}: {hits} of the {len(found)} strongest are labelled")
    assert np.median(precisions) > 0.7
    assert min(precisions) > 0.5
