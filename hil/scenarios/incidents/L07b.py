"""The lazy fix of L07: thrust that is not as planned ends the approach, there and then."""

from __future__ import annotations

from onboard.core._core import lib
from onboard.guidance.descent import DescentGuidance

EXCESS = 1.08  # of the model, filtered; thrust and mass are known to 4 %, one sigma


class GiveUpTarget(DescentGuidance):
    """Nulls the horizontal motion and sinks as soon as the engines give too much."""

    def step(self, now_ns: int) -> None:
        approaching = self.phase == lib.OB_GUIDANCE_APPROACH
        if approaching and self.state.thrust_scale > EXCESS:
            self.resume("vertical")
        super().step(now_ns)
