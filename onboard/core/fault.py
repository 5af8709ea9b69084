"""The C engine of fault protection with the answers of `fault_protection.engine.Engine`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from onboard.core._core import ffi, lib
from onboard.fault_protection.actions import Action, Command, Event
from onboard.fault_protection.engine import State
from onboard.fault_protection.image import Image
from onboard.fault_protection.monitors import Counted, Rule
from onboard.fault_protection.responses import FaultState
from onboard.fault_protection.table import Table
from onboard.modes.graph import NO_REQUEST

ERRORS = {
    lib.OB_FAULT_TABLE_HEADER: "it is not an image, or of another version",
    lib.OB_FAULT_TABLE_SIZE: "it is cut, or its counts do not add up",
    lib.OB_FAULT_TABLE_CRC: "its CRC is wrong",
    lib.OB_FAULT_TABLE_CODE: "one of its expressions is none",
    lib.OB_FAULT_TABLE_ROW: "a field is out of range",
}
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
        self._memory = ffi.new("uint8_t[]", data)
        self.table = ffi.new("ob_fault_table *")
        error = lib.ob_fault_table_check(self.table, self._memory, len(data))
        if error:
            raise ImageError(f"image of {len(data)} bytes: {ERRORS[error]}")


class FaultEngine:
    """`Engine` on the C core. States are converted at every call: for comparison, not for speed."""

    def __init__(self, table: Table, image: Image) -> None:
        self.table = table
        self.checked = CheckedImage(image.data)
        self.commands = image.commands
        self._state = ffi.new("ob_fault_state *")
        self._actions = ffi.new("ob_fault_actions *")
        self._values = ffi.new("uint8_t[]", lib.OB_FAULT_MONITORS)

    def initial(self, mode: int | None = None) -> State:
        """The state at power-up, in the initial mode of the table unless told."""
        start = self.table.initial_mode if mode is None else mode
        lib.ob_fault_init(self.checked.table, self._state, start)
        return self.state_of(self._state)

    def step(
        self, state: State, readings: Sequence[int], request: int = NO_REQUEST, clear: int = 0
    ) -> tuple[State, tuple[Action, ...]]:
        """The next state and the actions, as `Engine.step`."""
        self.fill(self._state, state)
        lib.ob_fault_step(
            self.checked.table, self._state, bytes(readings), request, clear, self._actions
        )
        return self.state_of(self._state), self.actions_of(self._actions)

    def values(self, state: State, readings: Sequence[int]) -> list[int]:
        """What each monitor would answer in a step with these readings."""
        self.fill(self._state, state)
        lib.ob_fault_values(self.checked.table, self._state, bytes(readings), self._values)
        return list(self._values[0 : len(state.monitors)])

    def reset(self, state: State, within_window: bool) -> tuple[State, tuple[Action, ...]]:
        """What a restarted computer begins with, as `Engine.reset`."""
        self.fill(self._state, state)
        lib.ob_fault_reset(self.checked.table, self._state, within_window, self._actions)
        return self.state_of(self._state), self.actions_of(self._actions)

    def hash(self, state: State, seed: int = lib.OB_HASH_SEED) -> int:
        """The 64-bit hash of a state."""
        self.fill(self._state, state)
        return int(lib.ob_fault_hash(self.checked.table, self._state, seed))

    def fill(self, c: Any, state: State) -> None:
        """Write a state into an `ob_fault_state`."""
        ffi.memmove(c, bytes(ffi.sizeof("ob_fault_state")), ffi.sizeof("ob_fault_state"))
        c.mode, c.resets = state.mode, state.resets
        for i, (rule, at) in enumerate(zip(self.table.rules, state.monitors, strict=True)):
            c.verdict[i], c.counted[i] = counted_at(rule, at)
        for monitor, steps in state.masks:
            c.masked[monitor] = steps
        for k, fault in enumerate(state.faults):
            for name, number in fault._asdict().items():
                setattr(c.fault[k], name, number)

    def state_of(self, c: Any) -> State:
        """The state in an `ob_fault_state`."""
        rules = self.table.rules
        return State(
            c.mode,
            tuple(position(rule, c.verdict[i], c.counted[i]) for i, rule in enumerate(rules)),
            tuple((i, c.masked[i]) for i in range(len(rules)) if c.masked[i]),
            tuple(
                FaultState(*(getattr(c.fault[k], name) for name in FaultState._fields))
                for k in range(len(self.table.fault_names))
            ),
            c.resets,
        )

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


def position(rule: Rule, verdict: int, counted: int) -> int:
    """Where `monitors.states` of the rule has a verdict and its count."""
    if counted == 0:
        return verdict
    up, down = rule.persistence - 1, rule.clear - 1
    if counted > 0:  # towards tripped, from unknown or cleared
        return 3 + verdict * up + counted - 1
    return 3 + 2 * up + (verdict // 2) * down - counted - 1


def counted_at(rule: Rule, at: int) -> Counted:
    """The verdict and count at a position: the inverse of `position`."""
    up, down = rule.persistence - 1, rule.clear - 1
    if at < 3:
        return Counted(at, 0)
    if (rest := at - 3) < 2 * up:
        return Counted(rest // up, rest % up + 1)
    rest -= 2 * up
    return Counted(rest // down * 2, -(rest % down) - 1)
