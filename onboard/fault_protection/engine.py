"""The engine: `step(state, readings, request) -> state, actions`, pure and of integers only.

In one step the monitors count, faults in the order of priority follow their expressions and
responses, and the mode follows its guards. Equal states given equal readings answer equally; a
state hashes and compares by value. Modes change by commands, so an action MODE_SET or SAFE comes
back as the `request` of a later step.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from onboard.fault_protection.actions import Action, Event
from onboard.fault_protection.expression import FALSE, TRUE
from onboard.fault_protection.monitors import FROZEN, HIDDEN, INITIAL_STATE, NOT_VALID, READINGS
from onboard.fault_protection.responses import (
    ACTIVE,
    HOLDING,
    IDLE,
    INACTIVE,
    LATCHED,
    QUIET,
    RUNNING,
    FaultState,
    Work,
    after_reset,
    claims_of,
    step_fault,
)
from onboard.fault_protection.table import Table
from onboard.modes import graph
from onboard.modes.graph import NO_REQUEST


class State(NamedTuple):
    """All that the engine remembers."""

    mode: int
    monitors: tuple[int, ...]  # position in `monitors.states` of each monitor
    masks: tuple[tuple[int, int], ...]  # (monitor, steps left), in rising order
    faults: tuple[FaultState, ...]
    resets: int


def is_sound(table: Table, state: State) -> bool:
    """Whether the mode, resets and faults of a state, as a checkpoint kept them, are ones that an
    engine of this table can work with: those of another table may not be."""
    rows = table.faults[0]
    return (
        0 <= state.mode < len(table.graph)
        and 0 <= state.resets <= table.reset_count + 1
        and len(state.faults) == len(rows)
        and all(_is_sound(len(row.tiers), f) for row, f in zip(rows, state.faults, strict=True))
    )


def _is_sound(tiers: int, fault: FaultState) -> bool:
    return (
        INACTIVE <= fault.status <= LATCHED
        and IDLE <= fault.phase <= HOLDING
        and 0 <= fault.tier < tiers
        and 0 <= fault.tries < 1 << 8
        and 0 <= fault.spent < 1 << (tiers - 1)
        and (fault.status == ACTIVE or fault.phase != RUNNING)
        and all(0 <= number < 1 << 32 for number in (fault.timer, fault.kept))
    )


class Engine:
    """Steps of one table.

    All that it keeps between steps is the last fixed point, to answer it at once: a step that
    changed nothing is not computed again for the same readings.
    """

    def __init__(self, table: Table) -> None:
        self.table = table
        self._quiet = (QUIET,) * len(table.fault_names)
        self._fixed_state: State | None = None
        self._fixed_readings: Sequence[int] = ()

    def initial(self, mode: int | None = None) -> State:
        """The state at power-up, in the initial mode of the table unless told."""
        start = self.table.initial_mode if mode is None else mode
        return State(start, (INITIAL_STATE,) * len(self.table.monitors), (), self._quiet, 0)

    def step(
        self,
        state: State,
        readings: Sequence[int],
        request: int = NO_REQUEST,
        clear: int = 0,
    ) -> tuple[State, tuple[Action, ...]]:
        """The next state and the actions.

        `readings` has one of `monitors.READING_NAMES` for each monitor, `request` is a mode,
        SAFE_REQUEST or NO_REQUEST, bit k of `clear` unlatches fault k.
        """
        asked = request != NO_REQUEST or clear
        if state is self._fixed_state and not asked and readings == self._fixed_readings:
            return state, ()
        counted, values = self._count(state, readings)
        faults, masks, actions = self._respond(state, values, clear)
        live = self._live(faults)
        mode, moves = graph.next_mode(self.table.graph, state.mode, values, request, live)
        after = State(mode, counted, masks, faults, state.resets)
        if after != state:
            return after, (*actions, *moves)
        if not (actions or moves or asked):
            self._fixed_state, self._fixed_readings = state, list(readings)
        return state, (*actions, *moves)

    def values(self, state: State, readings: Sequence[int]) -> list[int]:
        """What each monitor would answer in a step with these readings."""
        return self._count(state, readings)[1]

    def reset(self, state: State, within_window: bool) -> tuple[State, tuple[Action, ...]]:
        """What a restarted computer begins with.

        Monitors begin anew, faults survive if so declared, the mode is the one to resume.
        `within_window` says whether the last reset was less than the budget's window ago.
        """
        table = self.table
        resets = min(state.resets + 1, table.reset_count + 1) if within_window else 1
        over = resets > table.reset_count
        mode, entry = graph.after_reset(table.graph, state.mode, over)
        kept = zip(state.faults, table.survives_reset, strict=True)
        faults = tuple(after_reset(fault, survives) for fault, survives in kept)
        values = (("resets", resets), ("mode", table.mode_names[mode]))
        event = Event("RESET_BUDGET_SPENT" if over else "COMPUTER_RESET", values)
        fresh = self.initial(mode)._replace(faults=faults, resets=resets)
        return fresh, (event, *entry)

    def _count(self, state: State, readings: Sequence[int]) -> tuple[tuple[int, ...], list[int]]:
        if state.masks:
            readings = list(readings)
            for monitor, _ in state.masks:
                readings[monitor] = HIDDEN
        transitions, conditions = self.table.watch[state.mode]
        before = state.monitors
        cells = [
            row[at * READINGS + reading]
            for row, at, reading in zip(transitions, before, readings, strict=True)
        ]
        values = [value for _, value in cells]
        for i, valid in conditions:  # in an order in which they only look back
            if (known := valid(values)) != TRUE:
                hidden = HIDDEN if readings[i] == HIDDEN else FROZEN
                reading = NOT_VALID if known == FALSE else hidden
                cells[i] = transitions[i][before[i] * READINGS + reading]
                values[i] = cells[i][1]
        return tuple([after for after, _ in cells]), values

    def _respond(
        self, state: State, values: Sequence[int], clear: int
    ) -> tuple[tuple[FaultState, ...], tuple[tuple[int, int], ...], list[Action]]:
        rows = self.table.faults[state.mode]
        work = Work(self._claimed(state))
        raised = self._raised(state.mode, values)
        if not raised and state.faults is self._quiet:
            return self._quiet, _masks(state.masks, ()), []
        faults: list[FaultState] = []
        for k, before in enumerate(state.faults):
            if before is QUIET and not raised >> k & 1:
                faults.append(QUIET)
            else:
                faults.append(step_fault(rows[k], before, values, bool(clear >> k & 1), work))
        kept = self._quiet if faults.count(QUIET) == len(faults) else tuple(faults)
        return kept, _masks(state.masks, work.masks), work.actions

    def _raised(self, mode: int, values: Sequence[int]) -> int:
        """Bits of the faults that a true monitor may raise, and of those that need none."""
        always, evidence = self.table.triggers[mode]
        raised = always
        for i, faults in evidence:
            if values[i] == TRUE:
                raised |= faults
        return raised

    def _claimed(self, state: State) -> int:
        claimed = 0
        if state.faults is not self._quiet:
            for row, fault in zip(self.table.faults[state.mode], state.faults, strict=True):
                claimed |= claims_of(row, fault)
        return claimed

    def _live(self, faults: Sequence[FaultState]) -> int:
        if faults is self._quiet:
            return 0
        return sum(1 << k for k, fault in enumerate(faults) if fault.status)


def _masks(
    before: tuple[tuple[int, int], ...], begun: Sequence[tuple[int, int]]
) -> tuple[tuple[int, int], ...]:
    """Masks count down by a step; where two overlap the longer one stands."""
    if not before and not begun:
        return ()
    left = {monitor: steps - 1 for monitor, steps in before if steps > 1}
    for monitor, steps in begun:
        left[monitor] = max(steps, left.get(monitor, 0))
    return tuple(sorted(left.items()))
