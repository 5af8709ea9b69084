"""Sensors and navigation on the instruments of the plant, whose error terms nobody made for them.

The parameters are the flight ones. The instruments have constant errors that the filter has no
states for, so its covariance must be on the safe side of its errors: NEES below the upper end of
the band.
"""

from __future__ import annotations

import functools

import numpy as np
from navigation_simulation import (
    Array,
    array,
    c_array,
    conjugate,
    covariance,
    ffi,
    lib,
    make_site,
    multiply,
    to_rotvec,
)
from scipy.stats import chi2

from hil.plant.lander import LanderPlant, descent_orbit
from hil.plant.preset import load_preset
from onboard.bus import Bus
from onboard.dictionary.loader import load
from onboard.navigation.navigation import InitialState, Navigation
from onboard.products import CraterCatalogue, ElevationGrid, LandingMap
from onboard.sensors.sensors import Sensors
from tests.plant_setup import SITE, SmoothGround

PARAMETERS = {name: float(p.default) for name, p in load("lander").parameters.items()}
RUNS, COAST_S = 6, 60
SPIN = np.array([0.0, 0.0, lib.OB_MOON_RATE_RAD_S])


def flat_map() -> LandingMap:
    none = np.zeros(0)
    heights = np.zeros((2400, 400), dtype=np.float32)
    return LandingMap(
        SITE,
        (ElevationGrid(-560e3, -50e3, 250.0, heights, 5.0),),
        CraterCatalogue(none, none, none.reshape(0, 3), none, none, none),
    )


def in_site_axes(state: object) -> tuple[Array, Array, Array]:
    """Position, ground velocity and attitude of an inertial state at time 0, where mci is mcmf."""
    site = make_site()
    C = array(site.C_site_from_mcmf, 9).reshape(3, 3)
    r, v = np.array(state.position_mci_m), np.array(state.velocity_mci_m_s)  # type: ignore[attr-defined]
    turn = ffi.new("double[4]")
    lib.ob_q_from_matrix(turn, c_array(C))
    q = multiply(array(turn, 4), np.array(state.q_mci_from_body))  # type: ignore[attr-defined]
    return C @ (r - array(site.origin_mcmf_m, 3)), C @ (v - np.cross(SPIN, r)), q


def coast(seed: int) -> tuple[Navigation, Array]:
    """Navigation after a minute of the descent orbit, and its error in the nine dynamic states."""
    preset, nominal = load_preset("slim"), descent_orbit(SITE)
    plant = LanderPlant(preset, SmoothGround(), seed, preset.dispersions, nominal, site=SITE)
    bus = Bus()
    sensors = Sensors(bus, {n: p for n, p in plant.ports.items() if n != "thrusters"})
    position, velocity, q = in_site_axes(nominal)
    d = preset.dispersions
    navigation = Navigation(
        bus,
        flat_map(),
        PARAMETERS,
        InitialState(
            time_ns=0,
            position_site_m=tuple(position),
            velocity_site_m_s=tuple(velocity),
            q_site_from_body=tuple(q),
            position_sigma_m=(d.position_m,) * 3,
            velocity_sigma_m_s=(d.velocity_m_s,) * 3,
            attitude_sigma_rad=(d.attitude_rad,) * 3,
        ),
    )
    for _ in range(COAST_S * 100):
        plant.step()
        sensors.step(plant.time_ns)
        navigation.step(plant.time_ns)
    truth, s = plant.truth, navigation.filter.strapdown
    turn = multiply(array(truth.q_site_from_body, 4), conjugate(array(s.q_site_from_body, 4)))
    return navigation, np.concatenate(
        [
            array(truth.position_site_m, 3) - array(s.position_site_m, 3),
            array(truth.velocity_site_m_s, 3) - array(s.velocity_site_m_s, 3),
            to_rotvec(turn),
        ]
    )


@functools.cache
def coasts() -> tuple[tuple[Navigation, Array], ...]:
    return tuple(coast(seed) for seed in range(RUNS))


def test_errors_of_the_coast_are_within_their_covariance() -> None:
    nees = [
        e @ np.linalg.solve(covariance(navigation.filter)[:9, :9], e) for navigation, e in coasts()
    ]
    high = chi2.ppf(0.999, 9 * RUNS) / (9 * RUNS)
    print(f"NEES / 9 on the plant: {np.mean(nees) / 9:.2f} < {high:.2f}")
    assert np.mean(nees) / 9 < high


def test_stars_and_range_do_what_they_can() -> None:
    """Attitude from 5 mrad to the star tracker's 0.1 mrad class; altitude from 500 m to tens.

    The range comes within the instrument's 20 km only in the last ten seconds or so.
    """
    for navigation, e in coasts():
        assert np.abs(e[6:9]).max() < 1e-3
        state = navigation.state.state
        assert state.valid == 1
        assert state.altitude_sigma_m < 60.0
        gates = navigation.filter.gate
        assert gates[lib.OB_STREAM_STAR].accepted_count > 0.9 * 5 * COAST_S
        assert gates[lib.OB_STREAM_RANGE_A].accepted_count > 50
        assert [gates[i].rejected_count for i in range(lib.OB_STREAMS)] == [0] * lib.OB_STREAMS
        assert [gates[i].silent for i in range(lib.OB_STREAMS)] == [0] * lib.OB_STREAMS
