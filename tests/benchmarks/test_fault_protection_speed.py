"""What a step of fault protection costs with the whole lander table, at 10 Hz: at most 20 us in
Python, 2 us in C."""

from typing import Any

import pytest

from onboard.core._core import ffi, lib
from onboard.core.fault import CheckedImage, FaultEngine, FaultReaders
from onboard.dictionary import load
from onboard.fault_protection.engine import Engine
from onboard.fault_protection.image import image_of
from onboard.fault_protection.monitors import CLEAR, TRIP
from onboard.fault_protection.table import PythonReaders, channels_of, compile_table

LANDER = load("lander").protection


def settled(mode: str) -> tuple[Engine, Any, list[int]]:
    engine = Engine(compile_table(LANDER))
    holds = LANDER.mode[mode].holds
    readings = [TRIP if name in holds else CLEAR for name in engine.table.monitors]
    state = engine.initial(engine.table.mode_names.index(mode))
    for _ in range(1000):
        state, _ = engine.step(state, readings)
    return engine, state, readings


@pytest.mark.parametrize("engine", ["core", "python"])
def test_readers(benchmark: Any, engine: str) -> None:
    core = FaultReaders(CheckedImage(image_of(LANDER).data))
    made = core if engine == "core" else PythonReaders(LANDER)
    count = len(channels_of(LANDER))
    values, ages = [1.0] * count, [0] * count
    benchmark(made.read, 1, values, ages)


@pytest.mark.parametrize("engine", ["core", "python"])
@pytest.mark.parametrize("changes", [False, True], ids=["at_a_fixed_point", "that_changes"])
def test_step_as_it_flies(benchmark: Any, engine: str, changes: bool) -> None:
    """One that changes: a monitor trips for one step and clears in the next, and so on."""
    python, state, readings = settled("braking")
    flies = FaultEngine(python.table, image_of(LANDER)) if engine == "core" else python
    tripping = list(readings)
    tripping[python.table.monitors.index("imu_silent")] = TRIP if changes else CLEAR
    rounds = [bytes(tripping), bytes(readings)] if engine == "core" else [tripping, readings]

    def two_steps() -> None:
        nonlocal state
        for row in rounds:
            state, _ = flies.step(state, row)

    benchmark(two_steps)


@pytest.mark.parametrize("wrong", ["nothing", "imu_silent", "propellant_low"])
def test_step_of_python_computed_in_full(benchmark: Any, wrong: str) -> None:
    """An equal state that is not the remembered object is computed in full."""
    engine, state, readings = settled("braking")
    if wrong != "nothing":
        readings[engine.table.monitors.index(wrong)] = TRIP
        for _ in range(30):
            state, _ = engine.step(state, readings)
    benchmark(lambda: engine.step(state._replace(), readings))


CALLS = 1000
"""Steps of one measured call: milliseconds are microseconds a step."""


def before(wrong: str) -> tuple[FaultEngine, Any, bytes]:
    """The C engine, a state, and readings: settled, with `everything` about to trip at once."""
    python, state, readings = settled("braking")
    engine = FaultEngine(python.table, image_of(LANDER))
    c_state = ffi.new("ob_fault_state *")
    engine.fill(c_state, state)
    if wrong == "everything":
        readings = [TRIP] * len(readings)
        for i, rule in enumerate(python.table.rules):
            c_state.counted[i] = rule.persistence - 1
    return engine, c_state, bytes(readings)


@pytest.mark.parametrize("wrong", ["nothing", "everything"])
def test_a_thousand_steps_of_c(benchmark: Any, wrong: str) -> None:
    """Each from a copy of the same state; `everything` raises and answers every fault at once."""
    engine, start, readings = before(wrong)
    actions, state = ffi.new("ob_fault_actions *"), ffi.new("ob_fault_state *")
    table, step, copy, size = engine.checked.table, lib.ob_fault_step, ffi.memmove, ffi.sizeof

    def run() -> None:
        for _ in range(CALLS):
            copy(state, start, size("ob_fault_state"))
            step(table, state, readings, -1, 0, actions)

    benchmark(run)
    assert (actions.count > len(LANDER.fault)) == (wrong == "everything")


def test_a_thousand_rounds_of_readers_of_c(benchmark: Any) -> None:
    engine, _, _ = before("nothing")
    count = len(channels_of(LANDER))
    memory = ffi.new("ob_fault_memory *")
    values, ages = ffi.new("double[]", [1.0] * count), ffi.new("int64_t[]", count)
    readings = ffi.new("uint8_t[]", len(LANDER.monitor))

    def run() -> None:
        for _ in range(CALLS):
            lib.ob_fault_read(engine.checked.table, memory, 0, values, ages, readings)

    benchmark(run)
