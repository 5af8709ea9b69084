"""Components that a scenario puts in place of the vehicle's own: `FILE.py:CLASS` for a member.

An incident's historical logic is such a component. It lives beside the scenario, never in flight
code; a recording keeps its source, so that a replay needs no file.
"""

from __future__ import annotations

import traceback
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

ATTACHED = "component."  # and the member's name: an attachment of a recording


class ComponentError(Exception):
    """A component that cannot be used; the message names scenario, member, file and class."""


@dataclass(frozen=True)
class Component:
    """A class in place of the vehicle's own, and the text of the file that it comes from."""

    make: type
    source: str


def load(
    components: Mapping[str, str],
    known: Collection[str],
    origin: str,
    sources: Mapping[str, str] | None = None,
) -> dict[str, Component]:
    """The components of a scenario by member, one of those `known`; `sources` has the files' texts,
    if not the files."""
    found = {}
    for member, place in components.items():
        where = f"{origin}: components.{member} = {place!r}"
        if member not in known:
            raise ComponentError(f"{where}: allowed members: {', '.join(known)}")
        file, _, name = place.rpartition(":")
        if not file.endswith(".py") or not name.isidentifier():
            raise ComponentError(f"{where}: allowed: FILE.py:CLASS")
        source = _read(Path(file), where) if sources is None else sources[member]
        found[member] = Component(_class(source, file, name, where), source)
    return found


def _read(file: Path, where: str) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ComponentError(f"{where}: {file} cannot be read: {error}") from None


def _class(source: str, file: str, name: str, where: str) -> type:
    module = ModuleType(f"{Path(file).stem}")
    try:
        exec(compile(source, file, "exec"), vars(module))  # the user's own code, as asked
    except Exception as error:
        line = (
            getattr(error, "lineno", None) or traceback.extract_tb(error.__traceback__)[-1].lineno
        )
        raise ComponentError(f"{where}: line {line}: {type(error).__name__}: {error}") from None
    found = getattr(module, name, None)
    if not isinstance(found, type):
        own = [
            n
            for n, v in vars(module).items()
            if isinstance(v, type) and v.__module__ == module.__name__
        ]
        raise ComponentError(f"{where}: no class {name}; the file has: {', '.join(own) or 'none'}")
    return found
