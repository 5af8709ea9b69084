"""What the plant costs: a tick in flight, near the ground, at rest, and a reading."""

from __future__ import annotations

from typing import Any

import pytest

from hil.plant.lander import descent_orbit
from hil.world.terrain import Terrain
from onboard.messages import ThrusterCommand
from tests.plant_setup import SITE, SmoothGround, above, lander, run

TICKS = 1000


def ticks(plant: Any) -> None:
    step = plant.step
    for _ in range(TICKS):
        step()


def test_a_thousand_ticks_in_orbit_with_range_shots(benchmark: Any) -> None:
    benchmark(ticks, lander(Terrain(1), descent_orbit(SITE)))


@pytest.mark.parametrize("height_m", [50.0, 3e5], ids=["ground looked at every tick", "no ground"])
def test_a_thousand_ticks_above_smooth_ground(benchmark: Any, height_m: float) -> None:
    """From 300 km no beam reaches the ground."""
    ground = SmoothGround()

    def fresh() -> tuple[tuple[Any], dict[str, Any]]:
        return (lander(ground, above(height_m, down_m_s=-20.0)),), {}

    benchmark.pedantic(ticks, setup=fresh, rounds=20)


def test_a_thousand_ticks_at_rest(benchmark: Any) -> None:
    plant = lander(SmoothGround(), above(1.25))
    run(plant, 6.0)
    benchmark(ticks, plant)


def test_a_hundred_ticks_of_contact(benchmark: Any) -> None:
    ground = Terrain(1)
    start = lander(ground, above(100.0)).truth.height_m

    def fresh() -> tuple[tuple[Any], dict[str, Any]]:
        return (lander(ground, above(103.0 - start)),), {}

    benchmark.pedantic(lambda plant: run(plant, 1.0), setup=fresh, rounds=10)


def test_one_reading_of_the_imu(benchmark: Any) -> None:
    plant = lander(SmoothGround(), above(1000.0))
    plant.step()
    read, fresh = plant.ports["imu.a"].read, plant.handle.fresh

    def new_sample() -> None:
        fresh[0] = 1
        read()

    benchmark(new_sample)


def test_one_empty_reading(benchmark: Any) -> None:
    benchmark(lander(SmoothGround(), above(1000.0)).ports["tank"].read)


def test_one_thruster_command(benchmark: Any) -> None:
    write = lander(SmoothGround(), above(1000.0)).ports["thrusters"].write
    benchmark(write, ThrusterCommand(*range(14)))


def test_one_hash(benchmark: Any) -> None:
    benchmark(lander(SmoothGround(), above(1000.0)).hash)
