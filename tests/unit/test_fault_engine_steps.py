"""Steps of the engine that property tests once found wrong; checkpoints it works with."""

import pytest
from protection_machine import Bench
from protection_tables import table_with

from onboard.fault_protection.actions import Event
from onboard.fault_protection.engine import Engine, is_sound
from onboard.fault_protection.monitors import CLEAR, TRIP
from onboard.fault_protection.responses import (
    ACTIVE,
    HOLDING,
    INACTIVE,
    LATCHED,
    RUNNING,
    SEEKING,
    standing,
)
from onboard.fault_protection.table import compile_table
from onboard.modes.graph import SAFE_REQUEST

CRUISE, BURN = 0, 1


def engine_and_readings(**tripped: bool) -> tuple[Engine, list[int]]:
    table = compile_table(table_with())
    readings = [TRIP if tripped.get(name) else CLEAR for name in table.monitors]
    return Engine(table), readings


def test_a_request_for_the_present_mode_delays_no_automatic_edge() -> None:
    """It once became the remembered fixed point, and the mode stayed as long as the readings."""
    engine, readings = engine_and_readings(burning=True)
    state, _ = engine.step(engine.initial(), readings, CRUISE)
    assert state.mode == BURN


def test_a_refused_request_delays_no_automatic_edge() -> None:
    engine, readings = engine_and_readings(burning=True, done=True)
    burning = engine.initial(BURN)
    state, actions = engine.step(burning, readings, CRUISE)  # no edge leads back
    assert state.mode == 2
    assert [a.name for a in actions if isinstance(a, Event)] == ["MODE_REFUSED", "MODE_CHANGED"]


def test_a_repeated_request_is_answered_each_time() -> None:
    engine, readings = engine_and_readings(burning=True)
    state = engine.initial(BURN)
    for _ in range(5):  # long past the persistence of every monitor
        state, actions = engine.step(state, readings, SAFE_REQUEST)
        assert [a.name for a in actions if isinstance(a, Event)] == ["MODE_REFUSED"]


def test_a_short_mask_does_not_cut_a_long_one() -> None:
    masks = {"LOWER": 1.5, "SAFE": 0.2}
    changes = {
        "response.lower.tier.0.masks": [{"monitor": "hot", "for_s": masks["LOWER"]}],
        "response.silence.tier.0.masks": [{"monitor": "hot", "for_s": masks["SAFE"]}],
    }
    bench = Bench(table_with(changes))
    readings = dict.fromkeys(bench.table.monitor, CLEAR) | {"high": TRIP}
    for _ in range(3):  # the persistence of `high`
        bench.step(readings)
    assert [steps for _, steps in bench.state.masks] == [15]
    bench.step(readings | {"silence": TRIP})
    assert [steps for _, steps in bench.state.masks] == [14]


def test_nothing_is_unlatched_unasked() -> None:
    bench = Bench(table_with({"response.lower.latch": True}))
    quiet = dict.fromkeys(bench.table.monitor, CLEAR)
    for _ in range(3):  # the persistence of `high`
        bench.step(quiet | {"high": TRIP})
    for _ in range(4):
        bench.step(quiet)
    state, readings = bench.state, [CLEAR] * len(bench.table.monitor)
    assert bench.engine.step(state, readings) == (state, ())
    _, actions = bench.engine.step(state, readings, clear=1)
    assert [a.name for a in actions] == ["FAULT_CLEARED"]


def test_how_faults_stand_in_words() -> None:
    bench = Bench(table_with())
    readings = dict.fromkeys(bench.table.monitor, CLEAR) | {"high": TRIP, "hot": TRIP}
    for _ in range(3):  # the persistence of both
        bench.step(readings)
    told = standing(bench.compiled.fault_names, bench.state.faults)
    assert told == {"high": "active running 1", "hot": "active blocked 1"}


KEPT = compile_table(table_with())
TIERS = max(len(row.tiers) for row in KEPT.faults[0])


def sound_with(fault: dict[str, int] | None = None, **fields: object) -> bool:
    """Whether a checkpoint is sound in which the fault with most tiers, and the state, are so."""
    state = Engine(KEPT).initial()._replace(**fields)
    if fault is not None:
        k = next(k for k, row in enumerate(KEPT.faults[0]) if len(row.tiers) == TIERS)
        faults = list(state.faults)
        faults[k] = faults[k]._replace(**{"status": ACTIVE, "phase": SEEKING} | fault)
        state = state._replace(faults=tuple(faults))
    return is_sound(KEPT, state)


@pytest.mark.parametrize(
    ("field", "highest"), [("mode", len(KEPT.graph) - 1), ("resets", KEPT.reset_count + 1)]
)
def test_a_checkpoint_of_another_table_is_told_by_its_mode_and_resets(
    field: str, highest: int
) -> None:
    allowed = [sound_with(**{field: n}) for n in (-1, 0, highest, highest + 1)]
    assert allowed == [False, True, True, False]


def test_a_checkpoint_has_every_fault() -> None:
    faults = Engine(KEPT).initial().faults
    some, more = faults[1:], (*faults, faults[0])
    assert [sound_with(faults=f) for f in (some, faults, more)] == [False, True, False]


@pytest.mark.parametrize(
    ("field", "highest"),
    [
        ("status", LATCHED),
        ("phase", HOLDING),
        ("tier", TIERS - 1),
        ("tries", 255),
        ("spent", (1 << (TIERS - 1)) - 1),
        ("timer", (1 << 32) - 1),
        ("kept", (1 << 32) - 1),
    ],
)
def test_a_checkpoint_of_another_table_is_told_by_each_fault(field: str, highest: int) -> None:
    assert TIERS > 1
    allowed = [sound_with({field: n}) for n in (-1, 0, highest, highest + 1)]
    assert allowed == [False, True, True, False]


def test_only_an_active_fault_has_a_response_that_runs() -> None:
    runs = [sound_with({"status": n, "phase": RUNNING}) for n in (INACTIVE, ACTIVE, LATCHED)]
    assert runs == [False, True, False]
