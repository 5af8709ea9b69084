"""The table of a vehicle compiled for the engine: names to indices, seconds to steps, expressions
to functions of one mode.

Monitors stand in an order in which `valid_when` only looks back; faults in the order of priority.
`longest` shortens every count, timeout and mask to at most so many steps, for the exhaustive walk.
"""

from __future__ import annotations

import functools
import math
from array import array
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from onboard.core._core import ffi, lib
from onboard.dictionary import protection as rows
from onboard.fault_protection import monitors
from onboard.fault_protection.actions import MODES, PROTECTION, Command
from onboard.fault_protection.expression import (
    FALSE,
    TRUE,
    And,
    Evaluator,
    Node,
    Not,
    compile_in_mode,
    evaluate,
    monitors_of,
    parse,
)
from onboard.fault_protection.monitors import Reader, Rule, Transitions
from onboard.fault_protection.responses import Fault, Tier
from onboard.modes.graph import Edge, Graph, Mode

MODE_SET = "MODE_SET"
SAFE = "SAFE"


class Watch(NamedTuple):
    """The monitors in one mode."""

    transitions: tuple[Transitions, ...]
    conditions: tuple[tuple[int, Evaluator], ...]  # (monitor, valid_when) where it must be asked


class Triggers(NamedTuple):
    """Which faults may become true in one mode; bit k is fault k.

    In Kleene's logic an expression that is true without a true monitor is true when all are false.
    """

    always: int  # true although all monitors are false
    evidence: tuple[tuple[int, int], ...]  # (monitor, faults that look at it)


@dataclass(frozen=True)
class Table:
    """One vehicle's table, ready for `engine.Engine`. Indices are positions in the name tuples."""

    monitors: tuple[str, ...]
    fault_names: tuple[str, ...]
    mode_names: tuple[str, ...]
    rules: tuple[Rule, ...]
    watch: tuple[Watch, ...]  # [mode]
    faults: tuple[tuple[Fault, ...], ...]  # [mode][fault]
    triggers: tuple[Triggers, ...]  # [mode]
    survives_reset: tuple[bool, ...]
    graph: Graph
    initial_mode: int
    reset_count: int
    reset_window_s: float
    step_hz: int


def compile_table(protection: rows.Protection, longest: int | None = None) -> Table:
    """Compile a table whose names resolve and whose `valid_when` do not loop.

    Campaigns compile the same few tables thousands of times, at 0.1 s each: the last ones are kept.
    """
    return _compiled(_Source(protection.model_dump_json(), protection), longest)


@dataclass(frozen=True)
class _Source:
    """A table that equals another by what it says."""

    text: str
    rows: rows.Protection = field(compare=False)


@functools.lru_cache(maxsize=4)
def _compiled(source: _Source, longest: int | None) -> Table:
    return _Compiler(source.rows, longest).table()


def monitor_order(protection: rows.Protection) -> list[str]:
    """Monitor names with those that a `valid_when` looks at first; raises on a loop."""
    ordered: list[str] = []
    waiting = {
        name: monitors_of(parse(row.valid_when)) if row.valid_when else frozenset()
        for name, row in protection.monitor.items()
    }
    while waiting:
        ready = [name for name, needs in waiting.items() if not needs & waiting.keys()]
        if not ready:
            raise rows.TableError(f"valid_when loops through {', '.join(sorted(waiting))}")
        ordered += ready
        for name in ready:
            del waiting[name]
    return ordered


def fault_order(protection: rows.Protection) -> list[str]:
    return sorted(protection.fault, key=lambda name: protection.fault[name].priority)


def mode_order(protection: rows.Protection) -> list[str]:
    return sorted(protection.mode, key=lambda name: protection.mode[name].number)


def steps(seconds: float, step_hz: int) -> int:
    """The engine steps in a time, rounded up, at least one."""
    return max(1, math.ceil(round(seconds * step_hz, 6)))


def matches(action: rows.Action, pattern: rows.Action) -> bool:
    """Whether an action is the pattern's command with all of the pattern's arguments."""
    return action.command == pattern.command and all(
        action.arguments.get(name) == value for name, value in pattern.arguments.items()
    )


def is_event_ending(action: rows.Action, protection: rows.Protection) -> bool:
    return any(matches(action, pattern) for pattern in protection.globals.event_ending)


def targets(action: rows.Action, mode: rows.Mode) -> str | None:
    """The mode that an action leads to from `mode`."""
    if action.command == MODE_SET:
        return str(action.arguments.get("mode"))
    return mode.fallback if action.command == SAFE else None


def rule_of(row: rows.Monitor, longest: int | None = None) -> Rule:
    """The counts of a monitor. A check of age reads neither stale nor error."""
    when_stale = "trip" if isinstance(row, rows.Stale | rows.Gap) else row.when_stale
    persistence, clear = _at_most(row.persistence, longest), _at_most(row.clear, longest)
    return Rule(persistence, clear, when_stale, row.when_error)


def _at_most(count: int, longest: int | None) -> int:
    return count if longest is None else min(count, longest)


def compile_command(action: rows.Action, source: str) -> Command:
    return Command(action.command, tuple(action.arguments.items()), source)


class _Compiler:
    def __init__(self, protection: rows.Protection, longest: int | None) -> None:
        self.rows = protection
        self.longest = longest
        self.monitors = monitor_order(protection)
        self.faults = fault_order(protection)
        self.modes = mode_order(protection)
        self.monitor_index = {name: i for i, name in enumerate(self.monitors)}
        self.mode_index = {name: i for i, name in enumerate(self.modes)}
        self.resource_bit = {name: 1 << i for i, name in enumerate(protection.globals.resources)}

    def table(self) -> Table:
        rules = tuple(rule_of(self.rows.monitor[name], self.longest) for name in self.monitors)
        tabulated = {rule: monitors.transitions(rule) for rule in set(rules)}
        budget = self.rows.globals.reset_budget
        return Table(
            monitors=tuple(self.monitors),
            fault_names=tuple(self.faults),
            mode_names=tuple(self.modes),
            rules=rules,
            watch=tuple(self.watch([tabulated[r] for r in rules], mode) for mode in self.modes),
            faults=tuple(tuple(self.fault(f, mode) for f in self.faults) for mode in self.modes),
            triggers=tuple(self.triggers(mode) for mode in self.modes),
            survives_reset=tuple(self.response(f).survives_reset for f in self.faults),
            graph=tuple(self.mode(name) for name in self.modes),
            initial_mode=self.mode_index[self.rows.globals.initial_mode],
            reset_count=_at_most(budget.count, self.longest),
            reset_window_s=budget.window_s,
            step_hz=self.rows.globals.step_hz,
        )

    def steps(self, seconds: float) -> int:
        return _at_most(steps(seconds, self.rows.globals.step_hz), self.longest)

    def bits(self, resources: list[str]) -> int:
        return sum(self.resource_bit[name] for name in resources)

    def expression(self, text: str, mode: str, empty: int = TRUE) -> Evaluator | int:
        return compile_in_mode(parse(text), self.monitor_index, mode) if text else empty

    def response(self, fault: str) -> rows.Response:
        return self.rows.response[self.rows.fault[fault].response]

    def watch(self, transitions: list[Transitions], mode: str) -> Watch:
        """Where a monitor is never valid, every entry is that of a masked one."""
        conditions: list[tuple[int, Evaluator]] = []
        for i, name in enumerate(self.monitors):
            valid = self.expression(self.rows.monitor[name].valid_when, mode)
            if not isinstance(valid, int):
                conditions.append((i, valid))
            elif valid == FALSE:
                transitions[i] = monitors.masked(transitions[i])
        return Watch(tuple(transitions), tuple(conditions))

    def fault(self, name: str, mode: str) -> Fault:
        row, response = self.rows.fault[name], self.response(name)
        return Fault(
            name=name,
            value=self.expression(row.when, mode),
            latch=response.latch,
            clear_when=self.expression(response.clear_when, mode, empty=FALSE),
            tiers=tuple(self.tier(tier, row.when, mode) for tier in response.tier),
        )

    def triggers(self, mode: str) -> Triggers:
        always, evidence = 0, dict.fromkeys(range(len(self.monitors)), 0)
        for k, name in enumerate(self.faults):
            node = parse(self.rows.fault[name].when)
            for monitor in monitors_of(node):
                evidence[self.monitor_index[monitor]] |= 1 << k
            if evaluate(node, dict.fromkeys(self.monitors, FALSE), mode) == TRUE:
                always |= 1 << k
        return Triggers(always, tuple((i, faults) for i, faults in evidence.items() if faults))

    def tier(self, row: rows.Tier, when: str, mode: str) -> Tier:
        success = parse(row.success) if row.success else Not(parse(when))
        return Tier(
            command=compile_command(row.action, PROTECTION),
            allowed=self.allowed(row, mode),
            success=compile_in_mode(success, self.monitor_index, mode),
            timeout=self.steps(row.timeout_s),
            tries=_at_most(row.tries, self.longest),
            claims=self.bits(row.claims),
            keeps=self.bits(row.keeps),
            masks=tuple((self.monitor_index[m.monitor], self.steps(m.for_s)) for m in row.masks),
        )

    def allowed(self, row: rows.Tier, mode: str) -> Evaluator | int:
        """The modes and guard of a tier, and the policy of a critical mode."""
        policy = self.rows.mode[mode]
        if mode not in row.modes:
            return FALSE
        guards: list[Node] = [parse(row.guard)] if row.guard else []
        ends = policy.policy == "finish" and is_event_ending(row.action, self.rows)
        if ends and policy.finished_when:
            guards.append(parse(policy.finished_when))
        return compile_in_mode(And(tuple(guards)), self.monitor_index, mode)

    def mode(self, name: str) -> Mode:
        row = self.rows.mode[name]
        return Mode(
            name=name,
            number=row.number,
            kind=row.kind,
            entry=tuple(compile_command(action, MODES) for action in row.entry),
            exit_guard=self.expression(row.exit_guard, name),
            edges=tuple(
                Edge(self.mode_index[e.to], self.expression(e.when, name), e.command)
                for e in row.edge
            ),
            fallback=self.mode_index[row.fallback or name],
            finishes=row.policy == "finish",
            finished_when=self.expression(row.finished_when, name),
            after_reset=self.mode_index[row.after_reset],
            led_by=sum(1 << k for k, fault in enumerate(self.faults) if self.leads(fault, name)),
        )

    def leads(self, fault: str, mode: str) -> bool:
        actions = [tier.action for tier in self.response(fault).tier]
        return any(
            targets(action, origin) == mode
            for action in actions
            for name, origin in self.rows.mode.items()
            if name != mode
        )


def channels_of(protection: rows.Protection) -> tuple[str, ...]:
    """Every channel that the monitors look at, in the order of `monitor_order`."""
    names: dict[str, None] = {}
    for name in monitor_order(protection):
        row = protection.monitor[name]
        names[row.channel] = None
        if isinstance(row, rows.Consistency):
            names[row.other] = None
    return tuple(names)


def readers(protection: rows.Protection) -> tuple[tuple[Reader, ...], array[float]]:
    """One reader per monitor over the channels of `channels_of`, and the memory they share.

    Before each round the caller writes the time of the step in nanoseconds into `memory[0]`; then
    come the sample before and its time for each monitor.
    """
    index = {name: i for i, name in enumerate(channels_of(protection))}
    ordered = [protection.monitor[name] for name in monitor_order(protection)]
    memory = array("d", [0.0, *[monitors.NAN] * (2 * len(ordered))])
    made = (_reader(row, index, memory, 1 + 2 * i) for i, row in enumerate(ordered))
    return tuple(made), memory


class PythonReaders:
    """`core.fault.FaultReaders` in Python: the same readings, the same hash."""

    def __init__(self, protection: rows.Protection) -> None:
        self._readers, self._memory = readers(protection)

    def read(self, now_ns: int, values: Sequence[float], ages: Sequence[int]) -> list[int]:
        """One of `monitors.READING_NAMES` for each monitor."""
        self._memory[0] = now_ns
        return [reader(values, ages) for reader in self._readers]

    def forget(self) -> None:
        """Begin anew, without earlier samples."""
        for i in range(1, len(self._memory)):
            self._memory[i] = monitors.NAN

    def state_hash(self, h: int) -> int:
        """Chain what is remembered of earlier samples."""
        samples = ffi.from_buffer("double[]", self._memory) + 1
        return int(lib.ob_hash_f64s(h, samples, len(self._memory) - 1))


def _reader(row: rows.Monitor, index: dict[str, int], memory: array[float], at: int) -> Reader:
    channel = index[row.channel]
    if isinstance(row, rows.Stale):
        return monitors.stale(channel, nanoseconds(row.enter_s), nanoseconds(row.exit_s))
    if isinstance(row, rows.Gap):
        return monitors.gap(channel, nanoseconds(row.enter_s), nanoseconds(row.exit_s), memory, at)
    old = nanoseconds(row.stale_after_s)
    match row:
        case rows.Limits():
            return monitors.limits(channel, old, _bounds(row.enter), _bounds(row.exit))
        case rows.Within():
            return monitors.within(channel, old, _bounds(row.enter), _bounds(row.exit))
        case rows.Expected():
            return monitors.expected(channel, old, row.value)
        case rows.Delta():
            return monitors.delta(channel, old, row.enter, row.exit, memory, at)
        case rows.Rate():
            return monitors.rate(channel, old, row.enter, row.exit, memory, at)
        case rows.Stuck():
            return monitors.stuck(channel, old, row.tolerance, memory, at)
        case rows.Consistency():
            pair = (channel, index[row.other])
            return monitors.consistency(pair, old, row.scale, row.offset, row.enter, row.exit)


def _bounds(limits: rows.Range) -> Sequence[float]:
    return (
        -math.inf if limits.low is None else limits.low,
        math.inf if limits.high is None else limits.high,
    )


def nanoseconds(seconds: float) -> int:
    """A time of the table in nanoseconds; up to 1e6 s, so that a double holds it exactly."""
    return round(seconds * 1e9)
