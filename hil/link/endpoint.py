"""One end of the line, on the desk: `link.h` of the core over a carrier.

    endpoint = Endpoint(open_carrier("tcp://127.0.0.1:5555"))
    board = endpoint.wait_for_board(5.0)       # its HELLO; nothing is written before
    endpoint.send(GRANT, data)
    for packet in endpoint.receive(0.1): ...

The same class plays a board in tests: `role="board"`. The clock is the caller's: emulated time in
lockstep, the monotonic clock for a board that runs by its own.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from time import monotonic, monotonic_ns
from typing import Any, Literal, NamedTuple

from hil.link.carriers import Carrier
from hil.link.codec import DATA_MAX, FRAME_OCTETS_MAX, Intake, counters_of
from onboard.core._core import ffi, lib
from onboard.services.packets import PacketError, SpacePacket

HELLO, HELLO_ANSWER = lib.OB_APID_HELLO, lib.OB_APID_HELLO_ANSWER
SYNC, SYNC_ANSWER = lib.OB_APID_SYNC, lib.OB_APID_SYNC_ANSWER
GRANT, REPLY = lib.OB_APID_GRANT, lib.OB_APID_REPLY
CONFIG, CONFIG_ANSWER = lib.OB_APID_CONFIG, lib.OB_APID_CONFIG_ANSWER
MEMORY, TELECOMMAND = lib.OB_APID_MEMORY, lib.OB_APID_TELECOMMAND
TEXT_KEPT = 1 << 20  # octets of console text that wait to be taken
_LINK_COUNTERS = ("sessions", "frames_sent", "octets_sent", "misdirected", "malformed")


class NotIdentified(ConnectionError):
    """Nobody said HELLO on this line; nothing is written to it."""


class Hello(NamedTuple):
    """Who is at one end: `ob_hello` without its time."""

    board: str
    identity: int = 0
    firmware_version: int = 0
    dictionary_hash: int = 0
    core_hash: int = 0
    session: int = 0


class SequenceFigures(NamedTuple):
    """What the counts of one APID tell: `ob_sequence_apid`."""

    taken: int
    lost: int
    repeated: int
    jumps: int


class TimeSync(NamedTuple):
    """The clock at the other end: that much ahead of ours, known so well."""

    offset_ns: int
    error_ns: int
    round_trip_ns: int
    exchanges: int


def desk() -> Hello:
    """This program as an end of a line."""
    session = int.from_bytes(os.urandom(8), "little") | 1
    return Hello("desk", core_hash=lib.ob_core_hash(), session=session)


class Endpoint:
    """One end of a line over a carrier."""

    def __init__(
        self,
        carrier: Carrier,
        here: Hello | None = None,
        *,
        role: Literal["desk", "board"] = "desk",
        clock: Callable[[], int] = monotonic_ns,
        sync_period_s: float = 0.0,
    ) -> None:
        """`here` says who this end is; `sync_period_s` 0 never asks for the time."""
        self.carrier = carrier
        self.clock = clock
        self.came_ns = 0  # monotonic clock, when `receive` got octets last
        self._text = bytearray()
        self._waiting: list[SpacePacket] = []
        self._link = ffi.new("ob_link *")
        self._frame = ffi.new("uint8_t[]", FRAME_OCTETS_MAX)
        self._intake = Intake(lib.ob_link_take_many)
        number = lib.OB_LINK_BOARD if role == "board" else lib.OB_LINK_DESK
        period_ns = round(1e9 * sync_period_s)
        lib.ob_link_init(self._link, number, _as_struct(here or desk()), period_ns)

    @property
    def is_connected(self) -> bool:
        """A desk: a board said HELLO. A board: its HELLO was answered."""
        return bool(self._link.connected)

    @property
    def peer(self) -> Hello:
        """Who said HELLO at the other end. Raises NotIdentified before."""
        if self._link.there.session == 0:
            raise NotIdentified(f"{self.carrier.address}: no HELLO came")
        return _from_struct(self._link.there)

    @property
    def session(self) -> int:
        """Of the other end, as in `peer`; 0 before a HELLO."""
        return int(self._link.there.session)

    def wait_for_board(self, timeout_s: float) -> Hello:
        """Waits for a HELLO and answers it. Raises NotIdentified if none comes, Unplugged."""
        until_s = monotonic() + timeout_s
        while not self.is_connected and (left_s := until_s - monotonic()) > 0.0:
            self.take(self.carrier.read(left_s))
        if not self.is_connected:
            raise NotIdentified(f"{self.carrier.address}: no HELLO came in {timeout_s:g} s")
        return self.peer

    def send(self, apid: int, data: bytes) -> None:
        """One packet. Raises NotIdentified, PacketError for what none can hold, Unplugged."""
        if not self._link.connected:
            raise NotIdentified(f"{self.carrier.address}: no HELLO came")
        if not 0 <= apid <= 0x7FE or not 1 <= len(data) <= DATA_MAX:
            raise PacketError(f"apid {apid}, {len(data)} octets: allowed 0..2046, 1..{DATA_MAX}")
        count = lib.ob_link_frame(self._link, apid, ffi.from_buffer(data), len(data), self._frame)
        self.carrier.write(ffi.buffer(self._frame, count)[:])

    def receive(self, timeout_s: float) -> list[SpacePacket]:
        """What came, at least one packet unless the time runs out. Raises Unplugged."""
        packets = self._receive(timeout_s)
        if packets:
            return packets
        until_s = monotonic() + timeout_s
        while not packets and (left_s := until_s - monotonic()) > 0.0:
            packets = self._receive(left_s)
        return packets

    def _receive(self, timeout_s: float) -> list[SpacePacket]:
        octets = self.carrier.read(timeout_s)
        self.came_ns = monotonic_ns()
        return self.take(octets)

    def take(self, octets: bytes, time_ns: int | None = None) -> list[SpacePacket]:
        """Octets that came at `time_ns`, or now, from this carrier or from a `Reader` of it.

        Gives the packets in them that are not the link's own, and sends what the link has to say.
        Where that raises Unplugged, the packets come with the next call.
        """
        now_ns = self.clock()
        batch = self._intake.take(octets, self._link, now_ns if time_ns is None else time_ns)
        self._text += batch.text
        del self._text[:-TEXT_KEPT]
        self._waiting += batch
        while count := lib.ob_link_due(self._link, now_ns, self._frame):
            self.carrier.write(ffi.buffer(self._frame, count)[:])
        packets, self._waiting = self._waiting, []
        return packets

    @property
    def text(self) -> bytes:
        """Console text that came and was not taken, the last TEXT_KEPT octets of it."""
        return bytes(self._text)

    def take_text(self) -> bytes:
        """The same, which is taken with that."""
        text = self.text
        self._text.clear()
        return text

    def reopen(self) -> bool:
        """Whether a line that was gone is there again; who is there must say HELLO anew."""
        lib.ob_link_reopen(self._link)
        return self.carrier.reopen()

    def kept(self) -> bytes:
        """Who is there, counts and clocks: this end as `restore` brings it back."""
        return bytes(ffi.buffer(self._link))

    def restore(self, kept: bytes) -> None:
        """As it was; what came and was not taken is forgotten."""
        ffi.buffer(self._link)[:] = kept
        self._waiting.clear()
        self._text.clear()

    @property
    def time_sync(self) -> TimeSync | None:
        """The other end's clock; None before an exchange."""
        sync = self._link.sync
        if sync.taken == 0:
            return None
        return TimeSync(
            sync.best.offset_ns, sync.error_ns, sync.best.round_trip_ns, sync.taken + sync.refused
        )

    @property
    def counters(self) -> dict[str, int]:
        """What was received, refused and lost, by its cause, over all APIDs."""
        of_link = {name: getattr(self._link, name) for name in _LINK_COUNTERS}
        rows = self.sequences.values()
        summed = {
            name: sum(getattr(r, name) for r in rows) for name in ("lost", "repeated", "jumps")
        }
        return {**counters_of(self._link.receiver), **summed, **of_link}

    @property
    def sequences(self) -> dict[int, SequenceFigures]:
        """What was taken, lost and repeated of each APID."""
        received = self._link.received
        rows: Sequence[Any] = received.apid[0 : received.apids]
        return {r.apid: SequenceFigures(r.taken, r.lost, r.repeated, r.jumps) for r in rows}


def _as_struct(hello: Hello) -> Any:
    struct = ffi.new("ob_hello *")
    for name in ("identity", "firmware_version", "dictionary_hash", "core_hash", "session"):
        setattr(struct, name, getattr(hello, name))
    struct.board = hello.board.encode()[: lib.OB_BOARD_NAME_OCTETS]
    return struct


def hello_of(data: bytes) -> Hello | None:
    """The HELLO in the user data of a packet; None if it is none."""
    if len(data) != ffi.sizeof("ob_hello"):
        return None
    return _from_struct(ffi.cast("ob_hello *", ffi.from_buffer(bytearray(data))))


def _from_struct(struct: Any) -> Hello:
    return Hello(
        board=ffi.string(struct.board).decode(errors="replace"),
        identity=struct.identity,
        firmware_version=struct.firmware_version,
        dictionary_hash=struct.dictionary_hash,
        core_hash=struct.core_hash,
        session=struct.session,
    )
