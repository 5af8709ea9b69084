"""The thrust monitor on engines of known thrust: losses, wrong accelerometers, throttle steps."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from onboard.core._core import ffi, lib
from tests.gnc_setup import nav_state

TICK_S = 0.01
THRUST_N, DELAY_TICKS, LAG_S = 500.0, 5, 0.08
CANT_RAD = 0.18431
MASS_KG = 210.0
DIRECTIONS = np.array([[0.0, s * math.sin(CANT_RAD), math.cos(CANT_RAD)] for s in (-1.0, 1.0)])
HOLD = 100  # ticks, twenty time constants of the filter and seven of the engine


class Engines:
    """Two engines as the plant has them (delay, then lag) under the monitor."""

    def __init__(self, directions: Any = DIRECTIONS, mass_error: float = 0.0) -> None:
        self.monitor = ffi.new("ob_thrust_monitor *")
        settings = ffi.new(
            "ob_thrust_params *",
            {
                "thrust_n": [THRUST_N] * 2,
                "direction": np.asarray(directions).tolist(),
                "valve_delay_s": DELAY_TICKS * TICK_S,
                "lag_s": LAG_S,
            },
        )
        lib.ob_thrust_monitor_init(self.monitor, settings)
        self.directions = np.asarray(directions)
        self.mass_kg = MASS_KG * (1.0 + mass_error)  # as it is believed
        self.pipe = [np.zeros(2)] * DELAY_TICKS
        self.throttle = np.zeros(2)
        self.nav = nav_state((0.0, 0.0, 50.0))
        self.command = ffi.new("ob_actuator_command *", {"engine_on": [1, 1]})

    def fly(
        self, ticks: int, throttle: Any, *, given: Any = (1.0, 1.0), bias: Any = (0.0, 0.0, 0.0)
    ) -> list[list[float]]:
        """Losses of each tick; `given`: share of its thrust that each engine gives."""
        losses = []
        for _ in range(ticks):
            force = (self.throttle * THRUST_N * np.asarray(given)) @ self.directions
            self.nav.specific_force_body_m_s2 = list(force / MASS_KG + np.asarray(bias))
            self.command.engine_throttle = list(np.broadcast_to(throttle, 2).astype(float))
            lib.ob_thrust_monitor_step(self.monitor, self.nav, self.command, self.mass_kg)
            self.pipe.append(np.array(list(self.command.engine_throttle)))
            decay = math.exp(-TICK_S / LAG_S)
            self.throttle = self.pipe[-1 - DELAY_TICKS] * (1 - decay) + self.throttle * decay
            losses.append(list(self.monitor.loss))
        return losses


@given(st.floats(0.2, 1.0), st.floats(0.0, 1.0), st.integers(0, 1))
def test_the_loss_of_one_engine_is_measured(throttle: float, loss: float, hurt: int) -> None:
    engines = Engines()
    engines.fly(HOLD, throttle)
    shares = [1.0, 1.0]
    shares[hurt] = 1.0 - loss
    losses = engines.fly(HOLD, throttle, given=shares)[-1]
    assert losses[hurt] == pytest.approx(loss, abs=1e-4)
    assert losses[1 - hurt] == pytest.approx(0.0, abs=1e-4)


def test_ninety_per_cent_within_a_tenth_of_a_second_show_in_time() -> None:
    """Half of the thrust, the limit of the fault table, is seen missing after 0.15 s."""
    engines = Engines()
    engines.fly(HOLD, 0.35)
    for tick in range(10):
        losses = engines.fly(1, 0.35, given=(1.0, 1.0 - 0.09 * (tick + 1)))
    losses += engines.fly(5, 0.35, given=(1.0, 0.1))
    assert losses[-1][1] > 0.5


@given(
    st.floats(0.2, 1.0),
    st.integers(0, 2),
    st.floats(-30.0, 30.0),
    st.floats(-0.05, 0.05),
)
def test_one_wrong_accelerometer_costs_no_engine(
    throttle: float, axis: int, bias_m_s2: float, mass_error: float
) -> None:
    """It leaves one trace; the other is that of a wrong mass, at most 2 x 5 % of one engine."""
    engines = Engines(mass_error=mass_error)
    engines.fly(HOLD, throttle)
    bias = [0.0, 0.0, 0.0]
    bias[axis] = bias_m_s2
    for losses in engines.fly(HOLD, throttle, bias=bias):
        assert max(losses) <= 0.1 + 1e-6


@given(st.lists(st.floats(0.15, 1.0), min_size=1, max_size=20), st.floats(0.85, 1.15))
def test_throttle_steps_and_common_gain_cost_no_engine(steps: list[float], gain: float) -> None:
    """Both engines do the same: nothing across."""
    engines = Engines()
    for throttle in steps:
        for losses in engines.fly(10, throttle, given=(gain, gain)):
            assert max(losses) < 1e-6


def test_where_there_is_height_an_engine_may_come_back_for_a_second() -> None:
    """Above 1 km; the lag, the filter and the delay are 0.2 s."""
    engines = Engines()
    engines.nav.altitude_worst_m = 2000.0
    engines.fly(HOLD, 0.5)
    gone = engines.fly(95, 0.5, given=(1.0, 0.0))
    assert max(losses[1] for losses in gone) < 0.5
    back = engines.fly(HOLD, 0.5)
    assert max(losses[1] for losses in back) < 0.5
    assert back[-1][1] == pytest.approx(0.0, abs=1e-4)
    gone = engines.fly(120, 0.5, given=(1.0, 0.0))
    assert gone[-1][1] > 0.5


@given(st.floats(0.0, 3000.0))
def test_the_lower_the_sooner(height_m: float) -> None:
    """At once below 300 m, after a second above 1 km, in proportion between; at least 0.2 s."""
    engines = Engines()
    engines.nav.altitude_worst_m = height_m
    engines.fly(HOLD, 0.5)
    losses = engines.fly(2 * HOLD, 0.5, given=(1.0, 0.0))
    reported_s = TICK_S * next(i for i, loss in enumerate(losses) if loss[1] > 0.5)
    patience_s = min(max((height_m - 300.0) / 700.0, 0.0), 1.0)
    assert patience_s - 2 * TICK_S <= reported_s <= max(patience_s, 0.2) + 2 * TICK_S


def test_engines_in_parallel_cannot_be_told_apart() -> None:
    engines = Engines(directions=[[0.0, 0.0, 1.0]] * 2)
    engines.fly(HOLD, 0.5)
    assert engines.fly(HOLD, 0.5, given=(1.0, 0.0))[-1] == [0.0, 0.0]


def test_an_engine_that_is_off_is_not_judged() -> None:
    engines = Engines()
    engines.command.engine_on = [1, 0]
    assert max(engines.fly(HOLD, (0.7, 0.0))[-1]) < 1e-6


def test_invalid_navigation_leaves_the_losses_as_they_are() -> None:
    engines = Engines()
    engines.fly(HOLD, 0.5)
    before = engines.fly(HOLD, 0.5, given=(1.0, 0.2))[-1]
    engines.nav.valid = 0
    assert engines.fly(10, 0.5)[-1] == before


def test_the_hash_covers_the_state() -> None:
    a, b = Engines(), Engines()
    a.fly(20, 0.5)
    b.fly(20, 0.5)
    assert lib.ob_thrust_monitor_hash(a.monitor, 1) == lib.ob_thrust_monitor_hash(b.monitor, 1)
    b.fly(1, 0.6)
    assert lib.ob_thrust_monitor_hash(a.monitor, 1) != lib.ob_thrust_monitor_hash(b.monitor, 1)
