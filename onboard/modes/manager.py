"""The mode manager: takes requests for a mode, publishes the mode, and names it for everybody.

The graph decides about a request in the next step of the engine. Where two requests meet in one
step, SAFE wins, otherwise the later one.
"""

from __future__ import annotations

from typing import NamedTuple

from onboard.bus import Bus
from onboard.modes.graph import NO_REQUEST, SAFE_REQUEST, Graph


class ModeReport(NamedTuple):
    """Value of the topic `mode`."""

    name: str
    number: int
    kind: str


class ModeManager:
    """Requests in, topic `mode` out."""

    def __init__(self, bus: Bus, graph: Graph) -> None:
        self._reports = tuple(ModeReport(mode.name, mode.number, mode.kind) for mode in graph)
        self._index = {mode.name: i for i, mode in enumerate(graph)}
        self._topic = bus.topic("mode")
        self._request = NO_REQUEST

    def set_mode(self, now_ns: int, mode: str) -> str | None:
        """Handler of MODE_SET; returns why it refuses."""
        if mode not in self._index:
            return f"mode {mode!r} is unknown"
        if self._request != SAFE_REQUEST:
            self._request = self._index[mode]
        return None

    def safe(self, now_ns: int) -> None:
        """Handler of SAFE."""
        self._request = SAFE_REQUEST

    def take_request(self) -> int:
        """The request to decide about now; it is then forgotten."""
        request, self._request = self._request, NO_REQUEST
        return request

    def publish(self, mode: int, now_ns: int) -> None:
        """Say which mode it is."""
        self._topic.publish(self._reports[mode], now_ns)
