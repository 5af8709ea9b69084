"""Craters of a frame, matched with the map: memory and calls of `crater_match.h`."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from onboard.core._vision import ffi, lib
from onboard.products import CraterCatalogue

DETECTION = np.dtype([("pixel", "f8", 2), ("radius_px", "f8"), ("pixel_covariance", "f8", 3)])
PREDICTED = np.dtype([("pixel", "f8", 2), ("radius_px", "f8"), ("catalogue_index", "i8")])
MATCHED = np.dtype(
    [
        ("pixel", "f8", 2),
        ("pixel_covariance", "f8", 3),
        ("position_mcmf_m", "f8", 3),
        ("position_sigma_m", "f8"),
        ("diameter_m", "f8"),
        ("probability", "f8"),
        ("catalogue_index", "i8"),
    ]
)
MATCHES_MAX = 256
STATUS_NAMES: dict[int, str] = {
    lib.OB_CRATER_FIX_ACCEPTED: "accepted",
    lib.OB_CRATER_FIX_BAD_INPUT: "bad input",
    lib.OB_CRATER_FIX_FEW_PREDICTED: "few craters predicted",
    lib.OB_CRATER_FIX_FEW_DETECTED: "few craters detected",
    lib.OB_CRATER_FIX_FEW_MATCHED: "few craters matched",
    lib.OB_CRATER_FIX_CHANCE: "could be chance",
    lib.OB_CRATER_FIX_RIVAL: "rival position",
    lib.OB_CRATER_FIX_OUTSIDE_PRIOR: "outside the prior",
    lib.OB_CRATER_FIX_HINGES: "hinges on one match",
    lib.OB_CRATER_FIX_DEVIATES: "one match deviates",
    lib.OB_CRATER_FIX_SCATTERS: "matches scatter",
    lib.OB_CRATER_FIX_TURNED: "attitude disagrees",
}


class CraterMap:
    """A catalogue as the C array that matching reads.

    The catalogue gives the centre of the rim plane. What the finder finds is the centre of light
    and shade inside, as seen from above; `shade_depth` times the crater's depth lower.
    """

    def __init__(self, catalogue: CraterCatalogue, shade_depth: float) -> None:
        rim = catalogue.position_mcmf_m
        lower = shade_depth * catalogue.depth_m / np.linalg.norm(rim, axis=1)
        entries = np.column_stack(
            [rim * (1.0 - lower[:, None]), catalogue.diameter_m, catalogue.position_sigma_m]
        )
        self._entries = np.ascontiguousarray(entries, dtype=np.float64)
        self._along_m = catalogue.along_m
        self._pointer = ffi.from_buffer("ob_crater_map_entry[]", self._entries)

    def __len__(self) -> int:
        return len(self._entries)

    def between(self, along_min_m: float, along_max_m: float) -> tuple[Any, int, int]:
        """Pointer to the first entry of a stretch of the corridor, its index, and how many."""
        first, last = np.searchsorted(self._along_m, (along_min_m, along_max_m))
        return self._pointer + int(first), int(first), int(last - first)


class CraterVision:
    """Finder and matcher for images of one size, with all the memory they need.

    The NumPy arrays are views of that memory: what the last frame left. `matched` is valid after a
    match that was accepted.
    """

    def __init__(self, width: int, height: int) -> None:
        """Raises ValueError for a size that they do not take."""
        octets = lib.ob_crater_finder_workspace_octets(width, height)
        if octets == 0 or max(width, height) > lib.OB_CRATER_MATCH_SIDE_MAX:
            least, most = lib.OB_CRATER_FINDER_IMAGE_MIN, lib.OB_CRATER_MATCH_SIDE_MAX
            raise ValueError(f"image {width} x {height} px: allowed {least} to {most} each way")
        self.width, self.height = width, height
        self._image = ffi.new("ob_image *", (ffi.NULL, width, height, width))
        self._workspace = ffi.new("int64_t[]", octets // 8 + 1)
        self._craters = ffi.new("ob_found_crater[]", lib.OB_CRATER_DETECTED)
        self._matcher = ffi.new("ob_crater_matcher *")
        self._detections = ffi.new("ob_crater_detection[]", lib.OB_CRATER_DETECTED)
        self._count = ffi.new("int64_t *")
        self._found = 0
        self.matched = ffi.new("ob_crater_matched[]", MATCHES_MAX)
        self.fix = ffi.new("ob_crater_fix *")
        self._views = (
            np.frombuffer(ffi.buffer(self._detections), DETECTION),
            np.frombuffer(ffi.buffer(self._matcher.predicted), PREDICTED),
            np.frombuffer(ffi.buffer(self.matched), MATCHED),
        )

    def predict(self, camera: Any, prior: Any, entries: Any, count: int, settings: Any) -> int:
        """Fill `predicted`; returns how many craters of the map fall into or near the image."""
        n = lib.ob_crater_predict(
            camera,
            prior,
            entries,
            count,
            settings,
            self._matcher.predicted,
            lib.OB_CRATER_PREDICTED,
        )
        self._matcher.predicted_count = n
        return int(n)

    def detect(self, image: Any, lighting: Any, settings: Any, noise: Any, most: int) -> int:
        """Fill `detections` from width x height bytes; returns their number, at most `most`.

        `lighting`, `noise`: `crater_measurement.h`; `settings`: `crater_finder.h`, whose view is
        taken from the lighting. Raises ValueError for an image of another size or settings out of
        range.
        """
        pixels = ffi.from_buffer("uint8_t[]", image)
        if len(pixels) != self.width * self.height:
            raise ValueError(f"image of {len(pixels)} bytes: must be {self.width} x {self.height}")
        self._image.pixels = pixels
        settings.sun_image = lighting.sun_image
        settings.ground_to_image = lighting.ground_to_image
        most = min(most, lib.OB_CRATER_DETECTED)
        error = lib.ob_crater_find(
            self._image, settings, self._workspace, self._craters, most, self._count
        )
        self._image.pixels = ffi.NULL
        if error:
            raise ValueError(f"crater finder: settings out of range (error {error})")
        self._found = int(self._count[0])
        lib.ob_crater_measure(self._craters, self._found, lighting, noise, self._detections)
        return self._found

    def take(self, detections: npt.NDArray[Any]) -> int:
        """Fill `detections` from elsewhere, rows of DETECTION; the first that fit, whose number is
        returned.
        """
        kept = detections[: lib.OB_CRATER_DETECTED]
        self._views[0][: len(kept)] = kept
        self._found = len(kept)
        return self._found

    def match(self, camera: Any, prior: Any, entries: Any, count: int, settings: Any) -> int:
        """Match the detections; returns the status, which with the rest stands in `fix`."""
        status = lib.ob_crater_match(
            camera,
            prior,
            entries,
            count,
            self._detections,
            self._found,
            settings,
            self._matcher,
            self.matched,
            MATCHES_MAX,
            self.fix,
        )
        return int(status)

    @property
    def detections(self) -> npt.NDArray[Any]:
        """Rows of DETECTION, the best first."""
        return self._views[0][: self._found]

    @property
    def predicted(self) -> npt.NDArray[Any]:
        """Rows of PREDICTED: by catalogue index after `predict`, by radius after `match`."""
        return self._views[1][: self._matcher.predicted_count]

    @property
    def match_count(self) -> int:
        """Matches in `matched`: none unless the last fix was accepted."""
        accepted = self.fix.status == lib.OB_CRATER_FIX_ACCEPTED
        return min(int(self.fix.count), MATCHES_MAX) if accepted else 0

    @property
    def matches(self) -> npt.NDArray[Any]:
        """Rows of MATCHED."""
        return self._views[2][: self.match_count]
