"""Tests that run unchanged on any board: `pytest tests/hil/test_on_boards.py --hil-board ...`."""

from __future__ import annotations

from collections.abc import Callable

import board_setup
import pytest
from hypothesis import settings
from hypothesis.stateful import run_state_machine_as_test
from link_machine import IMAGE, LinkMachine

from hil import scenario as scenarios
from hil.bench.processor import Processor
from hil.bench.result import Figures
from hil.link.endpoint import Endpoint
from onboard.core._core import lib


@pytest.fixture(autouse=True)
def _built(hil_address: str) -> None:
    """The images of emulated boards."""
    kind, _, machine = hil_address.partition(":")
    if kind in ("posix", "qemu"):
        board_setup.build("posix" if kind == "posix" else machine or "mps2-an386")


@pytest.mark.requirement("REQ-LINK-HELLO")
def test_the_board_says_who_it_is(hil_board: Endpoint) -> None:
    assert hil_board.peer.board
    assert hil_board.peer.core_hash == lib.ob_core_hash()


@pytest.mark.requirement("REQ-LINK-MEMORY")
def test_what_is_written_is_read(hil_board: Endpoint) -> None:
    board = Processor(hil_board)
    before = board.read_part(IMAGE, 16)
    board.write_part(IMAGE, 8, bytes(range(8)))
    assert board.read_part(IMAGE, 16) == before[:8] + bytes(range(8))


@pytest.mark.requirement("REQ-LINK-MEMORY", "REQ-LINK-NOISE")
def test_memory_through_noise_and_repeated_frames(
    hil_board: Endpoint, hil_examples: settings
) -> None:
    run_state_machine_as_test(lambda: LinkMachine(hil_board), settings=hil_examples)


@pytest.mark.requirement("REQ-SAME-BITS")
def test_a_flight_has_the_bits_of_the_desk(hil_session: Callable[..., Figures]) -> None:
    scenario, _ = scenarios.load(scenarios.find("frigoris_final"))
    result = hil_session(scenario.model_copy(update={"duration_s": 2.0, "expect": ()}), seed=4)
    assert result.same_bits is not False
    assert result.sim_seconds == 2.0
