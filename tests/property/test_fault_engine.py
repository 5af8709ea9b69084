"""What the engine promises for any table and any input."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from strategies_protection import inputs, protections

from onboard.fault_protection import expression as ex
from onboard.fault_protection import monitors as mon
from onboard.fault_protection import responses as resp
from onboard.fault_protection.actions import Command, Event
from onboard.fault_protection.engine import Engine, State
from onboard.fault_protection.table import compile_table
from onboard.modes.graph import NO_REQUEST, SAFE_REQUEST

often = settings(max_examples=60)


def steps(engine: Engine, sequence: Any, start: State | None = None) -> Any:
    """(before, readings, request, clear, after, actions) of each step."""
    state = start or engine.initial()
    size = len(engine.table.monitors)
    for readings, request, clear, lasting in sequence:
        for n in range(lasting):
            asked = request if n == 0 else NO_REQUEST
            cleared = clear if n == 0 else 0
            after, actions = engine.step(state, readings[:size], asked, cleared)
            yield state, readings[:size], asked, cleared, after, actions
            state = after


@often
@given(protections(), inputs)
def test_equal_inputs_give_equal_answers(protection: Any, sequence: Any) -> None:
    """The fixed point that the engine remembers changes no answer."""
    engine = Engine(compile_table(protection))
    for before, readings, request, clear, after, actions in steps(engine, sequence):
        fresh = Engine(compile_table(protection)) if request != NO_REQUEST else engine
        again = State(*before)  # equal, but not the same object
        assert fresh.step(again, list(readings), request, clear) == (after, actions)
        assert hash(after) == hash(State(*after))


@often
@given(protections(), inputs)
def test_states_stay_well_formed(protection: Any, sequence: Any) -> None:
    table = compile_table(protection)
    sizes = [len(mon.states(rule)) for rule in table.rules]
    for *_, after, _ in steps(Engine(table), sequence):
        assert all(0 <= at < size for at, size in zip(after.monitors, sizes, strict=True))
        for row, fault in zip(table.faults[after.mode], after.faults, strict=True):
            last = len(row.tiers) - 1
            assert (fault.status == resp.INACTIVE) == (fault == resp.QUIET)
            assert not fault.spent >> last, "the last tier is never spent"
            if fault.phase == resp.RUNNING:
                assert fault.status == resp.ACTIVE
                assert not fault.spent >> fault.tier & 1
                assert 1 <= fault.timer <= row.tiers[fault.tier].timeout
                assert 1 <= fault.tries <= row.tiers[fault.tier].tries


@often
@given(protections(), inputs)
def test_a_resource_has_one_holder(protection: Any, sequence: Any) -> None:
    table = compile_table(protection)
    for *_, after, _ in steps(Engine(table), sequence):
        held = 0
        for row, fault in zip(table.faults[after.mode], after.faults, strict=True):
            claims = resp.claims_of(row, fault)
            assert not held & claims
            held |= claims


@often
@given(protections(), inputs)
def test_a_live_fault_goes_only_one_way(protection: Any, sequence: Any) -> None:
    engine = Engine(compile_table(protection))
    for before, readings, _, clear, after, _ in steps(engine, sequence):
        values = engine.values(before, readings)
        rows = engine.table.faults[before.mode]
        for k, (row, old, new) in enumerate(zip(rows, before.faults, after.faults, strict=True)):
            value = resp.value_of(row.value, values)
            if value == ex.TRUE:
                assert new.status == resp.ACTIVE
            if value in (ex.STALE, ex.ERROR):
                assert new.status == old.status, "an unknown neither raises nor clears"
            if new.status:
                assert not old.spent & ~new.spent
                assert not old.kept & ~new.kept
            if old.status and not new.status:
                cleared = clear >> k & 1 or resp.value_of(row.clear_when, values) == ex.TRUE
                assert value == ex.FALSE
                assert not row.latch or (old.status == resp.LATCHED and cleared)


@often
@given(protections(), inputs)
def test_a_tier_acts_only_where_it_is_allowed(protection: Any, sequence: Any) -> None:
    """Modes, guard and the policy of the critical mode, straight from the rows of the table."""
    engine = Engine(compile_table(protection))
    for before, readings, _, _, _, actions in steps(engine, sequence):
        mode = engine.table.mode_names[before.mode]
        named = dict(zip(engine.table.monitors, engine.values(before, readings), strict=True))
        for event in actions:
            if not isinstance(event, Event) or event.name != "RESPONSE_TIER":
                continue
            told = dict(event.values)
            row = protection.response[told["fault"]].tier[told["tier"] - 1]
            assert mode in row.modes
            if row.guard:
                assert ex.evaluate(ex.parse(row.guard), named, mode) == ex.TRUE
            if mode == "burn" and row.action.command in ("SAFE", "B"):
                done = ex.parse(protection.mode["burn"].finished_when)
                assert ex.evaluate(done, named, mode) == ex.TRUE


@often
@given(protections(), inputs)
def test_a_masked_monitor_begins_anew(protection: Any, sequence: Any) -> None:
    engine = Engine(compile_table(protection))
    for before, readings, _, _, after, _ in steps(engine, sequence):
        values = engine.values(before, readings)
        for monitor, left in before.masks:
            assert after.monitors[monitor] == mon.INITIAL_STATE
            row = protection.monitor[engine.table.monitors[monitor]]
            assert values[monitor] == ex.STALE or (row.valid_when and values[monitor] == ex.FALSE)
            assert left >= 1
        longest = max((steps for _, steps in after.masks), default=0)
        assert longest <= 4


@often
@given(protections(), inputs)
def test_modes_are_left_by_their_own_ways_only(protection: Any, sequence: Any) -> None:
    engine = Engine(compile_table(protection))
    names = engine.table.mode_names
    for before, readings, request, _, after, actions in steps(engine, sequence):
        if after.mode == before.mode:
            continue
        old, new = names[before.mode], names[after.mode]
        row = protection.mode[old]
        named = dict(zip(engine.table.monitors, engine.values(before, readings), strict=True))
        fell_back = new == row.fallback and request in (SAFE_REQUEST, after.mode)
        ways = [
            edge
            for edge in row.edge
            if edge.to == new
            and (not edge.command or request == after.mode)
            and (not edge.when or ex.evaluate(ex.parse(edge.when), named, old) == ex.TRUE)
        ]
        assert fell_back or ways
        if fell_back and row.kind == "critical":
            assert ex.evaluate(ex.parse(row.finished_when), named, old) == ex.TRUE
        if not fell_back and row.exit_guard:
            assert ex.evaluate(ex.parse(row.exit_guard), named, old) == ex.TRUE
        if not fell_back:
            live = sum(1 << k for k, fault in enumerate(after.faults) if fault.status)
            assert not engine.table.graph[before.mode].led_by & live
        assert Event("MODE_CHANGED", (("before", old), ("mode", new))) in actions


@often
@given(protections(), inputs, st.lists(st.booleans(), min_size=1, max_size=6))
def test_a_reset_keeps_what_survives_and_counts(
    protection: Any, sequence: Any, within: Any
) -> None:
    engine = Engine(compile_table(protection))
    *_, (_, _, _, _, state, _) = steps(engine, sequence)
    expected = state.resets
    for inside in within:
        before = state
        state, _ = engine.reset(state, inside)
        expected = min(expected + 1, 3) if inside else 1
        assert state.resets == expected
        assert state.masks == () and set(state.monitors) <= {mon.INITIAL_STATE}
        survivors = zip(before.faults, state.faults, engine.table.survives_reset, strict=True)
        for old, new, survives in survivors:
            assert new.status == (old.status if survives else resp.INACTIVE)
            assert new.phase != resp.RUNNING
            if survives and old.status:
                assert (new.spent, new.kept) == (old.spent, old.kept)
        for *_, after, _ in steps(engine, sequence[:3], state):
            assert len(after.faults) == len(state.faults)


@often
@given(protections(), inputs)
def test_shortened_counts_change_no_structure(protection: Any, sequence: Any) -> None:
    table = compile_table(protection, 2)
    assert max(max(r.persistence, r.clear) for r in table.rules) <= 2
    for *_, after, actions in steps(Engine(table), sequence):
        assert all(isinstance(action, Command | Event) for action in actions)
        assert all(fault.timer <= 2 for fault in after.faults)


rules = st.builds(
    mon.Rule,
    st.integers(1, 6),
    st.integers(1, 6),
    st.sampled_from(["trip", "clear", "hold", "stale"]),
    st.sampled_from(["trip", "hold", "error"]),
)
looks = st.lists(
    st.tuples(st.sampled_from(range(mon.READINGS)), st.integers(1, 7)), min_size=1, max_size=30
)


@often
@given(rules, looks)
def test_a_monitor_agrees_with_its_history(rule: Any, runs: Any) -> None:
    """The counting automaton against a definition over the whole history of readings."""
    table, at = mon.transitions(rule), mon.INITIAL_STATE
    history: list[int] = []
    for reading, lasting in runs:
        for _ in range(lasting):
            history.append(reading)
            at, value = table[at * mon.READINGS + reading]
            assert value == from_history(rule, history)


def from_history(rule: Any, history: list[int]) -> int:
    """Verdict after the last mask: the latest run of trips or clears that was long enough."""
    masks = (mon.NOT_VALID, mon.HIDDEN)
    start = max((i + 1 for i, r in enumerate(history) if r in masks), default=0)
    verdict, trips, clears = ex.STALE, 0, 0
    for reading in history[start:]:
        kind = meaning(rule, reading, verdict)
        if kind == "trip":
            trips, clears = trips + 1, 0
        elif kind == "clear":
            trips, clears = 0, clears + 1
        if trips >= rule.persistence:
            verdict = ex.TRUE
        elif clears >= rule.clear:
            verdict = ex.FALSE
        if (verdict, kind) in ((ex.TRUE, "trip"), (ex.FALSE, "clear")):
            trips = clears = 0
    last = history[-1]
    if last == mon.NOT_VALID:
        return ex.FALSE
    if last in (mon.HIDDEN, mon.FROZEN) or (last == mon.READ_STALE and rule.when_stale == "stale"):
        return ex.STALE
    if last == mon.READ_ERROR and rule.when_error == "error":
        return ex.ERROR
    return verdict


def meaning(rule: Any, reading: int, verdict: int) -> str:
    if reading == mon.HOLD:
        return "trip" if verdict == ex.TRUE else "clear"
    if reading == mon.READ_STALE and rule.when_stale in ("trip", "clear"):
        return str(rule.when_stale)
    if reading == mon.READ_ERROR and rule.when_error == "trip":
        return "trip"
    return {mon.TRIP: "trip", mon.CLEAR: "clear"}.get(reading, "nothing")
