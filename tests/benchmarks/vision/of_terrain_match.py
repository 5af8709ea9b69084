"""Terrain-relative matching: a real image against a rendered elevation model, beside SIFT."""

from collections.abc import Callable
from types import ModuleType

import numpy as np
import numpy.typing as npt
from vision.of_correlation import real_images
from vision.opencv import OPENCVS
from vision.turns import by_turns

from onboard.core.vision.images import Image
from onboard.core.vision.terrain import Ground, PosePrior, TerrainFix, match_terrain

Floats = npt.NDArray[np.float64]
DOWN = np.array([0.0, 1.0, 0.0, 0.0])


def of_onboard(image: Image, grey: Image, patches_max: int) -> TerrainFix:
    """From a prior 49 px off, with a standard deviation of 30 px and 0.3 degrees."""
    ground = Ground(0.0, -999.0, 1.0, np.zeros((1000, 1000), np.float32))
    position = np.array([499.5, -499.5, 1000.0])
    prior = PosePrior(1000.0, (499.5, 499.5), DOWN, position, np.radians(0.3), 30.0)
    return match_terrain(image, ground, grey, prior, patches_max=patches_max)


def of_sift(cv2: ModuleType, image: Image, model: Image) -> tuple[Floats, int, int]:
    """The similarity, how many inliers (3 px) and matches by the ratio test."""
    sift = cv2.SIFT_create()
    (a, of_a), (b, of_b) = (sift.detectAndCompute(one, None) for one in (image, model))
    pairs = cv2.BFMatcher().knnMatch(of_a, of_b, 2)
    good = [m for m, n in pairs if m.distance < 0.8 * n.distance]
    here = np.array([a[m.queryIdx].pt for m in good])
    there = np.array([b[m.trainIdx].pt for m in good])
    matrix, inlier = cv2.estimateAffinePartial2D(here, there)
    return matrix, int(inlier.sum()), len(good)


def similarity(fix: TerrainFix) -> Floats:
    good = fix.patches[fix.patches["inlier"] == 1]
    there = good["point_m"][:, 0] - 1j * good["point_m"][:, 1]
    seen = good["pixel"][:, 0] + 1j * good["pixel"][:, 1]
    scale, shift = np.linalg.lstsq(np.stack([seen, np.ones_like(seen)], 1), there, rcond=None)[0]
    return np.array([[scale.real, -scale.imag, shift.real], [scale.imag, scale.real, shift.imag]])


def tell(name: str, matrix: Floats, inliers: int, matches: int) -> None:
    scale, turn = np.hypot(*matrix[:, 0]), np.degrees(np.arctan2(matrix[1, 0], matrix[0, 0]))
    middle = matrix @ [499.5, 499.5, 1.0]
    print(
        f"  {name}: {inliers} of {matches}, scale {scale:.4f}, turn {turn:.3f} deg, shift "
        f"({matrix[0, 2]:.2f}, {matrix[1, 2]:.2f}) px; the middle to "
        f"({middle[0]:.2f}, {middle[1]:.2f})"
    )


def main() -> None:
    image, model = real_images(next(iter(OPENCVS.values())))
    grey = np.ascontiguousarray(model[::-1])
    for count in (100, 256, 1024):
        ways: dict[str, Callable[[], object]] = {
            "onboard": lambda count=count: of_onboard(image, grey, count)
        }
        for name, cv2 in OPENCVS.items():
            ways[f"SIFT of {name}"] = lambda cv2=cv2: of_sift(cv2, image, model)
        by_turns(f"terrain, 1,000 x 1,000, up to {count} patches", ways, turns=5)
        fix = of_onboard(image, grey, count)
        tell(f"level {fix.level}", similarity(fix), fix.inliers, len(fix.patches))
    for name, cv2 in OPENCVS.items():
        tell(f"SIFT of {name}", *of_sift(cv2, image, model))
