"""A dictionary's telemetry, events, commands as XTCE 1.2 (OMG formal/18-10-04), for ground systems.

The seven fields of the primary header are parameters of their own (an aggregate is not read by
every tool), big endian as all telemetry; messages of the link are little endian. A name has a
hyphen where the dictionary has a dot, which XTCE does not allow; its alias is the dictionary's.
Before a text of any length stands a number of its own, its octets: tools do not agree whether a
`LeadingSize` counts bits or octets.
"""

from __future__ import annotations

from collections.abc import Iterator
from xml.etree import ElementTree as ET

from onboard.core._core import lib
from onboard.dictionary.exchange import WORDS, WordMessage
from onboard.dictionary.link_messages import LINK_MESSAGES, LinkMessage, layout
from onboard.dictionary.loader import Dictionary
from onboard.dictionary.models import Channel, Severity
from onboard.dictionary.xtce_commands import add_commands
from onboard.dictionary.xtce_types import Datum, Octets, add_type

NAMESPACE = "http://www.omg.org/spec/XTCE/20180204"
_NAMESPACES = {
    "xmlns": NAMESPACE,
    "xmlns:xsi": "http://www.w3.org/2001/XMLSchema-instance",
    "xsi:schemaLocation": f"{NAMESPACE} https://www.omg.org/spec/XTCE/20180204/SpaceSystem.xsd",
}
HEADER = (  # CCSDS 133.0-B-2, 4.1.3: name and bits
    ("VERSION", 3),
    ("TYPE", 1),
    ("SEC_HDR_FLG", 1),
    ("PKT_APID", 11),
    ("SEQ_FLGS", 2),
    ("SRC_SEQ_CTR", 14),
    ("PKT_LEN", 16),
)
_TEXT_BITS = 8 * 255


def as_xtce(d: Dictionary) -> str:
    """All packets that a vehicle and its board send, those of the dictionary and those of the link,
    and the commands that they take."""
    containers = {**_packets(d), **_events(d), **_messages(), **_words(), **_replies()}
    parameters = {p.name: p for _, entries in containers.values() for p in entries}
    header = [Datum(name, "uint", "Primary header", bits=bits) for name, bits in HEADER]
    root = ET.Element("SpaceSystem", {**_NAMESPACES, "name": d.vehicle})
    about = f"Telemetry and commands of the {d.vehicle}, dictionary CRC {d.crc:08x}; "
    ET.SubElement(root, "LongDescription").text = about + "made by onboard dictionary export."
    telemetry = ET.SubElement(root, "TelemetryMetaData")
    types = ET.SubElement(telemetry, "ParameterTypeSet")
    names = ET.SubElement(telemetry, "ParameterSet")
    for parameter in (*header, *parameters.values()):
        add_type(types, parameter, "Parameter")
        _add_parameter(names, parameter)
    _add_containers(ET.SubElement(telemetry, "ContainerSet"), header, containers)
    add_commands(root, d)
    ET.indent(root)
    return ET.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


# ---- what there is ----------------------------------------------------------------------------

_CRC = Datum("crc", "u16", "CRC-16/CCITT-FALSE of all before")
_Containers = dict[str, tuple[tuple[int, str], list[Datum]]]


def _packets(d: Dictionary) -> _Containers:
    head = [
        Datum("time_ns", "i64", "Clock of the vehicle", "ns"),
        Datum("stale_channels", "u32", "Bit k: channel k of the packet is stale"),
    ]
    return {
        f"packet-{name}": (
            (packet.apid, packet.description),
            [*head, *(_channel(c, d.channels[c]) for c in packet.channels), _CRC],
        )
        for name, packet in d.packets.items()
    }


def _channel(name: str, c: Channel) -> Datum:
    return Datum(name.replace(".", "-"), c.type, c.description, c.unit, limits=c.limits, alias=name)


def _events(d: Dictionary) -> _Containers:
    """`onboard/services/event_packets.py`."""
    names = tuple((e.id, name) for name, e in sorted(d.events.items(), key=lambda i: i[1].id))
    severities = tuple(enumerate(s.value for s in Severity))
    of_text = Octets("event-text_octets")
    fields = [
        Datum("time_ns", "i64", "Clock of the vehicle", "ns"),
        Datum("event-number", "u32", "Counts the records of the log"),
        Datum("event-id", "u16", "Which event", labels=names),
        Datum("event-severity", "u8", "How bad it is", labels=severities),
        Datum("event-text_octets", "u8", "Length of the text"),
        Datum("event-text", "text", "The event in words", bits=_TEXT_BITS, octets=of_text),
        _CRC,
    ]
    return {"event": ((lib.OB_APID_EVENTS, "Something happened"), fields)}


def _messages() -> _Containers:
    sent = [message for message in LINK_MESSAGES if message.sender != "desk"]
    return {f"link-{m.name}": ((m.apid, m.description), [*_fields(m), _CRC]) for m in sent}


def _fields(message: LinkMessage) -> Iterator[Datum]:
    for field in layout(message):
        unit = "ns" if field.name.endswith("_ns") else "1"
        about = message.fields[field.name]
        name = f"link-{message.name}-{field.name}"
        yield Datum(name, field.type, about, unit, bits=8 * field.octets, little_endian=True)


def _words() -> _Containers:
    """Messages of words, then octets: the answers of a board."""
    answers = [message for message in WORDS if message.sender == "board"]
    return {f"link-{m.name}": ((m.apid, m.description), [*_words_of(m), _CRC]) for m in answers}


def _words_of(message: WordMessage) -> Iterator[Datum]:
    for name, about in message.words.items():
        unit = "ns" if name.endswith("_ns") else "1"
        yield Datum(f"link-{message.name}-{name}", "i64", about, unit, little_endian=True)
    if message.octets:
        yield _rest(f"link-{message.name}-octets", message.octets, 8 * len(message.words))


def _rest(name: str, about: str, before: int) -> Datum:
    """All octets between so many and the CRC. PKT_LEN is one less than all user data."""
    return Datum(name, "octets", about, octets=Octets("PKT_LEN", 8, 8 * (1 - before - 2)))


def _replies() -> _Containers:
    """Its numbers have no fixed size, which XTCE cannot say: the ICD has them."""
    fields = [
        Datum("link-reply-time_ns", "i64", "Of the tick", "ns", little_endian=True),
        _rest("link-reply-octets", "Numbers of any size: see the ICD", 8),
        _CRC,
    ]
    return {"link-reply": ((lib.OB_APID_REPLY, "What a tick made of it"), fields)}


# ---- as XML -----------------------------------------------------------------------------------


def _add_parameter(names: ET.Element, p: Datum) -> None:
    element = ET.SubElement(
        names, "Parameter", {"name": p.name, "parameterTypeRef": f"{p.name}-type"}
    )
    if p.alias:
        aliases = ET.SubElement(element, "AliasSet")
        ET.SubElement(aliases, "Alias", {"nameSpace": "onboard", "alias": p.alias})


def _add_containers(parent: ET.Element, header: list[Datum], containers: _Containers) -> None:
    _add_container(parent, {"name": "CCSDSPacket", "abstract": "true"}, header)
    for name, ((apid, description), entries) in containers.items():
        attributes = {"name": name, "shortDescription": description}
        container = _add_container(parent, attributes, entries)
        base = ET.SubElement(container, "BaseContainer", {"containerRef": "CCSDSPacket"})
        criteria = ET.SubElement(ET.SubElement(base, "RestrictionCriteria"), "ComparisonList")
        for parameter, value in (("TYPE", 0), ("PKT_APID", apid)):
            ET.SubElement(criteria, "Comparison", {"parameterRef": parameter, "value": str(value)})


def _add_container(
    parent: ET.Element, attributes: dict[str, str], entries: list[Datum]
) -> ET.Element:
    container = ET.SubElement(parent, "SequenceContainer", attributes)
    listed = ET.SubElement(container, "EntryList")
    for parameter in entries:
        ET.SubElement(listed, "ParameterRefEntry", {"parameterRef": parameter.name})
    return container
