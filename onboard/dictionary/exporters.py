"""A dictionary for others: JSON and XTCE for tools, pages for people, a C header for boards."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator

from onboard.dictionary.checker import identifier
from onboard.dictionary.icd import as_icd
from onboard.dictionary.loader import Dictionary
from onboard.dictionary.models import Argument, Command, Quantity
from onboard.dictionary.xtce import as_xtce


def as_json(d: Dictionary) -> str:
    """The whole dictionary. Keys are stable: sections, then names, then the fields of the models.

    `identifiers` holds those of channels and parameters, `crc` the CRC-32 of the content.
    """
    identifiers = {
        "channels": {name: identifier(name) for name in d.channels},
        "parameters": {name: identifier(name) for name in d.parameters},
    }
    content = {**d.as_json(), "crc": d.crc, "identifiers": identifiers}
    return json.dumps(content, indent=2, sort_keys=True) + "\n"


def as_header(d: Dictionary) -> str:
    """Identifiers of everything as C macros."""
    prefix = f"OB_{d.vehicle.upper()}"
    guard = f"ONBOARD_DICTIONARY_{d.vehicle.upper()}_H"
    sections = (
        ("COMMAND", {name: c.opcode for name, c in d.commands.items()}),
        ("EVENT", {name: e.id for name, e in d.events.items()}),
        ("PACKET", {name: p.apid for name, p in d.packets.items()}),
        ("CHANNEL", {name: identifier(name) for name in d.channels}),
        ("PARAMETER", {name: identifier(name) for name in d.parameters}),
    )
    lines = [
        f"/* Identifiers of the {d.vehicle}'s dictionary; made by `onboard dictionary export`. */",
        f"#ifndef {guard}",
        f"#define {guard}",
        "",
        f"#define {prefix}_DICTIONARY_CRC UINT32_C({d.crc:#010x})",
    ]
    for section, numbers in sections:
        lines.append("")
        for name, number in numbers.items():
            macro = name.upper().replace(".", "_")
            lines.append(f"#define {prefix}_{section}_{macro} UINT32_C({number:#x})")
    return "\n".join([*lines, "", "#endif", ""])


def as_markdown(d: Dictionary) -> str:
    """The reference page."""
    blocks: list[Iterable[str]] = [
        [f"# Dictionary of the {d.vehicle}", "", "Made by `onboard dictionary export`.", ""],
        _commands(d),
        _table("Parameters", "| parameter | type | unit | default | range | |", _parameters(d)),
        _table("Channels", "| channel | source | type | unit | Hz | |", _channels(d)),
        _table("Packets", "| packet | apid | Hz | channels | |", _packets(d)),
        _table("Events", "| event | id | severity | text |", _events(d)),
        _table("Sequences", "| sequence | kind | steps | |", _sequences(d)),
        _table("Schedule", "| member | Hz | offset | budget, us | criticality |", _schedule(d)),
    ]
    return "\n".join(line for block in blocks for line in block)


FORMATS: dict[str, Callable[[Dictionary], str]] = {
    "json": as_json,
    "markdown": as_markdown,
    "header": as_header,
    "icd": as_icd,
    "xtce": as_xtce,
}


def _table(title: str, head: str, rows: Iterable[str]) -> Iterator[str]:
    yield from (f"## {title}", "", head, "|" + "---|" * (head.count("|") - 1), *rows, "")


def _row(*cells: object) -> str:
    return "| " + " | ".join(str(c).replace("|", "\\|") for c in cells) + " |"


def _commands(d: Dictionary) -> Iterator[str]:
    head = "| command | opcode | arguments | hazard | modes | |"
    rows = (
        _row(
            f"`{name}`",
            c.opcode,
            "<br>".join(_argument(a) for a in c.arguments),
            _hazard(c),
            "all" if c.modes is None else " ".join(c.modes),
            c.description,
        )
        for name, c in d.commands.items()
    )
    yield from _table("Commands", head, rows)


def _argument(a: Argument) -> str:
    if a.type == "text":
        allowed = " ".join(a.choices) if a.choices else f"one of the {a.names_of or 'texts'}"
        return f"`{a.name}` text: {allowed}"
    return f"`{a.name}` {a.type} {a.unit} {_range(a.quantity())}"


def _hazard(c: Command) -> str:
    return f"armed by `{c.armed_by}`" if c.armed_by else "none"


def _range(q: Quantity) -> str:
    low, high = q.bounds
    return f"{low:g} to {high:g}"


def _parameters(d: Dictionary) -> Iterator[str]:
    for name, p in sorted(d.parameters.items()):
        yield _row(f"`{name}`", p.type, p.unit, f"{p.default:g}", _range(p), p.description)


def _channels(d: Dictionary) -> Iterator[str]:
    for name, c in d.channels.items():
        source = f"{c.topic}: {c.field}" if c.field else c.topic
        yield _row(f"`{name}`", source, c.type, c.unit, c.rate_hz, c.description)


def _packets(d: Dictionary) -> Iterator[str]:
    for name, p in d.packets.items():
        yield _row(f"`{name}`", p.apid, p.rate_hz, " ".join(p.channels), p.description)


def _events(d: Dictionary) -> Iterator[str]:
    for name, e in d.events.items():
        yield _row(f"`{name}`", e.id, e.severity.value, e.text)


def _sequences(d: Dictionary) -> Iterator[str]:
    for name, s in d.sequences.items():
        steps = "<br>".join(f"{step.time_s:g} s {step.command}" for step in s.steps)
        yield _row(f"`{name}`", s.kind, steps, s.description)


def _schedule(d: Dictionary) -> Iterator[str]:
    for name, m in d.schedule.members.items():
        yield _row(f"`{name}`", m.rate_hz, m.offset, f"{m.budget_us:g}", m.criticality.name.lower())
