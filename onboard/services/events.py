"""The event log: what happened on board, with severity, throttle and counters.

`emit` is cheap; the text is made from the dictionary's template when somebody reads it. A throttled
event is counted, not kept.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Mapping
from typing import NamedTuple, Protocol

from onboard.dictionary.models import Event, Severity


class EventSink(Protocol):
    """Where components report what happened; `EventLog` is one."""

    def emit(self, name: str, time_ns: int, /, **values: object) -> None: ...


class EventRecord(NamedTuple):
    """One event. `sequence` counts the kept records of a log from 1."""

    time_ns: int
    sequence: int
    id: int
    name: str
    severity: str
    values: dict[str, object]
    template: str

    @property
    def text(self) -> str:
        """The event in words."""
        return self.template.format_map(self.values)


class _Kind:
    """What the log keeps for each event of the dictionary."""

    __slots__ = ("definition", "limit", "period_ns", "severity", "window_count", "window_ns")

    def __init__(self, definition: Event) -> None:
        throttle = definition.throttle
        self.definition = definition
        self.severity = definition.severity.value
        self.limit = throttle.count if throttle else 0  # 0: not throttled
        self.period_ns = round(throttle.period_s * 1e9) if throttle else 0
        self.window_ns = 0  # when the present throttle window began
        self.window_count = 0

    def throttled(self, time_ns: int) -> bool:
        """Count one more in the window; a new window begins when the period is over."""
        if self.limit == 0:
            return False
        if self.window_count == 0 or time_ns - self.window_ns >= self.period_ns:
            self.window_ns, self.window_count = time_ns, 0
        self.window_count += 1
        return self.window_count > self.limit


class EventLog:
    """Keeps the last `capacity` records and counts all.

    `changed`, if set, is told of every event, throttled or not: its time, number and values.
    """

    changed: Callable[[bytes], object] | None = None

    def __init__(self, events: Mapping[str, Event], capacity: int = 4096) -> None:
        self.counts: Counter[str] = Counter()  # by name, throttled ones included
        self.throttled: Counter[str] = Counter()  # by name
        self.severities: Counter[str] = Counter({s.value: 0 for s in Severity})
        self.sequence = 0  # records kept so far
        self._kinds = {name: _Kind(event) for name, event in events.items()}
        self._records: deque[EventRecord] = deque(maxlen=capacity)

    def emit(self, name: str, time_ns: int, /, **values: object) -> None:
        """Log one event. Raises KeyError for a name that the dictionary does not have."""
        kind = self._kinds[name]
        self.counts[name] += 1
        self.severities[kind.severity] += 1
        if self.changed is not None:
            self.changed(repr((time_ns, kind.definition.id, values)).encode())
        if kind.throttled(time_ns):
            self.throttled[name] += 1
            return
        self.sequence += 1
        event = kind.definition
        self._records.append(
            EventRecord(time_ns, self.sequence, event.id, name, kind.severity, values, event.text)
        )

    def since(self, sequence: int) -> list[EventRecord]:
        """Records after that sequence number that are still kept, oldest first."""
        new = min(self.sequence - sequence, len(self._records))
        return [self._records[i] for i in range(-new, 0)] if new > 0 else []

    @property
    def total(self) -> int:
        """Events so far, throttled ones included."""
        return sum(self.severities.values())

    @property
    def errors(self) -> int:
        """Events so far that were errors or worse."""
        return self.severities[Severity.ERROR] + self.severities[Severity.FATAL]
