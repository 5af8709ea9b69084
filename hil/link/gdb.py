"""The part of GDB's remote serial protocol that looks into an emulated board and changes it.

    with EmulatedBoard("mps2-an500", gdb_options(path)) as board:
        debugger = Debugger(path)          # the board halts
        debugger.write(0x20000000, b"...")
        debugger.run_to(0x2040)

Memory, registers, breakpoints, single steps, and the emulator's own monitor, whose `savevm` and
`loadvm` keep and restore a whole board. Nothing here is needed to fly on a board.
"""

from __future__ import annotations

import re
import socket
import time
from pathlib import Path

ANSWER_S = 10.0  # a board that is halted answers at once; restoring a snapshot takes 20 ms
_PIECE = 1900  # octets of memory in a packet; the emulator takes 4,096 hexadecimal digits
_INTERRUPT = b"\x03"
_REGISTER = re.compile(r'<reg name="(\w+)" bitsize="(\d+)"(?:[^>]*regnum="(\d+)")?')
_FEATURE = re.compile(r'<xi:include href="([^"]+)"')


class GdbError(RuntimeError):
    """An emulator that refuses what it was asked; the message has its answer."""


def gdb_options(path: Path) -> tuple[str, ...]:
    """Options with which the emulator serves a debugger at a socket of that path."""
    return ("-chardev", f"socket,id=gdb,path={path},server=on,wait=off", "-gdb", "chardev:gdb")


class Debugger:
    """A debugger of a board; from its making on the board stands, unless it is told to run."""

    def __init__(self, path: Path) -> None:
        """Raises OSError where none is served."""
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.settimeout(ANSWER_S)
        try:
            self._socket.connect(str(path))
        except OSError:
            self._socket.close()
            raise
        self._came = b""
        self.running = False
        self._ask("qSupported:xmlRegisters=arm")
        self.registers = self._described()

    def close(self) -> None:
        self._socket.close()

    # -- packets

    def _send(self, packet: bytes) -> None:
        self._socket.sendall(b"$%b#%02x" % (packet, sum(packet) & 0xFF))

    def _packet(self) -> bytes:
        """The next packet that comes. Raises TimeoutError."""
        while (end := self._came.find(b"#", start := self._came.find(b"$"))) < 0 or (
            start < 0 or len(self._came) < end + 3
        ):
            if not (octets := self._socket.recv(1 << 16)):
                raise GdbError("the emulator is gone")
            self._came += octets
        packet, self._came = self._came[start + 1 : end], self._came[end + 3 :]
        self._socket.sendall(b"+")
        return packet

    def _answer(self) -> str:
        """The next packet but those that tell of a stop; at the attaching one comes unasked."""
        while (answer := self._packet().decode("latin-1")).startswith("T"):
            pass
        return answer

    def _ask(self, question: str) -> str:
        """The answer to what is asked of a board that stands. Raises GdbError."""
        self._send(question.encode())
        answer = self._answer()
        if re.fullmatch(r"E\d\d", answer):
            raise GdbError(f"{question[:40]}: {answer}")
        return answer

    # -- memory and registers

    def read(self, address: int, count: int) -> bytes:
        """Octets of the board's memory."""
        spans = (
            (at, min(_PIECE, address + count - at))
            for at in range(address, address + count, _PIECE)
        )
        return b"".join(bytes.fromhex(self._ask(f"m{at:x},{size:x}")) for at, size in spans)

    def write(self, address: int, octets: bytes) -> None:
        """Changes memory, that of code as well."""
        for at in range(0, len(octets), _PIECE):
            piece = octets[at : at + _PIECE]
            self._ask(f"M{address + at:x},{len(piece):x}:{piece.hex()}")

    def _described(self) -> dict[str, tuple[int, int]]:
        """Number and size in bits of each register, by its name."""
        found: dict[str, tuple[int, int]] = {}
        number = 0
        for feature in _FEATURE.findall(self._feature("target.xml")):
            for name, bits, given in _REGISTER.findall(self._feature(feature)):
                number = int(given) if given else number
                found[name] = number, int(bits)
                number += 1
        return found

    def _feature(self, name: str) -> str:
        text = ""
        while not (piece := self._ask(f"qXfer:features:read:{name}:{len(text):x},ff0")).startswith(
            "l"
        ):
            text += piece[1:]
        return text + piece[1:]

    def register(self, name: str) -> int:
        """What a register holds. Raises KeyError for a name that the board has not."""
        return int.from_bytes(bytes.fromhex(self._ask(f"p{self.registers[name][0]:x}")), "little")

    def set_register(self, name: str, value: int) -> None:
        number, bits = self.registers[name]
        self._ask(f"P{number:x}={value.to_bytes(bits // 8, 'little').hex()}")

    # -- running

    def stop_at(self, address: int) -> None:
        """Lets the board stop at each arrival at an instruction."""
        self._ask(f"Z0,{address:x},2")

    def pass_by(self, address: int) -> None:
        """Takes that back."""
        self._ask(f"z0,{address:x},2")

    def go(self) -> None:
        """The board runs; where it stands must be no place to stop at, or `step` over it first."""
        self._send(b"c")
        self.running = True

    def stopped(self, timeout_s: float) -> bool:
        """Whether it stands, waiting for that so long."""
        if not self.running:
            return True
        until_s = time.monotonic() + timeout_s
        try:
            while (left_s := until_s - time.monotonic()) > 0.0:
                self._socket.settimeout(left_s)
                if self._packet()[:1] in (b"T", b"S"):
                    self.running = False
                    return True
        except TimeoutError:
            pass
        finally:
            self._socket.settimeout(ANSWER_S)
        return False

    def halt(self) -> None:
        """The board stands, wherever it is."""
        if self.running:
            self._socket.sendall(_INTERRUPT)
            if not self.stopped(ANSWER_S):
                raise GdbError("the emulator does not halt")

    def step(self) -> None:
        """One instruction; interrupts wait."""
        self._send(b"s")
        self.running = True
        if not self.stopped(ANSWER_S):
            raise GdbError("the emulator does not step")

    def run_to(self, address: int, times: int = 1, *, timeout_s: float = ANSWER_S) -> bool:
        """Runs until it arrived so often at an instruction; False where a run takes longer."""
        self.stop_at(address)
        for _ in range(times):
            if self.register("pc") == address:
                self.step()
            self.go()
            if not self.stopped(timeout_s):
                return False
        self.pass_by(address)
        return True

    # -- the emulator

    def monitor(self, command: str) -> str:
        """What the emulator's monitor says to a command."""
        self._send(b"qRcmd," + command.encode().hex().encode())
        said = ""
        while (answer := self._answer()) != "OK":
            if not answer.startswith("O"):
                raise GdbError(f"{command}: {answer}")
            said += bytes.fromhex(answer[1:]).decode(errors="replace")
        return said.strip()
