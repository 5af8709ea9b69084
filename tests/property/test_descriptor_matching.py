"""Matching of binary descriptors agrees with counting the bits of every pair."""

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from onboard.core.vision import SIMD_PATHS, simd_here
from onboard.core.vision.matching import match_descriptors

Descriptors = npt.NDArray[np.uint8]


@st.composite
def descriptors(draw: st.DrawFn) -> Descriptors:
    """Any count of them; of few different ones and their opposites, so that ties are common and
    the greatest distances occur.
    """
    kinds = draw(st.lists(st.binary(min_size=32, max_size=32), min_size=1, max_size=4))
    kinds += [bytes(255 - octet for octet in kind) for kind in kinds]
    picked = draw(st.lists(st.sampled_from(kinds), max_size=70))
    return np.frombuffer(b"".join(picked), np.uint8).reshape(-1, 32)


def expected(queries: Descriptors, train: Descriptors) -> list[tuple[int, int, int, int]]:
    """From the table of all distances."""
    if len(train) == 0:
        return [(-1, 257, 257, 0)] * len(queries)
    table = np.array([np.bitwise_count(query ^ train).sum(axis=1, dtype=int) for query in queries])
    matches = []
    for i, row in enumerate(table):
        best = int(row.argmin())
        second = int(np.delete(row, best).min(initial=257))
        matches.append((best, int(row[best]), second, int(table[:, best].argmin() == i)))
    return matches


@given(descriptors(), descriptors(), st.sampled_from(simd_here()))
def test_it_is_the_table_of_all_distances(
    queries: Descriptors, train: Descriptors, path: str
) -> None:
    matches = match_descriptors(queries, train, SIMD_PATHS[path])
    assert matches.tolist() == expected(queries, train)


@pytest.mark.parametrize("path", simd_here())
@pytest.mark.parametrize(("queries", "train"), [(1, 129), (130, 1), (257, 300), (3, 8193)])
def test_many(queries: int, train: int, path: str) -> None:
    """Beyond what is compared at a time, of each."""
    random = np.random.default_rng(1)
    a, b = (random.integers(0, 256, (n, 32), np.uint8) & 7 for n in (queries, train))
    assert match_descriptors(a, b, SIMD_PATHS[path]).tolist() == expected(a, b)


@pytest.mark.parametrize("path", simd_here())
@pytest.mark.parametrize("bit", [0, 255])
def test_255_bits_are_fewer_than_256(path: str, bit: int) -> None:
    """A lane of octets cannot tell them apart."""
    queries = np.zeros((130, 32), np.uint8)
    train = np.full((140, 32), 255, np.uint8)
    queries[70, bit // 8] = train[3, bit // 8] = 1 << bit % 8
    train[3] = 255 - queries[70]
    matches = match_descriptors(queries, train, SIMD_PATHS[path])
    assert matches.tolist() == expected(queries, train)
    queries[100], train[5] = 3, 7
    matches = match_descriptors(queries, train, SIMD_PATHS[path])
    assert matches.tolist() == expected(queries, train)


@pytest.mark.parametrize("wrong", [np.zeros((3, 31), np.uint8), np.zeros((3, 32), np.int16)])
def test_another_shape_is_refused(wrong: npt.NDArray[np.generic]) -> None:
    with pytest.raises(ValueError, match="train"):
        match_descriptors(np.zeros((1, 32), np.uint8), wrong)
