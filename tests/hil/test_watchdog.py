"""A board whose main loop hangs is reset by its watchdog, and says so."""

from __future__ import annotations

import subprocess
from pathlib import Path

import board_setup
import pytest

from hil.link.endpoint import Endpoint
from hil.link.gdb import Debugger, gdb_options
from hil.link.qemu import IMAGES, MACHINES, EmulatedBoard

LOOK_S, WALL_LOOKS = 0.2, 300  # 16 s of the board's clock are 250 million instructions


def address_of(symbol: str, board: str) -> int:
    image = IMAGES / board / "firmware/flight.elf"
    listing = subprocess.run(
        ["arm-none-eabi-nm", image], check=True, capture_output=True, text=True
    ).stdout
    (line,) = [line for line in listing.splitlines() if line.endswith(f" {symbol}")]
    return int(line.split()[0], 16) & ~1


@pytest.mark.parametrize("board", MACHINES)
def test_a_loop_that_hangs_ends_in_a_reset(board: str, tmp_path: Path) -> None:
    board_setup.build(board)
    path = tmp_path / "gdb"
    with EmulatedBoard(board, gdb_options(path)) as emulated:
        endpoint = Endpoint(emulated.carrier)
        first = endpoint.wait_for_board(10.0)
        assert b"start: power" in endpoint.take_text()
        debugger = Debugger(path)
        debugger.write(address_of("platform_receive", board), board_setup.BRANCH_TO_ITSELF)
        debugger.go()
        for _ in range(WALL_LOOKS):
            if endpoint.session != first.session:  # its HELLO, after its console text
                break
            endpoint.receive(LOOK_S)
        debugger.close()
        assert b"start: watchdog" in endpoint.text, endpoint.text
        assert endpoint.session != first.session, endpoint.text
