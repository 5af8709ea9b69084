"""NEAR's abort: one sample of lateral acceleration beyond a limit ends the burn."""

from __future__ import annotations

import math

from onboard.guidance.descent import DescentGuidance

LIMIT_M_S2 = 1.0


class LateralLimit(DescentGuidance):
    """Stops a burn in orbit at once, and for good, without asking for how long."""

    def step(self, now_ns: int) -> None:
        navigation = self._navigation.value
        if navigation is not None:
            force = navigation.specific_force_body_m_s2
            if math.hypot(force[0], force[1]) > LIMIT_M_S2:
                self.stop_burn_in_orbit(now_ns)
        super().step(now_ns)
