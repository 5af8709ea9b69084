"""What a step of modes and fault protection asks for: commands to issue and events to log."""

from __future__ import annotations

from typing import NamedTuple

PROTECTION = "protection"
MODES = "modes"

Argument = bool | int | float | str


class Command(NamedTuple):
    """A command to issue; arguments by name in the order of the table."""

    name: str
    arguments: tuple[tuple[str, Argument], ...]
    source: str  # PROTECTION or MODES


class Event(NamedTuple):
    """Something for the event log; values by name."""

    name: str
    values: tuple[tuple[str, str | int], ...]


Action = Command | Event
