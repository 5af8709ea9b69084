"""What a step of fault protection costs with the whole lander table (at most 20 us, 10 Hz)."""

from typing import Any

import pytest

from onboard.dictionary import load
from onboard.fault_protection.engine import Engine
from onboard.fault_protection.monitors import CLEAR, TRIP
from onboard.fault_protection.table import channels_of, compile_table, readers

LANDER = load("lander").protection


def settled(mode: str) -> tuple[Engine, Any, list[int]]:
    engine = Engine(compile_table(LANDER))
    holds = LANDER.mode[mode].holds
    readings = [TRIP if name in holds else CLEAR for name in engine.table.monitors]
    state = engine.initial(engine.table.mode_names.index(mode))
    for _ in range(1000):
        state, _ = engine.step(state, readings)
    return engine, state, readings


def test_readers(benchmark: Any) -> None:
    made, memory = readers(LANDER)
    count = len(channels_of(LANDER))
    values, ages = [1.0] * count, [0] * count
    memory[0] = 1.0
    benchmark(lambda: [read(values, ages) for read in made])


def test_step_at_a_fixed_point(benchmark: Any) -> None:
    engine, state, readings = settled("braking")
    benchmark(engine.step, state, readings)


@pytest.mark.parametrize("wrong", ["nothing", "imu_silent", "propellant_low"])
def test_step_that_is_computed(benchmark: Any, wrong: str) -> None:
    """An equal state that is not the remembered object is computed in full."""
    engine, state, readings = settled("braking")
    if wrong != "nothing":
        readings[engine.table.monitors.index(wrong)] = TRIP
        for _ in range(30):
            state, _ = engine.step(state, readings)
    benchmark(lambda: engine.step(state._replace(), readings))
