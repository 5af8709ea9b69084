"""Replay: ports that give back a recording, and compare what flight code writes with what it wrote.

Build the same vehicle around the ports of a `Replay`, then call `run` with its executive. Inputs
come back in the tick in which flight code read them, and grants as they were given; the first row,
packet or state hash that differs by a bit is reported.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from hil.bench.recording import AT_TICK, Recording, RecordingError
from onboard import messages
from onboard.messages import TickReply, TimeGrant
from onboard.services.recorder import RecordedMemory

_CLASSES = {m.__name__: m for m in messages.PORT_MESSAGES}


@dataclass(frozen=True)
class Difference:
    """Where a replay left the recording."""

    tick: int
    channel: str
    recorded: object  # None: nothing was recorded there
    replayed: object  # None: nothing was written there

    def __str__(self) -> str:
        return (
            f"tick {self.tick}, {self.channel}: recorded {self.recorded}, replayed {self.replayed}"
        )


class _Compared(Protocol):
    """An output of the vehicle that is held against the recording."""

    def due(self) -> tuple[int, object] | None:
        """What was recorded up to the present tick, with its tick, and has not come."""


class ReplayInput:
    """An input port that gives the recorded rows at the ticks at which they were read."""

    def __init__(self, replay: Replay, name: str) -> None:
        self.name = name
        self._replay = replay
        self._ticks, self._samples = replay.samples(name)
        self._next = 0

    def read(self) -> Any | None:
        i = self._next
        if i < len(self._ticks) and self._ticks[i] <= self._replay.tick:
            self._next = i + 1
            return self._samples[i]
        return None


class ReplayOutput:
    """An output port that compares what it is told with what was recorded."""

    def __init__(self, replay: Replay, name: str) -> None:
        self.name = name
        self._replay = replay
        self._ticks, self._rows = replay.packed(name)
        self._kind = replay.recording.channels.get(name)
        self._next = 0

    def write(self, message: Any) -> None:
        i = self._next
        self._next = i + 1
        if self._kind is None or i >= len(self._rows):
            self._replay.differ(self.name, None, message)
            return
        row = messages.LAYOUTS[self._kind].pack(*message)
        if self._ticks[i] != self._replay.tick or self._rows[i] != row:
            self._replay.differ(self.name, self._recorded(i), (self._replay.tick, message))

    def _recorded(self, i: int) -> tuple[int, object]:
        assert self._kind is not None
        row = messages.LAYOUTS[self._kind].unpack(self._rows[i])
        return self._ticks[i], _CLASSES[self._kind](*row)

    def due(self) -> tuple[int, object] | None:
        i = self._next
        late = i < len(self._ticks) and self._ticks[i] <= self._replay.tick
        return self._recorded(i) if late else None


class ReplayCamera:
    """A camera that gives the recorded frames."""

    def __init__(self, replay: Replay, name: str) -> None:
        self.name = name
        self.write = replay.output(f"{name}.command").write
        self._replay = replay
        self._frames = list(replay.recording.frames(f"{name}.frame"))
        self._next = 0

    def read(self) -> tuple[Any, Any] | None:
        i = self._next
        if i < len(self._frames) and self._frames[i][0] <= self._replay.tick:
            self._next = i + 1
            return self._frames[i][1], self._frames[i][2].tobytes()
        return None


class ReplayRadio:
    """A radio that gives the recorded packets and compares those sent."""

    def __init__(self, replay: Replay, name: str = "radio") -> None:
        self._replay = replay
        self._down = f"{name}.down"
        self._received = iter(replay.recording.blobs(f"{name}.up"))
        self._pending = next(self._received, None)
        self._sent = replay.recording.blobs(self._down)
        self._next = 0
        replay.compare(self._down, self)

    def receive(self) -> bytes | None:
        if self._pending is None or self._pending[0] > self._replay.tick:
            return None
        packet = self._pending[1]
        self._pending = next(self._received, None)
        return packet

    def send(self, packet: bytes) -> None:
        i = self._next
        self._next = i + 1
        recorded = self._sent[i] if i < len(self._sent) else None
        if recorded != (self._replay.tick, packet):
            self._replay.differ(self._down, recorded, (self._replay.tick, packet))

    def due(self) -> tuple[int, object] | None:
        i = self._next
        late = i < len(self._sent) and self._sent[i][0] <= self._replay.tick
        return self._sent[i] if late else None


class ReplayMemory:
    """A non-volatile memory with the recorded content, which changes by itself as it did then."""

    def __init__(self, replay: Replay, name: str = "memory") -> None:
        images = replay.recording.blobs(f"{name}.image")
        if len(images) != 1:
            raise RecordingError(f"{replay.recording.path}: ends before the first tick")
        image = images[0][1]
        self.size = len(image)
        self._replay = replay
        self._content = bytearray(image)
        self._tick, self._reads = -1, 0
        self._changes: dict[tuple[int, int], tuple[int, bytes]] = {}  # by tick and read in it
        head = RecordedMemory.CHANGE
        for tick, data in replay.recording.blobs(f"{name}.change"):
            read, address = head.unpack_from(data)
            self._changes[tick, read] = address, data[head.size :]

    def read(self, address: int, length: int) -> bytes:
        if self._replay.tick != self._tick:
            self._tick, self._reads = self._replay.tick, 0
        if change := self._changes.get((self._tick, self._reads)):
            at, data = change
            self._content[at : at + len(data)] = data
        self._reads += 1
        return bytes(self._content[address : address + length])

    def write(self, address: int, data: bytes) -> None:
        self._content[address : address + len(data)] = data


class Replay:
    """One recording played back."""

    def __init__(self, recording: Recording) -> None:
        self.recording = recording
        self.tick = -1
        self.first: Difference | None = None
        self._outputs: dict[str, _Compared] = {}

    def input(self, name: str) -> ReplayInput:
        """The input port of that name."""
        return ReplayInput(self, name)

    def output(self, name: str) -> ReplayOutput:
        """The output port of that name."""
        output = ReplayOutput(self, name)
        self.compare(name, output)
        return output

    def compare(self, name: str, output: _Compared) -> None:
        """At the end of each tick nothing may be due at this output."""
        self._outputs[name] = output

    def samples(self, name: str) -> tuple[list[int], list[Any]]:
        """Ticks and messages of a channel of rows."""
        rows = self.recording.rows(name)
        if not rows.dtype.names:
            return [], []
        make = _CLASSES[self.recording.channels[name]]._make
        fields = rows[list(rows.dtype.names[1:])].tolist()
        return rows[AT_TICK].tolist(), [make(row) for row in fields]

    def packed(self, name: str) -> tuple[list[int], list[bytes]]:
        """Ticks and row bytes of a channel of rows."""
        ticks, samples = self.samples(name)
        if not samples:
            return [], []
        pack = messages.LAYOUTS[self.recording.channels[name]].pack
        return ticks, [pack(*sample) for sample in samples]

    def differ(self, channel: str, recorded: object, replayed: object) -> None:
        """Note a difference; the first one stays."""
        if self.first is None:
            self.first = Difference(self.tick, channel, recorded, replayed)

    def run(self, tick: Callable[[TimeGrant], TickReply]) -> Difference | None:
        """Give every recorded grant to an executive's `tick`; the first difference, or None."""
        replies = dict(zip(*self.samples("reply"), strict=True))
        for now, grant in zip(*self.samples("grant"), strict=True):
            self.tick = now
            reply = tick(grant)
            for name, output in self._outputs.items():
                if (recorded := output.due()) is not None:
                    self.differ(name, recorded, None)
            if now in replies and reply.state_hash != replies[now].state_hash:
                self.differ("reply", f"{replies[now].state_hash:016x}", f"{reply.state_hash:016x}")
            if self.first is not None:
                return self.first
        return None
