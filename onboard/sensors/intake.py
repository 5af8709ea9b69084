"""Drains one input port and passes on what can be believed at sight.

What is believed, and what is counted, says `native/core/include/onboard/intake.h`.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from onboard.bus import Topic
from onboard.core._core import ffi, lib
from onboard.messages import LAYOUTS
from onboard.ports import InputPort, holds_one, memory_of


class Intake:
    """One instrument: the newest good sample of each step goes to its topic.

    `state` is its `ob_intake *`.
    """

    __slots__ = (
        "_holds_one",
        "_make",
        "_memory",
        "_octets",
        "_pack_into",
        "_publish",
        "_read",
        "_row",
        "_take",
        "_taken",
        "_unpack",
        "name",
        "state",
        "topic",
    )

    def __init__(self, port: InputPort, topic: Topic, kind: int, message: type) -> None:
        """`kind` is an `ob_row_kind`, `message` the class of the port's rows."""
        self.name = port.name
        self.topic = topic
        self.state = ffi.new("ob_intake *")
        lib.ob_intake_init(self.state, kind)
        layout = LAYOUTS[message.__name__]
        self._row = ffi.new("ob_row *")
        self._octets = memoryview(ffi.buffer(self._row)).cast("B")[: layout.size]
        self._memory = memory_of(port)
        self._pack_into = layout.pack_into
        self._taken = memoryview(ffi.buffer(ffi.addressof(self.state.row)))[: layout.size]
        self._unpack = layout.unpack
        self._make = partial(tuple.__new__, message)
        self._take = lib.ob_intake_take
        self._read = port.read
        self._holds_one = holds_one(port)
        self._publish = topic.publish

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

    def newest(self, now_ns: int) -> Any:
        """The newest good sample that waits at the port, or None."""
        sample = self._read()
        if self._holds_one:  # one read drains it: spares half of the reads
            return None if sample is None else self._passed(sample, now_ns)
        best = None
        while sample is not None:
            best = self._passed(sample, now_ns) or best
            sample = self._read()
        return best

    def _passed(self, sample: Any, now_ns: int) -> Any:
        """The sample as it is passed on, or None."""
        if self._memory is not None:  # of the row that was just read: spares the packing
            self._octets[:] = self._memory
        else:
            self._pack_into(self._octets, 0, *sample)
        passes = self._take(self.state, now_ns, self._row)
        if passes == 1:
            return sample
        return self._make(self._unpack(self._taken)) if passes else None

    def publish_taken(self) -> None:
        """Publish what C steps outside of `step` passed on last, if it is new."""
        time_ns = self.state.row.head.time_ns
        if time_ns != self.topic.time_ns:
            self._publish(self._make(self._unpack(self._taken)), time_ns)

    def chain(self, h: int) -> int:
        """What decides about the next sample, and what was counted, chained onto a hash."""
        return int(lib.ob_intake_hash(self.state, h))
