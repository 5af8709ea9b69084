"""Numbers out of the bus: the values of dictionary channels with their ages.

A channel names a topic and a field of its value: an attribute of a row or C struct, an element of
an array, the value itself, or a path of these. The path is taken apart once, when the reader is
built, and fields of one topic are fetched together.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable
from operator import attrgetter, itemgetter
from typing import Any

from onboard.bus import Bus, Topic
from onboard.dictionary import Dictionary

_PART = re.compile(r"\.?([a-z_]\w*)|\[(\d+)\]")


class ChannelReader:
    """Reads a fixed list of channels; the order of the names is that of the values."""

    def __init__(self, bus: Bus, dictionary: Dictionary, names: Iterable[str]) -> None:
        """Raises KeyError for a channel that the dictionary does not have."""
        self.names = tuple(names)
        self.reads = 0
        places: dict[str, list[int]] = {}
        channels = [dictionary.channels[name] for name in self.names]
        for i, channel in enumerate(channels):
            places.setdefault(channel.topic, []).append(i)
        self._plan = tuple(
            (bus.topic(topic), tuple((i, getter(channels[i].field)) for i in indices))
            for topic, indices in places.items()
        )

    def read(self, now_ns: int, values: list[float], ages: list[int]) -> None:
        """Fill in the value of each channel and its age in nanoseconds.

        A channel whose topic was never published reads NaN with an age beyond any limit.
        """
        for topic, fields in self._plan:
            value, age_ns = topic.value, now_ns - topic.time_ns
            if value is None:
                _never(fields, age_ns, values, ages)
                continue
            for i, get in fields:
                values[i] = get(value)
                ages[i] = age_ns

    def topics(self) -> list[Topic]:
        """The topics that the channels come from."""
        return [topic for topic, _ in self._plan]


def _never(fields: Any, age_ns: int, values: list[float], ages: list[int]) -> None:
    for i, _ in fields:
        values[i], ages[i] = math.nan, age_ns


def getter(field: str) -> Callable[[Any], float]:
    """A function that takes a topic's value to the number that `field` names."""
    parts: list[Callable[[Any], Any]] = [
        attrgetter(name) if name else itemgetter(int(i)) for name, i in _PART.findall(field)
    ]
    if not parts:
        return _itself
    if len(parts) == 1:
        return parts[0]
    if len(parts) == 2:
        first, second = parts
        return lambda value: second(first(value))
    return lambda value: _walk(value, parts)


def _itself(value: float) -> float:
    return value


def _walk(value: Any, parts: list[Callable[[Any], Any]]) -> Any:
    for part in parts:
        value = part(value)
    return value
