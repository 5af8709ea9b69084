"""Guidance from any state of a stated envelope: bounded, finite, forward, never diving."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from gnc_setup import PARAMETERS, RADIUS_M, guidance, nav_state, rotation
from hypothesis import given, settings
from hypothesis import strategies as st

from onboard.core._core import ffi, lib

STEP_NS = 100_000_000
quaternions = (
    st.tuples(*[st.floats(-1, 1)] * 4)
    .filter(lambda q: sum(x * x for x in q) > 0.01)
    .map(lambda q: tuple(x / math.sqrt(sum(y * y for y in q)) for x in q))
)
phases = st.sampled_from(
    [
        lib.OB_GUIDANCE_COAST,
        lib.OB_GUIDANCE_BRAKING,
        lib.OB_GUIDANCE_APPROACH,
        lib.OB_GUIDANCE_VERTICAL,
    ]
)


@st.composite
def states(draw: st.DrawFn) -> Any:
    """Up to 20 km high, 700 km from the target, 1.4 km/s; altitude known to 0.1-300 m."""
    azimuth, angle = draw(st.floats(0, 6.28)), draw(st.floats(0, 700e3)) / RADIUS_M
    height = draw(st.floats(-5, 20e3))
    out = np.array([math.sin(azimuth), math.cos(azimuth), 0.0])
    r = (RADIUS_M + height) * (math.cos(angle) * np.array([0, 0, 1]) + math.sin(angle) * out)
    r[2] -= RADIUS_M
    v = [draw(st.floats(-1000, 1000)), draw(st.floats(-1000, 1000)), draw(st.floats(-150, 50))]
    sigma = draw(st.floats(0.1, 300))
    return nav_state(r, v, draw(quaternions), altitude_m=height, altitude_sigma_m=sigma)


def fall_along(nav: Any, v: Any, dt: float) -> None:
    """Coasting kinematics, good enough to move a state on."""
    for i in range(3):
        nav.position_site_m[i] += dt * v[i]
    nav.altitude_m += dt * v[2]
    nav.altitude_worst_m += dt * v[2]
    nav.time_ns += int(dt * 1e9)


def check(command: Any, share: float = 1.0) -> None:
    p = PARAMETERS
    q, w = list(command.q_site_from_body), list(command.rate_body_rad_s)
    numbers = [*q, *w, *command.acceleration_site_m_s2, command.throttle]
    numbers += [command.time_to_go_s, command.range_to_go_m]
    assert all(math.isfinite(x) for x in numbers)
    assert abs(math.fsum(x * x for x in q) - 1) < 1e-12
    assert math.hypot(*w) <= p["guidance.slew_rate_rad_s"] * (1 + 1e-9)
    if command.engines_on:
        low, high = p["guidance.throttle_min"], p["guidance.throttle_max"]
        assert share * low <= command.throttle <= share * high
    else:
        assert command.throttle == 0.0
    assert command.time_to_go_s >= 0.0 and command.range_to_go_m >= 0.0


@settings(max_examples=150)
@given(states(), phases, st.lists(st.sampled_from([0, 1, 1, 1, 2]), min_size=1, max_size=30))
def test_commands_are_sound_and_phases_go_forward(
    nav: Any, phase: int, requests: list[int]
) -> None:
    g, command = guidance(), ffi.new("ob_guidance_command *")
    lib.ob_guidance_step(g, nav, lib.OB_GUIDANCE_RUN, 0, command)
    g.phase = max(phase, g.phase)
    before = g.phase
    for request in requests:
        lib.ob_guidance_step(g, nav, request, 0, command)
        check(command)
        assert command.phase >= before
        before = command.phase
        fall_along(nav, list(nav.velocity_site_m_s), 0.1)


@settings(max_examples=100)
@given(states(), st.integers(2, 40))
def test_attitude_moves_within_rate_and_acceleration(nav: Any, steps: int) -> None:
    """From command to command the attitude turns by the rate given, and that changes slowly."""
    g, command = guidance(), ffi.new("ob_guidance_command *")
    last, rate = None, np.zeros(3)
    for _ in range(steps):
        lib.ob_guidance_step(g, nav, lib.OB_GUIDANCE_RUN, 0, command)
        C = rotation(command.q_site_from_body)
        if last is not None:
            angle = math.acos(min(max((np.trace(last.T @ C) - 1) / 2, -1), 1))
            # acos near 1 loses half of the digits
            assert abs(angle - np.linalg.norm(rate) * 0.1) < 1e-7
        change = np.linalg.norm(np.array(list(command.rate_body_rad_s)) - rate)
        most = PARAMETERS["guidance.slew_acceleration_rad_s2"] * (0.1 if last is not None else 0.01)
        assert change <= most * (1 + 1e-9)
        last, rate = C, np.array(list(command.rate_body_rad_s))
        nav.time_ns += STEP_NS


@settings(max_examples=150)
@given(
    st.floats(5, 480),
    st.floats(0.01, 50),
    st.tuples(st.floats(-40, 40), st.floats(-40, 40)),
    st.tuples(st.floats(-1500, 1500), st.floats(-1500, 1500)),
    st.floats(0.1, 30),
    st.sampled_from([lib.OB_GUIDANCE_APPROACH, lib.OB_GUIDANCE_VERTICAL]),
)
def test_it_never_accelerates_downwards_below_500_m(
    height: float,
    faster: float,
    across: tuple[float, float],
    away: tuple[float, float],
    sigma: float,
    phase: int,
) -> None:
    """L07: wherever the target is, above the slow rate the thrust asked for carries the weight."""
    slow = float(np.interp(height - 3 * sigma, (60, 180), (3, 9)))
    sink = slow + faster
    nav = nav_state((*away, height), (*across, -sink), altitude_sigma_m=sigma)
    g, command = guidance(), ffi.new("ob_guidance_command *")
    lib.ob_guidance_step(g, nav, lib.OB_GUIDANCE_RUN, 0, command)
    g.phase, g.time_to_go_s, g.descent_m_s = phase, 30.0, sink
    for _ in range(5):
        nav.time_ns += STEP_NS
        lib.ob_guidance_step(g, nav, lib.OB_GUIDANCE_RUN, 0, command)
        full = lib.ob_guidance_full_acceleration(g)
        weight = lib.OB_MOON_MU_M3_S2 / (RADIUS_M + height) ** 2
        # Coriolis at 100 m/s: 5e-4 m/s2; the horizontal offset tilts the vertical by 1e-3 at most.
        assert command.acceleration_site_m_s2[2] >= min(weight - 2e-3, full)


@settings(max_examples=100)
@given(
    st.floats(2, 500),
    st.floats(0, 20),
    st.tuples(st.floats(-30, 30), st.floats(-30, 30)),
    st.floats(0.1, 5),
)
def test_tilt_narrows_near_the_ground(
    height: float, sink: float, across: tuple[float, float], sigma: float
) -> None:
    nav = nav_state((0, 0, height), (*across, -sink), altitude_sigma_m=sigma)
    g, command = guidance(), ffi.new("ob_guidance_command *")
    lib.ob_guidance_step(g, nav, lib.OB_GUIDANCE_RUN, 0, command)
    g.phase, g.descent_m_s = lib.OB_GUIDANCE_VERTICAL, max(sink, 1.2)
    nav.time_ns += STEP_NS
    lib.ob_guidance_step(g, nav, lib.OB_GUIDANCE_RUN, 0, command)
    a = list(command.acceleration_site_m_s2)
    tilt = math.atan2(math.hypot(a[0], a[1]), a[2])
    p, worst = PARAMETERS, height - 3 * sigma
    limits = [p[f"guidance.tilt_{n}_rad"] for n in ("final", "vertical", "approach")]
    levels = [p[f"guidance.{n}_m"] for n in ("final_altitude", "vertical_altitude")] + [500.0]
    assert tilt <= np.interp(worst, levels, limits) + 1e-9


@given(st.floats(3.1, 2000), st.floats(0, 40), st.floats(0.1, 40))
def test_a_lower_worst_case_never_makes_it_faster(height: float, sink: float, sigma: float) -> None:
    """In the vertical descent more doubt about the altitude never raises the rate of descent
    by more than from the normal to the blind rate at the ground."""
    rates = []
    for s in (sigma, 2 * sigma):
        nav = nav_state((0, 0, height), (0, 0, -sink), altitude_sigma_m=s)
        g, command = guidance(), ffi.new("ob_guidance_command *")
        lib.ob_guidance_step(g, nav, lib.OB_GUIDANCE_RUN, 0, command)
        g.phase, g.descent_m_s = lib.OB_GUIDANCE_VERTICAL, 50.0
        nav.time_ns += STEP_NS
        lib.ob_guidance_step(g, nav, lib.OB_GUIDANCE_RUN, 0, command)
        rates.append(g.descent_m_s)
    blind, final = (
        PARAMETERS["guidance.blind_descent_m_s"],
        PARAMETERS["guidance.touchdown_speed_m_s"],
    )
    assert rates[1] <= max(rates[0], blind) and rates[1] >= final


@settings(max_examples=100)
@given(
    st.floats(2, 400),
    st.floats(0, 3),
    st.tuples(st.floats(-5, 5), st.floats(-5, 5)),
    st.sampled_from([1, 2]),
)
def test_with_one_engine_the_body_leans_within_its_limit(
    height: float, sink: float, across: tuple[float, float], inhibit: int
) -> None:
    """In the same state for 45 s, half a turn: throttle of one engine, body within its tilt."""
    nav = nav_state((0, 0, height), (*across, -sink), altitude_sigma_m=0.1)
    g, command = guidance(), ffi.new("ob_guidance_command *")
    lib.ob_guidance_step(g, nav, lib.OB_GUIDANCE_RUN, 0, command)
    g.phase, g.descent_m_s = lib.OB_GUIDANCE_VERTICAL, max(sink, 1.2)
    lib.ob_guidance_engines(g, inhibit)
    for _ in range(450):
        nav.time_ns += STEP_NS
        nav.q_site_from_body = list(command.q_site_from_body)
        lib.ob_guidance_step(g, nav, lib.OB_GUIDANCE_RUN, 0, command)
        check(command, share=0.5)
    tilt = math.acos(min(rotation(command.q_site_from_body)[2, 2], 1.0))
    worst, p = height - 0.3, PARAMETERS
    narrow = np.interp(
        worst, [3, 12], [p["guidance.tilt_lean_rad"], p["guidance.tilt_vertical_rad"]]
    )
    limits = [p[f"guidance.tilt_{n}_rad"] for n in ("final", "vertical", "approach")]
    assert tilt <= max(narrow, np.interp(worst, [3, 60, 500], limits)) + 1e-6


@pytest.mark.parametrize("inhibit", [1, 2])
def test_the_thrust_of_one_engine_points_where_it_should(inhibit: int) -> None:
    """At rest 40 m up, with room to lean: straight up, so body z is off by the cant, across x."""
    nav = nav_state((0, 0, 40), (0, 0, -3))
    g, command = guidance(), ffi.new("ob_guidance_command *")
    lib.ob_guidance_step(g, nav, lib.OB_GUIDANCE_RUN, 0, command)
    g.phase, g.descent_m_s = lib.OB_GUIDANCE_VERTICAL, 3.0
    lib.ob_guidance_engines(g, inhibit)
    for _ in range(450):
        nav.time_ns += STEP_NS
        lib.ob_guidance_step(g, nav, lib.OB_GUIDANCE_RUN, 0, command)
    cant = PARAMETERS["guidance.engine_cant_rad"]
    left = [0.0, math.sin(cant) * (1 if inhibit == 1 else -1), math.cos(cant)]
    thrust = rotation(command.q_site_from_body) @ left
    assert thrust == pytest.approx([0.0, 0.0, 1.0], abs=1e-3)  # Coriolis, centrifugal: 1e-4


@pytest.mark.parametrize("inhibit", [0, 3])
def test_all_engines_or_none_leave_the_plan_as_it_is(inhibit: int) -> None:
    g, sound = guidance(), guidance()
    lib.ob_guidance_engines(g, 1)
    lib.ob_guidance_engines(g, inhibit)
    assert lib.ob_guidance_hash(g, 7) == lib.ob_guidance_hash(sound, 7)
