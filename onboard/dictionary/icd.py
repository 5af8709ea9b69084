"""The interface control document: every octet of every packet that a vehicle sends or takes."""

from __future__ import annotations

import struct
from collections.abc import Iterator

from onboard.core._core import lib
from onboard.dictionary import exchange
from onboard.dictionary.icd_exchange import exchanged, words
from onboard.dictionary.link_messages import LINK_MESSAGES, LinkMessage, layout
from onboard.dictionary.loader import Dictionary
from onboard.dictionary.models import Argument, Command, Packet, Severity

_OCTETS = {"f64": 8, "f32": 4, "i64": 8, "u32": 4, "u16": 2, "u8": 1, "flag": 1}
_TELEMETRY_HEAD = struct.calcsize(">qI")
_COMMAND_HEAD = struct.calcsize(">qH")
_TYPES = """\
| type | octets | |
|---|---|---|
| f64, f32 | 8, 4 | IEEE 754 |
| i64 | 8 | two's complement |
| u64, u32, u16, u8 | 8, 4, 2, 1 | unsigned |
| flag | 1 | 0 or 1 |
| text | | UTF-8: in commands, events behind its length (u8); in link messages before zeros |
"""
_CHANNELS = ("| octet | field | type | unit | warning | alarm | |", "|---|---|---|---|---|---|---|")
_HEADER = """\
| octet | bits | field | value |
|---|---|---|---|
| 0 | 3 | packet version number | 0 |
| | 1 | packet type | 0: from the board or vehicle; 1: telecommand, to it |
| | 1 | secondary header flag | 0 |
| 0-1 | 11 | application process identifier (APID) | see below |
| 2 | 2 | sequence flags | 3: unsegmented |
| 2-3 | 14 | packet sequence count | of the APID, 0 to 16383 and again 0 |
| 4-5 | 16 | packet data length | octets that follow, less one |
| 6- | | user data | see below; offsets below count from here |
| last two | 16 | CRC | CRC-16/CCITT-FALSE (0x1021, begins with 0xFFFF) of all before |
"""


def as_icd(d: Dictionary) -> str:
    """The document in Markdown."""
    form = exchange.VEHICLES.get(d.vehicle)
    lines = [
        f"# Interface control document: {d.vehicle}",
        "",
        f"Made by `onboard dictionary export {d.vehicle} --format icd`; dictionary CRC-32 "
        f"`{d.crc:08x}`. Packets are CCSDS space packets (133.0-B-2), big endian. On a serial line "
        "each is a frame: a zero, COBS of the packet, a zero.",
        "",
        *("## Packet", "", *_HEADER.splitlines(), ""),
        *("## Types", "", *_TYPES.splitlines(), ""),
        *("## Packets by APID", "", *_by_apid(d), ""),
        *("## Telemetry", "", *_telemetry(d)),
        *("## Telecommands", "", *_commands(d)),
        *("## Events", "", *_events(d)),
        *("## Messages of the link", "", *_link()),
        *("## Configuration and memory of a board", "", *words(form)),
        *(exchanged(form) if form else ()),
    ]
    return "\n".join(lines).rstrip() + "\n"


def _by_apid(d: Dictionary) -> Iterator[str]:
    rows = [(m.apid, m.name, m.sender, m.description) for m in LINK_MESSAGES]
    rows.append((lib.OB_APID_TELECOMMAND, "telecommand", "ground", "A command of the dictionary"))
    rows.append((lib.OB_APID_EVENTS, "event", "vehicle", "Something happened"))
    rows += [(m.apid, m.name, m.sender, m.description) for m in exchange.WORDS]
    if d.vehicle in exchange.VEHICLES:
        rows += [(m.apid, m.name, m.sender, m.description) for m in exchange.TICKS]
    rows += [(p.apid, name, "vehicle", p.description) for name, p in d.packets.items()]
    yield from ("| APID | packet | from | |", "|---|---|---|---|")
    for apid, name, sender, description in sorted(rows):
        yield f"| {apid} | `{name}` | {sender} | {description} |"


# ---- telemetry --------------------------------------------------------------------------------


def _telemetry(d: Dictionary) -> Iterator[str]:
    yield "A channel is stale if two periods of its rate passed since its datum, or it never came."
    yield ""
    for name, packet in d.packets.items():
        yield from _packet(d, name, packet)


def _packet(d: Dictionary, name: str, packet: Packet) -> Iterator[str]:
    octets = _TELEMETRY_HEAD + sum(_OCTETS[d.channels[c].type] for c in packet.channels)
    yield f"### `{name}`, APID {packet.apid}, {packet.rate_hz} Hz"
    yield ""
    yield f"{packet.description}. {octets} octets of user data, {octets + 8} of packet."
    yield ""
    yield from _CHANNELS
    yield "| 0 | time | i64 | ns | | | of the vehicle's clock |"
    yield "| 8 | stale channels | u32 | | | | bit k: channel k below, from 0 |"
    at = _TELEMETRY_HEAD
    for channel_name in packet.channels:
        c = d.channels[channel_name]
        limits = f"{_span(c.limits.warning)} | {_span(c.limits.alarm)}"
        yield f"| {at} | `{channel_name}` | {c.type} | {c.unit} | {limits} | {c.description} |"
        at += _OCTETS[c.type]
    yield ""


def _span(limits: tuple[float, float] | None) -> str:
    return "" if limits is None else f"outside {limits[0]:g} to {limits[1]:g}"


# ---- telecommands -----------------------------------------------------------------------------


def _commands(d: Dictionary) -> Iterator[str]:
    yield (
        f"APID {lib.OB_APID_TELECOMMAND}. Octets 0-7 time (i64, ns), 8-9 opcode (u16), then the "
        "arguments in order. Behind a text, offsets count from its end."
    )
    yield ""
    for name, command in sorted(d.commands.items(), key=lambda item: item[1].opcode):
        yield from _command(name, command)


def _command(name: str, command: Command) -> Iterator[str]:
    armed = f" Hazardous: armed by `{command.armed_by}`." if command.armed_by else ""
    modes = f" In modes {', '.join(command.modes)}." if command.modes else ""
    yield f"### `{name}`, opcode {command.opcode}"
    yield ""
    yield f"{command.description.rstrip('.')}.{armed}{modes}"
    yield ""
    if command.arguments:
        yield from ("| octet | argument | type | unit | allowed | |", "|---|---|---|---|---|---|")
        yield from _arguments(command.arguments)
        yield ""


def _arguments(arguments: tuple[Argument, ...]) -> Iterator[str]:
    at, behind = _COMMAND_HEAD, ""
    for a in arguments:
        unit = "" if a.type == "text" else a.unit
        yield f"| {behind}{at} | `{a.name}` | {a.type} | {unit} | {_allowed(a)} | {a.description} |"
        if a.type == "text":
            at, behind = 0, f"`{a.name}` + "
        else:
            at += _OCTETS[a.type]


def _allowed(a: Argument) -> str:
    if a.type == "text":
        return " ".join(a.choices) if a.choices else f"one of the {a.names_of or 'texts'}"
    low, high = a.quantity().bounds
    return f"{low:g} to {high:g}"


# ---- events -----------------------------------------------------------------------------------


def _events(d: Dictionary) -> Iterator[str]:
    severities = ", ".join(f"{k} {s.value}" for k, s in enumerate(Severity))
    yield f"APID {lib.OB_APID_EVENTS}; `onboard/services/event_packets.py`."
    yield ""
    yield from ("| octet | field | type | |", "|---|---|---|---|")
    yield "| 0 | time | i64 | ns, of the vehicle's clock |"
    yield "| 8 | number | u32 | counts the records of the log: a gap says how many did not come |"
    yield "| 12 | event | u16 | its number, below |"
    yield f"| 14 | severity | u8 | {severities} |"
    yield "| 15 | text | text | the event in words; empty from a board that makes none |"
    yield ""
    yield from ("| event | number | severity | text |", "|---|---|---|---|")
    for name, event in sorted(d.events.items(), key=lambda item: item[1].id):
        text = event.text.replace("|", "\\|")
        yield f"| `{name}` | {event.id} | {event.severity.value} | {text} |"
    yield ""


# ---- messages of the link ---------------------------------------------------------------------


def _link() -> Iterator[str]:
    yield "Between board and desk, little endian: `native/core/include/onboard/link_message.h`."
    yield ""
    for message in LINK_MESSAGES:
        yield from _message(message)


def _message(message: LinkMessage) -> Iterator[str]:
    yield f"### `{message.name}`, APID {message.apid}, from {message.sender}"
    yield ""
    yield from ("| octet | field | type | |", "|---|---|---|---|")
    for field in layout(message):
        kind = f"text of {field.octets}" if field.type == "text" else field.type
        yield f"| {field.at} | `{field.name}` | {kind} | {message.fields[field.name]} |"
    yield ""
