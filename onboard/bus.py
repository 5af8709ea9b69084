"""The bus: the latest value of each topic with its age and sequence number.

A component publishes; any other reads. There are no callbacks and no queues, so a reader always
gets the newest value and decides by `fresh` whether it is new enough. Names of topics, and who
publishes what, stand in `docs/architecture.md`.
"""

from __future__ import annotations

from typing import Any

NEVER_NS = -(1 << 62)
"""Time stamp of a topic that nobody has published: older than anything."""


class Topic:
    """One datum. Keep the object (or its bound `publish`) instead of looking it up each step."""

    __slots__ = ("name", "sequence", "time_ns", "value")

    def __init__(self, name: str) -> None:
        self.name = name
        self.value: Any = None
        self.time_ns = NEVER_NS
        self.sequence = 0  # publications so far

    def publish(self, value: Any, time_ns: int) -> None:
        """Replace the value; `time_ns` is the instant that the datum refers to."""
        self.value = value
        self.time_ns = time_ns
        self.sequence += 1

    def age_ns(self, now_ns: int) -> int:
        """Time since the datum's instant; more than 146 years if never published."""
        return now_ns - self.time_ns

    def fresh(self, now_ns: int, within_ns: int) -> bool:
        """Whether a value is there that is at most `within_ns` old."""
        return now_ns - self.time_ns <= within_ns

    def __repr__(self) -> str:
        return f"Topic({self.name!r}, sequence={self.sequence}, time_ns={self.time_ns})"


class Bus:
    """Topics by name; asking for one creates it, so the order of construction does not matter."""

    __slots__ = ("_topics",)

    def __init__(self) -> None:
        self._topics: dict[str, Topic] = {}

    def topic(self, name: str) -> Topic:
        """The topic of that name, always the same object."""
        return self._topics.setdefault(name, Topic(name))

    def names(self) -> list[str]:
        """Names asked for so far, sorted."""
        return sorted(self._topics)
