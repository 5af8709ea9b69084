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
from hil.bench.flight import MEMBERS, flight_of, intakes
from hil.bench.flight_image import flight_image
from hil.bench.orders import Order, orders_of
from hil.bench.setting import Setting
from hil.bench.struct_difference import first_difference
from hil.bench.taps import HeldOutput, NotedInput
from hil.link import endpoint as links
from hil.link.attachment import ADDRESSES, HELLO_S, attach
from hil.link.codec import DATA_MAX
from hil.link.endpoint import Endpoint
from hil.link.qemu import EmulatedBoard
from hil.plant.lander import OUTPUTS
from onboard.core._core import ffi, lib
from onboard.messages import LAYOUTS, EngineCommand, ThrusterCommand
from onboard.ports import OutputPort
from onboard.vehicles.lander import Lander, LanderPorts

CONFIG_IMAGE, CONFIG_MATCHES, CONFIG_BEGIN = 0, 1, 2  # native/firmware/common/flight.h
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
_PART_COSTS = 18
_PART_HASH, _PART_TIMES = 19, 22
TIMES = ("navigation", "guidance", "touchdown", "actuators", "thrust", "gates", "imu")
"""Topics whose times fault protection looks at, in the order of `ob_flight_times`."""
BITS = {name: bit for name, (_, bit) in MEMBERS.items()}
BITS["fault_protection"] = lib.OB_FLIGHT_FAULTS
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
        yield Processor(board.endpoint, board.emulated)


class Processor:
    """One flight on a board at the end of a line."""

    def __init__(self, endpoint: Endpoint, emulated: EmulatedBoard | None = None) -> None:
        """`emulated` is what runs the board, if it is no real one: it is given its map.

        The endpoint's board must have said HELLO. Raises Refused for one with another core.
        """
        self._endpoint, self.emulated = endpoint, emulated
        self.line = BoardLine(endpoint)
        self.talk = Conversation(endpoint, self.line)
        self.board = endpoint.peer.board
        self.difference: str | None = None  # the first, and where
        self.ticks = 0  # that were equal
        self.worst_tick = 0  # cycles
        self._seen: list[tuple[int, Any]] = []
        self._held: list[tuple[OutputPort, Any]] = []
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

    def wired(self, ports: LanderPorts) -> LanderPorts:
        """The same ports: what is read is noted, what is written waits for the board's word."""
        inputs = {
            name: NotedInput(port, OUTPUTS.index(name), self._seen) if name in OUTPUTS else port
            for name, port in ports.inputs.items()
        }
        a, b = (HeldOutput(port, self._held) for port in ports.engines)
        self._engines, self._thrusters = ports.engines, ports.thrusters
        return LanderPorts(
            inputs=inputs,
            engines=(a, b),
            thrusters=HeldOutput(ports.thrusters, self._held),
            camera=ports.camera,
            radio=ports.radio,
            memory=ports.memory,
            load=ports.load,
        )

    def watched(self, commands: Any) -> Any:
        """A class of command service that notes for the board what was carried out."""
        processor = self

        class Watched(commands):
            def register(self, name: str, handler: Any) -> None:
                def note(now_ns: int, **arguments: Any) -> str | None:
                    why: str | None = handler(now_ns, **arguments)
                    vehicle, refused = processor._vehicle, why is not None
                    processor._orders += orders_of(vehicle, name, arguments, refused)
                    return why

                super().register(name, note)

        return Watched

    def wrap(self, name: str, step: Any) -> Any:
        """The step of a member; one that runs on the board is noted when it runs here."""
        if name not in BITS:
            return step
        bit = BITS[name]

        def noted(now_ns: int) -> None:
            self._ran |= bit
            step(now_ns)

        return noted

    _ran = 0  # bits of the members that ran in this tick

    def begin(self, vehicle: Lander, setting: Setting, *, patience_ticks: int = 0) -> None:
        """Tell the board of a vehicle that has not run yet. Raises Refused, Silent.

        With `patience_ticks` the board runs freely: it makes its effectors safe by itself when no
        grant came for so many.
        """
        self._vehicle = vehicle
        for name, (cls, _) in MEMBERS.items():
            if type(getattr(vehicle, name)) is not cls:
                raise Refused(f"{self.board}: the {name} of this scenario is not the core's")
        image = flight_image(vehicle, setting)
        if self.emulated is not None and self.emulated.keep(image.heights):
            self.talk.meet_again()
        self.line.spoil(setting.scenario, setting.seed)
        self.talk.begin()
        self._told = {number: k for k, number in enumerate(image.told)}
        self._last_told: dict[int, tuple[bytes, int]] = {}
        self._flight = self._desk_flight()
        self._hash = lib.OB_HASH_SEED
        self._events_seen = vehicle.events.sequence
        self._matches = vehicle.bus.topic("matches")
        self._matches_seen = self._matches.sequence
        self._frame_words = list(self._flight.frame_words[0:3])
        self._configure_pieces(CONFIG_IMAGE, image.data)
        if status := self._configure(CONFIG_BEGIN, len(image.data) | patience_ticks << 32):
            why = REFUSALS.get(status, f"status {status}")
            raise Refused(f"{self.board} refuses the flight image: {why}")

    def _desk_flight(self) -> Any:
        """The desk's flight core, with its fault protection."""
        flight, protection = flight_of(self._vehicle), self._vehicle.fault_protection
        engine: Any = protection.engine
        readers: Any = protection.readers
        self._faults = ffi.new("ob_flight_faults *")
        self._faults.table, self._faults.state = engine.checked.table, engine.core
        self._faults.memory = readers.memory
        flight.faults = self._faults
        return flight

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
        g.matched = self._matches_wait if members & lib.OB_FLIGHT_NAVIGATION else 0
        self._put_rows()
        self._put_frame_words()
        self._put_told(members, now_ns)
        self._put_orders()
        self._chain(members)
        self._data = self._encoded(tick)
        self._matches_wait -= g.matched
        self._note_matches()

    def _put_rows(self) -> None:
        if len(self._seen) > lib.OB_GRANT_ROWS:
            raise Refused(f"{len(self._seen)} samples in a tick: a grant has room for 32")
        self._grant.rows = len(self._seen)
        for k, (number, sample) in enumerate(self._seen):
            self._grant.row[k].intake = number
            layout = LAYOUTS[type(sample).__name__]
            self._rows[k][0 : layout.size] = layout.pack(*sample)
        self._seen.clear()

    def _put_frame_words(self) -> None:
        """The counters of the camera's intake: they enter the hash of the sensors."""
        words = list(self._flight.frame_words[0:3])
        if words[:2] != self._frame_words[:2]:
            self._first_orders.append((lib.OB_ORDER_FRAMES, *words[:2], self._frame_words[2]))
        if words[2] != self._frame_words[2]:
            self._orders.append((lib.OB_ORDER_FRAMES, *words))
        self._frame_words = words

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
        if not members & lib.OB_FLIGHT_FAULTS:
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

    _matches_wait = 0  # 1: the board has matches that navigation has not used
    _matched = b""  # those that it has to get

    def _note_matches(self) -> None:
        """Matches of this tick are used when navigation runs next: the board gets them now."""
        self._matched = b""
        if self._matches.sequence == self._matches_seen:
            return
        self._matches_seen = self._matches.sequence
        self._matches_wait = 1
        matches = self._matches.value
        count = min(matches.count, lib.OB_FLIGHT_MATCHES)
        chosen = (matches.matched[matches.count * k // count] for k in range(count))
        self._matched = b"".join(bytes(ffi.buffer(ffi.addressof(m))) for m in chosen)
        self._grant.matches_time_ns, self._grant.matches_count = matches.time_ns, count

    def _chain(self, members: int) -> None:
        """The desk's own hash of the tick. What others than control wrote goes out as it is."""
        if not members & lib.OB_FLIGHT_CONTROL:
            for port, row in self._held:
                port.write(row)
            self._held.clear()
        names = [port.name for port, _ in self._held]
        flight = self._flight
        flight.sent = ("thrusters" in names) * lib.OB_SEND_THRUSTERS
        flight.sent |= ("engine.a.command" in names) * lib.OB_SEND_ENGINES
        state = lib.ob_flight_hash(flight, members, self._hash)
        self._hash = lib.ob_flight_output_hash(flight, state)
        self._held.clear()

    def _encoded(self, tick: int) -> bytes:
        if (count := lib.ob_grant_encode(self._octets, self._grant)) < 0:
            raise Refused(f"tick {tick}: its grant does not fit a packet")
        return bytes(ffi.buffer(self._octets, count))

    def _await_reply(self, tick: int) -> None:
        answer = self.talk.ask(links.GRANT, self._data, f"to tick {tick}")
        if not lib.ob_reply_decode(self._reply, answer, len(answer)) or self._reply.tick != tick:
            raise Silent(f"{self.board}: its answer to tick {tick} is none")
        if self._matched:
            self._configure_pieces(CONFIG_MATCHES, self._matched)

    def _obey(self) -> None:
        """The board's rows are the vehicle's."""
        reply = self._reply
        if reply.sent & lib.OB_SEND_THRUSTERS:
            row = reply.thruster
            self._thrusters.write(ThrusterCommand(row.time_ns, row.sequence, *row.on_time_us))
        for k, port in enumerate(self._engines if reply.sent & lib.OB_SEND_ENGINES else ()):
            row = reply.engine[k]
            port.write(EngineCommand(row.time_ns, row.sequence, row.on, row.throttle))

    # -- a computer that starts anew

    def _leapt(self) -> bool:
        events = self._vehicle.events
        news = events.since(self._events_seen)
        self._events_seen = events.sequence
        return any(event.name in LEAPS for event in news)

    def _carry_over(self) -> None:
        """What members took from a checkpoint in this tick, or made of it, to the board."""
        most = DATA_MAX - _ANSWER.size
        for name, part, desk in self._parts():
            if name.split()[0] in ("intake", "navigation"):  # have no checkpoint
                continue
            octets = bytes(ffi.buffer(desk))
            for at in range(0, len(octets), most):
                self.write_part(part, at, octets[at : at + most])
        times = (self._vehicle.bus.topic(name).time_ns for name in TIMES)
        self.write_part(_PART_TIMES, 0, struct.pack("<7q", *times))
        self.write_part(_PART_HASH, 0, struct.pack("<Q", self._hash))
        self._first_orders = [
            (lib.OB_ORDER_GUIDANCE, self._vehicle.guidance.request),
            (lib.OB_ORDER_MODE, lib.OB_FAULT_NO_REQUEST),
        ]

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
        octets = self.read_part(_PART_COSTS, _COST.size * len(BITS))
        figures = _COST.iter_unpack(octets)
        return [
            Cost(name, runs, total / max(runs, 1), most)
            for name, (runs, total, most) in zip(BITS, figures, strict=True)
        ]

    def _variable(self) -> str:
        """The first variable of the flight core that is not the desk's."""
        for name, part, desk in self._parts():
            c_type = ffi.typeof(desk).item
            octets = self.read_part(part, ffi.sizeof(c_type))
            found = first_difference(c_type, bytes(ffi.buffer(desk)), octets)
            if found is not None:
                variable, here, there = found
                return f"{name}{variable} is {here!r} on the desk, {there!r} on {self.board}"
        return "the hashes differ, and no variable does any more"

    def _parts(self) -> Iterator[tuple[str, int, Any]]:
        """Name, number and the desk's struct of each part (native/firmware/common/flight.h)."""
        flight = self._flight
        for number, intake in intakes(self._vehicle).items():
            yield f"intake {intake.name}", number, intake.state
        if len(self._vehicle.sensors.imu.intakes) > 1:  # a single IMU is not chosen on the desk
            yield "imu_choice", 10, flight.imu_choice
        yield "frame_words", 21, ffi.cast("int64_t(*)[3]", flight.frame_words)
        yield "slow_hash", 20, flight.slow_hash
        yield "navigation", 11, flight.navigation
        yield "guidance", 12, flight.guidance
        yield "touchdown", 13, flight.touchdown
        yield "control", 14, flight.control
        yield "effectors", 15, flight.effectors
        yield "fault_state", 16, self._faults.state
        yield "fault_memory", 17, self._faults.memory
