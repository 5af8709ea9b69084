"""Faults and their responses: a pure step of small tuples.

A fault is inactive, active (its expression is true or no longer known) or latched (the cause is
gone, the clear condition is not met). While it is active its response goes through its tiers:

- an inhibited tier (wrong mode, guard not true, or against the policy of a critical mode) is passed
  over and not spent; it is tried when the inhibition ends and no other tier is running;
- a tier waits, unspent, while another response holds a resource that it claims. All claims of a
  tier are taken at once, so that nobody holds one and waits for another, and are free again in the
  step after it ended, first for the fault of highest priority. What a tier keeps, it keeps until
  the fault has cleared;
- a tier is spent when its success test is not true after all tries. The last tier holds instead:
  it is never spent, and nothing comes after it.

`stale` and `error` neither raise nor clear a fault.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from onboard.fault_protection.actions import Action, Command, Event
from onboard.fault_protection.expression import FALSE, TRUE, Evaluator

INACTIVE, ACTIVE, LATCHED = range(3)
STATUS_NAMES = ("inactive", "active", "latched")

IDLE, SEEKING, INHIBITED, BLOCKED, RUNNING, SUCCEEDED, HOLDING = range(7)
PHASE_NAMES = ("idle", "seeking", "inhibited", "blocked", "running", "succeeded", "holding")


class FaultState(NamedTuple):
    """Where one fault and its response stand; integers only."""

    status: int
    phase: int
    tier: int  # the one that runs, holds or succeeded last
    tries: int  # that this tier has made
    timer: int  # steps until this try is judged
    spent: int  # bit k: tier k is spent
    kept: int  # bits of the resources that an attempted tier keeps until the fault clears


QUIET = FaultState(INACTIVE, IDLE, 0, 0, 0, 0, 0)


def standing(names: Sequence[str], faults: Sequence[FaultState]) -> dict[str, str]:
    """Status, phase and tier (from 1) in words of each fault that is not quiet, by its name."""
    return {
        name: f"{STATUS_NAMES[f.status]} {PHASE_NAMES[f.phase]} {f.tier + 1}"
        for name, f in zip(names, faults, strict=True)
        if f.status != INACTIVE
    }


class Tier(NamedTuple):
    """A tier in one mode. `allowed` is FALSE where the mode or its policy inhibits it."""

    command: Command
    allowed: Evaluator | int
    success: Evaluator | int
    timeout: int
    tries: int
    claims: int  # bits of resources, held while it runs
    keeps: int  # of these, held until the fault has cleared
    masks: tuple[tuple[int, int], ...]  # (monitor, steps)


class Fault(NamedTuple):
    """A fault in one mode, with all expressions compiled for that mode."""

    name: str
    value: Evaluator | int
    latch: bool
    clear_when: Evaluator | int
    tiers: tuple[Tier, ...]


class Work:
    """What the faults of one step share: claims held, commands and events made, masks begun."""

    __slots__ = ("actions", "claimed", "masks")

    def __init__(self, claimed: int) -> None:
        self.claimed = claimed
        self.actions: list[Action] = []
        self.masks: list[tuple[int, int]] = []

    def event(self, name: str, fault: str, **values: int) -> None:
        self.actions.append(Event(name, (("fault", fault), *values.items())))


def value_of(expression: Evaluator | int, values: Sequence[int]) -> int:
    return expression if isinstance(expression, int) else expression(values)


def step_fault(
    fault: Fault, state: FaultState, values: Sequence[int], clear: bool, work: Work
) -> FaultState:
    """One step of a fault. `clear` is the ground's request to unlatch it."""
    value = value_of(fault.value, values)
    if state.status == ACTIVE:
        if value == FALSE:
            return _cause_gone(fault, state, work)
    elif value == TRUE:
        work.event("FAULT_ACTIVE", fault.name)
        state = state._replace(status=ACTIVE, phase=_resumed(state.phase))
    elif state.status == LATCHED:
        return _unlatched(fault, state, value, values, clear, work)
    else:
        return state
    return _respond(fault, state, values, work)


def claims_of(fault: Fault, state: FaultState) -> int:
    """The resources that a response holds."""
    running = fault.tiers[state.tier].claims if state.phase == RUNNING else 0
    return running | state.kept


_PAUSED = (IDLE, SEEKING, SEEKING, SEEKING, SUCCEEDED, SUCCEEDED, HOLDING)
"""Phase in which a fault is latched, by its phase when the cause went."""


def _resumed(phase: int) -> int:
    return phase if phase == HOLDING else SEEKING


def _cause_gone(fault: Fault, state: FaultState, work: Work) -> FaultState:
    if fault.latch:
        work.event("FAULT_LATCHED", fault.name)
        return state._replace(status=LATCHED, phase=_PAUSED[state.phase], tries=0, timer=0)
    work.event("FAULT_CLEARED", fault.name)
    return QUIET


def _unlatched(
    fault: Fault, state: FaultState, value: int, values: Sequence[int], clear: bool, work: Work
) -> FaultState:
    if value != FALSE or not (clear or value_of(fault.clear_when, values) == TRUE):
        return state
    work.event("FAULT_CLEARED", fault.name)
    return QUIET


def _respond(fault: Fault, state: FaultState, values: Sequence[int], work: Work) -> FaultState:
    if state.phase == RUNNING:
        return _judge(fault, state, values, work)
    if state.phase == SUCCEEDED:
        failed = value_of(fault.tiers[state.tier].success, values) == FALSE
        return _exhausted(fault, state, work) if failed else state
    return state if state.phase == HOLDING else _seek(fault, state, values, work)


def _judge(fault: Fault, state: FaultState, values: Sequence[int], work: Work) -> FaultState:
    tier = fault.tiers[state.tier]
    if value_of(tier.success, values) == TRUE:
        work.event("RESPONSE_SUCCEEDED", fault.name, tier=state.tier + 1)
        return state._replace(phase=SUCCEEDED, tries=0, timer=0)
    if state.timer > 1:
        return state._replace(timer=state.timer - 1)
    if state.tries >= tier.tries:
        return _exhausted(fault, state, work)
    if value_of(tier.allowed, values) != TRUE:  # suspended, not spent
        return state._replace(phase=SEEKING, tries=0, timer=0)
    return _attempt(fault, state.tier, state, work)


def _exhausted(fault: Fault, state: FaultState, work: Work) -> FaultState:
    if state.tier == len(fault.tiers) - 1:
        work.event("RESPONSE_HOLDING", fault.name, tier=state.tier + 1)
        return state._replace(phase=HOLDING, tries=0, timer=0)
    work.event("RESPONSE_TIER_SPENT", fault.name, tier=state.tier + 1)
    spent = state.spent | 1 << state.tier
    return state._replace(phase=SEEKING, tries=0, timer=0, spent=spent)


def _seek(fault: Fault, state: FaultState, values: Sequence[int], work: Work) -> FaultState:
    for k, tier in enumerate(fault.tiers):
        if state.spent >> k & 1 or value_of(tier.allowed, values) != TRUE:
            continue
        if tier.claims & work.claimed & ~state.kept:
            return _waiting(fault, state, BLOCKED, "RESPONSE_BLOCKED", work)
        work.claimed |= tier.claims
        return _attempt(fault, k, state._replace(tries=0), work)
    return _waiting(fault, state, INHIBITED, "RESPONSE_INHIBITED", work)


def _waiting(fault: Fault, state: FaultState, phase: int, event: str, work: Work) -> FaultState:
    if state.phase == phase:
        return state
    work.event(event, fault.name)
    return state._replace(phase=phase)


def _attempt(fault: Fault, k: int, state: FaultState, work: Work) -> FaultState:
    tier = fault.tiers[k]
    tries = state.tries + 1
    work.event("RESPONSE_TIER", fault.name, tier=k + 1, attempt=tries)
    work.actions.append(tier.command)
    work.masks.extend(tier.masks)
    kept = state.kept | tier.keeps
    return FaultState(ACTIVE, RUNNING, k, tries, tier.timeout, state.spent, kept)


def after_reset(state: FaultState, survives: bool) -> FaultState:
    """What a fault is after the processor restarted: a running tier is sought again, unspent."""
    if not survives or state.status == INACTIVE:
        return QUIET
    phase = SEEKING if state.phase == RUNNING else state.phase
    return state._replace(phase=phase, tries=0, timer=0)
