"""The lazy fix of restarts without end: whatever the vehicle is doing, start minimally at once."""

from __future__ import annotations

from onboard.services.boot import MINIMAL_FROM, Boot


class MinimalAtOnce(Boot):
    """The second start in a row runs the minimal members only, in a critical event as well."""

    def _left_out(self, critical: bool) -> frozenset[str]:
        self.minimal = len(MINIMAL_FROM) if self.unproven > 1 else 0
        return super()._left_out(False)
