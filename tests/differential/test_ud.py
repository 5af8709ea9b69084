"""The UD factors against plain NumPy covariances: equal to rounding, operation by operation.

Tolerance: the factors are backward stable (Bierman 1977; Higham 2002, chapter 10), so an operation
errs by a few n ulp of sqrt(P_ii P_kk) times the condition of what it inverts, which the strategies
keep below 1e4 by bounding the correlation that one operation can add. 19 x 2e-16 x 1e4 = 4e-11;
runs of some dozens of operations stay below 1e-8.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from navigation_simulation import Array, array, c_array, ffi, lib

N, DYNAMIC, WIDTH = lib.OB_UD_STATES, lib.OB_UD_DYNAMIC, lib.OB_UD_WIDTH


def full(ud: Any) -> Array:
    out = ffi.new("double[]", N * N)
    lib.ob_ud_matrix(ud, out)
    return array(out, N * N).reshape(N, N)


def start(rng: np.random.Generator) -> tuple[Any, Array]:
    """Factors of a random covariance with correlations, and the same in full."""
    ud = ffi.new("ob_ud *")
    sigma = 10.0 ** rng.uniform(-2.0, 2.0, N)
    lib.ob_ud_init(ud, c_array(sigma))
    p = np.diag(sigma**2)
    for _ in range(4):
        v = rng.normal(0.0, 0.5, N) * sigma
        lib.ob_ud_add(ud, c_array(v), 1.0)
        p = p + np.outer(v, v)
    return ud, p


def close(ud: Any, p: Array, tolerance: float = 1e-9) -> bool:
    scale = np.sqrt(np.diag(p))
    return bool(np.abs((full(ud) - p) / np.outer(scale, scale)).max() < tolerance)


def joseph(p: Array, h: Array, r: float) -> tuple[Array, Array]:
    """Covariance after a scalar measurement, in Joseph's form, and the gain."""
    gain = p @ h / (h @ p @ h + r)
    keep = np.eye(N) - np.outer(gain, h)
    return keep @ p @ keep.T + r * np.outer(gain, gain), gain


def transition(rng: np.random.Generator, p: Array) -> Array:
    """A random transition of the dynamic states that respects the scales of the states."""
    scale = np.sqrt(np.diag(p))
    phi = np.eye(N)
    phi[:DYNAMIC] += rng.normal(0.0, 0.1, (DYNAMIC, N)) * scale[:DYNAMIC, None] / scale[None, :]
    return phi


def columns(phi: Array) -> Any:
    """The rows of the dynamic states as the core takes them: by columns, padded."""
    out = np.zeros((N, WIDTH))
    out[:, :DYNAMIC] = phi[:DYNAMIC].T
    return ffi.cast("double (*)[10]", ffi.from_buffer("double[]", out)), out


seeds = st.integers(0, 2**32 - 1)


@given(seeds)
def test_update_is_josephs(seed: int) -> None:
    rng = np.random.default_rng(seed)
    ud, p = start(rng)
    h = rng.normal(0.0, 1.0, N) / np.sqrt(np.diag(p)) * rng.integers(0, 2, N)
    r = 10.0 ** rng.uniform(-2.0, 1.0)
    gain = ffi.new("double[]", N)
    lib.ob_ud_update(ud, c_array(h), r, gain)
    after, wanted_gain = joseph(p, h, r)
    assert np.abs((array(gain, N) - wanted_gain) / np.sqrt(np.diag(p))).max() < 1e-9
    scale = np.sqrt(np.diag(p))  # of before: what is left may be small against it
    assert np.abs((full(ud) - after) / np.outer(scale, scale)).max() < 1e-9


@given(seeds)
def test_variances_and_covariances_of_rows(seed: int) -> None:
    rng = np.random.default_rng(seed)
    ud, p = start(rng)
    scale = np.sqrt(np.diag(p))
    g, h = rng.normal(0.0, 1.0, N) / scale, rng.normal(0.0, 1.0, N) / scale
    assert abs(lib.ob_ud_variance(ud, c_array(h)) - h @ p @ h) < 1e-10 * N
    assert abs(lib.ob_ud_covariance(ud, c_array(g), c_array(h)) - g @ p @ h) < 1e-10 * N
    for i in range(N):
        assert abs(lib.ob_ud_diagonal(ud, i) - p[i, i]) < 1e-10 * p[i, i]


@given(seeds, st.integers(DYNAMIC, N - 1), st.floats(0.0, 1.0), st.floats(0.0, 10.0))
def test_markov_step(seed: int, index: int, phi: float, relative: float) -> None:
    rng = np.random.default_rng(seed)
    ud, p = start(rng)
    q = (relative + 1e-6) * p[index, index]
    lib.ob_ud_markov(ud, index, phi, q)
    F = np.eye(N)
    F[index, index] = phi
    after = F @ p @ F.T
    after[index, index] += q
    assert close(ud, after)


@given(seeds)
def test_propagation_of_the_dynamic_states(seed: int) -> None:
    rng = np.random.default_rng(seed)
    ud, p = start(rng)
    phi = transition(rng, p)
    q = np.zeros(N)
    q[:DYNAMIC] = 0.01 * np.diag(p)[:DYNAMIC] * rng.integers(0, 2, DYNAMIC)
    pointer, keep = columns(phi)
    lib.ob_ud_propagate(ud, pointer, c_array(q[:DYNAMIC]))
    assert keep is not None
    assert close(ud, phi @ p @ phi.T + np.diag(q))


@settings(max_examples=25)
@given(seeds)
def test_long_runs_stay_equal_and_positive(seed: int) -> None:
    rng = np.random.default_rng(seed)
    ud, p = start(rng)
    gain = ffi.new("double[]", N)
    for step in range(60):
        phi = np.eye(N) + 0.1 * (transition(rng, p) - np.eye(N))
        q = np.zeros(N)
        q[:DYNAMIC] = 0.01 * np.diag(p)[:DYNAMIC]
        pointer, keep = columns(phi)
        lib.ob_ud_propagate(ud, pointer, c_array(q[:DYNAMIC]))
        assert keep is not None
        p = phi @ p @ phi.T + np.diag(q)
        index = DYNAMIC + step % (N - DYNAMIC)
        lib.ob_ud_markov(ud, index, 0.99, 0.02 * p[index, index])
        p[index, :] *= 0.99
        p[:, index] *= 0.99
        p[index, index] += 0.02 * p[index, index] / 0.99**2
        h = rng.normal(0.0, 1.0, N) / np.sqrt(np.diag(p))
        lib.ob_ud_update(ud, c_array(h), 2.0, gain)
        p, _ = joseph(p, h, 2.0)
    assert close(ud, p, 1e-8)
    assert all(ud.d[i] > 0.0 for i in range(N))


def test_a_perfect_measurement_repeated_keeps_the_covariance_positive() -> None:
    """A prior far above the noise, again and again: the full form would lose its sign."""
    ud = ffi.new("ob_ud *")
    lib.ob_ud_init(ud, c_array(np.full(N, 1e6)))
    gain = ffi.new("double[]", N)
    h = np.ones(N)
    for _ in range(1000):
        lib.ob_ud_update(ud, c_array(h), 1e-12, gain)
    assert all(0.0 < ud.d[i] < np.inf for i in range(N))
    assert 0.0 <= lib.ob_ud_variance(ud, c_array(h)) < 1e-9
    assert np.linalg.eigvalsh(full(ud)).max() < 1.1e12


def test_hash_sees_every_factor() -> None:
    rng = np.random.default_rng(5)
    ud, _ = start(rng)
    reference = lib.ob_ud_hash(ud, 7)
    for j in range(N):
        for i in range(j):
            kept = ud.u[j][i]
            ud.u[j][i] = kept + 1e-9
            assert lib.ob_ud_hash(ud, 7) != reference
            ud.u[j][i] = kept
    ud.d[3] *= 1.0 + 1e-12
    assert lib.ob_ud_hash(ud, 7) != reference
