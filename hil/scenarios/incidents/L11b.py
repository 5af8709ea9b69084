"""The lazy fix of Schiaparelli: a saturated sample, and navigation is void until stars are seen."""

from __future__ import annotations

from typing import Any

from onboard.navigation.navigation import Navigation


class WaitForStars(Navigation):
    """Not valid from a saturated sample to the next attitude of the star tracker."""

    _stars_seen: int | None = None  # publications when the flag rose; None: nothing is void

    def step(self, now_ns: int) -> None:
        super().step(now_ns)
        imu: Any = self._imu.value
        if imu is not None and imu.saturated:
            self._stars_seen = self._star.sequence
        if self._stars_seen is not None:
            self._nav_state.valid = 0
            if self._star.sequence > self._stars_seen:
                self._stars_seen = None
