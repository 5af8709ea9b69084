"""Boards by name: `boards.toml`, and what is there without it.

    [board.flatsat]
    usb = { vid = 0x0483, pid = 0x5740, serial_number = "0042" }
    baud = 921600
    says = "netduinoplus2"

`docs/boards.md` describes every field. Nothing here writes to a line.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import click
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    PrivateAttr,
    Strict,
    StringConstraints,
    ValidationError,
    field_validator,
    model_validator,
)
from serial.tools import list_ports

from hil.lab.client import is_lab
from hil.link.attachment import HELLO_S, check_address, machine_of
from hil.link.carriers import BAUD, BAUDS, AddressError
from hil.link.discovery import listen
from hil.link.endpoint import Hello
from hil.link.qemu import BOARDS, PROGRAM, BoardError, lacking
from hil.validation import describe

FILE = "boards.toml"
WORDS = ("inproc", "qemu", PROGRAM, "pty")  # addresses without a colon
NAME = "[a-z0-9][a-z0-9_-]{0,47}"
LISTEN_S = 3.0  # a board that was left alone says HELLO again within

Text = Annotated[str, StringConstraints(min_length=1, max_length=200)]
UsbNumber = Annotated[int, Field(ge=0, le=0xFFFF)]


class BoardsError(ValueError):
    """A boards.toml or a board's name is wrong; the message has a line for each mistake."""


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False, strict=True)


class Usb(_Table):
    """Which USB serial port: all that is given must be the port's."""

    vid: UsbNumber | None = None
    pid: UsbNumber | None = None
    serial_number: Text | None = None
    location: Text | None = None  # such as "1-1.2": the socket

    @model_validator(mode="after")
    def _says_something(self) -> Usb:
        if not self.given:
            raise ValueError(f"allowed: one or more of {', '.join(type(self).model_fields)}")
        return self

    @property
    def given(self) -> dict[str, Any]:
        return self.model_dump(exclude_none=True)

    def __str__(self) -> str:
        """As in the file, numbers as they stand on a device."""
        shown = (
            f"{name} = {value:#06x}" if isinstance(value, int) else f'{name} = "{value}"'
            for name, value in self.given.items()
        )
        return f"{{ {', '.join(shown)} }}"

    def ports(self) -> list[Any]:
        """The ports that are so."""
        wanted = self.given.items()
        return [
            port
            for port in list_ports.comports()
            if all(getattr(port, name) == value for name, value in wanted)
        ]


Command = Annotated[tuple[Text, ...], Field(min_length=1), Strict(False)]


class Power(_Table):
    """Commands that switch a board's power, for a lab: a program and its arguments."""

    on: Command
    off: Command


class Board(_Table):
    """A board: where it is and what to expect of it."""

    address: str | None = None
    usb: Usb | None = None
    baud: Annotated[int, Field(ge=BAUDS[0], le=BAUDS[-1])] | None = None  # with `usb`
    says: Text | None = None  # its name in HELLO; None: any
    hello_s: Annotated[float, Field(gt=0.0, le=600.0)] = HELLO_S
    power: Power | None = None  # of one that is really there
    description: str = ""
    _origin: str = PrivateAttr("")

    def told(self, error: Exception) -> str:
        """What is wrong with it, with the file and the name that it is known by."""
        return f"{self._origin}: {error}" if self._origin else str(error)

    @field_validator("address")
    @classmethod
    def _is_one(cls, address: str | None) -> str | None:
        if address is not None:
            try:
                check_address(address)
            except (AddressError, BoardError) as error:
                raise ValueError(str(error)) from None
        return address

    @model_validator(mode="after")
    def _is_somewhere(self) -> Board:
        if (self.address is None) == (self.usb is None):
            raise ValueError("allowed: one of address, usb")
        if self.baud is not None and self.usb is None:
            raise ValueError("baud: allowed with usb; an address has it as ?baud=NUMBER")
        return self

    def where(self) -> str:
        """The address, of a port that is looked for now. Raises AddressError."""
        if self.usb is None:
            assert self.address is not None
            return self.address
        found = self.usb.ports()
        if len(found) != 1:
            there = ", ".join(map(_shown, found or list_ports.comports())) or "none"
            raise AddressError(
                f"usb = {self.usb}: {len(found)} ports are so, allowed: 1; "
                f"{'they are' if found else 'ports there are'}: {there}"
            )
        return f"serial:{found[0].device}?baud={self.baud or BAUD}"


def _shown(port: Any) -> str:
    if port.vid is None:
        return str(port.device)
    number = f" serial_number {port.serial_number}" if port.serial_number else ""
    return f"{port.device} ({port.vid:04x}:{port.pid:04x}{number} location {port.location})"


def read(path: Path | None = None) -> dict[str, Board]:
    """The boards of a file: that one, ./boards.toml, or the user's own; none without any.

    Raises BoardsError.
    """
    path = path or next((p for p in _places() if p.exists()), None)
    if path is None:
        return {}
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise BoardsError(f"{path}: cannot be read: {error.strerror}") from None
    except (ValueError, RecursionError) as error:
        raise BoardsError(f"{path}: not valid TOML: {error}") from None
    if unknown := tables.keys() - {"board"}:
        raise BoardsError(f"{path}: {min(unknown)}: unknown; allowed: tables [board.NAME]")
    named = tables.get("board", {})
    if not isinstance(named, dict):
        raise BoardsError(f"{path}: board: allowed: tables [board.NAME]")
    boards, mistakes = {}, []
    for name, table in named.items():
        try:
            boards[name] = _checked(name, table)
            boards[name]._origin = f"{path}: board.{name}"
        except ValidationError as error:
            mistakes.append(describe(error, f"{path}: board.{name}", Board))
        except ValueError as error:
            mistakes.append(f"{path}: board.{name}: {error}")
    if mistakes:
        raise BoardsError("\n".join(mistakes))
    return boards


def _checked(name: str, table: object) -> Board:
    if not re.fullmatch(NAME, name) or name in WORDS:
        raise ValueError(
            f"allowed: another name, of the form {NAME}, and none of {', '.join(WORDS)}"
        )
    return Board.model_validate(table)


def _places() -> Iterator[Path]:
    yield Path(FILE)
    yield Path(click.get_app_dir("onboard")) / FILE


def find(name: str, boards: Mapping[str, Board]) -> Board:
    """The board of a name, or of an address. Raises BoardsError."""
    if name in boards:
        return boards[name]
    if name in WORDS or ":" in name:
        return at(name)
    known = ", ".join(boards) or f"none: there is no {FILE} with boards"
    raise BoardsError(
        f"{name or 'no name'}: there is no such board; known are: {known}; an address, such as "
        f"{', '.join((PROGRAM, 'qemu:BOARD', 'serial:DEVICE'))}, needs none"
    )


def at(address: str) -> Board:
    """Whatever is at an address."""
    return Board.model_construct(address=address)


class Row(NamedTuple):
    """A board that is there, or might be."""

    name: str
    address: str
    state: str  # available, HELLO, silent, missing
    detail: str


def there(boards: Mapping[str, Board], listen_s: float = LISTEN_S) -> list[Row]:
    """Boards that run here, those of boards.toml, and USB serial ports that are none of them.

    Lines are listened to for `listen_s` seconds, all at once; nothing is written.
    """
    rows = [_row_of_machine(PROGRAM if n == PROGRAM else f"qemu:{n}", n) for n in BOARDS]
    lines: list[tuple[str, str]] = []
    for name, board in boards.items():
        try:
            address = board.where()
        except AddressError as error:
            rows.append(Row(name, "", "missing", str(error)))
            continue
        machine = None if is_lab(address) else machine_of(address)
        if is_lab(address):
            rows.append(Row(name, address, "in a lab", "`hil lab list` asks it"))
        elif machine is None:
            lines.append((name, address))
        else:
            rows.append(_row_of_machine(address, machine, name))
    named = {address.partition("?")[0] for _, address in lines}
    ports = [p for p in list_ports.comports() if p.vid is not None]
    lines += [("", a) for p in ports if (a := f"serial:{p.device}") not in named]
    notes = {f"serial:{p.device}": _shown(p).partition(" ")[2] for p in ports}
    with ThreadPoolExecutor(max(1, len(lines))) as pool:
        heard = [pool.submit(_heard, *line, listen_s, notes) for line in lines]
    return rows + [row.result() for row in heard]


def _row_of_machine(address: str, machine: str, name: str = "") -> Row:
    why = lacking(machine)
    return Row(name, address, "missing" if why else "available", why or "starts with a run")


def _heard(name: str, address: str, listen_s: float, notes: Mapping[str, str]) -> Row:
    note = notes.get(address.partition("?")[0], "")
    try:
        hello = listen(address, listen_s) if listen_s else None
    except AddressError as error:
        return Row(name, address, "missing", str(error))
    if hello is None:
        silent = f"no HELLO in {listen_s:g} s" if listen_s else "not listened to"
        return Row(name, address, "silent", f"{silent} {note}".rstrip())
    return Row(name, address, "HELLO", f"{introduced(hello)} {note}".rstrip())


def introduced(hello: Hello) -> str:
    """Who said HELLO, in words."""
    major, minor = divmod(hello.firmware_version, 1_000_000)
    version = f"{major}.{minor // 1000}.{minor % 1000}"
    return f"{hello.board}, firmware {version}, identity {hello.identity:x}"
