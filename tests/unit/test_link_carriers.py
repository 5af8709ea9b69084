"""Every carrier: the same octets, in large pieces, a clean end, and open again."""

import errno
import os
import pty
import socket
import threading
import tty
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from serial import Serial as PortOfSystem
from serial import SerialException

from hil.link.carriers import (
    AddressError,
    Carrier,
    InProcess,
    PseudoTerminal,
    Serial,
    Tcp,
    Unplugged,
    open_carrier,
)
from hil.link.codec import Receiver, frame
from hil.link.reader import Reader

OCTETS = bytes(range(256)) * 3


class Far:
    """The other end of a line."""

    def __init__(
        self,
        plug: Callable[[], None],
        unplug: Callable[[], None],
        *,
        reads: Callable[[], bytes],
        writes: Callable[[bytes], object],
    ) -> None:
        self.plug, self.unplug, self.reads, self.writes = plug, unplug, reads, writes


@contextmanager
def in_process() -> Iterator[tuple[Carrier, Far]]:
    carrier = InProcess()
    far = carrier.peer
    yield carrier, Far(far.reopen, far.close, reads=lambda: far.read(1.0), writes=far.write)


def descriptor(open_it: Callable[[], int], close_it: Callable[[int], None] = os.close) -> Far:
    held = [-1]

    def plug() -> None:
        held[0] = open_it()

    return Far(
        plug,
        lambda: close_it(held[0]),
        reads=lambda: os.read(held[0], 65536),
        writes=lambda octets: os.write(held[0], octets),
    )


@contextmanager
def pseudo_terminal() -> Iterator[tuple[Carrier, Far]]:
    carrier = PseudoTerminal()
    far = descriptor(lambda: os.open(carrier.path, os.O_RDWR | os.O_NOCTTY))
    far.plug()
    assert carrier.reopen()
    yield carrier, far


@contextmanager
def tcp() -> Iterator[tuple[Carrier, Far]]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        carrier = Tcp("127.0.0.1", server.getsockname()[1])
        far = descriptor(lambda: server.accept()[0].detach())
        far.plug()
        yield carrier, far
        carrier.close()


@contextmanager
def serial_port(tmp_path: object = None) -> Iterator[tuple[Carrier, Far]]:
    """A pseudo-terminal again, this time with the desk where the board was."""
    master, slave = pty.openpty()
    tty.setraw(master)
    carrier = Serial(os.ttyname(slave))
    os.close(slave)
    far = descriptor(lambda: master)
    far.plug()
    yield carrier, far
    carrier.close()


LINES = [in_process, pseudo_terminal, tcp, serial_port]
REOPENED = [in_process, pseudo_terminal, tcp]


@pytest.mark.parametrize("line", LINES)
def test_octets_go_both_ways_unchanged(line: Callable[[], Iterator[tuple[Carrier, Far]]]) -> None:
    with line() as (carrier, far):  # type: ignore[attr-defined]
        assert carrier.read(0.0) == b""
        far.writes(OCTETS)
        got = b""
        while len(got) < len(OCTETS):
            piece = carrier.read(5.0)
            assert piece
            got += piece
        assert got == OCTETS
        carrier.write(OCTETS)
        back = b""
        while len(back) < len(OCTETS):
            back += far.reads()
        assert back == OCTETS


@pytest.mark.parametrize("line", LINES)
def test_an_unplugged_line_says_so_each_time(
    line: Callable[[], Iterator[tuple[Carrier, Far]]],
) -> None:
    with line() as (carrier, far):  # type: ignore[attr-defined]
        far.writes(b"last words")
        far.unplug()
        got = b""
        with pytest.raises(Unplugged, match=carrier.address.split("/")[0]):
            while True:
                got += carrier.read(5.0)
        assert got == b"last words" or line is serial_port  # a hung-up terminal forgets its input
        for _ in range(2):
            with pytest.raises(Unplugged):
                carrier.read(0.0)
            with pytest.raises(Unplugged):
                carrier.write(b"into the air")


@pytest.mark.parametrize("line", REOPENED)
def test_a_line_that_is_back_works_again(
    line: Callable[[], Iterator[tuple[Carrier, Far]]],
) -> None:
    with line() as (carrier, far):  # type: ignore[attr-defined]
        for _ in range(3):
            far.unplug()
            with suppress(Unplugged):
                while True:
                    carrier.read(5.0)
            accept = threading.Thread(target=far.plug)
            accept.start()
            while not carrier.reopen():
                pass
            accept.join()
            far.writes(b"\x03\n\r\x11")
            got = b""
            while len(got) < 4:
                got += carrier.read(5.0)
            assert got == b"\x03\n\r\x11"


def test_an_exclusive_port_is_refused_to_others() -> None:
    with serial_port() as (carrier, _):
        device = carrier.address.removeprefix("serial:")
        with pytest.raises(AddressError, match=f"{device}: another program has the port"):
            open_carrier(f"serial:{device}")


def test_a_pseudo_terminal_has_no_modem_lines() -> None:
    with serial_port() as (carrier, _):
        assert isinstance(carrier, Serial)
        assert not carrier.set_lines(dtr=False, rts=True)


@pytest.mark.parametrize(
    "address",
    ["", "usb", "tcp://", "tcp://host", "tcp://h:0", "tcp://h:x", "serial:", "serial://h/dev/tty",
     "serial:/dev/nothing", "serial:/dev/tty?baud=12", "serial:/dev/tty?baud=x", "pty:/dev/pts/1",
     "serial:/dev/tty?speed=9600", "tcp://127.0.0.1:1"],
)  # fmt: skip
def test_an_address_that_cannot_be_opened_is_told_in_one_line(address: str) -> None:
    with pytest.raises(AddressError, match=r"\S") as error:
        open_carrier(address)
    assert str(error.value).startswith(f"{address}: ")
    assert "\n" not in str(error.value)


def test_a_port_that_is_not_there_is_named_once() -> None:
    with pytest.raises(AddressError) as error:
        open_carrier("serial:/dev/nothing")
    assert str(error.value).startswith("serial:/dev/nothing: there is no such port; ")
    assert str(error.value).count("/dev/nothing") == 1


@pytest.mark.parametrize(
    ("number", "what_to_do"),
    [
        (errno.EBUSY, "another program has the port; end it (`fuser"),
        (errno.EACCES, "this user may not open the port; join its group ("),
        (errno.EIO, "Input/output error; is it a serial port?"),
    ],
)
def test_what_helps_is_said_in_place_of_a_number(
    number: int, what_to_do: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def refuse(_: object) -> None:
        raise SerialException(number, f"could not open port: {os.strerror(number)}")

    monkeypatch.setattr(PortOfSystem, "open", refuse)
    (tmp_path / "port").touch()
    with pytest.raises(AddressError) as error:
        open_carrier(f"serial:{tmp_path / 'port'}")
    assert what_to_do in str(error.value) and "Errno" not in str(error.value)


def test_a_file_is_no_serial_port(tmp_path: Path) -> None:
    (tmp_path / "port").touch()
    with pytest.raises(AddressError, match=r"is it a serial port\?") as error:
        open_carrier(f"serial:{tmp_path / 'port'}")
    assert "Errno" not in str(error.value)


def test_a_port_of_the_network_where_nobody_listens() -> None:
    with pytest.raises(AddressError) as error:
        open_carrier("tcp://127.0.0.1:1")
    assert str(error.value).startswith("tcp://127.0.0.1:1: nobody listens there; ")


def test_addresses() -> None:
    assert isinstance(open_carrier("inproc:"), InProcess)
    assert isinstance(open_carrier("pty"), PseudoTerminal)
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"tcp://127.0.0.1:{server.getsockname()[1]}"
        carrier = open_carrier(address)
        assert carrier.address == address
        carrier.close()


def test_a_pseudo_terminal_is_gone_until_its_board_is_there() -> None:
    carrier = PseudoTerminal()
    assert not carrier.reopen()
    with pytest.raises(Unplugged):
        carrier.read(0.0)


def test_a_reader_stamps_pieces_and_finds_the_line_again() -> None:
    with pseudo_terminal() as (carrier, far):
        reader, receiver = Reader(carrier), Receiver()
        for k in range(3):
            far.writes(frame(1, bytes([k])))
            found = []
            while not found:
                for time_ns, octets in reader.take(5.0):
                    assert time_ns > 0
                    found += receiver.take(octets).payloads()
            assert found == [bytes([k])]
            far.unplug()
            while reader.unplugged == k:
                reader.take(0.01)
            far.plug()
            while not carrier.is_open:
                reader.take(0.01)
        reader.stop()
        assert reader.unplugged == 3
