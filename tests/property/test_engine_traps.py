"""Traps that real engines of this kind fell into: each one put into ours, and noticed."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import run_state_machine_as_test
from protection_machine import Graph, driven
from protection_tables import RICH, table_with

from onboard.fault_protection import engine, monitors, responses, table
from onboard.fault_protection.monitors import UNKNOWN, Counted
from onboard.fault_protection.responses import ACTIVE, QUIET, SUCCEEDED
from onboard.modes import graph

MACHINE = driven(Graph, st.just(table_with(RICH)))
NO_SHRINKING = settings(
    max_examples=150,
    stateful_step_count=20,
    derandomize=True,
    deadline=None,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)

count, next_mode, reset_fault = monitors.count, graph.next_mode, responses.after_reset
step_fault, respond = responses.step_fault, responses._respond
seek, cause_gone = responses._seek, responses._cause_gone


def _spent_while_inhibited(fault: Any, state: Any, values: Any, work: Any) -> Any:
    passed = 0
    for k, tier in enumerate(fault.tiers[:-1]):
        if responses.value_of(tier.allowed, values) == 1:
            break
        passed |= 1 << k
    return seek(fault, state._replace(spent=state.spent | passed), values, work)


def _stale_clears_its_count(rule: Any, state: Any, reading: int) -> Any:
    after, value = count(rule, state, reading)
    stale = reading == monitors.READ_STALE and rule.when_stale in ("stale", "hold")
    return (Counted(after.verdict, 0), value) if stale else (after, value)


def _mask_freezes_only(rule: Any, state: Any, reading: int) -> Any:
    return (state, UNKNOWN + 2) if reading == monitors.HIDDEN else count(rule, state, reading)


def _unknown_clears(fault: Any, state: Any, values: Any, clear: bool, work: Any) -> Any:
    unknown = responses.value_of(fault.value, values) > 1
    return QUIET if unknown else step_fault(fault, state, values, clear, work)


def _gives_up(fault: Any, state: Any, work: Any) -> Any:
    spent = state.spent | 1 << state.tier
    return state._replace(phase=responses.SEEKING, tries=0, timer=0, spent=spent)


def _safe_is_left(modes: Any, current: int, values: Any, request: int, live: int) -> Any:
    return next_mode(modes, current, values, request, 0)


def _takes_what_is_held(fault: Any, state: Any, values: Any, work: Any) -> Any:
    work.claimed = 0
    return seek(fault, state, values, work)


def _success_is_for_ever(fault: Any, state: Any, values: Any, work: Any) -> Any:
    return state if state.phase == SUCCEEDED else respond(fault, state, values, work)


def _latch_forgets_what_is_kept(fault: Any, state: Any, work: Any) -> Any:
    return cause_gone(fault, state._replace(kept=0), work)


def _reset_starts_again(state: Any, survives: bool) -> Any:
    after = reset_fault(state, survives)
    return after._replace(spent=0) if after.status == ACTIVE else after


UNTIL_NOTICED = settings(NO_SHRINKING, max_examples=1500)  # it ends with the first that fails

TRAPS: list[tuple[str, Any, str, Callable[..., Any]]] = [
    ("a tier is spent while inhibited", responses, "_seek", _spent_while_inhibited),
    ("a stale monitor clears its count", monitors, "count", _stale_clears_its_count),
    ("a mask freezes instead of resetting", monitors, "count", _mask_freezes_only),
    ("an unknown value clears a fault", engine, "step_fault", _unknown_clears),
    ("the last tier is spent", responses, "_exhausted", _gives_up),
    ("safe mode is left with a live cause", graph, "next_mode", _safe_is_left),
    ("a response takes what another one holds", responses, "_seek", _takes_what_is_held),
    ("success is never looked at again", responses, "_respond", _success_is_for_ever),
    ("a latch forgets what is kept", responses, "_cause_gone", _latch_forgets_what_is_kept),
    ("a reset makes tiers unspent", engine, "after_reset", _reset_starts_again),
]


def test_the_engine_as_it_is_passes() -> None:
    run_state_machine_as_test(MACHINE, settings=NO_SHRINKING)


@pytest.mark.parametrize(
    ("module", "name", "trap"), [t[1:] for t in TRAPS], ids=[t[0] for t in TRAPS]
)
def test_a_trap_is_noticed(module: Any, name: str, trap: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(module, name, trap)
    table._compiled.cache_clear()  # a table compiled before counts without the trap
    try:
        with pytest.raises(AssertionError):
            run_state_machine_as_test(MACHINE, settings=UNTIL_NOTICED)
    finally:
        table._compiled.cache_clear()
