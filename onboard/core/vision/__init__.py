"""Matching on images: NumPy arrays in and out of the vision library (`native/vision`).

A routine with vector paths takes `simd`, one of `SIMD_PATHS`; each gives the same bits.
"""

from __future__ import annotations

from onboard.core._vision import lib

SIMD_PATHS: dict[str, int] = {
    "scalar": lib.OB_SIMD_SCALAR,
    "sse2": lib.OB_SIMD_SSE2,
    "avx2": lib.OB_SIMD_AVX2,
    "neon": lib.OB_SIMD_NEON,
}
SIMD_BEST = int(lib.ob_simd_best())


def simd_here() -> list[str]:
    """The paths that this processor runs."""
    return [name for name, path in SIMD_PATHS.items() if lib.ob_simd_runs(path)]
