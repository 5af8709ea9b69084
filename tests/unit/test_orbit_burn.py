"""A burn in orbit ends by what was gained, by its timer, or is refused while it settles."""

from __future__ import annotations

from typing import Any

import pytest
from gnc_setup import PARAMETERS, SITE
from hypothesis import given
from hypothesis import strategies as st

from onboard.bus import Bus
from onboard.core._core import ffi, lib
from onboard.core.fields import from_parameters
from onboard.guidance.descent import DescentGuidance

STEP_S = 0.1
STEADY_M_S2 = 0.383  # slim with 385 kg at 15 % throttle
LAG_S = 0.13
SETTLE_S = PARAMETERS["orbit_burn.settle_s"]
TIMER = PARAMETERS["orbit_burn.timer_share"]


def burn(wanted_m_s: float = 18.8) -> Any:
    b = ffi.new("ob_orbit_burn *")
    lib.ob_orbit_burn_init(b, from_parameters("ob_orbit_burn_params", PARAMETERS, "orbit_burn"))
    lib.ob_orbit_burn_start(b, wanted_m_s)
    return b


def fly(b: Any, *, scale: float = 1.0, felt: float = 1.0, fails_s: float = 1e9) -> float:
    """Velocity gained: thrust is `scale` of the model, `felt` of it until `fails_s`, then none."""
    thrust, model, gained, time_s, throttle = 0.0, 0.0, 0.0, 0.0, 1.0
    while throttle or thrust > 1e-6:
        follow = STEP_S / (STEP_S + LAG_S)
        thrust += follow * ((scale * STEADY_M_S2 if throttle else 0.0) - thrust)
        model += follow * ((STEADY_M_S2 if throttle else 0.0) - model)
        gained += thrust * STEP_S
        time_s += STEP_S
        measured_m_s = felt * thrust * STEP_S if time_s < fails_s else 0.0
        throttle = lib.ob_orbit_burn_step(b, measured_m_s, model, STEADY_M_S2)
    return gained


@given(st.floats(5.0, 100.0), st.floats(0.85, 1.15))
def test_the_velocity_wanted_is_gained_whatever_the_thrust(wanted: float, scale: float) -> None:
    """Within a step of thrust, and a step more of the tail."""
    b = burn(wanted)
    assert fly(b, scale=scale) == pytest.approx(wanted, abs=2 * STEP_S * scale * STEADY_M_S2)
    assert b.state == lib.OB_ORBIT_BURN_DONE


@given(st.floats(0.1, 0.5), st.floats(0.85, 1.15))
def test_a_burn_shorter_than_its_settling_is_not_settled_out(wanted: float, scale: float) -> None:
    """The scale's own error, and two steps of thrust besides."""
    b = burn(wanted)
    slack = abs(1.0 - scale) * wanted + 2 * STEP_S * scale * STEADY_M_S2
    assert fly(b, scale=scale) == pytest.approx(wanted, abs=slack)
    assert b.elapsed_s < SETTLE_S


@given(st.floats(-0.02, 0.4))
def test_accelerometers_that_feel_nothing_refuse_the_burn_within_two_seconds(felt: float) -> None:
    b = burn()
    gained = fly(b, felt=felt)
    assert b.state == lib.OB_ORBIT_BURN_REFUSED
    assert b.elapsed_s <= 2.0
    assert gained < (2.0 + LAG_S) * STEADY_M_S2


@given(st.floats(2.0, 48.0), st.floats(0.85, 1.15))
def test_accelerometers_that_fail_later_cost_a_tenth(fails_s: float, scale: float) -> None:
    """The timer's share of the whole, the settling's lag and a step besides."""
    b = burn()
    gained = fly(b, scale=scale, fails_s=fails_s)
    slack = (2 * STEP_S + LAG_S) * scale * STEADY_M_S2
    assert 18.8 - slack <= gained <= TIMER * 18.8 + slack


@given(st.floats(0.0, 0.45))
def test_engines_that_do_not_push_are_not_burnt_on(scale: float) -> None:
    b = burn()
    fly(b, scale=scale)
    assert b.state == lib.OB_ORBIT_BURN_REFUSED


@given(st.floats(0.12, 0.6), st.integers(0, 400))
def test_an_engine_that_does_not_start_or_goes_out_ends_the_burn(share: float, out: int) -> None:
    """Three steps, and what the lag takes to fall below the share."""
    b = burn()
    steps, thrust, model, throttle = 0, 0.0, 0.0, 1.0
    while throttle:
        follow = STEP_S / (STEP_S + LAG_S)
        model += follow * (STEADY_M_S2 - model)
        thrust += follow * ((share if steps >= out else 1.0) * STEADY_M_S2 - thrust)
        steps += 1
        throttle = lib.ob_orbit_burn_step(b, thrust * STEP_S, model, STEADY_M_S2)
    assert b.state == lib.OB_ORBIT_BURN_REFUSED
    assert (
        3 <= steps - out <= 3 + 2 + 4
    )  # from 1 to 0.65 towards 0.6, with a time constant of 0.23 s


@given(st.integers(0, 400))
def test_two_short_steps_end_nothing(out: int) -> None:
    b = burn()
    for step in range(500):
        felt = 0.3 if out <= step < out + 2 else 1.0
        lib.ob_orbit_burn_step(b, felt * STEADY_M_S2 * STEP_S, STEADY_M_S2, STEADY_M_S2)
    assert b.state == lib.OB_ORBIT_BURN_DONE


def test_a_burn_that_has_ended_stays_off() -> None:
    b = burn()
    fly(b)
    assert lib.ob_orbit_burn_step(b, 0.0, 0.0, STEADY_M_S2) == 0.0
    before = lib.ob_orbit_burn_hash(b, 1)
    lib.ob_orbit_burn_start(b, 1.0)
    assert lib.ob_orbit_burn_hash(b, 1) != before


@pytest.mark.parametrize(("silent_s", "state"), [(0.0, "REFUSED"), (20.0, "DONE")])
def test_a_burn_ends_while_the_navigation_is_silent(silent_s: float, state: str) -> None:
    """It is refused in the settling, later ended by its timer: never the last command for ever."""
    bus = Bus()
    nav = bus.topic("navigation")
    guidance = DescentGuidance(bus, PARAMETERS, SITE)
    value = ffi.new("ob_nav_state *", {"q_site_from_body": (1.0, 0.0, 0.0, 0.0), "valid": 1})
    nav.publish(value, 0)
    guidance.step(0)
    assert guidance.burn_in_orbit(0, 18.8) is None
    full_m_s2 = lib.ob_guidance_full_acceleration(guidance.state)
    follow = STEP_S / (STEP_S + PARAMETERS["guidance.throttle_lag_s"])
    thrust = 0.0
    planned_s = 18.8 / (PARAMETERS["orbit_burn.throttle"] * full_m_s2)
    for step in range(1, int(planned_s * TIMER / STEP_S) + 30):
        value.valid = int(step * STEP_S < silent_s)
        thrust += follow * (guidance.command.throttle - thrust)
        if value.valid:
            value.time_ns = step * 100_000_000
            value.specific_force_body_m_s2[2] = thrust * full_m_s2
        guidance.step(step * 100_000_000)
        assert guidance.command.engines_on == guidance.burns_in_orbit
    assert guidance.state.orbit.state == getattr(lib, f"OB_ORBIT_BURN_{state}")
    assert guidance.state.orbit.elapsed_s <= TIMER * planned_s + SETTLE_S
