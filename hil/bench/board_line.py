"""The line to a board in a flight: its faults, its capture, its figures, and how long to wait."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from hil.link.capture import Capture, CapturedCarrier
from hil.link.endpoint import Endpoint
from hil.link.faults import FaultyCarrier
from hil.scenario import Scenario

CAPTURE = "link.pcap"
ANSWER_S = 5.0  # a slow line and a slow board need less for any packet
TRIES = 3  # on a sound line; on one with faults, as often as fits into the same time
_LEAST_S = 0.05
_SLOWER = 4.0  # than the slowest answer so far


class BoardLine:
    """What lies between an endpoint and its carrier, and what became of what passed."""

    def __init__(self, endpoint: Endpoint) -> None:
        self.now_ns = 0  # the emulated clock
        self.asked_again = 0
        self._endpoint, self._plain = endpoint, endpoint.carrier
        self._faulty: FaultyCarrier | None = None
        self._slowest_s = 0.0

    def spoil(self, scenario: Scenario, seed: int) -> None:
        """The faults of the line of a flight that begins, in place of those of the last one."""
        self.now_ns = self.asked_again = 0
        self._faulty, self._endpoint.carrier = None, self._plain
        if scenario.link_fault:
            specs = scenario.link_fault
            self._faulty = FaultyCarrier(self._plain, specs, seed, self._clock, lockstep=True)
            self._endpoint.carrier = self._faulty

    @contextmanager
    def captured(self, folder: Path) -> Iterator[None]:
        """Notes what the desk sends and gets in `folder`. Raises OSError."""
        capture, carrier = Capture(folder / CAPTURE), self._endpoint.carrier
        self._endpoint.carrier = CapturedCarrier(carrier, capture, self._clock)
        try:
            yield
        finally:
            self._endpoint.carrier = carrier
            capture.close()

    def _clock(self) -> int:
        return self.now_ns

    @property
    def answer_s(self) -> float:
        """How long to wait for an answer: where some get lost, not much longer than one took."""
        if self._faulty is None:
            return ANSWER_S
        return min(ANSWER_S, max(_LEAST_S, _SLOWER * self._slowest_s))

    @property
    def blocked_s(self) -> float:
        """A line over which no answer came for so long has lost its board."""
        return TRIES * ANSWER_S

    def answered(self, took_s: float) -> None:
        """The first answer to a packet that was sent once came after so long."""
        self._slowest_s = max(self._slowest_s, took_s)

    def figures(self) -> dict[str, Any]:
        """What was lost and refused on the way from the board, and what was asked again."""
        touched = [] if self._faulty is None else self._faulty.touched
        again = {"asked_again": self.asked_again, "faults_touched": touched}
        return {**self._endpoint.counters, **again}
