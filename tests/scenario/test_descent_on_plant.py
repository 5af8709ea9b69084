"""Guidance, control and touchdown land the emulated lander, with the truth for navigation.

Smooth ground. What is left out (navigation, terrain, modes) is for the tests of the whole vehicle.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import pytest
from gnc_setup import PARAMETERS
from plant_setup import SmoothGround, lander

from hil.plant.lander import LanderPlant, descent_orbit
from hil.plant.preset import Dispersions
from onboard.bus import Bus
from onboard.control.attitude import AttitudeControl
from onboard.control.touchdown import TouchdownConfirmation
from onboard.core._core import ffi
from onboard.guidance.descent import DescentGuidance
from onboard.products import LandingSite

SITE = LandingSite(math.radians(60.5), math.radians(-4.6), 0.0, math.radians(20.0))
RANGE_M = 550e3
DISPERSED = Dispersions(
    mass=0.02,
    thrust=0.03,
    engine_mismatch=0.01,
    thruster=0.03,
    centre_of_mass_m=0.005,
    position_m=500.0,
    velocity_m_s=0.5,
    attitude_rad=5e-3,
    rate_rad_s=5e-4,
)


class TrueNavigation:
    """`ob_nav_state` straight from the plant, the specific force from its first IMU."""

    def __init__(self, plant: LanderPlant) -> None:
        self.state = ffi.new("ob_nav_state *")
        self._plant = plant
        self._imu = plant.ports["imu.a"].read

    def update(self) -> Any:
        truth, s = self._plant.truth, self.state
        s.time_ns = self._plant.time_ns
        s.q_site_from_body = truth.q_site_from_body
        s.position_site_m = truth.position_site_m
        s.velocity_site_m_s = truth.velocity_site_m_s
        s.rate_body_rad_s = truth.rate_body_rad_s
        imu = self._imu()
        if imu is not None:
            s.specific_force_body_m_s2 = [100.0 * x for x in imu[5:8]]
        s.altitude_m = truth.height_m
        s.altitude_sigma_m = 0.5 + 0.003 * max(s.altitude_m, 0.0)
        s.altitude_worst_m = s.altitude_m - 3 * s.altitude_sigma_m
        s.valid = 1
        return s


@dataclass
class Landing:
    """What became of a run."""

    plant: LanderPlant
    ignition_s: float
    cutoff_s: float
    propellant_kg: float


def fly(seed: int, dispersions: Dispersions) -> Landing:
    start = descent_orbit(SITE, range_m=RANGE_M, lead_s=120.0)
    plant = lander(SmoothGround(), start, seed=seed, dispersions=dispersions)
    navigation, bus = TrueNavigation(plant), Bus()
    guidance = DescentGuidance(bus, PARAMETERS, SITE)
    touchdown = TouchdownConfirmation(bus, PARAMETERS)
    ports = plant.ports
    control = AttitudeControl(
        bus, PARAMETERS, (ports["engine.a"], ports["engine.b"]), ports["thrusters"]
    )
    guidance.start(0)
    publish, legs = bus.topic("navigation").publish, bus.topic("legs")
    ignition_s = cutoff_s = math.nan
    full = plant.truth.propellant_kg
    for tick in range(100_000):
        now = plant.time_ns
        publish(navigation.update(), now)
        sample = ports["legs.a"].read()
        if sample is not None:
            legs.publish(sample, now)
        if tick % 10 == 0:
            guidance.step(now)
        touchdown.step(now)
        control.step(now)
        if math.isnan(ignition_s) and guidance.command.engines_on:
            ignition_s = now * 1e-9
        if math.isnan(cutoff_s) and touchdown.state.confirmed:
            cutoff_s = now * 1e-9
        plant.step()
        met = plant.touchdown
        if plant.crashed or (met is not None and met.at_rest):
            break
    return Landing(plant, ignition_s, cutoff_s, full - plant.truth.propellant_kg)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
def test_it_lands_softly_where_it_should(seed: int) -> None:
    run = fly(seed, DISPERSED if seed else Dispersions())
    met = run.plant.touchdown
    assert met is not None and met.at_rest, run.plant.events
    assert run.plant.events == ("contact", "at_rest")
    assert met.speed_vertical_m_s <= 2.0 and met.speed_horizontal_m_s <= 0.5
    assert math.degrees(met.tilt_rad) <= 12.0 and math.degrees(met.rate_rad_s) <= 5.0
    assert math.hypot(*met.position_site_m[:2]) < 20.0
    assert 0.0 <= run.cutoff_s - met.time_ns * 1e-9 <= 0.2
    assert run.propellant_kg < 185.0 * 0.98
    assert 110.0 <= run.ignition_s <= 130.0
