"""From an image to a fix: find craters, tell which they are, and from where they were seen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from hil.vision.prior import Floats, Position, Prior, rotation_matrix
from onboard.core._vision import ffi, lib
from onboard.core.vision.crater_finder import find_craters
from onboard.core.vision.crater_matching import DETECTION, STATUS_NAMES, CraterVision
from onboard.core.vision.craters import (
    ELLIPSE,
    CraterIdentifier,
    CraterIndex,
    CraterView,
    IdentifySettings,
)

RADIUS_MIN_PX = 5.0
RADIUS_SHARE_MAX = 0.25  # of the image's smaller side
# Of the finder, one sigma: measured on rendered frames (docs/vision.md).
CENTRE_SIGMA_PX, CENTRE_SIGMA_SHARE, RADIUS_SIGMA_SHARE = 0.4, 0.06, 0.1
TURN_KNOWN_PX = 2.0  # with an attitude as good as this and a position, only the position is sought
POSITION_SIGMAS = 5.0  # from the prior, at most
RIM = np.linspace(0.0, 2.0 * np.pi, 49)
GRAZING_COSINE = 0.17


@dataclass(frozen=True)
class Pose:
    """Of the camera. Sigmas hold errors of image, catalogue and attitude."""

    position_mcmf_m: Floats
    q_camera_from_mcmf: Floats
    covariance_m2: Floats  # (3, 3) of the position, mcmf
    turn_sigma_rad: Floats  # (3,) about the camera's axes


@dataclass(frozen=True)
class Sighting:
    """What came of an image. `pose` is None when there is none, not even a doubtful one."""

    found: bool
    status: str  # in words: "found", or why not
    method: str
    detections: npt.NDArray[np.void]  # FOUND
    rows: npt.NDArray[np.int64]  # catalogue row of each detection, -1: none
    probability: Floats  # of each match to be right given that the fix is; NaN where not known
    expected: int  # craters that the pose puts into the image
    log10_chance: float  # bound on the chance of a false fix; 0: no bound
    residual_px: float  # root mean square per axis
    pose: Pose | None


class Slanted(ValueError):
    """The camera looks too far from the vertical, or the Sun stands too high, for the finder."""


def sight(image: npt.NDArray[np.uint8], index: CraterIndex, prior: Prior) -> Sighting:
    """Find and match the craters of an image. Raises ValueError for a size or view that the finder
    does not take.
    """
    detections = detect(image, prior)
    turn_px = np.radians(prior.attitude.sigma_deg) * prior.camera.focal_px
    if prior.position is not None and turn_px <= TURN_KNOWN_PX:
        return with_position(image.shape, index, prior, prior.position, detections)
    return without_position(image.shape, index, prior, detections)


def detect(image: npt.NDArray[np.uint8], prior: Prior) -> npt.NDArray[np.void]:
    sun, ground = light(prior)
    largest = RADIUS_SHARE_MAX * min(image.shape)
    return find_craters(
        image, sun, ground_to_image=ground, radius_px=(RADIUS_MIN_PX, max(6.0, largest))
    )


def light(prior: Prior) -> tuple[tuple[float, float], tuple[float, float, float, float]]:
    """`sun_image` and `ground_to_image` of the finder, at the boresight; without a position the
    camera is taken to look straight down.

    A step over ground moves the pixel as its components across the boresight say; areas shrink by
    the cosine of the slant.
    """
    C = prior.attitude.C_camera_from_mcmf
    up = -C[2] if prior.position is None else prior.position.mcmf_m
    up = up / np.linalg.norm(up)
    towards = prior.sun_mcmf - (prior.sun_mcmf @ up) * up
    slant = float(-C[2] @ up)
    if slant < np.cos(np.radians(40.0)):
        degrees = np.degrees(np.arccos(np.clip(slant, -1.0, 1.0)))
        raise Slanted(
            f"attitude.q_camera_from_mcmf looks {degrees:.0f} deg off the vertical: allowed 0 to 40"
        )
    if not prior.sun_mcmf @ up > 0.0 or not np.linalg.norm(towards) > 1e-3:
        rise = np.degrees(np.arcsin(np.clip(prior.sun_mcmf @ up, -1.0, 1.0)))
        raise Slanted(
            f"sun stands at {rise:.1f} deg over the ground in view: allowed above 0, below 90"
        )
    level = towards / np.linalg.norm(towards)
    seen = np.column_stack([C @ level, C @ np.cross(up, level)])[:2]
    sun = seen[:, 0] / np.linalg.norm(seen[:, 0])
    a, b, c, d = (seen / np.sqrt(slant)).ravel()
    return (float(sun[0]), float(sun[1])), (float(a), float(b), float(c), float(d))


def without_position(
    shape: tuple[int, ...], index: CraterIndex, prior: Prior, detections: npt.NDArray[np.void]
) -> Sighting:
    """Attitude known to degrees: `crater_identify.h`."""
    height, width = shape
    view = CraterView(
        focal_px=prior.camera.focal_px,
        center_px=center(prior, shape),
        size_px=(width, height),
        q_camera_from_mcmf=prior.attitude.q_camera_from_mcmf,
        attitude_sigma_rad=float(np.radians(prior.attitude.sigma_deg)),
        altitude_m=altitudes(prior),
    )
    settings = IdentifySettings(
        radius_min_px=RADIUS_MIN_PX,
        catalogue_sigma_m=prior.catalogue.sigma_m,
        catalogue_radius_sigma=prior.catalogue.radius_sigma,
    )
    fix = CraterIdentifier(index).identify(view, ellipses(detections), settings)
    has_pose = bool(np.any(fix.position_mcmf_m))
    pose = Pose(
        fix.position_mcmf_m,
        fix.q_camera_from_mcmf,
        fix.covariance[3:, 3:],
        np.sqrt(np.diagonal(fix.covariance)[:3]),
    )
    agrees = fix.found and near_prior(prior.position, pose)
    return Sighting(
        found=agrees,
        status=fix.status if agrees or not fix.found else "outside the prior",
        method="attitude known, position not",
        detections=detections,
        rows=fix.rows if agrees else np.full(len(detections), -1),
        probability=np.full(len(detections), np.nan),
        expected=fix.predicted,
        log10_chance=fix.log10_chance,
        residual_px=fix.residual_px,
        pose=pose if has_pose else None,
    )


def altitudes(prior: Prior) -> tuple[float, float]:
    if prior.altitude is not None:
        return prior.altitude.range_m
    assert prior.position is not None
    reach = POSITION_SIGMAS * prior.position.sigma_m[1]
    middle = prior.position.altitude_m
    return max(1e3, middle - reach), min(1e7, middle + reach)


def near_prior(position: Position | None, pose: Pose) -> bool:
    if position is None:
        return True
    off = pose.position_mcmf_m - position.mcmf_m
    pull = np.linalg.solve(position.covariance_m2 + pose.covariance_m2, off)
    return bool(off @ pull <= POSITION_SIGMAS**2)


def ellipses(detections: npt.NDArray[np.void]) -> npt.NDArray[np.void]:
    result = np.zeros(len(detections), ELLIPSE)
    result["pixel"], result["radius_px"] = detections["pixel"], detections["radius_px"]
    result["sigma_px"] = centre_sigma_px(detections)
    result["radius_sigma_px"] = RADIUS_SIGMA_SHARE * detections["radius_px"]
    return result


def centre_sigma_px(detections: npt.NDArray[np.void]) -> Floats:
    sigma: Floats = np.hypot(CENTRE_SIGMA_PX, CENTRE_SIGMA_SHARE * detections["radius_px"])
    return sigma


def with_position(
    shape: tuple[int, ...],
    index: CraterIndex,
    prior: Prior,
    position: Position,
    detections: npt.NDArray[np.void],
) -> Sighting:
    """Position and attitude known: the matcher that flies, `crater_match.h`."""
    height, width = shape
    vision = CraterVision(width, height)
    vision.take(for_matching(detections))
    entries = np.column_stack(
        [
            index.centre_mcmf_m,
            2.0 * index.radius_m,
            np.full(len(index), prior.catalogue.sigma_m),
        ]
    )
    column, row = center(prior, shape)
    camera = ffi.new(
        "ob_camera *",
        (prior.camera.focal_px, column, row, width, height, (1.0, 0.0, 0.0, 0.0), (0.0, 0.0, 0.0)),
    )
    q = np.array(prior.attitude.q_camera_from_mcmf)
    belief = ffi.new(
        "ob_crater_prior *",
        (
            position.mcmf_m.tolist(),
            (q * [1, -1, -1, -1]).tolist(),
            position.covariance_m2.ravel().tolist(),
            float(np.radians(prior.attitude.sigma_deg)),
        ),
    )
    pointer = ffi.from_buffer("ob_crater_map_entry[]", entries)
    status = vision.match(camera, belief, pointer, len(entries), match_settings(shape))
    fix = vision.fix
    matches = vision.matches.copy()
    rows, probability = of_detections(detections, matches, index)
    solved = fix.count > 0
    return Sighting(
        found=status == lib.OB_CRATER_FIX_ACCEPTED,
        status="found" if status == lib.OB_CRATER_FIX_ACCEPTED else STATUS_NAMES[status],
        method="position and attitude known",
        detections=detections,
        rows=rows,
        probability=probability,
        expected=int(fix.predicted),
        log10_chance=float(fix.log10_chance),
        residual_px=float(fix.residual_rms_px),
        pose=pose_of(fix, prior, position) if solved else None,
    )


def for_matching(detections: npt.NDArray[np.void]) -> npt.NDArray[np.void]:
    result = np.zeros(len(detections), DETECTION)
    result["pixel"], result["radius_px"] = detections["pixel"], detections["radius_px"]
    variance = centre_sigma_px(detections) ** 2
    result["pixel_covariance"][:, 0] = result["pixel_covariance"][:, 2] = variance
    return result


def match_settings(shape: tuple[int, ...]) -> object:
    return ffi.new(
        "ob_crater_match_settings *",
        {
            "radius_min_px": RADIUS_MIN_PX,
            "radius_max_px": RADIUS_SHARE_MAX * min(shape),
            "radius_ratio_max": 1.5,
            "gate_sigma": 3.0,
            "log10_chance_max": -6.0,
            "rival_fraction_max": 0.7,
            "count_min": 6,
        },
    )


def of_detections(
    detections: npt.NDArray[np.void], matches: npt.NDArray[np.void], index: CraterIndex
) -> tuple[npt.NDArray[np.int64], Floats]:
    """Catalogue row and probability of each detection; a match bears its detection's pixel."""
    rows, probability = np.full(len(detections), -1), np.full(len(detections), np.nan)
    place = {tuple(pixel): k for k, pixel in enumerate(detections["pixel"])}
    for match in matches:
        k = place[tuple(match["pixel"])]
        rows[k] = index.rows[match["catalogue_index"]]
        probability[k] = match["probability"]
    return rows, probability


def pose_of(fix: Any, prior: Prior, position: Position) -> Pose:
    """The matcher takes the attitude as exact, and tells by how much a turn shifts the fix."""
    place = position.mcmf_m + list(fix.position_offset_mcmf_m)
    turn = np.radians(prior.attitude.sigma_deg)
    by_turn = turn * np.array(list(fix.shift_by_turn_m_rad)).reshape(3, 3)
    covariance = np.array(list(fix.position_covariance_m2)).reshape(3, 3) + by_turn @ by_turn.T
    return Pose(place, np.array(prior.attitude.q_camera_from_mcmf), covariance, np.full(3, turn))


def center(prior: Prior, shape: tuple[int, ...]) -> tuple[float, float]:
    return prior.camera.center_px or (0.5 * (shape[1] - 1), 0.5 * (shape[0] - 1))


def outlines(
    index: CraterIndex, pose: Pose, prior: Prior, shape: tuple[int, ...]
) -> tuple[npt.NDArray[np.int64], Floats]:
    """Rows of the catalogue's craters in the image at a pose, of RADIUS_MIN_PX and more, and
    (n, 49, 2) pixels of their rims.
    """
    centre, normal, radius = index.centre_mcmf_m, index.normal_mcmf, index.radius_m
    C = rotation_matrix(pose.q_camera_from_mcmf)
    to = pose.position_mcmf_m - centre
    distance = np.linalg.norm(to, axis=1)
    facing = (to * normal).sum(axis=1) > GRAZING_COSINE * distance
    size = radius * prior.camera.focal_px / distance
    chosen = np.flatnonzero(facing & (-(to @ C[2]) > 0.1 * distance) & (size >= RADIUS_MIN_PX))
    n = normal[chosen]
    east = np.cross([0.0, 0.0, 1.0], n)
    east /= np.linalg.norm(east, axis=1, keepdims=True)
    north = np.cross(n, east)
    rim = centre[chosen, None] + radius[chosen, None, None] * (
        np.cos(RIM)[:, None] * east[:, None] + np.sin(RIM)[:, None] * north[:, None]
    )
    seen = (rim - pose.position_mcmf_m) @ C.T
    with np.errstate(divide="ignore", invalid="ignore"):
        pixel = prior.camera.focal_px * seen[..., :2] / seen[..., 2:] + np.array(
            center(prior, shape)
        )
    middle = pixel.mean(axis=1)
    inside = (seen[..., 2] > 0.0).all(axis=1)
    inside &= ((middle > -0.5) & (middle < [shape[1] - 0.5, shape[0] - 0.5])).all(axis=1)
    return index.rows[chosen[inside]].astype(np.int64), pixel[inside]
