"""The C engine of fault protection with the answers of `fault_protection.engine.Engine`."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from operator import getitem
from typing import Any

from onboard.core._core import ffi, lib
from onboard.fault_protection.actions import Action, Command, Event
from onboard.fault_protection.engine import State
from onboard.fault_protection.image import Image
from onboard.fault_protection.monitors import states
from onboard.fault_protection.responses import QUIET, FaultState
from onboard.fault_protection.table import Table
from onboard.modes.graph import NO_REQUEST

ERRORS = {
    lib.OB_FAULT_TABLE_HEADER: "it is not an image, or of another version",
    lib.OB_FAULT_TABLE_SIZE: "it is cut, or its counts do not add up",
    lib.OB_FAULT_TABLE_CRC: "its CRC is wrong",
    lib.OB_FAULT_TABLE_CODE: "one of its expressions is none",
    lib.OB_FAULT_TABLE_ROW: "a field is out of range",
}
_FAULT = struct.Struct("=IIIBBBB")  # ob_fault_response; the faults come first in a state
_QUIET = bytes(_FAULT.size)
_MASKED, _COUNTED, _VERDICT = (
    ffi.offsetof("ob_fault_state", name) for name in ("masked", "counted", "verdict")
)
_FAULT_EVENTS = {
    lib.OB_FAULT_DO_ACTIVE: "FAULT_ACTIVE",
    lib.OB_FAULT_DO_LATCHED: "FAULT_LATCHED",
    lib.OB_FAULT_DO_CLEARED: "FAULT_CLEARED",
    lib.OB_FAULT_DO_BLOCKED: "RESPONSE_BLOCKED",
    lib.OB_FAULT_DO_INHIBITED: "RESPONSE_INHIBITED",
}
_TIER_EVENTS = {
    lib.OB_FAULT_DO_TIER: "RESPONSE_TIER",
    lib.OB_FAULT_DO_SUCCEEDED: "RESPONSE_SUCCEEDED",
    lib.OB_FAULT_DO_TIER_SPENT: "RESPONSE_TIER_SPENT",
    lib.OB_FAULT_DO_HOLDING: "RESPONSE_HOLDING",
}
_MODE_EVENTS = {
    lib.OB_FAULT_DO_MODE_CHANGED: "MODE_CHANGED",
    lib.OB_FAULT_DO_MODE_REFUSED: "MODE_REFUSED",
}
_RESET_EVENTS = {
    lib.OB_FAULT_DO_RESET: "COMPUTER_RESET",
    lib.OB_FAULT_DO_BUDGET_SPENT: "RESET_BUDGET_SPENT",
}


class ImageError(ValueError):
    """Bytes that are not the image of a table."""


class CheckedImage:
    """An image that the C engine accepts, and the memory that it is read from."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self._memory = ffi.new("uint8_t[]", data)
        self.table = ffi.new("ob_fault_table *")
        error = lib.ob_fault_table_check(self.table, self._memory, len(data))
        if error:
            raise ImageError(f"image of {len(data)} bytes: {ERRORS[error]}")


class FaultReaders:
    """Classifies the channels of an image: values and ages to one reading for each monitor.

    `memory` is its `ob_fault_memory *`.
    """

    def __init__(self, image: CheckedImage) -> None:
        self._image, self._table = image, image.table  # the image is the memory of the table
        self._readings = ffi.new("uint8_t[]", image.table.header.monitors)
        self._raw = ffi.buffer(self._readings)
        self.memory = ffi.new("ob_fault_memory *")
        self.forget()

    def read(self, now_ns: int, values: Sequence[float], ages: Sequence[int]) -> bytes:
        """One of `monitors.READING_NAMES` for each monitor."""
        lib.ob_fault_read(self._table, self.memory, now_ns, values, ages, self._readings)
        return self._raw[:]

    def forget(self) -> None:
        """Begin anew, without earlier samples."""
        lib.ob_fault_memory_init(self.memory)

    def state_hash(self, h: int) -> int:
        """Chain what is remembered of earlier samples."""
        return int(lib.ob_fault_memory_hash(self._table, self.memory, h))


class FaultEngine:
    """`Engine` on the C core: the same states, values and actions.

    The core's state, `core`, is kept from call to call, and made a `State` only when a step changed
    it.
    """

    def __init__(self, table: Table, image: Image) -> None:
        self.table = table
        self.checked = CheckedImage(image.data)
        self.commands = image.commands
        self.core, self._scratch = ffi.new("ob_fault_state *"), ffi.new("ob_fault_state *")
        self._raw = ffi.buffer(self.core)
        self._known: State | None = None  # what `core` holds
        self._fixed_state: State | None = None  # the last fixed point, answered at once
        self._fixed_readings = b""
        self._actions = ffi.new("ob_fault_actions *")
        self._values = ffi.new("uint8_t[]", lib.OB_FAULT_MONITORS)
        self._counts = [states(rule) for rule in table.rules]
        self._positions: list[dict[tuple[int, int], int]] = [
            {counted: at for at, counted in enumerate(counts)} for counts in self._counts
        ]

    def initial(self, mode: int | None = None) -> State:
        """The state at power-up, in the initial mode of the table unless told."""
        start = self.table.initial_mode if mode is None else mode
        lib.ob_fault_init(self.checked.table, self._scratch, start)
        return self.state_of(self._scratch)

    def step(
        self, state: State, readings: Sequence[int], request: int = NO_REQUEST, clear: int = 0
    ) -> tuple[State, tuple[Action, ...]]:
        """The next state and the actions, as `Engine.step`."""
        readings, asked = bytes(readings), request != NO_REQUEST or clear
        if state is self._fixed_state and readings == self._fixed_readings and not asked:
            return state, ()
        self._hold(state)
        before = self._raw[:]
        lib.ob_fault_step(self.checked.table, self.core, readings, request, clear, self._actions)
        actions = self.actions_of(self._actions)
        if self._raw[:] != before:
            self._known = state = self.state_of(self.core)
        elif not (actions or asked):
            self._fixed_state, self._fixed_readings = state, readings
        return state, actions

    def values(self, state: State, readings: Sequence[int]) -> list[int]:
        """What each monitor would answer in a step with these readings."""
        self._hold(state)
        lib.ob_fault_values(self.checked.table, self.core, bytes(readings), self._values)
        return list(self._values[0 : len(state.monitors)])

    def reset(self, state: State, within_window: bool) -> tuple[State, tuple[Action, ...]]:
        """What a restarted computer begins with, as `Engine.reset`."""
        self._hold(state)
        lib.ob_fault_reset(self.checked.table, self.core, within_window, self._actions)
        self._known = state = self.state_of(self.core)
        return state, self.actions_of(self._actions)

    def _hold(self, state: State) -> None:
        """Have `core` hold a state."""
        if state is not self._known:
            self.fill(self.core, state)
            self._known = state

    def fill(self, c: Any, state: State) -> None:
        """Write a state into an `ob_fault_state`."""
        ffi.memmove(c, bytes(ffi.sizeof("ob_fault_state")), ffi.sizeof("ob_fault_state"))
        c.mode, c.resets = state.mode, state.resets
        for i, (counts, at) in enumerate(zip(self._counts, state.monitors, strict=True)):
            c.verdict[i], c.counted[i] = counts[at]
        for monitor, steps in state.masks:
            c.masked[monitor] = steps
        for k, fault in enumerate(state.faults):
            for name, number in fault._asdict().items():
                setattr(c.fault[k], name, number)

    def state_of(self, c: Any) -> State:
        """The state in an `ob_fault_state`."""
        raw, monitors = ffi.buffer(c)[:], len(self._counts)
        verdicts = raw[_VERDICT : _VERDICT + monitors]
        counted = struct.unpack_from(f"={monitors}h", raw, _COUNTED)
        masked = struct.unpack_from(f"={monitors}I", raw, _MASKED)
        return State(
            c.mode,
            tuple(map(getitem, self._positions, zip(verdicts, counted, strict=True))),
            tuple((i, steps) for i, steps in enumerate(masked) if steps) if any(masked) else (),
            self._faults_of(raw[: len(self.table.fault_names) * _FAULT.size]),
            c.resets,
        )

    def _faults_of(self, raw: bytes) -> tuple[FaultState, ...]:
        rows = (raw[at : at + _FAULT.size] for at in range(0, len(raw), _FAULT.size))
        return tuple(QUIET if row == _QUIET else _fault_of(row) for row in rows)

    def actions_of(self, c: Any) -> tuple[Action, ...]:
        """Commands and events of an `ob_fault_actions`."""
        return tuple(self._action(c.action[i]) for i in range(c.count))

    def _action(self, c: Any) -> Action:
        if c.kind == lib.OB_FAULT_DO_COMMAND:
            command: Command = self.commands[c.command]
            return command
        modes = self.table.mode_names
        if name := _RESET_EVENTS.get(c.kind):
            return Event(name, (("resets", c.resets), ("mode", modes[c.mode])))
        if name := _MODE_EVENTS.get(c.kind):
            return Event(name, (("before", modes[c.before]), ("mode", modes[c.mode])))
        fault = ("fault", self.table.fault_names[c.fault])
        if name := _FAULT_EVENTS.get(c.kind):
            return Event(name, (fault,))
        attempt = (("attempt", c.attempt),) if c.kind == lib.OB_FAULT_DO_TIER else ()
        return Event(_TIER_EVENTS[c.kind], (fault, ("tier", c.tier), *attempt))


def _fault_of(row: bytes) -> FaultState:
    timer, spent, kept, status, phase, tier, tries = _FAULT.unpack(row)
    return FaultState(status, phase, tier, tries, timer, spent, kept)
