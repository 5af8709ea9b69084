"""The part of the interface control document that only a board and the bench see."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from onboard.dictionary import exchange
from onboard.dictionary.exchange import Field, Form, WordMessage

_NUMBER = """\
Little endian. A *number* is an integer of 1 to 10 octets (LEB128: 7 bits an octet, the lowest \
first, bit 7 set but in the last) with its sign in bit 0: 0, -1, 1, -2 are sent as 0, 1, 2, 3. \
Forms are compared with `native/core/include/onboard/flight_exchange.h` by a test."""


# ---- configuration and memory -----------------------------------------------------------------


def words(form: Form | None) -> Iterator[str]:
    """CONFIG and MEMORY, their answers, and what their numbers mean."""
    yield "Little endian: `native/firmware/common/flight.h`."
    yield ""
    for message in exchange.WORDS:
        yield from _message(message)
    yield from ("| what | | |", "|---|---|---|")
    for name, (number, about) in exchange.CONFIGS.items():
        yield f"| {number} | {name} | {about} |"
    yield from ("", "| status of BEGIN | |", "|---|---|")
    for status, about in exchange.STATUSES.items():
        yield f"| {status} | {about} |"
    yield from ("", "| part | | |", "|---|---|---|")
    parts = [*exchange.PARTS.items(), *(form.parts.items() if form else ())]
    for name, (number, about) in sorted(parts, key=lambda part: part[1][0]):
        yield f"| {number} | {name} | {about} |"
    yield ""


def _message(message: WordMessage) -> Iterator[str]:
    yield f"### `{message.name}`, APID {message.apid}, from {message.sender}"
    yield ""
    yield from ("| octet | field | type | |", "|---|---|---|---|")
    for k, (name, about) in enumerate(message.words.items()):
        yield f"| {8 * k} | `{name}` | i64 | {about} |"
    if message.octets:
        yield f"| {8 * len(message.words)} | | octets | {message.octets} |"
    yield ""


# ---- a tick -----------------------------------------------------------------------------------


def exchanged(form: Form) -> Iterator[str]:
    """GRANT and REPLY."""
    yield from ("## A tick", "", _NUMBER, "")
    for ticking, head in zip(exchange.TICKS, (exchange.GRANT, exchange.REPLY), strict=True):
        yield f"### `{ticking.name}`, APID {ticking.apid}, from {ticking.sender}"
        yield ""
        yield from ("| field | type | |", "|---|---|---|")
        yield from (f"| `{f.name}` | {f.type} | {f.description} |" for f in head)
        yield ""
        yield from _entries(form) if ticking.name == "grant" else _rows(form)
    bits = ", ".join(f"{k} {name}" for k, name in enumerate(form.members))
    yield from (f"Bits of `members`: {bits}.", "")


def _entries(form: Form) -> Iterator[str]:
    yield "Then entries up to the end, an octet that says which and its fields. An age is the time"
    yield "of the tick less that of the datum."
    yield ""
    yield from ("| octet | entry | fields |", "|---|---|---|")
    for e in exchange.entries(form):
        last = f" + k, k to {e.kinds - 1}" if e.kinds > 1 else ""
        yield f"| 0x{e.tag:02x}{last} | {e.name} | {_listed(e.fields)} |"
    yield from ("", "| k | order | arguments |", "|---|---|---|")
    for k, (name, about) in enumerate(exchange.ORDERS):
        if name in form.orders:
            yield f"| {k} | {name} | {about} |"
    yield ""


def _rows(form: Form) -> Iterator[str]:
    yield "Then the rows of `sent`, in this order:"
    yield ""
    yield from ("| bit | row | fields |", "|---|---|---|")
    for bit, (name, struct) in enumerate(form.effectors.items()):
        yield f"| {bit} | `{name}` | {_listed(exchange.row(struct))} |"
    yield ""


def _listed(fields: Sequence[Field]) -> str:
    times = [f"{f.times} x " if f.times > 1 else "" for f in fields]
    return ", ".join(f"`{f.name}` {n}{f.type}" for n, f in zip(times, fields, strict=True))
