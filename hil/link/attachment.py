"""A board at the end of a line, by its address: an emulated one is started, a real one is opened.

    with attach("qemu:mps2-an500") as attached:
        attached.endpoint.send(MEMORY, data)

`ADDRESSES` has the forms. Nothing is written before the board said HELLO.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import NamedTuple, Protocol

from hil.lab.client import LabBoard, board_address, is_lab
from hil.link import carriers
from hil.link.carriers import AddressError, Carrier, Unplugged, open_carrier
from hil.link.endpoint import Endpoint, NotIdentified
from hil.link.qemu import BOARDS, MACHINES, PROGRAM, BoardError, EmulatedBoard

ADDRESSES = (
    "qemu, qemu:BOARD, posix, tcp://HOST:PORT, serial:DEVICE, serial:DEVICE?baud=NUMBER, "
    "lab:BOARD, lab://HOST:PORT/BOARD"
)
LINES = ("tcp", "serial")  # carriers at whose end a board can be
HELLO_S = 10.0


class Maps(Protocol):
    """A board's memory for maps, where the desk reaches it."""

    def keep(self, heights: bytes) -> bool:
        """Puts them there, if they fit. True: the board started anew with that."""


class Attached(NamedTuple):
    """A board that said HELLO."""

    endpoint: Endpoint
    emulated: EmulatedBoard | None = None  # what runs it here, if it is no real one
    maps: Maps | None = None


@contextmanager
def attach(
    address: str,
    *,
    says: str | None = None,
    hello_s: float = HELLO_S,
    sync_period_s: float = 0.0,
) -> Iterator[Attached]:
    """The board of an address, for as long as the context lasts.

    With `sync_period_s` it is asked for its time as often, for as long as somebody receives.

    Raises BoardError for an emulated board that cannot start, AddressError, NotIdentified where no
    HELLO comes in `hello_s`, or that of another board than one which `says` so.
    """
    check_address(address)
    emulated = machine_of(address)
    if emulated is not None:
        with EmulatedBoard(emulated) as board:
            yield Attached(_met(board.carrier, says, hello_s, sync_period_s), board, board)
    elif is_lab(address):
        with LabBoard(address) as held, closing(held.line()) as line:
            endpoint = _met(line, says, hello_s, sync_period_s)
            yield Attached(endpoint, maps=held.maps(line))
    else:
        with closing(open_carrier(address)) as carrier:
            yield Attached(_met(carrier, says, hello_s, sync_period_s))


def check_address(address: str) -> None:
    """Raises AddressError, BoardError for what is no address of a board; nothing is opened."""
    if is_lab(address):
        board_address(address)
    elif machine_of(address) is None:
        if address.partition(":")[0] not in LINES:
            raise AddressError(f"{address or 'no address'}: allowed: {ADDRESSES}")
        carriers.check_address(address)


def machine_of(address: str) -> str | None:
    """The emulated board that an address names; None for a line. Raises BoardError for none."""
    kind, _, name = address.partition(":")
    if kind not in ("qemu", PROGRAM):
        return None
    machine = PROGRAM if kind == PROGRAM else name or MACHINES[0]
    if machine not in BOARDS or (kind == PROGRAM and address != PROGRAM):
        raise BoardError(f"{address}: no such board; there are: {', '.join(BOARDS)}")
    return machine


def _met(carrier: Carrier, says: str | None, hello_s: float, sync_period_s: float) -> Endpoint:
    endpoint = Endpoint(carrier, sync_period_s=sync_period_s)
    try:
        board = endpoint.wait_for_board(hello_s).board
    except Unplugged as error:
        raise NotIdentified(f"{error}; no HELLO had come") from None
    if says not in (None, board):
        raise NotIdentified(f"{carrier.address}: {board} said HELLO, {says} is expected")
    return endpoint
