"""A client of a lab: reserve a board, switch its power, use its line, release it.

with LabBoard("lab:rover1") as board:      # reserved, on
    carrier = board.line()                 # any Carrier, over TCP
"""

from __future__ import annotations

import getpass
import os
import socket
import time
from contextlib import suppress
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from hil.lab.protocol import (
    ANSWER_S,
    KEEP_S,
    LAB_VARIABLE,
    OWNER_VARIABLE,
    PORT,
    TOKEN_VARIABLE,
    WRONG_TOKEN,
    LabError,
    Lines,
    keep_alive,
    token_of,
)
from hil.link.carriers import AddressError, Tcp

FORMS = "lab:BOARD, lab://HOST:PORT/BOARD"
_AGAIN_S = 0.01  # between looks whether the line is there again


class LabAddress(NamedTuple):
    """Where a lab is, and which of its boards."""

    host: str
    port: int
    board: str

    def __str__(self) -> str:
        return f"lab://{self.host}:{self.port}/{self.board}"


def is_lab(address: str) -> bool:
    """Whether an address is that of a board of a lab."""
    return address.startswith("lab:")


def lab_address(address: str) -> LabAddress:
    """Of `lab:BOARD` the lab is that of ONBOARD_LAB, HOST:PORT, else this machine's.

    Raises AddressError.
    """
    try:
        parts = urlsplit(address)
        if parts.netloc:
            host, port, board = parts.hostname, parts.port, parts.path.removeprefix("/")
        else:
            host, port = _lab_of_environment()
            board = parts.path
    except ValueError as error:
        raise AddressError(f"{address}: {error}") from None
    if parts.scheme != "lab" or not host:
        raise AddressError(f"{address}: allowed: {FORMS}")
    return LabAddress(host, PORT if port is None else port, board)


def board_address(address: str) -> LabAddress:
    """The same, of an address that must name a board. Raises AddressError."""
    found = lab_address(address)
    if not found.board:
        raise AddressError(f"{address}: names no board; allowed: {FORMS}")
    return found


def _lab_of_environment() -> tuple[str, int | None]:
    """Host and port of ONBOARD_LAB, else this machine. Raises ValueError."""
    given = os.environ.get(LAB_VARIABLE) or "127.0.0.1"
    try:
        where = urlsplit(f"//{given}")
        port = where.port
    except ValueError as error:
        raise ValueError(f"{LAB_VARIABLE} = {given}: {error}; allowed: HOST:PORT") from None
    if not where.hostname:
        raise ValueError(f"{LAB_VARIABLE} = {given}: allowed: HOST:PORT")
    return where.hostname, port


def owner() -> str:
    """Who asks: ONBOARD_LAB_OWNER, else user and machine."""
    if given := os.environ.get(OWNER_VARIABLE):
        return given
    return f"{getpass.getuser()}@{socket.gethostname()}"


class Connection:
    """To a lab, for an owner; it is there for as long as one of theirs is."""

    def __init__(self, address: LabAddress, name: str | None = None, token: str | None = None):
        """Raises AddressError where there is no lab, or it does not let us in."""
        self.address = address
        where = f"{address.host}:{address.port}"
        try:
            token = token_of() if token is None else token
            to = (address.host, address.port)
            self.socket = socket.create_connection(to, timeout=ANSWER_S)
        except LabError as error:
            raise AddressError(f"{address}: {error}") from None
        except OSError as error:
            why = f"there is no lab at {where}: {error.strerror or error}; `hil serve` runs one"
            raise AddressError(f"{address}: {why}") from None
        keep_alive(self.socket)
        self._lines = Lines(self.socket)
        try:
            self._ask({"token": token, "owner": name or owner()})
        except AddressError:
            self.close()
            raise

    def ask(self, do: str, behind: bytes = b"", **more: Any) -> dict[str, Any]:
        """The answer to a request about the board, and the octets behind it.

        Raises AddressError for what is refused.
        """
        return self._ask({"do": do, "board": self.address.board, **more}, behind)

    def _ask(self, message: dict[str, Any], octets: bytes = b"") -> dict[str, Any]:
        try:
            self._lines.send(message)
            if octets:
                self.socket.sendall(octets)
            answer = self._lines.receive()
        except (OSError, LabError) as error:
            self.close()
            raise AddressError(f"{self.address}: {error}") from None
        if answer is None:
            self.close()
            raise AddressError(f"{self.address}: the lab closed the connection")
        if "error" in answer:
            raise AddressError(f"{self.address}: {answer['error']}{_helps(answer['error'])}")
        return answer

    def rest(self) -> bytes:
        """Octets behind the last answer."""
        return self._lines.rest()

    def close(self) -> None:
        self.socket.close()


def _helps(refusal: str) -> str:
    """What to do about a refusal, where it does not say so."""
    if refusal != WRONG_TOKEN:
        return ""
    return f"; set {TOKEN_VARIABLE} to that of who serves the lab, or have its file: docs/lab.md"


class LabLine(Tcp):
    """The line of a board of a lab, which must be reserved and on."""

    def __init__(self, address: LabAddress, name: str | None = None, token: str | None = None):
        """Raises AddressError."""
        self._lab, self._who = address, (name, token)
        self.address = str(address)
        self._connect()

    def _connect(self) -> None:
        connection = Connection(self._lab, *self._who)
        try:
            connection.ask("run")
        except AddressError:
            connection.close()
            raise
        self._rest, self._socket = connection.rest(), connection.socket
        self._use(self._socket.fileno())

    def read(self, timeout_s: float) -> bytes:
        if self._rest:
            octets, self._rest = self._rest, b""
            return octets
        return super().read(timeout_s)

    def reopen(self) -> bool:
        with suppress(AddressError):
            return super().reopen()
        return False


class _Maps:
    """The memory for maps of a board, over the lab."""

    def __init__(self, connection: Connection, line: LabLine) -> None:
        self._connection, self._line = connection, line

    def keep(self, heights: bytes) -> bool:
        """Puts them there, if they fit. True: the board started anew; its line is there again.

        Raises AddressError.
        """
        if not self._connection.ask("maps", heights, octets=len(heights))["anew"]:
            return False
        self._line.close()
        until_s = time.monotonic() + ANSWER_S
        while not self._line.reopen() and time.monotonic() < until_s:
            time.sleep(_AGAIN_S)
        return True


class LabBoard:
    """A board of a lab, reserved and on for as long as the context lasts.

    One that was reserved for us before stays reserved.
    """

    def __init__(
        self,
        address: str,
        *,
        name: str | None = None,
        token: str | None = None,
        keep_s: float = KEEP_S,
    ) -> None:
        self.address = board_address(address)
        self._who, self._keep_s = (name, token), keep_s

    def __enter__(self) -> LabBoard:
        """Raises AddressError."""
        self.control = Connection(self.address, *self._who)
        try:
            held = self.control.ask("reserve", keep_s=self._keep_s)
            self._is_new = held["new"]
            if not held["power"] and self._listed()["switched"]:
                self.power("on")
        except AddressError:
            self.control.close()
            raise
        return self

    def _listed(self) -> dict[str, Any]:
        boards: list[dict[str, Any]] = self.control.ask("list")["boards"]
        return next(b for b in boards if b["name"] == self.address.board)

    def maps(self, line: LabLine) -> _Maps | None:
        """Its memory for maps; None if it has none that the lab reaches."""
        return _Maps(self.control, line) if self._listed()["emulated"] else None

    def power(self, to: str) -> None:
        """`on`, `off` or `cycle`. Raises AddressError."""
        self.control.ask("power", to=to)

    def line(self) -> LabLine:
        """Its line. Raises AddressError."""
        return LabLine(self.address, *self._who)

    def __exit__(self, *_: object) -> None:
        if self._is_new:
            with suppress(AddressError):
                self.control.ask("release")
        self.control.close()
