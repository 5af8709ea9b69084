"""boards.toml, and boards that are found by listening."""

from __future__ import annotations

import json
import os
import select
import socket
import threading
import tty
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from link_setup import BOARD
from serial.tools import list_ports
from serial.tools.list_ports_common import ListPortInfo

from hil import boards
from hil.boards import BoardsError, find, read, there
from hil.cli import main
from hil.link.attachment import attach
from hil.link.carriers import AddressError, PseudoTerminal
from hil.link.endpoint import Endpoint, Hello, NotIdentified
from onboard.core._core import lib

GOOD = """
[board.flatsat]
usb = { vid = 0x0483, pid = 0x5740, serial_number = "0042" }
baud = 921600
says = "test-board"
hello_s = 2

[board.lab]
address = "tcp://127.0.0.1:1"
description = "the one in the corner"
"""


class Port:
    """A serial port of this machine: a pseudo-terminal, at whose other end the test is."""

    def __init__(self) -> None:
        self.master, self.slave = os.openpty()
        self.device = os.ttyname(self.slave)
        tty.setraw(self.master)  # no echo

    def info(self, **about: Any) -> ListPortInfo:
        info = ListPortInfo(self.device)
        for name, value in about.items():
            setattr(info, name, value)
        return info

    @contextmanager
    def says(self, octets: bytes) -> Iterator[None]:
        """Again and again: opening a port forgets what came before."""
        enough = threading.Event()

        def speak() -> None:
            while not enough.wait(0.05):
                os.write(self.master, octets)

        speaking = threading.Thread(target=speak)
        speaking.start()
        try:
            yield
        finally:
            enough.set()
            speaking.join()

    def came(self) -> bytes:
        return os.read(self.master, 4096) if select.select([self.master], [], [], 0)[0] else b""


@pytest.fixture
def port(monkeypatch: pytest.MonkeyPatch) -> Iterator[Port]:
    made = Port()
    info = made.info(vid=0x0483, pid=0x5740, serial_number="0042", location="1-1.2")
    monkeypatch.setattr(list_ports, "comports", lambda: [info, ListPortInfo("/dev/ttyS9")])
    yield made
    os.close(made.master)
    os.close(made.slave)


@pytest.fixture(autouse=True)
def _inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))


def hello(board: Hello = BOARD) -> bytes:
    """What a board says first."""
    line = PseudoTerminal()
    end = os.open(line.path, os.O_RDWR | os.O_NOCTTY)
    try:
        assert line.reopen()
        Endpoint(line, board, role="board").take(b"")
        return os.read(end, 4096)
    finally:
        os.close(end)


def hil(*arguments: str) -> Result:
    return CliRunner().invoke(main, list(arguments))


def test_a_board_is_found_by_what_its_port_says(port: Port, tmp_path: Path) -> None:
    (tmp_path / "boards.toml").write_text(GOOD)
    known = read()
    assert list(known) == ["flatsat", "lab"]
    assert known["flatsat"].where() == f"serial:{port.device}?baud=921600"
    assert find("lab", known).where() == "tcp://127.0.0.1:1"
    assert find("posix", known).where() == "posix"
    assert find("serial:/dev/x?baud=300", known).where() == "serial:/dev/x?baud=300"


@pytest.mark.parametrize("ports", [0, 2])
def test_no_port_or_several_are_refused(port: Port, ports: int) -> None:
    info = list_ports.comports()[0]
    board = boards.Board(usb=boards.Usb(vid=0x0483))
    with pytest.MonkeyPatch.context() as patch, pytest.raises(AddressError) as told:
        patch.setattr(list_ports, "comports", lambda: [info] * ports)
        board.where()
    assert f"usb = {{ vid = 0x0483 }}: {ports} ports are so" in str(told.value)


@pytest.mark.parametrize("command", [["run", "frigoris"], ["profile", "frigoris"]])
@pytest.mark.parametrize(
    ("place", "words"),
    [
        ("usb = { vid = 0x0001 }", "usb = { vid = 0x0001 }: 0 ports are so"),
        ("address = 'serial:/dev/nothing'", "serial:/dev/nothing: there is no such port; "),
        ("address = 'tcp://127.0.0.1:1'", "tcp://127.0.0.1:1: nobody listens there; "),
    ],
)
def test_what_is_wrong_with_a_board_names_it_and_its_file(
    tmp_path: Path, command: list[str], place: str, words: str
) -> None:
    file = tmp_path / "own.toml"
    file.write_text(f"[board.flatsat]\n{place}\n")
    result = CliRunner().invoke(main, [*command, "--board", "flatsat", "--boards", str(file)])
    assert result.exit_code == 2, result.output
    assert result.stderr.startswith(f"hil: {file}: board.flatsat: {words}")
    assert result.stderr.count("\n") == 1 and "Errno" not in result.stderr


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[board.a]\naddress = 'tcp:/1'", "board.a: address = 'tcp:/1': tcp:/1: allowed: inproc"),
        ("[board.a]\naddress = '/dev/ttyS9'", "/dev/ttyS9: allowed: qemu, qemu:BOARD, posix, tcp"),
        ("[board.a]\naddress = 'pty'", "pty: allowed: qemu, qemu:BOARD, posix, tcp"),
        ("[board.a]\naddress = 'lab:'", "lab:: names no board; allowed: lab:BOARD"),
        (
            "[board.a]\nusb = {vid = 1}\npower = {on = [], off = ['x']}",
            "power.on: allowed: 1 or more",
        ),
        ("[board.a]\naddress = 'qemu:pdp11'", "no such board; there are: mps2-an386"),
        ("[board.a]\nusb = {vid = 70000}", "board.a: usb.vid = 70000: allowed: 0 to 65,535"),
        ("[board.a]\nusb = {}", "usb: allowed: one or more of vid, pid, serial_number, location"),
        ("[board.a]\nusb = {vid = 1}\nbaud = 5", "baud = 5: allowed: 300 to 12,000,000"),
        ("[board.a]\nusb = {vid = 1}\naddress = 'posix'", "allowed: one of address, usb"),
        ("[board.a]", "allowed: one of address, usb"),
        ("[board.a]\naddress = 'posix'\nbaud = 300", "baud: allowed with usb"),
        ("[board.a]\naddress = 'posix'\ncolour = 1", "board.a: colour = 1: unknown; 7 fields"),
        ("[board.a]\naddress = 'posix'\nhello_s = 0", "hello_s = 0: allowed: above 0 to 600"),
        ("[board.posix]\naddress = 'posix'", "board.posix: allowed: another name"),
        ("[board.Big]\naddress = 'posix'", "board.Big: allowed: another name"),
        ("board = 1", "board: allowed: tables [board.NAME]"),
        ("[boards.a]", "boards: unknown; allowed: tables [board.NAME]"),
        ("[", "not valid TOML"),
    ],
)
def test_mistakes_are_told(tmp_path: Path, text: str, words: str) -> None:
    file = tmp_path / "mine.toml"
    file.write_text(text)
    with pytest.raises(BoardsError) as told:
        read(file)
    assert str(told.value).startswith(f"{file}: ") and words in str(told.value)
    refused = hil("boards", "--boards", str(file))
    assert refused.exit_code == 2 and words in refused.stderr


@pytest.mark.parametrize("command", [["run", "frigoris_final", "--link"], ["console"]])
@pytest.mark.parametrize("address", ["pty:", "inproc:", "/dev/ttyS9:"])
def test_what_is_no_address_of_a_board_is_refused(command: list[str], address: str) -> None:
    refused = hil(*command, address)
    assert refused.exit_code == 2
    assert f"{address}: allowed: qemu, qemu:BOARD, posix, tcp://HOST:PORT" in refused.stderr


@pytest.mark.parametrize("command", [["run", "frigoris_final", "--link"], ["console"]])
def test_a_line_that_closes_before_a_hello_is_told(command: list[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        closing = threading.Thread(target=lambda: server.accept()[0].close())
        closing.start()
        refused = hil(*command, f"tcp://127.0.0.1:{server.getsockname()[1]}")
        closing.join()
    assert refused.exit_code == 2
    assert refused.stderr.rstrip().endswith("; no HELLO had come")


def test_a_board_that_goes_before_the_flight_is_told(tmp_path: Path) -> None:
    octets = hello(BOARD._replace(core_hash=lib.ob_core_hash()))

    def speak_and_go() -> None:
        with server.accept()[0] as line:
            line.sendall(octets)
            line.recv(1)  # it was heard

    with socket.create_server(("127.0.0.1", 0)) as server:
        board = threading.Thread(target=speak_and_go)
        board.start()
        address = f"tcp://127.0.0.1:{server.getsockname()[1]}"
        refused = hil("run", "frigoris_final", "--link", address)
        board.join()
    assert refused.exit_code == 2
    assert refused.stderr.startswith(f"hil: {address}: ")
    assert not (tmp_path / "sessions").exists()


@pytest.mark.parametrize(
    ("options", "why"),
    [
        (["--boards", "mine.toml"], "--boards: mine.toml has names for --board; give one"),
        (["--returns", "1"], "--returns: counts returns of a board; give --link or --board"),
    ],
)
def test_what_says_nothing_without_a_board_is_refused(options: list[str], why: str) -> None:
    refused = hil("run", "frigoris_final", "--no-record", *options)
    assert refused.exit_code == 2 and refused.stderr == f"hil: {why}\n"


def test_names_and_files_that_are_not_there(tmp_path: Path) -> None:
    assert read() == {}
    with pytest.raises(BoardsError, match="nope: there is no such board; known are: none"):
        find("nope", {})
    with pytest.raises(BoardsError, match="cannot be read: No such file"):
        read(tmp_path / "gone.toml")
    refused = hil("run", "frigoris_final", "--board", "nope")
    assert refused.exit_code == 2 and "there is no such board" in refused.stderr
    refused = hil("run", "frigoris_final", "--board", "posix", "--link", "posix")
    assert refused.exit_code == 2 and "give one" in refused.stderr


def test_listening_finds_a_board_and_writes_nothing(port: Port, tmp_path: Path) -> None:
    (tmp_path / "boards.toml").write_text(GOOD)
    with port.says(b"boot text\r\n" + hello()):
        rows = {row.name or row.address: row for row in there(read(), 5.0)}
    assert rows["flatsat"].state == "HELLO"
    assert rows["flatsat"].detail.startswith("test-board, firmware 1.2.3, identity 4d (0483:5740")
    assert rows["lab"].state == "missing" and "nobody listens" in rows["lab"].detail
    assert {"posix", "qemu:mps2-an386", "qemu:mps2-an500"} <= set(rows)
    assert f"serial:{port.device}" not in rows, "it has a name"
    assert port.came() == b""


def test_a_port_that_says_something_else_is_silent(port: Port) -> None:
    with port.says(b"OK\r\n\0\1\2\3\0"):
        shown = json.loads(hil("boards", "--listen", "0.3", "--json").stdout)
    (row,) = [row for row in shown if row["address"] == f"serial:{port.device}"]
    assert row["state"] == "silent" and row["detail"].startswith("no HELLO in 0.3 s (0483:5740")
    assert port.came() == b""
    assert "not listened to" in hil("boards", "--listen", "0").stdout


def test_another_board_than_expected_is_refused(port: Port) -> None:
    with (
        port.says(hello()),
        pytest.raises(NotIdentified, match="test-board said HELLO, flatsat is expected"),
        attach(f"serial:{port.device}", says="flatsat", hello_s=5.0),
    ):
        raise AssertionError
