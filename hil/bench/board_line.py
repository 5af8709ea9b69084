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
_FIRST_S, _LEAST_S = 1.0, 0.05  # on one with faults, before the first answer and after many


class BoardLine:
    """What lies between an endpoint and its carrier, and what became of what passed."""

    def __init__(self, endpoint: Endpoint) -> None:
        self.now_ns = 0  # the emulated clock
        self.asked_again = 0
        self._endpoint, self._plain = endpoint, endpoint.carrier
        self._faulty: FaultyCarrier | None = None
        self._took_s: dict[int, tuple[float, float]] = {}  # by APID: mean and deviation, smoothed

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

    def answer_s(self, apid: int, tried: int) -> float:
        """How long to wait for an answer to a packet that was sent in vain `tried` times.

        Where some get lost, not much longer than they take (RFC 6298: mean and four deviations),
        and twice as long after each try.
        """
        if self._faulty is None:
            return ANSWER_S
        mean_s, deviation_s = self._took_s.get(apid, (_FIRST_S, 0.0))
        return min(ANSWER_S, max(_LEAST_S, mean_s + 4.0 * deviation_s) * 2.0**tried)

    @property
    def blocked_s(self) -> float:
        """A line over which no answer came for so long has lost its board."""
        return TRIES * ANSWER_S

    def answered(self, apid: int, took_s: float) -> None:
        """The first answer to a packet that was sent once came after so long."""
        mean_s, deviation_s = self._took_s.get(apid, (took_s, took_s))
        deviation_s += (abs(took_s - mean_s) - deviation_s) / 4.0
        self._took_s[apid] = mean_s + (took_s - mean_s) / 8.0, deviation_s

    def figures(self) -> dict[str, Any]:
        """What was lost and refused on the way from the board, and what was asked again."""
        touched = [] if self._faulty is None else self._faulty.touched
        again = {"asked_again": self.asked_again, "faults_touched": touched}
        return {**self._endpoint.counters, **again}
