"""The flight core of a vehicle: the parts that its components own, as `onboard/flight.h` has it."""

from __future__ import annotations

from typing import Any

from hil.bench.flight_core import intakes
from hil.plant.lander import OUTPUTS
from onboard.control.attitude import AttitudeControl
from onboard.control.touchdown import TouchdownConfirmation
from onboard.core._core import ffi, lib
from onboard.guidance.descent import DescentGuidance
from onboard.navigation.navigation import Navigation
from onboard.sensors.sensors import Sensors
from onboard.vehicles.lander import Lander

MEMBERS = {
    "sensors": (Sensors, lib.OB_FLIGHT_SENSORS),
    "navigation": (Navigation, lib.OB_FLIGHT_NAVIGATION),
    "guidance": (DescentGuidance, lib.OB_FLIGHT_GUIDANCE),
    "touchdown": (TouchdownConfirmation, lib.OB_FLIGHT_TOUCHDOWN),
    "control": (AttitudeControl, lib.OB_FLIGHT_CONTROL),
}
"""What the core runs in place of components, in its order: class of the component, and its bit."""


def flight_of(vehicle: Lander) -> Any:
    """`ob_flight *` on the structs of a vehicle's components, which it does not keep alive.

    Fault protection is not part of it.
    """
    flight = ffi.new("ob_flight *")
    for number, intake in intakes(vehicle.sensors, OUTPUTS).items():
        flight.intake[number] = intake.state
    sensors = vehicle.sensors
    flight.imu_choice, flight.slow_hash = sensors.imu.choice, sensors.slow_hash
    flight.frame_words = sensors.cameras[0].words
    flight.navigation = vehicle.navigation.state
    flight.guidance, flight.guidance_command = vehicle.guidance.state, vehicle.guidance.command
    flight.touchdown = vehicle.touchdown.state
    flight.control, flight.effectors = vehicle.control.state, vehicle.control.effectors
    lib.ob_flight_init(flight)
    return flight
