"""The approach law against polynomial boundary value solutions by NumPy."""

from __future__ import annotations

import numpy as np
from gnc_setup import Array, vector
from hypothesis import given
from hypothesis import strategies as st
from numpy.polynomial import Polynomial

from onboard.core._core import ffi, lib

metres = st.floats(-8000, 8000)
speeds = st.floats(-200, 200)
times = st.floats(5, 400)


def quartic(r: float, v: float, end: tuple[float, float, float], time_s: float) -> Polynomial:
    """The quartic through position and velocity now, position, velocity, acceleration then."""
    t = time_s
    rows = [
        [1, 0, 0, 0, 0],
        [0, 1, 0, 0, 0],
        [1, t, t**2, t**3, t**4],
        [0, 1, 2 * t, 3 * t**2, 4 * t**3],
        [0, 0, 2, 6 * t, 12 * t**2],
    ]
    scale = t ** np.arange(5.0)
    x = np.linalg.solve(np.array(rows) / scale, [r, v, *end])
    return Polynomial(x / scale)


def make_end(position: Array, velocity: Array, acceleration: Array) -> object:
    end = ffi.new("ob_approach_end *")
    end.position_m, end.velocity_m_s = tuple(position), tuple(velocity)
    end.acceleration_m_s2 = tuple(acceleration)
    return end


@given(metres, speeds, metres, speeds, st.floats(-3, 3), times)
def test_acceleration_is_that_of_the_quartic(
    r: float, v: float, rf: float, vf: float, af: float, time_s: float
) -> None:
    end = make_end(np.full(3, rf), np.full(3, vf), np.full(3, af))
    out = ffi.new("double[3]")
    lib.ob_approach_acceleration(end, vector([r] * 3), vector([v] * 3), time_s, out)
    expected = quartic(r, v, (rf, vf, af), time_s).deriv(2)(0.0)
    # Cancellation: terms up to 12 x 16 km / T^2 and 6 x 400 m/s / T; the solver's 1e-12 of each.
    size = 12 * 16e3 / time_s**2 + 6 * 400 / time_s + 3
    assert abs(out[0] - expected) <= 1e-10 * size


@given(
    st.tuples(metres, metres, st.floats(500, 4000)),
    st.tuples(speeds, speeds, st.floats(-100, 10)),
    times,
)
def test_peak_is_the_largest_thrust_at_the_quarters(
    r: tuple[float, float, float], v: tuple[float, float, float], time_s: float
) -> None:
    fall = np.array([0.0, 0.0, -1.62])
    final = ([0.0, 0.0, 60.0], [0.0, 0.0, -10.0], [0.0, 0.0, 1.2])
    end = make_end(*(np.array(f) for f in final))
    peak = lib.ob_approach_peak(end, vector(r), vector(v), vector(fall), time_s)
    paths = [
        quartic(r[i], v[i], (final[0][i], final[1][i], final[2][i]), time_s).deriv(2)
        for i in range(3)
    ]
    sizes = [
        float(np.linalg.norm([p(s * time_s) - g for p, g in zip(paths, fall, strict=True)]))
        for s in (0, 0.25, 0.5, 0.75, 1)
    ]
    assert abs(peak - max(sizes)) <= 1e-9 * (1 + max(sizes))


@given(
    st.floats(800, 8000),
    st.floats(30, 250),
    st.floats(600, 4000),
    st.floats(0, 90),
    st.floats(2, 6),
)
def test_time_is_the_first_of_a_fine_scan_within_the_limit(
    range_m: float, speed: float, height: float, descent: float, limit: float
) -> None:
    end = make_end(np.array([0, 0, 60.0]), np.array([0, 0, -10.0]), np.array([0, 0, 1.2]))
    r, v, fall = vector((0, -range_m, height)), vector((0, speed, -descent)), vector((0, 0, -1.62))
    peak = ffi.new("double *")
    time_s = lib.ob_approach_time(end, r, v, fall, limit, peak)
    pace = float(np.hypot(range_m, height - 60.0) / np.hypot(speed, descent))
    grid = 0.5 * pace * 1.01 ** np.arange(lib.OB_APPROACH_SCAN)
    peaks = np.array([lib.ob_approach_peak(end, r, v, fall, t) for t in grid])
    inside = np.flatnonzero(peaks <= limit)
    # The smallest peak may be that of the end, the same for many times: then only it compares.
    # Powers by repeated multiplication: 196 roundings.
    if len(inside):
        assert abs(time_s / grid[inside[0]] - 1) < 1e-13 * lib.OB_APPROACH_SCAN
    assert abs(peak[0] - peaks[inside[0] if len(inside) else np.argmin(peaks)]) < 1e-9 * peak[0]


@given(
    st.floats(800, 8000),
    st.floats(30, 250),
    st.floats(600, 4000),
    st.floats(2, 6),
    st.floats(20, 90),
)
def test_lengthening_never_raises_the_peak(
    range_m: float, speed: float, height: float, limit: float, time_s: float
) -> None:
    end = make_end(np.array([0, 0, 60.0]), np.array([0, 0, -10.0]), np.array([0, 0, 1.2]))
    r, v, fall = vector((0, -range_m, height)), vector((0, speed, -40.0)), vector((0, 0, -1.62))
    before = lib.ob_approach_peak(end, r, v, fall, time_s)
    longer = lib.ob_approach_lengthen(end, r, v, fall, limit, time_s)
    after = lib.ob_approach_peak(end, r, v, fall, longer)
    assert time_s <= longer <= time_s * 1.02**8 * (1 + 1e-12)
    assert after <= before
    assert longer == time_s or before > limit
