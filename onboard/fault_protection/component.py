"""The component that runs the engine at its rate on the bus of a vehicle."""

from __future__ import annotations

import struct
from array import array
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property
from typing import Any, Literal, NamedTuple, Protocol

from onboard.bus import Bus
from onboard.core._core import lib
from onboard.core.fault import FaultEngine, FaultReaders
from onboard.dictionary import Dictionary
from onboard.fault_protection.actions import Action, Command
from onboard.fault_protection.engine import Engine, State, is_sound
from onboard.fault_protection.image import image_of
from onboard.fault_protection.monitors import TRIPPED, states
from onboard.fault_protection.responses import (
    ACTIVE,
    LATCHED,
    PHASE_NAMES,
    FaultState,
)
from onboard.fault_protection.table import PythonReaders, channels_of, compile_table
from onboard.modes.graph import NO_REQUEST
from onboard.modes.manager import ModeManager
from onboard.services.commands import GroundContact
from onboard.services.events import EventSink

NO_RESET_NS = -(1 << 62)


class Response(NamedTuple):
    """What the response to one fault is doing."""

    fault: str
    tier: int  # from 1: the one that acted last, or the first
    phase: str  # of `responses.PHASE_NAMES`


class FaultReport(NamedTuple):
    """Value of the topic `faults`: names in the order of priority."""

    active: tuple[str, ...]
    latched: tuple[str, ...]
    responses: tuple[Response, ...]


NO_CONTACT = GroundContact(0)


class Reader(Protocol):
    """`services.channels.ChannelReader`."""

    def read(self, now_ns: int, values: list[float], ages: list[int]) -> None: ...


class Commands(Protocol):
    """`services.commands.CommandService`: carries out a command, or refuses it with an event."""

    def dispatch(
        self, name: str, arguments: Mapping[str, object], now_ns: int, *, source: str
    ) -> bool: ...


class FaultProtection:
    """Reads channels, steps the engine, issues its commands; publishes `faults` and `mode`.

    It carries out MODE_SET, SAFE and FAULT_CLEAR (`handlers`). The command-loss timer is the age
    of the topic `commands`, which whoever receives commands from the ground publishes; it starts
    with the first step.
    """

    def __init__(
        self,
        bus: Bus,
        dictionary: Dictionary,
        channel_reader: Callable[[Bus, Dictionary, Iterable[str]], Reader],
        commands: Commands,
        *,
        events: EventSink | None = None,
        initial_mode: str | None = None,
        longest: int | None = None,
        engine: Literal["core", "python"] = "core",
        command_loss_s: float | None = None,
    ) -> None:
        """`channel_reader` is the class `ChannelReader`, or what builds one for a list of names.

        `longest` shortens the table's counts, as in the walk. Both engines answer equally; that of
        the core is the one that the walk checks and boards run. `command_loss_s` is the time of the
        command-loss timer in place of the table's.
        """
        protection = dictionary.protection
        if command_loss_s is not None:
            protection = protection.with_command_loss(command_loss_s)
        self.table = compile_table(protection, longest)
        self.engine: Engine | FaultEngine
        self.readers: PythonReaders | FaultReaders
        if engine == "python":
            self.engine = Engine(self.table)
            self.readers = PythonReaders(protection)
        else:
            self.engine = FaultEngine(self.table, image_of(protection, longest))
            self.readers = FaultReaders(self.engine.checked)
        self.modes = ModeManager(bus, self.table.graph)
        self.channels = names = channels_of(protection)
        self._read = channel_reader(bus, dictionary, names).read
        self._values = [0.0] * len(names)
        self._ages = [0] * len(names)
        self._dispatch = commands.dispatch
        self._emit = events.emit if events is not None else None
        self._topic = bus.topic("faults")
        self._contact = bus.topic("commands")
        start = None if initial_mode is None else self.table.mode_names.index(initial_mode)
        self._state = self._at_power_up = self.engine.initial(start)
        self._clear = 0
        self._restored = False
        self._last_reset_ns = NO_RESET_NS
        self._announced = -1
        self._checkpoint = b""
        self._checkpoint_key: tuple[Any, ...] = ()
        self._report = _report(self.table.fault_names, self._state)
        self._digest = _digest(self._state)

    @property
    def state(self) -> State:
        """The engine's state."""
        return self._state

    @property
    def mode(self) -> str:
        """The mode of the vehicle."""
        return self.table.mode_names[self._state.mode]

    def tripped(self) -> tuple[str, ...]:
        """The monitors whose verdict stands at tripped, in the order of the table."""
        states = zip(self.table.monitors, self._tripping, self._state.monitors, strict=True)
        return tuple(name for name, tripping, state in states if state in tripping)

    @cached_property
    def _tripping(self) -> tuple[frozenset[int], ...]:
        """The states of each monitor in which it has tripped."""
        return tuple(
            frozenset(n for n, state in enumerate(states(rule)) if state.verdict == TRIPPED)
            for rule in self.table.rules
        )

    @property
    def in_critical_event(self) -> bool:
        """Whether the mode is one whose event must be finished."""
        return self.table.graph[self._state.mode].finishes

    @property
    def mode_number(self) -> int:
        """The mode's number in telemetry."""
        return self.table.graph[self._state.mode].number

    def step(self, now_ns: int) -> None:
        """One step of the engine; call it at the table's rate."""
        if self._contact.value is None:
            self._contact.publish(NO_CONTACT, now_ns)
        readings = self.readings(now_ns)
        if self._restored:
            self._reset(now_ns)
        before = self._state
        request, clear = self.modes.take_request(), self._clear
        if request == NO_REQUEST and not clear:
            after, actions = self.engine.step(before, readings)
        else:
            self._clear = 0
            after, actions = self.engine.step(before, readings, request, clear)
        if after is not before:
            self._take(after)
        self._publish(now_ns)
        for action in actions:
            self._act(action, now_ns)

    def readings(self, now_ns: int) -> Sequence[int]:
        """What each monitor reads from its channel now."""
        self._read(now_ns, self._values, self._ages)
        return self.readers.read(now_ns, self._values, self._ages)

    def sample(self, number: int) -> tuple[float, int]:
        """Value and age of one of `channels` as the last step read them."""
        return self._values[number], self._ages[number]

    def handlers(self) -> dict[str, Callable[..., str | None]]:
        """The commands that it carries out; a handler returns why it refuses."""
        return {
            "MODE_SET": self.modes.set_mode,
            "SAFE": self.modes.safe,
            "FAULT_CLEAR": self.clear,
        }

    def clear(self, now_ns: int, fault: str) -> str | None:
        """Unlatch a fault in the next step, if its cause is gone by then."""
        if fault not in self.table.fault_names:
            return f"fault {fault!r} is unknown"
        self._clear |= 1 << self.table.fault_names.index(fault)
        return None

    def state_hash(self, h: int) -> int:
        """Chain the engine's state and what the monitors remember of earlier samples."""
        h = lib.ob_hash_bytes(h, self._digest, len(self._digest))
        return self.readers.state_hash(h)

    def checkpoint(self) -> bytes:
        """What a restart needs: mode, resets and faults."""
        state = self._state
        key = (self._last_reset_ns, state.mode, state.resets, state.faults)
        if key != self._checkpoint_key:
            faults = (number for fault in state.faults for number in fault)
            self._checkpoint = array("q", (*key[:3], *faults)).tobytes()
            self._checkpoint_key = key
        return self._checkpoint

    def restore(self, checkpoint: bytes) -> None:
        """Begin again from a checkpoint, as the table says a restarted computer does; from one that
        another table made, which fits no state of this one, as at power-up."""
        last_reset_ns, mode, resets, *numbers = (n for (n,) in struct.iter_unpack("=q", checkpoint))
        size = len(FaultState._fields)
        faults = tuple(FaultState(*numbers[i : i + size]) for i in range(0, len(numbers), size))
        kept = self.engine.initial()._replace(mode=mode, resets=resets, faults=faults)
        self._take(kept if is_sound(self.table, kept) else self._at_power_up)
        self._last_reset_ns = last_reset_ns
        self.readers.forget()
        self._clear = 0
        self.modes.take_request()
        self._restored = True

    def _publish(self, now_ns: int) -> None:
        mode = self._state.mode
        if mode != self._announced:
            self.modes.publish(mode, now_ns)
            self._announced = mode
        self._topic.publish(self._report, now_ns)

    def _reset(self, now_ns: int) -> None:
        within = now_ns - self._last_reset_ns <= self.table.reset_window_s * 1e9
        state, actions = self.engine.reset(self._state, within)
        self._restored, self._last_reset_ns, self._announced = False, now_ns, -1
        self._take(state)
        for action in actions:
            self._act(action, now_ns)

    def _take(self, state: State) -> None:
        if state.faults != self._state.faults:
            self._report = _report(self.table.fault_names, state)
        self._state = state
        self._digest = _digest(state)

    def _act(self, action: Action, now_ns: int) -> None:
        if isinstance(action, Command):
            self._dispatch(action.name, dict(action.arguments), now_ns, source=action.source)
        elif self._emit is not None:
            self._emit(action.name, now_ns, **dict(action.values))


def _report(names: tuple[str, ...], state: State) -> FaultReport:
    live = [(name, fault) for name, fault in zip(names, state.faults, strict=True) if fault.status]
    return FaultReport(
        tuple(name for name, fault in live if fault.status == ACTIVE),
        tuple(name for name, fault in live if fault.status == LATCHED),
        tuple(Response(name, fault.tier + 1, PHASE_NAMES[fault.phase]) for name, fault in live),
    )


def _digest(state: State) -> bytes:
    masks = (number for mask in state.masks for number in mask)
    faults = (number for fault in state.faults for number in fault)
    numbers = (state.mode, state.resets, *state.monitors, len(state.masks), *masks, *faults)
    return array("q", numbers).tobytes()
