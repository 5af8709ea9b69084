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

from hil.link.carriers import PseudoTerminal, Unplugged

ROOT = Path(__file__).parents[2]
IMAGES = ROOT / "build/firmware"
MACHINES = ("mps2-an386", "mps2-an500", "mps2-m0plus")  # memory for maps, shared with the desk
FLASHED = {  # where flash keeps maps, and its octets
    "netduinoplus2": (0x08040000, 768 << 10),
    "stm32f4-discovery": (0x08040000, 768 << 10),
}
MODELS = {  # QEMU's name, where it is another
    "mps2-m0plus": "mps2-an385",
    "stm32f4-discovery": "netduinoplus2",
}
SECOND_UART = ("stm32f4-discovery",)
LINUX = "linux-aarch64"  # a single-board computer: its program, its processor emulated
PROGRAM = "posix"
BOARDS = (*MACHINES, *FLASHED, LINUX, PROGRAM)
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
    """One board, its line `carrier` and its memory for maps; it ends with the context.

    `options` are more options of the emulator.
    """

    name: str
    options: tuple[str, ...] = ()

    def __enter__(self) -> EmulatedBoard:
        if why := lacking(self.name):
            raise BoardError(f"{self.name}: {why}")
        self._folder = tempfile.TemporaryDirectory(prefix="board-", dir=_memory_folder())
        self.maps = Path(self._folder.name) / "maps"
        self.storage = Path(self._folder.name) / "storage"  # of a program
        with self.maps.open("w+b") as file:
            octets = FLASHED[self.name][1] if self.name in FLASHED else MAPS_OCTETS
            file.truncate(octets)
            self.memory = mmap.mmap(file.fileno(), octets)
        self.carrier = PseudoTerminal()
        self._start()
        self.wait_for_line()
        return self

    def _start(self) -> None:
        try:
            self.process = subprocess.Popen(
                self._command(), stdin=subprocess.DEVNULL, stderr=subprocess.PIPE
            )
        except OSError as error:
            raise BoardError(f"{self.name}: {error}") from None

    def keep(self, heights: bytes) -> bool:
        """Puts heights into the memory for maps, if they fit. True: it started anew with that.

        Flash is written while nothing runs, as by a probe; who is there must say HELLO anew.
        """
        if len(heights) > len(self.memory) or self.memory[: len(heights)] == heights:
            return False
        self.memory[: len(heights)] = heights
        if self.name not in FLASHED:
            return False
        self._end()
        with suppress(Unplugged):
            while True:
                self.carrier.read(START_S)
        self._start()
        self.wait_for_line()
        return True

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
            return [*before, str(image), self.carrier.path, str(self.maps), str(self.storage)]
        maps = f"memory-backend-file,id=maps,size={MAPS_OCTETS},mem-path={self.maps},share=on"
        machine = [MODELS.get(self.name, self.name)]
        if self.name in MACHINES:
            machine = [f"{machine[0]},memory-backend=maps", "-object", maps]
        elif self.name in FLASHED:
            at = FLASHED[self.name][0]
            machine += ["-device", f"loader,file={self.maps},addr={at:#x},force-raw=on"]
        return [
            *(EMULATOR, "-M", *machine),
            *("-nographic", "-monitor", "none", "-icount", "shift=6", "-kernel", str(image)),
            *("-chardev", f"serial,id=line,path={self.carrier.path}"),
            *(("-serial", "null") if self.name in SECOND_UART else ()),
            *("-serial", "chardev:line"),
            *self.options,
        ]

    def kept_waiting_s(self) -> float:
        """Time for which it had something to do, and other programs had the processors.

        Of that of its threads which waited most; 0 where the system does not tell
        (/proc/PID/task/TID/schedstat, sched-stats.rst of Linux).
        """
        waited_ns = [0]
        for thread in Path(f"/proc/{self.process.pid}/task").glob("*/schedstat"):
            with suppress(OSError, ValueError, IndexError):  # one that ended meanwhile
                waited_ns.append(int(thread.read_text().split()[1]))
        return 1e-9 * max(waited_ns)

    def wait_for_line(self) -> None:
        """Until its end of the line is open. Raises BoardError."""
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
