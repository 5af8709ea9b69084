"""Drains one input port and passes on what can be believed at sight.

A sample is passed on when it is newer than the last one, young enough, not from the future, and the
instrument's own check holds (validity flag, finite numbers, physical range). Everything else is
counted by cause. Whether a measurement agrees with the rest of the world is for navigation to say.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from onboard.bus import NEVER_NS, Topic
from onboard.ports import InputPort, holds_one

Check = Callable[[Any], bool]


class Intake:
    """One instrument: the newest good sample of each step goes to its topic."""

    __slots__ = (
        "_check",
        "_expected",
        "_holds_one",
        "_max_age_ns",
        "_publish",
        "_read",
        "bad_count",
        "enabled",
        "gap_count",
        "good_count",
        "late_count",
        "name",
        "repeated_count",
        "time_ns",
    )

    def __init__(self, port: InputPort, topic: Topic, check: Check, max_age_ns: int) -> None:
        self.name = port.name
        self.enabled = True  # a disabled instrument is read and counted, but not passed on
        self.time_ns = NEVER_NS  # of the last good sample
        self._expected: int | None = None  # sequence of the next sample
        self.good_count = 0
        self.bad_count = 0  # the instrument's check failed
        self.late_count = 0  # too old, or from the future
        self.repeated_count = 0  # not newer than the last
        self.gap_count = 0  # samples that never came
        self._read = port.read
        self._holds_one = holds_one(port)
        self._publish = topic.publish
        self._check = check
        self._max_age_ns = max_age_ns

    def step(self, now_ns: int) -> None:
        """Read until the port is empty; publish the newest good sample, if any."""
        sample = self.newest(now_ns)
        if sample is not None and self.enabled:
            self._publish(sample, sample[0])

    def newest(self, now_ns: int) -> Any:
        """The newest good sample that waits at the port, or None."""
        sample = self._read()
        if self._holds_one:  # one read drains it: spares half of the reads
            return sample if sample is not None and self._accepts(sample, now_ns) else None
        best = None
        while sample is not None:
            if self._accepts(sample, now_ns):
                best = sample
            sample = self._read()
        return best

    def _accepts(self, sample: Any, now_ns: int) -> bool:
        """Whether the sample is new, timely and good; counts why not."""
        time_ns, sequence = sample[0], sample[1]
        if sequence != self._expected and self._repeated(sequence):
            return False
        self._expected = sequence + 1
        if not 0 <= now_ns - time_ns <= self._max_age_ns:
            self.late_count += 1
            return False
        if not self._check(sample):
            self.bad_count += 1
            return False
        self.good_count += 1
        self.time_ns = time_ns
        return True

    def _repeated(self, sequence: int) -> bool:
        """Whether an unexpected sample is an old one; counts those that never came."""
        expected = self._expected
        if expected is None:
            return False
        if sequence < expected:
            self.repeated_count += 1
            return True
        self.gap_count += sequence - expected
        return False

    @property
    def sequence(self) -> int | None:
        """Of the last sample that was new."""
        return None if self._expected is None else self._expected - 1

    def state_words(self) -> tuple[int, ...]:
        """What decides about the next sample, and what was counted."""
        return (
            -1 if self._expected is None else self._expected - 1,
            self.good_count,
            self.bad_count,
            self.late_count,
            self.repeated_count,
            self.enabled,
        )
