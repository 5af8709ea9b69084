"""Housekeeping: what of the computer's state and events is kept in the archive.

A product holds the mode and the counters as they are, then time (int64, ns) and number (uint16) of
the events since the last product, the oldest first, as many as have room; little endian.
"""

from __future__ import annotations

import struct
from collections.abc import Callable

from onboard.executive import Counters
from onboard.services.archive import ROOM_BYTES
from onboard.services.events import EventLog

_STATE = struct.Struct("<BQQQQH")  # mode, ticks, restarts, events, errors, events in this product
_EVENT = struct.Struct("<qH")
EVENTS_MAX = (ROOM_BYTES - _STATE.size) // _EVENT.size


class Housekeeping:
    """Makes housekeeping products."""

    def __init__(self, mode: Callable[[], int], counters: Counters, events: EventLog) -> None:
        """`mode` gives the number of the present mode."""
        self._mode = mode
        self._counters = counters
        self._events = events
        self._seen = 0  # sequence number of the last event that went into a product

    def product(self, _now_ns: int) -> bytes:
        """The state now and the events since the last product."""
        events = self._events.since(self._seen)[:EVENTS_MAX]
        if events:
            self._seen = events[-1].sequence
        counters, log = self._counters, self._events
        state = (counters.ticks, counters.restarts, log.total, log.errors, len(events))
        head = _STATE.pack(self._mode(), *state)
        return head + b"".join(_EVENT.pack(event.time_ns, event.id) for event in events)
