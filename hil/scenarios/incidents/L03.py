"""Guidance that begins to brake when a rangefinder speaks first, as HAKUTO-R M2's seems to have."""

from __future__ import annotations

from collections.abc import Mapping

from onboard.bus import Bus
from onboard.core._core import ffi, lib
from onboard.guidance.descent import DescentGuidance
from onboard.products import LandingSite

MOON_M_S2 = 1.62
GAIN_1_S = 0.5


class BrakeOnFirstRange(DescentGuidance):
    """Sinks upright at 66 m/s until the first valid range; then it is the flight guidance."""

    descent_m_s = 66.0

    def __init__(self, bus: Bus, parameters: Mapping[str, float], site: LandingSite) -> None:
        super().__init__(bus, parameters, site)
        self._ranges = [bus.topic("rangefinder.a"), bus.topic("rangefinder.b")]
        self._ranged = False

    def step(self, now_ns: int) -> None:
        navigation = self._navigation.value
        self._ranged = self._ranged or any(topic.value is not None for topic in self._ranges)
        if self._ranged or navigation is None:
            super().step(now_ns)
            return
        command, full_m_s2 = self.command, lib.ob_guidance_full_acceleration(self.state)
        if not command.engines_on:
            ffi.buffer(command.q_site_from_body)[:] = ffi.buffer(navigation.q_site_from_body)
        too_fast_m_s = -navigation.velocity_site_m_s[2] - self.descent_m_s
        upward_m_s2 = MOON_M_S2 + GAIN_1_S * too_fast_m_s
        command.throttle = min(max(upward_m_s2 / full_m_s2, 0.15), 1.0)
        command.acceleration_site_m_s2[2] = command.throttle * full_m_s2
        command.time_ns, command.engines_on, command.phase = now_ns, 1, lib.OB_GUIDANCE_APPROACH
        self._publish(command, now_ns)


class WaitForFirstRange(BrakeOnFirstRange):
    """The lazy fix: stops at once and hovers until the first valid range."""

    descent_m_s = 0.0
