"""Vikram's timeline: an attitude held open loop, then a fixed time to the box."""

from __future__ import annotations

import math
from typing import Any

from onboard.core._core import ffi, lib
from onboard.guidance.descent import DescentGuidance

STEP_S = 0.1
HOLD_S = 38.0  # the attitude, for a camera [M]
HELD_THROTTLE = 0.53  # that of the start
ARRIVES_S = 150.0  # over the box; with engines as modelled it lands [D]
LEAST_S = 5.0  # to go, however late it is
LEAST_THROTTLE = 0.48  # 0.40 for 800 N engines [M]; 0.48 loses with every engine at +15 % [D]
BOX_M = 250.0  # half of its side [A]
UP_M, DOWN_M_S = 100.0, 3.0  # where the vertical descent begins
MOON_M_S2 = 1.62
STANDARD_GRAVITY_M_S2 = 9.80665
UPWARDS = (0.0, 0.0, 1.0)


class FixedTimeline(DescentGuidance):
    """Believes the model of the engines, and goes to the box whatever that takes."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._end = ffi.new("ob_approach_end *", {"position_m": (0.0, 0.0, UP_M)})
        self._end.velocity_m_s[2] = -DOWN_M_S
        self._begun_ns = -1
        self._vertical = False

    def step(self, now_ns: int) -> None:
        nav = self._navigation.value
        if nav is None or self._arrived(nav):
            super().step(now_ns)
            return
        if self._begun_ns < 0:
            self._begun_ns = now_ns
            ffi.buffer(self.command.q_site_from_body)[:] = ffi.buffer(nav.q_site_from_body)
            self.command.throttle = HELD_THROTTLE
        elapsed_s = (now_ns - self._begun_ns) * 1e-9
        if elapsed_s >= HOLD_S:
            self._brake(nav, max(ARRIVES_S - elapsed_s, LEAST_S))
        self.command.time_ns, self.command.engines_on = now_ns, 1
        self.command.phase = lib.OB_GUIDANCE_APPROACH
        self._lose_mass()
        self._publish(self.command, now_ns)

    def _arrived(self, nav: Any) -> bool:
        """Over the box and low: from there on it is the flight guidance."""
        x, y, _ = nav.position_site_m
        low = nav.altitude_m < UP_M + 20.0
        if not self._vertical and low and math.hypot(x, y) < BOX_M:
            self._vertical = True
            self.resume("vertical")
        return self._vertical

    def _lose_mass(self) -> None:
        p = self.state.params
        flow = self.command.throttle * p.thrust_n / (STANDARD_GRAVITY_M_S2 * p.specific_impulse_s)
        self.state.mass_kg -= flow * STEP_S

    def _brake(self, nav: Any, to_go_s: float) -> None:
        p, wanted = self.state.params, ffi.new("double[3]")
        r, v = nav.position_site_m, nav.velocity_site_m_s
        lib.ob_approach_acceleration(self._end, r, v, to_go_s, wanted)
        wanted[2] += MOON_M_S2
        throttle = lib.ob_v3_unit(wanted, wanted) * self.state.mass_kg / p.thrust_n
        self.command.throttle = min(max(throttle, LEAST_THROTTLE), 1.0)
        self._turn(wanted)

    def _turn(self, wanted: Any) -> None:
        """The axis goes towards the thrust that is wanted, no faster than software allows."""
        q, before = self.command.q_site_from_body, ffi.new("double[4]")
        axis, about, turn = ffi.new("double[3]"), ffi.new("double[3]"), ffi.new("double[4]")
        lib.ob_q_rotate(axis, q, UPWARDS)
        angle = math.acos(max(-1.0, min(1.0, lib.ob_v3_dot(axis, wanted))))
        lib.ob_v3_cross(about, axis, wanted)
        lib.ob_v3_unit(about, about)
        lib.ob_v3_scale(about, about, min(angle, self.state.params.slew_rate_rad_s * STEP_S))
        lib.ob_q_from_rotvec(turn, about)
        ffi.buffer(before)[:] = ffi.buffer(q)
        lib.ob_q_mul(q, turn, before)
        lib.ob_q_normalize(q)
