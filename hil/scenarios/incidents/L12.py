"""Touchdown logic of Mars Polar Lander, as its loss was reconstructed, and its lazy fix.

A leg's switch that reads closed in two samples in a row is remembered as touched, from the
deployment of the legs on. At 40 m the remembered state is asked for the first time: one leg is
enough to cut the engines.
"""

from __future__ import annotations

from abc import ABC, abstractmethod

from onboard.control.touchdown import TouchdownConfirmation
from onboard.core._core import ffi

ENABLE_ALTITUDE_M = 40.0


class _Switches(TouchdownConfirmation, ABC):
    """Decides by the switches and the navigated altitude alone."""

    _before = 0
    _touched = 0

    def step(self, now_ns: int) -> None:
        navigation, legs = self._navigation.value, self._legs.value
        if navigation is None or self._guidance.value is None:
            return
        closed = legs.closed if legs is not None else 0
        self._look(closed, navigation.altitude_m)
        self._before = closed
        if not self.state.confirmed and self._says_touchdown(navigation.altitude_m):
            self.state.confirmed, self.state.confirmed_ns = 1, now_ns
        self._publish(self.state, now_ns)

    @abstractmethod
    def _look(self, closed: int, altitude_m: float) -> None: ...

    @abstractmethod
    def _says_touchdown(self, altitude_m: float) -> bool: ...

    def checkpoint(self) -> bytes:
        return bytes([self._before, self._touched]) + bytes(ffi.buffer(self.state))

    def restore(self, checkpoint: bytes) -> None:
        self._before, self._touched = checkpoint[0], checkpoint[1]
        ffi.buffer(self.state)[:] = checkpoint[2:]


class LatchedSingleLeg(_Switches):
    """Touchdown: one switch that was ever closed in two samples in a row."""

    def _look(self, closed: int, altitude_m: float) -> None:
        self._touched |= closed & self._before

    def _says_touchdown(self, altitude_m: float) -> bool:
        return self._touched != 0 and altitude_m < ENABLE_ALTITUDE_M


class AllLegs(_Switches):
    """The lazy fix. Touchdown: all four switches closed in two samples in a row, below 40 m."""

    def _look(self, closed: int, altitude_m: float) -> None:
        if altitude_m < ENABLE_ALTITUDE_M:
            self._touched |= closed & self._before

    def _says_touchdown(self, altitude_m: float) -> bool:
        return self._touched == 0b1111
