"""Wrong user input, told in one line per mistake: file, field, value, what is allowed."""

from __future__ import annotations

from pydantic import BaseModel, ValidationError


def describe(error: ValidationError, file: str) -> str:
    """The lines for a failed validation of what was read from `file`."""
    lines = []
    for item in error.errors():
        field = ".".join(str(part) for part in item["loc"]) or "(file)"
        shown = not isinstance(item["input"], dict | BaseModel) and item["type"] != "missing"
        value = f" = {item['input']!r}" if shown else ""
        lines.append(f"{file}: {field}{value}: {item['msg'].removeprefix('Value error, ')}")
    return "\n".join(lines)
