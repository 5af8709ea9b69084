"""The recorder: what goes into blocks, when they are flushed, and what enters the hash."""

import struct
from typing import Any

import pytest
from tiny_vehicle import LANDER, Camera, Engine, Imu, Memory, Radio

from onboard.core._core import lib
from onboard.messages import LAYOUTS, CameraCommand, EngineCommand, ImuSample, LegSample
from onboard.services.events import EventLog, EventRecord
from onboard.services.parameters import ParameterTable
from onboard.services.recorder import (
    RecordedCamera,
    RecordedInput,
    RecordedMemory,
    RecordedOutput,
    RecordedRadio,
    Recorder,
    packets_of,
)


class Sink:
    """Keeps what it is given."""

    def __init__(self) -> None:
        self.kinds: dict[str, str] = {}
        self.blocks: list[tuple[str, int, int, bytes]] = []
        self.blobs: list[tuple[str, int, bytes]] = []
        self.events: list[EventRecord] = []

    def open(self, channel: str, kind: str) -> None:
        assert channel not in self.kinds
        self.kinds[channel] = kind

    def block(self, channel: str, first_tick: int, count: int, data: bytes) -> None:
        assert channel in self.kinds
        self.blocks.append((channel, first_tick, count, data))

    def blob(self, channel: str, tick: int, data: bytes) -> None:
        assert channel in self.kinds
        self.blobs.append((channel, tick, data))

    def event(self, record: EventRecord) -> None:
        self.events.append(record)

    def rows(self, channel: str) -> list[tuple[int, tuple[Any, ...]]]:
        row = struct.Struct("<q" + LAYOUTS[self.kinds[channel]].format.removeprefix("<"))
        data = b"".join(block for name, _, _, block in self.blocks if name == channel)
        return [(tick, tuple(fields)) for tick, *fields in row.iter_unpack(data)]


def run(recorder: Recorder, ticks: int, *steps: Any, first: int = 0) -> list[int]:
    hashes, h = [], 5
    for tick in range(first, first + ticks):
        recorder.begin(tick, tick * 10_000_000)
        for step in steps:
            step(tick)
        hashes.append(h := recorder.end(h))
    return hashes


def test_inputs_are_noted_with_their_ticks() -> None:
    recorder = Recorder(sink := Sink())
    port = RecordedInput(Imu(), recorder, ImuSample)
    read: list[ImuSample] = []
    run(recorder, 5, lambda _: read.append(port.read()))
    run(recorder, 1, lambda _: [read.append(port.read()) for _ in range(3)], first=5)
    recorder.flush()
    assert sink.rows("imu.a") == list(zip([0, 1, 2, 3, 4, 5, 5, 5], read, strict=True))
    assert sink.kinds["imu.a"] == "ImuSample"


def test_nothing_read_is_nothing_noted() -> None:
    class Silent:
        name = "legs"

        def read(self) -> None:
            return None

    recorder = Recorder(sink := Sink())
    port = RecordedInput(Silent(), recorder, LegSample)
    run(recorder, 3, lambda _: port.read())
    recorder.flush()
    assert "legs" not in sink.kinds


def test_blocks_are_flushed_when_their_ticks_are_over() -> None:
    recorder = Recorder(sink := Sink(), block_ticks=100)
    port = RecordedInput(Imu(), recorder, ImuSample)
    run(recorder, 250, lambda _: port.read())
    recorder.flush()
    recorder.flush()
    blocks = [(first, count) for c, first, count, _ in sink.blocks if c == "imu.a"]
    assert blocks == [(0, 100), (100, 100), (200, 50)]
    assert sum(count for c, _, count, _ in sink.blocks if c == "grant") == 250


def test_grants_and_replies_are_noted() -> None:
    recorder = Recorder(sink := Sink())
    hashes = run(recorder, 3, first=7)
    recorder.flush()
    assert sink.rows("grant") == [(t, (t, t * 10_000_000)) for t in (7, 8, 9)]
    assert sink.rows("reply") == [(t, (t, h)) for t, h in zip((7, 8, 9), hashes, strict=True)]


def test_outputs_are_noted_passed_on_and_hashed() -> None:
    recorder = Recorder(sink := Sink())
    engine = Engine()
    port = RecordedOutput(engine, recorder, EngineCommand)
    command = EngineCommand(3, 1, 1, 0.5)
    [h] = run(recorder, 1, lambda _: port.write(command), first=3)
    recorder.flush()
    assert engine.commands == [command]
    assert sink.rows("engine.a") == [(3, command)]
    row = (3).to_bytes(8, "little") + LAYOUTS["EngineCommand"].pack(*command)
    assert h == lib.ob_hash_bytes(5, row, len(row))


def test_one_bit_of_an_output_changes_the_hash() -> None:
    def fly(throttle: float) -> int:
        port = RecordedOutput(Engine(), recorder := Recorder(), EngineCommand)
        return run(recorder, 1, lambda _: port.write(EngineCommand(0, 0, 1, throttle)))[0]

    assert fly(0.5) == fly(0.5)
    assert fly(0.5) != fly(0.5 + 2**-53)


def test_a_tick_without_outputs_leaves_the_hash() -> None:
    assert run(Recorder(), 2) == [5, 5]


def test_camera_frames_travel_with_their_headers() -> None:
    recorder = Recorder(sink := Sink())
    camera = RecordedCamera(Camera(), recorder, CameraCommand)
    run(recorder, 1, lambda _: camera.write(CameraCommand(1, 2, 1, 0.01)), first=-1)
    run(recorder, 2, lambda _: camera.read())
    recorder.flush()
    assert sink.rows("camera.a.command") == [(-1, (1, 2, 1, 0.01))]
    [(channel, tick, data)] = sink.blobs
    assert (channel, tick) == ("camera.a.frame", 0)
    assert LAYOUTS["FrameHeader"].unpack_from(data) == (1, 2, 8, 4, 0.01)
    assert len(data) == LAYOUTS["FrameHeader"].size + 32


def test_packets_are_noted_both_ways_and_those_sent_hashed() -> None:
    recorder = Recorder(sink := Sink())
    radio = Radio()
    radio.up.append(b"command")
    port = RecordedRadio(radio, recorder)
    hashes = run(recorder, 1, lambda _: (port.receive(), port.receive(), port.send(b"telemetry")))
    recorder.flush()
    noted = {c: list(packets_of(data)) for c, _, _, data in sink.blocks if c.startswith("radio")}
    assert noted == {"radio.up": [(0, b"command")], "radio.down": [(0, b"telemetry")]}
    assert radio.down == [b"telemetry"]
    assert hashes == [lib.ob_hash_bytes(5, b"telemetry", 9)]


def test_events_go_along_once() -> None:
    events = EventLog(LANDER.events)
    recorder = Recorder(sink := Sink(), events=events)
    events.emit("EXECUTIVE_LOAD_RESTORED", 1)
    recorder.flush()
    events.emit("EXECUTIVE_RESTART", 2, reason="test")
    recorder.flush()
    recorder.flush()
    assert [e.name for e in sink.events] == ["EXECUTIVE_LOAD_RESTORED", "EXECUTIVE_RESTART"]


@pytest.mark.parametrize(("address", "data"), [(8, b"kept"), (9, b"kepT"), (9, b"kept\0")])
def test_a_write_to_memory_enters_the_hash(address: int, data: bytes) -> None:
    def fly(address: int, data: bytes) -> int:
        memory = RecordedMemory(Memory(), recorder := Recorder())
        return run(recorder, 1, lambda _: memory.write(address, data))[0]

    assert fly(9, b"kept") == fly(9, b"kept") != 5
    assert fly(address, data) != fly(9, b"kept")


def test_reading_memory_leaves_the_hash() -> None:
    memory = RecordedMemory(Memory(), recorder := Recorder())
    assert run(recorder, 2, lambda _: memory.read(0, 64)) == [5, 5]


def test_events_and_parameters_enter_the_hash_of_the_tick_in_which_they_change() -> None:
    def fly(reason: str, value: float) -> list[int]:
        events = EventLog(LANDER.events)
        recorder = Recorder(events=events)
        table = ParameterTable(LANDER.parameters)
        recorder.watch(table)
        changes = {
            1: lambda: events.emit("EXECUTIVE_RESTART", 2, reason=reason),
            3: lambda: table.set("services.arm_timeout_s", value),
        }
        return run(recorder, 5, lambda tick: changes.get(tick, lambda: None)())

    first = fly("test", 3.0)
    assert first == fly("test", 3.0)
    assert [a == b for a, b in zip(first, [5, *first], strict=False)] == [1, 0, 1, 0, 1]
    assert [a == b for a, b in zip(first, fly("text", 3.0), strict=True)] == [1, 0, 0, 0, 0]
    assert [a == b for a, b in zip(first, fly("test", 4.0), strict=True)] == [1, 1, 1, 0, 0]


def test_a_channel_is_recorded_once() -> None:
    recorder = Recorder(Sink())
    RecordedInput(Imu(), recorder, ImuSample)
    with pytest.raises(ValueError, match=r"imu\.a"):
        RecordedInput(Imu(), recorder, ImuSample)


def test_rows_come_from_the_memory_of_a_port_that_shows_it() -> None:
    layout = LAYOUTS["LegSample"]

    class Shown:
        """A port whose row changes before every read."""

        name = "legs"

        def __init__(self) -> None:
            self.row = memoryview(bytearray(layout.size))

        def read(self) -> LegSample:
            time_ns, sequence, _ = layout.unpack(self.row)
            layout.pack_into(self.row, 0, time_ns + 10, sequence + 1, 5)
            return LegSample(*layout.unpack(self.row))

    recorder = Recorder(sink := Sink())
    port = RecordedInput(Shown(), recorder, LegSample)
    read: list[LegSample] = []
    run(recorder, 3, lambda _: read.append(port.read()), first=4)
    recorder.flush()
    assert sink.rows("legs") == list(zip([4, 5, 6], read, strict=True))


def test_without_a_sink_inputs_are_the_ports_own_and_outputs_are_hashed() -> None:
    recorder, kept = Recorder(), Recorder(Sink())
    port = RecordedInput(imu := Imu(), recorder, ImuSample)
    assert port.read == imu.read
    outputs = [RecordedOutput(Engine(), r, EngineCommand) for r in (recorder, kept)]
    burn = EngineCommand(0, 1, 1, 0.5)
    hashes = [
        run(r, 3, lambda _, o=output: o.write(burn))
        for r, output in zip((recorder, kept), outputs, strict=True)
    ]
    assert hashes[0] == hashes[1]
