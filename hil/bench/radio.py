"""The ground end of the radio link in process: sends the scenario's commands."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable

from hil.scenario import Command
from onboard.dictionary import Dictionary
from onboard.services.commands import CommandCodec, CommandError


def _known(dictionary: Dictionary) -> str:
    return f"; known are: {', '.join(sorted(dictionary.commands))}"


class Ground:
    """A `Radio` (onboard/ports.py). Raises CommandError for a command not of the dictionary."""

    name = "radio"

    def __init__(self, commands: Iterable[Command], dictionary: Dictionary) -> None:
        codec = CommandCodec(dictionary)
        self._queue: deque[tuple[int, bytes]] = deque()
        self._now_ns = 0
        self.heard_ns = 0  # when the last packet came down
        in_time = sorted(enumerate(commands), key=lambda c: c[1].time_s)
        for count, (index, command) in enumerate(in_time):
            time_ns = round(command.time_s * 1e9)
            try:
                packet = codec.encode(command.name, command.arguments, time_ns=time_ns, count=count)
            except CommandError as error:
                known = "" if command.name in dictionary.commands else _known(dictionary)
                raise CommandError(f"command.{index}: {error}{known}") from None
            self._queue.append((time_ns, packet))

    def at(self, now_ns: int) -> None:
        """The time on the ground."""
        self._now_ns = now_ns

    @property
    def next_ns(self) -> int:
        """When the next command is sent; beyond any time if there is none."""
        return self._queue[0][0] if self._queue else 1 << 62

    def receive(self) -> bytes | None:
        if self._queue and self._queue[0][0] <= self._now_ns:
            return self._queue.popleft()[1]
        return None

    def send(self, packet: bytes) -> None:
        """What comes down is in the recording; here it counts that it came."""
        self.heard_ns = self._now_ns
