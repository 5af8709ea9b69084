"""Processor in the loop: the flight core runs on a board, tick by tick beside the desk.

The desk flies the whole vehicle. Each tick it sends the board what its own flight core was given:
the samples that were read, and what other members decided (commands that were carried out, crater
matches, values that fault protection watches). The board answers with the rows for the effectors,
which are what the emulated vehicle gets, and with the hash of its state, which must be the desk's.
After the first difference the run ends, and the variable is looked for in the board's memory.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

from hil.bench.board_line import BoardLine
from hil.bench.conversation import Conversation, Silent
from hil.bench.flight_core import FlightCore, Order
from hil.bench.flight_image import flight_image
from hil.bench.struct_difference import first_difference
from hil.link import endpoint as links
from hil.link.attachment import ADDRESSES, HELLO_S, Maps, attach
from hil.link.codec import DATA_MAX
from hil.link.endpoint import Endpoint
from hil.link.qemu import EmulatedBoard
from onboard.core._core import ffi, lib
from onboard.messages import LAYOUTS

CONFIG_IMAGE, CONFIG_BEGIN = 0, 2  # native/firmware/common/flight.h
REFUSALS = {
    lib.OB_FLIGHT_IMAGE_HEADER: "of another version",
    lib.OB_FLIGHT_IMAGE_SIZE: "too large, or cut",
    lib.OB_FLIGHT_IMAGE_CRC: "its CRC is wrong",
    lib.OB_FLIGHT_IMAGE_SETTINGS: "a setting is out of range",
    lib.OB_FLIGHT_IMAGE_MAP: "its map is not in the board's memory for maps",
    lib.OB_FLIGHT_IMAGE_CHANNELS: "a channel that is none",
    lib.OB_FLIGHT_IMAGE_FAULTS: "its table of fault protection is none",
}
_CONFIG = struct.Struct("<qqq")
_ANSWER = struct.Struct("<qqqq")
_COST = struct.Struct("<qqq")
_PART_COSTS, _PART_HASH, _PART_IMAGE = 18, 19, 28
LEAPS = {
    "EXECUTIVE_RESUMED",
    "EXECUTIVE_CHECKPOINT_MISSING",
    "COMPUTER_RESET",
    "RESET_BUDGET_SPENT",
}
"""Events of a computer that starts anew: members go on from a checkpoint."""


LINKS = f"inproc, {ADDRESSES}"


class Refused(ValueError):
    """A board that cannot fly this; the message says why."""


class Cost(NamedTuple):
    """What a member took on the board, in cycles of its own counter."""

    member: str
    runs: int
    mean: float
    most: int


@contextmanager
def attached(
    link: str, *, says: str | None = None, hello_s: float = HELLO_S
) -> Iterator[Processor | None]:
    """The board of a link (`LINKS`), started if it is an emulated one; None for `inproc`.

    Raises Refused, BoardError, AddressError, NotIdentified.
    """
    if link == "inproc":
        yield None
        return
    with attach(link, says=says, hello_s=hello_s) as board:
        yield Processor(board.endpoint, board.emulated, board.maps)


class Processor:
    """One flight on a board at the end of a line."""

    def __init__(
        self,
        endpoint: Endpoint,
        emulated: EmulatedBoard | None = None,
        maps: Maps | None = None,
    ) -> None:
        """`emulated` is what runs the board, if it is no real one; the map is given to `maps`, or
        to that.

        The endpoint's board must have said HELLO. Raises Refused for one with another core.
        """
        self._endpoint, self.emulated, self.maps = endpoint, emulated, maps or emulated
        self.line = BoardLine(endpoint)
        self.talk = Conversation(endpoint, self.line)
        self.board = endpoint.peer.board
        self.difference: str | None = None  # the first, and where
        self.ticks = 0  # that were equal
        self.worst_tick = 0  # cycles
        self._seen: list[tuple[int, Any]] = []  # samples, by their instrument
        self._held: list[tuple[int, Any]] = []  # rows, by their effector
        self._orders: list[Order] = []  # of this tick, given after it
        self._first_orders: list[Order] = []  # given before it
        self._grant, self._reply = ffi.new("ob_grant *"), ffi.new("ob_reply *")
        self._octets = ffi.new("uint8_t[]", lib.OB_EXCHANGE_OCTETS_MAX)
        self._rows = [ffi.buffer(ffi.addressof(row, "row")) for row in self._grant.row]
        if endpoint.peer.core_hash != lib.ob_core_hash():
            raise Refused(
                f"{self.board}: its flight core was built from other sources than the desk's; "
                "`make firmware` builds it anew"
            )

    # -- before the flight

    def wired(self, kind: type[FlightCore], ports: Any) -> Any:
        """The same ports of a kind of vehicle: what is read is noted, what is written waits for
        the board's word."""
        self._kind = kind
        self._vehicle_row = lib.ob_vehicle_of(kind.number)
        self._outputs = kind.outputs(ports)
        return kind.wired(ports, self._seen, self._held)

    def watched(self, commands: Any) -> Any:
        """A class of command service that notes for the board what was carried out."""
        processor = self

        class Watched(commands):
            def register(self, name: str, handler: Any) -> None:
                def note(now_ns: int, **arguments: Any) -> str | None:
                    why: str | None = handler(now_ns, **arguments)
                    processor._orders += processor._core.orders_of(name, arguments, bool(why))
                    return why

                super().register(name, note)

        return Watched

    def wrap(self, name: str, step: Any) -> Any:
        """The step of a member; one that runs on the board is noted when it runs here."""
        bit = self._kind.bit(name)

        def noted(now_ns: int) -> None:
            self._ran |= bit
            step(now_ns)

        return noted if bit else step

    _ran = 0  # bits of the members that ran in this tick

    def begin(self, vehicle: Any, setting: Any, *, patience_ticks: int = 0) -> None:
        """Tell the board of a vehicle that has not run yet. Raises Refused, NotForBoards, Silent.

        With `patience_ticks` the board runs freely: it makes its effectors safe by itself when no
        grant came for so many.
        """
        self._vehicle, self._core = vehicle, self._kind(vehicle, setting)
        image = flight_image(self._core)
        if self.maps is not None and self.maps.keep(image.heights):
            self.talk.meet_again()
        self.line.spoil(setting.scenario, setting.seed)
        self.talk.begin()
        self._told = {number: k for k, number in enumerate(image.told)}
        self._last_told: dict[int, tuple[bytes, int]] = {}
        self._hash = lib.OB_HASH_SEED
        self._events_seen = vehicle.events.sequence
        argument = len(image.data) | patience_ticks << 32
        if not self._has(image.data) or self._configure(CONFIG_BEGIN, argument):
            self._configure_pieces(CONFIG_IMAGE, image.data)
            if status := self._configure(CONFIG_BEGIN, argument):
                why = REFUSALS.get(status, f"status {status}")
                raise Refused(f"{self.board} refuses the flight image: {why}")

    def _has(self, image: bytes) -> bool:
        """Whether the board has an image already: from its storage, or from the flight before."""
        head = ffi.sizeof("ob_flight_header")
        return self.read_part(_PART_IMAGE, head) == image[:head]

    # -- a tick

    def exchange(self, tick: int, now_ns: int) -> bool:
        """After the desk's tick: the board's, and its rows to the vehicle. False: the bits differ.

        Raises Refused where the desk does what no board can follow, Silent.
        """
        ran, self._ran = self._ran, 0
        self.line.now_ns = now_ns
        self.talk.tick_begins()
        self._ask(tick, now_ns, ran)
        self._await_reply(tick)
        self._obey()
        self.talk.tick_ends(tick)
        self.worst_tick = max(self.worst_tick, self._reply.cost)
        if self._leapt():
            self._carry_over()
            return True
        same: bool = self._reply.hash == self._hash
        if same:
            self.ticks += 1
        else:
            self.difference = f"tick {tick}: {self._variable()}"
        return same

    def _ask(self, tick: int, now_ns: int, members: int) -> None:
        g = self._grant
        g.tick, g.now_ns, g.members = tick, now_ns, members
        g.told = 0
        before, after = self._core.noted(members)
        self._first_orders += before
        self._orders += after
        self._put_rows()
        self._put_told(members, now_ns)
        self._put_orders()
        self._chain(members)
        self._data = self._encoded(tick)

    def _put_rows(self) -> None:
        if len(self._seen) > lib.OB_GRANT_ROWS:
            raise Refused(f"{len(self._seen)} samples in a tick: a grant has room for 32")
        self._grant.rows = len(self._seen)
        for k, (number, sample) in enumerate(self._seen):
            self._grant.row[k].intake = number
            layout = LAYOUTS[type(sample).__name__]
            self._rows[k][0 : layout.size] = layout.pack(*sample)
        self._seen.clear()

    def _put_orders(self) -> None:
        g = self._grant
        g.before, g.after = len(self._first_orders), len(self._orders)
        if max(g.before, g.after) > lib.OB_GRANT_ORDERS:
            raise Refused(f"more orders in a tick than the {lib.OB_GRANT_ORDERS} of a grant")
        for rows, orders in ((g.order_before, self._first_orders), (g.order_after, self._orders)):
            for row, (kind, *arguments) in zip(rows, orders, strict=False):
                row.kind, row.argument = kind, [*arguments, 0, 0, 0][:3]
            orders.clear()

    def _put_told(self, members: int, now_ns: int) -> None:
        """What fault protection read in this tick from members that the board does not run."""
        if not members & self._core.bit("fault_protection"):
            return
        g = self._grant
        for number, k in self._told.items():
            value, age_ns = self._vehicle.fault_protection.sample(number)
            told = (struct.pack("<d", value), now_ns - age_ns)
            if told != self._last_told.get(k):
                self._last_told[k] = told
                g.tell[g.told].number = k
                g.tell[g.told].told.value, g.tell[g.told].told.time_ns = value, told[1]
                g.told += 1

    def _chain(self, members: int) -> None:
        """The desk's own hash of the tick. What others than the last member wrote goes out as it
        is."""
        if not members & self._core.last_member:
            for number, row in self._held:
                self._outputs[number].write(row)
            self._held.clear()
        self._hash = self._core.hash(members, self._held, self._hash)
        self._held.clear()

    def _encoded(self, tick: int) -> bytes:
        if (count := lib.ob_grant_encode(self._octets, self._vehicle_row, self._grant)) < 0:
            raise Refused(f"tick {tick}: its grant does not fit a packet")
        return bytes(ffi.buffer(self._octets, count))

    def _await_reply(self, tick: int) -> None:
        answer = self.talk.ask(links.GRANT, self._data, f"to tick {tick}")
        good = lib.ob_reply_decode(self._reply, self._vehicle_row, answer, len(answer))
        if not good or self._reply.tick != tick:
            raise Silent(f"{self.board}: its answer to tick {tick} is none")
        self._write_whole(*self._core.written())

    def _obey(self) -> None:
        """The board's rows are the vehicle's."""
        for k, (port, message) in enumerate(
            zip(self._outputs, self._core.output_rows, strict=True)
        ):
            if self._reply.sent >> k & 1:
                layout = LAYOUTS[message.__name__]
                octets = ffi.buffer(ffi.addressof(self._reply.row[k]), layout.size)
                port.write(message._make(layout.unpack(octets)))

    # -- a computer that starts anew

    def _leapt(self) -> bool:
        events = self._vehicle.events
        news = events.since(self._events_seen)
        self._events_seen = events.sequence
        return any(event.name in LEAPS for event in news)

    def _carry_over(self) -> None:
        """What members took from a checkpoint in this tick, or made of it, to the board."""
        core = self._core
        for name, part, desk in core.parts():
            if name.split()[0] not in core.without_checkpoint:
                self._write_whole(part, bytes(ffi.buffer(desk)))
        times = [self._vehicle.bus.topic(name).time_ns for name in core.times]
        self._write_whole(lib.OB_PART_TIMES, struct.pack(f"<{len(times)}q", *times))
        self._write_whole(_PART_HASH, struct.pack("<Q", self._hash))
        self._first_orders = core.carried_over()

    # -- packets

    def _configure_pieces(self, what: int, data: bytes) -> None:
        size = DATA_MAX - _CONFIG.size
        for at in range(0, len(data), size):
            if self._configure(what, at, data[at : at + size]):
                raise Refused(f"{self.board}: has no room for {len(data)} octets")

    def _configure(self, what: int, argument: int, piece: bytes = b"") -> int:
        data = _CONFIG.pack(0, what, argument) + piece
        return int(_ANSWER.unpack(self.talk.ask(links.CONFIG, data, "to its configuration"))[3])

    def read_part(self, part: int, size: int) -> bytes:
        """A part of the board's flight core (FLIGHT_PART_...). Raises Refused, Silent."""
        data, most = b"", DATA_MAX - _ANSWER.size
        while len(data) < size:
            data += self._memory_access(part, len(data), min(most, size - len(data)), b"")
        return data

    def _write_whole(self, part: int, octets: bytes) -> None:
        most = DATA_MAX - _ANSWER.size
        for at in range(0, len(octets), most):
            self.write_part(part, at, octets[at : at + most])

    def write_part(self, part: int, offset: int, octets: bytes) -> None:
        """Changes a part of the board's flight core. Raises Refused, Silent."""
        self._memory_access(part, offset, 0, octets)

    def _memory_access(self, part: int, offset: int, count: int, written: bytes) -> bytes:
        data = _ANSWER.pack(0, part, offset, count) + written
        answer = self.talk.ask(links.MEMORY, data, "about its memory")
        if _ANSWER.unpack_from(answer)[3] < 0 or len(answer) != _ANSWER.size + count:
            raise Refused(f"{self.board}: part {part} has no {count} octets at {offset}")
        return answer[_ANSWER.size :]

    # -- what it took, and what differs

    def costs(self) -> list[Cost]:
        """What each member took so far."""
        names = [*self._core.members, "fault_protection"]
        figures = _COST.iter_unpack(self.read_part(_PART_COSTS, _COST.size * len(names)))
        return [
            Cost(name, runs, total / max(runs, 1), most)
            for name, (runs, total, most) in zip(names, figures, strict=True)
        ]

    def _variable(self) -> str:
        """The first variable of the flight core that is not the desk's."""
        for name, part, desk in self._core.parts():
            c_type = ffi.typeof(desk).item
            octets = self.read_part(part, ffi.sizeof(c_type))
            found = first_difference(c_type, bytes(ffi.buffer(desk)), octets)
            if found is not None:
                variable, here, there = found
                return f"{name}{variable} is {here!r} on the desk, {there!r} on {self.board}"
        return "the hashes differ, and no variable does any more"
