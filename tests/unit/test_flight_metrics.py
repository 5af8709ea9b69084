"""Figures that the bench reads from its log, on logs made by hand."""

from __future__ import annotations

import math
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from hil.bench import metrics
from hil.bench.log import DTYPE
from hil.faults import FaultSpec


def log(**columns: Any) -> Any:
    """Rows every 0.1 s from 0.1 s on."""
    count = max(len(values) for values in columns.values())
    rows = np.zeros(count, DTYPE)
    rows["time_s"] = 0.1 * np.arange(1, count + 1)
    for name, values in columns.items():
        rows[name] = values
    return rows


@pytest.mark.parametrize(
    ("thrust_n", "gap_s"),
    [
        ([0, 0, 0], None),
        ([0, 0, 500, 500], 0.0),
        ([0, 500, 20, 0, 0, 500, 0, 500], 0.3),
        ([500, 0, 0, 0], 0.3),
    ],
)
def test_the_longest_gap_counts_from_the_first_thrust(thrust_n: Any, gap_s: float | None) -> None:
    found = metrics.engine_gap_s(log(thrust_n=thrust_n), idle_n=37.5)
    assert found == (None if gap_s is None else pytest.approx(gap_s))


@pytest.mark.parametrize(
    ("thrust_n", "height_m"),
    [([0, 0, 0, 0], None), ([500] * 4, None), ([500, 0, 500, 0], 6.0), ([500, 0, 0, 0], 26.0)],
)
def test_the_height_of_the_last_cut(thrust_n: Any, height_m: float | None) -> None:
    table = log(thrust_n=thrust_n, true_altitude_m=[37.2, 27.2, 17.2, 7.2])
    found = metrics.cutoff_altitude_m(table, idle_n=37.5, feet_m=1.2)
    assert found == (None if height_m is None else pytest.approx(height_m))


def test_a_stream_that_a_fault_disturbs_may_be_rejected() -> None:
    """Bit 1: rangefinder.b, rejected for the last 0.6 s; bit 4: craters for 0.2 s."""
    flight = log(rejecting=[0, 16, 16, 0, 2, 2, 2, 2, 2, 2])
    assert metrics.rejected_s(flight, ()) == pytest.approx(0.6)
    fault = FaultSpec(port="rangefinder.b", kind="stuck", start_s=0.5, end_s=0.7)
    assert metrics.rejected_s(flight, (fault,)) == pytest.approx(0.4)
    stays = FaultSpec(port="rangefinder.b", kind="stuck", start_s=0.5)
    assert metrics.rejected_s(flight, (stays,)) == pytest.approx(0.2)
    blind = FaultSpec(port="camera.a", kind="off", direction="input")
    assert metrics.rejected_s(flight, (stays, blind)) == 0.0


def test_the_rest() -> None:
    table = log(
        true_altitude_m=[30.0, 20.0, 10.0, 1.0],
        true_speed_m_s=[5.0, 6.0, 7.0, 0.0],
        true_tilt_deg=[4.0, 91.0, 3.0, 99.0],
        true_velocity_up_m_s=[-5.0, -4.0, -4.5, -9.0],
        true_east_m=[0.0, 1.0, 2.0, 4.0],
        true_north_m=[0.0, 0.0, 0.0, 4.0],
        attitude_error_y_rad=[0.0, 0.3, 0.1, 3.0],
        attitude_error_z_rad=[0.0, 0.4, 0.1, 3.0],
    )
    flight = metrics.in_flight(table, contact_s=0.35)
    assert len(flight) == 3
    assert len(metrics.in_flight(table, None)) == 4
    assert metrics.minimum_height_m(flight) == 10.0
    assert metrics.largest_tilt_deg(flight) == 91.0
    assert metrics.sink_gain_m_s(flight) == 0.5
    assert metrics.sink_gain_m_s(log(true_altitude_m=[600.0])) is None
    assert metrics.attitude_error_deg(flight) == pytest.approx(math.degrees(2.0 * math.asin(0.25)))
    assert metrics.drift_m(table, 0.2) == pytest.approx(5.0)
    assert metrics.drift_m(table, None) is None
    assert metrics.drift_m(table, 9.0) is None
    foot = SimpleNamespace(speed_vertical_m_s=3.0, speed_horizontal_m_s=4.0)
    assert metrics.impact_speed_m_s(table, foot, True) == 5.0
    assert metrics.impact_speed_m_s(table, None, True) == 7.0
    assert metrics.impact_speed_m_s(table, None, False) is None


def test_before_the_first_row_there_is_nothing() -> None:
    empty = log(time_s=[1.0])[:0]
    for figure in (metrics.minimum_height_m, metrics.largest_tilt_deg, metrics.sink_gain_m_s):
        assert figure(empty) is None
    assert metrics.rejected_s(empty, ()) is None


def test_the_perilune_of_an_orbit_is_met_anywhere_on_it() -> None:
    """A 15 x 100 km orbit at apolune and at perilune: vis-viva gives the speeds."""
    low, high, mu = 1_752_400.0, 1_837_400.0, 4.902801056e12
    for here, there in ((low, high), (high, low)):
        speed = math.sqrt(2 * mu * there / (here * (here + there)))
        found = metrics.perilune_altitude_m([0.0, here, 0.0], [0.6 * speed, 0.0, 0.8 * speed])
        assert found == pytest.approx(15_000.0, abs=1e-3)
