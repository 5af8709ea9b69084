"""Two emulated boards, an exporter each: reserve, power, fly, release over Jumpstarter's own gRPC.

`make lab` makes the environment that this runs in.
"""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import Any

import onboard_lab_client
import pytest
from jumpstarter.common.utils import serve
from onboard_jumpstarter import OnboardBoard
from two_boards import PLACES, SCENARIO, TOKEN, flown_well, lab, owners


def test_reserve_power_fly_release(tmp_path: Path) -> None:
    with lab(tmp_path) as port, ExitStack() as exporters:
        boards = {
            name: exporters.enter_context(
                serve(OnboardBoard(board=name, port=port, owner=f"{name} by jumpstarter"))
            )
            for name in PLACES
        }
        with pytest.raises(Exception, match="reserve it first"):
            boards["left"].on()
        for board in boards.values():
            board.reserve()
        assert owners(port) == {name: f"{name} by jumpstarter" for name in PLACES}
        with (
            onboard_lab_client.Lab("127.0.0.1", port, TOKEN, "another") as other,
            pytest.raises(onboard_lab_client.Refused, match="left by jumpstarter has it"),
        ):
            other.ask("reserve", board="left")
        results: dict[str, Any] = {}
        for name, board in boards.items():
            board.on()
            results[name] = board.fly(SCENARIO)
            board.cycle(wait=0)
            board.off()
        assert all(map(flown_well, results.values()))
        assert len({result["bit_hash"] for result in results.values()}) == 1
        for board in boards.values():
            board.release()
        assert owners(port) == dict.fromkeys(PLACES)
