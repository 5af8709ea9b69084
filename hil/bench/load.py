"""What a scenario does to the flight computer: stolen time, members that run long, resets."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence

from hil.scenario import Load
from onboard.executive import TICK_US
from onboard.messages import ProcessorLoad

NO_MEMBER = -1


class LoadPort:
    """An input port of `ProcessorLoad` rows. Raises KeyError for a member that is not scheduled."""

    name = "load"

    def __init__(
        self, loads: Sequence[Load], members: Sequence[str], clock: Callable[[], int]
    ) -> None:
        """`clock` gives the time of the emulated clock in ns."""
        self._clock = clock
        for k, load in enumerate(loads):
            if load.member not in (None, *members):
                allowed = ", ".join(members)
                raise KeyError(f"load.{k}.member = {load.member!r}: allowed: {allowed}")
        self._rows = deque(
            ProcessorLoad(
                time_ns=round(load.time_s * 1e9),
                sequence=sequence,
                stolen_us=load.stolen_percent / 100.0 * TICK_US,
                member=NO_MEMBER if load.member is None else members.index(load.member),
                member_extra_us=load.member_extra_us,
                reset=int(load.reset),
                trap=int(load.trap),
            )
            for sequence, load in enumerate(sorted(loads, key=lambda load: load.time_s))
        )

    def read(self) -> ProcessorLoad | None:
        if self._rows and self._rows[0].time_ns <= self._clock():
            return self._rows.popleft()
        return None
