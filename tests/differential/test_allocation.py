"""Thruster allocation against SciPy's non-negative least squares."""

from __future__ import annotations

import numpy as np
import pytest
from gnc_setup import PARAMETERS, Array
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import lsq_linear

from onboard.control.attitude import four_pods
from onboard.core._core import ffi, lib

torques = st.floats(-30, 30)
# Opposed pairs of pods: removing any one leaves torque about every axis.
single = st.sampled_from([0, *(1 << i for i in range(12))])


def allocation(excluded: int = 0) -> object:
    out = ffi.new("ob_allocation *")
    assert lib.ob_allocation_init(out, four_pods(PARAMETERS), excluded)
    return out


def effectiveness(a: object) -> Array:
    return np.array([list(row) for row in a.torque_nm]).T  # type: ignore[attr-defined]


def step(a: object, torque: Array) -> tuple[Array, Array]:
    on, given_nm = ffi.new("int64_t[12]"), ffi.new("double[3]")
    lib.ob_allocation_step(a, ffi.new("double[3]", list(map(float, torque))), on, given_nm)
    return np.array(list(on)), np.array(list(given_nm))


def test_torques_are_cross_products_of_the_architecture_s_geometry() -> None:
    set_ = four_pods(PARAMETERS)
    r = np.array([list(p) for p in set_.position_m])
    d = np.array([list(p) for p in set_.direction])
    assert effectiveness(allocation()) == pytest.approx(np.cross(r, 20.0 * d).T, abs=1e-12)
    yaw = effectiveness(allocation())[2, 2::3]
    assert np.sign(yaw).tolist() == [1, -1, 1, -1]
    assert yaw == pytest.approx(np.array([1, -1, 1, -1]) * 20 * 0.8 * 2**0.5)


@given(st.tuples(torques, torques, torques))
def test_what_can_be_given_is_given_as_well_as_least_squares_does(
    torque: tuple[float, float, float],
) -> None:
    """With the whole set and above the minimum pulse only the on-times' rounding remains."""
    a = allocation()
    B = effectiveness(a)
    on, given_nm = step(a, np.array(torque))
    assert given_nm == pytest.approx(B @ (on / 1e4), abs=1e-9)
    best = lsq_linear(B, torque, bounds=(0, 1))
    if best.cost > 1e-6:
        return  # saturated: test_error_stays_bounded has it
    rest = np.array(list(a.pending_nms))  # type: ignore[attr-defined]
    assert rest == pytest.approx((np.array(torque) - given_nm) * 0.01, abs=1e-9)


@given(st.lists(st.tuples(torques, torques, torques), min_size=1, max_size=60), single)
def test_error_stays_bounded_and_pulses_are_long_enough(
    demands: list[tuple[float, float, float]], excluded: int
) -> None:
    a = allocation(excluded)
    bound = np.array(list(a.bound_nms))  # type: ignore[attr-defined]
    for demand in demands:
        on, _ = step(a, np.array(demand))
        assert ((on == 0) | ((on >= 8000) & (on <= 10000))).all()
        assert not any(on[i] for i in range(12) if excluded >> i & 1)
        assert (np.abs(list(a.pending_nms)) <= bound).all()  # type: ignore[attr-defined]


@given(st.tuples(*[st.floats(-6, 6)] * 3), single)
def test_a_steady_small_torque_comes_out_on_average(
    torque: tuple[float, float, float], excluded: int
) -> None:
    """Sigma-delta: after n ticks the torque impulse given differs by no more than the bound."""
    a = allocation(excluded)
    total = sum((step(a, np.array(torque))[1] for _ in range(300)), np.zeros(3))
    missing = np.array(torque) * 3.0 - total * 0.01
    assert missing == pytest.approx(np.array(list(a.pending_nms)), abs=1e-9)  # type: ignore[attr-defined]
    assert (np.abs(missing) < np.array(list(a.bound_nms))).all()  # type: ignore[attr-defined]


def test_without_torque_about_an_axis_nothing_fires() -> None:
    yaw = sum(1 << (3 * pod + 2) for pod in range(4))
    a = ffi.new("ob_allocation *")
    assert not lib.ob_allocation_init(a, four_pods(PARAMETERS), yaw)
    on, given_nm = step(a, np.array([10.0, 0.0, 5.0]))
    assert not on.any() and not given_nm.any()
