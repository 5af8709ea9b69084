"""Quaternions and small matrices against SciPy's Rotation and NumPy."""

import mathematics as m
import numpy as np
import pytest
from scipy.spatial.transform import Rotation

COUNT = 300
# Components of at most 1 through about twenty rounded operations, in either implementation.
TOLERANCE = 20 * 2.0**-52


def same_turn(ours: m.Array, theirs: Rotation) -> bool:
    """q and -q are one turn."""
    other = m.scalar_first(theirs.as_quat())
    return min(np.abs(ours - other).max(), np.abs(ours + other).max()) < TOLERANCE


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(20)


def rotation_vectors(rng: np.random.Generator) -> m.Array:
    """All directions; lengths from nothing to a half turn, dense at both ends."""
    directions = rng.normal(size=(COUNT, 3))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    lengths = np.concatenate(
        [
            10.0 ** rng.uniform(-12, 0, COUNT // 3),
            rng.uniform(0, np.pi, COUNT // 3),
            np.pi - 10.0 ** rng.uniform(-9, -1, COUNT // 3),
        ]
    )
    return directions * lengths[:, None]


def test_rotation_vector_there(rng: np.random.Generator) -> None:
    for r in rotation_vectors(rng):
        assert same_turn(m.call("ob_q_from_rotvec", 4, r), Rotation.from_rotvec(r))


def test_rotation_vector_back(rng: np.random.Generator) -> None:
    for r in rotation_vectors(rng):
        q = m.scalar_first(Rotation.from_rotvec(r).as_quat())
        back = m.call("ob_q_to_rotvec", 3, q)
        # near the half turn w is small, and its rounding is an angle of twice its error
        assert np.abs(back - r).max() < 4 * TOLERANCE


def test_product_rotation_and_matrix(rng: np.random.Generator) -> None:
    for a, b in zip(Rotation.random(COUNT, rng), Rotation.random(COUNT, rng), strict=True):
        q, p = m.scalar_first(a.as_quat()), m.scalar_first(b.as_quat())
        v = rng.normal(size=3)
        assert same_turn(m.call("ob_q_mul", 4, q, p), a * b)
        assert same_turn(m.call("ob_q_conj", 4, q), a.inv())
        scale = np.linalg.norm(v)
        assert np.abs(m.call("ob_q_rotate", 3, q, v) - a.apply(v)).max() < scale * TOLERANCE
        back = m.call("ob_q_rotate_back", 3, q, v)
        assert np.abs(back - a.inv().apply(v)).max() < scale * TOLERANCE
        matrix = m.call("ob_q_to_matrix", 9, q).reshape(3, 3)
        assert np.abs(matrix - a.as_matrix()).max() < TOLERANCE
        assert same_turn(m.call("ob_q_from_matrix", 4, a.as_matrix()), a)


@pytest.mark.parametrize("axis", [0, 1, 2])
@pytest.mark.parametrize("sign", [-1, 1])
@pytest.mark.parametrize("short_of_half_turn", [0.0, 1e-15, 1e-8, 1e-3])
def test_matrix_of_nearly_a_half_turn(axis: int, sign: int, short_of_half_turn: float) -> None:
    r = np.zeros(3)
    r[axis] = sign * (np.pi - short_of_half_turn)
    a = Rotation.from_rotvec(r)
    assert same_turn(m.call("ob_q_from_matrix", 4, a.as_matrix()), a)


def test_normalize(rng: np.random.Generator) -> None:
    for scale in 10.0 ** rng.uniform(-100, 100, COUNT):
        q = rng.normal(size=4)
        ours = m.doubles(q * scale)
        m.lib.ob_q_normalize(ours)
        assert np.abs(np.array(list(ours)) - q / np.linalg.norm(q)).max() < TOLERANCE


def test_vectors_and_matrices(rng: np.random.Generator) -> None:
    for _ in range(COUNT):
        a, b, v = rng.normal(size=(3, 3)), rng.normal(size=(3, 3)), rng.normal(size=3)
        u, s = rng.normal(size=3), float(rng.normal())
        size = 16 * (1 + np.abs(a).max()) * (1 + np.abs(b).max()) * (1 + np.abs(v).max())
        pairs = [
            (m.call("ob_m3_mul", 9, a, b).reshape(3, 3), a @ b),
            (m.call("ob_m3_transpose", 9, a).reshape(3, 3), a.T),
            (m.call("ob_m3_v3", 3, a, v), a @ v),
            (m.call("ob_m3t_v3", 3, a, v), a.T @ v),
            (m.call("ob_v3_add", 3, u, v), u + v),
            (m.call("ob_v3_sub", 3, u, v), u - v),
            (m.call("ob_v3_scale", 3, u, s), u * s),
            (m.call("ob_v3_axpy", 3, s, u), s * u),
            (m.call("ob_v3_copy", 3, u), u),
            (m.call("ob_v3_set", 3, *u.tolist()), u),
            (m.call("ob_v3_cross", 3, u, v), np.cross(u, v)),
            (m.call("ob_v3_unit", 3, u), u / np.linalg.norm(u)),
            (m.lib.ob_v3_dot(m.doubles(u), m.doubles(v)), u @ v),
            (m.lib.ob_v3_norm(m.doubles(u)), np.linalg.norm(u)),
        ]
        for ours, theirs in pairs:
            assert np.abs(ours - theirs).max() < size * TOLERANCE
