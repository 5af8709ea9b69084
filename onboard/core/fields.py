"""C structs of numbers filled from a parameter table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from onboard.core._core import ffi


def from_parameters(c_type: str, parameters: Mapping[str, float], group: str) -> Any:
    """A new `c_type *` whose scalar fields are the parameters GROUP.FIELD of the same names.

    Array and struct fields stay zero. Raises KeyError naming the first parameter that is missing.
    """
    struct = ffi.new(f"{c_type} *")
    for name, field in ffi.typeof(c_type).fields:
        if field.type.kind != "primitive":
            continue
        full = f"{group}.{name}"
        if full not in parameters:
            raise KeyError(f"parameter {full} is missing ({c_type} needs it)")
        setattr(struct, name, parameters[full])
    return struct
