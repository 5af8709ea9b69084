"""Where two structs of the flight core differ: of the desk, and as octets from a board."""

from __future__ import annotations

from typing import Any

from onboard.core._core import ffi


def first_difference(c_type: Any, one: bytes, other: bytes) -> tuple[str, Any, Any] | None:
    """Path of the first number that is not the same in two structs, and both numbers.

    Pointers are passed over.
    """
    if one == other or c_type.kind == "pointer":
        return None
    if c_type.kind == "primitive":
        pair = [ffi.cast(ffi.getctype(c_type, "*"), ffi.from_buffer(x))[0] for x in (one, other)]
        return "", *pair
    if c_type.kind == "array":
        size = ffi.sizeof(c_type.item)
        places = [(f"[{k}]", c_type.item, k * size) for k in range(c_type.length)]
    else:
        places = [(f".{name}", field.type, field.offset) for name, field in c_type.fields]
    for name, part, at in places:
        end = at + ffi.sizeof(part)
        if found := first_difference(part, one[at:end], other[at:end]):
            path, here, there = found
            return name + path, here, there
    return None
