"""What the tests of the rover share: the plant on smooth ground, and its wheels told what to do."""

from __future__ import annotations

from typing import Any

from plant_setup import SITE, SmoothGround

from hil.plant.rover import RoverPlant, RoverStart
from hil.plant.rover_preset import RoverDispersions, RoverPreset, load_rover_preset
from onboard.messages import WheelCommand

MICRO: RoverPreset = load_rover_preset("micro")
PERFECT = RoverDispersions(sensor_constant=0.0, sensor_noise=0.0)
GROUND = SmoothGround()
GRAVITY_M_S2 = 1.6250  # at 60.5 N on the sphere, J2 and C22 included; 4902.8 / 1737.4^2 is 1.6242


def rover(
    seed: int = 1, dispersions: RoverDispersions = PERFECT, start: RoverStart | None = None
) -> RoverPlant:
    """On the sphere, set down at the site."""
    return RoverPlant(MICRO, GROUND, seed, dispersions, start or RoverStart(), site=SITE)


def drive(plant: RoverPlant, seconds: float, left: float, right: float) -> Any:
    """Hold the duties of both sides; returns the truth at the end."""
    for _ in range(round(seconds * 100)):
        plant.ports["wheels"].write(WheelCommand(plant.time_ns, 0, left, right, left, right))
        plant.step()
    return plant.truth
