"""Messages of the link itself, laid out as the structs of `link_message.h`, for documents."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from onboard.core._core import ffi, lib

_TYPES = {"int64_t": "i64", "uint64_t": "u64", "double": "f64", "char": "text"}


class LinkMessage(NamedTuple):
    """One message: who sends it, and what its fields mean."""

    name: str
    apid: int
    sender: str  # board, desk, either
    struct: str
    fields: dict[str, str]
    description: str


class LinkField(NamedTuple):
    """One field of a message: 8 octets, little endian; a text is filled up with zeros."""

    name: str
    type: str  # i64, u64, f64, text
    at: int  # first octet in the user data
    octets: int


_HELLO = {
    "time_ns": "when it was said, sender's clock",
    "identity": "what tells this board from others",
    "session": "another at each start, never 0",
    "peer_session": "of the end that is answered, 0: nobody",
    "firmware_version": "major * 1,000,000 + minor * 1,000 + patch",
    "dictionary_hash": "CRC-32 of the vehicle's dictionary, 0: knows none",
    "core_hash": "of the sources of the flight core",
    "board": "name of the board",
}
_SYNC = {"time_ns": "when it was asked, sender's clock"}
_SYNC_ANSWER = {
    "time_ns": "when it was answered, sender's clock",
    "asked_ns": "from the question",
    "received_ns": "when the question came, sender's clock",
}

_TIMES = {
    "time_ns": "when the reply was sent, board's clock",
    "tick": "which: one in 32 is told of",
    "receive_ns": "from the first octets of the grant to the last",
    "compute_ns": "to the encoded reply",
    "send_ns": "until the line had taken it",
}

_SCRUB = {
    "time_ns": "when it was sent, board's clock",
    "rounds": "that the scrub went through all of it, since the start",
    "image": "flight image in RAM was wrong, and taken from a stored copy",
    "constants": "parts that keep something of the image differed from it, and were written over",
    "copies": "stored copies were wrong, and written over by their fellow",
}

LINK_MESSAGES = (
    LinkMessage("hello", lib.OB_APID_HELLO, "board", "ob_hello", _HELLO, "Who is there"),
    LinkMessage(
        "hello_answer", lib.OB_APID_HELLO_ANSWER, "desk", "ob_hello", _HELLO, "A board was heard"
    ),
    LinkMessage("sync", lib.OB_APID_SYNC, "either", "ob_sync", _SYNC, "What time is it there?"),
    LinkMessage(
        "sync_answer",
        lib.OB_APID_SYNC_ANSWER,
        "either",
        "ob_sync_answer",
        _SYNC_ANSWER,
        "The time here",
    ),
    LinkMessage("times", lib.OB_APID_TIMES, "board", "ob_times", _TIMES, "What a tick took there"),
    LinkMessage("scrub", lib.OB_APID_SCRUB, "board", "ob_scrub", _SCRUB, "Memory put right"),
)


def layout(message: LinkMessage) -> Iterator[LinkField]:
    """The fields of a message in their order, as the compiler laid them out."""
    for name, field in ffi.typeof(message.struct).fields:
        is_text = field.type.kind == "array"
        kind = field.type.item if is_text else field.type
        yield LinkField(name, _TYPES[kind.cname], field.offset, ffi.sizeof(field.type))
