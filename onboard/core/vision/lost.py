"""Lost in space: `crater_lost.h`, with the index of `crater_quads.h`."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from onboard.core._vision import ffi, lib
from onboard.core.vision.craters import (
    ELLIPSE,
    INDEX_STATUS,
    Buffer,
    CraterFix,
    CraterIndex,
    IdentifySettings,
    fix_from_c,
    settings_for_c,
)

QUAD_STATUS: dict[int, str] = INDEX_STATUS | {
    lib.OB_CRATER_INDEX_MAGIC: "not an index of quads",
    lib.OB_CRATER_INDEX_FORMAT: f"not of version {lib.OB_QUAD_INDEX_VERSION}",
    lib.OB_QUAD_INDEX_CATALOGUE: "of another catalogue",
}


@dataclass(frozen=True, kw_only=True)
class LostCamera:
    """All that is known before."""

    focal_px: float
    center_px: tuple[float, float]  # column and row of the boresight
    size_px: tuple[int, int]  # width and height, 64 to 8192


class QuadIndex:
    """An index of `quad_index.py` over one catalogue, checked and used where it lies in memory."""

    def __init__(self, octets: Buffer, catalogue: CraterIndex) -> None:
        """`octets`: bytes, or a file that was mapped into memory (`mmap`), which stays open.

        Raises ValueError with the cause for anything but a whole and sound index of `catalogue`.
        """
        self._octets = octets  # the index points into it
        self.catalogue = catalogue
        self._index = ffi.new("ob_quad_index *")
        buffer = ffi.from_buffer("uint8_t[]", octets)
        if status := lib.ob_quad_index_open(
            self._index, buffer, len(buffer), catalogue._catalogue, catalogue.crc
        ):
            raise ValueError(f"quad index: {QUAD_STATUS[status]}")
        self._buffer = buffer

    def __len__(self) -> int:
        """Quads."""
        return int(self._index.quad_count)


class LostIdentifier:
    """Identifies craters of one index; holds the workspace, and no state between calls."""

    def __init__(self, index: QuadIndex) -> None:
        self.index = index
        self._rows = index.catalogue.rows.astype(np.int64)
        self._workspace = ffi.new("uint64_t[]", lib.ob_lost_workspace() // 8 + 1)
        self._fix = ffi.new("ob_identify_fix *")

    def identify(
        self,
        camera: LostCamera,
        ellipses: npt.NDArray[np.void],
        settings: IdentifySettings | None = None,
    ) -> CraterFix:
        """`ellipses`: (n,) of ELLIPSE, in pixels; those with numbers out of range are left out. Of
        the fix, `anchors` are the quads looked up and `hypotheses` those of the catalogue that they
        were tried as.

        Raises ValueError for another shape or type, or for a camera or settings out of range.
        """
        if ellipses.ndim != 1 or ellipses.dtype != ELLIPSE:
            raise ValueError(
                f"ellipses: {ellipses.dtype} {ellipses.shape}, allowed (n,) of ELLIPSE"
            )
        settings = settings or IdentifySettings(anchors=lib.OB_IDENTIFY_ANCHORS)
        chosen = np.empty(len(ellipses), np.int32)
        status = lib.ob_crater_lost(
            self.index.catalogue._catalogue,
            self.index._index,
            ffi.new(
                "ob_lost_camera *",
                (camera.focal_px, *camera.center_px, *camera.size_px),
            ),
            settings_for_c(settings),
            ffi.from_buffer("ob_crater_ellipse[]", np.ascontiguousarray(ellipses)),
            len(ellipses),
            self._workspace,
            ffi.from_buffer("int32_t[]", chosen),
            self._fix,
        )
        if status == lib.OB_IDENTIFY_BAD_INPUT:
            raise ValueError(f"out of range: {camera}, {settings}")
        return fix_from_c(self._fix, chosen, self._rows)
