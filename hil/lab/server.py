"""A lab over TCP: a thread for each connection, and one that looks after what is left alone."""

from __future__ import annotations

import hmac
import select
import socket
import socketserver
import threading
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from types import TracebackType
from typing import Any

from hil.lab.lab import Lab
from hil.lab.protocol import WRONG_TOKEN, LabError, Lines, keep_alive
from hil.link.carriers import READ_OCTETS, Unplugged, Waitable

INTRODUCTION_S = 10.0  # for the first line
LOOK_S = 0.2
MAPS_OCTETS_MOST = 64 << 20
CONNECTIONS = 64  # at most


class Server(socketserver.ThreadingTCPServer):
    """Serves a lab at an address, in threads, for as long as the context lasts."""

    allow_reuse_address = True
    daemon_threads = True
    block_on_close = False

    def __init__(
        self,
        lab: Lab,
        token: str,
        *,
        bind: str = "127.0.0.1",
        port: int = 0,
        tell: Callable[[str], None] = lambda _: None,
    ) -> None:
        """Port 0 is any free one. Raises OSError."""
        self.lab, self.token, self.tell = lab, token, tell
        self.places = threading.BoundedSemaphore(CONNECTIONS)
        self._over = threading.Event()
        super().__init__((bind, port), _Connection)

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self.server_address[1])

    def __enter__(self) -> Server:
        for work in (partial(self.serve_forever, LOOK_S), self._look_after):
            threading.Thread(target=work, daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._over.set()
        self.shutdown()
        self.server_close()
        self.lab.close()

    def _look_after(self) -> None:
        while not self._over.wait(LOOK_S):
            for line in self.lab.look():
                self.tell(line)


class _Connection(socketserver.BaseRequestHandler):
    """One client."""

    server: Server
    request: socket.socket

    def handle(self) -> None:
        lines = Lines(self.request)
        if not self.server.places.acquire(blocking=False):
            with suppress(OSError):
                lines.send({"error": f"{CONNECTIONS} are connected already"})
            return
        try:
            keep_alive(self.request)
            self._talk(lines)
        except LabError as error:
            with suppress(OSError):
                lines.send({"error": str(error)})
        except (OSError, Unplugged):
            pass  # the client is gone
        finally:
            self.server.places.release()

    def _talk(self, lines: Lines) -> None:
        owner = self._introduced(lines)
        self.server.lab.arrives(owner)
        try:
            while (request := lines.receive()) is not None:
                try:
                    if request.get("do") == "run":
                        self._run(lines, owner, _text(request, "board"))
                        return
                    lines.send(self._carried_out(lines, owner, request))
                except LabError as error:
                    lines.send({"error": str(error)})
        finally:
            self.server.lab.leaves(owner)

    def _introduced(self, lines: Lines) -> str:
        """Who it is. Raises LabError."""
        self.request.settimeout(INTRODUCTION_S)
        first = lines.receive() or {}
        token, owner = first.get("token"), first.get("owner")
        if not isinstance(token, str) or not hmac.compare_digest(
            token.encode(), self.server.token.encode()
        ):
            raise LabError(WRONG_TOKEN)
        if not isinstance(owner, str) or not 1 <= len(owner) <= 80 or not owner.isprintable():
            raise LabError("owner: allowed: a text of 1 to 80 characters")
        self.request.settimeout(None)
        lines.send({"lab": socket.gethostname(), "version": 1})
        return owner

    def _carried_out(self, lines: Lines, owner: str, request: dict[str, Any]) -> dict[str, Any]:
        lab, do = self.server.lab, request.get("do")
        if do == "list":
            return {"boards": lab.listed()}
        if do not in ("reserve", "release", "power", "maps"):
            raise LabError(f"do = {do!r}: allowed: list, reserve, release, power, maps, run")
        board = _text(request, "board")
        if do == "reserve":
            answer = lab.reserve(board, owner, _number(request, "keep_s", 30.0))
            self.server.tell(f"{board}: {owner} has it")
            return answer
        if do == "release":
            lab.release(board, owner)
            self.server.tell(f"{board}: {owner} released it")
        elif do == "power":
            lab.power(board, owner, _text(request, "to"))
        else:
            heights = lines.octets(_whole(request, "octets", MAPS_OCTETS_MOST))
            return {"anew": lab.keep_maps(board, owner, heights)}
        return {}

    def _run(self, lines: Lines, owner: str, board: str) -> None:
        lab = self.server.lab
        carrier = lab.open_line(board, owner)
        try:
            lines.send({})
            carrier.write(lines.rest())
            _bridge(self.request, carrier, lambda: lab.may_use(board, owner))
        finally:
            lab.close_line(board, carrier)


def _bridge(connection: socket.socket, carrier: Waitable, may_go_on: Callable[[], bool]) -> None:
    """Octets both ways until one end closes, or may not go on. Raises Unplugged, OSError."""
    connection.settimeout(LOOK_S * 50)  # for a client that takes nothing
    poll = select.poll()
    poll.register(connection, select.POLLIN)
    poll.register(carrier.fileno(), select.POLLIN)
    while may_go_on():
        for descriptor, _ in poll.poll(1000.0 * LOOK_S):
            if descriptor != connection.fileno():
                connection.sendall(carrier.read(0.0))
            elif octets := connection.recv(READ_OCTETS):
                carrier.write(octets)
            else:
                return


def _text(request: dict[str, Any], name: str) -> str:
    value = request.get(name)
    if not isinstance(value, str):
        raise LabError(f"{name} = {value!r}: allowed: a text")
    return value


def _number(request: dict[str, Any], name: str, default: float) -> float:
    value = request.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise LabError(f"{name} = {value!r}: allowed: a number")
    return float(value)


def _whole(request: dict[str, Any], name: str, most: int) -> int:
    value = request.get(name)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= most:
        raise LabError(f"{name} = {value!r}: allowed: 0 to {most}")
    return value
