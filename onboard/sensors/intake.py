"""Drains one input port and passes on what can be believed at sight.

What is believed, and what is counted, says `native/core/include/onboard/intake.h`.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from struct import Struct
from typing import Any

from onboard.bus import Topic
from onboard.core._core import ffi, lib
from onboard.messages import LAYOUTS
from onboard.ports import InputPort, holds_one, memory_of


class Intake:
    """One instrument: the newest good sample of each step goes to its topic.

    `state` is its `ob_intake *`.
    """

    __slots__ = ("_make", "_publish", "_taken", "_unpack", "name", "newest", "state", "topic")

    newest: Callable[[int], Any]
    """The newest good sample that waits at the port at a time (ns), or None."""

    def __init__(self, port: InputPort, topic: Topic, kind: int, message: type) -> None:
        """`kind` is an `ob_row_kind`, `message` the class of the port's rows."""
        self.name = port.name
        self.topic = topic
        self.state = ffi.new("ob_intake *")
        lib.ob_intake_init(self.state, kind)
        layout = LAYOUTS[message.__name__]
        self._taken = memoryview(ffi.buffer(ffi.addressof(self.state.row)))[: layout.size]
        self._unpack = layout.unpack
        self._make = partial(tuple.__new__, message)
        self._publish = topic.publish
        passed = self._passed(port, layout)
        # A read of a port that holds one sample drains it: spares half of the reads.
        self.newest = _only(port.read, passed) if holds_one(port) else _newest(port.read, passed)

    @property
    def enabled(self) -> bool:
        """Whether samples are passed on; a disabled instrument is read and counted all the same."""
        return bool(self.state.enabled)

    @enabled.setter
    def enabled(self, enabled: bool) -> None:
        self.state.enabled = enabled

    def step(self, now_ns: int) -> None:
        """Read until the port is empty; publish the newest good sample, if any."""
        sample = self.newest(now_ns)
        if sample is not None:
            self._publish(sample, sample[0])

    def _passed(self, port: InputPort, layout: Struct) -> Callable[[Any, int], Any]:
        """A function of a sample and the time that gives it as it is passed on, or None.

        A function with its own names, for it runs some three times a tick.
        """
        row, state, take = ffi.new("ob_row *"), self.state, lib.ob_intake_take
        octets = memoryview(ffi.buffer(row)).cast("B")[: layout.size]
        memory, pack_into = memory_of(port), layout.pack_into
        make, unpack, taken = self._make, self._unpack, self._taken

        def passed(sample: Any, now_ns: int) -> Any:
            if memory is not None:  # of the row that was just read: spares the packing
                octets[:] = memory
            else:
                pack_into(octets, 0, *sample)
            passes = take(state, now_ns, row)
            if passes == 1:
                return sample
            return make(unpack(taken)) if passes else None

        return passed

    def publish_taken(self) -> None:
        """Publish what C steps outside of `step` passed on last, if it is new."""
        time_ns = self.state.row.head.time_ns
        if time_ns != self.topic.time_ns:
            self._publish(self._make(self._unpack(self._taken)), time_ns)

    def chain(self, h: int) -> int:
        """What decides about the next sample, and what was counted, chained onto a hash."""
        return int(lib.ob_intake_hash(self.state, h))


def _only(read: Callable[[], Any], passed: Callable[[Any, int], Any]) -> Callable[[int], Any]:
    def newest(now_ns: int) -> Any:
        sample = read()
        return None if sample is None else passed(sample, now_ns)

    return newest


def _newest(read: Callable[[], Any], passed: Callable[[Any, int], Any]) -> Callable[[int], Any]:
    def newest(now_ns: int) -> Any:
        best = None
        while (sample := read()) is not None:
            best = passed(sample, now_ns) or best
        return best

    return newest
