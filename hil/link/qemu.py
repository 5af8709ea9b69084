"""Emulated boards: QEMU, or a program, with the flight image at the end of a pseudo-terminal."""

from __future__ import annotations

import mmap
import shutil
import subprocess
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from hil.link.carriers import PseudoTerminal

ROOT = Path(__file__).parents[2]
IMAGES = ROOT / "build/firmware"
MACHINES = ("mps2-an386", "mps2-an500", "mps2-m0plus")  # memory for maps, shared with the desk
MODELS = {"mps2-m0plus": "mps2-an385"}  # QEMU's name, where it is another
OTHERS = ("netduinoplus2",)  # which can be met, but have no room for a map
LINUX = "linux-aarch64"  # a single-board computer: its program, its processor emulated
PROGRAM = "posix"
BOARDS = (*MACHINES, *OTHERS, LINUX, PROGRAM)
PROGRAMS = (LINUX, PROGRAM)
EMULATOR, USER_EMULATOR = "qemu-system-arm", "qemu-aarch64"
PACKAGES = {EMULATOR: "qemu-system-arm", USER_EMULATOR: "qemu-user"}
MAPS_OCTETS = 16 << 20
START_S = 5.0
INSTRUCTION_NS, CYCLE_NS = 64, 40  # -icount shift=6, and the 25 MHz of the board's timer


class BoardError(Exception):
    """A board that cannot be started; the message says what is missing."""


def lacking(name: str) -> str | None:
    """What is missing to start a board; None if it can be started."""
    if not (image := image_of(name)).exists():
        return f"{image} is missing; `make firmware` builds it"
    emulator = emulator_of(name)
    if emulator is not None and shutil.which(emulator) is None:
        return f"{emulator} is missing; on Debian: apt-get install {PACKAGES[emulator]}"
    return None


def emulator_of(name: str) -> str | None:
    """What runs a board's images here; None: they are programs of this computer."""
    return {PROGRAM: None, LINUX: USER_EMULATOR}.get(name, EMULATOR)


def image_of(name: str) -> Path:
    """What is flown on a board, whether it was built or not."""
    return IMAGES / name / "firmware" / ("flight" if name in PROGRAMS else "flight.elf")


@dataclass
class EmulatedBoard:
    """One board, its line `carrier` and its memory for maps, `memory`; it ends with the context.

    `options` are more options of the emulator.
    """

    name: str
    options: tuple[str, ...] = ()

    def __enter__(self) -> EmulatedBoard:
        if why := lacking(self.name):
            raise BoardError(f"{self.name}: {why}")
        self._folder = tempfile.TemporaryDirectory(prefix="board-", dir=_memory_folder())
        self.maps = Path(self._folder.name) / "maps"
        with self.maps.open("w+b") as file:
            file.truncate(MAPS_OCTETS)
            self.memory = mmap.mmap(file.fileno(), MAPS_OCTETS)
        self.carrier = PseudoTerminal()
        self._start()
        self._wait_for_line()
        return self

    def _start(self) -> None:
        try:
            self.process = subprocess.Popen(
                self._command(), stdin=subprocess.DEVNULL, stderr=subprocess.PIPE
            )
        except OSError as error:
            raise BoardError(f"{self.name}: {error}") from None

    def replug(self) -> None:
        """Kills it and starts it anew on the same line, as a plug that is pulled and put back."""
        self._end()
        self._start()

    def _end(self) -> None:
        self.process.kill()
        self.process.wait()
        if self.process.stderr is not None:
            self.process.stderr.close()

    def _command(self) -> list[str]:
        image = image_of(self.name)
        if self.name in PROGRAMS:
            before = [USER_EMULATOR] if self.name == LINUX else []
            return [*before, str(image), self.carrier.path, str(self.maps)]
        maps = f"memory-backend-file,id=maps,size={MAPS_OCTETS},mem-path={self.maps},share=on"
        machine = [MODELS.get(self.name, self.name)]
        if self.name in MACHINES:
            machine = [f"{machine[0]},memory-backend=maps", "-object", maps]
        return [
            *(EMULATOR, "-M", *machine),
            *("-nographic", "-monitor", "none", "-icount", "shift=6", "-kernel", str(image)),
            *("-chardev", f"serial,id=line,path={self.carrier.path}", "-serial", "chardev:line"),
            *self.options,
        ]

    def _wait_for_line(self) -> None:
        until_s = time.monotonic() + START_S
        while not self.carrier.reopen():
            if self.process.poll() is not None or time.monotonic() > until_s:
                raise BoardError(f"{self.name}: did not start: {self._complaint()}")
            time.sleep(0.001)

    def _complaint(self) -> str:
        self.process.kill()
        assert self.process.stderr is not None
        return self.process.stderr.read().decode(errors="replace").strip() or "no word"

    def __exit__(self, *_: object) -> None:
        self._end()
        self.carrier.close()
        self.memory.close()
        with suppress(OSError):
            self._folder.cleanup()


def _memory_folder() -> str | None:
    """Where a file is memory, if this machine has such a place."""
    return "/dev/shm" if Path("/dev/shm").is_dir() else None
