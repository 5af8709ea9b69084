"""Commands that a vehicle carried out, as the orders that its flight core on a board gets.

What an order does says `onboard/flight.h`. Commands that act on other members than those of the
flight core make none.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping
from typing import Any

from hil.bench.flight import intakes
from onboard.core._core import lib
from onboard.navigation.navigation import STREAMS
from onboard.vehicles.lander import Lander

Order = tuple[int, ...]
"""Kind (OB_ORDER_...) and arguments."""


def orders_of(
    vehicle: Lander, name: str, arguments: Mapping[str, Any], refused: bool
) -> list[Order]:
    """The orders that do on a board what a command did on the desk just now.

    `refused`: its handler did.
    """
    if name == "THRUSTER_ENABLE":  # forgets what is carried over even when it is refused
        return _thruster(vehicle, **arguments)
    make = _ORDERS.get(name)
    return make(vehicle, **arguments) if make and not refused else []


def _thruster(vehicle: Lander, thruster: int, enabled: int) -> list[Order]:
    bit, excluded = 1 << thruster, vehicle.control.state.allocation.excluded
    return [(lib.OB_ORDER_EXCLUDE, excluded & ~bit if enabled else excluded | bit)]


def _guidance(vehicle: Lander, **_: Any) -> list[Order]:
    return [(lib.OB_ORDER_GUIDANCE, vehicle.guidance.request)]


def _inhibit(vehicle: Lander, **_: Any) -> list[Order]:
    return [(lib.OB_ORDER_INHIBIT, vehicle.control.effectors.inhibited)]


def _landed(vehicle: Lander) -> list[Order]:
    return [*_guidance(vehicle), *_inhibit(vehicle)]


def _imu(vehicle: Lander, instance: str) -> list[Order]:
    names = [intake.name for intake in vehicle.sensors.imu.intakes]
    return [(lib.OB_ORDER_IMU, names.index(instance))]


def _sensor(vehicle: Lander, name: str, enabled: int) -> list[Order]:
    return [
        (lib.OB_ORDER_INTAKE, number, enabled)
        for number, intake in intakes(vehicle).items()
        if name in (intake.name, intake.name.split(".")[0]) and not intake.name.startswith("imu")
    ]


def _gate(vehicle: Lander, stream: str) -> list[Order]:
    return [(lib.OB_ORDER_GATE, STREAMS.index(stream))]


def _burn(vehicle: Lander, velocity_m_s: float) -> list[Order]:
    return [(lib.OB_ORDER_ORBIT_BURN, *struct.unpack("<q", struct.pack("<d", velocity_m_s)))]


def _mode(vehicle: Lander, mode: str) -> list[Order]:
    return [(lib.OB_ORDER_MODE, vehicle.fault_protection.table.mode_names.index(mode))]


def _clear(vehicle: Lander, fault: str) -> list[Order]:
    number = vehicle.fault_protection.table.fault_names.index(fault)
    bits = struct.unpack("<q", struct.pack("<Q", 1 << number))
    return [(lib.OB_ORDER_CLEAR, *bits)]


_ORDERS: dict[str, Callable[..., list[Order]]] = {
    "DESCENT_START": _guidance,
    "GUIDANCE_HOLD": _guidance,
    "ENGINE_SHUTDOWN": _guidance,
    "SAFING_LANDED": _landed,
    "ORBIT_BURN": _burn,
    "ORBIT_BURN_STOP": lambda vehicle: [(lib.OB_ORDER_ORBIT_BURN, 0)],
    "ENGINE_INHIBIT": _inhibit,
    "IMU_SELECT": _imu,
    "SENSOR_ENABLE": _sensor,
    "NAV_RESET_GATE": _gate,
    "MODE_SET": _mode,
    "SAFE": lambda vehicle: [(lib.OB_ORDER_MODE, -2)],
    "FAULT_CLEAR": _clear,
}
