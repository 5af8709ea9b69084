"""A board whose main loop hangs is reset by its watchdog, and says so."""

from __future__ import annotations

import socket
import subprocess
from pathlib import Path

import board_setup
import pytest

from hil.link.endpoint import Endpoint
from hil.link.qemu import IMAGES, MACHINES, EmulatedBoard

BRANCH_TO_ITSELF = "fee7"  # Thumb `b .`, as octets in memory
LOOK_S, WALL_LOOKS = 0.2, 300  # 16 s of the board's clock are 250 million instructions


def address_of(symbol: str, board: str) -> int:
    image = IMAGES / board / "firmware/flight.elf"
    listing = subprocess.run(
        ["arm-none-eabi-nm", image], check=True, capture_output=True, text=True
    ).stdout
    (line,) = [line for line in listing.splitlines() if line.endswith(f" {symbol}")]
    return int(line.split()[0], 16) & ~1


def tell(debugger: socket.socket, command: str) -> None:
    """One command of the GDB remote serial protocol, acknowledged."""
    checksum = sum(command.encode()) % 256
    debugger.sendall(f"${command}#{checksum:02x}".encode())
    while b"+" not in debugger.recv(4096):
        pass


@pytest.mark.parametrize("board", MACHINES)
def test_a_loop_that_hangs_ends_in_a_reset(board: str, tmp_path: Path) -> None:
    board_setup.build(board)
    path = tmp_path / "gdb"
    stub = f"socket,id=gdb,path={path},server=on,wait=off"
    options = ("-chardev", stub, "-gdb", "chardev:gdb")
    with EmulatedBoard(board, options) as emulated, socket.socket(socket.AF_UNIX) as debugger:
        endpoint = Endpoint(emulated.carrier)
        first = endpoint.wait_for_board(10.0)
        assert b"start: power" in endpoint.take_text()
        debugger.settimeout(10.0)
        debugger.connect(str(path))
        tell(debugger, f"M{address_of('platform_receive', board):x},2:{BRANCH_TO_ITSELF}")
        tell(debugger, "c")
        for _ in range(WALL_LOOKS):
            if b"self-test" in endpoint.text:
                break
            endpoint.receive(LOOK_S)
        assert b"start: watchdog" in endpoint.text, endpoint.text
        endpoint.wait_for_board(10.0)
        assert endpoint.peer.session != first.session
