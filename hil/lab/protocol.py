"""What a lab and its clients say to each other: one JSON object a line, each way.

The first line of a client has `token` and `owner`; each further one a request, `do` and what it
needs. The answer is the result, or `error` with a text. After the answer to `run` the connection
is the board's line, octets both ways.
"""

from __future__ import annotations

import json
import os
import secrets
import socket
from pathlib import Path
from typing import Any

import click

PORT = 7370
LINE_OCTETS = 1 << 16  # longest line
ANSWER_S = 40.0  # switching power may take so long
KEEP_S, KEEP_S_MOST = 30.0, 86_400.0  # that a reservation outlasts its owner's last connection
TOKEN_VARIABLE = "ONBOARD_LAB_TOKEN"
WRONG_TOKEN = "wrong token"
LAB_VARIABLE = "ONBOARD_LAB"
OWNER_VARIABLE = "ONBOARD_LAB_OWNER"
_TOKEN_FILE = "lab_token"


class LabError(Exception):
    """What a lab refuses; the message says why."""


class Lines:
    """JSON lines over a connection."""

    def __init__(self, connection: socket.socket) -> None:
        self.connection = connection
        self._came = b""

    def send(self, message: dict[str, Any]) -> None:
        self.connection.sendall(json.dumps(message).encode() + b"\n")

    def receive(self) -> dict[str, Any] | None:
        """The next object; None at the end. Raises LabError for what is none, OSError."""
        while (end := self._came.find(b"\n")) < 0 and len(self._came) <= LINE_OCTETS:
            if not (octets := self.connection.recv(LINE_OCTETS)):
                return None
            self._came += octets
        if not 0 <= end <= LINE_OCTETS:
            raise LabError(f"a line is longer than {LINE_OCTETS} octets")
        line, _, self._came = self._came.partition(b"\n")
        try:
            message = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise LabError(f"not a line of JSON: {error}") from None
        if not isinstance(message, dict):
            raise LabError("allowed: one JSON object a line")
        return message

    def octets(self, count: int) -> bytes:
        """So many octets behind a line. Raises OSError where the other end closes before."""
        while len(self._came) < count:
            if not (more := self.connection.recv(LINE_OCTETS)):
                raise ConnectionResetError("the other end closed")
            self._came += more
        octets, self._came = self._came[:count], self._came[count:]
        return octets

    def rest(self) -> bytes:
        """What came behind the last line."""
        octets, self._came = self._came, b""
        return octets


def keep_alive(connection: socket.socket) -> None:
    """Lines go out at once; an end that vanished is noticed within 20 s."""
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for option, value in (("TCP_KEEPIDLE", 5), ("TCP_KEEPINTVL", 5), ("TCP_KEEPCNT", 3)):
        if hasattr(socket, option):
            connection.setsockopt(socket.IPPROTO_TCP, getattr(socket, option), value)


def token_of(file: Path | None = None, *, make: bool = False) -> str:
    """The token: of a file, else of the environment, else of the user's own file.

    `make`: that file is made if it is not there. Raises LabError.
    """
    if file is None and (given := os.environ.get(TOKEN_VARIABLE)):
        return given
    path = file or Path(click.get_app_dir("onboard")) / _TOKEN_FILE
    try:
        if make and not path.exists():
            _make_token(path)
        token = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "not UTF-8"
        raise LabError(
            f"token: {path}: {why}; `hil serve` makes it there, or set {TOKEN_VARIABLE}"
        ) from None
    if not token:
        raise LabError(f"token: {path}: is empty")
    return token


def _make_token(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(secrets.token_hex(16) + "\n")
