"""The exported XTCE by an independent reader: commands, events and answers of a board.

space_packet_parser reads telemetry alone, so the commands of the document are handed to it as
telemetry: argument types become parameter types, command containers sequence containers. What is in
them, sizes, encodings, order, fixed values, stays as exported.
"""

import random
import re
import struct
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
import space_packet_parser

from onboard.dictionary import load
from onboard.dictionary.exchange import WORDS
from onboard.dictionary.exporters import FORMATS
from onboard.dictionary.loader import Dictionary
from onboard.dictionary.models import Argument
from onboard.dictionary.xtce import NAMESPACE
from onboard.services.commands import COMMAND_APID, WIRE_CODES, CommandCodec
from onboard.services.event_packets import EVENT_APID, pack_event
from onboard.services.events import EventLog
from onboard.services.packets import encode

X = f"{{{NAMESPACE}}}"
DICTIONARIES = {name: load(name) for name in ("lander", "rover")}


@pytest.fixture(scope="module", params=DICTIONARIES)
def vehicle(request: pytest.FixtureRequest) -> Dictionary:
    return DICTIONARIES[request.param]


def document(d: Dictionary) -> ET.Element:
    return ET.fromstring(FORMATS["xtce"](d))


def definition(root: ET.Element, folder: Path) -> Any:
    path = folder / "document.xml"
    ET.register_namespace("", NAMESPACE)
    ET.ElementTree(root).write(path, encoding="unicode")
    return space_packet_parser.load_xtce(path)


def as_telemetry(root: ET.Element, name: str) -> None:
    """One command in the place of all telemetry containers."""
    commands = root.find(f"{X}CommandMetaData")
    command = next(c for c in commands.iter(f"{X}MetaCommand") if c.get("name") == name)
    types, names, containers = (
        root.find(f"{X}TelemetryMetaData/{X}{part}")
        for part in ("ParameterTypeSet", "ParameterSet", "ContainerSet")
    )
    of_argument = {a.get("name"): a.get("argumentTypeRef") for a in command.iter(f"{X}Argument")}
    for kind in commands.find(f"{X}ArgumentTypeSet"):
        kind.tag = kind.tag.replace("Argument", "Parameter")
        kind.set("name", f"argument-{kind.get('name')}")
        for ref in kind.iter(f"{X}ArgumentInstanceRef"):
            ref.tag = f"{X}ParameterInstanceRef"
            ref.set("parameterRef", f"argument-{ref.attrib.pop('argumentRef')}")
        types.append(kind)
    for argument, kind in of_argument.items():
        attributes = {"name": f"argument-{argument}", "parameterTypeRef": f"argument-{kind}"}
        ET.SubElement(names, f"{X}Parameter", attributes)
    for container in list(containers):
        containers.remove(container)
    container = ET.SubElement(containers, f"{X}SequenceContainer", {"name": "CCSDSPacket"})
    entries = ET.SubElement(container, f"{X}EntryList")
    for entry in command.find(f"{X}CommandContainer/{X}EntryList"):
        entries.append(entry_as_telemetry(entry, types, names))
    root.remove(commands)


def entry_as_telemetry(entry: ET.Element, types: ET.Element, names: ET.Element) -> ET.Element:
    if entry.tag == f"{X}ParameterRefEntry":
        return entry
    name = entry.get("argumentRef") or f"fixed-{entry.get('name')}"
    if entry.tag == f"{X}FixedValueEntry":
        kind = ET.SubElement(types, f"{X}IntegerParameterType", {"name": f"{name}-type"})
        ET.SubElement(kind, f"{X}UnitSet")
        size = {"sizeInBits": entry.get("sizeInBits"), "encoding": "unsigned"}
        ET.SubElement(kind, f"{X}IntegerDataEncoding", size)
        ET.SubElement(names, f"{X}Parameter", {"name": name, "parameterTypeRef": f"{name}-type"})
    else:
        name = f"argument-{name}"
    return ET.Element(f"{X}ParameterRefEntry", {"parameterRef": name})


def some_value(d: Dictionary, codec: CommandCodec, command: str, argument: Argument) -> Any:
    if argument.type == "text":
        (known,) = [a for a in codec.arguments[command] if a.name == argument.name]
        return random.Random(command).choice(sorted(known.allowed or ["any text, äöü"]))
    low, high = argument.quantity().bounds
    return int(high) if argument.type not in ("f32", "f64") else 0.25 * low + 0.75 * high


def test_every_command_is_decoded_by_its_description(vehicle: Dictionary, tmp_path: Path) -> None:
    codec = CommandCodec(vehicle)
    for name, command in vehicle.commands.items():
        arguments = {a.name: some_value(vehicle, codec, name, a) for a in command.arguments}
        packet = codec.encode(name, arguments, time_ns=123456789012, count=77)
        root = document(vehicle)
        fixed = {
            e.get("name"): int(e.get("binaryValue", ""), 16)
            for c in root.iter(f"{X}MetaCommand")
            if c.get("name") == name
            for e in c.iter(f"{X}FixedValueEntry")
        }
        as_telemetry(root, name)
        theirs = dict(definition(root, tmp_path).parse_bytes(packet))
        for field, value in fixed.items():
            assert theirs[f"fixed-{field}"] == value, (name, field)
        assert (fixed["opcode"], fixed["PKT_APID"]) == (command.opcode, COMMAND_APID)
        assert theirs["argument-time_ns"] == 123456789012
        assert theirs["SRC_SEQ_CTR"] == 77
        assert theirs["PKT_LEN"] == len(packet) - 7
        assert theirs["crc"] == int.from_bytes(packet[-2:])
        for argument in command.arguments:
            assert theirs[f"argument-{argument.name}"] == rounded(argument, arguments)


def rounded(argument: Argument, arguments: dict[str, Any]) -> Any:
    value = arguments[argument.name]
    if argument.type == "text":
        return value
    return struct.unpack(WIRE_CODES[argument.type], struct.pack(WIRE_CODES[argument.type], value))[
        0
    ]


def test_ranges_units_choices_and_hazards_are_there(vehicle: Dictionary) -> None:
    root = document(vehicle)
    types = {t.get("name"): t for t in root.find(f"{X}CommandMetaData/{X}ArgumentTypeSet")}
    commands = {c.get("name"): c for c in root.iter(f"{X}MetaCommand")}
    assert commands.keys() == vehicle.commands.keys()
    for name, command in vehicle.commands.items():
        armed = commands[name].find(f"{X}DefaultSignificance")
        assert (armed is not None) == (command.armed_by is not None)
        if armed is not None:
            assert command.armed_by in armed.get("reasonForWarning", "")
        for a in command.arguments:
            kind = types[f"{name}-{a.name}-type"]
            if a.range is not None:
                (span,) = kind.iter(f"{X}ValidRange")
                bounds = [float(span.get(end, "")) for end in ("minInclusive", "maxInclusive")]
                assert bounds == list(a.range)
            if a.type == "text":
                pattern = kind.get("restrictionPattern")
                assert all(re.fullmatch(pattern, choice) for choice in a.choices or ())
                assert pattern is None or not re.fullmatch(pattern, "none_of_them")
            elif a.unit != "1":
                assert [u.text for u in kind.iter(f"{X}Unit")] == [a.unit]


def test_events_are_named(vehicle: Dictionary, tmp_path: Path) -> None:
    log = EventLog(vehicle.events)
    for k, (name, event) in enumerate(vehicle.events.items()):
        log.emit(name, k * 10**9, **{value: 1 for value in event.values})
    reader = definition(document(vehicle), tmp_path)
    for record in log.since(0):
        packet = encode(EVENT_APID, False, record.sequence, pack_event(record))
        theirs = dict(reader.parse_bytes(packet))
        assert theirs["event-id"] == record.name
        assert theirs["event-severity"] == record.severity
        assert theirs["event-text"] == record.text
        assert (theirs["time_ns"], theirs["event-number"]) == (record.time_ns, record.sequence)


@pytest.mark.parametrize("octets", [b"", b"\x00\x01abc"])
def test_answers_of_a_board_are_decoded(tmp_path: Path, octets: bytes) -> None:
    reader = definition(document(DICTIONARIES["lander"]), tmp_path)
    for message in WORDS:
        if message.sender != "board":
            continue
        words = [-(k + 1) << 33 for k in range(len(message.words))]
        rest = octets if message.octets else b""
        data = struct.pack(f"<{len(words)}q", *words) + rest
        theirs = dict(reader.parse_bytes(encode(message.apid, False, 3, data)))
        found = [theirs[f"link-{message.name}-{name}"] for name in message.words]
        assert found == words
        assert theirs.get(f"link-{message.name}-octets", b"") == rest
        assert theirs["crc"] is not None
