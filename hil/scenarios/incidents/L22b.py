"""The lazy fix of L22: accelerometers are not looked at while the engines settle."""

from __future__ import annotations

from typing import Any

from onboard.guidance.descent import DescentGuidance

TIME_LIMIT = 127.0 / 84.0  # of the planned duration, as Luna-25's


class BlankedIgnition(DescentGuidance):
    """Believes the accelerometers whatever they say once the engines have settled."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        params = self.state.orbit.params
        params.felt_share = -1.0
        params.scale_band = 0.0
        params.timer_share = TIME_LIMIT
