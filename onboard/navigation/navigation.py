"""Inertial navigation with its filter: IMU at every tick, other measurements as they arrive.

The filter itself, its states, gates and their rules are in `native/core/include/onboard/filter.h`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from onboard.bus import Bus
from onboard.core._core import ffi, lib
from onboard.core.rows import packer
from onboard.core.terrain_map import TerrainMap, site_of
from onboard.messages import AttitudeSample, ImuSample, RangeSample, VelocitySample
from onboard.products import LandingMap

TICK_NS = 10_000_000
DRIFT_S = 100.0  # the drift parameters are changes over this time
IMU_ARRIVED: int = lib.OB_ARRIVED_IMU
STREAMS = ("rangefinder.a", "rangefinder.b", "velocimeter", "star_tracker", "craters")
"""Names of the measurement streams, in the order of the `gates` topic."""


@dataclass(frozen=True, kw_only=True)
class InitialState:
    """Where the ground says that the vehicle is, with one-sigma errors per axis."""

    time_ns: int
    position_site_m: tuple[float, float, float]
    velocity_site_m_s: tuple[float, float, float]  # relative to the ground
    q_site_from_body: tuple[float, float, float, float]
    position_sigma_m: tuple[float, float, float]
    velocity_sigma_m_s: tuple[float, float, float]
    attitude_sigma_rad: tuple[float, float, float]


class Navigation:
    """Publishes `navigation` (`ob_nav_state *`) every tick and `gates` (`ob_gate[5]`) at 10 Hz.

    `parameters` maps full names, `navigation.NAME`, to numbers. `camera` is the `ob_camera *` whose
    frames the topic `matches` speaks of; without one, matches are not used. A tick without a new
    IMU sample publishes the last state with `valid` = 0.
    """

    _imu_seen: int  # publications that were used, of each topic and of all measured ones
    _seen_each: list[int]
    _seen: int

    def __init__(
        self,
        bus: Bus,
        map: LandingMap,
        parameters: Mapping[str, float],
        initial: InitialState,
        camera: Any = None,
    ) -> None:
        self.state = ffi.new("ob_navigation *")
        self.filter = ffi.addressof(self.state, "filter")
        self._site = site_of(map.site)
        self._map = TerrainMap(map)
        self._camera = camera
        prior = ffi.new(
            "ob_filter_prior *",
            {
                "position_m": initial.position_sigma_m,
                "velocity_m_s": initial.velocity_sigma_m_s,
                "attitude_rad": initial.attitude_sigma_rad,
            },
        )
        lib.ob_filter_init(
            self.filter,
            filter_params(parameters),
            self._site,
            self._map.pointer,
            initial.time_ns,
            initial.position_site_m,
            initial.velocity_site_m_s,
            initial.q_site_from_body,
            prior,
        )
        lib.ob_navigation_init(self.state, ffi.NULL if camera is None else camera, initial.time_ns)
        self._bind(bus)

    def _bind(self, bus: Bus) -> None:
        self._imu = bus.topic("imu")
        self._range_a = bus.topic("rangefinder.a")
        self._range_b = bus.topic("rangefinder.b")
        self._velocity = bus.topic("velocimeter")
        self._star = bus.topic("star_tracker")
        self._matches = bus.topic("matches")
        self._measured = (self._range_a, self._range_b, self._velocity, self._star, self._matches)
        self.catch_up()
        self._publish = bus.topic("navigation").publish
        self._gates = bus.topic("gates")
        self._nav_state = ffi.addressof(self.state, "state")
        self._gates_value = self.filter.gate
        self._step = lib.ob_navigation_step
        self.state_hash = partial(lib.ob_navigation_hash, self.state)
        self._arrivals = arrivals = self.state.arrivals
        self._put_imu = packer(arrivals.imu, ImuSample)
        self._put_each = (
            packer(arrivals.range[0], RangeSample),
            packer(arrivals.range[1], RangeSample),
            packer(arrivals.velocity, VelocitySample),
            packer(arrivals.attitude, AttitudeSample),
            self._put_matches,
        )

    def step(self, now_ns: int) -> None:
        """Every tick, after the sensors."""
        arrived = 0
        imu = self._imu
        if imu.sequence != self._imu_seen:
            self._imu_seen = imu.sequence
            self._put_imu(imu.value)
            arrived = IMU_ARRIVED
        published = (
            self._range_a.sequence
            + self._range_b.sequence
            + self._velocity.sequence
            + self._star.sequence
            + self._matches.sequence
        )
        if published != self._seen:
            arrived |= self._take_measurements()
        watched = self._step(self.state, now_ns, arrived)
        if watched:
            self._gates.publish(self._gates_value, now_ns)
        self._publish(self._nav_state, now_ns)

    def catch_up(self) -> None:
        """Take what is on the bus for used: C steps outside of `step` have used it."""
        self._imu_seen = self._imu.sequence
        self._seen_each = [topic.sequence for topic in self._measured]
        self._seen = sum(self._seen_each)

    def _take_measurements(self) -> int:
        """Put what is new among the arrivals; returns its bits."""
        arrived = 0
        for stream, topic in enumerate(self._measured):
            if topic.sequence != self._seen_each[stream]:
                self._put_each[stream](topic.value)
                arrived |= 1 << stream
        self.catch_up()
        return arrived

    def _put_matches(self, matches: Any) -> None:
        self._arrivals.matches_time_ns = matches.time_ns
        self._arrivals.matches_count = matches.count
        self._arrivals.matches = matches.matched

    def reset_gate(self, now_ns: int, stream: str) -> str | None:
        """The command NAV_RESET_GATE: forget the score of a measurement stream."""
        lib.ob_gate_init(ffi.addressof(self.filter.gate, STREAMS.index(stream)), now_ns)
        return None


def _limits(value: Any, nis: str) -> dict[str, Any]:
    return {
        "threshold": value(nis),
        "rate_sigmas": value("gate_rate_sigmas"),
        "reject_count": int(value("gate_reject_count")),
        "recover_count": int(value("gate_recover_count")),
        "reacquire_count": int(value("reacquire_count")),
        "reacquire_ns": int(value("reacquire_s") * 1e9),
        "gap_ns": 1_000_000_000,
        "due_ns": int(value("due_s") * 1e9),
    }


def _crater_limits(value: Any) -> dict[str, Any]:
    """Frames are rare and hold many matches: single frames decide, two in a row re-acquire."""
    return {
        **_limits(value, "gate_crater_nis"),
        "reject_count": 1,
        "recover_count": 1,
        "reacquire_count": 2,
        "reacquire_ns": 0,
        "gap_ns": 120_000_000_000,
    }


def _beam(value: Any, name: str) -> dict[str, Any]:
    tilt = value(f"range_{name}_tilt_rad")
    return {
        "position_body_m": [value(f"range_{name}_x_m"), 0.0, value(f"range_{name}_z_m")],
        "direction_body": [lib.ob_sin(tilt), 0.0, -lib.ob_cos(tilt)],
        "minimum_m": value(f"range_{name}_minimum_m"),
        "maximum_m": value(f"range_{name}_maximum_m"),
        "sigma_m": value(f"range_{name}_sigma_m"),
        "sigma_fraction": value(f"range_{name}_sigma_fraction"),
    }


def filter_params(parameters: Mapping[str, float]) -> Any:
    """`ob_filter_params *` from the parameter group `navigation`."""

    def value(name: str) -> float:
        return parameters[f"navigation.{name}"]

    per_sqrt_s = 1.0 / math.sqrt(DRIFT_S)
    cross, roll = value("star_cross_sigma_rad"), value("star_roll_sigma_rad")
    params = ffi.new("ob_filter_params *")
    params[0] = {
        "tick_ns": TICK_NS,
        "covariance_ticks": int(value("covariance_ticks")),
        "gyro_noise_rad_sqrt_s": value("gyro_noise_rad_sqrt_s"),
        "gyro_bias_walk_rad_s_sqrt_s": value("gyro_drift_rad_s") * per_sqrt_s,
        "gyro_scale_sigma": value("gyro_scale_sigma"),
        "accelerometer_noise_m_s_sqrt_s": value("accelerometer_noise_m_s_sqrt_s"),
        "accelerometer_bias_walk_m_s2_sqrt_s": value("accelerometer_drift_m_s2") * per_sqrt_s,
        "coupling_walk_sqrt_s": value("coupling_drift") * per_sqrt_s,
        "turn_acceleration_rad_s2": value("turn_acceleration_rad_s2"),
        "gyro_bias_sigma_rad_s": value("gyro_bias_sigma_rad_s"),
        "accelerometer_bias_sigma_m_s2": value("accelerometer_bias_sigma_m_s2"),
        "coupling_sigma": value("coupling_sigma"),
        "map_correlation_m": value("map_correlation_m"),
        "relief_correlation_m": value("relief_correlation_m"),
        "relief_sigmas": value("relief_sigmas"),
        "place_hold_m": value("place_hold_m"),
        "place_hold_sigma_m": value("place_hold_sigma_m"),
        "beam": [_beam(value, "a"), _beam(value, "b")],
        "velocity_sigma_m_s": [value("velocity_sigma_m_s")] * 3,
        "velocity_sigma_fraction": value("velocity_sigma_fraction"),
        "velocity_minimum_m": value("velocity_minimum_m"),
        "velocity_maximum_m": value("velocity_maximum_m"),
        "velocity_minimum_cosine": lib.ob_cos(value("velocity_tilt_rad")),
        "star_sigma_rad": [roll, cross, cross],
        "star_maximum_rate_rad_s": value("star_maximum_rate_rad_s"),
        "star_maximum_force_m_s2": value("star_maximum_force_m_s2"),
        "crater_pixel_sigma": value("crater_pixel_sigma_px"),
        "crater_map_inflation": value("crater_map_inflation"),
        "reacquire_sigmas": value("reacquire_sigmas"),
        "gate": [
            _limits(value, "gate_range_nis"),
            _limits(value, "gate_range_nis"),
            _limits(value, "gate_velocity_nis"),
            _limits(value, "gate_star_nis"),
            _crater_limits(value),
        ],
    }
    return params
