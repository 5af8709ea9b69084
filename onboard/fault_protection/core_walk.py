"""The walk of `walk.Walk` run by the C core: the same states in the same order.

`Walk` remains the reference; a test holds states, transitions, depth and violations of both equal.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from onboard.core._core import ffi, lib
from onboard.core.fault import CheckedImage
from onboard.dictionary.protection import Protection
from onboard.fault_protection.causes import LONGEST, Cause
from onboard.fault_protection.checks import never_together
from onboard.fault_protection.expression import FALSE, TRUE, evaluate, parse
from onboard.fault_protection.image import Image, image_of
from onboard.fault_protection.monitors import TRIP
from onboard.fault_protection.walk import Course, Run, Step, Walk, action_of
from onboard.modes.graph import NO_REQUEST

RESETS = {
    lib.OB_FAULT_WALK_NO_RESET: "",
    lib.OB_FAULT_WALK_ALONE: "alone",
    lib.OB_FAULT_WALK_WITHIN: "within_window",
}
SMALLEST = 1 << 12
"""Nodes that an arena holds to begin with; it grows by four when a walk does not fit."""


class Arena:
    """Memory of one walk after the other."""

    def __init__(self) -> None:
        self.capacity = SMALLEST
        self._memory: dict[str, Any] = {}

    def lend(self, walk: Any, node_bytes: int, combinations: int) -> None:
        """Point a walk at memory for `capacity` nodes."""
        n = self.capacity
        walk.capacity, walk.slots = n, 2 * n
        walk.slot = self._array("slot", "uint32_t[]", 2 * n * 4)
        walk.packed = self._array("packed", "uint8_t[]", n * node_bytes)
        walk.link = self._array("link", "ob_fault_link[]", n * ffi.sizeof("ob_fault_link"))
        walk.constant = self._array("constant", "uint32_t[]", n * combinations * 4)
        walk.done = self._array("done", "uint8_t[]", n)

    def _array(self, name: str, form: str, size: int) -> Any:
        if name not in self._memory or len(self._memory[name]) < size:
            self._memory[name] = np.empty(size, dtype=np.uint8)
        return ffi.from_buffer(form, self._memory[name])


class CoreWalk(Walk):
    """One slice walked by the C core. `arena` may be shared by walks that follow one another."""

    def __init__(
        self,
        protection: Protection,
        causes: Sequence[Cause],
        longest: int | None = LONGEST,
        disturbed: bool | None = None,
        arena: Arena | None = None,
    ) -> None:
        super().__init__(protection, causes, longest, disturbed)
        self.image = image_of(protection, longest)
        self._checked = CheckedImage(self.image.data)
        self._environment = _Environment(self, self.image)
        self._arena = arena or Arena()
        self._walk = ffi.new("ob_fault_walk *")

    @property
    def states(self) -> int:
        return int(self._walk.nodes)

    @property
    def depth(self) -> int:
        return int(self._walk.depth)

    def run(self) -> None:
        table = self._checked.table
        node_bytes = lib.ob_fault_walk_bytes(table)
        while True:
            self._arena.lend(self._walk, node_bytes, len(self.combinations))
            if lib.ob_fault_walk_run(table, self._environment.c, self._walk) == 0:
                break
            self._arena.capacity *= 4
        self.transitions = int(self._walk.transitions)
        for i in range(self._walk.violations):
            self._note(self._walk.violation[i])

    def hold(self, course: Course) -> Run | None:
        told, held = ffi.new("ob_fault_course *", course._asdict()), ffi.new("ob_fault_held *")
        lib.ob_fault_hold(self._checked.table, self._environment.c, told, held)
        if held.steps < 0:
            return None
        names = self.table.fault_names
        raised, answered = (
            {n: row[k] for k, n in enumerate(names) if row[k]}
            for row in (held.raised, held.answered)
        )
        acted = tuple(number for number in held.acted if number)
        return Run(held.steps, held.mode, raised, answered, acted)

    # -- what the core found, in words

    def _note(self, found: Any) -> None:
        rule, problem = self._problem(found)
        self.add_violation(rule, problem, self._trace(found))

    def _problem(self, found: Any) -> tuple[str, str]:
        """Rule and problem as `Walk` words them; a and b name faults, modes or a command."""
        a, b = found.a, found.b
        modes, faults = self.table.mode_names, self.table.fault_names
        match found.rule:
            case lib.OB_FAULT_WALK_UNSPENT:
                return "severity", f"a spent tier of {faults[a]} comes back"
            case lib.OB_FAULT_WALK_DROPPED:
                return "severity", f"{faults[a]} is dropped while it lives"
            case lib.OB_FAULT_WALK_TERMINAL:
                return "severity", f"{modes[a]}, which is terminal, is left"
            case lib.OB_FAULT_WALK_LEFT_LIVE:
                return "severity", f"{modes[a]} is left with a live fault"
            case lib.OB_FAULT_WALK_ENDED:
                return "finish-event", f"{self.image.commands[a].name} in a critical mode"
            case lib.OB_FAULT_WALK_UNFINISHED:
                return "finish-event", f"{modes[a]} to {modes[b]} before it is finished"
            case lib.OB_FAULT_WALK_TOGETHER:
                return "never-together", "actions of one list all issued"
            case lib.OB_FAULT_WALK_FORGOTTEN:
                return "after-reset", f"{faults[a]} is forgotten"
            case lib.OB_FAULT_WALK_RESTORED:
                return "after-reset", f"{faults[a]} is restored"
            case lib.OB_FAULT_WALK_EVENT_LEFT:
                return "after-reset", "a reset leaves the critical event"
            case lib.OB_FAULT_WALK_CYCLE:
                return "settling", self.cycle_problem(self._modes_of_cycle(found))
            case lib.OB_FAULT_WALK_DEADLOCK:
                return "deadlock", f"{faults[a]} waits for ever for a resource"
            case _:
                return "live-cause", f"{modes[a]} is left while {faults[b]} lives"

    def _modes_of_cycle(self, found: Any) -> list[int]:
        node, modes = found.node, []
        for _ in range(found.a):
            modes.append(self._mode_of(node))
            node = self._walk.constant[node * len(self.combinations) + found.last.combination]
        return modes

    def _mode_of(self, node: int) -> int:
        return int(lib.ob_fault_walk_mode(self._checked.table, self._walk, node))

    def _trace(self, found: Any) -> tuple[str, tuple[Step, ...]]:
        """The mode that the way to a violation begins in, and its steps."""
        steps, at = [self._step_of(found.last)], found.node
        while (link := self._walk.link[at]).depth > 0:
            steps.append(self._step_of(link))
            at = link.parent
        return self.name(self._mode_of(at)), tuple(reversed(steps))

    def _step_of(self, link: Any) -> Step:
        request = "" if link.request == NO_REQUEST else self.request_name(link.request)
        forced = self.combinations[link.combination]
        return Step(self.name(link.scene), forced, request, RESETS[link.reset])


class _Environment:
    """An `ob_fault_environment` and the memory that it points to."""

    def __init__(self, walk: Walk, image: Image) -> None:
        commands = [action_of(command) for command in image.commands]
        ending = [command in walk.ending for command in image.commands]
        apart = [never_together(walk.rows, a, b) for a in commands for b in commands]
        readings = b"".join(bytes(values) for scene in walk.steps for _, values in scene)
        self._kept = {
            "readings": ffi.new("uint8_t[]", readings),
            "raised": ffi.new("uint64_t[]", list(_raised(walk))),
            "driven": ffi.new(
                "uint8_t[]", [bool(walk.rows.mode[m].holds) for m in walk.table.mode_names]
            ),
            "ending": ffi.new("uint8_t[]", ending),
            "marks": ffi.new("uint64_t[]", [walk.mark(command) for command in image.commands]),
            "group": ffi.new("uint64_t[]", walk.groups),
            "apart": ffi.new("uint8_t[]", apart),
        }
        self.c = ffi.new("ob_fault_environment *", self._kept)
        self.c.combinations, self.c.groups = len(walk.combinations), len(walk.groups)
        self.c.disturbed = walk.disturbed


def _raised(walk: Walk) -> Iterable[int]:
    """Bits of the faults that the readings of each step raise by themselves, in some mode."""
    whens = [parse(walk.rows.fault[name].when) for name in walk.table.fault_names]
    for scene in walk.steps:
        for _, readings in scene:
            raw = {
                name: TRUE if reading == TRIP else FALSE
                for name, reading in zip(walk.table.monitors, readings, strict=True)
            }
            yield sum(
                1 << k
                for k, when in enumerate(whens)
                if any(evaluate(when, raw, mode) == TRUE for mode in walk.table.mode_names)
            )
