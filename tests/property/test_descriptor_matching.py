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
    """Any count of them; of few different ones, so that ties are common."""
    kinds = draw(st.lists(st.binary(min_size=32, max_size=32), min_size=1, max_size=4))
    picked = draw(st.lists(st.sampled_from(kinds), max_size=70))
    return np.frombuffer(b"".join(picked), np.uint8).reshape(-1, 32)


@given(descriptors(), descriptors(), st.sampled_from(simd_here()))
def test_it_is_the_table_of_all_distances(
    queries: Descriptors, train: Descriptors, path: str
) -> None:
    matches = match_descriptors(queries, train, SIMD_PATHS[path])
    table = np.unpackbits(queries[:, None] ^ train[None], axis=2).sum(axis=2, dtype=np.int64)
    for i, match in enumerate(matches):
        if len(train) == 0:
            assert match.tolist() == (-1, 257, 257, 0)
            continue
        best = int(table[i].argmin())
        others = np.delete(table[i], best)
        second = int(others.min()) if len(others) else 257
        mutual = int(table[:, best].argmin() == i)
        assert match.tolist() == (best, table[i, best], second, mutual)


@pytest.mark.parametrize("wrong", [np.zeros((3, 31), np.uint8), np.zeros((3, 32), np.int16)])
def test_another_shape_is_refused(wrong: npt.NDArray[np.generic]) -> None:
    with pytest.raises(ValueError, match="train"):
        match_descriptors(np.zeros((1, 32), np.uint8), wrong)
