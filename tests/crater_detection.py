"""The crater detector as the tests call it, and how its list is scored against the truth."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from onboard.core._vision import ffi, lib
from onboard.core.vision.crater_matching import DETECTION

Array = npt.NDArray[np.float64]
CAPACITY = 512


def settings(sun_image: tuple[float, float], **changed: Any) -> object:
    """Settings with the defaults of the vehicle; elevation of the Sun 15 deg."""
    values = {
        "ground_to_image": (1.0, 0.0, 0.0, 1.0),
        "radius_min_px": 3.0,
        "radius_max_px": 40.0,
        "contrast_min": 0.12,
        "sun_elevation_rad": 0.26,
        "sigma_px": 0.15,
        "sigma_fraction": 0.07,
        "sigma_shadow": 0.014,
    }
    return ffi.new("ob_crater_detect_settings *", {"sun_image": sun_image, **values, **changed})


def detect(
    image: npt.NDArray[np.uint8],
    sun_image: tuple[float, float],
    *,
    capacity: int = CAPACITY,
    width: int | None = None,
    **changed: Any,
) -> npt.NDArray[np.void]:
    """Rows of DETECTION. `width`: use the left part of the image, so that the stride is larger."""
    height, stride = image.shape
    width = width or stride
    size = lib.ob_crater_workspace_bytes(width, height)
    workspace = ffi.new("int64_t[]", size // 8)
    out = ffi.new("ob_crater_detection[]", capacity)
    count = ffi.new("int64_t *")
    error = lib.ob_crater_detect(
        ffi.from_buffer("uint8_t[]", image),
        width,
        height,
        stride,
        settings(sun_image, **changed),
        workspace,
        size,
        out,
        capacity,
        count,
    )
    assert error == lib.OB_CRATER_DETECT_OK
    return np.frombuffer(ffi.buffer(out), DETECTION)[: count[0]].copy()


@dataclass(frozen=True)
class Score:
    """One to one, strongest first: centres within half a radius, radii within a factor 1.5."""

    hits: list[tuple[int, int]]  # detection, crater
    detected: int
    present: int

    @property
    def precision(self) -> float:
        return len(self.hits) / max(1, self.detected)

    @property
    def recall(self) -> float:
        return len(self.hits) / max(1, self.present)


def score(found: npt.NDArray[np.void], craters: Array) -> Score:
    taken: set[int] = set()
    hits = []
    for i, d in enumerate(found):
        distance = np.hypot(*(craters[:, :2] - d["pixel"]).T) / craters[:, 2]
        ratio = d["radius_px"] / craters[:, 2]
        fits = (distance < 0.5) & (ratio > 1 / 1.5) & (ratio < 1.5)
        fits[list(taken)] = False
        if fits.any():
            j = int(np.argmin(np.where(fits, distance, np.inf)))
            taken.add(j)
            hits.append((i, j))
    return Score(hits, len(found), len(craters))
