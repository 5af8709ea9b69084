"""What a tick of the whole closed loop costs, with and without recording, and part by part.

On a machine that others use too, only the least of many short windows says what the program costs:
the flight is flown several times, each window of 50 ticks counts with its least processor time, and
the sum over the flight is divided by its ticks (`docs/performance.md`).
"""

from __future__ import annotations

import statistics
import time
from pathlib import Path
from typing import Any

import pytest

from hil.bench.recording import McapSink
from hil.bench.session import Stopwatch, _Session
from hil.bench.setting import Setting, prepare
from hil.scenario import find, load

FLIGHTS = 4
WINDOW_TICKS = 50


class Marked(_Session):
    """A run that notes the processor time at the end of each window."""

    def __init__(self, *arguments: Any, batches: bool = False) -> None:
        super().__init__(*arguments, batches=batches)
        self.marks_s: list[float] = []

    def _look(self, tick: int, now_ns: int) -> bool:
        if tick % WINDOW_TICKS == 0:
            self.marks_s.append(time.process_time())
        return super()._look(tick, now_ns)

    def windows_s(self) -> list[float]:
        self.fly()
        return [b - a for a, b in zip(self.marks_s, self.marks_s[1:], strict=False)]


@pytest.fixture(scope="module")
def setting() -> Setting:
    scenario, _ = load(find("frigoris_blind"))
    return prepare(scenario, 4)


def us_a_tick(flights: list[list[float]]) -> float:
    least = [min(window) for window in zip(*flights, strict=True)]
    return 1e6 * sum(least) / (WINDOW_TICKS * len(least))


@pytest.mark.parametrize("recorded", [False, True], ids=["unrecorded", "recorded"])
def test_tick(benchmark: Any, setting: Setting, tmp_path: Path, recorded: bool) -> None:
    flights: list[list[float]] = []

    def fly() -> None:
        if not recorded:
            flights.append(Marked(setting, None, None, False).windows_s())
            return
        with McapSink(tmp_path / f"{len(flights)}.mcap") as sink:
            flights.append(Marked(setting, sink, None, False).windows_s())

    benchmark.pedantic(fly, rounds=FLIGHTS)
    benchmark.extra_info["us_a_tick"] = us_a_tick(flights)
    print(f"\n{us_a_tick(flights):.2f} us a tick, {1e4 / us_a_tick(flights):.0f} x real time")


def test_batches(benchmark: Any, setting: Setting) -> None:
    """In batches of C steps against the executive, in turn; the median of the ratios of flights."""
    flights: dict[bool, list[list[float]]] = {False: [], True: []}

    def fly() -> None:
        for batches, flown in flights.items():
            flown.append(Marked(setting, None, None, False, batches=batches).windows_s())

    benchmark.pedantic(fly, rounds=FLIGHTS)
    executive, batches = us_a_tick(flights[False]), us_a_tick(flights[True])
    pairs = zip(flights[False], flights[True], strict=True)
    ratio = statistics.median(sum(one) / sum(other) for one, other in pairs)
    benchmark.extra_info.update(executive_us=executive, batches_us=batches, ratio=ratio)
    print(f"\n{batches:.2f} us a tick, by the executive {executive:.2f}; median ratio {ratio:.2f}")


def timer_cost_s() -> float:
    watch = Stopwatch()
    nothing = watch.wrap("nothing", lambda _: None)
    for _ in range(100_000):
        nothing(0)
    return watch.parts["nothing"][1] / watch.parts["nothing"][0]


def test_parts(benchmark: Any, setting: Setting) -> None:
    """The table of parts, the least of some flights; what the timer costs is taken off."""
    timer_s = timer_cost_s()
    least: dict[str, tuple[float, float]] = {}
    flown: list[int] = []

    def fly() -> None:
        watch = Stopwatch()
        result = _Session(setting, None, None, False, watch).fly()
        flown.append(round(100 * result.sim_seconds))
        for name, (calls, seconds) in watch.parts.items():
            cost = (calls, seconds - calls * timer_s)
            least[name] = min(least.get(name, cost), cost, key=lambda c: c[1])

    benchmark.pedantic(fly, rounds=FLIGHTS)
    ticks = flown[-1]
    print("\npart                   us a call   us a tick")
    for name, (calls, seconds) in least.items():
        print(f"{name:20} {1e6 * seconds / calls:11.2f} {1e6 * seconds / ticks:11.2f}")
    assert {"plant", "navigation", "control"} <= {n for n, (calls, _) in least.items() if calls}
