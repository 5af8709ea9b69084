"""Luna-25's cutoff: by the velocity measured, and else by a time limit of 1.51 times the plan."""

from __future__ import annotations

from typing import Any

from onboard.guidance.descent import DescentGuidance

TIME_LIMIT = 127.0 / 84.0  # of the planned duration


class LongTimeLimit(DescentGuidance):
    """Asks nothing of the accelerometers while the engines settle."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        params = self.state.orbit.params
        params.felt_share = -1.0
        params.scale_band = 0.0
        params.timer_share = TIME_LIMIT
