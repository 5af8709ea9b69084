"""Crater navigation: asks for camera frames during the descent and matches them with the map.

The navigation filter consumes what is published here on the topic `matches`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from onboard.bus import Bus
from onboard.core._vision import ffi, lib
from onboard.core.vision import SIMD_BEST
from onboard.core.vision.crater_matching import STATUS_NAMES, CraterMap, CraterVision
from onboard.messages import CameraCommand, FrameHeader
from onboard.ports import OutputPort
from onboard.products import CraterCatalogue, LandingSite

HISTORY = 32  # navigated states kept: 3.2 s at 10 Hz
VIEW_ALTITUDES = 6.0  # how far along the track a crater can be seen: 1 / tan(10 deg)
NO_FIX = -1  # status of a frame that could not be tried
_STATE = ffi.typeof("ob_nav_state")


@dataclass(frozen=True, kw_only=True)
class CraterParameters:
    """The parameter group `craters` of the dictionary, which explains each and gives its range."""

    altitude_min_m: float = 2500.0
    altitude_max_m: float = 25000.0
    interval_s: float = 24.0
    timeout_s: float = 2.0
    exposure_s: float = 0.001
    radius_min_px: float = 3.0
    radius_max_px: float = 40.0
    correlation_min: float = 0.6
    detections_ratio: float = 4.0
    sun_elevation_min_rad: float = 0.05
    sigma_px: float = 0.1
    sigma_fraction: float = 0.05
    shift_fraction: float = 0.01
    shift_shadow: float = 0.007
    shade_depth: float = 0.17
    radius_ratio_max: float = 1.5
    gate_sigma: float = 3.0
    log10_chance_max: float = -6.0
    rival_fraction_max: float = 0.7
    count_min: int = 6
    position_sigma_min_m: float = 50.0


@dataclass(frozen=True)
class CraterMatches:
    """What became of one frame: value of the topic `matches`."""

    time_ns: int  # of the exposure
    sequence: int  # of the frame
    status: int  # OB_CRATER_FIX_..., or NO_FIX
    reason: str  # the status in words
    count: int  # of `matched`; 0 unless accepted
    matched: Any  # ob_crater_matched *, overwritten by the next frame
    matched_circles: npt.NDArray[
        np.float64
    ]  # (count, 3): column, row as detected, predicted radius
    detections: npt.NDArray[np.float64]  # (n, 3): column, row, radius, px
    predicted: npt.NDArray[np.float64]  # (m, 3): map craters at the prior pose
    probability: npt.NDArray[np.float64]  # (count,): of each match to be right if the fix is
    residual_rms_px: float
    log10_chance: float  # bound on the chance of a false fix; 0: none
    image: Any  # width x height bytes, as it came
    width: int
    height: int


class CraterNavigation:
    """Asks for frames, matches them, publishes `matches`. Step it at 10 Hz, after navigation.

    `camera` is an `ob_camera *`, `sun_direction_mcmf` a unit vector towards the Sun that holds for
    the descent (the Sun moves 0.13 deg over the ground in 15 minutes), `camera_port` takes
    CameraCommand.
    """

    def __init__(
        self,
        bus: Bus,
        catalogue: CraterCatalogue,
        site: LandingSite,
        camera: Any,
        sun_direction_mcmf: tuple[float, float, float],
        parameters: CraterParameters,
        camera_port: OutputPort,
    ) -> None:
        self.enabled = True  # the command CAMERA_ENABLE
        self.frames_asked = 0
        self.frames_lost = 0
        self.frames_accepted = 0
        self._parameters = parameters
        self._navigation = bus.topic("navigation")
        self._frame = bus.topic("frame")
        self._matches = bus.topic("matches")
        self._port = camera_port
        self._camera = camera
        self._map = CraterMap(catalogue, parameters.shade_depth)
        self._vision = CraterVision(int(camera.width), int(camera.height))
        self._sun = ffi.new("double[3]", tuple(sun_direction_mcmf))
        self._site = ffi.new("ob_site *")
        lib.ob_site_init(self._site, site.latitude_rad, site.longitude_rad, site.elevation_m)
        self._corridor = ffi.new("ob_corridor *")
        lib.ob_corridor_init(
            self._corridor, site.latitude_rad, site.longitude_rad, site.azimuth_rad
        )
        self.history = ffi.new("ob_nav_state[]", HISTORY)
        self.states = ffi.new("int64_t *")  # remembered so far
        self._prior = ffi.new("ob_crater_prior *")
        self._place = ffi.new("double[3]")
        self._lighting = ffi.new("ob_crater_lighting *")
        self._finder_settings = _finder_settings(parameters)
        self._noise = _noise(parameters)
        self._match_settings = _match_settings(parameters)
        self._asked_ns: int | None = None  # time of the command that still waits for its frame
        self._next_ns = 0
        self._frame_sequence = 0
        self._first = 0  # catalogue index of the stretch of the map last used
        self._frame_hash = 0

    def enable(self, now_ns: int, enabled: int) -> None:
        """The command CAMERA_ENABLE."""
        self.enabled = bool(enabled)

    def step(self, now_ns: int) -> None:
        """Remember the state, handle a frame that has come, ask for the next when it is time."""
        state = self._navigation.value
        if state is None:
            return
        states = self.states[0]
        ffi.memmove(self.history + states % HISTORY, state, ffi.sizeof(_STATE))
        self.states[0] = states + 1
        if self._frame.sequence != self._frame_sequence:
            self._frame_sequence = self._frame.sequence
            self._asked_ns = None
            self._handle(*self._frame.value)
        self._ask(now_ns, state)

    def _ask(self, now_ns: int, state: Any) -> None:
        p = self._parameters
        if self._asked_ns is not None:
            if now_ns - self._asked_ns < p.timeout_s * 1e9:
                return
            self.frames_lost += 1
            self._asked_ns = None
        if (
            self.enabled
            and now_ns >= self._next_ns
            and state.valid
            and p.altitude_min_m <= state.altitude_m <= p.altitude_max_m
        ):
            self._port.write(CameraCommand(now_ns, self.frames_asked, 1, p.exposure_s))
            self.frames_asked += 1
            self._asked_ns = now_ns
            self._next_ns = now_ns + int(p.interval_s * 1e9)

    def _state_at(self, time_ns: int) -> Any:
        """The remembered state nearest to a time."""
        states = self.states[0]
        kept = range(max(0, states - HISTORY), states)
        return min(
            (self.history + k % HISTORY for k in kept), key=lambda s: abs(s.time_ns - time_ns)
        )

    def _handle(self, header: FrameHeader, image: Any) -> None:
        reason = self._prepare(header)
        if reason:
            self._publish(header, image, NO_FIX, reason)
            return
        status = self._fix(image)
        self.frames_accepted += status == lib.OB_CRATER_FIX_ACCEPTED
        self._publish(header, image, status, STATUS_NAMES[status])

    def _prepare(self, header: FrameHeader) -> str:
        """Prior pose and Sun; says why not when there is no way to try."""
        p = self._parameters
        if (header.width, header.height) != (self._vision.width, self._vision.height):
            return f"image of {header.width} x {header.height} px"
        state = self._state_at(header.time_ns)
        if not lib.ob_crater_prior_at(
            state, self._site, header.time_ns, p.position_sigma_min_m, self._prior
        ):
            return "no navigated state at exposure"
        seen = lib.ob_crater_light(self._camera, self._prior, self._sun, self._lighting)
        if self._lighting.sun_elevation_rad < p.sun_elevation_min_rad:
            return "Sun too low"
        if not seen:
            return "ground seen at a slant or Sun in the zenith"
        return ""

    def _fix(self, image: Any) -> int:
        """Predict, look for craters of the sizes predicted, match."""
        p, vision, prior = self._parameters, self._vision, self._prior
        lib.ob_corridor_from_mcmf(self._corridor, prior.position_mcmf_m, self._place)
        along, reach = self._place[0], VIEW_ALTITUDES * abs(self._place[2])
        entries, first, count = self._map.between(along - reach, along + reach)
        predicted = vision.predict(self._camera, prior, entries, count, self._match_settings)
        settings = self._finder_settings
        radii = vision.predicted["radius_px"]
        smallest = float(radii.min()) / p.radius_ratio_max if len(radii) else p.radius_min_px
        settings.radius_min_px = min(max(p.radius_min_px, smallest), p.radius_max_px)
        most = int(p.detections_ratio * predicted)
        vision.detect(image, self._lighting, settings, self._noise, most)
        status = vision.match(self._camera, prior, entries, count, self._match_settings)
        self._first = first
        return status

    def _publish(self, header: FrameHeader, image: Any, status: int, reason: str) -> None:
        vision = self._vision
        tried = slice(None) if status != NO_FIX else slice(0)
        detections, predicted = vision.detections[tried], vision.predicted[tried]
        matches = vision.matches[tried]
        # Matches and predictions are both in order of radius.
        shown = predicted[np.isin(predicted["catalogue_index"], matches["catalogue_index"])]
        matches["catalogue_index"] += self._first
        self._frame_hash = _hash_frame(vision, len(matches))
        result = CraterMatches(
            time_ns=header.time_ns,
            sequence=header.sequence,
            status=status,
            reason=reason,
            count=len(matches),
            matched=vision.matched,
            matched_circles=_circles(matches["pixel"], shown["radius_px"]),
            detections=_circles(detections["pixel"], detections["radius_px"]),
            predicted=_circles(predicted["pixel"], predicted["radius_px"]),
            probability=matches["probability"].copy(),
            residual_rms_px=vision.fix.residual_rms_px if status != NO_FIX else 0.0,
            log10_chance=vision.fix.log10_chance if status != NO_FIX else 0.0,
            image=image,
            width=header.width,
            height=header.height,
        )
        self._matches.publish(result, header.time_ns)

    @property
    def sleeps_until_ns(self) -> int:
        """Before this, and while no frame comes, a step does nothing but remember the state."""
        if self._asked_ns is None:
            return self._next_ns
        return self._asked_ns + int(self._parameters.timeout_s * 1e9)

    def hash_words(self) -> tuple[int, int, int]:
        """Schedule and last result."""
        asked = self.frames_asked << 1 | (self._asked_ns is not None)
        return self._frame_hash, self._next_ns, asked

    def state_hash(self, chain: int) -> int:
        """The words, chained onto a hash."""
        for word in self.hash_words():
            chain = lib.ob_hash_u64(chain, word)
        return chain


def _circles(
    pixel: npt.NDArray[np.float64], radius: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    return np.column_stack([pixel, radius])


def _hash_frame(vision: CraterVision, matches: int) -> int:
    """Hash of the fix and its matches: both hold 8-byte numbers only."""
    count = ffi.sizeof("ob_crater_matched") // 8 * matches
    chain = lib.ob_hash_u64(lib.OB_HASH_SEED, vision.fix.status)
    chain = lib.ob_hash_f64s(chain, vision.fix.position_offset_mcmf_m, 3)
    return int(lib.ob_hash_i64s(chain, ffi.cast("int64_t *", vision.matched), count))


def _finder_settings(p: CraterParameters) -> Any:
    """The view and the smallest radius are set for each frame."""
    settings = ffi.new("ob_crater_finder_settings *")
    settings.radius_max_px = p.radius_max_px
    settings.correlation_min = p.correlation_min
    settings.simd = SIMD_BEST
    return settings


def _noise(p: CraterParameters) -> Any:
    return ffi.new(
        "ob_crater_noise *", (p.sigma_px, p.sigma_fraction, p.shift_fraction, p.shift_shadow)
    )


def _match_settings(p: CraterParameters) -> Any:
    settings = ffi.new("ob_crater_match_settings *")
    settings.radius_min_px = p.radius_min_px
    settings.radius_max_px = p.radius_max_px
    settings.radius_ratio_max = p.radius_ratio_max
    settings.gate_sigma = p.gate_sigma
    settings.log10_chance_max = p.log10_chance_max
    settings.rival_fraction_max = p.rival_fraction_max
    settings.count_min = int(p.count_min)
    return settings
