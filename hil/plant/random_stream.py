"""Named streams of random numbers: one per purpose, the same bits on every machine."""

from __future__ import annotations

import hashlib

from hil.plant._plant import ffi, lib


def stream_number(name: str) -> int:
    """The 64-bit number of the stream called `name` (first 8 bytes of its BLAKE2s)."""
    return int.from_bytes(hashlib.blake2s(name.encode(), digest_size=8).digest(), "little")


class RandomStream:
    """Deviates of the stream `name` of a run's `seed` (0 to 2^64 - 1)."""

    def __init__(self, seed: int, name: str) -> None:
        self._state = ffi.new("pl_random *")
        lib.pl_random_init(self._state, seed, stream_number(name))

    def uniform(self) -> float:
        """In [0, 1)."""
        value: float = lib.pl_random_uniform(self._state)
        return value

    def normal(self) -> float:
        """Mean 0, variance 1."""
        value: float = lib.pl_random_normal(self._state)
        return value

    def bits(self) -> int:
        """64 random bits."""
        value: int = lib.pl_random_u64(self._state)
        return value

    def normals(self, sigma: float, count: int) -> list[float]:
        return [sigma * self.normal() for _ in range(count)]
