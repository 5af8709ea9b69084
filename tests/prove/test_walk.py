"""The walk on broken engines, its traces, and what it leaves out."""

import json

import pytest
from broken_tables import TWO_OFF
from protection_tables import table_with

from onboard.dictionary import load
from onboard.fault_protection import causes, engine, responses
from onboard.fault_protection.causes import Cause, Reach, causes_of, slice_of
from onboard.fault_protection.monitors import CLEAR, READ_ERROR, READ_STALE, TRIP
from onboard.fault_protection.prove import prove
from onboard.fault_protection.responses import QUIET, RUNNING, SEEKING
from onboard.fault_protection.walk import Walk, replay
from onboard.modes import graph


def python_walk(part, causes, longest=causes.LONGEST, disturbed=None):
    """The reference, whose engine a test can break; pairs without resets, to be short."""
    return Walk(part, causes, longest)


def rules_broken(table=None):
    proof = prove(table or table_with(), walker=python_walk)
    return {violation.rule for violation in proof.violations}


def test_a_safe_mode_that_can_always_be_left_is_found(monkeypatch):
    monkeypatch.setattr(engine.Engine, "_live", lambda self, faults: 0)
    assert {"severity", "live-cause"} <= rules_broken()


def test_a_reset_that_forgets_is_found(monkeypatch):
    monkeypatch.setattr(engine, "after_reset", lambda state, survives: QUIET)
    assert rules_broken() == {"after-reset"}


def test_a_reset_that_remembers_everything_is_found(monkeypatch):
    monkeypatch.setattr(engine, "after_reset", lambda state, survives: state)
    assert rules_broken() == {"after-reset"}


def test_a_reset_that_leaves_the_critical_event_is_found(monkeypatch):
    monkeypatch.setattr(graph, "after_reset", lambda modes, current, over: (0, ()))
    assert "after-reset" in rules_broken()


def test_a_fault_dropped_when_its_evidence_goes_stale_is_found(monkeypatch):
    step_fault = responses.step_fault

    def forgetful(fault, state, values, clear, work):
        value = responses.value_of(fault.value, values)
        return QUIET if value > 1 else step_fault(fault, state, values, clear, work)

    monkeypatch.setattr(engine, "step_fault", forgetful)
    changes = {"monitor.high.when_stale": "stale", "monitor.hot.when_stale": "stale"}
    assert "severity" in rules_broken(table_with(changes))


def test_tiers_that_start_over_are_found(monkeypatch):
    seek = responses._seek

    def unspent(fault, state, values, work):
        return seek(fault, state._replace(spent=0), values, work)

    monkeypatch.setattr(responses, "_seek", unspent)
    assert {"severity", "settling"} <= rules_broken()


def test_a_resource_that_is_never_given_back_is_found(monkeypatch):
    def claims_of(fault, state):
        busy = state.phase not in (SEEKING, 0)
        return fault.tiers[state.tier].claims if busy else 0

    monkeypatch.setattr(engine, "claims_of", claims_of)
    latched = {
        "response.lower.latch": True,
        "response.lower.tier": [
            {
                "action": {"command": "LOWER"},
                "modes": ["cruise", "burn", "safe"],
                "timeout_s": 1.0,
                "tries": 2,
                "claims": ["r"],
            }
        ],
    }
    assert "deadlock" in rules_broken(table_with(latched))


def test_a_critical_mode_that_gives_up_is_found(monkeypatch):
    next_mode = graph.next_mode

    def timid(modes, current, values, request, live):
        if live and modes[current].kind == "critical":
            return modes[current].fallback, ()
        return next_mode(modes, current, values, request, live)

    monkeypatch.setattr(graph, "next_mode", timid)
    assert "finish-event" in rules_broken()


def test_a_trace_replays_to_the_broken_property():
    table = table_with(TWO_OFF)
    (violation,) = prove(table).violations
    trace = replay(table, json.loads(json.dumps(violation.as_json())))
    assert len(trace) == len(violation.steps) + 1
    assert trace[0][0] == violation.start
    running = [fault.phase == RUNNING for fault in trace[-1][1].faults]
    before = [fault.phase == RUNNING for fault in trace[-2][1].faults]
    assert sum(running) >= 1 and running != before


def test_a_trace_is_the_shortest():
    """Two trips of one monitor and two of the other, no fewer, with counts of two."""
    (violation,) = prove(table_with(TWO_OFF)).violations
    steps = [dict(step.forced) for step in violation.steps]
    assert sum(step.get("high") == TRIP for step in steps) == 2
    assert sum(step.get("hot") == TRIP for step in steps) == 2


def test_a_violation_in_words_names_its_readings():
    (violation,) = prove(table_with(TWO_OFF)).violations
    assert "begin settled in" in str(violation)
    assert "high trip" in str(violation)


def test_causes_leave_out_readings_that_a_monitor_cannot_tell_apart():
    options = {cause.name: cause.options for cause in causes_of(table_with())}
    kinds = {name: [r for ((_, r),) in rows] for name, rows in options.items()}
    assert kinds["high"] == [TRIP]  # stale and error count as trips
    assert kinds["silence"] == [TRIP]  # an age is never stale
    assert sorted(kinds["burning"]) == sorted([TRIP, CLEAR, READ_STALE, READ_ERROR])


def test_a_fault_of_several_symptoms_is_a_cause_of_its_own():
    table = table_with({"fault.high.when": "high and hot"})
    joint = [cause for cause in causes_of(table) if cause.name == "fault high"]
    assert len(joint) == 1
    assert joint[0].options[0] == (("high", TRIP), ("hot", TRIP))


@pytest.mark.parametrize("reading", [TRIP, READ_STALE, READ_ERROR])
def test_a_slice_steps_as_the_whole_table_does(reading):
    """With other faults quiet, the slice's part of the state is that of the whole table."""
    lander = load("lander").protection
    name, mode = "imu_saturated", "braking"
    cause = Cause(name, (((name, reading),),))
    part = slice_of(lander, Reach(lander).faults(cause), [cause])
    assert len(part.monitor) < len(lander.monitor)
    whole, small = Walk(lander, [cause], longest=None), Walk(part, [cause], longest=None)
    scene = whole.table.mode_names.index(mode)
    a, b = whole.settled(scene).state, small.settled(scene).state
    for _ in range(60):
        a, did = whole.engine.step(a, whole.readings(scene, ((name, reading),)))
        b, does = small.engine.step(b, small.readings(scene, ((name, reading),)))
        assert did == does
        assert a.mode == b.mode
    assert any(fault.status for fault in a.faults) == (reading != READ_STALE)


def test_shortened_counts_are_stated():
    (violation,) = prove(table_with(TWO_OFF)).violations
    assert violation.as_json()["longest"] == causes.LONGEST
