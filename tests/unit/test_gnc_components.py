"""Guidance, control and touchdown on the bus; parameters against the preset."""

from __future__ import annotations

import math
import tomllib
from typing import Any

import pytest
from gnc_setup import (
    FULL_M_S2,
    PARAMETERS,
    RADIUS_M,
    ROOT,
    SITE,
    Output,
    bus_with,
    nav_state,
    perilune,
)

from onboard.bus import Bus
from onboard.control.attitude import THRUSTERS, AttitudeControl, four_pods
from onboard.control.touchdown import TouchdownConfirmation
from onboard.core._core import ffi, lib
from onboard.core.fields import from_parameters
from onboard.dictionary import load
from onboard.guidance.descent import DescentGuidance
from onboard.messages import LegSample

TICK_NS = 10_000_000


class Vehicle:
    """The three components on one bus, with ports that remember."""

    def __init__(self, state: Any) -> None:
        self.bus: Bus = bus_with(state)
        self.state = state
        self.engines = (Output("engine.a"), Output("engine.b"))
        self.thrusters = Output("thrusters")
        self.guidance = DescentGuidance(self.bus, PARAMETERS, SITE)
        self.touchdown = TouchdownConfirmation(self.bus, PARAMETERS)
        self.control = AttitudeControl(self.bus, PARAMETERS, self.engines, self.thrusters)
        self.ticks = 0

    def tick(self, n: int = 1, legs: int = 0) -> None:
        for _ in range(n):
            now = self.state.time_ns = self.ticks * TICK_NS
            self.bus.topic("navigation").publish(self.state, now)
            self.bus.topic("legs").publish(LegSample(now, self.ticks, legs), now)
            if self.ticks % 10 == 0:
                self.guidance.step(now)
            self.touchdown.step(now)
            self.control.step(now)
            self.ticks += 1

    @property
    def command(self) -> Any:
        return self.bus.topic("guidance").value


def falling(height: float = 100.0) -> Any:
    return nav_state((0, 0, height), (0, 0, -5), altitude_sigma_m=0.5)


def test_nothing_happens_before_navigation_speaks() -> None:
    bus = Bus()
    out = Output("x")
    for component in (
        DescentGuidance(bus, PARAMETERS, SITE),
        TouchdownConfirmation(bus, PARAMETERS),
        AttitudeControl(bus, PARAMETERS, (out, out), out),
    ):
        component.step(0)
    assert not out.rows and bus.topic("guidance").value is None


def test_it_holds_attitude_until_started() -> None:
    v = Vehicle(nav_state(*perilune(650e3), attitude=(0.6, 0.8, 0, 0), altitude_m=17500))
    v.tick(100)
    assert v.guidance.phase == lib.OB_GUIDANCE_IDLE
    assert list(v.command.q_site_from_body) == pytest.approx([0.6, 0.8, 0, 0])
    assert v.guidance.start(0) is None
    v.tick(20)
    assert v.guidance.phase == lib.OB_GUIDANCE_COAST
    assert not v.command.engines_on
    assert v.command.time_to_go_s > 400


def test_ignition_waits_for_range_attitude_and_permission() -> None:
    position, velocity = perilune(540e3)  # past the point at which 0.88 is enough
    v = Vehicle(nav_state(position, velocity, altitude_m=17500))
    v.guidance.start(0)
    v.tick(4000)  # 40 s of slewing at up to 5 deg/s: any attitude is reached
    assert v.guidance.phase == lib.OB_GUIDANCE_COAST  # but the body has not followed
    v.guidance.hold(0)
    v.state.q_site_from_body = list(v.command.q_site_from_body)
    v.tick(20)
    assert v.guidance.phase == lib.OB_GUIDANCE_COAST  # held
    assert v.guidance.hold(0, hold=0) is None
    v.tick(10)
    assert v.guidance.phase == lib.OB_GUIDANCE_BRAKING
    assert v.engines[0].rows[-1].on and v.engines[1].rows[-1].on
    assert v.guidance.hold(0) == "the engines are committed"


def test_ignition_does_not_come_early() -> None:
    v = Vehicle(nav_state(*perilune(600e3), altitude_m=17500))
    v.guidance.start(0)
    v.tick(4000)
    v.state.q_site_from_body = list(v.command.q_site_from_body)
    v.tick(100)
    assert v.guidance.phase == lib.OB_GUIDANCE_COAST
    assert v.guidance.state.burn.converged
    assert v.guidance.state.burn.throttle < PARAMETERS["guidance.ignition_throttle"]


def test_the_belly_faces_the_ground_while_braking() -> None:
    v = Vehicle(nav_state(*perilune(545e3), altitude_m=17500))
    v.guidance.start(0)
    v.tick(4000)
    q = v.command.q_site_from_body
    down, axis = ffi.new("double[3]"), ffi.new("double[3]")
    lib.ob_q_rotate(down, q, ffi.new("double[3]", [1, 0, 0]))
    lib.ob_q_rotate(axis, q, ffi.new("double[3]", [0, 0, 1]))
    p = v.state.position_site_m
    up = [p[0], p[1], p[2] + RADIUS_M]
    size = math.hypot(*up)
    assert math.fsum(a * b for a, b in zip(down, up, strict=True)) / size < -0.9
    speed = list(v.state.velocity_site_m_s)
    against = math.fsum(a * b for a, b in zip(axis, speed, strict=True)) / math.hypot(*speed)
    assert against < -0.95


def test_touchdown_closes_the_engines_within_the_tick() -> None:
    v = Vehicle(falling(5.0))
    v.guidance.start(0)
    v.tick(20)
    v.guidance.state.phase = lib.OB_GUIDANCE_VERTICAL
    v.tick(43)  # not a tick of guidance
    assert v.engines[0].rows[-1].on
    v.touchdown.state.confirmed = 1
    v.tick(1)
    assert not v.engines[0].rows[-1].on and not v.engines[1].rows[-1].on
    v.tick(10)
    assert v.guidance.phase == lib.OB_GUIDANCE_SHUTDOWN
    fired = len(v.thrusters.rows)
    v.tick(20)
    assert len(v.thrusters.rows) == fired
    assert v.guidance.start(0) == "the engines have been shut down"


def test_legs_that_went_silent_count_as_open() -> None:
    v = Vehicle(falling(5.0))
    v.tick(1, legs=15)
    v.bus.topic("legs").time_ns = -(10**9)
    v.bus.topic("legs").value = LegSample(0, 0, 15)
    v.guidance.state.phase = lib.OB_GUIDANCE_VERTICAL
    v.touchdown.state.leg_armed = 15
    for now in range(0, 200 * TICK_NS, TICK_NS):
        v.touchdown.step(now)
    assert not any(v.touchdown.state.leg_ticks)


def test_engine_rows_come_at_10_hz_and_thruster_rows_when_one_fires() -> None:
    v = Vehicle(falling())
    v.tick(50)
    assert not v.thrusters.rows
    v.state.rate_body_rad_s[0] = 0.05
    v.tick(50)
    assert len(v.thrusters.rows) > 10
    assert all(any(row[2:]) for row in v.thrusters.rows)
    assert len(v.engines[0].rows) == len(v.engines[1].rows) == 10
    v.control.inhibit_engines(0, mask=2)
    v.tick(5)
    assert len(v.engines[0].rows) == 11
    assert [r.sequence for r in v.thrusters.rows] == list(range(1, len(v.thrusters.rows) + 1))


def test_shutdown_on_request() -> None:
    v = Vehicle(falling())
    v.guidance.start(0)
    v.tick(20)
    v.guidance.shutdown(0)
    v.tick(10)
    assert v.guidance.phase == lib.OB_GUIDANCE_SHUTDOWN


def firings(*disabled: int, again: bool = False) -> list[tuple[int, ...]]:
    """On-times (us) of the twelve thrusters while a turn is stopped."""
    v = Vehicle(falling())
    for thruster in disabled:
        assert v.control.enable_thruster(0, thruster, 0) is None
        assert not again or v.control.enable_thruster(0, thruster, 1) is None
    v.tick(20)
    v.state.rate_body_rad_s = (0.05, 0.05, 0.05)
    v.tick(50)
    return [tuple(row[2:]) for row in v.thrusters.rows]


def test_a_thruster_that_is_not_enabled_does_not_fire_and_the_others_do_its_work() -> None:
    all_used = firings()
    used = next(i for i in range(THRUSTERS) if all_used[0][i])
    without = firings(used)
    assert any(map(any, without)) and not any(row[used] for row in without)
    assert firings(used, again=True) == all_used


def test_the_last_thruster_of_an_axis_is_not_given_up() -> None:
    """Thrusters 2, 5, 8 and 11 alone turn about the thrust axis."""
    v = Vehicle(falling())
    for thruster in (2, 5, 8):
        assert v.control.enable_thruster(0, thruster, 0) is None
    before = v.control.state_hash(1)
    assert "axis without torque" in (v.control.enable_thruster(0, 11, 0) or "")
    assert v.control.excluded_thrusters == [2, 5, 8]
    assert v.control.state_hash(1) == before
    assert v.control.enable_thruster(0, 5, 1) is None
    assert v.control.enable_thruster(0, 11, 0) is None
    assert v.control.excluded_thrusters == [2, 8, 11]


def test_the_command_takes_the_number_of_any_thruster() -> None:
    thruster, _ = load("lander").commands["THRUSTER_ENABLE"].arguments
    assert thruster.range == (0, THRUSTERS - 1)


@pytest.mark.parametrize("name", ["guidance", "touchdown", "control"])
def test_a_restart_from_the_checkpoint_goes_on_with_the_same_state(name: str) -> None:
    first, second = Vehicle(falling()), Vehicle(falling())
    first.state.rate_body_rad_s = (0.01, 0.0, 0.0)
    first.guidance.start(0)
    first.tick(120)
    a, b = getattr(first, name), getattr(second, name)
    assert a.state_hash(1) != b.state_hash(1)
    b.restore(a.checkpoint())
    assert a.state_hash(1) == b.state_hash(1)
    assert a.checkpoint() == b.checkpoint()


def test_a_missing_parameter_is_named() -> None:
    some = {k: v for k, v in PARAMETERS.items() if k != "guidance.gate_range_m"}
    with pytest.raises(KeyError, match=r"guidance\.gate_range_m is missing"):
        from_parameters("ob_guidance_params", some, "guidance")


def test_what_flight_code_believes_is_what_the_vehicle_is() -> None:
    """Parameters of the dictionary against the plant's preset."""
    slim = tomllib.loads((ROOT / "hil/plant/presets/slim.toml").read_text())
    p, engines = PARAMETERS, slim["engines"]
    full = slim["mass"]["dry_kg"] + slim["mass"]["propellant_kg"]
    cosine = engines["mount"][0]["direction_body"][2]
    for group in ("guidance.initial_mass_kg", "control.mass_full_kg"):
        assert p[group] == full
    for group in ("guidance.dry_mass_kg", "control.mass_dry_kg"):
        assert p[group] == slim["mass"]["dry_kg"]
    assert p["guidance.thrust_n"] == pytest.approx(2 * engines["thrust_n"] * cosine, rel=1e-4)
    isp = engines["specific_impulse_s"]
    assert p["guidance.specific_impulse_s"] == pytest.approx(isp * cosine, rel=1e-4)
    assert p["control.engine_thrust_n"] == engines["thrust_n"]
    assert p["control.specific_impulse_s"] == isp
    for group in ("guidance.throttle_min", "control.throttle_min"):
        assert p[group] == engines["throttle_minimum"]
    for group in ("guidance.throttle_lag_s", "touchdown.thrust_lag_s"):
        assert p[group] == pytest.approx(engines["valve_delay_s"] + engines["lag_s"])
    for mount, sign in zip(engines["mount"], (1, -1), strict=True):
        (_, y, z), (_, dy, dz) = mount["position_body_m"], mount["direction_body"]
        assert sign * p["control.engine_arm_m"] == pytest.approx(y * dz - z * dy, abs=1e-6)
    for i, axis in enumerate("xyz"):
        for state in ("full", "dry"):
            name = f"control.inertia_{state}_{axis}_kg_m2"
            assert p[name] == slim["mass"][f"inertia_{state}_kg_m2"][i]
    thrusters = slim["thrusters"]
    assert [p["control.pod_x_m"], p["control.pod_y_m"]] == thrusters["pod_radius_m"]
    assert p["control.pod_z_m"] == thrusters["pod_height_m"]
    assert p["control.thruster_force_n"] == thrusters["thrust_n"]
    assert p["control.thruster_minimum_on_s"] * 1e6 == thrusters["minimum_on_time_us"]
    assert p["touchdown.body_height_m"] == -slim["legs"]["foot_body_m"][0][2]
    assert pytest.approx(p["guidance.thrust_n"] / full) == FULL_M_S2


def test_thruster_directions_are_unit_vectors() -> None:
    for direction in four_pods(PARAMETERS).direction:
        assert math.hypot(*direction) == pytest.approx(1.0, abs=1e-15)
