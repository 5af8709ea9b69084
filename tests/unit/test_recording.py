"""The MCAP recording: what goes in comes out, whatever happens to the file."""

import errno
import json
import struct
from pathlib import Path

import numpy as np
import pytest
from mcap.reader import make_reader
from tiny_vehicle import LANDER

from hil.bench.recording import McapSink, Recording, RecordingError
from onboard.messages import LAYOUTS, FrameHeader, ImuSample
from onboard.services.events import EventLog

RNG = np.random.default_rng(1)


def rows(first_tick: int, count: int) -> bytes:
    values = RNG.normal(size=(count, 6))
    pack = LAYOUTS["ImuSample"].pack
    return b"".join(
        (first_tick + i).to_bytes(8, "little") + pack(i, i, *values[i], 0) for i in range(count)
    )


def write(path: Path, blocks: int = 20, chunk_bytes: int = 20_000) -> bytes:
    """A recording of `blocks` blocks of 100 rows; their bytes, one after another."""
    written = b""
    with McapSink(path, metadata={"seed": "3"}, chunk_bytes=chunk_bytes) as sink:
        sink.open("imu.a", "ImuSample")
        for i in range(blocks):
            data = rows(100 * i, 100)
            written += data
            sink.block("imu.a", 100 * i, 100, data)
    assert sink.error is None
    return written


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[bytes, bytes]:
    """Content of a recording, and the rows in it."""
    path = tmp_path_factory.mktemp("recording") / "whole.mcap"
    written = write(path)
    return path.read_bytes(), written


def opened(path: Path, content: bytes) -> Recording:
    path.write_bytes(content)
    return Recording.open(path)


def test_everything_comes_back(tmp_path: Path) -> None:
    events = EventLog(LANDER.events)
    events.emit("EXECUTIVE_OVERRUN", 30, member="control", cost_us=12.5)
    image = bytes(range(32))
    data = rows(5, 10)
    path = tmp_path / "a.mcap"
    with McapSink(
        path,
        metadata={"seed": "3", "version": "0.1"},
        attachments={"scenario.toml": "a = 1\n", "map.bin": b"\0\1"},
    ) as sink:
        sink.open("imu.a", "ImuSample")
        sink.block("imu.a", 5, 10, data)
        sink.open("camera.a.frame", "Frame")
        header = FrameHeader(70_000_000, 1, 8, 4, 0.01)
        sink.blob("camera.a.frame", 7, LAYOUTS["FrameHeader"].pack(*header) + image)
        sink.open("radio.up", "Packets")
        sink.block("radio.up", 9, 1, struct.pack("<qI", 9, 6) + b"packet")
        sink.event(events.since(0)[0])
        sink.attach("late.txt", "added at the end")
    recording = Recording.open(path)
    assert recording.damage is None
    assert recording.metadata == {"seed": "3", "version": "0.1"}
    assert recording.attachments["map.bin"] == b"\0\1"
    assert recording.attachments["late.txt"] == b"added at the end"
    assert recording.channels == {
        "imu.a": "ImuSample",
        "camera.a.frame": "Frame",
        "radio.up": "Packets",
        "events": "Event",
    }
    imu = recording.rows("imu.a")
    assert imu.tobytes() == data
    assert imu.dtype.names == ("at_tick", *ImuSample._fields)
    assert imu["at_tick"].tolist() == list(range(5, 15))
    [(tick, found, pixels)] = recording.frames("camera.a.frame")
    assert (tick, found) == (7, header)
    assert pixels.shape == (4, 8)
    assert pixels.tobytes() == image
    assert recording.blobs("radio.up") == [(9, b"packet")]
    [event] = recording.events
    assert event["text"] == "control took 12 us, over its budget"
    assert event["values"] == {"member": "control", "cost_us": 12.5}


def test_other_readers_find_the_schema(tmp_path: Path) -> None:
    write(tmp_path / "a.mcap", blocks=1)
    with (tmp_path / "a.mcap").open("rb") as file:
        [(schema, channel, message)] = make_reader(file).iter_messages()
    assert schema is not None
    described = json.loads(schema.data)
    assert described["kind"] == schema.name == "ImuSample"
    assert described["format"] == "<qqqddddddq"
    assert len(described["fields"]) == 10
    assert channel.topic == "imu.a"
    assert len(message.data) == 100 * 80


def test_a_channel_without_rows_is_empty(tmp_path: Path) -> None:
    with McapSink(tmp_path / "a.mcap"):
        pass
    recording = Recording.open(tmp_path / "a.mcap")
    assert len(recording.rows("imu.a")) == 0
    assert recording.ticks == 0
    assert recording.blobs("radio.up") == []
    assert recording.damage is None


def test_what_is_written_before_the_file_exists_comes_first(tmp_path: Path) -> None:
    path = tmp_path / "a.mcap"
    early, late = rows(0, 300), rows(300, 100)
    sink = McapSink(path, metadata={"seed": "3"}, chunk_bytes=20_000)
    sink.open("imu.a", "ImuSample")
    sink.block("imu.a", 0, 300, early)
    assert not path.exists()
    with sink:
        sink.block("imu.a", 300, 100, late)
    recording = Recording.open(path)
    assert recording.damage is None
    assert recording.metadata == {"seed": "3"}
    assert recording.rows("imu.a").tobytes() == early + late
    with path.open("rb") as file:  # by the index, whose offsets count from the beginning
        assert len(list(make_reader(file).iter_messages())) == 2


def test_a_recording_is_finished_when_the_run_is_interrupted(tmp_path: Path) -> None:
    path = tmp_path / "a.mcap"
    data = rows(0, 100)
    with pytest.raises(KeyboardInterrupt), McapSink(path) as sink:
        sink.open("imu.a", "ImuSample")
        sink.block("imu.a", 0, 100, data)
        raise KeyboardInterrupt
    recording = Recording.open(path)
    assert recording.damage is None
    assert recording.rows("imu.a").tobytes() == data


# ---- damage ----


@pytest.mark.parametrize("part", [0.02, 0.3, 0.5, 0.77, 0.9])
def test_a_truncated_recording_is_read_up_to_the_cut(
    tmp_path: Path, whole: tuple[bytes, bytes], part: float
) -> None:
    content, written = whole
    recording = opened(tmp_path / "cut.mcap", content[: int(part * len(content))])
    found = recording.rows("imu.a").tobytes()
    assert recording.damage is not None
    assert recording.metadata == {"seed": "3"}
    assert written.startswith(found)
    # chunks of 20,000 bytes and blocks of 8,000: all but the last 28,000 bytes before the cut
    assert len(found) >= part * len(written) - 50_000


def test_every_cut_gives_a_prefix(tmp_path: Path) -> None:
    written = write(tmp_path / "small.mcap", blocks=3, chunk_bytes=4_000)
    content = (tmp_path / "small.mcap").read_bytes()
    lengths = set()
    for cut in range(len(content) - 1, 0, -97):
        try:
            recording = opened(tmp_path / "cut.mcap", content[:cut])
        except RecordingError as error:
            assert "is no recording" in str(error)
            continue
        found = recording.rows("imu.a").tobytes()
        lengths.add(len(found))
        assert written.startswith(found)
    assert lengths == {0, 8_000, 16_000, 24_000}


@pytest.mark.parametrize("at", [0.1, 0.4, 0.6, 0.8])
def test_a_flipped_byte_ends_the_reading_before_it(
    tmp_path: Path, whole: tuple[bytes, bytes], at: float
) -> None:
    content, written = whole
    damaged = bytearray(content)
    damaged[int(at * len(content))] ^= 0x40
    recording = opened(tmp_path / "flipped.mcap", bytes(damaged))
    assert written.startswith(recording.rows("imu.a").tobytes())


@pytest.mark.parametrize("content", [b"", b"not a recording at all", bytes(1000)])
def test_what_is_no_recording_is_said(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(RecordingError, match=r"x\.mcap: is no recording"):
        opened(tmp_path / "x.mcap", content)


def test_a_missing_file_is_said(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match=r"nothing\.mcap: cannot be read: No such file"):
        Recording.open(tmp_path / "nothing.mcap")


def test_a_file_that_cannot_be_created_is_said(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match="cannot be created: No such file"):
        McapSink(tmp_path / "missing" / "a.mcap").__enter__()


# ---- a full disk ----


class FullDisk:
    """A raw file on a disk with room for `room` bytes: writes go short, then fail."""

    def __init__(self, raw: object, room: int) -> None:
        self._raw, self._room = raw, room

    def write(self, data: memoryview) -> int:
        if self._room == 0:
            raise OSError(errno.ENOSPC, "No space left on device")
        written = self._raw.write(data[: self._room])  # type: ignore[attr-defined]
        self._room -= written
        return written

    def __getattr__(self, name: str) -> object:
        return getattr(self._raw, name)


@pytest.mark.parametrize("room", [0, 100, 5_000, 40_000, 100_000])
def test_a_full_disk_is_reported_and_the_recording_is_readable(tmp_path: Path, room: int) -> None:
    path = tmp_path / "a.mcap"
    written = b""
    with McapSink(path, metadata={"seed": "3"}, chunk_bytes=20_000) as sink:
        sink._file._raw = FullDisk(sink._file._raw, room)  # type: ignore[assignment]
        sink.open("imu.a", "ImuSample")
        for i in range(50):
            data = rows(100 * i, 100)
            written += data
            sink.block("imu.a", 100 * i, 100, data)
    assert isinstance(sink.error, RecordingError)
    assert "a.mcap: No space left on device after" in str(sink.error)
    recording = Recording.open(path)
    assert recording.metadata == {"seed": "3"}
    found = recording.rows("imu.a").tobytes()
    assert written.startswith(found)
    # noise does not compress below 60 %: what was written of it holds at least as many rows, less
    # one chunk under construction
    assert len(found) >= room - 28_000
    assert path.stat().st_size <= room + 2_000


def test_a_disk_that_is_full_from_the_first_byte() -> None:
    """/dev/full is the device for this, where the system has it."""
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("no /dev/full")
    with McapSink(full) as sink:
        sink.open("imu.a", "ImuSample")
        sink.block("imu.a", 0, 1, rows(0, 1))
    assert sink.error is not None
    assert "No space left on device" in str(sink.error)
