"""Calls of the core's mathematics with plain Python and NumPy values, for tests."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from onboard.core._core import ffi, lib

Array = NDArray[np.float64]


def doubles(values: ArrayLike) -> Any:
    """A C array of doubles."""
    return ffi.new("double[]", np.asarray(values, dtype=float).ravel().tolist())


def call(name: str, size: int, *arguments: Any, out_last: bool = False) -> Array:
    """What `name` writes into its output of `size` doubles. Arrays among the arguments are passed
    as pointers; the output stands first, or last."""
    out = ffi.new(f"double[{size}]")
    passed = [doubles(a) if isinstance(a, np.ndarray | list | tuple) else a for a in arguments]
    getattr(lib, name)(*passed, out) if out_last else getattr(lib, name)(out, *passed)
    return np.array(list(out))


def site(latitude_rad: float, longitude_rad: float, elevation_m: float) -> Any:
    result = ffi.new("ob_site *")
    lib.ob_site_init(result, latitude_rad, longitude_rad, elevation_m)
    return result


def corridor(latitude_rad: float, longitude_rad: float, azimuth_rad: float) -> Any:
    result = ffi.new("ob_corridor *")
    lib.ob_corridor_init(result, latitude_rad, longitude_rad, azimuth_rad)
    return result


def scalar_first(q: Array) -> Array:
    """SciPy's scalar-last quaternion in our order."""
    return np.roll(q, 1, axis=-1)


def scalar_last(q: Array) -> Array:
    """Our quaternion in SciPy's order."""
    return np.roll(q, -1, axis=-1)
