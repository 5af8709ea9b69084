"""Reads a vehicle's dictionary: a folder of TOML files, one section or part of a section each.

`commands*.toml`, `channels*.toml`, `events*.toml`, `parameters*.toml` and `sequences*.toml` may be
split over several files; `schedule.toml` is one. A folder with `overrides.toml` alone is another
vehicle's dictionary with figures of its own (`dictionary.overrides`). Every mistake in every file
is collected and reported at once.
"""

from __future__ import annotations

import json
import tomllib
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import Field, ValidationError

from onboard.dictionary.models import (
    Channel,
    Command,
    Dotted,
    Event,
    Model,
    Name,
    Packet,
    Parameter,
    Schedule,
    Sequence,
    Shout,
    shown,
)

VEHICLES = Path(__file__).parent
PROTECTION_FILES = ("faults.toml", "modes.toml")


@dataclass(frozen=True)
class Problem:
    """One mistake in a dictionary."""

    file: str
    field: str
    value: object
    allowed: str

    def __str__(self) -> str:
        value = "" if self.value is None else f" = {shown(self.value)}"
        return f"{self.file}: {self.field}{value}: {self.allowed}"


class DictionaryError(ValueError):
    """A dictionary that cannot be used; the message has one line per mistake."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = problems
        super().__init__("\n".join(map(str, problems)))


@dataclass(frozen=True)
class Dictionary:
    """One vehicle's dictionary. Parameters are named `GROUP.NAME`."""

    vehicle: str
    commands: dict[str, Command]
    channels: dict[str, Channel]
    packets: dict[str, Packet]
    events: dict[str, Event]
    parameters: dict[str, Parameter]
    sequences: dict[str, Sequence]
    schedule: Schedule
    protection: Any  # dictionary.protection.Protection, None if the vehicle has no such table
    files: dict[tuple[str, str], str]  # (section, name) -> file that defines it

    def as_json(self) -> dict[str, Any]:
        """The whole content with stable keys, as plain JSON values."""
        sections = {
            name: {k: m.model_dump(mode="json") for k, m in getattr(self, name).items()}
            for name in ("commands", "channels", "packets", "events", "parameters", "sequences")
        }
        guard = self.protection.model_dump(mode="json") if self.protection else None
        return {
            "vehicle": self.vehicle,
            **sections,
            "schedule": self.schedule.model_dump(mode="json"),
            "protection": guard,
        }

    @property
    def crc(self) -> int:
        """CRC-32 of the content: desk, board and ground compare it before they talk."""
        return zlib.crc32(json.dumps(self.as_json(), sort_keys=True).encode())


class CommandsFile(Model):
    commands: dict[Shout, Command]


class ChannelsFile(Model):
    channels: dict[Dotted, Channel] = Field(default_factory=dict)
    packets: dict[Name, Packet] = Field(default_factory=dict)


class EventsFile(Model):
    events: dict[Shout, Event]


class ParametersFile(Model):
    group: Name
    parameters: dict[Name, Parameter]


class SequencesFile(Model):
    sequences: dict[Name, Sequence]


_FILES: dict[str, type[Model]] = {
    "commands": CommandsFile,
    "channels": ChannelsFile,
    "events": EventsFile,
    "parameters": ParametersFile,
    "sequences": SequencesFile,
    "schedule": Schedule,
}


def folder_of(vehicle: str | Path) -> Path:
    """The folder of a vehicle given by name or by path. Raises DictionaryError if there is none."""
    named = VEHICLES / str(vehicle)
    folder = named if named.is_dir() and str(vehicle).isidentifier() else Path(vehicle)
    if not folder.is_dir() or not any(folder.glob("*.toml")):
        raise DictionaryError(
            [Problem(str(vehicle), "vehicle", None, f"allowed {' '.join(vehicles())}, or a folder")]
        )
    return folder


def vehicles() -> list[str]:
    """Names of the vehicles that come with a dictionary."""
    found = [*VEHICLES.glob("*/schedule.toml"), *VEHICLES.glob("*/overrides.toml")]
    return sorted(p.parent.name for p in found)


def load(vehicle: str | Path) -> Dictionary:
    """Read and check a dictionary, by name or folder. Raises DictionaryError with every mistake.

    Those that come with the package are read once.
    """
    folder = folder_of(vehicle)
    return _shipped(folder) if folder.parent == VEHICLES else _read(folder)


@cache
def _shipped(folder: Path) -> Dictionary:
    return _read(folder)


def _read(folder: Path) -> Dictionary:
    from onboard.dictionary import checker

    problems: list[Problem] = []
    overrides = folder / "overrides.toml"
    assemble = _override if overrides.exists() else _assemble
    dictionary = assemble(folder, problems)
    if not problems:
        problems += checker.check(dictionary)
    if problems:
        raise DictionaryError(problems)
    return dictionary


def read_toml(path: Path) -> dict[str, Any]:
    """One TOML file. Raises DictionaryError naming the file and the place."""
    try:
        return tomllib.loads(path.read_bytes().decode())
    except (ValueError, RecursionError, OSError) as error:
        raise DictionaryError(
            [Problem(path.name, "file", None, f"not valid TOML: {error}")]
        ) from None


def _override(folder: Path, problems: list[Problem]) -> Dictionary:
    """The dictionary that `overrides.toml` extends, with its figures. Raises DictionaryError."""
    from onboard.dictionary import overrides

    if others := [p.name for p in folder.glob("*.toml") if p.name != overrides.FILE]:
        problems.append(Problem(others[0], "file", None, f"not allowed beside {overrides.FILE}"))
    try:
        content = overrides.Overrides.model_validate(read_toml(folder / overrides.FILE))
    except ValidationError as error:
        raise DictionaryError([_problem(overrides.FILE, e) for e in error.errors()]) from None
    beside = folder.parent / content.extends
    base = folder_of(beside if beside.is_dir() else content.extends)
    if (base / overrides.FILE).exists():
        allowed = "allowed a vehicle with files of its own"
        raise DictionaryError([Problem(overrides.FILE, "extends", content.extends, allowed)])
    return overrides.apply(content, load(base), folder.name, problems)


def _assemble(folder: Path, problems: list[Problem]) -> Dictionary:
    sections: dict[str, dict[str, Any]] = {
        name: {}
        for name in ("commands", "channels", "packets", "events", "parameters", "sequences")
    }
    files: dict[tuple[str, str], str] = {}
    schedule: Any = None
    for path, content in _contents(folder, problems):
        if isinstance(content, Schedule):
            schedule = content
            continue
        for section, name, item in _items(content):
            if name in sections[section]:
                where = files[section, name]
                problems.append(
                    Problem(path.name, f"{section}.{name}", None, f"also defined in {where}")
                )
            sections[section][name] = item
            files[section, name] = path.name
    if schedule is None and not any(p.file == "schedule.toml" for p in problems):
        problems.append(Problem("schedule.toml", "file", None, "missing"))
    guard = _protection(folder, problems)
    return Dictionary(
        vehicle=folder.name, schedule=schedule, protection=guard, files=files, **sections
    )


def _contents(folder: Path, problems: list[Problem]) -> Iterator[tuple[Path, Model]]:
    """Each file with its validated content; a file that is wrong adds to the problems instead."""
    for path in sorted(folder.glob("*.toml")):
        if path.name in PROTECTION_FILES:
            continue
        kind = path.stem.split("_")[0]
        if kind not in _FILES or path.stem.startswith("schedule_"):
            allowed = " ".join(f"{k}*.toml" for k in _FILES if k != "schedule")
            allowed = f"unknown, allowed schedule.toml {allowed} {' '.join(PROTECTION_FILES)}"
            problems.append(Problem(path.name, "file", None, allowed))
            continue
        try:
            yield path, _FILES[kind].model_validate(read_toml(path))
        except ValidationError as error:
            problems += [_problem(path.name, e) for e in error.errors()]
        except DictionaryError as error:
            problems += error.problems


def _items(content: Model) -> Iterator[tuple[str, str, Model]]:
    prefix = f"{content.group}." if isinstance(content, ParametersFile) else ""
    for section in type(content).model_fields:
        if section != "group":
            for name, item in getattr(content, section).items():
                yield section, prefix + name, item


def _protection(folder: Path, problems: list[Problem]) -> Any:
    paths = [folder / name for name in PROTECTION_FILES]
    if not any(p.exists() for p in paths):
        return None
    from onboard.dictionary.protection import TableError, read_protection

    try:
        return read_protection(*paths)
    except TableError as error:
        for line in str(error).splitlines():
            file, _, rest = line.partition(": ")
            field, _, why = rest.partition(": ")
            problems.append(Problem(Path(file).name, field, None, why))
        return None


def _problem(file: str, error: Any) -> Problem:
    """One pydantic error as a problem; a union's or key's marker is no part of the field."""
    field = ".".join(str(part) for part in error["loc"] if part != "[key]")
    message = error["msg"].removeprefix("Value error, ")
    value = None if isinstance(error["input"], dict | list | Model) else error["input"]
    return Problem(file, field or "file", value, message[0].lower() + message[1:])
