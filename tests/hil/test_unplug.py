"""A board whose plug is pulled and put back while it flies: the verdict is true each time."""

from __future__ import annotations

import os
import random
import signal
import threading
import time
from collections.abc import Iterator
from typing import Any

import board_setup
import pytest

from hil import scenario as scenarios
from hil.bench import conversation
from hil.bench.processor import Processor
from hil.bench.result import Figures
from onboard.core._core import lib

FINAL, _ = scenarios.load(scenarios.find("frigoris_final"))
CONTROL = lib.OB_LANDER_CONTROL


def flown(seconds: float, meanwhile: Any, returns: int, name: str = "posix") -> Figures:
    def prepared(processor: Processor, tick: int) -> None:
        processor.talk.may_return = returns
        meanwhile(processor, tick)

    scenario = FINAL.model_copy(update={"duration_s": seconds, "expect": ()})
    return board_setup.flown(scenario, 1, name, prepared)


@pytest.fixture(scope="module")
def alone() -> Figures:
    """Five seconds with a board that stays."""
    return flown(5.0, lambda *_: None, 0)


@pytest.mark.parametrize("seed", [1, 2])
def test_a_plug_pulled_twenty_times(seed: int, alone: Figures) -> None:
    ticks = random.Random(seed).sample(range(1, 501), 20)

    def pull(processor: Processor, tick: int) -> None:
        if tick in ticks:
            assert processor.emulated is not None
            processor.emulated.replug()

    result = flown(5.0, pull, 20)
    assert result.same_bits, result.first_difference or result.board_failure
    assert (result.verdict, result.board_ticks) == ("passed", 500)
    assert result.bit_hash == alone.bit_hash
    assert result.line is not None and result.line["returns"] == 20


def test_a_plug_pulled_at_any_moment(alone: Figures) -> None:
    """Within frames, and while the board is brought back, by another thread."""
    enough, pulled = threading.Event(), []

    def pull(processor: Processor) -> None:
        assert processor.emulated is not None
        while not enough.wait(0.03):
            processor.emulated.replug()
            pulled.append(1)
            if len(pulled) == 10:
                return

    pulling: list[threading.Thread] = []

    def begin(processor: Processor, tick: int) -> None:
        if tick == 20:
            pulling.append(threading.Thread(target=pull, args=(processor,)))
            pulling[0].start()
        if tick == 490:  # all of it while it flies
            pulling[0].join()

    try:
        result = flown(5.0, begin, 100)
    finally:
        enough.set()
        pulling[0].join()
    assert result.same_bits, result.first_difference or result.board_failure
    assert result.bit_hash == alone.bit_hash
    assert result.line is not None and 1 <= result.line["returns"] <= 10


def test_an_emulated_board_comes_back() -> None:
    def pull(processor: Processor, tick: int) -> None:
        if tick in (30, 31, 60):
            assert processor.emulated is not None
            processor.emulated.replug()

    result = flown(1.0, pull, 3, "mps2-an386")
    assert result.same_bits, result.first_difference or result.board_failure
    assert result.line is not None and result.line["returns"] == 3


@pytest.mark.parametrize("name", ["posix", "mps2-an386"])
def test_a_board_goes_on_where_it_kept_the_flight(name: str) -> None:
    """At tick 200 of 250: it is told 49 ticks again, not 249, and nothing of its image."""

    def pull(processor: Processor, tick: int) -> None:
        if tick == 250:
            assert processor.emulated is not None
            processor.emulated.replug()

    stays = flown(2.6, lambda *_: None, 0, name)
    result = flown(2.6, pull, 1, name)
    assert result.same_bits, result.first_difference or result.board_failure
    assert result.line is not None and stays.line is not None and result.line["returns"] == 1
    more = result.line["frames_sent"] - stays.line["frames_sent"]
    assert 49 <= more < 49 + 10  # and the answer to its HELLO, the word to go on, the tick again


def test_a_board_that_flew_a_tick_unheard_goes_on() -> None:
    """It is killed when it has flown, and kept, the tick that it is asked for."""

    def pull(processor: Processor, tick: int) -> None:
        carrier = processor._endpoint.carrier
        if tick == 200:
            write = carrier.write

            def last(octets: bytes) -> None:
                carrier.write = write
                write(octets)
                time.sleep(0.2)  # it has flown the tick long since
                assert processor.emulated is not None
                processor.emulated.replug()

            carrier.write = last

    result = flown(2.2, pull, 1)
    assert result.same_bits, result.first_difference or result.board_failure
    assert (result.board_ticks, result.line and result.line["returns"]) == (220, 1)


def test_a_flight_begun_anew_goes_on_from_nothing() -> None:
    """With the same image and the same board: what was kept of the flight before is forgotten."""
    scenario = FINAL.model_copy(update={"duration_s": 1.5, "expect": ()})
    with board_setup.board("posix") as processor:
        assert board_setup.session(scenario, 1, processor).fly().same_bits
        again = board_setup.session(scenario, 1, processor)
        assert processor.emulated is not None
        processor.talk.may_return = 1
        processor.emulated.replug()
        assert again.fly().same_bits


def test_one_time_too_many_ends_the_run() -> None:
    def pull(processor: Processor, tick: int) -> None:
        if tick in (10, 20, 30):
            assert processor.emulated is not None
            processor.emulated.replug()

    result = flown(1.0, pull, 2)
    assert (result.verdict, result.same_bits, result.board_ticks) == ("failed", False, 29)


def test_a_board_that_ended_is_told_with_its_name_and_tick() -> None:
    def end(processor: Processor, tick: int) -> None:
        if tick == 10:
            assert processor.emulated is not None
            os.kill(processor.emulated.process.pid, signal.SIGKILL)

    result = flown(1.0, end, 0)
    (told,) = result.failed_expectations
    assert told.startswith("same_bits is false: posix: tick 10: pty:")
    assert told.endswith(": the line is gone: its other end ended, or was unplugged")


@pytest.fixture
def _impatient(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(conversation, "AWAY_S", 0.3)
    yield


@pytest.mark.usefixtures("_impatient")
def test_a_plug_that_stays_out_ends_the_run() -> None:
    def pull(processor: Processor, tick: int) -> None:
        if tick == 10:
            assert processor.emulated is not None
            os.kill(processor.emulated.process.pid, signal.SIGKILL)

    result = flown(1.0, pull, 5)
    assert (result.verdict, result.board_ticks) == ("failed", 9)
    assert result.board_failure is not None
    assert result.board_failure.endswith("; it did not come back in 0.3 s")


def test_a_board_that_differs_after_its_return_is_found_out() -> None:
    def pull(processor: Processor, tick: int) -> None:
        assert processor.emulated is not None
        if tick == 50:
            processor.emulated.replug()
        if tick == 60:
            processor.write_part(CONTROL, 8, bytes(range(64)))

    result = flown(1.0, pull, 1)
    assert (result.verdict, result.same_bits, result.board_ticks) == ("failed", False, 59)
    assert result.first_difference is not None and "tick 60: control." in result.first_difference
