"""The flight side of the recording: everything that crosses a port, tick by tick.

Wrappers around the ports note each row with the tick in which flight code read or wrote it. Rows of
a channel gather in memory and go to a sink in blocks, every `block_ticks` ticks. A row in a block
is the tick (int64) followed by the fields of the message (`messages.LAYOUTS`), little endian; a
packet in a block is its tick, its length (uint32) and its octets. Camera frames go to the sink as
they come.

Rows are packed once: outputs when they are written, because their bytes enter the state hash of the
tick, and inputs not at all where the port shows the memory of its row, else block by block.

The state hash also covers what changes too seldom to be hashed at every tick: writes to
non-volatile memory, events and parameters (`Changing`) enter it in the tick in which they happen.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any, Protocol

from onboard.core._core import lib
from onboard.messages import LAYOUTS
from onboard.ports import (
    CameraPort,
    InputPort,
    NonVolatileMemory,
    OutputPort,
    Radio,
    holds_one,
    memory_of,
)
from onboard.services.events import EventLog, EventRecord

_TICK = struct.Struct("<q")
_hash = lib.ob_hash_bytes


class Sink(Protocol):
    """Where blocks go; `hil.bench.recording.McapSink` is one."""

    def open(self, channel: str, kind: str) -> None:
        """Before the first data. `kind` is a message class, `Packets`, `Frame` or `Octets`."""

    def block(self, channel: str, first_tick: int, count: int, data: bytes) -> None:
        """Rows or packets, each with its tick."""

    def blob(self, channel: str, tick: int, data: bytes) -> None:
        """A camera frame (FrameHeader row, then the image) or other octets."""

    def event(self, record: EventRecord) -> None:
        """An event of the flight computer's log."""


class Changing(Protocol):
    """State that tells of each change by octets which say all that changed."""

    changed: Callable[[bytes], object] | None


class _Rows:
    """The block of one channel whose rows come as bytes; their ticks before or within them."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.rows: list[bytes] = []
        self._size = _TICK.size + LAYOUTS[kind].size

    def take(self) -> tuple[int, int, bytes]:
        """First tick, count and data of what has gathered, which is emptied."""
        data = b"".join(self.rows)
        self.rows.clear()
        first_tick = _TICK.unpack_from(data)[0] if data else 0
        return first_tick, len(data) // self._size, data


class _Fields:
    """The block of one channel whose rows come as tuples: tick and fields, one after another."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.fields: list[Any] = []
        self._width = 1 + len(LAYOUTS[kind].format.removeprefix("<"))

    def take(self) -> tuple[int, int, bytes]:
        """As `_Rows.take`."""
        fields = self.fields
        count = len(fields) // self._width
        block = fields[0] if fields else 0, count, _many(self.kind, count).pack(*fields)
        fields.clear()
        return block


class _Packets:
    """The block of one channel of packets: tick, length and octets, one after another."""

    kind = "Packets"
    head = struct.Struct("<qI")

    def __init__(self) -> None:
        self.packets: list[tuple[int, bytes]] = []

    def take(self) -> tuple[int, int, bytes]:
        """As `_Rows.take`."""
        packets, pack = self.packets, self.head.pack
        data = b"".join([pack(tick, len(packet)) + packet for tick, packet in packets])
        block = packets[0][0] if packets else 0, len(packets), data
        packets.clear()
        return block


def packets_of(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Take a block of packets apart: tick and octets of each."""
    at, head = 0, _Packets.head
    while at < len(data):
        tick, length = head.unpack_from(data, at)
        at += head.size + length
        yield tick, data[at - length : at]


@lru_cache(maxsize=256)
def _many(kind: str, count: int) -> struct.Struct:
    return struct.Struct("<" + ("q" + LAYOUTS[kind].format.removeprefix("<")) * count)


class Recorder:
    """Gathers the rows of one vehicle; without a sink it only hashes the outputs."""

    __slots__ = (
        "_block_ticks",
        "_blocks",
        "_events",
        "_events_sent",
        "_grant",
        "_opened",
        "_reply",
        "_sink",
        "_ticks",
        "keeps",
        "outputs",
        "stamp",
        "tick",
    )

    def __init__(
        self, sink: Sink | None = None, *, events: EventLog | None = None, block_ticks: int = 500
    ) -> None:
        """Records of `events`, if given, go to the sink with the blocks; it is watched."""
        self.tick = -1
        self.stamp = _TICK.pack(-1)  # the tick as it begins a row
        self._events = events
        self._events_sent = 0
        self._sink = sink
        self.keeps = sink is not None  # whether rows are noted, not only hashed
        self._block_ticks = block_ticks
        self._blocks: dict[str, _Rows | _Fields | _Packets] = {}
        self._grant = self.fields("grant", "TimeGrant").fields.extend
        self._reply = self.fields("reply", "TickReply").fields.extend
        self.outputs: list[bytes] = []  # what went to outputs in this tick, and changes of state
        self._ticks = 0
        self._opened: set[str] = set()
        if events is not None:
            self.watch(events)

    def watch(self, state: Changing) -> None:
        """Let every change of some state enter the hash of its tick."""
        state.changed = self.outputs.append

    def fields(self, channel: str, kind: str) -> _Fields:
        """The block of a channel that is packed when it is flushed."""
        return self._block(channel, _Fields(kind))

    def rows(self, channel: str, kind: str) -> _Rows:
        """The block of a channel whose rows are packed already."""
        return self._block(channel, _Rows(kind))

    def packets(self, channel: str) -> list[tuple[int, bytes]]:
        """The (tick, packet) of a channel that wait for the next flush."""
        packets: list[tuple[int, bytes]] = self._block(channel, _Packets()).packets
        return packets

    def _block(self, channel: str, block: Any) -> Any:
        if channel in self._blocks:
            raise ValueError(f"channel {channel!r} is recorded already")
        self._blocks[channel] = block
        return block

    def begin(self, tick: int, time_ns: int) -> None:
        """A grant arrived: what follows belongs to its tick."""
        self.tick = tick
        if self.keeps:
            self.stamp = _TICK.pack(tick)
            self._grant((tick, tick, time_ns))

    def end(self, state_hash: int) -> int:
        """The tick is over: chain its outputs and changes onto the hash and note the reply."""
        outputs = self.outputs
        if outputs:
            octets = b"".join(outputs)
            state_hash = _hash(state_hash, octets, len(octets))
            outputs.clear()
        if self.keeps:
            tick = self.tick
            self._reply((tick, tick, state_hash))
            self._ticks += 1
            if self._ticks >= self._block_ticks:
                self.flush()
        return state_hash

    def flush(self) -> None:
        """Send all that has gathered to the sink; call it after the last tick.

        Grants go last: where the record is cut short, all of a tick that was granted is there.
        """
        self._ticks = 0
        if self._sink is None:
            return
        for channel, block in reversed(self._blocks.items()):
            first_tick, count, data = block.take()
            if count:
                self._open(channel, block.kind)
                self._sink.block(channel, first_tick, count, data)
        if self._events is not None:
            for record in self._events.since(self._events_sent):
                self._sink.event(record)
            self._events_sent = self._events.sequence

    def blob(self, channel: str, kind: str, data: bytes) -> None:
        """Send a frame or other octets of this tick to the sink."""
        if self._sink is not None:
            self._open(channel, kind)
            self._sink.blob(channel, self.tick, data)

    def _open(self, channel: str, kind: str) -> None:
        if channel not in self._opened:
            assert self._sink is not None
            self._opened.add(channel)
            self._sink.open(channel, kind)


class RecordedInput:
    """An input port whose rows are noted as flight code reads them."""

    def __init__(self, port: InputPort, recorder: Recorder, message: type) -> None:
        """`message` is the class of the port's rows."""
        self.name = port.name
        self.port = port
        self.holds_one = holds_one(port)
        self.row = memory_of(port)
        self.read = self._noted(recorder, message) if recorder.keeps else port.read

    def _noted(self, recorder: Recorder, message: type) -> Callable[[], Any]:
        memory = memory_of(self.port)
        if memory is None:
            fields = recorder.fields(self.name, message.__name__).fields
            return _noted_fields(self.port.read, recorder, fields.append, fields.extend)
        note = recorder.rows(self.name, message.__name__).rows.append
        return _noted_octets(self.port.read, recorder, note, memory.tobytes)


def _noted_fields(
    read: Callable[[], Any],
    recorder: Recorder,
    note: Callable[[int], None],
    note_all: Callable[[Any], None],
) -> Callable[[], Any]:
    """`read` that notes what it returns; a closure, because it runs several times a tick."""

    def noted() -> Any:
        sample = read()
        if sample is not None:
            note(recorder.tick)
            note_all(sample)
        return sample

    return noted


def _noted_octets(
    read: Callable[[], Any],
    recorder: Recorder,
    note: Callable[[bytes], None],
    octets: Callable[[], bytes],
) -> Callable[[], Any]:
    """As `_noted_fields`, from the port's memory: spares the packing, a microsecond a tick."""

    def noted() -> Any:
        sample = read()
        if sample is not None:
            note(recorder.stamp)
            note(octets())
        return sample

    return noted


class RecordedOutput:
    """An output port whose rows are noted, and hashed, as flight code writes them."""

    def __init__(self, port: OutputPort, recorder: Recorder, message: type) -> None:
        self.name = port.name
        self._write = port.write
        self._pack = _many(message.__name__, 1).pack
        self._recorder = recorder
        self._output = recorder.outputs.append
        self._keeps = recorder.keeps
        self._note = recorder.rows(port.name, message.__name__).rows.append

    def write(self, message: Any) -> None:
        row = self._pack(self._recorder.tick, *message)
        if self._keeps:
            self._note(row)
        self._output(row)
        self._write(message)


class RecordedCamera:
    """A camera whose commands and frames are noted."""

    def __init__(self, port: CameraPort, recorder: Recorder, message: type) -> None:
        """`message` is the class of its commands."""
        self.name = port.name
        self.holds_one = holds_one(port)
        self._read = port.read
        self._recorder = recorder
        self._pack_header = LAYOUTS["FrameHeader"].pack
        commands: Any = _Renamed(f"{port.name}.command", port)
        self.write = RecordedOutput(commands, recorder, message).write

    def read(self) -> tuple[Any, Any] | None:
        frame = self._read()
        if frame is not None:
            header, image = frame
            data = self._pack_header(*header) + bytes(image)
            self._recorder.blob(f"{self.name}.frame", "Frame", data)
        return frame


class _Renamed:
    """The output side of a camera under a channel name of its own."""

    def __init__(self, name: str, port: OutputPort) -> None:
        self.name = name
        self.write = port.write


class RecordedRadio:
    """A radio whose packets are noted; those sent enter the state hash of the tick."""

    def __init__(self, radio: Radio, recorder: Recorder, name: str = "radio") -> None:
        self._radio = radio
        self._recorder = recorder
        self._keeps = recorder.keeps
        self._up = recorder.packets(f"{name}.up").append
        self._down = recorder.packets(f"{name}.down").append

    def receive(self) -> bytes | None:
        packet = self._radio.receive()
        if packet is not None and self._keeps:
            self._up((self._recorder.tick, packet))
        return packet

    def send(self, packet: bytes) -> None:
        if self._keeps:
            self._down((self._recorder.tick, packet))
        self._recorder.outputs.append(packet)
        self._radio.send(packet)


class RecordedMemory:
    """A non-volatile memory: its content at the start, and every read that finds it changed.

    Writes enter the state hash of the tick.
    """

    CHANGE = struct.Struct("<qq")  # number of the read in its tick, address; then the octets
    WRITE = struct.Struct("<qq")  # address, length; then the octets

    def __init__(self, memory: NonVolatileMemory, recorder: Recorder, name: str = "memory") -> None:
        self.size = memory.size
        self._memory = memory
        self._recorder = recorder
        self._changes = f"{name}.change"
        self._tick, self._reads = -1, 0
        self._expected = bytearray(memory.read(0, memory.size))
        recorder.blob(f"{name}.image", "Octets", bytes(self._expected))

    def read(self, address: int, length: int) -> bytes:
        if self._recorder.tick != self._tick:
            self._tick, self._reads = self._recorder.tick, 0
        data = self._memory.read(address, length)
        if data != self._expected[address : address + length]:
            self._expected[address : address + length] = data
            head = self.CHANGE.pack(self._reads, address)
            self._recorder.blob(self._changes, "Octets", head + data)
        self._reads += 1
        return data

    def write(self, address: int, data: bytes) -> None:
        self._expected[address : address + len(data)] = data
        self._recorder.outputs.append(self.WRITE.pack(address, len(data)) + data)
        self._memory.write(address, data)
