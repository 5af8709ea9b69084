"""The recording of a session: an MCAP file written block by block, and its reader.

One channel per port. The message of a channel of rows is a block: up to some hundred rows, each the
tick (int64) and the fields of its message class, little endian; the channel's schema (JSON) names
class, fields and format. `Packets` messages are CCSDS space packets, each behind its tick (int64)
and length (uint32), `Frame` messages a FrameHeader row and the image, `events` are JSON.
Configuration travels as attachments and metadata at the beginning of the file, so that a recording
cut short anywhere still says what it was. Chunks are
LZ4: a third larger than with Zstandard, at a third of its time (0.5 against 1.3 us a tick).
"""

from __future__ import annotations

import json
import os
import struct
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from io import FileIO
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
import numpy.typing as npt
from mcap.data_stream import RecordBuilder
from mcap.exceptions import McapError
from mcap.records import Attachment, Channel, Chunk, DataEnd, Message, Metadata, Schema
from mcap.stream_reader import StreamReader, breakup_chunk
from mcap.writer import CompressionType, Writer

from onboard import messages
from onboard.executive import TICK_NS
from onboard.services.events import EventRecord
from onboard.services.recorder import packets_of

EVENTS = "events"
AT_TICK = "at_tick"  # the tick in which a row crossed its port
METADATA = "session"
_CLASSES = {m.__name__: m for m in messages.PORT_MESSAGES}
_FORMATS = {"q": "<i8", "d": "<f8", "Q": "<u8"}
_DAMAGE = (  # LZ4 raises RuntimeError
    McapError,
    RuntimeError,
    ValueError,
    LookupError,
    EOFError,
    struct.error,
    MemoryError,  # of a length that is none
    OverflowError,
)


class RecordingError(OSError):
    """A recording that cannot be written or read; the message names the file and the reason."""


class _File:
    """A file that holds only whole MCAP records: a write that fails is taken back.

    What is written before `create` waits in memory.
    """

    def __init__(self) -> None:
        self._raw: FileIO | None = None
        self._waiting: list[bytes] = []
        self._size = 0

    def create(self, path: Path) -> None:
        """Begin the file. Raises OSError if it cannot be created."""
        self._raw = FileIO(path, "w")

    def write_waiting(self) -> None:
        """Write what came before."""
        waiting, self._waiting, self._size = self._waiting, [], 0
        for data in waiting:
            self.write(data)

    def write(self, data: bytes) -> int:
        if self._raw is None:
            self._waiting.append(bytes(data))
        else:
            self._write(self._raw, memoryview(data))
        self._size += len(data)
        return len(data)

    def _write(self, raw: FileIO, view: memoryview) -> None:
        try:
            while view:
                view = view[raw.write(view) :]
        except OSError:
            with suppress(OSError):  # not every file can be cut
                raw.truncate(self._size)
            raise

    def tell(self) -> int:
        return self._size

    def flush(self) -> None:
        """Nothing waits in a raw file."""

    def close(self) -> None:
        if self._raw is not None:
            self._raw.close()


class McapSink:
    """Writes a recording. As a context manager it creates its file, and finishes it however the
    run ends; what it is given before waits in memory.

    A run does not end because its recording does: after a failed write `error` says what happened,
    nothing more is written, and what was written before is readable.
    """

    def __init__(
        self,
        path: str | Path,
        *,
        metadata: Mapping[str, str] | None = None,
        attachments: Mapping[str, str | bytes] | None = None,
        chunk_bytes: int = 1 << 18,
    ) -> None:
        """`metadata` (seed, versions) and `attachments` (scenario, dictionary) go first."""
        self.path = Path(path)
        self.error: RecordingError | None = None
        self._channels: dict[str, int] = {}
        self._closed = False
        self._file = _File()
        self._writer = Writer(
            self._file,  # type: ignore[arg-type]
            chunk_size=chunk_bytes,
            compression=CompressionType.LZ4,
        )
        self._try(lambda: self._writer.start("onboard", "onboard"))
        self._try(lambda: self._writer.add_metadata(METADATA, dict(metadata or {})))
        for name, content in (attachments or {}).items():
            self.attach(name, content)

    def _try(self, write: Callable[[], object]) -> None:
        if self.error is not None or self._closed:
            return
        try:
            write()
        except OSError as error:
            size = self._file.tell()
            self.error = RecordingError(
                f"{self.path}: {error.strerror or error} after {size} bytes; "
                "the recording ends there and is readable up to there"
            )

    def attach(self, name: str, content: str | bytes) -> None:
        """Add a file to the recording."""
        data = content.encode() if isinstance(content, str) else content
        kind = "text/plain" if isinstance(content, str) else "application/octet-stream"
        self._try(lambda: self._writer.add_attachment(0, 0, name, kind, data))

    def open(self, channel: str, kind: str) -> None:
        """Declare a channel of a message class, `Packets`, `Frame`, `Octets` or `Event`."""
        self._try(lambda: self._declare(channel, kind))

    def _declare(self, channel: str, kind: str) -> None:
        schema = self._writer.register_schema(kind, "json", json.dumps(describe(kind)).encode())
        encoding = "json" if kind == "Event" else "rows" if kind in _CLASSES else "octets"
        self._channels[channel] = self._writer.register_channel(channel, encoding, schema)

    def block(self, channel: str, first_tick: int, count: int, data: bytes) -> None:
        """Rows or packets, each with its tick."""
        self._message(channel, first_tick * TICK_NS, data, count)

    def blob(self, channel: str, tick: int, data: bytes) -> None:
        """A camera frame or other octets."""
        self._message(channel, tick * TICK_NS, data, tick)

    def event(self, record: EventRecord) -> None:
        """An event, in words and in figures."""
        if EVENTS not in self._channels:
            self.open(EVENTS, "Event")
        fields = {
            "time_ns": record.time_ns,
            "sequence": record.sequence,
            "name": record.name,
            "severity": record.severity,
            "text": record.text,
            "values": record.values,
        }
        data = json.dumps(fields, default=str).encode()
        self._message(EVENTS, record.time_ns, data, record.sequence)

    def _message(self, channel: str, time_ns: int, data: bytes, sequence: int) -> None:
        if self.error is None:
            stamp = max(0, time_ns)  # MCAP knows no time before zero
            number = self._channels[channel]
            self._try(
                lambda: self._writer.add_message(number, stamp, data, stamp, sequence & 0xFFFFFFFF)
            )

    def close(self) -> None:
        """Finish the file."""
        if not self._closed:
            self._try(self._writer.finish)
            self._closed = True
            self._file.close()

    def __enter__(self) -> McapSink:
        """Create the file. Raises RecordingError if that is impossible."""
        try:
            self._file.create(self.path)
        except OSError as error:
            raise RecordingError(f"{self.path}: cannot be created: {error.strerror}") from None
        self._try(self._file.write_waiting)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def describe(kind: str) -> dict[str, Any]:
    """What a schema says of a channel."""
    if kind not in _CLASSES:
        return {"kind": kind}
    fields = (AT_TICK, *_CLASSES[kind]._fields)
    codes = "q" + messages.LAYOUTS[kind].format.removeprefix("<")
    return {"kind": kind, "fields": fields, "format": "<" + codes}


def dtype_of(schema: Mapping[str, Any]) -> np.dtype[np.void]:
    """The NumPy type of a row of a channel."""
    codes = schema["format"].removeprefix("<")
    return np.dtype([(f, _FORMATS[c]) for f, c in zip(schema["fields"], codes, strict=True)])


def _check_attachment(record: Attachment, file: Any) -> None:
    """Its CRC stands in the last four octets read, and mcap does not look at it."""
    builder = RecordBuilder()
    record.write(builder)
    file.seek(-4, os.SEEK_CUR)
    if file.read(4) != builder.end()[-4:]:
        raise ValueError(f"the CRC of attachment {record.name} does not hold")


class Recording:
    """A recording, read as far as it is sound."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.damage: str | None = None  # why reading ended early, None for a whole file
        self.metadata: dict[str, str] = {}
        self.attachments: dict[str, bytes] = {}
        self.events: list[dict[str, Any]] = []
        self._by_id: dict[int, dict[str, Any]] = {}  # schemas
        self._names: dict[int, str] = {}  # channels
        self._schemas: dict[str, dict[str, Any]] = {}  # by channel
        self._blocks: dict[str, list[bytes]] = {}
        self._blobs: dict[str, list[tuple[int, bytes]]] = {}

    @classmethod
    def open(cls, path: str | Path) -> Recording:
        """Read a file. Raises RecordingError if nothing in it can be read."""
        recording = cls(Path(path))
        try:
            with recording.path.open("rb") as file:
                recording._read(file)
        except OSError as error:
            raise RecordingError(f"{path}: cannot be read: {error.strerror}") from None
        if recording.damage and not recording.metadata and not recording._schemas:
            raise RecordingError(f"{path}: is no recording: {recording.damage}")
        return recording

    def _read(self, file: Any) -> None:
        try:
            for record in self._records(file):
                self._sort_in(record)
        except _DAMAGE as error:
            self.damage = " ".join(f"{type(error).__name__}: {error}".split()).removesuffix(":")

    def _records(self, file: Any) -> Iterator[Any]:
        """Records of the data section one by one, chunks and attachments if their CRC holds."""
        reader = StreamReader(file, emit_chunks=True, record_size_limit=self.path.stat().st_size)
        for record in reader.records:
            if isinstance(record, DataEnd):
                return
            if isinstance(record, Chunk):
                if record.compression != "lz4":
                    raise ValueError(f"a chunk is compressed by {record.compression!r}, not lz4")
                yield from breakup_chunk(record, validate_crc=True)
            else:
                if isinstance(record, Attachment):
                    _check_attachment(record, file)
                yield record

    def _sort_in(self, record: Any) -> None:
        if isinstance(record, Schema):
            self._by_id[record.id] = json.loads(record.data)
        elif isinstance(record, Channel):
            self._names[record.id] = record.topic
            self._schemas[record.topic] = self._by_id[record.schema_id]
        elif isinstance(record, Message):
            self._take(self._names[record.channel_id], record)
        elif isinstance(record, Attachment):
            self.attachments[record.name] = record.data
        elif isinstance(record, Metadata) and record.name == METADATA:
            self.metadata = record.metadata

    def _take(self, channel: str, message: Message) -> None:
        kind = self._schemas[channel]["kind"]
        if kind == "Event":
            self.events.append(json.loads(message.data))
        elif "format" in self._schemas[channel]:
            self._blocks.setdefault(channel, []).append(message.data)
        elif kind == "Packets":
            self._blobs.setdefault(channel, []).extend(packets_of(message.data))
        else:
            blobs = self._blobs.setdefault(channel, [])
            blobs.append((message.log_time // TICK_NS, message.data))

    @property
    def channels(self) -> dict[str, str]:
        """Kind of each channel by name."""
        return {name: schema["kind"] for name, schema in self._schemas.items()}

    @property
    def ticks(self) -> int:
        """Number of ticks that were recorded whole."""
        return len(self.rows("grant"))

    def rows(self, channel: str) -> npt.NDArray[np.void]:
        """Rows of a channel: a structured array of `at_tick` and the fields of the message.

        A channel that recorded nothing gives an empty array without fields.
        """
        if channel not in self._schemas:
            return np.empty(0, dtype=[])
        data = b"".join(self._blocks.get(channel, []))
        return np.frombuffer(data, dtype=dtype_of(self._schemas[channel]))

    def blobs(self, channel: str) -> list[tuple[int, bytes]]:
        """Tick and octets of each packet or frame of a channel."""
        return self._blobs.get(channel, [])

    def frames(
        self, channel: str
    ) -> Iterator[tuple[int, messages.FrameHeader, npt.NDArray[np.uint8]]]:
        """Tick, header and image (height, width) of each frame of a camera's channel."""
        layout = messages.LAYOUTS["FrameHeader"]
        for tick, data in self.blobs(channel):
            header = messages.FrameHeader(*layout.unpack_from(data))
            image = np.frombuffer(data, dtype=np.uint8, offset=layout.size)
            yield tick, header, image.reshape(header.height, header.width)
