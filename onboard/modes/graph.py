"""The mode graph: kinds, edges and guards, as a pure step.

A mode is left by an automatic edge whose guard is true, by an edge that MODE_SET may take, or by
its fallback, on SAFE. Three things stop it: the exit guard of the mode; a live fault whose response
led into the mode (leaving is guarded while the cause is live); and, against SAFE, the policy of a
critical mode, which is to finish the event.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from onboard.fault_protection.actions import Action, Command, Event
from onboard.fault_protection.expression import TRUE, Evaluator

NO_REQUEST = -1
SAFE_REQUEST = -2


class Edge(NamedTuple):
    target: int
    when: Evaluator | int
    by_command: bool


class Mode(NamedTuple):
    """One mode with its expressions compiled for it."""

    name: str
    number: int
    kind: str
    entry: tuple[Command, ...]
    exit_guard: Evaluator | int
    edges: tuple[Edge, ...]
    fallback: int  # itself where there is none
    finishes: bool  # policy: finish the event
    finished_when: Evaluator | int
    after_reset: int
    led_by: int  # bit k: the response of fault k leads here


Graph = tuple[Mode, ...]


def _true(expression: Evaluator | int, values: Sequence[int]) -> bool:
    return (expression if isinstance(expression, int) else expression(values)) == TRUE


def next_mode(
    graph: Graph, current: int, values: Sequence[int], request: int, live: int
) -> tuple[int, tuple[Action, ...]]:
    """The mode after this step and the actions of going there.

    `values` are the monitors, `request` a mode, SAFE_REQUEST or NO_REQUEST, `live` the bits of
    all faults that are active or latched. A request that is refused holds up no automatic edge.
    """
    mode = graph[current]
    held = bool(mode.led_by & live) or not _true(mode.exit_guard, values)
    refused: tuple[Action, ...] = ()
    target = mode.fallback if request == SAFE_REQUEST else request
    if target not in (NO_REQUEST, current):
        if _grants(mode, target, values, held):
            return _enter(graph, current, target)
        refused = (_event("MODE_REFUSED", mode, graph[target]),)
    for edge in mode.edges:
        if not edge.by_command and not held and _true(edge.when, values):
            after, actions = _enter(graph, current, edge.target)
            return after, (*refused, *actions)
    return current, refused


def _grants(mode: Mode, target: int, values: Sequence[int], held: bool) -> bool:
    """Whether a mode lets itself be left for `target` by command."""
    if target == mode.fallback:
        return not mode.finishes or _true(mode.finished_when, values)
    edges = (edge for edge in mode.edges if edge.by_command and edge.target == target)
    return not held and any(_true(edge.when, values) for edge in edges)


def _enter(graph: Graph, current: int, target: int) -> tuple[int, tuple[Action, ...]]:
    mode = graph[target]
    return target, (_event("MODE_CHANGED", graph[current], mode), *mode.entry)


def _event(name: str, before: Mode, mode: Mode) -> Event:
    return Event(name, (("before", before.name), ("mode", mode.name)))


def after_reset(graph: Graph, current: int, over_budget: bool) -> tuple[int, tuple[Command, ...]]:
    """The mode that a restarted computer resumes, with its entry sequence.

    Over the reset budget it is the fallback, except that a critical event is always finished.
    """
    mode = graph[current]
    target = mode.fallback if over_budget and not mode.finishes else mode.after_reset
    return target, graph[target].entry
