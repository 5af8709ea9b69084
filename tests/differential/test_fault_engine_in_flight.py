"""What flights give fault protection, given to both engines: equal readings, states and bits."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import short_scenario

from hil.bench import session
from hil.scenario import FOLDER, load
from onboard.core.fault import FaultEngine, FaultReaders
from onboard.fault_protection.component import FaultProtection
from onboard.fault_protection.engine import Engine, State
from onboard.fault_protection.image import image_of
from onboard.vehicles.lander import COMPONENTS

FAULTS = """
[[fault]]
port = "imu.a"
kind = "off"
start_s = 2.0

[[fault]]
port = "star_tracker.a"
kind = "stuck"
start_s = 4.0
end_s = 12.0

[[load]]
time_s = 8.0
reset = true
"""
RESTARTED = short_scenario.text(seconds=15.0, extra=FAULTS)
RESILIENCE = RESTARTED.replace('vehicle = "slim"', 'vehicle = "resilience"', 1)
FLIGHTS = {
    "the computer restarts": RESTARTED,
    "the second vehicle's table": RESILIENCE,
    "the ground sets another command-loss time": (
        FOLDER / "incidents/R05_wrong_upload.toml"
    ).read_text(),
    "an engine is lost in braking": (FOLDER / "incidents/L05_broken_nozzle.toml").read_text(),
}


class Both(Engine):
    """The Python engine, held against the C engine in every call."""

    def __init__(self, c: FaultEngine) -> None:
        super().__init__(c.table)
        self.c = c
        self.steps = self.busy = self.resets = 0

    def step(self, state: State, readings: Sequence[int], *asked: int) -> Any:
        answer = super().step(state, readings, *asked)
        assert self.c.step(state, readings, *asked) == answer
        self.steps += 1
        self.busy += bool(answer[1])
        return answer

    def reset(self, state: State, within_window: bool) -> Any:
        answer = super().reset(state, within_window)
        assert self.c.reset(state, within_window) == answer
        self.resets += 1
        return answer


class Shadowed(FaultProtection):
    """Flies the Python engine and readers, the C ones beside them."""

    def __init__(self, bus: Any, dictionary: Any, *arguments: Any, **options: Any) -> None:
        super().__init__(bus, dictionary, *arguments, **options, engine="python")
        protection = dictionary.protection
        if (command_loss_s := options.get("command_loss_s")) is not None:
            protection = protection.with_command_loss(command_loss_s)
        c = FaultEngine(self.table, image_of(protection))
        self.engine: Both = Both(c)
        self._c_readers = FaultReaders(c.checked)

    def readings(self, now_ns: int) -> Sequence[int]:
        expected = super().readings(now_ns)
        assert list(self._c_readers.read(now_ns, self._values, self._ages)) == expected
        assert self._c_readers.state_hash(1) == self.readers.state_hash(1)
        return expected

    def restore(self, checkpoint: bytes) -> None:
        super().restore(checkpoint)
        self._c_readers.forget()


@pytest.mark.parametrize("flight", FLIGHTS)
def test_both_engines_in_flight(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, flight: str
) -> None:
    """On the C engine, as vehicles fly, then on the Python one with the C one beside it."""
    file = tmp_path / "flight.toml"
    file.write_text(FLIGHTS[flight])
    scenario, text = load(file)
    flown: list[Shadowed] = []

    def shadowed(*arguments: Any, **options: Any) -> Shadowed:
        flown.append(Shadowed(*arguments, **options))
        return flown[-1]

    by_core = session.run(scenario, text, seed=1, folder=tmp_path / "core")
    monkeypatch.setitem(COMPONENTS, "fault_protection", shadowed)
    by_python = session.run(scenario, text, seed=1, folder=tmp_path / "python")
    assert by_core.bit_hash == by_python.bit_hash
    histories = [session.read(tmp_path / name).history for name in ("core", "python")]
    assert histories[0] == histories[1]  # modes, tripped monitors, faults, responses
    assert by_core.faults_tripped == by_python.faults_tripped > 0
    engine = flown[-1].engine
    assert engine.steps > 100 and engine.busy > 2
    assert engine.resets == by_core.restarts
