"""Types of XTCE for one number or text: of a parameter (telemetry) or of an argument (commands)."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Literal, NamedTuple
from xml.etree import ElementTree as ET

from onboard.dictionary.models import Limits

BITS = {"f64": 64, "f32": 32, "i64": 64, "u64": 64, "u32": 32, "u16": 16, "u8": 8, "flag": 8}


class Octets(NamedTuple):
    """How long a datum is: `slope` times an earlier one and `intercept`, in bits."""

    of: str
    slope: int = 8
    intercept: int = 0


class Datum(NamedTuple):
    """A parameter or an argument, and its type."""

    name: str
    type: str  # of the dictionary; text, octets
    description: str
    unit: str = "1"
    bits: int = 0  # 0: those of the type
    octets: Octets | None = None  # of a text or of octets without a fixed size
    little_endian: bool = False
    limits: Limits = Limits()
    range: tuple[float, float] | None = None  # that an argument must lie in
    choices: tuple[str, ...] = ()  # that a text is one of
    labels: tuple[tuple[int, str], ...] = ()  # of an integer that stands for a name
    alias: str = ""


Kind = Literal["Parameter", "Argument"]


def add_type(types: ET.Element, d: Datum, kind: Kind, name: str = "") -> None:
    """The type of a datum, called NAME-type."""
    attributes = {"name": f"{name or d.name}-type", "shortDescription": d.description}
    add = _add_enumerated if d.labels else _ADD.get(d.type, _add_integer)
    add(types, d, kind, attributes)


def _add_units(kind: ET.Element, d: Datum) -> None:
    units = ET.SubElement(kind, "UnitSet")
    if d.unit != "1":
        ET.SubElement(units, "Unit").text = d.unit


def _encoding(d: Datum, encoding: str) -> dict[str, str]:
    order = {"byteOrder": "leastSignificantByteFirst"} if d.little_endian else {}
    return {"sizeInBits": str(d.bits or BITS[d.type]), "encoding": encoding, **order}


def _add_integer(types: ET.Element, d: Datum, kind: Kind, attributes: dict[str, str]) -> None:
    signed = d.type == "i64"
    held = {"signed": str(signed).lower(), "sizeInBits": str(max(32, d.bits or BITS[d.type]))}
    element = ET.SubElement(types, f"Integer{kind}Type", {**attributes, **held})
    _add_units(element, d)
    encoding = "twosComplement" if signed else "unsigned"
    ET.SubElement(element, "IntegerDataEncoding", _encoding(d, encoding))
    _add_alarms(element, d)
    _add_range(element, d, int)


def _add_float(types: ET.Element, d: Datum, kind: Kind, attributes: dict[str, str]) -> None:
    size = {"sizeInBits": str(BITS[d.type])}
    element = ET.SubElement(types, f"Float{kind}Type", {**attributes, **size})
    _add_units(element, d)
    ET.SubElement(element, "FloatDataEncoding", _encoding(d, "IEEE754_1985"))
    _add_alarms(element, d)
    _add_range(element, d, float)


def _add_enumerated(types: ET.Element, d: Datum, kind: Kind, attributes: dict[str, str]) -> None:
    element = ET.SubElement(types, f"Enumerated{kind}Type", attributes)
    ET.SubElement(element, "UnitSet")
    ET.SubElement(element, "IntegerDataEncoding", _encoding(d, "unsigned"))
    names = ET.SubElement(element, "EnumerationList")
    for value, label in d.labels:
        ET.SubElement(names, "Enumeration", {"value": str(value), "label": label})


def _add_text(types: ET.Element, d: Datum, kind: Kind, attributes: dict[str, str]) -> None:
    allowed = {"restrictionPattern": "|".join(map(re.escape, d.choices))} if d.choices else {}
    element = ET.SubElement(types, f"String{kind}Type", {**attributes, **allowed})
    ET.SubElement(element, "UnitSet")
    encoding = ET.SubElement(element, "StringDataEncoding", {"encoding": "UTF-8"})
    if d.octets is None:
        size = ET.SubElement(ET.SubElement(encoding, "SizeInBits"), "Fixed")
        ET.SubElement(size, "FixedValue").text = str(d.bits)
    else:
        _add_size(ET.SubElement(encoding, "Variable", {"maxSizeInBits": str(d.bits)}), d, kind)


def _add_octets(types: ET.Element, d: Datum, kind: Kind, attributes: dict[str, str]) -> None:
    element = ET.SubElement(types, f"Binary{kind}Type", attributes)
    ET.SubElement(element, "UnitSet")
    encoding = ET.SubElement(element, "BinaryDataEncoding")
    _add_size(ET.SubElement(encoding, "SizeInBits"), d, kind)


def _add_size(parent: ET.Element, d: Datum, kind: Kind) -> None:
    assert d.octets is not None
    size = ET.SubElement(parent, "DynamicValue")
    ET.SubElement(size, f"{kind}InstanceRef", {f"{kind.lower()}Ref": d.octets.of})
    adjustment = {"slope": str(d.octets.slope), "intercept": str(d.octets.intercept)}
    ET.SubElement(size, "LinearAdjustment", adjustment)


_ADD: dict[str, Callable[[ET.Element, Datum, Kind, dict[str, str]], None]] = {
    "f64": _add_float,
    "f32": _add_float,
    "text": _add_text,
    "octets": _add_octets,
}


def _add_alarms(kind: ET.Element, d: Datum) -> None:
    """Yellow and red limits; a range is of the values that raise no alarm."""
    named = (("WarningRange", d.limits.warning), ("CriticalRange", d.limits.alarm))
    if not any(limits for _, limits in named):
        return
    ranges = ET.SubElement(ET.SubElement(kind, "DefaultAlarm"), "StaticAlarmRanges")
    for name, limits in named:
        if limits is not None:
            ET.SubElement(ranges, name, _bounds(limits, float))


def _add_range(kind: ET.Element, d: Datum, number: Callable[[float], float]) -> None:
    if d.range is not None:
        ET.SubElement(ET.SubElement(kind, "ValidRangeSet"), "ValidRange", _bounds(d.range, number))


def _bounds(span: tuple[float, float], number: Callable[[float], float]) -> dict[str, str]:
    return {"minInclusive": repr(number(span[0])), "maxInclusive": repr(number(span[1]))}
