"""Touchdown confirmation: which cues confirm, and which histories must not."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from gnc_setup import nav_state, touchdown

from onboard.core._core import ffi, lib

TICK_NS = 10_000_000
WEIGHT = 1.62


class Descent:
    """A vehicle sinking at 1.2 m/s whose sensors a test moves by hand."""

    def __init__(self, altitude_m: float = 15.0, sigma_m: float = 1.0) -> None:
        self.state = touchdown()
        self.command = ffi.new("ob_guidance_command *")
        self.command.phase = lib.OB_GUIDANCE_VERTICAL
        self.command.engines_on = 1
        self.command.acceleration_site_m_s2 = (0.0, 0.0, WEIGHT)
        self.nav = nav_state((0, 0, altitude_m), (0, 0, -1.2), altitude_sigma_m=sigma_m)

    def tick(
        self,
        n: int = 1,
        *,
        legs: int = 0,
        force: float = WEIGHT,
        speed: float = 1.2,
        altitude_m: float | None = None,
    ) -> Any:
        for _ in range(n):
            self.nav.time_ns += TICK_NS
            self.nav.specific_force_body_m_s2[2] = force
            self.nav.velocity_site_m_s[2] = -speed
            if altitude_m is not None:
                three_sigma = 3 * self.nav.altitude_sigma_m
                self.nav.altitude_m = altitude_m
                self.nav.altitude_worst_m = altitude_m - three_sigma
            lib.ob_touchdown_step(self.state, self.nav, self.command, legs)
        return self.state

    def settle(self) -> Descent:
        """Two seconds of undisturbed descent: averages settle, legs are seen open."""
        self.tick(200)
        assert self.state.armed and not self.state.confirmed
        assert self.state.cues & (lib.OB_CUE_SHOCK | lib.OB_CUE_SUPPORT | lib.OB_CUE_ONE_LEG) == 0
        return self


def ticks_to_confirm(d: Descent, most: int = 60, **how: Any) -> int:
    for n in range(1, most + 1):
        if d.tick(**how).confirmed:
            return n
    return most + 1


LANDED = {"legs": 0b1111, "force": 3.5, "speed": 0.3, "altitude_m": 1.3}


def test_all_cues_confirm_within_the_leg_persistence() -> None:
    assert ticks_to_confirm(Descent().settle(), **LANDED) <= 7


@pytest.mark.parametrize("dead", range(16))
def test_dead_leg_switches_do_not_prevent_it(dead: int) -> None:
    """L12b and worse: with one leg left 100 ms at most, with none the other three cues do."""
    n = ticks_to_confirm(Descent().settle(), **{**LANDED, "legs": 0b1111 & ~dead})
    assert n <= (7 if dead != 15 else 25)


def test_radar_lost_at_the_ground_does_not_prevent_it() -> None:
    """Surveyor 3: altitude and speed stay wrong; two legs and the impact are enough."""
    n = ticks_to_confirm(Descent().settle(), legs=0b11, force=3.5, speed=1.2, altitude_m=14.0)
    assert n <= 7


def test_deaf_accelerometer_does_not_prevent_it() -> None:
    n = ticks_to_confirm(Descent().settle(), legs=0b111, speed=0.1, altitude_m=1.2)
    assert n <= 21


def test_soft_touchdown_on_one_leg_is_found_by_support() -> None:
    """No impact: the ground takes over the weight as the engines are throttled down."""
    d = Descent().settle()
    d.command.acceleration_site_m_s2 = (0.0, 0.0, 0.8)
    assert ticks_to_confirm(d, legs=0b1, speed=0.2, altitude_m=1.2) <= 20


@pytest.mark.parametrize(
    "how",
    [
        {"legs": 0b1111},
        {"legs": 0b1, "force": 3.5},
        {"force": 3.5},
        {"speed": 0.0, "altitude_m": 1.2},
        {"legs": 0b1, "speed": 0.0, "altitude_m": 1.2},
        {"force": 2.2, "altitude_m": 1.2},
    ],
    ids=["legs", "one leg, shock", "shock", "navigation", "one leg, navigation", "support"],
)
def test_too_few_cues_do_not_confirm(how: dict[str, Any]) -> None:
    d = Descent().settle()
    assert not d.tick(60, **how).confirmed


@pytest.mark.parametrize(("altitude_m", "sigma_m"), [(1500, 20), (400, 5), (40, 1), (40, 15)])
@pytest.mark.parametrize("pulse_ms", [5, 10, 20, 33])
def test_leg_pulses_do_not_cut(altitude_m: float, sigma_m: float, pulse_ms: int) -> None:
    """L12, Mars Polar Lander: one to three legs, every 0.5 s, all patterns, and one leg stuck."""
    d = Descent(altitude_m, sigma_m)
    d.tick(50)
    for legs in (*range(1, 15), 0b0111):
        d.tick(-(-pulse_ms // 10), legs=legs | 0b1000)
        d.tick(50, legs=0b1000)
    assert not d.state.confirmed


def test_a_latch_from_before_arming_is_cleared() -> None:
    """Legs closed at altitude, and still closed at arming, count for nothing until seen open."""
    d = Descent(100.0)
    d.tick(200, legs=0b1111, force=5.0)
    assert not d.state.armed
    d.tick(200, legs=0b1111, altitude_m=15.0)
    assert d.state.armed and not d.state.confirmed and d.state.leg_armed == 0
    assert d.state.cues & lib.OB_CUE_ONE_LEG == 0
    d.tick(1, altitude_m=15.0)
    assert ticks_to_confirm(d, **LANDED) <= 7


def test_a_shock_from_before_arming_is_forgotten() -> None:
    d = Descent(60.0)
    d.tick(20, force=9.0)
    d.tick(1, altitude_m=15.0)
    assert d.state.armed and not d.state.cues & lib.OB_CUE_SHOCK


@pytest.mark.parametrize("phase", ["IDLE", "COAST", "SHUTDOWN"])
def test_it_is_armed_in_powered_flight_only(phase: str) -> None:
    d = Descent()
    d.command.phase = getattr(lib, f"OB_GUIDANCE_{phase}")
    assert not d.tick(100, **LANDED).armed
    assert not d.state.confirmed


def test_arming_uses_the_worst_case_altitude_and_has_hysteresis() -> None:
    d = Descent(30.0, sigma_m=1.0)  # worst case 27 m
    assert not d.tick().armed
    assert d.tick(altitude_m=22.0).armed
    assert d.tick(altitude_m=42.0).armed
    assert not d.tick(altitude_m=44.0).armed
    far = Descent(60.0, sigma_m=15.0)  # 60 m, but perhaps 15 m
    assert far.tick().armed


def test_confirmation_is_final_and_stamped() -> None:
    d = Descent().settle()
    ticks_to_confirm(d, **LANDED)
    stamp = d.state.confirmed_ns
    assert stamp == d.nav.time_ns
    d.tick(100, altitude_m=500.0)
    assert d.state.confirmed and d.state.confirmed_ns == stamp


def test_invalid_navigation_neither_arms_nor_disarms() -> None:
    d = Descent().settle()
    d.nav.valid = 0
    assert d.tick(5, altitude_m=500.0).armed
    fresh = Descent()
    fresh.nav.valid = 0
    assert not fresh.tick(5).armed


def test_every_state_that_matters_is_hashed() -> None:
    seen = set()
    for legs, force in itertools.product((0, 1, 3), (WEIGHT, 4.0)):
        d = Descent().settle()
        d.tick(3, legs=legs, force=force)
        seen.add(lib.ob_touchdown_hash(d.state, 1))
    assert len(seen) == 6
