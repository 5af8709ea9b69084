"""An emulated board under a debugger: kept, restored, traced, and hit at a chosen instruction.

Octets for the board are put where its receive interrupt puts them; its own come over its line.
A board that was kept where it waits for octets does the same instructions each time it is restored
and given the same: its clock counts instructions.
"""

from __future__ import annotations

import re
import struct
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np

from hil.link.attachment import HELLO_S
from hil.link.carriers import Carrier, Unplugged
from hil.link.endpoint import Endpoint
from hil.link.gdb import Debugger, GdbError, gdb_options
from hil.link.qemu import BoardError, EmulatedBoard, image_of, lacking
from hil.radiation.memory_map import MemoryMap

WAITS = "platform_wait"  # where the board waits for octets
SLEEPS = "sleep_unless"
RECEIVES = ("uart_receive_handler", "uart_ring_put")
INTERRUPTS = ("systick_handler", "uart_receive_handler", "watchdog_handler")
MEASURES = {"sealed": ("fixed", "program"), "twice": ("flown",)}
"""What a board does against flipped bits: its guards in native/firmware/common/flight.c."""
_OF_NOTHING = {"count": 0, "sum": 1, "sum_again": 1}  # a guard without memory
HUNG_S = 20.0  # that the emulator had: the watchdog's eight are about one of them, idling eight
_RING = 4096  # native/firmware/common/uart_ring.c: put, taken, overruns, octets
_RING_HEAD = struct.Struct("<II")
_RING_OCTETS = 12
_STOP = 20  # steps; after a stop the emulator translates all code anew
_DEAREST = 600  # of such costs; a tenth of a second
_NEAR = 4000  # instructions to look back for one that is reached with few stops
_TRACED = re.compile(rb"^Trace \d+: 0x[0-9a-f]+ \[[0-9a-f]+/([0-9a-f]+)/|rewound", re.MULTILINE)


class Gone(Unplugged):
    """The emulator ended, as it does where a real processor locks up."""


class Laboratory:
    """One emulated board of a machine, from its start on."""

    def __init__(self, machine: str) -> None:
        """Raises BoardError, ToolMissing for what is not there."""
        self.machine = machine
        if why := lacking(machine):
            raise BoardError(f"{machine}: {why}")
        self.map = MemoryMap(image_of(machine))
        self._waits = self.map.address(WAITS) & ~1
        self._folder = tempfile.TemporaryDirectory(prefix="radiation-", dir="/dev/shm")
        folder = Path(self._folder.name)
        self._socket, self._log = folder / "gdb", folder / "log"
        (folder / "snapshots").write_bytes(_empty_disk())
        drive = f"if=none,format=qcow2,file={folder / 'snapshots'}"
        self.board = EmulatedBoard(machine, (*gdb_options(self._socket), "-drive", drive))

    def __enter__(self) -> Laboratory:
        with ExitStack() as parts:
            parts.callback(self._folder.cleanup)
            parts.enter_context(self.board)
            self._attach()
            parts.callback(lambda: self.debugger.close())
            self.line = _Line(self)
            self.endpoint = Endpoint(self.line)
            self.endpoint.wait_for_board(HELLO_S)
            self._parts = parts.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._parts.close()

    def _attach(self) -> None:
        until_s = time.monotonic() + HELLO_S
        while True:
            try:
                self.debugger = Debugger(self._socket)
                break
            except OSError:
                if time.monotonic() > until_s:
                    raise BoardError(f"{self.machine}: no debugger can reach it") from None
                time.sleep(0.01)
        self.debugger.go()

    def revive(self) -> None:
        """Another emulator in place of one that ended; snapshots are still there."""
        self.debugger.close()
        self.board.replug()
        until_s = time.monotonic() + HELLO_S
        while not self.board.carrier.reopen():
            if time.monotonic() > until_s:
                raise BoardError(f"{self.machine}: does not start again")
            time.sleep(0.001)
        self._attach()

    def wake(self) -> None:
        """It does not wait, but returns from where it would, as it does when there are octets."""
        self.debugger.set_register("pc", self.debugger.register("lr") & ~1)

    def halted_at(self) -> int:
        """Halts it. Returns the instruction that is next."""
        self.debugger.halt()
        return self.debugger.register("pc")

    def sleeps(self) -> bool:
        """Whether it waits for octets and has none. It goes on."""
        asleep = self.halted_at() in self.map.span(SLEEPS)
        self.debugger.go()
        return asleep

    def time_had_s(self) -> Iterator[float]:
        """At each look, the time since the first one without that in which it was kept waiting."""
        had_s, wall_s, waited_s = 0.0, time.monotonic(), self.board.kept_waiting_s()
        while True:
            yield had_s
            before_s, wall_s = wall_s, time.monotonic()
            kept_s, waited_s = -waited_s, self.board.kept_waiting_s()
            passed_s = wall_s - before_s
            had_s += min(max(0.0, passed_s - (kept_s + waited_s)), passed_s)

    def forgo(self, measures: Sequence[str]) -> None:
        """A board that flies guards less from here on: of MEASURES."""
        self.debugger.halt()
        for guard in (name for measure in measures for name in MEASURES[measure]):
            for member, value in _OF_NOTHING.items():
                place = self.map.place(guard, member)
                self.debugger.write(place, value.to_bytes(4, "little"))
        self.debugger.go()

    def look(self, address: int, count: int) -> bytes:
        """Octets of memory of a board that runs; it halts for that."""
        self.debugger.halt()
        octets = self.debugger.read(address, count)
        self.debugger.go()
        return octets

    def code(self) -> bytes:
        """What is in its flash."""
        return self.look(0, self.map.address("data_load"))

    # -- snapshots

    def keep(self, name: str) -> Snapshot:
        """The whole board where it waits, and this end of its line; it goes on."""
        self.debugger.halt()
        self.debugger.run_to(self._waits)
        self.debugger.monitor(f"savevm {name}")
        self.wake()
        self.debugger.go()
        return Snapshot(name, self.endpoint.kept())

    def restore(self, snapshot: Snapshot) -> None:
        """Both as they were; the board stands."""
        try:
            self.debugger.halt()
            self.debugger.monitor(f"loadvm {snapshot.name}")
        except (GdbError, OSError):
            self.revive()
            self.debugger.halt()
            self.debugger.monitor(f"loadvm {snapshot.name}")
        self.line.drain()
        self.line.instead = None
        self.endpoint.restore(snapshot.link)

    # -- instructions

    def trace(self) -> Trace:
        """The instructions from here to where the board stands next, without interrupts."""
        self._log.write_bytes(b"")
        for command in (f"logfile {self._log}", "singlestep on", "log exec,nochain"):
            self.debugger.monitor(command)
        if not self.debugger.run_to(self._waits, timeout_s=10.0 * HUNG_S):
            raise BoardError(f"{self.machine}: does not come to an end of its tick")
        for command in ("log none", "singlestep off"):
            self.debugger.monitor(command)
        spans = [self.map.span(name) for name in INTERRUPTS]
        left_out = {pc for span in spans for pc in span}
        return Trace(_pcs(self._log.read_bytes(), left_out))

    def reach(self, trace: Trace, instant: int) -> None:
        """To an instruction of the trace, from where it was begun; it is the next one then.

        A few instructions depend on the board's clock, which a debugger that stops it puts off by
        a cycle; past such a place it may be a neighbour of the one that was meant.
        """
        way = trace.way_to(instant)
        if way.arrivals and not self.debugger.run_to(int(trace.pcs[way.anchor]), way.arrivals):
            self.debugger.halt()
        for _ in range(way.steps):
            self.debugger.step()


@dataclass(frozen=True)
class Snapshot:
    """A board that stands, by the name that the emulator knows it by."""

    name: str
    link: bytes


class Way(NamedTuple):
    """To an instruction of a trace: so many arrivals at one before it, then steps."""

    anchor: int
    arrivals: int
    steps: int

    @property
    def cost(self) -> int:
        return _STOP * self.arrivals + self.steps


class Trace:
    """Addresses of instructions in the order in which they were carried out."""

    def __init__(self, pcs: np.ndarray) -> None:
        self.pcs = pcs
        order = np.argsort(pcs, kind="stable")
        ranks = np.arange(len(pcs))
        first = np.searchsorted(pcs[order], pcs[order])
        self._arrivals = np.empty(len(pcs), int)  # at the same, this one included
        self._arrivals[order] = ranks - first + 1
        self._arrivals -= pcs == pcs[0]  # it is begun at the first one, which is no arrival

    def __len__(self) -> int:
        return len(self.pcs)

    def way_to(self, instant: int) -> Way:
        """The cheapest way found to an instruction.

        One far into a long loop is taken for an earlier turn of it.
        """
        if instant == 0:
            return Way(0, 0, 0)
        near = np.arange(max(1, instant - _NEAR), instant + 1)
        costs = _STOP * self._arrivals[near] + instant - near
        anchor = int(near[np.argmin(costs)])
        way = Way(anchor, int(self._arrivals[anchor]), instant - anchor)
        if way.cost <= _DEAREST:
            return way
        cheap = np.flatnonzero(_STOP * self._arrivals[1 : instant + 1] <= _DEAREST // 2) + 1
        anchor = int(cheap[-1])
        return Way(anchor, int(self._arrivals[anchor]), min(instant - anchor, _DEAREST // 2))


def _pcs(log: bytes, left_out: set[int]) -> np.ndarray:
    pcs: list[int] = []
    for found in _TRACED.finditer(log):
        if found[1] is None:  # an instruction that is begun again, as input needs the exact time
            pcs.pop()
        else:
            pcs.append(int(found[1], 16))
    return np.array([pc for pc in pcs if pc not in left_out])


class _Line:
    """The carrier of a board that stands: octets go into its ring, it runs, what it sent comes."""

    def __init__(self, laboratory: Laboratory) -> None:
        self._of = laboratory
        self._plain: Carrier = laboratory.board.carrier
        self._ring = laboratory.map.address("ring")
        self.address = f"debugger:{laboratory.machine}"
        self._sleeping = laboratory.map.span(SLEEPS)
        self._receiving = [laboratory.map.span(name) for name in RECEIVES]
        self.instead: Callable[[], None] | None = None
        """Called once in place of letting a board go that stands and has got octets."""

    @property
    def is_open(self) -> bool:
        return self._plain.is_open

    def write(self, octets: bytes) -> None:
        try:
            if self._of.debugger.running:
                self._interrupt(octets)
            else:
                self.put(octets)
                self._of.wake()
                go, self.instead = self.instead or self._of.debugger.go, None
                go()
        except (GdbError, OSError) as error:
            raise Gone(f"{self.address}: {error}") from None

    def _interrupt(self, octets: bytes) -> None:
        """Octets for a board that runs, or sleeps; an empty segment over its line wakes it then."""
        debugger, at = self._of.debugger, self._of.halted_at
        while any(at() in span for span in self._receiving):
            debugger.step()
        asleep = at() in self._sleeping
        self.put(octets)
        debugger.go()
        if asleep:
            self._plain.write(b"\0")

    def put(self, octets: bytes) -> None:
        """Octets as the receive interrupt would put them."""
        debugger = self._of.debugger
        put, _ = _RING_HEAD.unpack(debugger.read(self._ring, _RING_HEAD.size))
        at = put % _RING
        head, tail = octets[: _RING - at], octets[_RING - at :]
        debugger.write(self._ring + _RING_OCTETS + at, head)
        if tail:
            debugger.write(self._ring + _RING_OCTETS, tail)
        debugger.write(self._ring, struct.pack("<I", (put + len(octets)) % 2**32))

    def read(self, timeout_s: float) -> bytes:
        return self._plain.read(timeout_s)

    def drain(self) -> None:
        while self._plain.read(0.0):
            pass

    def reopen(self) -> bool:
        return self._plain.reopen()

    def close(self) -> None:
        self._plain.close()


def _empty_disk(size: int = 1 << 20, bits: int = 16) -> bytes:
    """An empty image in QEMU's qcow2, version 2 (docs/interop/qcow2.txt), for its snapshots.

    Clusters: header, table of reference counts, the counts of these four, first table.
    """
    cluster = 1 << bits
    numbers = (2, 0, 0, bits, size, 0, 1, 3 * cluster, cluster, 1, 0, 0)
    header = struct.pack(">4sIQIIQIIQQIIQ", b"QFI\xfb", *numbers)
    counts = struct.pack(">4H", 1, 1, 1, 1)
    pieces = (header, struct.pack(">Q", 2 * cluster), counts, b"")
    return b"".join(piece.ljust(cluster, b"\0") for piece in pieces)
