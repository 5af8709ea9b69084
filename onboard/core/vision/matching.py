"""Matching of binary descriptors: `hamming.h`."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from onboard.core._vision import ffi, lib
from onboard.core.vision import SIMD_BEST

MATCH = np.dtype(
    [("index", "i4"), ("distance", "i4"), ("second", "i4"), ("mutual", "i4")],
)
DESCRIPTOR_OCTETS: int = lib.OB_DESCRIPTOR_OCTETS


def match_descriptors(
    queries: npt.NDArray[np.uint8], train: npt.NDArray[np.uint8], simd: int = SIMD_BEST
) -> npt.NDArray[np.void]:
    """Best and second best of `train` (m, 32) for each of `queries` (n, 32): n of MATCH.

    Distances are bits that differ. Raises ValueError for another shape or type, or for more than
    65,536 of either.
    """
    for name, array in (("queries", queries), ("train", train)):
        if array.ndim != 2 or array.shape[1] != DESCRIPTOR_OCTETS or array.dtype != np.uint8:
            raise ValueError(
                f"{name}: {array.dtype} {array.shape}, allowed uint8 (n, {DESCRIPTOR_OCTETS})"
            )
        if len(array) > lib.OB_DESCRIPTORS_MAX:
            raise ValueError(f"{name}: {len(array)} descriptors, at most {lib.OB_DESCRIPTORS_MAX}")
    matches = np.empty(len(queries), MATCH)
    workspace = np.empty(lib.ob_hamming_workspace(len(train)), np.int64)
    lib.ob_hamming_match_all(
        ffi.from_buffer("uint8_t[]", np.ascontiguousarray(queries)),
        len(queries),
        ffi.from_buffer("uint8_t[]", np.ascontiguousarray(train)),
        len(train),
        ffi.from_buffer("ob_hamming_match[]", matches),
        ffi.from_buffer("int64_t[]", workspace),
        simd,
    )
    return matches
