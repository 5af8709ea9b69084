"""A console for a board, out of the vehicle's dictionary.

    MODE_SET standby                   a command, arguments in their order
    MODE_SET mode=standby              or by name
    show navigation                    the last packet of telemetry
    help MODE_SET                      what a command takes

`Console.run` carries out one line. It is safe to receive in one thread and run lines in another.
"""

from __future__ import annotations

import shlex
import struct
import threading
import time
from collections.abc import Callable, Iterator

from hil.boards import introduced
from hil.link.endpoint import TELECOMMAND, Endpoint
from onboard.dictionary import Dictionary
from onboard.dictionary.checker import names_of
from onboard.dictionary.models import INTEGER_BITS, Argument, Command
from onboard.services.commands import CommandCodec, CommandError
from onboard.services.event_packets import EVENT_APID, unpack_event
from onboard.services.packets import SpacePacket, decode
from onboard.services.telemetry import PacketLayout, TelemetryRow

WORDS = {
    "help": "help [COMMAND]: what there is, what a command takes",
    "show": "show [PACKET]: the last telemetry",
    "who": "who: the board, its clock and the counts of the line",
    "wait": "wait SECONDS: receive for so long",
    "quit": "quit",
}


class ConsoleError(ValueError):
    """A line that cannot be carried out; the message says why and what is allowed."""


class Console:
    """Sends commands to one board and tells what comes from it, a line at a time."""

    def __init__(
        self, endpoint: Endpoint, dictionary: Dictionary, tell: Callable[[str], None]
    ) -> None:
        """`tell` gets each line of text. The board must have said HELLO."""
        self.ended = False
        self.sent = 0
        self._endpoint, self._dictionary, self._tell = endpoint, dictionary, tell
        self._codec = CommandCodec(dictionary)
        self._layouts = {
            packet.apid: (name, PacketLayout(dictionary, name))
            for name, packet in dictionary.packets.items()
        }
        self._last: dict[str, TelemetryRow] = {}
        self._lock = threading.Lock()
        self._text = b""

    def introduce(self) -> None:
        """Who is there, and whether it has the same dictionary."""
        peer = self._endpoint.peer
        self._tell(f"{introduced(peer)} at {self._endpoint.carrier.address}")
        if peer.dictionary_hash not in (0, self._dictionary.crc):
            self._tell(
                f"warning: its dictionary is {peer.dictionary_hash:08x}, "
                f"{self._dictionary.vehicle} has {self._dictionary.crc:08x}"
            )

    def receive(self, timeout_s: float) -> None:
        """Tell what comes in so long. Raises Unplugged."""
        until_s = time.monotonic() + timeout_s
        while True:
            with self._lock:
                left_s = until_s - time.monotonic()
                packets = self._endpoint.receive(max(0.0, min(left_s, 0.02)))
                self._text += self._endpoint.take_text()
            self._take(packets)
            if left_s <= 0.0:
                return

    def _take(self, packets: list[SpacePacket]) -> None:
        *lines, self._text = self._text.split(b"\n")
        for line in lines:
            self._tell(f"board: {line.decode(errors='replace').rstrip()}")
        for packet in packets:
            if packet.apid in self._layouts:
                self._take_telemetry(packet)
            elif packet.apid == EVENT_APID:
                self._take_event(packet)

    def _take_event(self, packet: SpacePacket) -> None:
        try:
            event = unpack_event(packet.data)
        except ValueError as error:
            self._tell(f"event: {error}")
            return
        known = {e.id: name for name, e in self._dictionary.events.items()}
        name = known.get(event.id, f"event {event.id}")
        self._tell(f"{event.time_ns / 1e9:.3f} s {event.severity} {name}: {event.text}")

    def _take_telemetry(self, packet: SpacePacket) -> None:
        name, layout = self._layouts[packet.apid]
        try:
            self._last[name] = layout.unpack(packet.data)
        except struct.error as error:
            self._tell(f"telemetry {name}: {len(packet.data)} octets: {error}")

    # -- lines

    def run(self, line: str) -> None:
        """Carry out one line. Raises ConsoleError, Unplugged."""
        try:
            word, *values = shlex.split(line, comments=True) or [""]
        except ValueError as error:
            raise ConsoleError(f"{line}: {error}") from None
        if word in WORDS:
            getattr(self, f"_{word}")(*self._one(word, values))
        elif word:
            self._send(word, values)

    def _one(self, word: str, values: list[str]) -> list[str]:
        if (
            len(values) > 1
            or (word == "wait" and not values)
            or (word in ("who", "quit") and values)
        ):
            raise ConsoleError(f"{word}: allowed: {WORDS[word]}")
        return values

    def _send(self, name: str, values: list[str]) -> None:
        command = self._command(name)
        arguments = dict(_given(name, command, values))
        with self._lock:
            sync = self._endpoint.time_sync
            now_ns = self._endpoint.clock() + (sync.offset_ns if sync else 0)
            try:
                packet = self._codec.encode(name, arguments, time_ns=now_ns, count=0)
            except CommandError as error:
                raise ConsoleError(f"{error}; {name} takes: {_form(command)}") from None
            self._endpoint.send(TELECOMMAND, decode(packet).data)
        self.sent += 1
        shown = "".join(f" {key}={value}" for key, value in arguments.items())
        self._tell(f"sent {name}{shown}")

    def _command(self, name: str) -> Command:
        if name not in self._dictionary.commands:
            known = ", ".join([*WORDS, *self._dictionary.commands])
            raise ConsoleError(f"{name}: there is no such command; known are: {known}")
        return self._dictionary.commands[name]

    def _help(self, name: str | None = None) -> None:
        if name is not None:
            command = self._command(name)
            self._tell(f"{name}: {_form(command)}")
            self._tell(f"  {command.description}")
            for argument in command.arguments:
                self._tell(f"  {argument.name}: {self._allowed(argument)}: {argument.description}")
            if command.armed_by:
                self._tell(f"  hazardous: first {command.armed_by}")
            if command.modes:
                self._tell(f"  in modes {', '.join(command.modes)}")
            return
        for text in WORDS.values():
            self._tell(text)
        for name, command in self._dictionary.commands.items():
            self._tell(f"{name}: {_form(command)}")

    def _allowed(self, argument: Argument) -> str:
        if choices := self._choices(argument):
            return ", ".join(choices)
        if argument.type == "text":
            return "text"
        low, high = argument.quantity().bounds
        unit = "" if argument.unit == "1" else f" {argument.unit}"
        return f"{argument.type}, {low:g} to {high:g}{unit}"

    def _choices(self, argument: Argument) -> list[str]:
        return sorted(argument.choices or names_of(self._dictionary, argument.names_of) or ())

    def _show(self, name: str | None = None) -> None:
        if name is not None and name not in self._dictionary.packets:
            known = ", ".join(self._dictionary.packets)
            raise ConsoleError(f"{name}: there is no such packet; known are: {known}")
        names = [name] if name else [n for n in self._dictionary.packets if n in self._last]
        for packet in names:
            self._show_packet(packet)
        if not names:
            self._tell("no telemetry came")

    def _show_packet(self, name: str) -> None:
        row = self._last.get(name)
        if row is None:
            self._tell(f"{name}: did not come")
            return
        self._tell(f"{name} at {row.time_ns / 1e9:.3f} s")
        for k, channel in enumerate(self._dictionary.packets[name].channels):
            unit = self._dictionary.channels[channel].unit
            stale = "  stale" if row.stale >> k & 1 else ""
            self._tell(f"  {channel} = {row.values[k]:g} {unit}{stale}")

    def _who(self) -> None:
        self.introduce()
        if (sync := self._endpoint.time_sync) is not None:
            ahead_s, error_us = sync.offset_ns / 1e9, sync.error_ns / 1e3
            self._tell(f"its clock is {ahead_s:+.6f} s ahead, known to {error_us:.0f} us")
        counted = {k: v for k, v in self._endpoint.counters.items() if v}
        self._tell(", ".join(f"{name} {value}" for name, value in counted.items()))

    def _wait(self, seconds: str) -> None:
        try:
            time_s = float(seconds)
        except ValueError:
            time_s = -1.0
        if not 0.0 <= time_s <= 3600.0:
            raise ConsoleError(f"wait {seconds}: allowed: 0 to 3600")
        self.receive(time_s)

    def _quit(self) -> None:
        self.ended = True

    def completions(self, before: str, word: str) -> list[str]:
        """What a word may become, behind what stands before it in the line."""
        return [w for w in self._candidates(before.split()) if w.startswith(word)]

    def _candidates(self, words: list[str]) -> list[str]:
        commands = self._dictionary.commands
        if not words:
            return [*WORDS, *commands]
        if words == ["help"]:
            return list(commands)
        if words == ["show"]:
            return list(self._dictionary.packets)
        if words[0] in commands and len(words) <= len(commands[words[0]].arguments):
            return self._choices(commands[words[0]].arguments[len(words) - 1])
        return []


def _form(command: Command) -> str:
    return " ".join(a.name.upper() for a in command.arguments) or "nothing"


def _given(name: str, command: Command, values: list[str]) -> Iterator[tuple[str, object]]:
    """Arguments by their names. Raises ConsoleError."""
    declared = {a.name: a for a in command.arguments}
    if len(values) > len(declared):
        raise ConsoleError(f"{name}: {len(values)} arguments, {len(declared)} are allowed")
    for k, value in enumerate(values):
        key, is_named, rest = value.partition("=")
        if is_named and key in declared:
            yield key, _number(declared[key], rest)
        else:
            argument = command.arguments[k]
            yield argument.name, _number(argument, value)


def _number(argument: Argument, text: str) -> object:
    """A value of the argument's type; what is no number stays text, and is refused as such."""
    if argument.type == "text":
        return text
    try:
        return int(text, 0) if argument.type in INTEGER_BITS else float(text)
    except ValueError:
        return text
