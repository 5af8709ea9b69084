"""The lazy fix of L08: the planned duration ends the burn, whatever is measured."""

from __future__ import annotations

from typing import Any

from onboard.guidance.descent import DescentGuidance

NEVER_S = 1e9


class PlannedDuration(DescentGuidance):
    """Ends the burn by the timer alone, set by the model."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        params = self.state.orbit.params
        params.scale_band = 0.0
        params.timer_share = 1.0
        params.lag_s = -NEVER_S  # the velocity measured is never enough
