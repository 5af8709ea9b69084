"""Labs for tests: a server on a free port, and boards behind it that echo."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from hil.boards import Board, at
from hil.lab.client import Connection, LabAddress
from hil.lab.lab import Lab
from hil.lab.server import Server

TOKEN = "right"


class _Echo(socketserver.BaseRequestHandler):
    """What comes goes back, in capitals."""

    def handle(self) -> None:
        while octets := self.request.recv(4096):
            self.request.sendall(octets.upper())


@contextmanager
def echoing() -> Iterator[Board]:
    """A board, really there, at the end of a TCP line."""
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), _Echo) as server:
        server.daemon_threads, server.block_on_close = True, False
        threading.Thread(target=server.serve_forever, args=[0.02], daemon=True).start()
        yield at(f"tcp://127.0.0.1:{server.server_address[1]}")
        server.shutdown()


@contextmanager
def lab(boards: Mapping[str, Board]) -> Iterator[Server]:
    with Server(Lab(boards), TOKEN) as server:
        yield server


def address(server: Server, board: str) -> LabAddress:
    return LabAddress("127.0.0.1", server.port, board)


def connection(server: Server, board: str, owner: str = "alice") -> Connection:
    return Connection(address(server, board), owner, TOKEN)
