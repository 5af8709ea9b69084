"""Attitude, altitude and ground logic of Schiaparelli, as the inquiry tells them.

The rate of a saturated gyro is integrated like any other. The altitude is the radar's slant range
times the cosine of the angle that the beam is thought to make with the vertical, without a bound.
An altitude below zero means the ground. (ESA, DG-I/2017/546/TTN.)
"""

from __future__ import annotations

from typing import Any

from onboard.core._core import ffi, lib
from onboard.guidance.descent import DescentGuidance
from onboard.navigation.navigation import Navigation


class IntegratesSaturation(Navigation):
    """The filter without the saturation flag; the altitude is the projected range."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        put, self._axis = self._put_imu, ffi.new("double[3]")
        self._put_imu = lambda row: put(row._replace(saturated=0))

    def step(self, now_ns: int) -> None:
        super().step(now_ns)
        sample = self._range_a.value
        if sample is None:
            return
        state, beam = self._nav_state, self.filter.params.beam[0]
        lib.ob_q_rotate(self._axis, state.q_site_from_body, beam.direction_body)
        state.altitude_m = state.altitude_worst_m = -self._axis[2] * sample.range_m


class GroundMode(DescentGuidance):
    """Engines off as soon as the altitude is negative."""

    def step(self, now_ns: int) -> None:
        state = self._navigation.value
        if state is not None and state.altitude_m < 0.0:
            self.shutdown(now_ns)
        super().step(now_ns)
