"""What the frame costs: executive, bus, recorder, channels. Run with `make bench`.

Every benchmark is of one call; the figures behind the budget of 20 us a tick.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tiny_vehicle import LANDER

from hil.bench.recording import McapSink
from onboard.bus import Bus
from onboard.core._core import ffi
from onboard.executive import TICK_NS, Criticality, Executive, Member
from onboard.messages import EngineCommand, ImuSample, LegSample, ThrusterCommand
from onboard.services.channels import ChannelReader
from onboard.services.recorder import RecordedInput, RecordedOutput, Recorder


def test_publish(benchmark: Any) -> None:
    benchmark(Bus().topic("imu").publish, 1, 2)


def executive(recorder: Recorder | None = None, **costs: float) -> Any:
    """Twelve members that do nothing: five at 100 Hz, six at 10 Hz, one at 1 Hz."""

    def step(now_ns: int) -> None:
        pass

    rates = [100] * 5 + [10] * 6 + [1]
    offsets = [0] * 5 + [0, 1, 2, 3, 4, 5] + [6]
    members = [
        Member(f"m{i}", step, rate, 500.0, Criticality(i % 4), offset)
        for i, (rate, offset) in enumerate(zip(rates, offsets, strict=True))
    ]
    made = Executive(members, {m.name: costs.get(m.name, 10.0) for m in members}, recorder=recorder)
    ticks = iter(range(10**9))

    def tick() -> None:
        t = next(ticks)
        made.tick((t, t * TICK_NS))

    return tick


def test_tick_of_twelve_members(benchmark: Any) -> None:
    benchmark(executive())


def test_tick_of_twelve_members_with_recorder(benchmark: Any) -> None:
    benchmark(executive(Recorder()))


def test_tick_of_twelve_members_under_overload(benchmark: Any) -> None:
    benchmark(executive(m0=501.0))


class Port:
    def __init__(self, name: str, sample: Any = None) -> None:
        self.name, self.sample = name, sample

    def read(self) -> Any:
        return self.sample

    def write(self, message: Any) -> None:
        pass


def recorded_tick(sink: McapSink | None) -> Any:
    """The rows of one tick at 100 Hz: IMU, legs, thrusters, two engines; grant and reply."""
    recorder = Recorder(sink)
    imu = RecordedInput(Port("imu.a", ImuSample(1, 2, *[0.5] * 6, 0)), recorder, ImuSample)
    legs = RecordedInput(Port("legs", LegSample(1, 2, 0)), recorder, LegSample)
    thrusters = RecordedOutput(Port("thrusters"), recorder, ThrusterCommand)
    engines = [RecordedOutput(Port(f"engine.{k}"), recorder, EngineCommand) for k in "ab"]
    on_times, burn = ThrusterCommand(1, 2, *[0] * 12), EngineCommand(1, 2, 1, 0.5)
    ticks = iter(range(10**9))

    def tick() -> None:
        t = next(ticks)
        recorder.begin(t, t * TICK_NS)
        imu.read()
        legs.read()
        thrusters.write(on_times)
        for engine in engines:
            engine.write(burn)
        recorder.end(7)

    return tick


def test_recorder_tick(benchmark: Any) -> None:
    benchmark(recorded_tick(None))


def test_recorder_tick_to_mcap(benchmark: Any, tmp_path: Path) -> None:
    with McapSink(tmp_path / "a.mcap") as sink:
        benchmark(recorded_tick(sink))


@pytest.mark.parametrize("count", [10, 40])
def test_channels(benchmark: Any, count: int) -> None:
    bus, state = Bus(), ffi.new("ob_nav_state *")
    names = [n for n, c in LANDER.channels.items() if c.topic == "navigation"]
    names = (names * 2)[:count]
    bus.topic("navigation").publish(state, 0)
    reader = ChannelReader(bus, LANDER, names)
    benchmark(reader.read, 0, [0.0] * count, [0] * count)
