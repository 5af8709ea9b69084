"""A scenario over another: how their tables are joined, and the TOML text of what came of it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

APPENDED = ("command", "fault", "link_fault", "load", "expect")  # arrays of tables


def merge(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """The tables of `over` on those of `base`.

    Tables merge key by key. Arrays of tables are appended to; an expectation replaces those that
    the base has of its metric or event. Any other value replaces the base's, and so does a start
    of the other kind (in orbit, in flight).
    """
    joined = dict(base)
    for key, value in over.items():
        old = joined.get(key)
        if key == "initial" and _flies(old) != _flies(value):
            joined[key] = value
        elif isinstance(old, dict) and isinstance(value, dict):
            joined[key] = merge(old, value)
        elif key in APPENDED and isinstance(old, list) and isinstance(value, list):
            joined[key] = _others(old, value) + value if key == "expect" else old + value
        else:
            joined[key] = value
    return joined


def _flies(initial: Any) -> bool:
    return isinstance(initial, dict) and "flight" in initial


def _others(old: list[Any], new: list[Any]) -> list[Any]:
    """Expectations of metrics and events of which there is no new one."""
    subjects = [_subject(entry) for entry in new]
    return [entry for entry in old if _subject(entry) not in subjects]


def _subject(entry: Any) -> Any:
    keys = ("metric", "event", "contains")
    return [entry.get(key) for key in keys] if isinstance(entry, dict) else None


def to_toml(tables: Mapping[str, Any]) -> str:
    """TOML text of what `tomllib` reads: `tomllib.loads(to_toml(tables)) == tables`."""
    lines = [_pair(k, v) for k, v in tables.items() if not (_is_table(v) or _is_array(v))]
    for key, value in tables.items():
        if _is_table(value):
            lines += ["", f"[{_key(key)}]", *(_pair(k, v) for k, v in value.items())]
        elif _is_array(value):
            for entry in value:
                lines += ["", f"[[{_key(key)}]]", *(_pair(k, v) for k, v in entry.items())]
    return "\n".join(lines) + "\n"


def _is_table(value: Any) -> bool:
    return isinstance(value, dict)


def _is_array(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(map(_is_table, value))


def _pair(key: str, value: Any) -> str:
    return f"{_key(key)} = {_inline(value)}"


def _key(key: str) -> str:
    return key if re.fullmatch(r"[A-Za-z0-9_-]+", key) else _string(key)


def _inline(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return _string(value)
    if isinstance(value, list):
        return f"[{', '.join(map(_inline, value))}]"
    if isinstance(value, dict):
        return f"{{{', '.join(_pair(k, v) for k, v in value.items())}}}"
    if isinstance(value, int | float):
        return repr(value)
    return str(value.isoformat())  # a date, a time, or both


def _string(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + re.sub(r"[\x00-\x1f\x7f]", lambda c: f"\\u{ord(c[0]):04x}", escaped) + '"'
