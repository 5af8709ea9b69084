"""The console: commands of the dictionary to a board, what comes from it, completion, scripts."""

from __future__ import annotations

import os
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import board_setup
import pytest
from click.testing import CliRunner
from link_setup import in_process

from hil.cli import main
from hil.ground.console import Console, ConsoleError
from hil.link.endpoint import NotIdentified
from onboard.dictionary import load
from onboard.services.commands import CommandCodec
from onboard.services.telemetry import PacketLayout

LANDER = load("lander")


class Talk:
    """A console, and the board at the other end of its line."""

    def __init__(self) -> None:
        self.line = in_process()
        self.said: list[str] = []
        self.console = Console(self.line.desk, LANDER, self.said.append)

    def run(self, text: str) -> list[tuple[str, dict[str, object]]]:
        """What commands the board gets for a line."""
        self.console.run(text)
        self.line.rounds(1)
        return [CommandCodec(LANDER).decode(packet) for packet in self.line.board_got]

    def hear(self) -> list[str]:
        self.said.clear()
        self.console.receive(0.0)
        return self.said


@pytest.fixture
def talk() -> Iterator[Talk]:
    made = Talk()
    made.line.rounds(2)
    yield made


@pytest.mark.parametrize(
    ("text", "arguments"),
    [
        ("NOOP", {}),
        ("MODE_SET safe", {"mode": "safe"}),
        ("MODE_SET mode=safe # and rest", {"mode": "safe"}),
        ("ORBIT_BURN 12.5", {"velocity_m_s": 12.5}),
        ("THRUSTER_ENABLE enabled=1 thruster=0x3", {"thruster": 3, "enabled": 1}),
        ("PARAM_SET 'guidance.thrust_n' 900", {"name": "guidance.thrust_n", "value": 900.0}),
    ],
)
def test_commands_reach_the_board(talk: Talk, text: str, arguments: dict[str, object]) -> None:
    assert talk.run(text) == [(text.split()[0], arguments)]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("FLY", "FLY: there is no such command; known are: help, show, who, wait, quit, NOOP"),
        ("MODE_SET moon", "MODE_SET: mode: 'moon' is unknown; MODE_SET takes: MODE"),
        ("MODE_SET", "arguments [] given, mode expected"),
        ("MODE_SET safe safe", "MODE_SET: 2 arguments, 1 are allowed"),
        ("ORBIT_BURN fast", "velocity_m_s: 'fast' is not a number"),
        ("ORBIT_BURN 1e9", "outside 0.1..500 m/s"),
        ("MODE_SET 'safe", "No closing quotation"),
        ("show weather", "there is no such packet; known are: navigation"),
        ("wait long", "wait long: allowed: 0 to 3600"),
        ("wait", "wait: allowed: wait SECONDS"),
        ("who is there", "who: allowed: who"),
        ("help FLY", "there is no such command"),
    ],
)
def test_what_is_wrong_is_told_and_nothing_is_sent(talk: Talk, text: str, why: str) -> None:
    with pytest.raises(ConsoleError) as told:
        talk.console.run(text)
    assert why in str(told.value)
    talk.line.rounds(1)
    assert talk.line.board_got == [] and talk.console.sent == 0


def test_nothing_is_sent_before_a_hello() -> None:
    talk = Talk()
    with pytest.raises(NotIdentified):
        talk.console.run("NOOP")


def test_what_comes_is_told(talk: Talk) -> None:
    board, layout = talk.line.board, PacketLayout(LANDER, "navigation")
    values = [float(k) for k in range(len(layout.channels))]
    board.send(LANDER.packets["navigation"].apid, layout.pack(2_500_000_000, 0b10, values))
    board.send(257, b"\0" * 9)
    board.send(17, struct.pack(">qIHBB", 1_000_000_000, 1, 17, 2, 4) + b"why?")
    board.send(17, struct.pack(">qIHBB", 2_000_000_000, 2, 65535, 0, 0))
    board.send(17, b"\0" * 9)
    board.carrier.write(b"stack 1234 octets\r\nhalf a l")
    told = talk.hear()
    assert "board: stack 1234 octets" in told
    assert "1.000 s warning COMMAND_REJECTED: why?" in told
    assert "2.000 s debug event 65535: " in told
    assert "event: 9 octets, at least 16 expected" in told
    assert any(line.startswith("telemetry guidance: 9 octets") for line in told)
    board.carrier.write(b"ine\r\n")
    assert talk.hear() == ["board: half a line"]
    talk.console.run("show")
    assert talk.said[1] == "navigation at 2.500 s"
    first, second = layout.channels[:2]
    units = [LANDER.channels[name].unit for name in (first, second)]
    assert talk.said[2:4] == [f"  {first} = 0 {units[0]}", f"  {second} = 1 {units[1]}  stale"]


def test_help_and_who(talk: Talk) -> None:
    talk.console.run("help ORBIT_BURN")
    assert talk.said[0] == "ORBIT_BURN: VELOCITY_M_S"
    assert "  velocity_m_s: f64, 0.1 to 500 m/s: To gain along the thrust" in talk.said
    assert "  hazardous: first ARM" in talk.said
    talk.console.run("help")
    assert "NOOP: nothing" in talk.said
    talk.console.run("who")
    assert any(line.startswith("test-board, firmware 1.2.3") for line in talk.said)
    assert not any("dictionary" in line for line in talk.said), "a board that knows none"


@pytest.mark.parametrize(
    ("before", "word", "found"),
    [
        ("", "NO", ["NOOP"]),
        ("", "sh", ["show"]),
        ("help ", "MODE_S", ["MODE_SET"]),
        ("show ", "nav", ["navigation"]),
        ("MODE_SET ", "sta", ["standby"]),
        ("MODE_SET safe ", "", []),
        ("ORBIT_BURN ", "", []),
        ("FLY ", "", []),
    ],
)
def test_completion(talk: Talk, before: str, word: str, found: list[str]) -> None:
    assert talk.console.completions(before, word) == found


def test_scripts() -> None:
    """Against a board that runs: the flight image, which acknowledges commands."""
    board_setup.build("posix")
    lines = ["--command", "NOOP", "--command", "who", "--wait", "0.1"]
    done = CliRunner().invoke(main, ["console", "posix", *lines])
    assert done.exit_code == 0, done.output
    assert "sent NOOP" in done.stdout and "board: onboard flight on posix" in done.stdout
    assert "s info COMMAND_ACCEPTED: NOOP from ground accepted" in done.stdout
    piped = CliRunner().invoke(main, ["console", "posix", "--wait", "0"], input="NOOP\nFLY\nNOOP\n")
    assert piped.exit_code == 2 and piped.stdout.count("sent NOOP") == 1
    assert "FLY: there is no such command" in piped.stderr
    assert CliRunner().invoke(main, ["console", "posix", "--vehicle", "x"]).exit_code == 2


def test_the_keyboard(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """With completion by the tabulator, in a terminal of its own."""
    board_setup.build("posix")
    monkeypatch.setenv("HOME", str(tmp_path))
    hil = [sys.executable, "-c", "from hil.cli import main; main()", "console", "posix"]
    terminal, end = os.openpty()
    child = subprocess.Popen(hil, stdin=end, stdout=end, stderr=end, start_new_session=True)
    os.close(end)
    seen = bytearray()

    def read() -> None:
        try:
            while octets := os.read(terminal, 4096):
                seen.extend(octets)
        except OSError:
            pass  # the end, of a pseudo-terminal

    reading = threading.Thread(target=read)
    reading.start()
    for typed, wanted in (
        (b"", b"> "),
        (b"MODE_S\tsaf\t\n", b"sent MODE_SET mode=safe"),
        (b"quit\n", b""),
    ):
        os.write(terminal, typed)
        until_s = time.monotonic() + 30.0
        while wanted not in seen and time.monotonic() < until_s:
            time.sleep(0.01)
        assert wanted in seen, bytes(seen)
    assert child.wait() == 0
    reading.join()
    os.close(terminal)
    history = tmp_path / ".config/onboard/console_history"
    assert "MODE_SET safe" in history.read_text()
