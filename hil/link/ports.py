"""Which serial ports there are, and which of them a board is on, without writing to any."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from serial.tools import list_ports


class Port(NamedTuple):
    """One serial port; None is what the system does not tell, as of a port that is not USB."""

    device: str
    vid: int | None
    pid: int | None
    serial_number: str | None
    location: str | None
    description: str


def ports() -> list[Port]:
    """All serial ports that the system lists, by their names."""
    listed: Iterable[Any] = list_ports.comports()
    found = (
        Port(p.device, p.vid, p.pid, p.serial_number, p.location, p.description) for p in listed
    )
    return sorted(found)


def matching(
    among: Iterable[Port],
    *,
    vid: int | None = None,
    pid: int | None = None,
    serial_number: str | None = None,
    location: str | None = None,
) -> list[Port]:
    """Ports that are all of what is given, and nothing where nothing is given."""
    wanted = {"vid": vid, "pid": pid, "serial_number": serial_number, "location": location}
    asked = {name: value for name, value in wanted.items() if value is not None}
    return [p for p in among if asked and all(getattr(p, n) == v for n, v in asked.items())]
