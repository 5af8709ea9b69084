"""Figures of a run from its log of truth: what happened between the start and first contact.

The log has a row every 0.1 s; times are as fine as that, heights and speeds as what they change by
in it. All are None where they do not apply.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from hil.faults import FaultSpec
from onboard.core._core import lib
from onboard.navigation.navigation import STREAMS

ROW_S = 0.1
LOW_M = 500.0  # below it a vehicle that lands must not gain speed again
INSTRUMENTS = {"craters": "camera"}  # of a measurement stream, where it is called otherwise
Log = npt.NDArray[np.void]  # of `hil.bench.log.DTYPE`


def in_flight(log: Log, contact_s: float | None) -> Log:
    """The rows before first contact; all, when there was none."""
    return log if contact_s is None else log[log["time_s"] < contact_s]


def engine_gap_s(flight: Log, idle_n: float) -> float | None:
    """Longest time without thrust (below `idle_n`) after the first thrust."""
    lit = flight["thrust_n"] >= idle_n
    return _longest_s(~lit[np.argmax(lit) :]) if lit.any() else None


def cutoff_altitude_m(log: Log, idle_n: float, feet_m: float) -> float | None:
    """Height of the feet (`feet_m` below the origin) above ground when thrust last ended."""
    lit = np.flatnonzero(log["thrust_n"] >= idle_n)
    if len(lit) == 0 or lit[-1] + 1 == len(log):
        return None
    return float(log["true_altitude_m"][lit[-1] + 1] - feet_m)


def minimum_height_m(flight: Log) -> float | None:
    """Lowest height of the body's origin above ground."""
    return float(flight["true_altitude_m"].min()) if len(flight) else None


def largest_tilt_deg(flight: Log) -> float | None:
    """Largest tilt of the thrust axis from the vertical."""
    return float(flight["true_tilt_deg"].max()) if len(flight) else None


def sink_gain_m_s(flight: Log) -> float | None:
    """What the descent rate gained on its lowest value until then, below `LOW_M`."""
    sink = -flight["true_velocity_up_m_s"][flight["true_altitude_m"] < LOW_M]
    return float((sink - np.minimum.accumulate(sink)).max()) if len(sink) else None


def attitude_error_deg(flight: Log) -> float | None:
    """Largest angle between the navigated and the true attitude; the log has 2 sin of its half."""
    if len(flight) == 0:
        return None
    parts = np.array([flight[f"attitude_error_{axis}_rad"] for axis in "xyz"])
    sine = 0.5 * float(np.linalg.norm(parts, axis=0).max())
    return math.degrees(2.0 * math.asin(min(sine, 1.0)))


def drift_m(log: Log, since_s: float | None) -> float | None:
    """Horizontal distance between where it was at a time and where it ended."""
    if since_s is None or since_s > log["time_s"][-1]:
        return None
    start = int(np.searchsorted(log["time_s"], since_s))
    east, north = (log[f"true_{axis}_m"] for axis in ("east", "north"))
    return math.hypot(east[-1] - east[start], north[-1] - north[start])


def rejected_s(flight: Log, faults: Sequence[FaultSpec]) -> float | None:
    """Longest time for which a measurement stream was not accepted though no fault disturbed it."""
    if len(flight) == 0:
        return None
    bits = flight["rejecting"].astype(int)
    times = (
        _longest_s((bits >> k & 1 > 0) & _undisturbed(flight["time_s"], stream, faults))
        for k, stream in enumerate(STREAMS)
    )
    return max(times)


def _undisturbed(times_s: Any, stream: str, faults: Sequence[FaultSpec]) -> Any:
    instrument = INSTRUMENTS.get(stream, stream)
    right = np.ones(len(times_s), bool)
    for fault in faults:
        if fault.port.startswith(instrument):
            end_s = math.inf if fault.end_s is None else fault.end_s
            right &= (times_s < fault.start_s) | (times_s >= end_s)
    return right


def _longest_s(true: Any) -> float:
    """Duration of the longest run of true rows."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], true.astype(int), [0]])))
    return float(max(edges[1::2] - edges[::2], default=0) * ROW_S)


def impact_speed_m_s(log: Log, touchdown: Any | None, crashed: bool) -> float | None:
    """Speed over ground at the first touch: of a foot, or of whatever struck."""
    if touchdown is not None:
        return math.hypot(touchdown.speed_vertical_m_s, touchdown.speed_horizontal_m_s)
    return float(log["true_speed_m_s"][-2]) if crashed and len(log) > 1 else None


def perilune_altitude_m(
    position_mci_m: Sequence[float], velocity_mci_m_s: Sequence[float]
) -> float:
    """Of the osculating orbit, above the sphere of 1,737,400 m (Vallado 2013, section 2.5)."""
    r, v = np.array(position_mci_m), np.array(velocity_mci_m_s)
    mu, radius = lib.OB_MOON_MU_M3_S2, float(np.linalg.norm(r))
    momentum = np.cross(r, v)
    eccentricity = float(np.linalg.norm(np.cross(v, momentum) / mu - r / radius))
    return float(momentum @ momentum / mu / (1.0 + eccentricity) - lib.OB_MOON_RADIUS_M)
