"""Commands: by name from on board, by space packet from the ground; checked, armed, carried out.

A command is carried out when the dictionary has it, its arguments are of the declared types and
inside their ranges, the present mode allows it and, if it is hazardous, the command that arms it
came within the arming timeout before. Everything else is rejected, with an event that says why.
Whatever arrives, `dispatch` and `receive` do not raise.

Sources: `ground` and `sequence` must arm hazardous commands; `protection` and `modes`, the
responses and entry sequences that `prove` has walked, need not.

A command packet's user data is: time in nanoseconds (int64), opcode (uint16), then the arguments in
order, big endian; a text is its length (uint8) and UTF-8.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping
from typing import NamedTuple

from onboard.bus import Topic
from onboard.core._core import lib
from onboard.dictionary import Dictionary
from onboard.dictionary.checker import names_of
from onboard.dictionary.models import INTEGER_BITS, Argument, Command, Hazard, shown
from onboard.ports import Radio
from onboard.services.events import EventSink
from onboard.services.packets import PacketError, SpacePacket, decode, encode

COMMAND_APID = 16
WIRE_CODES = {"f64": "d", "f32": "f", "i64": "q", "u32": "I", "u16": "H", "u8": "B", "flag": "B"}
AUTONOMOUS = frozenset({"protection", "modes"})
_HEAD = struct.Struct(">qH")  # time, opcode
_CONTACT = struct.Struct("<qq")  # commands from the ground, time of the last one

Handler = Callable[..., str | None]
"""Called with `now_ns` and the arguments by name; returns None, or why it refuses."""


class GroundContact(NamedTuple):
    """Value of the topic `commands`; its age is the command-loss timer."""

    accepted: int  # commands from the ground that were carried out


class CommandError(ValueError):
    """A command that cannot be encoded or decoded; the message says why."""


class _Argument:
    """One declared argument, ready to check, pack and unpack."""

    __slots__ = ("allowed", "integer", "name", "problem_of", "row")

    def __init__(self, dictionary: Dictionary, argument: Argument) -> None:
        self.name = argument.name
        self.integer = argument.type in INTEGER_BITS
        self.allowed = argument.choices or names_of(dictionary, argument.names_of)
        text = argument.type == "text"
        self.row = None if text else struct.Struct(">" + WIRE_CODES[argument.type])
        self.problem_of = self._text_problem if text else argument.quantity().problem

    def _text_problem(self, value: object) -> str | None:
        if not isinstance(value, str) or len(value.encode(errors="replace")) > 255:
            return f"{shown(value)} is not a text of at most 255 octets"
        if value != value.encode(errors="replace").decode():
            return f"{shown(value)} is not Unicode"
        if self.allowed is not None and value not in self.allowed:
            return f"{shown(value)} is unknown"
        return None

    def pack(self, value: object) -> bytes:
        if self.row is None:
            text = str(value).encode()
            return bytes([len(text)]) + text
        number = value if isinstance(value, float) and not self.integer else int(value)  # type: ignore[call-overload]
        return self.row.pack(number)

    def unpack(self, data: bytes, at: int) -> tuple[object, int]:
        """The value at an offset, and the offset after it."""
        if self.row is not None:
            return self.row.unpack_from(data, at)[0], at + self.row.size
        end = at + 1 + data[at]
        if end > len(data):
            raise IndexError("text runs past the end")
        return data[at + 1 : end].decode(), end


class CommandCodec:
    """Commands to packets and back; ground and board share it."""

    def __init__(self, dictionary: Dictionary) -> None:
        self.arguments = {
            name: tuple(_Argument(dictionary, a) for a in command.arguments)
            for name, command in dictionary.commands.items()
        }
        self._opcodes = {name: c.opcode for name, c in dictionary.commands.items()}
        self._names = {opcode: name for name, opcode in self._opcodes.items()}

    def problem(self, name: object, arguments: object) -> str | None:
        """Why a command is not one of the dictionary, None if it is."""
        if not isinstance(name, str) or name not in self.arguments:
            return "unknown command"
        if not isinstance(arguments, Mapping):
            return f"arguments {shown(arguments)} are not given by name"
        declared = self.arguments[name]
        if arguments.keys() != {a.name for a in declared}:
            names = " ".join(a.name for a in declared) or "none"
            return f"arguments {shown(list(arguments))} given, {names} expected"
        for argument in declared:
            if why := argument.problem_of(arguments[argument.name]):
                return f"{argument.name}: {why}"
        return None

    def encode(
        self, name: str, arguments: Mapping[str, object], *, time_ns: int, count: int
    ) -> bytes:
        """A command as a telecommand packet. Raises CommandError."""
        if why := self.problem(name, arguments):
            raise CommandError(f"{name}: {why}")
        head = _HEAD.pack(time_ns, self._opcodes[name])
        body = b"".join(a.pack(arguments[a.name]) for a in self.arguments[name])
        return encode(COMMAND_APID, True, count, head + body)

    def decode(self, packet: SpacePacket) -> tuple[str, dict[str, object]]:
        """Name and arguments of a packet, not yet checked. Raises CommandError."""
        if not packet.telecommand or packet.apid != COMMAND_APID:
            raise CommandError(f"packet of apid {packet.apid} is no command")
        try:
            _, opcode = _HEAD.unpack_from(packet.data)
            name = self._names[opcode]
            arguments, at = {}, _HEAD.size
            for argument in self.arguments[name]:
                arguments[argument.name], at = argument.unpack(packet.data, at)
        except KeyError:
            raise CommandError(f"opcode {opcode} is unknown") from None
        except (struct.error, IndexError, UnicodeDecodeError):
            raise CommandError("truncated or malformed arguments") from None
        if at != len(packet.data):
            raise CommandError(f"{len(packet.data) - at} octets after the arguments")
        return name, arguments


class CommandService:
    """Receives, checks and carries out the commands of one vehicle."""

    def __init__(
        self,
        dictionary: Dictionary,
        events: EventSink,
        *,
        mode: Callable[[], str] | None = None,
        arm_timeout_s: float = 10.0,
        radio: Radio | None = None,
        contact: Topic | None = None,
    ) -> None:
        """`mode` gives the name of the present mode; without it no command is inhibited.

        `contact` is told of every command from the ground that was carried out; its age is the
        command-loss timer.
        """
        self.accepted = 0
        self.rejected = 0
        self.codec = CommandCodec(dictionary)
        self._commands = dictionary.commands
        self._events = events
        self._mode = mode
        self._arm_timeout_ns = round(arm_timeout_s * 1e9)
        self._contact = contact
        self._from_ground = 0
        self._contact_ns = 0
        self._receive_packet = radio.receive if radio else None
        self._handlers: dict[str, Handler] = {}
        self._armed: str | None = None
        self._armed_until_ns = 0
        self._arming = {c.armed_by for c in dictionary.commands.values() if c.armed_by}
        for name in ("NOOP", *self._arming):
            if name in dictionary.commands:
                self._handlers[name] = _nothing

    def register(self, name: str, handler: Handler) -> None:
        """Say who carries a command out. Raises KeyError for an unknown command."""
        if name not in self._commands:
            raise KeyError(f"command {name!r} is not in the dictionary")
        self._handlers[name] = handler

    def unhandled(self) -> list[str]:
        """Commands that nobody carries out yet; a finished vehicle has none."""
        return sorted(self._commands.keys() - self._handlers.keys())

    @property
    def armed(self) -> str | None:
        """The hazardous command that is armed."""
        return self._armed

    def step(self, now_ns: int) -> None:
        """Disarm what was not fired in time; carry out what the radio received."""
        if self._armed is not None and now_ns > self._armed_until_ns:
            self._events.emit("COMMAND_ARM_EXPIRED", now_ns, command=self._armed)
            self._armed = None
        if self._receive_packet is not None:
            while (octets := self._receive_packet()) is not None:
                self.receive(octets, now_ns)

    def receive(self, octets: bytes, now_ns: int) -> bool:
        """Carry out a command packet from the ground; False if it was rejected."""
        try:
            name, arguments = self.codec.decode(decode(octets))
        except (PacketError, CommandError) as error:
            return self._reject("packet", "ground", str(error), now_ns)
        return self.dispatch(name, arguments, now_ns)

    def dispatch(
        self,
        name: str,
        arguments: Mapping[str, object] | None,
        now_ns: int,
        *,
        source: str = "ground",
    ) -> bool:
        """Carry out a command; False if it was rejected."""
        values = {} if arguments is None else arguments
        reason = self.codec.problem(name, values) or self._inhibition(name, now_ns, source)
        if reason is None and name in self._arming:
            reason = self._arm(name, values, now_ns)
        if reason is None:
            reason = self._handlers[name](now_ns, **values)
        if reason is not None:
            return self._reject(name, source, reason, now_ns)
        self.accepted += 1
        self._events.emit("COMMAND_ACCEPTED", now_ns, command=name, source=source)
        if source == "ground" and self._contact is not None:
            self._from_ground += 1
            self._contact_ns = now_ns
            self._contact.publish(GroundContact(self._from_ground), now_ns)
        return True

    def _inhibition(self, name: str, now_ns: int, source: str) -> str | None:
        """Why a correct command may not be carried out now; a fired one is disarmed."""
        command = self._commands[name]
        if name not in self._handlers:
            return "nobody carries it out"
        if command.modes is not None and self._mode is not None:
            mode = self._mode()
            if mode not in command.modes:
                return f"not allowed in mode {mode}"
        if command.hazard is Hazard.ARM_AND_FIRE and source not in AUTONOMOUS:
            if self._armed != name or now_ns > self._armed_until_ns:
                return f"hazardous and not armed by {command.armed_by}"
            self._armed = None
        return None

    def _arm(self, name: str, arguments: Mapping[str, object], now_ns: int) -> str | None:
        target = arguments.get("command", _only_target(self._commands, name))
        if self._commands[str(target)].armed_by != name:
            return f"{target} is not armed by {name}"
        self._armed = str(target)
        self._armed_until_ns = now_ns + self._arm_timeout_ns
        seconds = self._arm_timeout_ns / 1e9
        self._events.emit("COMMAND_ARMED", now_ns, command=target, seconds=seconds)
        return None

    def _reject(self, name: object, source: str, reason: str, now_ns: int) -> bool:
        self.rejected += 1
        command = name if isinstance(name, str) else shown(name)
        self._events.emit("COMMAND_REJECTED", now_ns, command=command, source=source, reason=reason)
        return False

    def checkpoint(self) -> bytes:
        """When the ground was heard last: the command-loss timer goes on through a restart."""
        return _CONTACT.pack(self._from_ground, self._contact_ns)

    def restore(self, state: bytes) -> None:
        """Go on with the timer of a checkpoint; nothing is armed."""
        self._from_ground, self._contact_ns = _CONTACT.unpack(state)
        self._armed = None
        if self._contact is not None and self._contact_ns:
            self._contact.publish(GroundContact(self._from_ground), self._contact_ns)

    @property
    def sleeps(self) -> bool:
        """Whether a step does nothing while the radio receives nothing."""
        return self._armed is None

    def hash_words(self) -> tuple[int, int, int]:
        """The counters and what is armed."""
        opcode = self._commands[self._armed].opcode if self._armed else -1
        return self.accepted, self.rejected, opcode + 1

    def state_hash(self, h: int) -> int:
        """Chain the words."""
        for word in self.hash_words():
            h = lib.ob_hash_u64(h, word)
        return h


def _nothing(_now_ns: int, **_arguments: object) -> None:
    """Carry out a command whose acceptance is all there is to it."""


def _only_target(commands: Mapping[str, Command], arming: str) -> str:
    return next(name for name, c in commands.items() if c.armed_by == arming)
