"""SLIM without detection and reallocation: both engines are taken to push through the axis."""

from __future__ import annotations

from typing import Any

from onboard.control.attitude import ALL_ENGINES, AttitudeControl
from onboard.guidance.descent import DescentGuidance

UPRIGHT_RAD = 1e-6


class UprightDescent(DescentGuidance):
    """Comes down with the axis held vertical; the rate of descent is held, as SLIM's was."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        params = self.state.params
        params.tilt_final_rad = params.tilt_vertical_rad = params.tilt_approach_rad = UPRIGHT_RAD

    def _use_engines(self) -> None:
        """Never told that one is lost."""


class BothEngines(AttitudeControl):
    """Never stops one engine alone."""

    def inhibit_engines(self, now_ns: int, mask: int = ALL_ENGINES) -> str | None:
        return super().inhibit_engines(now_ns, mask if mask == ALL_ENGINES else 0)
