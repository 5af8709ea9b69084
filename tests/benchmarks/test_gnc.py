"""What guidance, control and touchdown cost. Run with `pytest --benchmark-enable`."""

from __future__ import annotations

from typing import Any

import pytest
from gnc_setup import PARAMETERS, SITE, Output, bus_with, nav_state, perilune

from onboard.control.attitude import AttitudeControl
from onboard.control.touchdown import TouchdownConfirmation
from onboard.core._core import lib
from onboard.guidance.descent import DescentGuidance
from onboard.messages import LegSample

pytest.importorskip("pytest_benchmark")


class Null:
    name = "null"

    def write(self, message: Any) -> None:
        pass


def test_control_and_touchdown_tick(benchmark: Any) -> None:
    """Both components of a 100 Hz tick with a fresh state; engine rows in one tick of ten."""
    state = nav_state((0, 0, 15), (0, 0, -1.2))
    bus = bus_with(state)
    guidance = DescentGuidance(bus, PARAMETERS, SITE)
    guidance.step(0)
    guidance.state.command.phase = guidance.command.phase = lib.OB_GUIDANCE_VERTICAL
    touchdown = TouchdownConfirmation(bus, PARAMETERS)
    control = AttitudeControl(bus, PARAMETERS, (Null(), Null()), Null())
    bus.topic("legs").publish(LegSample(0, 0, 0), 0)
    steps = (touchdown.step, control.step)

    def tick() -> None:
        for step in steps:
            step(0)

    benchmark(tick)


@pytest.mark.parametrize("phase", ["braking, correcting", "braking", "approach", "vertical"])
def test_guidance_step(benchmark: Any, phase: str) -> None:
    state = nav_state(*perilune(545e3), altitude_m=17500)
    if phase in ("approach", "vertical"):
        state = nav_state((0, -2000, 1500), (0, 90, -40), altitude_m=1500)
    guidance = DescentGuidance(bus_with(state), PARAMETERS, SITE)
    guidance.start(0)
    for _ in range(20):
        guidance.step(0)
    g = guidance.state
    names = {"braking": lib.OB_GUIDANCE_BRAKING, "approach": lib.OB_GUIDANCE_APPROACH}
    g.phase = names.get(phase.split(",")[0], lib.OB_GUIDANCE_VERTICAL)
    g.time_to_go_s = 50.0
    correcting = phase == "braking, correcting"

    def step() -> None:
        g.corrected_ns = -(10**9) if correcting else 0
        guidance.step(0)

    benchmark(step)


def test_output_rows(benchmark: Any) -> None:
    """The share of the port's row in the tick."""
    from onboard.messages import ThrusterCommand

    port = Output("thrusters")
    times = [0] * 12
    benchmark(lambda: port.write(ThrusterCommand(0, 0, *times)))
