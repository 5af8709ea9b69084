"""Craters of a global catalogue in an image: `crater_catalogue.h` and `crater_identify.h`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from onboard.core._vision import ffi, lib
from onboard.core.vision import SIMD_BEST

Buffer = Any  # of octets
Floats = npt.NDArray[np.float64]

ELLIPSE = np.dtype(
    [("pixel", "f8", 2), ("radius_px", "f8"), ("sigma_px", "f8"), ("radius_sigma_px", "f8")]
)
INDEX_STATUS: dict[int, str] = {
    lib.OB_CRATER_INDEX_SHORT: "shorter than its header says",
    lib.OB_CRATER_INDEX_MAGIC: "not an index of craters",
    lib.OB_CRATER_INDEX_FORMAT: f"not of version {lib.OB_CRATER_INDEX_VERSION}",
    lib.OB_CRATER_INDEX_CRC: "damaged: its CRC differs",
    lib.OB_CRATER_INDEX_SIZES: "counts out of range, or not those of its length",
    lib.OB_CRATER_INDEX_CONTENTS: "an index, direction or radius out of range",
    lib.OB_CRATER_INDEX_ALIGNMENT: "not at a multiple of 4 octets in memory",
}
CRC_AT = 8  # octets before the CRC in the header
FIX_STATUS: dict[int, str] = {
    lib.OB_IDENTIFY_FOUND: "found",
    lib.OB_IDENTIFY_FEW: "fewer than 4 good detections",
    lib.OB_IDENTIFY_NONE: "no pose",
    lib.OB_IDENTIFY_CHANCE: "could be chance",
}


class CraterIndex:
    """A catalogue index of `crater_index.py`, checked and used where it lies in memory."""

    def __init__(self, octets: Buffer) -> None:
        """`octets`: bytes, or a file that was mapped into memory (`mmap`, `np.memmap`), which is
        used without a copy and stays open.

        Raises ValueError with the cause for anything but a whole and sound index."""
        self._octets = octets  # the catalogue points into it
        self._catalogue = ffi.new("ob_crater_catalogue *")
        buffer = ffi.from_buffer("uint8_t[]", octets)
        if status := lib.ob_crater_index_open(self._catalogue, buffer, len(buffer)):
            raise ValueError(f"crater index: {INDEX_STATUS[status]}")
        self._buffer = buffer

    def __len__(self) -> int:
        return int(self._catalogue.count)

    @property
    def rows(self) -> npt.NDArray[np.uint32]:
        """Row of each crater of the index in the catalogue that it was built from."""
        octets = ffi.buffer(self._catalogue.row, 4 * len(self))
        return np.frombuffer(octets, np.uint32)

    @property
    def normal_mcmf(self) -> Floats:
        """(n, 3) unit vectors to the centres."""
        c, size = self._catalogue, 4 * len(self)
        columns = [np.frombuffer(ffi.buffer(x, size), np.int32) for x in (c.x, c.y, c.z)]
        counts = np.column_stack(columns).astype(np.float64)
        return counts * float(lib.OB_CRATER_DIRECTION_UNIT)

    @property
    def centre_mcmf_m(self) -> Floats:
        """(n, 3) centres of the rim planes."""
        height = np.frombuffer(ffi.buffer(self._catalogue.height_m, 2 * len(self)), np.int16)
        centre: Floats = self.normal_mcmf * (float(lib.OB_MOON_SPHERE_M) + height)[:, None]
        return centre

    @property
    def radius_m(self) -> Floats:
        """(n,) of the rims."""
        radius = np.frombuffer(ffi.buffer(self._catalogue.radius, 2 * len(self)), np.uint16)
        return radius.astype(np.float64) * float(self._catalogue.radius_unit_m)

    @property
    def crc(self) -> int:
        """Of the file, as in its header."""
        return int(np.frombuffer(self._octets, "<u4", 1, CRC_AT)[0])


@dataclass(frozen=True, kw_only=True)
class CraterView:
    """The camera, and what is known before: attitude to some degrees, a range of altitudes."""

    focal_px: float
    center_px: tuple[float, float]  # column and row of the boresight
    size_px: tuple[int, int]  # width and height, 64 to 8192
    q_camera_from_mcmf: tuple[float, float, float, float]  # unit, scalar first
    attitude_sigma_rad: float  # about each axis, at most 0.2
    altitude_m: tuple[float, float]  # least and greatest over the sphere of 1737.4 km


@dataclass(frozen=True, kw_only=True)
class IdentifySettings:
    """Limits of `ob_identify_settings`."""

    radius_min_px: float = 5.0  # craters that appear smaller are not expected
    catalogue_sigma_m: float = 0.0  # of a catalogued centre, per axis
    catalogue_radius_sigma: float = 0.0  # of a catalogued radius, of itself
    log10_chance_max: float = -5.0  # of a false fix
    rate_min: float = 0.3  # share of the expected craters that are matched, at least
    anchors: int = 24  # detections tried as anchors, at most 48


@dataclass(frozen=True, kw_only=True)
class CraterFix:
    """What came of it. The pose and its covariance are set when found or "could be chance"."""

    status: str  # of FIX_STATUS
    rows: npt.NDArray[np.int64]  # catalogue row of each detection, -1: none; all -1 unless found
    predicted: int  # craters that the pose puts into the image
    anchors: int
    hypotheses: int
    trials: int
    log10_chance: float  # bound on the chance that clutter gives such a fix
    residual_px: float
    position_mcmf_m: Floats
    q_camera_from_mcmf: Floats
    covariance: Floats  # (6, 6): turn in camera axes, rad, and position mcmf, m

    @property
    def found(self) -> bool:
        return self.status == FIX_STATUS[lib.OB_IDENTIFY_FOUND]


class CraterIdentifier:
    """Identifies craters of one index; holds the workspace, and no state between calls."""

    def __init__(self, index: CraterIndex) -> None:
        self.index = index
        self._rows = index.rows.astype(np.int64)
        self._workspace = ffi.new("uint64_t[]", lib.ob_identify_workspace() // 8 + 1)
        self._fix = ffi.new("ob_identify_fix *")

    def identify(
        self,
        view: CraterView,
        ellipses: npt.NDArray[np.void],
        settings: IdentifySettings | None = None,
        simd: int = SIMD_BEST,
    ) -> CraterFix:
        """`ellipses`: (n,) of ELLIPSE, in pixels; those with numbers out of range are left out.

        Raises ValueError for another shape or type, or for a view or settings out of range.
        """
        if ellipses.ndim != 1 or ellipses.dtype != ELLIPSE:
            raise ValueError(
                f"ellipses: {ellipses.dtype} {ellipses.shape}, allowed (n,) of ELLIPSE"
            )
        settings = settings or IdentifySettings()
        chosen = np.empty(len(ellipses), np.int32)
        status = lib.ob_crater_identify(
            self.index._catalogue,
            view_for_c(view),
            settings_for_c(settings),
            ffi.from_buffer("ob_crater_ellipse[]", np.ascontiguousarray(ellipses)),
            len(ellipses),
            self._workspace,
            ffi.from_buffer("int32_t[]", chosen),
            self._fix,
            simd,
        )
        if status == lib.OB_IDENTIFY_BAD_INPUT:
            raise ValueError(f"out of range: {view}, {settings}")
        return fix_from_c(self._fix, chosen, self._rows)


def fix_from_c(fix: Any, chosen: npt.NDArray[np.int32], rows: npt.NDArray[np.int64]) -> CraterFix:
    """`chosen`: index of each detection's crater, or -1; `rows` of the index."""
    return CraterFix(
        status=FIX_STATUS[fix.status],
        rows=np.where(chosen >= 0, rows[chosen], -1),
        predicted=fix.predicted,
        anchors=fix.anchors,
        hypotheses=fix.hypotheses,
        trials=fix.trials,
        log10_chance=fix.log10_chance,
        residual_px=fix.residual_px,
        position_mcmf_m=np.array(list(fix.position_mcmf_m)),
        q_camera_from_mcmf=np.array(list(fix.q_camera_from_mcmf)),
        covariance=np.array(list(fix.covariance)).reshape(6, 6),
    )


def view_for_c(view: CraterView) -> Any:
    return ffi.new(
        "ob_crater_view *",
        {
            "focal_px": view.focal_px,
            "center_column_px": view.center_px[0],
            "center_row_px": view.center_px[1],
            "width": view.size_px[0],
            "height": view.size_px[1],
            "q_camera_from_mcmf": view.q_camera_from_mcmf,
            "attitude_sigma_rad": view.attitude_sigma_rad,
            "altitude_min_m": view.altitude_m[0],
            "altitude_max_m": view.altitude_m[1],
        },
    )


def settings_for_c(settings: IdentifySettings) -> Any:
    return ffi.new("ob_identify_settings *", vars(settings))
