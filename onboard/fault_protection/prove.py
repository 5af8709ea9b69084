"""Exhaustive check of a table: the real engine, walked breadth first over all single and paired
faults, stale and error included. A ground tool.

What is walked
    A *cause* is one monitor whose reading may become trip, clear, stale or error at any step, or
    one fault whose monitors together make it true, stale or error at any step. The environment may
    at any step also move on to the next phase (`holds` of the next mode). With a single cause the
    ground may also ask for SAFE and for any mode that MODE_SET can reach, and the computer may be
    reset, at any step. The walk starts from every mode.

What is reduced
    - Counts, timeouts, tries and masks are shortened to two steps: 'some' and 'enough' remain.
      Because every cause may come and go at any step, the orders in which things happen remain
      too, except where one response makes several tries within one try of another. Times, and every
      combination of constant readings, are therefore run again with the full counts.
    - A slice of the table is walked: the causes, every fault that looks at them, and what these
      name. Other faults are quiet there, and a quiet fault neither acts nor holds anything.
    - A pair is walked together when it shares a fault, a resource, a mask, a list of actions that
      must not come together, or a monitor. Other pairs only meet in the mode, and each single walk
      already has the mode changed at any step.
    - Of readings that a monitor cannot tell apart one is walked; hold and no_news are left out:
      they repeat a verdict, or wait.

What is checked
    See `walk.Walk`. A violation comes with the shortest trace to it.
"""

from __future__ import annotations

import dataclasses
import itertools
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from onboard.dictionary import Dictionary
from onboard.dictionary.protection import Protection
from onboard.fault_protection import checks
from onboard.fault_protection.actions import Event
from onboard.fault_protection.causes import Cause, Reach, causes_of, slice_of
from onboard.fault_protection.checks import Finding
from onboard.fault_protection.monitors import READING_NAMES
from onboard.fault_protection.walk import Node, Violation, Walk


@dataclass
class Figures:
    """What a proof looked at."""

    monitors: int = 0
    faults: int = 0
    modes: int = 0
    causes: int = 0
    pairs: int = 0
    pairs_apart: int = 0
    states: int = 0
    transitions: int = 0
    depth: int = 0
    worst_settling_steps: int = 0
    worst_settling: str = ""
    seconds: float = 0.0


class Run(NamedTuple):
    """What constant readings led to, in steps."""

    steps: int  # to the fixed point
    raised: dict[str, int]  # fault: when it was raised
    answered: dict[str, int]  # fault: when its first command was issued


@dataclass
class Latency:
    """How fast one fault is seen and first answered in the modes that require it."""

    detection_steps: int  # from the first tripping reading
    answer_steps: int  # to the first command, without another fault
    detection_s: float  # bound of the static checks, a silent channel's age included
    time_to_effect_s: float


@dataclass
class Proof:
    """Result of `prove`."""

    findings: list[Finding] = field(default_factory=list)
    violations: list[Violation] = field(default_factory=list)
    figures: Figures = field(default_factory=Figures)
    latency: dict[str, Latency] = field(default_factory=dict)

    def add(self, violations: list[Violation]) -> None:
        """Keep the first of each kind."""
        known = {(v.rule, v.problem) for v in self.violations}
        self.violations += [v for v in violations if (v.rule, v.problem) not in known]

    @property
    def holds(self) -> bool:
        return not self.findings and not self.violations


def prove(
    protection: Protection,
    dictionary: Dictionary | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Proof:
    """Check a table. The walk begins only when the static checks find nothing.

    `progress` is told of causes and pairs done, and how many there are.
    """
    began = time.monotonic()
    proof = Proof(findings=checks.check(protection, dictionary))
    figures = proof.figures
    figures.monitors, figures.faults = len(protection.monitor), len(protection.fault)
    figures.modes = len(protection.mode)
    if not proof.findings:
        reach = Reach(protection)
        groups = _groups(protection, reach, figures)
        for number, causes in enumerate(groups, 1):
            part = slice_of(protection, reach.faults(*causes), causes)
            _walk(part, causes, proof)
            _measure(part, causes, proof)
            if progress is not None:
                progress(number, len(groups))
    figures.seconds = time.monotonic() - began
    return proof


def _groups(protection: Protection, reach: Reach, figures: Figures) -> list[tuple[Cause, ...]]:
    """Single causes, then the pairs that meet."""
    causes = causes_of(protection)
    marks = {cause.name: reach.marks(cause) for cause in causes}
    pairs = list(itertools.combinations(causes, 2))
    meeting = [pair for pair in pairs if marks[pair[0].name] & marks[pair[1].name]]
    figures.causes, figures.pairs = len(causes), len(meeting)
    figures.pairs_apart = len(pairs) - len(meeting)
    return [*((cause,) for cause in causes), *meeting]


def _walk(part: Protection, causes: tuple[Cause, ...], proof: Proof) -> None:
    walk = Walk(part, causes)
    walk.run()
    proof.add(walk.violations)
    figures = proof.figures
    figures.states += len(walk.nodes)
    figures.transitions += walk.transitions
    figures.depth = max(figures.depth, *walk.depths)


# ---------------------------------------------------------------- times, on the full counts


def _measure(part: Protection, causes: tuple[Cause, ...], proof: Proof) -> None:
    """Hold every combination of readings from the settled state of every mode to its end."""
    full = Walk(part, causes, longest=None)
    figures = proof.figures
    for scene, mode in enumerate(full.table.mode_names):
        start = full.settled(scene)
        for step, readings in full.steps[scene]:
            run = _run(full, start, readings)
            if run is None:
                full.never_settles(scene, step)
                proof.add(full.violations)
                continue
            if run.steps > figures.worst_settling_steps:
                figures.worst_settling_steps = run.steps
                told = ", ".join(f"{n} {READING_NAMES[r]}" for n, r in step.forced)
                figures.worst_settling = f"{told} in {mode}"
            for fault, raised in run.raised.items():
                if mode in part.fault[fault].required_in:
                    _note(proof, part, fault, raised, run.answered.get(fault))


def _run(walk: Walk, start: Node, readings: list[int]) -> Run | None:
    """Hold the readings until nothing changes any more; None if it never comes to that."""
    node, run = start, Run(0, {}, {})
    seen = {start}
    for number in itertools.count(1):
        state, actions = walk.engine.step(node.state, readings, node.request)
        for action in actions:
            if isinstance(action, Event) and action.name in ("FAULT_ACTIVE", "RESPONSE_TIER"):
                noted = run.raised if action.name == "FAULT_ACTIVE" else run.answered
                noted.setdefault(str(dict(action.values)["fault"]), number)
        after = Node(state, node.scene, walk.request_of(actions), 0)
        if after == node:
            return run._replace(steps=number - 1)
        if after in seen:
            return None
        seen.add(after)
        node = after
    raise AssertionError("itertools.count does not end")


def _note(proof: Proof, part: Protection, fault: str, raised: int, answered: int | None) -> None:
    """Keep the slowest detection and first answer of a fault, in steps."""
    latency = proof.latency.setdefault(
        fault,
        Latency(0, 0, checks.detection_s(part, fault), part.fault[fault].time_to_effect_s),
    )
    latency.detection_steps = max(latency.detection_steps, raised)
    latency.answer_steps = max(latency.answer_steps, answered or raised)


# ---------------------------------------------------------------- what is printed


def as_json(vehicle: str, proof: Proof) -> dict[str, Any]:
    """The proof as plain JSON values."""
    return {
        "vehicle": vehicle,
        "holds": proof.holds,
        "findings": [finding._asdict() for finding in proof.findings],
        "violations": [violation.as_json() for violation in proof.violations],
        "figures": dataclasses.asdict(proof.figures),
        "latency": {name: dataclasses.asdict(row) for name, row in proof.latency.items()},
    }


def as_text(vehicle: str, proof: Proof) -> str:
    """The proof in words."""
    f = proof.figures
    lines = [f"{vehicle}: {f.monitors} monitors, {f.faults} faults, {f.modes} modes"]
    lines += map(str, proof.findings)
    lines += map(str, proof.violations)
    if proof.findings:
        lines.append(f"{len(proof.findings)} findings; the walk begins when there are none")
        return "\n".join(lines)
    lines += [
        f"walked {f.causes} single causes and {f.pairs} pairs that meet "
        f"({f.pairs_apart} only meet in the mode)",
        f"{f.states} states, {f.transitions} transitions, depth {f.depth}, {f.seconds:.1f} s",
        f"worst settling {f.worst_settling_steps} steps: {f.worst_settling}",
        f"{'fault':34} {'detected':>9} {'answered':>9} {'bound s':>9} {'effect s':>9}",
    ]
    lines += [
        f"{name:34} {row.detection_steps:9} {row.answer_steps:9} "
        f"{row.detection_s:9.1f} {row.time_to_effect_s:9.1f}"
        for name, row in sorted(proof.latency.items(), key=lambda item: item[1].time_to_effect_s)
    ]
    verdict = "every property holds" if proof.holds else f"{len(proof.violations)} violations"
    return "\n".join([*lines, verdict])
