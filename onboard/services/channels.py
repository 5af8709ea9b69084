"""Numbers out of the bus: the values of dictionary channels with their ages.

A channel names a topic and a field of its value: an attribute of a row or C struct, an element of
an array, the value itself, or a path of these. What reads a list of channels is compiled from them
once: a twelfth of a microsecond a channel, where a chain of getters takes three.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from onboard.bus import Bus, Topic
from onboard.dictionary import Dictionary

_PATH = re.compile(r"(([a-z_]\w*|\[\d+\])(\.[a-z_]\w*|\[\d+\])*)?", re.ASCII)


class ChannelReader:
    """Reads a fixed list of channels; the order of the names is that of the values."""

    def __init__(self, bus: Bus, dictionary: Dictionary, names: Iterable[str]) -> None:
        """Raises KeyError for a channel that the dictionary does not have."""
        self.names = tuple(names)
        channels = [dictionary.channels[name] for name in self.names]
        self._topics = {c.topic: bus.topic(c.topic) for c in channels}
        self._sample = sampler([(c.topic, c.field) for c in channels], self._topics)

    def read(self, now_ns: int, values: list[float], ages: list[int]) -> None:
        """Fill in the value of each channel and its age in nanoseconds.

        A channel whose topic was never published reads NaN with an age beyond any limit.
        """
        values[:], ages[:] = self._sample(now_ns)

    def topics(self) -> list[Topic]:
        """The topics that the channels come from."""
        return list(self._topics.values())


Sampler = Callable[[int], tuple[list[float], list[int]]]


def sampler(channels: Sequence[tuple[str, str]], topics: dict[str, Topic]) -> Sampler:
    """A function of the time that gives values and ages of channels, each (topic, field).

    Raises ValueError for a field that is not of the form of `_PATH`.
    """
    number = {name: k for k, name in enumerate(topics)}
    fetched = [f"  v{k} = t{k}.value; a{k} = now_ns - t{k}.time_ns" for k in number.values()]
    values = [_expression(number[topic], field) for topic, field in channels]
    ages = [f"a{number[topic]}" for topic, _ in channels]
    answer = f"  return [{', '.join(values)}], [{', '.join(ages)}]"
    names = {f"t{number[name]}": topic for name, topic in topics.items()}
    scope: dict[str, Any] = {"__builtins__": {}, "nan": math.nan, **names}
    code = "\n".join(["def sample(now_ns):", *fetched, answer])
    exec(compile(code, "<channels>", "exec"), scope)
    made: Sampler = scope["sample"]
    return made


def _expression(topic: int, field: str) -> str:
    if not _PATH.fullmatch(field):
        raise ValueError(f"field {field!r}: allowed NAME, NAME[INDEX], [INDEX] or a path of these")
    dot = "." if field and not field.startswith("[") else ""
    return f"nan if v{topic} is None else v{topic}{dot}{field}"
