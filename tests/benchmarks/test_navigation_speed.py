"""What navigation costs a tick; run with `pytest tests/benchmarks --benchmark-enable`."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from navigation_simulation import TICK_NS, Descent, Ground, lib, make_params, make_site

from onboard.bus import Bus
from onboard.dictionary.loader import load
from onboard.messages import ImuSample
from onboard.navigation.navigation import InitialState, Navigation
from onboard.products import CraterCatalogue, ElevationGrid, LandingMap, LandingSite
from onboard.sensors.imu import Imu

PARAMETERS = {name: float(p.default) for name, p in load("lander").parameters.items()}


@pytest.fixture
def descent() -> Descent:
    ground = Ground(make_site())
    ground.add(-60e3, -20e3, 250.0, np.zeros((320, 160)), 20.0)
    d = Descent(ground, make_params(), 1, altitude_m=3000.0, speed_m_s=50.0, along_m=-10e3,
                pitch_rad=1.2)  # fmt: skip
    d.fly(100, (0.0, 0.0, 0.0), (0.0, 0.0, 1.6))
    return d


def test_imu_step(benchmark: Any, descent: Descent) -> None:
    """Strapdown and output; every tenth also moves the covariance."""
    angle, push = [1e-5, 2e-5, 0.0], [0.0, 0.0, 0.016]

    def step() -> None:
        descent.time_ns += TICK_NS
        lib.ob_filter_imu(descent.filter, descent.time_ns, angle, push, 0, descent.out)

    benchmark(step)


@pytest.mark.parametrize("beam", [0, 1])
def test_range_update(benchmark: Any, descent: Descent, beam: int) -> None:
    r = descent.true_range(beam)
    assert r is not None
    benchmark(lib.ob_filter_range, descent.filter, descent.time_ns, beam, r)


def test_crater_update_of_20_matches(benchmark: Any, descent: Descent) -> None:
    matches = descent.matches(20)
    benchmark(lib.ob_filter_craters, descent.filter, descent.time_ns, descent.camera, matches, 20)


def test_hash(benchmark: Any, descent: Descent) -> None:
    benchmark(lib.ob_filter_hash, descent.filter, 1)


class Feed:
    """An IMU port that always has the next sample, once a tick."""

    name = "imu.a"

    def __init__(self) -> None:
        self.tick = 0
        self.given = 0

    def read(self) -> ImuSample | None:
        if self.given == self.tick:
            return None
        self.given = self.tick
        return ImuSample(self.tick * TICK_NS, self.tick, 0.0, 0.0, 0.0, 0.0, 0.0, 0.016, 0)


def test_sensor_and_navigation_tick(benchmark: Any) -> None:
    """The two components as the executive calls them, IMU only."""
    bus, feed, none = Bus(), Feed(), np.zeros(0)
    heights = np.zeros((200, 200), dtype=np.float32)
    chart = LandingMap(
        LandingSite(1.05, -0.08, 0.0, 0.0),
        (ElevationGrid(-10e3, -10e3, 100.0, heights, 5.0),),
        CraterCatalogue(none, none, none.reshape(0, 3), none, none, none),
    )
    start = InitialState(
        time_ns=0,
        position_site_m=(0.0, 0.0, 2000.0),
        velocity_site_m_s=(0.0, 0.0, 0.0),
        q_site_from_body=(1.0, 0.0, 0.0, 0.0),
        position_sigma_m=(500.0, 500.0, 500.0),
        velocity_sigma_m_s=(0.5, 0.5, 0.5),
        attitude_sigma_rad=(5e-3, 5e-3, 5e-3),
    )
    imu, navigation = Imu([feed], bus), Navigation(bus, chart, PARAMETERS, start)

    def tick() -> None:
        feed.tick += 1
        now = feed.tick * TICK_NS
        imu.step(now)
        navigation.step(now)

    benchmark(tick)
    assert navigation.filter.bad_samples == 0
