"""The walk: the real engine, breadth first, one or two causes at work on a slice of a table."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from onboard.dictionary import protection as rows
from onboard.dictionary.protection import Protection
from onboard.fault_protection.actions import Action, Command, Event
from onboard.fault_protection.causes import LONGEST, Cause
from onboard.fault_protection.checks import never_together
from onboard.fault_protection.engine import Engine, State
from onboard.fault_protection.expression import FALSE, TRUE, evaluate, parse
from onboard.fault_protection.monitors import CLEAR, READING_NAMES, TRIP
from onboard.fault_protection.responses import ACTIVE, BLOCKED, QUIET, FaultState, value_of
from onboard.fault_protection.table import (
    MODE_SET,
    SAFE,
    Table,
    compile_table,
    is_event_ending,
    matches,
)
from onboard.modes.graph import NO_REQUEST, SAFE_REQUEST

ACTS = 32
"""Steps in which tiers begin tries that a `Run` tells, the first of them."""


class Step(NamedTuple):
    """One step of the environment."""

    scene: str  # the mode whose conditions hold
    forced: tuple[tuple[str, int], ...]  # readings of the causes
    request: str = ""  # a mode, SAFE, or nothing
    reset: str = ""  # within_window, alone, or nothing


class Course(NamedTuple):
    """Readings in time: `first` for `delay` steps, from the settled state of mode `scene`, then
    `combination` for ever."""

    scene: int
    combination: int
    first: int = 0
    delay: int = 0


class Run(NamedTuple):
    """What a course led to, in steps from when its combination began; the first such step is 1."""

    steps: int  # to the fixed point
    mode: int  # when the combination began
    raised: dict[str, int]  # fault: when it was raised
    answered: dict[str, int]  # fault: when its first command was issued
    acted: tuple[int, ...]  # when a tier of any response began a try, the first `ACTS`


class Node(NamedTuple):
    """A state of the walk."""

    state: State
    scene: int
    request: int  # of the engine's own command, to be served in the next step
    issued: int  # bits of the actions of `never_together` in this critical event


@dataclass(frozen=True)
class Violation:
    """A broken property with the shortest way there, replayable by `replay`."""

    rule: str
    problem: str
    causes: tuple[str, ...]
    start: str
    steps: tuple[Step, ...]

    longest: int | None = LONGEST  # steps to which the table's counts were shortened

    def as_json(self) -> dict[str, Any]:
        """Stable keys; readings by name."""
        return {
            "rule": self.rule,
            "problem": self.problem,
            "causes": list(self.causes),
            "longest": self.longest,
            "start": self.start,
            "steps": [
                {
                    "conditions_of": step.scene,
                    "readings": {name: READING_NAMES[r] for name, r in step.forced},
                    "request": step.request,
                    "reset": step.reset,
                }
                for step in self.steps
            ],
        }

    def __str__(self) -> str:
        lines = [f"{self.rule}: {self.problem}", f"  begin settled in {self.start}"]
        for number, step in enumerate(self.steps, 1):
            told = [f"{name} {READING_NAMES[reading]}" for name, reading in step.forced]
            told += [f"request {step.request}"] if step.request else []
            told += [f"reset {step.reset}"] if step.reset else []
            lines.append(f"  {number}. as in {step.scene}: {', '.join(told) or 'nothing wrong'}")
        return "\n".join(lines)


class Walk:
    """One slice walked with one or two causes.

    Properties, at every transition: `severity` (a live fault is not dropped and no tier becomes
    unspent; a safe mode is not left while a fault that led there lives), `finish-event` (a critical
    mode is left only for another one or once its event is finished, and no action ends it before),
    `never-together`, `after-reset` (only what survives is restored, and a critical event goes on).
    Of constant readings from every state: `settling` (a fixed point is reached; a cycle is named),
    `deadlock` (in it no response waits for a resource), `live-cause` (in it the ground cannot leave
    a safe mode while the readings still raise a fault that led there).
    """

    def __init__(
        self,
        protection: Protection,
        causes: Sequence[Cause],
        longest: int | None = LONGEST,
        disturbed: bool | None = None,
    ) -> None:
        """`disturbed`: the ground asks and the computer is reset at every step; absent: where one
        cause is alone."""
        self.rows = protection
        self.causes = tuple(causes)
        self.disturbed = len(causes) == 1 if disturbed is None else disturbed
        self.longest = longest
        self.table: Table = compile_table(protection, longest)
        self.engine = Engine(self.table)
        self.index = {name: i for i, name in enumerate(self.table.monitors)}
        self.scenes = tuple(self._scene(mode) for mode in self.table.mode_names)
        self.combinations = self._combinations()
        combined = self.combinations
        self.steps = tuple(
            tuple((Step(mode, forced), self.readings(scene, forced)) for forced in combined)
            for scene, mode in enumerate(self.table.mode_names)
        )
        self.following = tuple(self._following(i) for i in range(len(self.scenes)))
        self.patterns = [p for group in protection.globals.never_together for p in group]
        self.groups = self._groups()
        self.ending = self._ending_commands()
        self.raisers = tuple(self._led_by(i) for i in range(len(self.scenes)))
        self.violations: list[Violation] = []
        self.nodes: list[Node] = []
        self.number: dict[Node, int] = {}
        self.parents: list[tuple[int, Step] | None] = []
        self.depths: list[int] = []
        self.constant: list[list[int]] = []  # [node][combination]: node after unchanged readings
        self.transitions = 0

    # -- what the environment can do

    def _scene(self, mode: str) -> tuple[int, ...]:
        holds = self.rows.mode[mode].holds
        return tuple(TRIP if name in holds else CLEAR for name in self.table.monitors)

    def _combinations(self) -> tuple[tuple[tuple[str, int], ...], ...]:
        options = [((), *cause.options) for cause in self.causes]
        joined = (tuple(dict(sum(choice, ())).items()) for choice in itertools.product(*options))
        return tuple(dict.fromkeys(joined))

    def _following(self, scene: int) -> tuple[int, ...]:
        automatic = {e.target for e in self.table.graph[scene].edges if not e.by_command}
        return tuple(sorted(automatic))

    def readings(self, scene: int, forced: tuple[tuple[str, int], ...]) -> list[int]:
        """The conditions of a mode with some readings forced."""
        readings = list(self.scenes[scene])
        for name, reading in forced:
            readings[self.index[name]] = reading
        return readings

    def _requests(self, node: Node) -> Iterator[int]:
        """What the ground may ask for, while no command of the engine's own is under way."""
        if node.request != NO_REQUEST:
            return
        row = self.table.graph[node.state.mode]
        yield from sorted({edge.target for edge in row.edges if edge.by_command})
        if row.fallback != node.state.mode:
            yield SAFE_REQUEST

    def request_name(self, request: int) -> str:
        """A mode, or SAFE."""
        return SAFE if request == SAFE_REQUEST else self.name(request)

    # -- what the table forbids

    def _groups(self) -> tuple[int, ...]:
        groups, at = [], 0
        for group in self.rows.globals.never_together:
            groups.append(((1 << len(group)) - 1) << at)
            at += len(group)
        return tuple(groups)

    def _ending_commands(self) -> frozenset[Command]:
        return frozenset(
            tier.command
            for mode in self.table.faults
            for fault in mode
            for tier in fault.tiers
            if is_event_ending(action_of(tier.command), self.rows)
        )

    def _led_by(self, mode: int) -> tuple[tuple[int, Any], ...]:
        bits = self.table.graph[mode].led_by
        return tuple(
            (k, parse(self.rows.fault[name].when))
            for k, name in enumerate(self.table.fault_names)
            if bits >> k & 1
        )

    # -- the search

    @property
    def states(self) -> int:
        """States that `run` visited."""
        return len(self.nodes)

    @property
    def depth(self) -> int:
        """Steps to the state that is furthest from a start."""
        return max(self.depths)

    def run(self) -> None:
        """Visit every reachable state, then follow every constant input to its end."""
        for scene in range(len(self.scenes)):
            self._visit(self.settled(scene), None, 0)
        at = 0
        while at < len(self.nodes):
            self._expand(at)
            at += 1
        for combination in range(len(self.combinations)):
            self._settle(combination)

    def _visit(self, node: Node, parent: tuple[int, Step] | None, depth: int) -> int:
        number = self.number.setdefault(node, len(self.nodes))
        if number == len(self.nodes):
            self.nodes.append(node)
            self.parents.append(parent)
            self.depths.append(depth)
        return number

    def settled(self, scene: int) -> Node:
        """The state in which nothing has been wrong for long."""
        state = self.engine.initial(scene)
        for _ in range(2 * max(rule.clear + rule.persistence for rule in self.table.rules)):
            state, _ = self.engine.step(state, self.scenes[scene])
            state = state._replace(mode=scene)
        return Node(state, scene, NO_REQUEST, 0)

    def _expand(self, at: int) -> None:
        node, depth = self.nodes[at], self.depths[at] + 1
        constant: list[int] = []
        for step, readings in self.steps[node.scene]:
            after = self._step(at, node.scene, step, readings, node.request)
            constant.append(self._visit(after, (at, step), depth))
        self.constant.append(constant)
        for scene in self.following[node.scene]:
            for step, readings in self.steps[scene]:
                after = self._step(at, scene, step, readings, node.request)
                self._visit(after, (at, step), depth)
        if self.disturbed:
            self._disturb(at, depth)

    def _disturb(self, at: int, depth: int) -> None:
        """What the ground and the computer do: a request for a mode, a reset."""
        node = self.nodes[at]
        for request in self._requests(node):
            for step, readings in self.steps[node.scene]:
                asked = step._replace(request=self.request_name(request))
                after = self._step(at, node.scene, asked, readings, request)
                self._visit(after, (at, asked), depth)
        for within in (False, True):
            reset, after = self._reset(at, within)
            self._visit(after, (at, reset), depth)

    def _step(self, at: int, scene: int, step: Step, readings: list[int], request: int) -> Node:
        node = self.nodes[at]
        state, actions = self.engine.step(node.state, readings, request)
        self.transitions += 1
        critical = self._critical(node.state.mode)
        issued = node.issued if critical else 0
        for action in actions:
            if critical and isinstance(action, Command):
                issued |= self.mark(action)
                if action in self.ending and self._unfinished(node, readings):
                    self._violate("finish-event", f"{action.name} in a critical mode", at, step)
        after = Node(state, self._after_move(node, state, scene), self.request_of(actions), issued)
        self._check(at, after, step, readings)
        return after

    def _after_move(self, node: Node, state: State, scene: int) -> int:
        """Where no phase drives the mode, the conditions become those of the mode."""
        moved = state.mode != node.state.mode
        return state.mode if moved and not self.rows.mode[self.name(state.mode)].holds else scene

    def name(self, mode: int) -> str:
        """The name of a mode."""
        return self.table.mode_names[mode]

    def _critical(self, mode: int) -> bool:
        return self.table.graph[mode].kind == "critical"

    def _unfinished(self, node: Node, readings: list[int]) -> bool:
        mode = self.table.graph[node.state.mode]
        if mode.kind != "critical":
            return False
        values = self.engine.values(node.state, readings)
        done = mode.finished_when
        return (done if isinstance(done, int) else done(values)) != TRUE

    def mark(self, command: Command) -> int:
        """Bits of the command in the lists of `never_together`."""
        row = action_of(command)
        return sum(1 << k for k, pattern in enumerate(self.patterns) if matches(row, pattern))

    def request_of(self, actions: Iterable[Action]) -> int:
        """What the mode manager is asked by the engine's own commands; SAFE wins."""
        request = NO_REQUEST
        for action in actions:
            if isinstance(action, Command) and action.name == SAFE:
                return SAFE_REQUEST
            if isinstance(action, Command) and action.name == MODE_SET:
                request = self.table.mode_names.index(str(dict(action.arguments)["mode"]))
        return request

    def _reset(self, at: int, within: bool) -> tuple[Step, Node]:
        node, names = self.nodes[at], self.table.mode_names
        state, _ = self.engine.reset(node.state, within)
        step = Step(names[node.scene], (), reset="within_window" if within else "alone")
        for name, before, after in zip(
            self.table.fault_names, node.state.faults, state.faults, strict=True
        ):
            survives = self.table.survives_reset[self.table.fault_names.index(name)]
            if survives and before.status and (not after.status or before.spent & ~after.spent):
                self._violate("after-reset", f"{name} is forgotten", at, step)
            if not survives and after != QUIET:
                self._violate("after-reset", f"{name} is restored", at, step)
        if self._critical(node.state.mode) and state.mode != node.state.mode:
            self._violate("after-reset", "a reset leaves the critical event", at, step)
        return step, Node(state, node.scene, NO_REQUEST, node.issued)

    # -- properties

    def _check(self, at: int, after: Node, step: Step, readings: list[int]) -> None:
        node = self.nodes[at]
        before, now = node.state, after.state
        for k, (old, new) in enumerate(zip(before.faults, now.faults, strict=True)):
            if old is not new and old.status:
                self._check_fault(at, k, new, step, readings)
        if now.mode != before.mode:
            self._check_move(at, after, step, readings)
        for group in self.groups:
            if after.issued & group == group and node.issued & group != group:
                self._violate("never-together", "actions of one list all issued", at, step)

    def _check_fault(
        self, at: int, k: int, after: FaultState, step: Step, readings: list[int]
    ) -> None:
        """A live fault is dropped by a false expression only, and spent tiers stay spent."""
        before, fault = self.nodes[at].state, self.table.faults[self.nodes[at].state.mode][k]
        if after.status and before.faults[k].spent & ~after.spent:
            self._violate("severity", f"a spent tier of {fault.name} comes back", at, step)
        if after.status:
            return
        values = self.engine.values(before, readings)
        if value_of(fault.value, values) != FALSE:
            self._violate("severity", f"{fault.name} is dropped while it lives", at, step)

    def _check_move(self, at: int, after: Node, step: Step, readings: list[int]) -> None:
        node = self.nodes[at]
        left, entered = self.table.graph[node.state.mode], self.table.graph[after.state.mode]
        if entered.kind != "critical" and self._unfinished(node, readings):
            problem = f"{left.name} to {entered.name} before it is finished"
            self._violate("finish-event", problem, at, step)
        if left.kind == "terminal":
            self._violate("severity", f"{left.name}, which is terminal, is left", at, step)
        live = sum(1 << k for k, fault in enumerate(after.state.faults) if fault.status)
        if left.kind == "safe" and left.led_by & live:
            self._violate("severity", f"{left.name} is left with a live fault", at, step)

    def _settle(self, combination: int) -> None:
        """Follow the one edge of each state under constant readings to where it ends."""
        done = bytearray(len(self.nodes))  # 1: seen in this run, 2: seen before
        for start in range(len(self.nodes)):
            path: list[int] = []
            at = start
            while not done[at]:
                done[at] = 1
                path.append(at)
                at = self.constant[at][combination]
            if done[at] == 1:
                self._check_end(path[path.index(at) :], combination)
            for number in path:
                done[number] = 2

    def _check_end(self, cycle: list[int], combination: int) -> None:
        at, forced = cycle[0], self.combinations[combination]
        node = self.nodes[at]
        step = Step(self.name(node.scene), forced)
        if len(cycle) > 1:
            problem = self.cycle_problem([self.nodes[n].state.mode for n in cycle])
            self._violate("settling", problem, at, step)
            return
        for name, fault in zip(self.table.fault_names, node.state.faults, strict=True):
            waits = fault.phase == BLOCKED and fault.status == ACTIVE
            if waits and not self._on_purpose(name, node):
                self._violate("deadlock", f"{name} waits for ever for a resource", at, step)
        if self.table.graph[node.state.mode].kind == "safe":
            self._check_leaving(at, step)

    def _on_purpose(self, fault: str, node: Node) -> bool:
        """Whether an action that must not come together with its own keeps what it waits for."""
        rows_ = self.table.faults[node.state.mode]
        wanted = rows_[self.table.fault_names.index(fault)].tiers
        return any(
            never_together(self.rows, action_of(tier.command), action_of(keeper.command))
            for row, state in zip(rows_, node.state.faults, strict=True)
            if row.name != fault
            for keeper in row.tiers
            for tier in wanted
            if state.kept & keeper.keeps & tier.claims
        )

    def _check_leaving(self, at: int, step: Step) -> None:
        """In a settled safe mode, ask for every way out while the readings raise a fault."""
        node = self.nodes[at]
        readings = self.readings(node.scene, step.forced)
        raw = {
            name: TRUE if reading == TRIP else FALSE
            for name, reading in zip(self.table.monitors, readings, strict=True)
        }
        alive = [
            self.table.fault_names[k]
            for k, when in self.raisers[node.state.mode]
            if self._raised(when, raw)
        ]
        for request in self._requests(node):
            state, _ = self.engine.step(node.state, readings, request)
            if state.mode != node.state.mode and alive:
                problem = f"{self.name(node.state.mode)} is left while {alive[0]} lives"
                asked = step._replace(request=self.request_name(request))
                self._violate("live-cause", problem, at, asked)

    def _raised(self, when: Any, raw: Mapping[str, int]) -> bool:
        return any(evaluate(when, raw, mode) == TRUE for mode in self.table.mode_names)

    def cycle_problem(self, modes: Sequence[int]) -> str:
        """What is wrong with a cycle of states in these modes."""
        names = " -> ".join(map(self.name, modes))
        return f"constant readings never settle: {len(modes)} states, modes {names}"

    def never_settles(self, scene: int, step: Step) -> None:
        """Note that constant readings never settle with this table's own counts."""
        problem = "constant readings never settle, with the full counts"
        self.add_violation("settling", problem, (self.name(scene), (step,)))

    def _violate(self, rule: str, problem: str, at: int, last: Step) -> None:
        steps = [last]
        while (parent := self.parents[at]) is not None:
            at, step = parent
            steps.append(step)
        start = self.name(self.nodes[at].state.mode)
        self.add_violation(rule, problem, (start, tuple(reversed(steps))))

    def add_violation(self, rule: str, problem: str, trace: tuple[str, tuple[Step, ...]]) -> None:
        """Note a violation with its trace; of one kind the first is the shortest."""
        if any(v.rule == rule and v.problem == problem for v in self.violations):
            return
        names = tuple(cause.name for cause in self.causes)
        start, steps = trace
        self.violations.append(Violation(rule, problem, names, start, steps, self.longest))

    # -- times

    def hold(self, course: Course) -> Run | None:
        """Follow a course until nothing changes any more; None if that never comes."""
        scene = self.steps[course.scene]
        node = self.settled(course.scene)
        for _ in range(course.delay):
            node, _ = self._held(node, scene[course.first][1])
        run, seen = Run(0, node.state.mode, {}, {}, ()), {node}
        for number in itertools.count(1):
            after, actions = self._held(node, scene[course.combination][1])
            for fault in _faults_of(actions, "FAULT_ACTIVE"):
                run.raised.setdefault(fault, number)
            for fault in (tried := _faults_of(actions, "RESPONSE_TIER")):
                run.answered.setdefault(fault, number)
            if tried and len(run.acted) < ACTS:
                run = run._replace(acted=(*run.acted, number))
            if after == node:
                return run._replace(steps=number - 1)
            if after in seen:
                return None
            seen.add(after)
            node = after
        raise AssertionError("itertools.count does not end")

    def _held(self, node: Node, readings: list[int]) -> tuple[Node, tuple[Action, ...]]:
        state, actions = self.engine.step(node.state, readings, node.request)
        return Node(state, node.scene, self.request_of(actions), 0), actions


def _faults_of(actions: Iterable[Action], event: str) -> list[str]:
    """The faults that events of this name are about."""
    return [
        str(dict(action.values)["fault"])
        for action in actions
        if isinstance(action, Event) and action.name == event
    ]


def action_of(command: Command) -> rows.Action:
    """The action of the table that a command came from."""
    return rows.Action(command=command.name, arguments=dict(command.arguments))


def replay(protection: Protection, violation: Mapping[str, Any]) -> list[tuple[str, State]]:
    """Run a violation's trace (`Violation.as_json`) on the engine of the whole table.

    Returns the mode and the state before the first step and after each, so that the last pair shows
    the broken property. The table's counts are shortened as in the walk that found it.
    """
    walk = Walk(protection, (), longest=violation["longest"])
    node = walk.settled(walk.table.mode_names.index(violation["start"]))
    trace = [(walk.name(node.state.mode), node.state)]
    for step in violation["steps"]:
        node = _replayed(walk, node, step)
        trace.append((walk.name(node.state.mode), node.state))
    return trace


def _replayed(walk: Walk, node: Node, step: Mapping[str, Any]) -> Node:
    if step["reset"]:
        state, _ = walk.engine.reset(node.state, within_window=step["reset"] == "within_window")
        return node._replace(state=state, request=NO_REQUEST)
    names = walk.table.mode_names
    forced = tuple((n, READING_NAMES.index(r)) for n, r in step["readings"].items())
    asked = step["request"]
    request = names.index(asked) if asked in names else SAFE_REQUEST if asked else node.request
    readings = walk.readings(names.index(step["conditions_of"]), forced)
    state, actions = walk.engine.step(node.state, readings, request)
    return Node(state, node.scene, walk.request_of(actions), 0)
