"""A flight over a line with faults: the same bits, and what was lost is named."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import board_setup
import pytest

from hil import scenario as scenarios
from hil.bench import board_line, session
from hil.link.faults import LinkFaultSpec
from hil.scenario import Scenario

FINAL, FINAL_TEXT = scenarios.load(scenarios.find("frigoris_final"))
REFUSED = ("bad_cobs", "too_short", "too_long", "other_length", "bad_crc", "foreign")


def with_faults(*faults: dict[str, Any]) -> Scenario:
    """Two seconds of a flight, whose line has these faults both ways in its second one."""
    window = {"start_s": 1.0, "end_s": 1.5}
    specs = tuple(
        LinkFaultSpec.model_validate({**window, **fault, "direction": direction})
        for fault in faults
        for direction in ("to_board", "from_board")
    )
    return FINAL.model_copy(update={"duration_s": 2.0, "expect": (), "link_fault": specs})


@pytest.fixture(scope="module")
def sound_hash() -> str:
    return session.run(with_faults(), "", seed=1).bit_hash


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "drop", "probability": 0.1},
        {"kind": "corrupt", "amount": 4, "probability": 0.1},
        {"kind": "truncate", "probability": 0.1},
        {"kind": "duplicate", "probability": 0.5},
        {"kind": "burst", "amount": 8, "probability": 0.1},
        {"kind": "byte_loss", "probability": 0.001},
        {"kind": "delay", "amount": 0.2},
        {"kind": "jitter", "amount": 0.2},
        {"kind": "stalled"},
        {"kind": "stuck", "amount": 255},
        {"kind": "baud", "amount": 2.0},
        {"kind": "half_open"},
        {"kind": "babble", "amount": 5000.0},
    ],
    ids=lambda fault: fault["kind"],
)
def test_the_bits_are_the_same_over_a_bad_line(fault: dict[str, Any], sound_hash: str) -> None:
    result = board_setup.flown(with_faults(fault), 1)
    assert result.same_bits, result.first_difference or result.board_failure
    assert (result.bit_hash, result.board_ticks) == (sound_hash, 200)
    line = result.line
    assert line is not None
    assert any(line["faults_touched"])  # what blocks one way has passed before it blocks the other
    lost = line["lost"] + sum(line[name] for name in REFUSED)
    if fault["kind"] in ("delay", "jitter", "stalled"):
        assert lost == 0
    else:
        assert lost + line["repeated"] + line["asked_again"] > 0


def test_all_at_once_from_the_first_octet(sound_hash: str) -> None:
    """The configuration of the board goes over the bad line, too."""
    begin = {"start_s": 0.0, "end_s": None, "probability": 0.02}
    kinds = [{"kind": "drop"}, {"kind": "corrupt", "amount": 2}, {"kind": "truncate"}]
    result = board_setup.flown(with_faults(*(begin | kind for kind in kinds)), 1)
    assert result.same_bits, result.first_difference or result.board_failure
    assert result.bit_hash == sound_hash


def test_a_line_that_stays_dead_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(board_line, "ANSWER_S", 0.1)
    result = board_setup.flown(with_faults({"kind": "half_open", "end_s": None}), 1)
    assert (result.same_bits, result.verdict, result.board_ticks) == (False, "failed", 99)
    assert result.board_failure == "posix: no answer to tick 100 in 0.3 s"


def test_a_session_holds_a_capture_of_its_line(tmp_path: Path) -> None:
    folder = tmp_path / "session"
    with board_setup.board("posix") as processor:
        result = session.run(with_faults(), "", seed=1, folder=folder, processor=processor)
    octets = (folder / board_line.CAPTURE).read_bytes()
    assert octets.count(b"ccsds\0\0\0") >= 2 * 200
    assert result.line is not None and result.line["asked_again"] == 0
