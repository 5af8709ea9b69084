"""What carries the octets: memory, a pseudo-terminal, TCP or a serial port, all read the same way.

    inproc:                      both ends in this process; the other is `carrier.peer`
    pty                          a new pseudo-terminal; a board's program opens `carrier.path`
    tcp://HOST:PORT              connects, as to an emulator that serves its line
    serial:/dev/ttyACM0?baud=N   a serial port, 115200 baud unless said otherwise

Reading waits with `poll` and takes what is there in one large piece: no thread, no read octet by
octet. A line that goes away (unplugged, the other end closed) raises `Unplugged`, at every call
until `reopen` returns True.
"""

from __future__ import annotations

import errno
import fcntl
import grp
import os
import select
import socket
import termios
import threading
import tty
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any, Protocol
from urllib.parse import parse_qsl, urlsplit

import serial

READ_OCTETS = 1 << 16
STUCK_S = 5.0  # a line that takes nothing for so long is gone
BAUD = 115_200
BAUDS = range(300, 12_000_001)
FORMS = "inproc:, pty, tcp://HOST:PORT, serial:DEVICE, serial:DEVICE?baud=NUMBER"
_GONE = (errno.EIO, errno.ENXIO, errno.ENODEV, errno.EBADF, errno.EPIPE, errno.ECONNRESET)


class AddressError(ValueError):
    """An address that no carrier has, or that cannot be opened; the message says which and why."""


class Unplugged(ConnectionError):
    """The line is gone; `reopen` tries to get it back."""


class Carrier(Protocol):
    """A line of octets, both ways."""

    address: str

    @property
    def is_open(self) -> bool:
        """Whether the line was there when it was used last."""

    def read(self, timeout_s: float) -> bytes:
        """What came, at most READ_OCTETS; empty after `timeout_s` without any. Raises Unplugged."""

    def write(self, octets: bytes) -> None:
        """All of it, waiting while the line is full, up to STUCK_S. Raises Unplugged."""

    def reopen(self) -> bool:
        """Whether the line is there again."""

    def close(self) -> None:
        """Gives the line back; it can be reopened."""


class Waitable(Carrier, Protocol):
    """One that is a file descriptor."""

    def fileno(self) -> int:
        """What to wait for with `poll`."""


def open_carrier(address: str) -> Carrier:
    """The carrier of an address. Raises AddressError."""
    opener = _opener(address)
    try:
        return opener()
    except OSError as error:
        device = urlsplit(address).path
        raise AddressError(f"{address}: {_what_to_do(error, device)}") from None
    except ValueError as error:
        raise AddressError(f"{address}: {error}") from None


def _what_to_do(error: OSError, device: str) -> str:
    """Why a line cannot be opened, and what helps; a device is a serial port's, else empty."""
    if error.errno == errno.ECONNREFUSED:
        return "nobody listens there; start the board, or what serves its line"
    why = error.strerror or str(error)
    if not device:
        return why
    if error.errno == errno.ENOENT:
        return "there is no such port; plug the board in; `hil boards` shows which there are"
    if error.errno in (errno.EBUSY, errno.EAGAIN):
        return f"another program has the port; end it (`fuser {device}` tells which it is)"
    if error.errno in (errno.EACCES, errno.EPERM):
        return f"this user may not open the port; join its group{_group_of(device)} and log in anew"
    return f"{why}; is it a serial port? `hil boards` shows which there are"


def _group_of(device: str) -> str:
    """How to join the group of a device, where it has one by name."""
    try:
        group = grp.getgrgid(os.stat(device).st_gid).gr_name
    except (OSError, KeyError):
        return ""
    return f" (sudo usermod -a -G {group} USER)"


def check_address(address: str) -> None:
    """Raises AddressError for what is no address; nothing is opened."""
    _opener(address)


def _opener(address: str) -> Callable[[], Carrier]:
    """What opens the carrier of an address. Raises AddressError."""
    try:
        parts = urlsplit(address)
        if address in ("inproc", "inproc:"):
            return InProcess
        if address in ("pty", "pty:"):
            return PseudoTerminal
        if parts.scheme == "tcp" and parts.hostname and parts.port:
            return partial(Tcp, parts.hostname, parts.port)
        if parts.scheme == "serial" and parts.path and not parts.netloc:
            return partial(Serial, parts.path, _baud(parts.query))
    except ValueError as error:
        raise AddressError(f"{address}: {error}") from None
    raise AddressError(f"{address}: allowed: {FORMS}")


def _baud(query: str) -> int:
    options = dict(parse_qsl(query, strict_parsing=bool(query)))
    baud = options.pop("baud", str(BAUD))
    if options or not baud.isdecimal() or int(baud) not in BAUDS:
        raise ValueError(f"allowed: baud={BAUDS[0]} to {BAUDS[-1]}")
    return int(baud)


class _Descriptor:
    """Reading and writing of what is a file descriptor that does not block."""

    address: str
    is_open = False

    def _use(self, descriptor: int) -> None:
        os.set_blocking(descriptor, False)
        self._fd = descriptor
        self._readable, self._writable = select.poll(), select.poll()
        self._readable.register(descriptor, select.POLLIN)
        self._writable.register(descriptor, select.POLLOUT)
        self.is_open = True

    def read(self, timeout_s: float) -> bytes:
        if not self.is_open:
            raise Unplugged(f"{self.address}: not open")
        if not self._readable.poll(1000.0 * timeout_s):
            return b""
        try:
            octets = os.read(self._fd, READ_OCTETS)
        except BlockingIOError:
            return b""
        except OSError as error:
            raise self._gone(error) from None
        if not octets:
            raise self._gone(OSError(errno.EPIPE, "the other end closed"))
        return octets

    def write(self, octets: bytes) -> None:
        if not self.is_open:
            raise Unplugged(f"{self.address}: not open")
        try:
            written = self._write(octets)
            while written < len(octets):
                if not self._writable.poll(1000.0 * STUCK_S):
                    raise OSError(errno.EPIPE, f"took nothing for {STUCK_S:g} s")
                written += self._write(octets[written:])
        except OSError as error:
            raise self._gone(error) from None

    def _write(self, octets: bytes) -> int:
        try:
            return os.write(self._fd, octets)
        except BlockingIOError:
            return 0

    def fileno(self) -> int:
        return self._fd

    def _gone(self, error: OSError) -> Exception:
        """What to raise for an error of the descriptor."""
        if error.errno not in _GONE:
            return error
        self.close()
        return Unplugged(f"{self.address}: the line is gone: its other end ended, or was unplugged")

    def close(self) -> None:
        self.is_open = False


class PseudoTerminal(_Descriptor):
    """The desk's end of a pseudo-terminal; a board's program opens `path` as its serial port.

    Like any line it is there once the other end is: `reopen` returns True from then on.
    """

    def __init__(self) -> None:
        master, slave = os.openpty()
        self.path = os.ttyname(slave)
        self.address = f"pty:{self.path}"
        os.close(slave)
        self._use(master)
        self.is_open = False

    def reopen(self) -> bool:
        hung_up = any(event & select.POLLHUP for _, event in self._readable.poll(0))
        if not self.is_open and not hung_up:
            tty.setraw(self._fd)  # of both ends; the last close forgot it
            self.is_open = True
        return self.is_open

    def __del__(self) -> None:
        with suppress(OSError, AttributeError):
            os.close(self._fd)


class Tcp(_Descriptor):
    """A connection to a server of octets."""

    def __init__(self, host: str, port: int) -> None:
        self.address = f"tcp://{host}:{port}"
        self._to = host, port
        self._connect()

    def _connect(self) -> None:
        self._socket = socket.create_connection(self._to, timeout=5.0)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._use(self._socket.fileno())

    def reopen(self) -> bool:
        if not self.is_open:
            with suppress(OSError):
                self._connect()
        return self.is_open

    def close(self) -> None:
        super().close()
        self._socket.close()


class Serial(_Descriptor):
    """A serial port, for nobody else while it is open."""

    def __init__(self, device: str, baud: int = BAUD) -> None:
        self.address = f"serial:{device}"
        self._port = serial.Serial(None, baud, exclusive=True, timeout=0)
        self._port.port = device
        self._open()

    def _open(self) -> None:
        try:
            self._port.open()
        except serial.SerialException as error:  # its text says the port and the reason twice
            if error.errno is None:
                raise
            raise OSError(error.errno, os.strerror(error.errno)) from None
        with suppress(OSError):
            fcntl.ioctl(self._port.fileno(), termios.TIOCEXCL)  # `exclusive` is advisory alone
        with suppress(NotImplementedError, ValueError, OSError):
            self._port.set_low_latency_mode(True)  # FTDI: 6 ms in place of 16
        self._use(self._port.fileno())

    def reopen(self) -> bool:
        if not self.is_open:
            with suppress(OSError):  # SerialException is one
                self._open()
        return self.is_open

    def set_lines(self, *, dtr: bool | None = None, rts: bool | None = None) -> bool:
        """Sets modem lines, which on many boards are reset and boot. False: the port has none."""
        try:
            if dtr is not None:
                self._port.dtr = dtr
            if rts is not None:
                self._port.rts = rts
        except OSError:  # ENOTTY: a pseudo-terminal
            return False
        return True

    def close(self) -> None:
        super().close()
        with suppress(OSError):
            self._port.close()


class InProcess:
    """One end of a line in memory; `peer` is the other. Safe between two threads."""

    address = "inproc:"

    def __init__(self, peer: InProcess | None = None) -> None:
        self.is_open = True
        self._came: deque[bytes] = deque()
        self._changed: Any = peer._changed if peer else threading.Condition()
        self.peer: InProcess = peer or InProcess(self)

    def read(self, timeout_s: float) -> bytes:
        with self._changed:
            if not self._came and timeout_s > 0.0:
                self._changed.wait_for(lambda: self._came or not self._is_whole(), timeout_s)
            if self._came:
                octets = b"".join(self._came)
                self._came.clear()
                return octets
            self._must_be_whole()
            return b""

    def write(self, octets: bytes) -> None:
        with self._changed:
            self._must_be_whole()
            self.peer._came.append(bytes(octets))
            self._changed.notify_all()

    def _is_whole(self) -> bool:
        return self.is_open and self.peer.is_open

    def _must_be_whole(self) -> None:
        if not self._is_whole():
            raise Unplugged(f"{self.address}: {'the other end' if self.is_open else 'this'} closed")

    def reopen(self) -> bool:
        self.is_open = True
        return self.peer.is_open

    def close(self) -> None:
        with self._changed:
            self.is_open = False
            self._came.clear()
            self._changed.notify_all()
