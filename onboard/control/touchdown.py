"""Touchdown confirmation on the bus, 100 Hz.

Cues and rules are in `native/core/include/onboard/touchdown.h`.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from onboard.bus import Bus
from onboard.core._core import ffi, lib
from onboard.core.fields import from_parameters

LEGS_WITHIN_NS = 50_000_000  # older switch readings count as unknown: no leg closed


class TouchdownConfirmation:
    """Publishes `touchdown` (`ob_touchdown *`); step it before attitude control.

    `parameters` maps full names, `touchdown.NAME`, to numbers.
    """

    def __init__(self, bus: Bus, parameters: Mapping[str, float]) -> None:
        self.state = ffi.new("ob_touchdown *")
        lib.ob_touchdown_init(
            self.state, from_parameters("ob_touchdown_params", parameters, "touchdown")
        )
        self._navigation = bus.topic("navigation")
        self._guidance = bus.topic("guidance")
        self._legs = bus.topic("legs")
        self._publish = bus.topic("touchdown").publish
        self.state_hash = partial(lib.ob_touchdown_hash, self.state)
        self._step = lib.ob_touchdown_step

    def step(self, now_ns: int) -> None:
        guidance = self._guidance.value
        if guidance is None:
            return
        legs = self._legs
        closed = legs.value.closed if now_ns - legs.time_ns <= LEGS_WITHIN_NS else 0
        self._step(self.state, self._navigation.value, guidance, closed)
        self._publish(self.state, now_ns)

    def milestone(self) -> int:
        """Confirmed: a restart must not forget it, for the cue of the shock does not come again."""
        return int(self.state.confirmed)

    def checkpoint(self) -> bytes:
        return bytes(ffi.buffer(self.state))

    def restore(self, checkpoint: bytes) -> None:
        ffi.buffer(self.state)[:] = checkpoint
