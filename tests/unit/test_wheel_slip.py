"""Slip from the currents of the wheels: the inverse of the shear law, and what it makes of a drive.

Against the plant on slopes it is held in `native/tests/test_rover.c`.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import short_drive
from rover_setup import GRAVITY_M_S2, MICRO
from scipy.optimize import brentq

from hil.bench import drive_log
from onboard.core._core import ffi, lib
from onboard.dictionary import load

TICK_NS = 10_000_000
VALUES = {name: p.default for name, p in load("rover").parameters.items()}


def mobilised(x: float) -> float:
    """Janosi and Hanamoto, averaged over the contact; x is i l / K."""
    return 1.0 - (1.0 - math.exp(-x)) / x


@pytest.mark.parametrize("contact_shear", [0.1, 0.5, 1.15, 3.0, 5.0])
def test_the_share_is_turned_back_into_the_slip(contact_shear: float) -> None:
    """Within a thousandth, as the header says, whichever way the wheel pulls."""
    for share in np.linspace(1e-5, mobilised(contact_shear) * 0.9999, 300):
        x = brentq(lambda x, s=share: mobilised(x) - s, 1e-9, 6.0, xtol=1e-12)
        slip = lib.ob_wheel_slip_of_share(share, contact_shear)
        assert slip == pytest.approx(x / contact_shear, rel=1e-3)
        assert lib.ob_wheel_slip_of_share(-share, contact_shear) == -slip


@pytest.mark.parametrize("contact_shear", [0.1, 1.15, 5.0])
def test_more_than_a_wheel_can_pull_is_slip_alone(contact_shear: float) -> None:
    most = mobilised(contact_shear)
    assert lib.ob_wheel_slip_of_share(most, contact_shear) == 1.0
    assert lib.ob_wheel_slip_of_share(10.0, contact_shear) == 1.0
    assert lib.ob_wheel_slip_of_share(-10.0, contact_shear) == -1.0
    assert lib.ob_wheel_slip_of_share(0.0, contact_shear) == 0.0


def test_the_soil_of_the_parameters_is_that_of_the_moon() -> None:
    """Strength and length of the contact by Bekker's sums, under a quarter of the weight."""
    soil, wheel = MICRO.soil, MICRO.wheels
    load_n = MICRO.body.mass_kg * GRAVITY_M_S2 / 4.0
    modulus = soil.cohesive_modulus_n_m2 + wheel.width_m * soil.frictional_modulus_n_m3
    diameter = 2.0 * wheel.radius_m
    sinkage = (3.0 * load_n / (2.0 * modulus * math.sqrt(diameter))) ** (2.0 / 3.0)
    contact = math.sqrt(diameter * sinkage - sinkage**2)
    strength = wheel.width_m * contact * soil.cohesion_pa + load_n * math.tan(soil.friction_rad)
    # the defaults are rounded to three figures
    assert VALUES["slip.strength_n"] == pytest.approx(strength, rel=5e-3)
    assert VALUES["slip.contact_shear"] == pytest.approx(contact / soil.shear_modulus_m, rel=5e-3)
    assert VALUES["slip.friction_n_m"] == MICRO.motor.friction_n_m


def wheels(**changes: float) -> Any:
    """Four wheels told to roll at 0.7 rad/s, that pull a quarter of what the soil holds."""
    params = {n.removeprefix("slip."): v for n, v in VALUES.items() if n.startswith("slip.")}
    slip = ffi.new("ob_wheel_slip *")
    lib.ob_wheel_slip_init(slip, ffi.new("ob_wheel_slip_params *", params))
    four = ffi.new("ob_wheel[4]")
    pull_n_m = 0.25 * params["strength_n"] * params["wheel_radius_m"]
    for wheel in four:
        wheel.params.constant_v_s_rad = 8.0
        wheel.target_rad_s = wheel.rate_rad_s = 0.7
        wheel.current_a = (pull_n_m + params["friction_n_m"] + 0.007) / 8.0
        for name, value in changes.items():
            setattr(wheel, name, value)
    return slip, four


def test_it_is_told_once_settled_and_forgotten_in_a_turn() -> None:
    slip, four = wheels()
    steps = round(100 * VALUES["slip.settle_s"])
    for step in range(1, 1500):
        lib.ob_wheel_slip_step(slip, four)
        assert (slip.slip != 0.0) == (step >= steps)
    expected = brentq(lambda x: mobilised(x) - 0.25, 1e-3, 5.0) / VALUES["slip.contact_shear"]
    assert slip.slip == pytest.approx(expected, rel=1e-3)
    four[1].target_rad_s -= VALUES["slip.straight_rad_s"] + 0.01
    lib.ob_wheel_slip_step(slip, four)
    assert slip.slip == 0.0 == slip.traction_n


@pytest.mark.parametrize(
    "changes", [{"condition": lib.OB_WHEEL_RESTS}, {"target_rad_s": 0.0}, {"target_rad_s": 5e-4}]
)
def test_a_rover_that_stands_does_not_slip(changes: dict[str, float]) -> None:
    slip, four = wheels(**changes)
    for _ in range(1000):
        lib.ob_wheel_slip_step(slip, four)
        assert slip.slip == 0.0


def test_backwards_it_is_the_same() -> None:
    (ahead, one), (back, other) = wheels(), wheels()
    for wheel in other:
        wheel.target_rad_s, wheel.rate_rad_s = -wheel.target_rad_s, -wheel.rate_rad_s
        wheel.current_a = -wheel.current_a
    for _ in range(1000):
        lib.ob_wheel_slip_step(ahead, one)
        lib.ob_wheel_slip_step(back, other)
    assert ahead.slip == back.slip > 0.3


def test_in_a_drive_it_tells_the_true_slip() -> None:
    """One sigma of what one vehicle differs from the parameters: 2 % of each motor's constant is
    1 % of the 0.1 N m that four take, 0.013 N of pull, 0.010 of slip (dF/di is 1.3 N); 10 % of
    moduli, cohesion and shear modulus are 13 % of a slip of 0.18, 0.023. Together 0.025; four of
    them, and 0.016 that the curves of the ground add before the filter follows."""
    for seed in range(1, 4):
        log = short_drive.driven(seed, seconds=60.0, north_m=1.2).log.table()
        told = log["slip_believed"] != 0.0
        true = np.mean([log[f"slip_{wheel}"] for wheel in drive_log.WHEELS], axis=0)
        assert told.sum() > 50
        assert np.abs(np.mean(log["slip_believed"][told] - true[told])) < 4 * 0.025 + 0.016
