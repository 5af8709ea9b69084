"""A state machine over a link: memory of a board beside a model of it, with what lines do between.

Every example sets the board's memory first, so that it does not depend on the one before, on a
board that runs on between them.
"""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from hil.bench.processor import Processor, Refused
from hil.link.endpoint import MEMORY, Endpoint

IMAGE = 28  # FLIGHT_PART_IMAGE
SIZE = 200  # of it, less than any board has


class _Tap:
    """A carrier that knows what was written last."""

    def __init__(self, carrier: Any) -> None:
        self._carrier, self.last = carrier, b""

    def write(self, octets: bytes) -> None:
        self.last = octets
        self._carrier.write(octets)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._carrier, name)


class LinkMachine(RuleBasedStateMachine):
    def __init__(self, endpoint: Endpoint) -> None:
        super().__init__()
        self.endpoint = endpoint
        if not isinstance(endpoint.carrier, _Tap):
            endpoint.carrier = _Tap(endpoint.carrier)
        self.carrier: Any = endpoint.carrier
        self.board = Processor(endpoint)
        self.before = self._answers()
        self.asked = 0

    def _answers(self) -> int:
        figures = self.endpoint.sequences.get(MEMORY)
        return figures.taken if figures else 0

    @initialize()
    def clear(self) -> None:
        self.model = bytearray(SIZE)
        self.board.write_part(IMAGE, 0, bytes(SIZE))
        self.asked += 1

    @rule(at=st.integers(0, SIZE), octets=st.binary(max_size=40))
    def write(self, at: int, octets: bytes) -> None:
        octets = octets[: SIZE - at]
        self.board.write_part(IMAGE, at, octets)
        self.model[at : at + len(octets)] = octets
        self.asked += 1

    @rule(count=st.integers(1, SIZE))
    def read(self, count: int) -> None:
        assert self.board.read_part(IMAGE, count) == self.model[:count]
        self.asked += 1

    @rule(beyond=st.integers(1 << 20, 1 << 62))
    def write_beyond_the_end(self, beyond: int) -> None:
        with pytest.raises(Refused):
            self.board.write_part(IMAGE, beyond, b"\1")
        self.asked += 1

    @rule(noise=st.binary(max_size=30))
    def noise(self, noise: bytes) -> None:
        """Refused by its CRC, or ignored as text."""
        self.carrier.write(b"\0" + noise + b"\0")

    @rule()
    def repeat(self) -> None:
        """A frame that comes twice is answered once."""
        self.carrier.write(self.carrier.last)

    @invariant()
    def nothing_is_lost_or_answered_twice(self) -> None:
        assert self._answers() - self.before == self.asked
        counters = self.endpoint.counters
        assert (counters["lost"], counters["bad_crc"], counters["repeated"]) == (0, 0, 0)
