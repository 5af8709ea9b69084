"""Which bit is flipped when: drawn from the seed of a campaign and the number of the flip alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from hil.radiation.memory_map import Region

SHARES = {
    "state": 0.30,
    "image": 0.10,
    "line": 0.10,
    "platform": 0.02,
    "stack": 0.15,
    "code": 0.15,
    "registers": 0.18,
}
"""How many of the flips hit each target. Within one, every bit is as likely as any other."""
BETWEEN_TICKS = 0.5  # of the flips of memory, how many come while the board waits

_LINE = ("board.link", "board.grant", "board.octets", "board.frame", "ring")
_INPUT = "matches"  # of a camera frame, which the desk writes just before they are used
_IMAGE = ("image", "fault_table", "channels", "map", "camera")


class UnknownTarget(ValueError):
    """A target that is none; the message says which there are."""


@dataclass(frozen=True)
class Flip:
    """One bit of memory, or of a register, at one instruction of one tick."""

    number: int
    target: str  # of SHARES
    place: str  # name of the region or register
    address: int | None  # of the octet; None: a register
    bit: int  # of the octet, or of the register
    window: int  # number of the snapshot that it is flown from
    instant: float  # 0: between ticks; up to 1: the part of the tick's instructions that are over

    def __str__(self) -> str:
        where = self.place if self.address is None else f"{self.place} at {self.address:#010x}"
        when = f"{100 * self.instant:.1f} % into the tick" if self.instant else "between ticks"
        return f"flip {self.number}: bit {self.bit} of {where}, window {self.window}, {when}"


class Targets:
    """What can be hit on one board."""

    def __init__(
        self,
        regions: Sequence[Region],
        registers: Mapping[str, tuple[int, int]],
        wanted: Sequence[str] = (),
    ) -> None:
        """`wanted` of SHARES; none are all. Raises UnknownTarget."""
        for name in wanted:
            if name not in SHARES:
                raise UnknownTarget(f"{name!r}: allowed: {', '.join(SHARES)}")
        self.regions: dict[str, list[Region]] = {name: [] for name in SHARES}
        for region in regions:
            self.regions[target_of(region.name)].append(region)
        self._registers = {name: bits for name, (_, bits) in registers.items()}
        self._shares = {name: SHARES[name] for name in wanted or SHARES}

    def octets(self, target: str) -> int:
        """How large a target is."""
        if target == "registers":
            return sum(self._registers.values()) // 8
        return sum(region.size for region in self.regions[target])

    def sizes(self) -> dict[str, int]:
        """The octets of each target."""
        return {name: self.octets(name) for name in SHARES}

    def draw(self, seed: int, number: int, windows: int) -> Flip:
        """Flip `number` of a campaign."""
        rng = np.random.default_rng([seed, number])
        names, shares = list(self._shares), np.array(list(self._shares.values()))
        target = str(rng.choice(names, p=shares / shares.sum()))
        window = int(rng.integers(windows))
        between, instant = rng.random(2)
        if target == "registers":
            bits = np.array(list(self._registers.values()))
            place = str(rng.choice(list(self._registers), p=bits / bits.sum()))
            bit = int(rng.integers(self._registers[place]))
            return Flip(number, target, place, None, bit, window, float(instant))
        at = int(rng.integers(self.octets(target)))
        for region in self.regions[target]:
            if at < region.size:
                break
            at -= region.size
        instant = 0.0 if between < BETWEEN_TICKS else float(instant)
        bit = int(rng.integers(8))
        return Flip(number, target, region.name, region.address + at, bit, window, instant)


def target_of(name: str) -> str:
    """The target that a region of memory belongs to."""
    if name in ("code", "stack"):
        return name
    if name in _LINE or name.endswith(_INPUT):
        return "line"
    if name.rpartition(".")[2] in _IMAGE:
        return "image"
    return "state" if name.startswith("board.") else "platform"
