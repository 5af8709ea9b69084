"""`hil serve` and `hil lab`: a lab of boards and its clients."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from hil.boards import Board, BoardsError, at, read
from hil.lab.client import Connection, LabAddress, board_address, is_lab, lab_address
from hil.lab.lab import Lab
from hil.lab.protocol import KEEP_S, KEEP_S_MOST, PORT, LabError, token_of
from hil.lab.server import Server
from hil.link.carriers import AddressError
from hil.link.qemu import BOARDS, PROGRAM, lacking

WRONG_INPUT = 2
LOOPBACK = ("127.", "::1", "localhost")


class _Input(click.ClickException):
    exit_code = WRONG_INPUT

    def show(self, file: Any = None) -> None:
        click.echo(f"hil: {self.format_message()}", err=True)


@click.command()
@click.option(
    "--boards",
    "boards_file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Of the boards to serve, in place of ./boards.toml and your own.",
)
@click.option("--bind", default="127.0.0.1", show_default=True, help="Address to listen at.")
@click.option("--port", default=PORT, show_default=True, type=click.IntRange(0, 65535))
@click.option(
    "--token-file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Has the token of clients; else ONBOARD_LAB_TOKEN has it, else a file that is made.",
)
def serve(boards_file: Path | None, bind: str, port: int, token_file: Path | None) -> None:
    """Serve a lab of boards over TCP.

    They are those of boards.toml, or without one those emulated here. One owner at a time has a
    board. Lines are not encrypted: for other machines, tunnel them (docs/lab.md). Ends with
    Ctrl-C; all boards are switched off.
    """
    try:
        boards = _served(read(boards_file))
        token = token_of(token_file, make=True)
        server = Server(Lab(boards), token, bind=bind, port=port, tell=_say)
    except (BoardsError, LabError) as error:
        raise _Input(str(error)) from None
    except OSError as error:
        raise _Input(f"{bind}:{port}: cannot listen: {error.strerror}") from None
    over = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: over.set())
    with server:
        _say(f"lab at {bind}:{server.port}: {', '.join(boards)}")
        if not bind.startswith(LOOPBACK):
            _say(f"warning: {bind} is reached by other machines, and lines are not encrypted")
        over.wait()


def _served(boards: dict[str, Board]) -> dict[str, Board]:
    here = {name: at(PROGRAM if name == PROGRAM else f"qemu:{name}") for name in BOARDS}
    served = boards or {name: b for name, b in here.items() if lacking(name) is None}
    if not served:
        raise LabError("there are no boards: write a boards.toml, or `make firmware`")
    for name, board in served.items():
        if board.address is not None and is_lab(board.address):
            raise LabError(f"{name}: {board.address}: is in another lab")
    return served


def _say(line: str) -> None:
    click.echo(line)
    sys.stdout.flush()


# ---- clients ----------------------------------------------------------------------------------


@click.group()
def lab() -> None:
    """Boards of a lab: list, reserve, power, release.

    A BOARD is NAME, of the lab in ONBOARD_LAB (HOST:PORT) or on this machine, or
    lab://HOST:PORT/NAME. `hil run SCENARIO --board lab:NAME` reserves, flies and releases.
    """


def _asked(where: Callable[[], LabAddress], ask: Callable[[Connection], Any]) -> Any:
    """What a lab says. A refusal is a mistake in the input."""
    try:
        connection = Connection(where())
        try:
            return ask(connection)
        finally:
            connection.close()
    except AddressError as error:
        raise _Input(str(error)) from None


def _of(board: str) -> Callable[[], LabAddress]:
    return lambda: board_address(board if is_lab(board) else f"lab:{board}")


@lab.command(name="list")
@click.argument("where", default="", metavar="[lab://HOST:PORT]")
def list_boards(where: str) -> None:
    """Boards of a lab, and who has them."""
    if where and not where.startswith("lab://"):
        raise _Input(f"{where}: allowed: lab://HOST:PORT, or nothing for the lab of ONBOARD_LAB")
    for b in _asked(lambda: lab_address(where or "lab:"), lambda c: c.ask("list"))["boards"]:
        kind = b["emulated"] or "real"
        held = f"{b['owner']}, for {b['held_s']:.0f} s" if b["owner"] else "free"
        power = ("on" if b["power"] else "off") if b["switched"] else "not switched"
        use = ", line in use" if b["in_use"] else ""
        click.echo(f"{b['name']}: {kind}, power {power}, {held}{use}  {b['description']}".rstrip())


@lab.command()
@click.argument("board")
@click.option(
    "--keep",
    "keep_s",
    default=KEEP_S,
    show_default=True,
    type=click.FloatRange(0.0, KEEP_S_MOST),
    help="Seconds that it stays yours while nothing of yours is connected.",
)
def reserve(board: str, keep_s: float) -> None:
    """Make BOARD yours until you release it."""
    _asked(_of(board), lambda c: c.ask("reserve", keep_s=keep_s))


@lab.command()
@click.argument("board")
@click.argument("to", type=click.Choice(["on", "off", "cycle"]))
def power(board: str, to: str) -> None:
    """Switch the power of BOARD, which is yours."""
    _asked(_of(board), lambda c: c.ask("power", to=to))


@lab.command()
@click.argument("board")
def release(board: str) -> None:
    """Give BOARD back; its power is switched off."""
    _asked(_of(board), lambda c: c.ask("release"))
