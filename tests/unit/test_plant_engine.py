"""Main engine and thrusters against the exact solutions that their headers state."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.plant_setup import ffi, lib

TICK_S = 0.01


def engine(**changes: Any) -> Any:
    spec = {
        "position_body_m": [0.0, 0.2, -0.8],
        "direction_body": [0.0, 0.0, 1.0],
        "thrust_n": 500.0,
        "specific_impulse_s": 320.0,
        "throttle_minimum": 0.15,
        "valve_delay_s": 0.05,
        "lag_s": 0.08,
        "tail_off_s": 0.10,
        "chamber_pressure_pa": 9e5,
    } | changes
    e = ffi.new("pl_engine *")
    lib.pl_engine_init(e, ffi.new("pl_engine_spec *", spec), spec.pop("scale", 1.0))
    return e


def test_start_up_waits_for_the_valve_then_rises_exponentially() -> None:
    e = engine()
    for tick in range(60):
        lib.pl_engine_step(e, 1, 1.0, 1)
        after = (tick + 1) * TICK_S - 0.05
        expected = 0.0 if after <= 0 else 500.0 * (1.0 - math.exp(-after / 0.08))
        assert e.thrust_n == pytest.approx(expected, abs=1e-9)
        assert lib.pl_engine_burns(e) == (tick >= 5)


@pytest.mark.parametrize(("throttle", "thrust_n"), [(0.6, 300.0), (0.01, 75.0), (2.0, 500.0)])
def test_an_engine_that_burns_already_goes_on(throttle: float, thrust_n: float) -> None:
    """Through the valve delay, too; its limits hold."""
    e = engine()
    lib.pl_engine_burn(e, throttle)
    for _ in range(20):
        assert lib.pl_engine_step(e, 1, throttle, 1) == pytest.approx(thrust_n)


def test_tail_off_is_an_exponential_and_ends() -> None:
    e = engine()
    for _ in range(300):
        lib.pl_engine_step(e, 1, 1.0, 1)
    for tick in range(150):
        lib.pl_engine_step(e, 0, 1.0, 1)
        after = max(0.0, (tick + 1) * TICK_S - 0.05)
        full = 500.0 * math.exp(-after / 0.10)
        assert e.thrust_n == pytest.approx(full if full > 1e-3 else 0.0, abs=2e-3)
    assert e.thrust_n == 0.0
    assert lib.pl_engine_burns(e) == 0


@given(
    throttles=st.lists(st.floats(0.0, 1.0), min_size=1, max_size=40),
    lag_s=st.floats(0.01, 1.0),
)
def test_the_impulse_is_exact_for_any_throttle_history(
    throttles: list[float], lag_s: float
) -> None:
    """lag F' = D - F integrates to: sum of F h = sum of D h - lag (F_end - F_0)."""
    e = engine(lag_s=lag_s, valve_delay_s=0.0)
    impulse = demanded = 0.0
    for throttle in throttles:
        impulse += TICK_S * lib.pl_engine_step(e, 1, throttle, 1)
        demanded += TICK_S * 500.0 * max(0.15, throttle)
    assert impulse == pytest.approx(demanded - lag_s * e.thrust_n, abs=1e-9)


@pytest.mark.parametrize(
    ("throttle", "held"), [(0.0, 0.15), (-3.0, 0.15), (7.0, 1.0), (0.4, 0.4), (math.nan, 0.15)]
)
def test_throttle_is_held_within_its_range(throttle: float, held: float) -> None:
    e = engine()
    for _ in range(1000):
        lib.pl_engine_step(e, 1, throttle, 1)
    assert e.thrust_n == pytest.approx(500.0 * held)
    assert lib.pl_engine_pressure_pa(e) == pytest.approx(9e5 * held)


def test_an_empty_tank_means_no_thrust_at_once() -> None:
    e = engine()
    for _ in range(100):
        lib.pl_engine_step(e, 1, 1.0, 1)
    assert lib.pl_engine_step(e, 1, 1.0, 0) == 0.0
    assert e.thrust_n == 0.0


# ---- thrusters ----


def bank() -> Any:
    spec = {
        "position_body_m": [[1.0, 0.0, 0.0]] * 12,
        "direction_body": [[0.0, 0.0, 1.0]] * 12,
        "thrust_n": 20.0,
        "specific_impulse_s": 220.0,
        "minimum_on_time_us": 8000,
    }
    b = ffi.new("pl_thruster_bank *")
    lib.pl_thruster_init(b, ffi.new("pl_thruster_spec *", spec), [1.0] * 12, [0.0] * 3)
    return b


def fire(b: Any, on_time_us: int) -> float:
    """Impulse of thruster 0 over one tick."""
    wrench = ffi.new("pl_wrench *")
    fired = lib.pl_thruster_step(b, [on_time_us] + [0] * 11, wrench)
    assert fired == (wrench.force_body_n[2] > 0.0)
    force: float = wrench.force_body_n[2]
    return force * TICK_S


@given(on_time_us=st.integers(-(2**63), 2**63 - 1))
def test_a_new_pulse_is_its_on_time_or_nothing(on_time_us: int) -> None:
    held = min(on_time_us, 10_000)
    expected = 20.0 * held * 1e-6 if held >= 8000 else 0.0
    assert fire(bank(), on_time_us) == pytest.approx(expected, abs=1e-12)


@given(on_time_us=st.integers(0, 10_000))
def test_an_open_valve_may_close_at_any_time(on_time_us: int) -> None:
    b = bank()
    fire(b, 10_000)
    assert fire(b, on_time_us) == pytest.approx(20.0 * on_time_us * 1e-6, abs=1e-12)
    assert fire(b, 1000) == pytest.approx(20e-3 if on_time_us == 10_000 else 0.0, abs=1e-12)


def test_the_smallest_impulse() -> None:
    assert fire(bank(), 8000) == pytest.approx(0.16)
    assert fire(bank(), 7999) == 0.0


def test_a_broken_nozzle_takes_thrust_and_leaves_pressure_and_flow() -> None:
    sound, broken = engine(), engine()
    wrenches = [ffi.new("pl_wrench *") for _ in range(2)]
    broken.nozzle = 0.1
    centre = ffi.new("double[3]")
    for e, wrench in zip((sound, broken), wrenches, strict=True):
        for _ in range(300):
            mean_n = lib.pl_engine_step(e, 1, 0.7, 1)
        lib.pl_engine_wrench(e, mean_n, centre, wrench)
    assert wrenches[1].force_body_n[2] == pytest.approx(0.1 * wrenches[0].force_body_n[2])
    assert wrenches[1].torque_body_n_m[0] == pytest.approx(0.1 * wrenches[0].torque_body_n_m[0])
    assert wrenches[1].mass_flow_kg_s == wrenches[0].mass_flow_kg_s
    assert lib.pl_engine_pressure_pa(broken) == lib.pl_engine_pressure_pa(sound)


def test_a_clogged_feed_takes_thrust_pressure_and_flow_alike() -> None:
    e = engine()
    e.feed = 0.4
    for _ in range(300):
        lib.pl_engine_step(e, 1, 0.5, 1)
    assert e.thrust_n == pytest.approx(0.4 * 250.0)
    assert lib.pl_engine_pressure_pa(e) == pytest.approx(0.4 * 0.45e6)
