"""A violation's trace as a scenario that `hil run` flies. A ground tool.

The scenario replaces what fault protection reads, and nothing else: the flight component steps its
engine in the executive and issues its commands. The counts of the table are shortened as in the
walk that found the trace, and each step names where it led there, for the run to be held against.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

from onboard.dictionary.protection import Protection
from onboard.fault_protection.monitors import CLEAR, READING_NAMES
from onboard.fault_protection.responses import standing
from onboard.fault_protection.walk import Violation, Walk, replay

SETTLED_S = 1.0
"""What the run lasts longer than the trace."""

HEAD = """\
# {problem}
# Written by `onboard faults check {dictionary} --trace-to FILE`; `hil run FILE` passes when fault
# protection goes the way of the trace, to the broken property.
name = "trace_{rule}"
title = {title}
vehicle = "slim"
dictionary = {named}
epoch_utc = 2025-06-05T19:17:00Z
duration_s = {duration_s}

[site]
latitude_deg = 60.5
longitude_deg = -4.6

[initial]
perilune_range_m = 550000.0

[[expect]]
metric = "trace_steps"
equals = {steps}

[trace]
start = "{start}"
"""


def as_scenario(dictionary: str, protection: Protection, violation: Violation) -> str:
    """The TOML text; `dictionary` is the name or the whole path of what was checked."""
    problem = f"{violation.rule}: {violation.problem}"
    head = HEAD.format(
        problem=problem,
        rule=violation.rule,
        title=json.dumps(problem),
        dictionary=dictionary,
        named=json.dumps(dictionary),
        duration_s=len(violation.steps) / protection.globals.step_hz + SETTLED_S,
        steps=len(violation.steps),
        start=violation.start,
    )
    longest = [] if violation.longest is None else [f"longest = {violation.longest}"]
    return "\n".join([head + "\n".join(longest), *_steps(protection, violation)]) + "\n"


def _steps(protection: Protection, violation: Violation) -> Iterator[str]:
    walk = Walk(protection, (), longest=violation.longest)
    names = walk.table.mode_names
    after = replay(protection, violation.as_json())[1:]
    for step, (mode, state) in zip(violation.steps, after, strict=True):
        readings = walk.readings(names.index(step.scene), step.forced)
        told = {
            name: READING_NAMES[reading]
            for name, reading in zip(walk.table.monitors, readings, strict=True)
            if reading != CLEAR
        }
        yield "\n[[trace.step]]"
        if step.reset:
            yield f'reset = "{step.reset}"'
        else:
            yield f"readings = {_table(told)}"
        if step.request:
            yield f'request = "{step.request}"'
        yield f'mode = "{mode}"'
        yield f"faults = {_table(standing(walk.table.fault_names, state.faults))}"


def _table(rows: Mapping[str, str]) -> str:
    inside = ", ".join(f"{name} = {json.dumps(value)}" for name, value in rows.items())
    return f"{{ {inside} }}" if inside else "{}"
