"""The crater matcher as the tests call it on a simulated frame."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from crater_simulation import Frame

from onboard.core._vision import ffi, lib
from onboard.core.vision.crater_matching import DETECTION, MATCHED

Array = npt.NDArray[np.float64]
_MATCHER = ffi.new("ob_crater_matcher *")
SIGMA_PX = 0.4  # of a detection, as the simulation has it by default
MAP_SIGMA_FRACTION = 0.03  # of the diameter, likewise
ATTITUDE_SIGMA_RAD = 3e-4  # likewise


@dataclass(frozen=True)
class Outcome:
    status: int
    count: int
    predicted: int
    rival_count: int
    log10_chance: float
    residual_rms_px: float
    position_m: Array  # best position, mcmf
    covariance_m2: Array
    catalogue_index: npt.NDArray[np.int64]
    pixel: Array
    probability: Array
    right: npt.NDArray[np.bool_]  # whether the detection came from that map entry


def prior(frame: Frame, sigma_horizontal_m: float, sigma_vertical_m: float) -> object:
    """Camera and body coincide; covariance level at the true position."""
    up = frame.position_m / np.linalg.norm(frame.position_m)
    vertical = np.outer(up, up)
    covariance = sigma_horizontal_m**2 * (np.eye(3) - vertical) + sigma_vertical_m**2 * vertical
    return ffi.new(
        "ob_crater_prior *",
        {
            "position_mcmf_m": frame.prior_position_m.tolist(),
            "q_mcmf_from_body": frame.q_mcmf_from_camera.tolist(),
            "position_covariance_m2": covariance.ravel().tolist(),
            "attitude_sigma_rad": ATTITUDE_SIGMA_RAD,
        },
    )


def camera(frame: Frame) -> object:
    lens = frame.lens
    return ffi.new(
        "ob_camera *",
        {
            "focal_px": lens.focal_px,
            "center_column_px": lens.center_px,
            "center_row_px": lens.center_px,
            "width": lens.size,
            "height": lens.size,
            "q_body_from_camera": (1.0, 0.0, 0.0, 0.0),
        },
    )


def settings(**changed: float) -> object:
    values = {
        "radius_min_px": 2.5,
        "radius_max_px": 60.0,
        "radius_ratio_max": 1.5,
        "gate_sigma": 3.0,
        "log10_chance_max": -6.0,
        "rival_fraction_max": 0.7,
        "count_min": 6,
    }
    return ffi.new("ob_crater_match_settings *", {**values, **changed})


def map_entries(frame: Frame) -> tuple[Array, object]:
    """The array, which must be kept alive, and a pointer to it."""
    rows = np.column_stack(
        [frame.map_position_m, frame.map_diameter_m, MAP_SIGMA_FRACTION * frame.map_diameter_m]
    )
    rows = np.ascontiguousarray(rows)
    return rows, ffi.from_buffer("ob_crater_map_entry[]", rows)


def match(
    frame: Frame,
    *,
    sigma_horizontal_m: float = 500.0,
    sigma_vertical_m: float = 200.0,
    capacity: int = 512,
    **changed: float,
) -> Outcome:
    detections = np.zeros(len(frame.detections), DETECTION)
    detections["pixel"] = frame.detections[:, :2]
    detections["radius_px"] = frame.detections[:, 2]
    detections["pixel_covariance"] = [SIGMA_PX**2, 0.0, SIGMA_PX**2]
    rows, entries = map_entries(frame)
    out = ffi.new("ob_crater_matched[]", capacity)
    fix = ffi.new("ob_crater_fix *")
    status = lib.ob_crater_match(
        camera(frame),
        prior(frame, sigma_horizontal_m, sigma_vertical_m),
        entries,
        len(rows),
        ffi.from_buffer("ob_crater_detection[]", detections),
        len(detections),
        settings(**changed),
        _MATCHER,
        out,
        capacity,
        fix,
    )
    assert status == fix.status
    written = min(fix.count, capacity) if status == lib.OB_CRATER_FIX_ACCEPTED else 0
    matched = np.frombuffer(ffi.buffer(out), MATCHED)[:written].copy()
    origin = {tuple(d[:2]): o for d, o in zip(frame.detections, frame.origin, strict=True)}
    right = [origin[tuple(m["pixel"])] == m["catalogue_index"] for m in matched]
    return Outcome(
        status=status,
        count=fix.count,
        predicted=fix.predicted,
        rival_count=fix.rival_count,
        log10_chance=fix.log10_chance,
        residual_rms_px=fix.residual_rms_px,
        position_m=frame.prior_position_m + list(fix.position_offset_mcmf_m),
        covariance_m2=np.array(list(fix.position_covariance_m2)).reshape(3, 3),
        catalogue_index=matched["catalogue_index"],
        pixel=matched["pixel"],
        probability=matched["probability"],
        right=np.array(right, dtype=bool),
    )
