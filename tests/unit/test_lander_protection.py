"""The lander's own table on the engine."""

from pathlib import Path

import onboard.dictionary
from onboard.dictionary.protection import read_protection
from onboard.fault_protection.actions import Command
from onboard.fault_protection.engine import Engine
from onboard.fault_protection.monitors import CLEAR, TRIP
from onboard.fault_protection.table import compile_table

LANDER = Path(onboard.dictionary.__file__).parent / "lander"


def engine():
    return Engine(compile_table(read_protection(LANDER / "faults.toml", LANDER / "modes.toml")))


def run(machine, state, tripped, steps):
    table = machine.table
    readings = [TRIP if name in tripped else CLEAR for name in table.monitors]
    actions = []
    for _ in range(steps):
        state, now = machine.step(state, readings)
        actions += now
    return state, actions


PHASES = [
    ({"phase_coast"}, "coast"),
    ({"phase_braking", "below_14_km", "engines_commanded"}, "braking"),
    ({"phase_approach", "below_14_km", "below_2500_m", "engines_commanded"}, "approach"),
    ({"phase_vertical", "below_14_km", "below_2500_m", "engines_commanded"}, "descent"),
    ({"phase_shutdown", "touchdown_confirmed", "below_14_km"}, "landed"),
]


def test_nominal_descent_goes_through_its_modes_without_a_fault():
    machine = engine()
    state = machine.initial()
    issued = []
    for tripped, mode in PHASES:
        state, actions = run(machine, state, tripped, 100)
        assert machine.table.mode_names[state.mode] == mode
        assert not any(fault.status for fault in state.faults)
        issued += [action.name for action in actions if isinstance(action, Command)]
    assert issued[-1] == "SAFING_LANDED"
    assert issued.count("SAFING_LANDED") == 1
    assert "ENGINE_INHIBIT" not in issued
