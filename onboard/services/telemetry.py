"""Telemetry: packets of the dictionary, sampled from the bus at their rates, sent by radio.

User data of a packet: time in nanoseconds (int64), a mask of stale channels (uint32, bit k for
channel k), then the channels in order with their types, big endian. A channel is stale when two
periods of its rate have passed since its datum, or when it was never produced. A value that its
type cannot hold is clamped, NaN in an integer is 0; the stale bit says that it means nothing.

A service that is given the log of events sends its records, too, each as a packet of its own.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Callable
from typing import NamedTuple

from onboard.bus import Bus
from onboard.core._core import lib
from onboard.dictionary import Dictionary
from onboard.dictionary.models import INTEGER_BITS
from onboard.ports import Radio
from onboard.services.channels import ChannelReader
from onboard.services.commands import WIRE_CODES
from onboard.services.event_packets import EVENT_APID, pack_event
from onboard.services.events import EventLog
from onboard.services.packets import encode

_HEAD = "qI"
EVENTS_A_STEP = 8  # at most; the rest follows in later steps
_LARGEST_F32 = struct.unpack(">f", b"\x7f\x7f\xff\xff")[0]


class TelemetryRow(NamedTuple):
    """A telemetry packet taken apart."""

    time_ns: int
    stale: int
    values: tuple[float, ...]


class PacketLayout:
    """The user data of one packet: names, types and `struct` format."""

    def __init__(self, dictionary: Dictionary, packet: str) -> None:
        definition = dictionary.packets[packet]
        self.channels = definition.channels
        self.types = tuple(dictionary.channels[c].type for c in self.channels)
        self._row = struct.Struct(">" + _HEAD + "".join(WIRE_CODES[t] for t in self.types))

    def pack(self, time_ns: int, stale: int, values: list[float]) -> bytes:
        """The user data of the packet."""
        try:
            return self._row.pack(time_ns, stale, *values)
        except (struct.error, OverflowError):
            return self._row.pack(time_ns, stale, *map(_storable, self.types, values))

    def unpack(self, data: bytes) -> TelemetryRow:
        """The ground's side. Raises struct.error for data of another length."""
        time_ns, stale, *values = self._row.unpack(data)
        return TelemetryRow(time_ns, stale, tuple(values))


class _Source:
    """One packet on its way out."""

    __slots__ = (
        "ages",
        "apid",
        "count",
        "layout",
        "limit_ns",
        "limits_ns",
        "period",
        "reader",
        "values",
    )

    def __init__(self, dictionary: Dictionary, name: str, bus: Bus, service_hz: int) -> None:
        packet = dictionary.packets[name]
        channels = [dictionary.channels[c] for c in packet.channels]
        self.apid = packet.apid
        self.count = 0
        self.period = max(1, service_hz // packet.rate_hz)  # in steps of the service
        self.layout = PacketLayout(dictionary, name)
        self.reader = ChannelReader(bus, dictionary, packet.channels)
        self.limits_ns = [2_000_000_000 // c.rate_hz for c in channels]
        self.limit_ns = min(self.limits_ns)
        self.values = [math.nan] * len(channels)
        self.ages = [0] * len(channels)

    def packet(self, now_ns: int) -> bytes:
        self.reader.read(now_ns, self.values, self.ages)
        stale = 0 if max(self.ages) <= self.limit_ns else self._stale()
        self.count += 1
        data = self.layout.pack(now_ns, stale, self.values)
        return encode(self.apid, False, self.count - 1, data)

    def _stale(self) -> int:
        late = (a > limit for a, limit in zip(self.ages, self.limits_ns, strict=True))
        return sum(1 << k for k, is_late in enumerate(late) if is_late)


class TelemetryService:
    """Samples and sends the packets of one vehicle. Step it at `service_hz`."""

    def __init__(
        self,
        dictionary: Dictionary,
        bus: Bus,
        radio: Radio,
        *,
        service_hz: int = 10,
        enabled: Callable[[], bool] = lambda: True,
        events: EventLog | None = None,
    ) -> None:
        """`events`: the log whose records are sent as well."""
        self.sent = 0
        self.events_sent = 0  # and how many went out of the log before they could be
        self._events = events
        self._event_count = 0
        self._send = radio.send
        self._enabled = enabled
        self._steps = 0
        self._sources = [_Source(dictionary, n, bus, service_hz) for n in dictionary.packets]

    def step(self, now_ns: int) -> None:
        """Send what is due."""
        step = self._steps
        self._steps = step + 1
        if self._enabled():
            for source in self._sources:
                if step % source.period == 0:
                    self._send(source.packet(now_ns))
                    self.sent += 1
            if self._events is not None and self._events.sequence > self.events_sent:
                self._send_events(self._events)

    def _send_events(self, events: EventLog) -> None:
        for record in events.since(self.events_sent)[:EVENTS_A_STEP]:
            self._send(encode(EVENT_APID, False, self._event_count, pack_event(record)))
            self.events_sent = record.sequence
            self._event_count += 1

    def state_hash(self, h: int) -> int:
        """Chain the number of steps and of packets sent."""
        h = lib.ob_hash_u64(lib.ob_hash_u64(h, self._steps), self.sent)
        return h if self._events is None else lib.ob_hash_u64(h, self.events_sent)


def _storable(kind: str, value: float) -> float:
    """The value, or the nearest that the type can hold."""
    if kind == "f64":
        return float(value)
    if kind == "f32":
        finite = math.isfinite(value)
        return max(-_LARGEST_F32, min(_LARGEST_F32, value)) if finite else float(value)
    if value != value:
        return 0
    least, most = INTEGER_BITS[kind]
    return least if value < least else most if value > most else int(value)
