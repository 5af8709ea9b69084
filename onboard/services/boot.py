"""Starts of the computer, counted where no restart loses them, and who runs after too many.

Each start adds one to a count in a cell of its own in non-volatile memory (two copies, apart from
what products fill). `healthy_s` of running, or a restart that the ground commanded, set it back to
zero. From the third start in a row that has not proved good the computer starts minimally: critical
members and those that the schedule calls `minimal` run, nothing is mounted, and it stays so until
the ground restarts it. From the fifth on critical members, too, are left out that are not minimal,
and minimal ones in which the computer failed, but for the one that takes commands. In 1,800 s there
are at most 1,800 / `healthy_s` restarts that do not lead there.

A critical event is finished all the same: there the computer never starts minimally. What it does
without are the members in which it failed since a start proved good, but for critical ones.

Should the cell not hold what is written to it, the count is taken from memory that a reset leaves
alone.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping
from typing import NamedTuple, Protocol

from onboard.bus import Topic
from onboard.core._core import lib
from onboard.executive import Criticality
from onboard.services.events import EventSink

LINK = "commands"  # in orbit never left out: without it nobody can help
MINIMAL_FROM = (3, 5)  # starts in a row from which the computer does without more and more
CELL_BYTES = 16
_CELL = struct.Struct("<QQ")  # starts, of these the last ones that have not proved good
assert _CELL.size == CELL_BYTES


class BootSample(NamedTuple):
    """Value of the topic `boot`."""

    starts: int  # since the cell was new
    unproven: int  # the last ones, in a row
    minimal: int  # 0: all run, 1: critical and minimal members, 2: minimal members only


class Cell(Protocol):
    """Where the count is kept; `storage.TwoCopyStore` is one."""

    def read(self) -> bytes | None: ...

    def write(self, data: bytes) -> bool: ...


class ScheduledMember(Protocol):
    """What the schedule says of a member."""

    @property
    def minimal(self) -> bool: ...

    @property
    def criticality(self) -> Criticality: ...


class Boot:
    """Counts starts and decides who runs: the executive's `starts`, and a member of its own."""

    def __init__(
        self,
        cell: Cell,
        topic: Topic,
        members: Mapping[str, ScheduledMember],
        events: EventSink,
        *,
        critical: Callable[[], bool],
        healthy_s: float,
    ) -> None:
        """`critical` says whether the vehicle is in a critical event."""
        self.starts = 0
        self.unproven = 0
        self.minimal = 0
        self._cell = cell
        self._topic = topic
        self._members = members
        self._dispensable = {name for name, m in members.items() if not m.minimal}
        self._events = events
        self._critical = critical
        self._healthy_ns = round(healthy_s * 1e9)
        self._failed: set[str] = set()  # members to blame since a start proved good
        self._began_ns = 0
        self._kept = True  # whether the cell holds the count

    def begin(self, now_ns: int) -> frozenset[str]:
        """Count a start; names of the members that do not run until the next one."""
        data = self._cell.read() if self._kept else None
        if data is not None:
            self.starts, self.unproven = _CELL.unpack(data)
        self.starts += 1
        self.unproven += 1
        self._began_ns = now_ns
        self._keep(now_ns)
        critical = self._critical()
        self.minimal = 0 if critical else sum(self.unproven >= start for start in MINIMAL_FROM)
        self._publish(now_ns)
        left_out = self._left_out(critical)
        self._report(left_out, now_ns)
        return left_out

    def _left_out(self, critical: bool) -> frozenset[str]:
        if critical:
            return frozenset(name for name in self._failed if not self._is_critical(name))
        if not self.minimal:
            return frozenset()
        if self.minimal < len(MINIMAL_FROM):
            return frozenset(n for n in self._dispensable if not self._is_critical(n))
        return frozenset(self._dispensable | self._failed - {LINK})

    def _is_critical(self, name: str) -> bool:
        return self._members[name].criticality == Criticality.CRITICAL

    def _report(self, left_out: frozenset[str], now_ns: int) -> None:
        names = " ".join(sorted(left_out))
        self._events.emit("BOOT_STARTED", now_ns, starts=self.starts, unproven=self.unproven)
        if self.minimal:
            self._events.emit("BOOT_MINIMAL", now_ns, unproven=self.unproven, members=names)
        elif left_out:
            self._events.emit("BOOT_WITHOUT", now_ns, members=names)

    def failed(self, member: str) -> None:
        """The computer restarts; `member` is the one to blame, empty if none is."""
        if member:
            self._failed.add(member)

    def forgive(self, now_ns: int) -> None:
        """The ground restarts the computer: the count begins anew."""
        self.unproven = 0
        self._failed.clear()
        self._keep(now_ns)

    def step(self, now_ns: int) -> None:
        """Set the count to zero when this start has run long enough; say how it stands."""
        proved = now_ns - self._began_ns >= self._healthy_ns
        if proved and self.unproven and not self.minimal:
            self.forgive(now_ns)
            self._events.emit("BOOT_PROVED", now_ns, starts=self.starts)
        self._publish(now_ns)

    def _publish(self, now_ns: int) -> None:
        self._topic.publish(BootSample(self.starts, self.unproven, self.minimal), now_ns)

    def _keep(self, now_ns: int) -> None:
        self._kept = self._cell.write(_CELL.pack(self.starts, self.unproven))
        if not self._kept:
            self._events.emit("STORAGE_FAULT", now_ns, store="boot", reason="write not verified")

    def state_hash(self, h: int) -> int:
        """Chain the counts."""
        return lib.ob_hash_u64(lib.ob_hash_u64(h, self.starts), self.unproven)
