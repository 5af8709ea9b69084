"""Exhaustive check of a table: the real engine, walked breadth first over all single and paired
faults, stale and error included. A ground tool.

What is walked
    A *cause* is one monitor whose reading may become trip, clear, stale or error at any step, or
    one fault whose monitors together make it true, stale or error at any step. The environment may
    at any step also move on to the next phase (`holds` of the next mode), the ground may ask for
    SAFE and for any mode that MODE_SET can reach, and the computer may be reset. One cause or two
    are at work in a walk, which starts from every mode. The engine is that of the C core, in which
    a state is its bytes, found again by their hash; `walk.Walk` does the same in Python.

What is reduced
    - Counts, timeouts, tries and masks are shortened to two steps: 'some' and 'enough' remain.
      Because every cause may come and go at any step, the orders in which things happen remain
      too, except where one response makes several tries within one try of another. Times, and every
      combination of constant readings, are therefore run again with the full counts.
    - A slice of the table is walked: the causes, every fault that looks at them, and what these
      name. Other faults are quiet there, and a quiet fault neither acts nor holds anything.
    - Unless every pair is asked for, a pair is walked together when it shares a fault, a resource,
      a mask, a list of actions that must not come together, or a monitor. Other pairs only meet in
      the mode, and each single walk already has the mode changed at any step.
    - Of readings that a monitor cannot tell apart one is walked; hold and no_news are left out:
      they repeat a verdict, or wait.

What is checked
    See `walk.Walk`. A violation comes with the shortest trace to it.
"""

from __future__ import annotations

import dataclasses
import functools
import itertools
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from onboard.dictionary import Dictionary
from onboard.dictionary.protection import Protection
from onboard.fault_protection import checks
from onboard.fault_protection.causes import Cause, Reach, causes_of, slice_of
from onboard.fault_protection.checks import Finding
from onboard.fault_protection.core_walk import Arena, CoreWalk
from onboard.fault_protection.monitors import READING_NAMES
from onboard.fault_protection.walk import Course, Run, Violation, Walk

TICKS_PER_S = 100
"""Of the executive."""


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
    seconds: float = 0.0  # that the walk took, where somebody measures it
    step_ticks: int = 1  # ticks of the executive in one step of the engine


@dataclass
class Latency:
    """How fast one fault is seen and first answered in the modes that require it, in ticks of the
    executive: the worst over every combination of constant readings that was walked, with the full
    counts, whether its causes begin together or one while the response to the other is at work."""

    silence_ticks: int  # age at which a silent channel begins to count; 0: it speaks
    detection_ticks: int  # from then, or from the first tripping reading
    answer_ticks: int | None  # from the same to the first command; None: it was never issued
    bound_ticks: int  # of the static checks, from the symptom until all tries have been made
    effect_ticks: int


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


Walker = Callable[..., Walk]


def prove(
    protection: Protection,
    dictionary: Dictionary | None = None,
    progress: Callable[[int, int], None] | None = None,
    *,
    every_pair: bool = False,
    walker: Walker | None = None,
) -> Proof:
    """Check a table. The walk begins only when the static checks find nothing.

    `progress` is told of causes and pairs done, and how many there are. With `every_pair` the pairs
    that only meet in the mode are walked too. `walker` makes a walk of a slice and its causes:
    `Walk`, or, when absent, `CoreWalk`.
    """
    proof = Proof(findings=checks.check(protection, dictionary))
    figures = proof.figures
    figures.monitors, figures.faults = len(protection.monitor), len(protection.fault)
    figures.modes = len(protection.mode)
    figures.step_ticks = round(TICKS_PER_S / protection.globals.step_hz)
    if not proof.findings:
        proof.latency = _latencies(protection)
        make = walker or functools.partial(CoreWalk, arena=Arena())
        reach = Reach(protection)
        groups = _groups(protection, reach, figures, every_pair)
        for number, causes in enumerate(groups, 1):
            part = slice_of(protection, reach.faults(*causes), causes)
            _walk(make(part, causes, disturbed=True), proof)
            _measure(make(part, causes, longest=None), proof)
            if progress is not None:
                progress(number, len(groups))
    return proof


def _groups(
    protection: Protection, reach: Reach, figures: Figures, every_pair: bool
) -> list[tuple[Cause, ...]]:
    """Single causes, then the pairs: all of them, or those that meet."""
    causes = causes_of(protection)
    marks = {cause.name: reach.marks(cause) for cause in causes}
    pairs = list(itertools.combinations(causes, 2))
    walked = [p for p in pairs if every_pair or marks[p[0].name] & marks[p[1].name]]
    figures.causes, figures.pairs = len(causes), len(walked)
    figures.pairs_apart = len(pairs) - len(walked)
    return [*((cause,) for cause in causes), *walked]


def _walk(walk: Walk, proof: Proof) -> None:
    walk.run()
    proof.add(walk.violations)
    figures = proof.figures
    figures.states += walk.states
    figures.transitions += walk.transitions
    figures.depth = max(figures.depth, walk.depth)


# ---------------------------------------------------------------- times, on the full counts


def _measure(full: Walk, proof: Proof) -> None:
    """Hold every combination of readings from the settled state of every mode to its end."""
    for scene, mode in enumerate(full.table.mode_names):
        alone: dict[int, Run] = {}
        for number, (step, _) in enumerate(full.steps[scene]):
            run = full.hold(Course(scene, number))
            if run is None:
                full.never_settles(scene, step)
                proof.add(full.violations)
                continue
            alone[number] = run
            if run.steps > proof.figures.worst_settling_steps:
                proof.figures.worst_settling_steps = run.steps
                told = ", ".join(f"{n} {READING_NAMES[r]}" for n, r in step.forced)
                proof.figures.worst_settling = f"{told} in {mode}"
            _note(proof, full, run, run.raised)
        for course in _later(full, scene, alone):
            if (later := full.hold(course)) is not None:
                _note(proof, full, later, later.raised.keys() - alone[course.first].raised.keys())


def _later(full: Walk, scene: int, alone: dict[int, Run]) -> Iterator[Course]:
    """Courses in which one cause joins another when that one's response has just acted, or so that
    what it raises is raised just before, with, or just after that."""
    forced = full.combinations
    for first, run in alone.items():
        for both in (n for n in alone if set(forced[first]) < set(forced[n])):
            raised = {alone[both].raised[f] for f in alone[both].raised.keys() - run.raised.keys()}
            delays = {at - n for at in run.acted for n in (0, *raised, *(k - 1 for k in raised))}
            yield from (Course(scene, both, first, n) for n in sorted(delays) if n > 0)


def _note(proof: Proof, full: Walk, run: Run, faults: Iterable[str]) -> None:
    """Keep the slowest detection and first answer of faults that the run's mode requires."""
    mode, ticks = full.name(run.mode), proof.figures.step_ticks
    for fault in faults:
        if mode in full.rows.fault[fault].required_in:
            row = proof.latency[fault]
            row.detection_ticks = max(row.detection_ticks, ticks * run.raised[fault])
            if fault in run.answered:
                row.answer_ticks = max(row.answer_ticks or 0, ticks * run.answered[fault])


def _latencies(table: Protection) -> dict[str, Latency]:
    """What the static checks say of each fault, before anything is measured."""
    return {
        name: Latency(
            silence_ticks=_ticks(checks.silence_s(table, name)),
            detection_ticks=0,
            answer_ticks=None,
            bound_ticks=_ticks(
                max(checks.bound_s(table, name, m) or 0.0 for m in fault.required_in)
            ),
            effect_ticks=_ticks(fault.time_to_effect_s),
        )
        for name, fault in table.fault.items()
    }


def _ticks(seconds: float) -> int:
    return round(seconds * TICKS_PER_S)


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


HEADS = ("silence", "detected", "answered", "bound", "effect")
"""Of the columns of `Latency`."""


def as_text(vehicle: str, proof: Proof) -> str:
    """The proof in words."""
    f = proof.figures
    lines = [f"{vehicle}: {f.monitors} monitors, {f.faults} faults, {f.modes} modes"]
    lines += map(str, proof.findings)
    lines += map(str, proof.violations)
    if proof.findings:
        lines.append(f"{len(proof.findings)} findings; the walk begins when there are none")
        return "\n".join(lines)
    apart = f" ({f.pairs_apart} more only meet in the mode)" if f.pairs_apart else ", all there are"
    lines += [
        f"walked {f.causes} single causes and {f.pairs} pairs{apart}, with resets at every step",
        f"{f.states} states, {f.transitions} transitions, depth {f.depth}, {f.seconds:.1f} s",
        f"worst settling {f.worst_settling_steps} steps: {f.worst_settling}",
        "latency, worst over the walk, in ticks of 10 ms: from the first trip until it is detected",
        "and first answered; silence: age at which a channel trips before that; bound: by the",
        "static rules, from the symptom until all tries have been made",
        f"{'fault':34}" + "".join(f"{head:>10}" for head in HEADS),
    ]
    for name, row in sorted(proof.latency.items(), key=lambda item: item[1].effect_ticks):
        cells = ("-" if ticks is None else ticks for ticks in dataclasses.astuple(row))
        lines.append(f"{name:34}" + "".join(f"{cell:>10}" for cell in cells))
    verdict = "every property holds" if proof.holds else f"{len(proof.violations)} violations"
    return "\n".join([*lines, verdict])
