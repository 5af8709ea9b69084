"""Properties of the mathematics over all arguments that hypothesis can find."""

import math

import mathematics as m
import numpy as np
from hypothesis import assume, given
from hypothesis import strategies as st

ANGLES = st.floats(-1e6, 1e6)
ANY = st.floats(allow_nan=True, allow_infinity=True)
FINITE = st.floats(allow_nan=False, allow_infinity=False)
UNIT_INTERVAL = st.floats(-1.0, 1.0)
LATITUDES = st.floats(-math.pi / 2, math.pi / 2)
LONGITUDES = st.floats(-math.pi, math.pi)
METRES = st.floats(-3e6, 3e6)
POSITIONS = st.tuples(METRES, METRES, METRES)
ULP = 2.0**-52


def rotation_vectors() -> st.SearchStrategy[tuple[float, float, float]]:
    part = st.floats(-1.8, 1.8)  # sqrt(3) 1.8 is just below pi
    return st.tuples(part, part, part)


@given(ANGLES)
def test_sine_and_cosine_are_on_the_circle(x: float) -> None:
    sine, cosine = m.lib.ob_sin(x), m.lib.ob_cos(x)
    assert abs(sine * sine + cosine * cosine - 1.0) <= 4 * ULP  # each within an ulp
    assert (m.lib.ob_sin(-x), m.lib.ob_cos(-x)) == (-sine, cosine)
    both = m.ffi.new("double[2]")
    m.lib.ob_sincos(x, both, both + 1)
    assert (both[0], both[1]) == (sine, cosine)


@given(UNIT_INTERVAL)
def test_arcs_add_up_to_a_right_angle(x: float) -> None:
    assert abs(m.lib.ob_asin(x) + m.lib.ob_acos(x) - math.pi / 2) <= 4 * ULP
    assert m.lib.ob_asin(-x) == -m.lib.ob_asin(x)
    assert 0.0 <= m.lib.ob_acos(x) <= math.pi


@given(FINITE, FINITE)
def test_atan2_mirrors(y: float, x: float) -> None:
    angle = m.lib.ob_atan2(y, x)
    assert -math.pi <= angle <= math.pi
    assert m.lib.ob_atan2(-y, x) == -angle
    assume(x != 0.0 and y != 0.0)
    assert (abs(angle) <= math.pi / 2) == (x > 0.0) or abs(x) < 1e-15 * abs(y)


@given(st.floats(-700.0, 700.0))
def test_log_undoes_exp(x: float) -> None:
    # one ulp of exp x is a relative error of 2^-52, an absolute one of its logarithm
    assert abs(m.lib.ob_log(m.lib.ob_exp(x)) - x) <= 2 * ULP * max(1.0, abs(x))


@given(st.floats(-745.0, 709.0), st.floats(0.0, 10.0))
def test_exp_does_not_fall(x: float, more: float) -> None:
    assume(more == 0.0 or more > 4 * ULP * (1.0 + abs(x)))
    assert m.lib.ob_exp(min(x + more, 709.0)) >= m.lib.ob_exp(x)


@given(st.floats(min_value=0.0, allow_infinity=True))
def test_both_square_roots_agree(x: float) -> None:
    assert m.lib.ob_sqrt_soft(x) == m.lib.ob_sqrt(x) == math.sqrt(x)


@given(ANY)
def test_floor_and_conversion(x: float) -> None:
    floor, whole = m.lib.ob_floor(x), m.lib.ob_to_i64(x)
    if math.isnan(x):
        assert math.isnan(floor)
        assert whole == 0
    elif math.isinf(x):
        assert floor == x
        assert whole == (2**63 - 1 if x > 0 else -(2**63))
    else:
        assert floor == math.floor(x)
        assert whole == max(-(2**63), min(2**63 - 1, int(x)))


@given(ANY, st.floats(-10, 0), st.floats(0, 10))
def test_clamp_stays_within(x: float, low: float, high: float) -> None:
    assert low <= m.lib.ob_clamp(x, low, high) <= high


@given(rotation_vectors(), rotation_vectors(), POSITIONS)
def test_quaternions_turn_vectors_as_a_group(
    a: tuple[float, ...], b: tuple[float, ...], v: tuple[float, ...]
) -> None:
    q, p = m.call("ob_q_from_rotvec", 4, a), m.call("ob_q_from_rotvec", 4, b)
    product = m.call("ob_q_mul", 4, q, p)
    once = m.call("ob_q_rotate", 3, product, v)
    twice = m.call("ob_q_rotate", 3, q, m.call("ob_q_rotate", 3, p, v))
    tolerance = 80 * ULP * max(map(abs, v)) + 1e-320  # the last: subnormal vectors
    assert np.abs(once - twice).max() <= tolerance
    assert np.abs(m.call("ob_q_rotate_back", 3, product, once) - v).max() <= tolerance


@given(rotation_vectors())
def test_rotation_vectors_come_back(r: tuple[float, ...]) -> None:
    q = m.call("ob_q_from_rotvec", 4, r)
    back = m.call("ob_q_to_rotvec", 3, q)
    # a quaternion's rounding moves the angle by a few ulp of 1; small vectors keep their precision
    assert np.abs(back - r).max() <= 16 * ULP * min(1.0, 2 * float(np.linalg.norm(r))) + 1e-320
    again = m.call("ob_q_from_matrix", 4, m.call("ob_q_to_matrix", 9, q))
    assert min(np.abs(again - q).max(), np.abs(again + q).max()) <= 20 * ULP


@given(LATITUDES, LONGITUDES, st.floats(-1e4, 1e4), POSITIONS)
def test_site_there_and_back(
    latitude: float, longitude: float, elevation_m: float, r: tuple[float, ...]
) -> None:
    site = m.site(latitude, longitude, elevation_m)
    there = m.call("ob_site_from_mcmf", 3, site, r, out_last=True)
    back = m.call("ob_mcmf_from_site", 3, site, there, out_last=True)
    assert np.abs(back - r).max() < 1e-8  # 5e6 m through thirty roundings
    origin = m.call("ob_mcmf_from_site", 3, site, [0.0, 0.0, 0.0], out_last=True)
    assert abs(np.linalg.norm(origin) - site.radius_m) < 1e-8


@given(LATITUDES, LONGITUDES, LONGITUDES, st.floats(-5e6, 5e6), st.floats(-2.5e6, 2.5e6))
def test_corridor_there_and_back(
    latitude: float, longitude: float, azimuth: float, along_m: float, cross_m: float
) -> None:
    corridor = m.corridor(latitude, longitude, azimuth)
    point = np.array([along_m, cross_m, 5000.0])
    there = m.call("ob_mcmf_from_corridor", 3, corridor, point, out_last=True)
    back = m.call("ob_corridor_from_mcmf", 3, corridor, there, out_last=True)
    # towards the pole of the corridor (cross 2.7e6 m) its meridians converge: 1 / cos(2.5 / 1.737)
    assert np.abs(back - point).max() < 1e-8 / math.cos(cross_m / 1_737_400.0)
    assert abs(np.linalg.norm(there) - 1_742_400.0) < 1e-8


@given(POSITIONS)
def test_gravity_pulls_inwards_and_is_symmetric(r: tuple[float, ...]) -> None:
    position = np.array(r)
    assume(np.linalg.norm(position) > 1e6)
    pull = m.call("ob_gravity_mcmf", 3, position, out_last=True)
    assert pull @ position < 0.0
    # the potential is even in each coordinate
    assert np.array_equal(m.call("ob_gravity_mcmf", 3, -position, out_last=True), -pull)
    mirrored = m.call("ob_gravity_mcmf", 3, position * [1, 1, -1], out_last=True)
    assert np.array_equal(mirrored, pull * [1, 1, -1])
