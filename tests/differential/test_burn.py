"""The braking burn against SciPy: its prediction, its solution, and the optimum it approximates."""

from __future__ import annotations

import math

import numpy as np
import pytest
from gnc_setup import (
    EXHAUST_M_S,
    FULL_M_S2,
    RADIUS_M,
    Array,
    burn_from,
    gate,
    perilune,
    site,
    vector,
)
from scipy.integrate import solve_ivp
from scipy.optimize import root

from onboard.core._core import ffi, lib

RATE = np.array(list(site().rate_site_rad_s))
MU = lib.OB_MOON_MU_M3_S2


def inertial_end(burn: object, position: Array, velocity: Array, duration_s: float) -> Array:
    """End of the burn, integrated in inertial axes; position and velocity in site axes."""
    retro, up, side = (np.array(list(v)) for v in (burn.retro, burn.up, burn.side))  # type: ignore[attr-defined]
    tangent, rate = list(burn.tangent), list(burn.tangent_rate_1_s)  # type: ignore[attr-defined]
    throttle = burn.throttle  # type: ignore[attr-defined]

    def turned(v: Array, t: float) -> Array:
        """Site axes at t to inertial axes (those of the site at 0): Rodrigues' formula."""
        size = float(np.linalg.norm(RATE))
        axis, angle = RATE / size, size * t
        return (
            v * math.cos(angle)
            + np.cross(axis, v) * math.sin(angle)
            + axis * (axis @ v) * (1 - math.cos(angle))
        )

    def slope(t: float, x: Array) -> Array:
        r, v = x[:3], x[3:]
        direction = retro + (tangent[0] + rate[0] * t) * up + (tangent[1] + rate[1] * t) * side
        direction = turned(direction / np.linalg.norm(direction), t)
        full = throttle * FULL_M_S2
        thrust = full / (1 - full * t / EXHAUST_M_S)
        return np.concatenate([v, -MU * r / np.linalg.norm(r) ** 3 + thrust * direction])

    start = position + np.array([0, 0, RADIUS_M])
    x0 = np.concatenate([start, velocity + np.cross(RATE, start)])
    end = solve_ivp(slope, (0, duration_s), x0, method="DOP853", rtol=1e-11, atol=1e-6).y[:, -1]
    r, v = turned(end[:3], -duration_s), turned(end[3:], -duration_s)
    return np.concatenate([r - [0, 0, RADIUS_M], v - np.cross(RATE, r)])


def prediction(burn: object, position: Array, velocity: Array) -> Array:
    r, v = ffi.new("double[3]"), ffi.new("double[3]")
    lib.ob_burn_predict(
        burn, site(), vector(position), vector(velocity), FULL_M_S2, EXHAUST_M_S, r, v
    )
    return np.array([*r, *v])


@pytest.mark.parametrize("range_m", [540e3, 650e3])
def test_prediction_is_that_of_an_inertial_integration(range_m: float) -> None:
    """20 Runge-Kutta steps of 27 s against DOP853 in other axes.

    The error of the fourth-order method is bounded by steps x (w h)^5 / 120 of the motion's size,
    w = 1e-3 rad/s the rate of the local vertical and (twice that) of the steering: below 5e-8 of
    1.7e6 m. Steering and growing thrust add terms of the same order; ten times the bound is taken.
    """
    position, velocity = perilune(range_m)
    burn = burn_from(position, velocity)
    expected = inertial_end(burn, position, velocity, burn.duration_s)
    got = prediction(burn, position, velocity)
    assert np.abs(got[:3] - expected[:3]).max() < 1.0
    assert np.abs(got[3:] - expected[3:]).max() < 0.01


def test_solution_is_that_of_an_independent_root_finder() -> None:
    """MINPACK's hybrid method on the inertial integration finds the same six unknowns."""
    position, velocity = perilune(545e3)
    burn = burn_from(position, velocity)
    end = gate()
    target = np.array([*end.position_site_m, *end.velocity_site_m_s])
    weight = np.array([1e-2] * 3 + [1.0] * 3)
    unit = np.array([0.1, 1e-3, 0.1, 1e-3, 0.1, 100.0])

    def miss(x: Array) -> Array:
        trial = ffi.new("ob_burn *", burn[0])
        y = x * unit
        trial.tangent = (y[0], y[2])
        trial.tangent_rate_1_s = (y[1], y[3])
        trial.throttle = y[4]
        return weight * (inertial_end(trial, position, velocity, y[5]) - target)

    guess = np.array([-0.1, 0.002, 0.0, 0.0, 0.85, 560.0])
    found = root(miss, guess / unit, method="hybr")
    assert found.success
    x = found.x * unit
    # The prediction's own error (metres, cm/s) over 5e5 m and 2e3 m/s is parts in a million.
    assert x[4] == pytest.approx(burn.throttle, rel=2e-5)
    assert x[5] == pytest.approx(burn.duration_s, rel=2e-5)
    assert math.atan(x[0]) == pytest.approx(math.atan(burn.tangent[0]), abs=2e-5)
    assert x[1] == pytest.approx(burn.tangent_rate_1_s[0], abs=2e-7)


def test_propellant_is_that_of_the_optimum_for_its_thrust() -> None:
    """Pontryagin's conditions by shooting: constant thrust, free downrange, to the same gate.

    In the plane of the flight: r'' = g + a u, costate of the velocity p'' = dg/dr p, u = p / |p|
    (Lawden 1963, section 5). The range angle at the start is free of cost, so its costate is zero.
    Linear-tangent steering leaves the curvature of the Moon out of the steering; for an arc of
    w T = 0.3 the costate departs from a straight line by (w T)^2 / 24 = 0.4 % of itself, and the
    cost of that is its square, parts in 10^5. The Moon's turning, left out here, changes no more.
    """
    throttle = 0.88
    low, high = 480e3, 620e3
    for _ in range(40):
        middle = 0.5 * (low + high)
        burn = burn_from(*perilune(middle))
        low, high = (low, middle) if burn.throttle < throttle else (middle, high)
    position, velocity = perilune(0.5 * (low + high))
    burn = burn_from(position, velocity)
    end = gate()
    # Polar: radius, its rate, horizontal speed; the Moon at rest (its turning adds 2 m/s to both).
    r0 = RADIUS_M + 17500.0
    v0 = float(np.linalg.norm(velocity))
    r1 = RADIUS_M + end.position_site_m[2] + end.position_site_m[1] ** 2 / (2 * RADIUS_M)
    u1, w1 = -end.velocity_site_m_s[2], end.velocity_site_m_s[1]
    tilt = -end.position_site_m[1] / RADIUS_M
    radial1 = -u1 * math.cos(tilt) - w1 * math.sin(tilt)
    forward1 = w1 * math.cos(tilt) - u1 * math.sin(tilt)
    full = throttle * FULL_M_S2

    def slope(t: float, x: Array) -> Array:
        r, u, w, pr, pu, pw = x
        a = full / (1 - full * t / EXHAUST_M_S) / math.hypot(pu, pw)
        return np.array(
            [
                u,
                w * w / r - MU / r**2 + a * pu,
                -u * w / r + a * pw,
                pu * (w * w / r**2 - 2 * MU / r**3) - pw * u * w / r**2,
                -pr + pw * w / r,
                -2 * pu * w / r + pw * u / r,
            ]
        )

    def miss(x: Array) -> Array:
        costate, duration_s = [x[0] * 1e-3, x[1], -1.0], x[2] * 500
        final = solve_ivp(
            slope, (0, duration_s), [r0, 0.0, v0, *costate], method="DOP853", rtol=1e-10, atol=1e-9
        ).y[:, -1]
        return np.array([(final[0] - r1) / 1e3, final[1] - radial1, final[2] - forward1])

    found = root(miss, np.array([-2.0, 0.0, burn.duration_s / 500]), method="hybr")
    assert found.success
    best_s = found.x[2] * 500
    assert best_s * (1 - 5e-5) < burn.duration_s < best_s * (1 + 5e-5)
