"""A dictionary's telemetry as XTCE 1.2 (OMG formal/18-10-04), for ground systems.

The seven fields of the primary header are parameters of their own (an aggregate is not read by
every tool), big endian as all telemetry; messages of the link are little endian. A name has a
hyphen where the dictionary has a dot, which XTCE does not allow; its alias is the dictionary's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple
from xml.etree import ElementTree as ET

from onboard.dictionary.link_messages import LINK_MESSAGES, LinkMessage, layout
from onboard.dictionary.loader import Dictionary
from onboard.dictionary.models import Channel, Limits

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
_BITS = {"f64": 64, "f32": 32, "i64": 64, "u64": 64, "u32": 32, "u16": 16, "u8": 8, "flag": 8}


class _Parameter(NamedTuple):
    name: str
    type: str
    description: str
    unit: str = "1"
    bits: int = 0  # 0: those of the type
    little_endian: bool = False
    limits: Limits = Limits()
    alias: str = ""


def as_xtce(d: Dictionary) -> str:
    """All packets that a board sends: those of the dictionary and those of the link."""
    containers = {**_packets(d), **_messages()}
    parameters = {p.name: p for _, entries in containers.values() for p in entries}
    header = [_Parameter(name, "uint", "Primary header", bits=bits) for name, bits in HEADER]
    root = ET.Element("SpaceSystem", {**_NAMESPACES, "name": d.vehicle})
    about = f"Telemetry of the {d.vehicle}, dictionary CRC {d.crc:08x}; "
    ET.SubElement(root, "LongDescription").text = about + "made by onboard dictionary export."
    telemetry = ET.SubElement(root, "TelemetryMetaData")
    types = ET.SubElement(telemetry, "ParameterTypeSet")
    names = ET.SubElement(telemetry, "ParameterSet")
    for parameter in (*header, *parameters.values()):
        _add_type(types, parameter)
        _add_parameter(names, parameter)
    _add_containers(ET.SubElement(telemetry, "ContainerSet"), header, containers)
    ET.indent(root)
    return ET.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


# ---- what there is ----------------------------------------------------------------------------

_CRC = _Parameter("crc", "u16", "CRC-16/CCITT-FALSE of all before")
_Containers = dict[str, tuple[tuple[int, str], list[_Parameter]]]


def _packets(d: Dictionary) -> _Containers:
    head = [
        _Parameter("time_ns", "i64", "Clock of the vehicle", "ns"),
        _Parameter("stale_channels", "u32", "Bit k: channel k of the packet is stale"),
    ]
    return {
        f"packet-{name}": (
            (packet.apid, packet.description),
            [*head, *(_channel(c, d.channels[c]) for c in packet.channels), _CRC],
        )
        for name, packet in d.packets.items()
    }


def _channel(name: str, c: Channel) -> _Parameter:
    return _Parameter(
        name.replace(".", "-"), c.type, c.description, c.unit, limits=c.limits, alias=name
    )


def _messages() -> _Containers:
    sent = [message for message in LINK_MESSAGES if message.sender != "desk"]
    return {f"link-{m.name}": ((m.apid, m.description), [*_fields(m), _CRC]) for m in sent}


def _fields(message: LinkMessage) -> Iterator[_Parameter]:
    for field in layout(message):
        unit = "ns" if field.name.endswith("_ns") else "1"
        about = message.fields[field.name]
        name = f"link-{message.name}-{field.name}"
        yield _Parameter(name, field.type, about, unit, bits=8 * field.octets, little_endian=True)


# ---- as XML -----------------------------------------------------------------------------------


def _add_type(types: ET.Element, p: _Parameter) -> None:
    add = _ADD_TYPE.get(p.type, _add_integer)
    attributes = {"name": f"{p.name}-type", "shortDescription": p.description}
    add(types, p, attributes)


def _add_units(kind: ET.Element, p: _Parameter) -> None:
    units = ET.SubElement(kind, "UnitSet")
    if p.unit != "1":
        ET.SubElement(units, "Unit").text = p.unit


def _encoding(p: _Parameter, encoding: str) -> dict[str, str]:
    order = {"byteOrder": "leastSignificantByteFirst"} if p.little_endian else {}
    return {"sizeInBits": str(p.bits or _BITS[p.type]), "encoding": encoding, **order}


def _add_integer(types: ET.Element, p: _Parameter, attributes: dict[str, str]) -> None:
    signed = p.type == "i64"
    held = {"signed": str(signed).lower(), "sizeInBits": str(max(32, p.bits or _BITS[p.type]))}
    kind = ET.SubElement(types, "IntegerParameterType", {**attributes, **held})
    _add_units(kind, p)
    encoding = "twosComplement" if signed else "unsigned"
    ET.SubElement(kind, "IntegerDataEncoding", _encoding(p, encoding))
    _add_alarms(kind, p)


def _add_float(types: ET.Element, p: _Parameter, attributes: dict[str, str]) -> None:
    size = {"sizeInBits": str(_BITS[p.type])}
    kind = ET.SubElement(types, "FloatParameterType", {**attributes, **size})
    _add_units(kind, p)
    ET.SubElement(kind, "FloatDataEncoding", _encoding(p, "IEEE754_1985"))
    _add_alarms(kind, p)


def _add_text(types: ET.Element, p: _Parameter, attributes: dict[str, str]) -> None:
    kind = ET.SubElement(types, "StringParameterType", attributes)
    ET.SubElement(kind, "UnitSet")
    encoding = ET.SubElement(kind, "StringDataEncoding", {"encoding": "UTF-8"})
    size = ET.SubElement(ET.SubElement(encoding, "SizeInBits"), "Fixed")
    ET.SubElement(size, "FixedValue").text = str(p.bits)


_ADD_TYPE: dict[str, Callable[[ET.Element, _Parameter, dict[str, str]], None]] = {
    "f64": _add_float,
    "f32": _add_float,
    "text": _add_text,
}


def _add_alarms(kind: ET.Element, p: _Parameter) -> None:
    """Yellow and red limits; a range is of the values that raise no alarm."""
    named = (("WarningRange", p.limits.warning), ("CriticalRange", p.limits.alarm))
    if not any(limits for _, limits in named):
        return
    ranges = ET.SubElement(ET.SubElement(kind, "DefaultAlarm"), "StaticAlarmRanges")
    for name, limits in named:
        if limits is not None:
            low, high = limits
            bounds = {"minInclusive": repr(float(low)), "maxInclusive": repr(float(high))}
            ET.SubElement(ranges, name, bounds)


def _add_parameter(names: ET.Element, p: _Parameter) -> None:
    element = ET.SubElement(
        names, "Parameter", {"name": p.name, "parameterTypeRef": f"{p.name}-type"}
    )
    if p.alias:
        aliases = ET.SubElement(element, "AliasSet")
        ET.SubElement(aliases, "Alias", {"nameSpace": "onboard", "alias": p.alias})


def _add_containers(parent: ET.Element, header: list[_Parameter], containers: _Containers) -> None:
    _add_container(parent, {"name": "CCSDSPacket", "abstract": "true"}, header)
    for name, ((apid, description), entries) in containers.items():
        attributes = {"name": name, "shortDescription": description}
        container = _add_container(parent, attributes, entries)
        base = ET.SubElement(container, "BaseContainer", {"containerRef": "CCSDSPacket"})
        criteria = ET.SubElement(ET.SubElement(base, "RestrictionCriteria"), "ComparisonList")
        for parameter, value in (("TYPE", 0), ("PKT_APID", apid)):
            ET.SubElement(criteria, "Comparison", {"parameterRef": parameter, "value": str(value)})


def _add_container(
    parent: ET.Element, attributes: dict[str, str], entries: list[_Parameter]
) -> ET.Element:
    container = ET.SubElement(parent, "SequenceContainer", attributes)
    listed = ET.SubElement(container, "EntryList")
    for parameter in entries:
        ET.SubElement(listed, "ParameterRefEntry", {"parameterRef": parameter.name})
    return container
