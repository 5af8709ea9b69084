"""A computer that resets while the engine burns resumes burning, from its last checkpoint."""

from itertools import pairwise

import pytest
from tiny_vehicle import TinyVehicle, ports

from onboard.executive import TICK_NS
from onboard.messages import EngineCommand, ProcessorLoad


def fly(reset_tick: int | None, ticks: int = 400) -> tuple[TinyVehicle, list[EngineCommand]]:
    load = {} if reset_tick is None else {reset_tick: ProcessorLoad(0, 0, 0.0, -1, 0.0, 1)}
    hardware = ports(load)
    vehicle = TinyVehicle(hardware)
    for tick in range(ticks):
        vehicle.executive.tick((tick, tick * TICK_NS))
    return vehicle, hardware["engine.a"].commands


@pytest.mark.parametrize("reset_tick", [101, 150, 199, 200, 201])
def test_a_reset_while_burning_resumes_burning(reset_tick: int) -> None:
    vehicle, commands = fly(reset_tick)
    times = [c.time_ns // TICK_NS for c in commands]
    down = range(reset_tick, reset_tick + 20)
    assert times == [t for t in range(400) if t not in down]
    assert all(c.on for c in commands)
    # The first command after the reset follows from the state of the checkpoint, not from zero:
    # navigation in that tick has seen the increments up to the checkpoint, and one more.
    checkpoint = (reset_tick - 1) // 100 * 100
    undisturbed = fly(None)[1]
    before = undisturbed[checkpoint].throttle
    resumed = commands[reset_tick].throttle
    step = max(abs(a.throttle - b.throttle) for a, b in pairwise(undisturbed))
    assert abs(resumed - before) <= step
    assert vehicle.counters.restarts == 1
    names = [r.name for r in vehicle.events.since(0)]
    assert names[-2:] == ["EXECUTIVE_RESTART", "EXECUTIVE_RESUMED"]


def test_a_sequence_goes_on_after_the_reset() -> None:
    hardware = ports({110: ProcessorLoad(0, 0, 0.0, -1, 0.0, 1)})
    vehicle = TinyVehicle(hardware)
    vehicle.sequences.start("after_landing", 800_000_000)
    for tick in range(300):
        vehicle.executive.tick((tick, tick * TICK_NS))
    accepted = [r.values["command"] for r in vehicle.events.since(0) if "command" in r.values]
    assert "ARM" in accepted
    assert vehicle.sequences.running == []
