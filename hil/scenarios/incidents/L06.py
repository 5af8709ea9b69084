"""What a restart did to Beresheet: the main engine off, the burn forgotten; and the lazy fix."""

from __future__ import annotations

from collections.abc import Mapping

from onboard.bus import Bus
from onboard.control.attitude import AttitudeControl
from onboard.guidance.descent import DescentGuidance
from onboard.products import LandingSite


class EngineOffAfterRestart(DescentGuidance):
    """Begins anew after a restart: engines off, nothing known of a burn, waiting for the ground."""

    def __init__(self, bus: Bus, parameters: Mapping[str, float], site: LandingSite) -> None:
        super().__init__(bus, parameters, site)
        self._power_up = super().checkpoint()

    def restore(self, checkpoint: bytes) -> None:
        super().restore(self._power_up)


class EnginesHeldThroughRestart(AttitudeControl):
    """The lazy fix: after a restart the engines burn on as they were, and nobody touches them."""

    def restore(self, checkpoint: bytes) -> None:
        super().restore(checkpoint)
        self._engines = ()
