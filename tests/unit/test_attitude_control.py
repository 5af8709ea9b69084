"""Attitude control: a free rigid body is turned and held, main engines share their thrust."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from gnc_setup import PARAMETERS, Array, nav_state, rotation
from hypothesis import given, settings
from hypothesis import strategies as st

from onboard.control.attitude import _settings
from onboard.core._core import ffi, lib

TICK_S = 0.01
INERTIA = np.array([200.0, 200.0, 160.0])
ARM_M, THRUST_N = 0.05, 500.0


class Body:
    """A rigid body at full mass under the control, integrated with the tick's mean torque."""

    def __init__(self, engines: float = 0.0, **changes: float) -> None:
        settings = _settings({**PARAMETERS, **{f"control.{k}": v for k, v in changes.items()}})
        self.control = ffi.new("ob_attitude_control *")
        assert lib.ob_attitude_control_init(self.control, settings)
        self.command = ffi.new("ob_guidance_command *")
        self.command.phase = lib.OB_GUIDANCE_BRAKING if engines else lib.OB_GUIDANCE_COAST
        self.command.engines_on = engines > 0
        self.command.throttle = engines
        self.command.q_site_from_body[0] = 1.0
        self.nav = nav_state((0, 0, 1e4))
        self.out = ffi.new("ob_actuator_command *")
        self.torques = np.array([list(t) for t in self.control.allocation.torque_nm])
        self.pulse_ticks = 0

    def tick(self, n: int = 1, disturbance: Any = (0, 0, 0), inhibit: int = 0) -> None:
        q = ffi.new("double[4]")
        turn = ffi.new("double[4]")
        for _ in range(n):
            self.nav.time_ns += 10_000_000
            self.command.time_ns = self.nav.time_ns
            lib.ob_attitude_control_step(self.control, self.nav, self.command, inhibit, self.out)
            on = np.array(list(self.out.thruster_on_time_us))
            self.pulse_ticks += int((on > 0).sum())
            torque = self.torques.T @ (on / 1e4) + disturbance
            throttle = list(self.out.engine_throttle)
            torque[0] += ARM_M * THRUST_N * (throttle[0] - throttle[1])
            rate = np.array(list(self.nav.rate_body_rad_s))
            rate += TICK_S * (torque - np.cross(rate, INERTIA * rate)) / INERTIA
            lib.ob_q_from_rotvec(turn, ffi.new("double[3]", list(rate * TICK_S)))
            lib.ob_q_mul(q, self.nav.q_site_from_body, turn)
            self.nav.q_site_from_body = list(q)
            self.nav.rate_body_rad_s = list(rate)

    def turn_to(self, rotvec: Any) -> None:
        q = ffi.new("double[4]")
        lib.ob_q_from_rotvec(q, ffi.new("double[3]", list(map(float, rotvec))))
        self.command.q_site_from_body = list(q)

    @property
    def error_deg(self) -> float:
        difference = rotation(self.nav.q_site_from_body).T @ rotation(self.command.q_site_from_body)
        return math.degrees(math.acos(min((np.trace(difference) - 1) / 2, 1.0)))

    @property
    def rate(self) -> Array:
        return np.array(list(self.nav.rate_body_rad_s))


@pytest.mark.parametrize("axis", range(3))
@pytest.mark.parametrize("angle", [-0.5, 0.05, 2.0])
def test_it_turns_about_each_axis_and_settles(axis: int, angle: float) -> None:
    body = Body()
    body.turn_to(np.eye(3)[axis] * angle)
    body.tick(3500)
    assert body.error_deg < 0.5
    assert np.abs(body.rate).max() < math.radians(0.3)


@settings(max_examples=20)
@given(
    st.tuples(*[st.floats(-1.5, 1.5)] * 3),
    st.tuples(*[st.floats(-0.05, 0.05)] * 3),
    st.sampled_from([0, *(1 << i for i in range(12))]),
)
def test_it_settles_from_anywhere_with_any_thruster_out(
    away: tuple[float, float, float], rate: tuple[float, float, float], out: int
) -> None:
    body = Body()
    assert lib.ob_attitude_control_exclude(body.control, out)
    body.torques[[i for i in range(12) if out >> i & 1]] = 0.0
    body.nav.rate_body_rad_s = rate
    body.turn_to(away)
    body.tick(5000)
    assert body.error_deg < 1.0


def test_the_dead_zone_makes_a_coast_cheap() -> None:
    body = Body()
    body.nav.rate_body_rad_s = (2e-4, -1e-4, 1e-4)
    body.tick(12000)
    # Two minutes: each axis may cross its zone some ten times; a crossing is at most ten pulses.
    assert body.pulse_ticks < 200
    assert body.error_deg < 0.6


def test_a_steady_disturbance_leaves_no_offset_and_goes_to_the_differential_about_x() -> None:
    body = Body(engines=0.8)
    body.tick(3000, disturbance=(1.5, 3.0, -1.0))
    estimated = np.array(list(body.control.disturbance_nm))
    assert estimated == pytest.approx([1.5, 3.0, -1.0], abs=0.3)
    assert body.error_deg < 0.3
    a, b = body.out.engine_throttle
    assert ARM_M * THRUST_N * (a - b) == pytest.approx(-1.5, abs=0.3)
    assert a + b == pytest.approx(1.6, abs=1e-12)


@pytest.mark.parametrize(("mask", "throttle"), [(0, 0.6), (1, 0.3), (2, 0.3), (1, 0.8), (3, 0.5)])
def test_an_inhibited_engine_s_share_goes_to_the_other(mask: int, throttle: float) -> None:
    body = Body(engines=throttle)
    body.tick(1, inhibit=mask)
    on, share = list(body.out.engine_on), list(body.out.engine_throttle)
    expected = {
        0: ([1, 1], [throttle] * 2),
        1: ([0, 1], [0.0, min(2 * throttle, 1.0)]),
        2: ([1, 0], [min(2 * throttle, 1.0), 0.0]),
        3: ([0, 0], [0.0, 0.0]),
    }[mask]
    assert on == expected[0] and share == pytest.approx(expected[1])


def test_one_engine_is_held_against_its_own_torque() -> None:
    """25 N m at full thrust, of 64 that the thrusters have; the torque is known beforehand."""
    body = Body(engines=0.5)
    body.tick(1000, inhibit=2)
    assert body.error_deg < 0.5
    assert np.abs(list(body.control.disturbance_nm)).max() < 1.0


@given(st.floats(0, 1), st.integers(0, 3), st.integers(0, 1))
def test_throttles_are_in_range(throttle: float, mask: int, on: int) -> None:
    body = Body(engines=throttle)
    body.command.engines_on = on
    body.control.differential = 0.05
    body.tick(1, inhibit=mask)
    for i in range(2):
        burning = on and not mask >> i & 1
        assert body.out.engine_on[i] == burning
        low = PARAMETERS["control.throttle_min"]
        assert (
            low <= body.out.engine_throttle[i] <= 1.0
            if burning
            else body.out.engine_throttle[i] == 0
        )


def test_thrusters_rest_after_shutdown() -> None:
    body = Body()
    body.turn_to((1, 0, 0))
    body.command.phase = lib.OB_GUIDANCE_SHUTDOWN
    body.tick(100)
    assert body.pulse_ticks == 0


def test_without_navigation_it_only_balances_what_is_known() -> None:
    body = Body(engines=0.5)
    body.turn_to((1, 0, 0))
    body.nav.valid = 0
    body.tick(10)
    assert body.pulse_ticks == 0  # both engines, no disturbance estimated: nothing to balance


def test_thrusters_without_torque_about_an_axis_are_refused() -> None:
    body = Body()
    yaw = sum(1 << (3 * pod + 2) for pod in range(4))
    assert not lib.ob_attitude_control_exclude(body.control, yaw)


def test_mass_falls_with_the_throttle() -> None:
    body = Body(engines=1.0)
    body.tick(1000)
    assert body.control.mass_kg == pytest.approx(385 - 1000 / (320 * 9.80665) * 10, abs=1e-6)


def test_the_state_hash_follows_the_state() -> None:
    a, b = Body(engines=0.5), Body(engines=0.5)
    a.tick(50), b.tick(50)
    assert lib.ob_attitude_control_hash(a.control, 1) == lib.ob_attitude_control_hash(b.control, 1)
    b.tick(1)
    assert lib.ob_attitude_control_hash(a.control, 1) != lib.ob_attitude_control_hash(b.control, 1)
