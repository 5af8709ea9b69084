"""Pairs of images with a known motion between them."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from onboard.core.vision.images import Image

Floats = npt.NDArray[np.float64]

KAGUYA = Path(__file__).parents[2] / "shared/data/trn_kaguya_vs_lola_southpole/kaguya_intensity.pgm"
SIDE = 512
CENTER = (SIDE - 1) / 2


def motion(degrees: float = 0.0, scale: float = 1.0, shift: tuple[float, float] = (0, 0)) -> Floats:
    """Turn and scale about the middle of 512 x 512, then shift, px: (2, 3)."""
    matrix = np.asarray(cv2.getRotationMatrix2D((CENTER, CENTER), degrees, scale))
    matrix[:, 2] += shift
    return matrix


def moved(matrix: Floats, points: Floats) -> Floats:
    """Where `points` (n, 2) go."""
    return points @ matrix[:, :2].T + matrix[:, 2]


def crop_moved(
    whole: Image, matrix: Floats, noise: float = 0.0, gain: float = 1.0, seed: int = 0
) -> Image:
    """The 512 x 512 in the middle of `whole` after the motion; what comes in from outside is real.

    `noise` is the standard deviation of added grey levels.
    """
    corner = (np.array(whole.shape[::-1]) - SIDE) // 2
    shifted = np.hstack([matrix[:, :2], (matrix[:, 2] - matrix[:, :2] @ corner)[:, None]])
    after = cv2.warpAffine(whole.astype(np.float32), shifted, (SIDE, SIDE), flags=cv2.INTER_CUBIC)
    added = np.random.default_rng(seed).normal(size=after.shape) * noise
    return np.clip(np.rint(after * gain + added), 0, 255).astype(np.uint8)


def smooth_noise(seed: int, side: int = 700, sigma: float = 2.5) -> npt.NDArray[np.float32]:
    """Gaussian noise of 35 grey levels about 128, smoothed by `sigma` pixels."""
    noise = np.random.default_rng(seed).normal(size=(side, side)).astype(np.float32)
    smooth = cv2.GaussianBlur(noise, (0, 0), sigma)
    return np.asarray(smooth / smooth.std() * 35 + 128, np.float32)
