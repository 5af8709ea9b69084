"""The commands of a dictionary as XTCE's CommandMetaData.

A command is the whole packet: header, time, opcode as fixed values, its arguments with type, unit
and range, and the CRC. (No base command: not every tool follows one.) Sequence count, length, CRC
are filled in by who sends. A hazardous command is `critical` and says what arms it. Of a text the
argument NAME_octets before it is the length.
"""

from __future__ import annotations

from collections.abc import Iterator
from xml.etree import ElementTree as ET

from onboard.core._core import lib
from onboard.dictionary.checker import names_of
from onboard.dictionary.loader import Dictionary
from onboard.dictionary.models import Argument, Command
from onboard.dictionary.xtce_types import Datum, Octets, add_type

_FIXED = (  # of the primary header: name, bits, value
    ("VERSION", 3, 0),
    ("TYPE", 1, 1),
    ("SEC_HDR_FLG", 1, 0),
    ("PKT_APID", 11, lib.OB_APID_TELECOMMAND),
    ("SEQ_FLGS", 2, 3),
)
_TIME = Datum("time_ns", "i64", "When it is sent, clock of the vehicle", "ns")
_TEXT_BITS = 8 * 255


def add_commands(root: ET.Element, d: Dictionary) -> None:
    """All commands, in the order of their opcodes."""
    commands = ET.SubElement(root, "CommandMetaData")
    types = ET.SubElement(commands, "ArgumentTypeSet")
    metas = ET.SubElement(commands, "MetaCommandSet")
    add_type(types, _TIME, "Argument")
    for name, command in sorted(d.commands.items(), key=lambda item: item[1].opcode):
        arguments = [datum for a in command.arguments for datum in _data(d, a)]
        for datum in arguments:
            add_type(types, datum, "Argument", f"{name}-{datum.name}")
        _add_command(metas, name, command, arguments)


def _data(d: Dictionary, a: Argument) -> Iterator[Datum]:
    if a.type != "text":
        yield Datum(a.name, a.type, a.description, a.unit, range=a.range)
        return
    size = f"{a.name}_octets"
    choices = tuple(sorted(a.choices or names_of(d, a.names_of) or ()))
    yield Datum(size, "u8", f"Octets of {a.name}")
    yield Datum(
        a.name, "text", a.description, bits=_TEXT_BITS, octets=Octets(size), choices=choices
    )


def _add_command(metas: ET.Element, name: str, c: Command, arguments: list[Datum]) -> None:
    command = ET.SubElement(metas, "MetaCommand", {"name": name, "shortDescription": c.description})
    if c.modes is not None:
        ET.SubElement(command, "LongDescription").text = f"In modes {', '.join(c.modes)}."
    types = {_TIME.name: f"{_TIME.name}-type"}
    types |= {a.name: f"{name}-{a.name}-type" for a in arguments}
    listed = ET.SubElement(command, "ArgumentList")
    for argument, of_type in types.items():
        ET.SubElement(listed, "Argument", {"name": argument, "argumentTypeRef": of_type})
    container = ET.SubElement(command, "CommandContainer", {"name": f"{name}-packet"})
    _add_entries(ET.SubElement(container, "EntryList"), c, arguments)
    if c.armed_by is not None:
        why = {"reasonForWarning": f"Hazardous: armed by {c.armed_by}"}
        ET.SubElement(command, "DefaultSignificance", {**why, "consequenceLevel": "critical"})


def _add_entries(entries: ET.Element, c: Command, arguments: list[Datum]) -> None:
    for name, bits, value in _FIXED:
        _add_fixed(entries, name, bits, value)
    for name in ("SRC_SEQ_CTR", "PKT_LEN"):
        ET.SubElement(entries, "ParameterRefEntry", {"parameterRef": name})
    ET.SubElement(entries, "ArgumentRefEntry", {"argumentRef": _TIME.name})
    _add_fixed(entries, "opcode", 16, c.opcode)
    for a in arguments:
        ET.SubElement(entries, "ArgumentRefEntry", {"argumentRef": a.name})
    ET.SubElement(entries, "ParameterRefEntry", {"parameterRef": "crc"})


def _add_fixed(entries: ET.Element, name: str, bits: int, value: int) -> None:
    octets = value.to_bytes((bits + 7) // 8).hex().upper()
    fixed = {"name": name, "binaryValue": octets, "sizeInBits": str(bits)}
    ET.SubElement(entries, "FixedValueEntry", fixed)
