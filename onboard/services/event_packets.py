"""Events on the link: a packet each, of `EVENT_APID`, for ground software that has the dictionary.

User data, big endian: time in nanoseconds (int64), number (uint32: counts the records of the log,
so that a gap says how many did not come), event (uint16, its id), severity (uint8, 0 debug to 4
fatal), the text as its length (uint8) and UTF-8. A board that makes no texts sends an empty one.
"""

from __future__ import annotations

import struct
from typing import NamedTuple

from onboard.core._core import lib
from onboard.dictionary.models import Severity
from onboard.services.events import EventRecord

EVENT_APID: int = lib.OB_APID_EVENTS
SEVERITIES = tuple(s.value for s in Severity)
_HEAD = struct.Struct(">qIHBB")  # the last: octets of text
_TEXT_OCTETS = 255


class EventRow(NamedTuple):
    """An event packet taken apart."""

    time_ns: int
    number: int
    id: int
    severity: str
    text: str


def pack_event(record: EventRecord) -> bytes:
    """The user data of a record; a text that is too long is cut between two characters."""
    text = record.text.encode(errors="replace")[:_TEXT_OCTETS].decode(errors="ignore").encode()
    severity, number = SEVERITIES.index(record.severity), record.sequence & 0xFFFFFFFF
    return _HEAD.pack(record.time_ns, number, record.id, severity, len(text)) + text


def unpack_event(data: bytes) -> EventRow:
    """The ground's side. Raises ValueError for what is no event."""
    if len(data) < _HEAD.size:
        raise ValueError(f"{len(data)} octets, at least {_HEAD.size} expected")
    time_ns, number, event, severity, octets = _HEAD.unpack_from(data)
    if len(data) != _HEAD.size + octets:
        raise ValueError(f"{len(data)} octets, {_HEAD.size + octets} announced")
    if severity >= len(SEVERITIES):
        raise ValueError(f"severity {severity}: allowed 0..{len(SEVERITIES) - 1}")
    text = data[_HEAD.size :].decode(errors="replace")
    return EventRow(time_ns, number, event, SEVERITIES[severity], text)
