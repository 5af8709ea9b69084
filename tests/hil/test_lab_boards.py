"""Two emulated boards in a lab: reserved, switched on, flown and released by two owners at once."""

from __future__ import annotations

import threading

import board_setup
import lab_setup
import pytest

from hil import scenario as scenarios
from hil.bench import session
from hil.bench.processor import Processor, attached
from hil.boards import at
from hil.lab.client import LabBoard
from hil.link.endpoint import Endpoint

FINAL, _ = scenarios.load(scenarios.find("frigoris_final"))
SHORT = FINAL.model_copy(update={"duration_s": 2.0, "expect": ()})


def test_two_owners_fly_two_boards_at_once() -> None:
    board_setup.build("posix")
    results = {}
    with lab_setup.lab({"left": at("posix"), "right": at("posix")}) as server:

        def fly(board: str) -> None:
            address = str(lab_setup.address(server, board))
            with LabBoard(address, name=f"owner of {board}", token=lab_setup.TOKEN) as held:
                line = held.line()
                endpoint = Endpoint(line)
                endpoint.wait_for_board(10.0)
                processor = Processor(endpoint, maps=held.maps(line))
                results[board] = board_setup.session(SHORT, 1, processor).fly()
                line.close()

        threads = [threading.Thread(target=fly, args=[board]) for board in ("left", "right")]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(120.0)
        assert [row["owner"] for row in server.lab.listed()] == [None, None]
        assert [row["power"] for row in server.lab.listed()] == [False, False]
    alone = session.run(SHORT, "", seed=1)
    assert {board: (r.same_bits, r.board_ticks) for board, r in results.items()} == {
        "left": (True, 200),
        "right": (True, 200),
    }
    assert {r.bit_hash for r in results.values()} == {alone.bit_hash}


def test_a_run_reserves_and_releases_and_a_power_cycle_is_a_board_that_returns(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    board_setup.build("posix")
    monkeypatch.setenv("ONBOARD_LAB_TOKEN", lab_setup.TOKEN)
    with lab_setup.lab({"a": at("posix")}) as server:
        monkeypatch.setenv("ONBOARD_LAB", f"127.0.0.1:{server.port}")
        with attached("lab:a") as processor:
            assert processor is not None
            processor.talk.may_return = 1
            owner = server.lab.listed()[0]["owner"]
            exchange = processor.exchange

            def disturbed(tick: int, now_ns: int) -> bool:
                if tick == 100:
                    server.lab.power("a", owner, "cycle")
                return exchange(tick, now_ns)

            processor.exchange = disturbed  # type: ignore[method-assign]
            result = board_setup.session(SHORT, 1, processor).fly()
        assert server.lab.listed()[0]["owner"] is None
    assert (result.same_bits, result.board_ticks, result.line["returns"]) == (True, 200, 1)
