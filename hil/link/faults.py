"""Faults of the line between desk and board, seeded, from the scenario file; see docs/link.md.

    carrier = FaultyCarrier(open_carrier(address), scenario.link_fault, seed, clock)

The stage sits between carrier and endpoint and knows only octets. In lockstep the emulated clock
stands still while the desk waits, and the line's runs on: to the next frame that is late, else by
what was waited in vain, so that a fault which blocks a tick ends. Kinds that act on frames cut the
stream behind the zero that ends one; what they do depends on the octets and on the time at which
they pass, not on how they are cut into reads. Each fault draws from a stream of random numbers of
its own.
"""

from __future__ import annotations

import math
import re
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from hil.plant.random_stream import RandomStream

if TYPE_CHECKING:
    from hil.link.carriers import Carrier

Direction = Literal["to_board", "from_board"]
Kind = Literal[
    "drop",
    "corrupt",
    "truncate",
    "duplicate",
    "burst",
    "byte_loss",
    "delay",
    "jitter",
    "stalled",
    "stuck",
    "baud",
    "half_open",
    "babble",
]

# Allowed amounts of each kind, lowest and highest; None: the kind takes no amount.
AMOUNTS: dict[str, tuple[float, float] | None] = {
    "drop": None,
    "corrupt": (1.0, 64.0),  # bits of a frame
    "truncate": None,
    "duplicate": None,
    "burst": (1.0, 1000.0),  # octets of a frame
    "byte_loss": None,
    "delay": (0.0, 60.0),  # s
    "jitter": (0.0, 60.0),  # s
    "stalled": None,
    "stuck": (0.0, 255.0),  # the octet
    "baud": (0.1, 10.0),  # of who receives, over that of who sends
    "half_open": None,
    "babble": (1.0, 1.0e6),  # octets a second
}
WHOLE = ("corrupt", "burst", "stuck")
CERTAIN = ("stalled", "stuck", "baud", "half_open", "babble")  # take no probability


class LinkFaultSpec(BaseModel):
    """One fault of one direction of the line. Times are seconds of the emulated clock."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    kind: Kind
    direction: Direction
    start_s: float = Field(0.0, ge=0.0)
    end_s: float | None = Field(None, gt=0.0, description="not included; none: to the end")
    probability: float = Field(1.0, gt=0.0, le=1.0, description="per frame; byte_loss: per octet")
    amount: float | None = Field(None, description="meaning and unit: see the kind")

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.end_s is not None and self.end_s <= self.start_s:
            raise ValueError(f"end_s = {self.end_s}: must be above start_s = {self.start_s}")
        if self.kind in CERTAIN and self.probability < 1.0:
            raise ValueError(f"probability = {self.probability}: kind {self.kind!r} is certain")
        limits = AMOUNTS[self.kind]
        if (limits is None) != (self.amount is None):
            needs = "takes none" if limits is None else f"needs one in {list(limits)}"
            raise ValueError(f"amount = {self.amount}: kind {self.kind!r} {needs}")
        if limits is not None and self.amount is not None:
            if not limits[0] <= self.amount <= limits[1]:
                raise ValueError(
                    f"amount = {self.amount}: allowed for {self.kind!r}: {list(limits)}"
                )
            if self.kind in WHOLE and self.amount % 1.0:
                raise ValueError(f"amount = {self.amount}: a whole number for {self.kind!r}")
        return self

    def is_active(self, time_s: float) -> bool:
        """Whether it acts at a time."""
        return self.start_s <= time_s and (self.end_s is None or time_s < self.end_s)


# ---- frames -----------------------------------------------------------------------------------

_FRAME = re.compile(rb"\0*[^\0]+\0")


def _dropped(frame: bytes, amount: float, rng: RandomStream) -> bytes:
    return b""


def _corrupted(frame: bytes, amount: float, rng: RandomStream) -> bytes:
    octets = bytearray(frame)
    for _ in range(int(amount)):
        bit = rng.bits() % (8 * len(octets))
        octets[bit // 8] ^= 1 << bit % 8
    return bytes(octets)


def _truncated(frame: bytes, amount: float, rng: RandomStream) -> bytes:
    return frame[: rng.bits() % len(frame)]


def _duplicated(frame: bytes, amount: float, rng: RandomStream) -> bytes:
    return frame + frame


def _burst(frame: bytes, amount: float, rng: RandomStream) -> bytes:
    at = rng.bits() % len(frame)
    end = min(len(frame), at + int(amount))
    return frame[:at] + bytes(rng.bits() & 0xFF for _ in range(at, end)) + frame[end:]


def _misread(frame: bytes, amount: float, rng: RandomStream) -> bytes:
    """A frame as a receiver reads it that samples `amount` times as fast as the sender sends.

    Ten bits an octet: a start bit 0, eight of data with the lowest first, a stop bit 1. The
    receiver waits for a 0, samples in the middle of each of its bits, and throws away what has no
    stop bit.
    """
    line = [b for octet in frame for b in (0, *(octet >> k & 1 for k in range(8)), 1)]
    line += [1] * (int(10 / amount) + 10)
    bit = 1.0 / amount
    octets, at = bytearray(), 0.0
    while int(at + 10 * bit) < len(line):
        if line[int(at)]:
            at = int(at) + 1.0
            continue
        sampled = [line[int(at + (k + 0.5) * bit)] for k in range(10)]
        if sampled[9]:
            octets.append(sum(level << k for k, level in enumerate(sampled[1:9])))
        at += 9.5 * bit
    return bytes(octets)


_FRAMES: dict[str, Callable[[bytes, float, RandomStream], bytes]] = {
    "drop": _dropped,
    "corrupt": _corrupted,
    "truncate": _truncated,
    "duplicate": _duplicated,
    "burst": _burst,
    "baud": _misread,
}


class _Stage(ABC):
    """One fault on its direction. `touched` counts the frames, or octets, that it changed."""

    def __init__(self, spec: LinkFaultSpec, rng: RandomStream) -> None:
        self.spec = spec
        self.touched = 0
        self._rng = rng
        self._amount = spec.amount or 0.0

    @abstractmethod
    def take(self, octets: bytes, time_s: float) -> bytes:
        """What comes out when `octets`, perhaps none, come in."""

    def _hits(self) -> bool:
        hit = self.spec.probability >= 1.0 or self._rng.uniform() < self.spec.probability
        self.touched += hit
        return hit


class _Frames(_Stage):
    """A fault of whole frames, which it holds until they are complete."""

    def __init__(self, spec: LinkFaultSpec, rng: RandomStream) -> None:
        super().__init__(spec, rng)
        self._held = b""

    def take(self, octets: bytes, time_s: float) -> bytes:
        octets, self._held = self._held + octets, b""
        if not self.spec.is_active(time_s):
            return self._pass(octets, time_s)
        frames = list(_FRAME.finditer(octets))
        self._held = octets[frames[-1].end() :] if frames else octets
        return b"".join(self._frame(match[0], time_s) for match in frames)

    def _pass(self, octets: bytes, time_s: float) -> bytes:
        return octets

    def _frame(self, frame: bytes, time_s: float) -> bytes:
        if not self._hits():
            return frame
        return _FRAMES[self.spec.kind](frame, self._amount, self._rng)


class _Late(_Frames):
    """Frames that come later, in their order."""

    def __init__(self, spec: LinkFaultSpec, rng: RandomStream) -> None:
        super().__init__(spec, rng)
        self._queue: deque[tuple[float, bytes]] = deque()

    def take(self, octets: bytes, time_s: float) -> bytes:
        return super().take(octets, time_s) + self._due(time_s)

    def _pass(self, octets: bytes, time_s: float) -> bytes:
        if octets and self._queue:
            self._queue.append((time_s, octets))
            return b""
        return octets

    def _frame(self, frame: bytes, time_s: float) -> bytes:
        share = self._rng.uniform() if self.spec.kind == "jitter" else 1.0
        late_s = share * self._amount if self._hits() else 0.0
        self._queue.append((time_s + late_s, frame))
        return b""

    def _due(self, time_s: float) -> bytes:
        due = []
        while self._queue and self._queue[0][0] <= time_s:
            due.append(self._queue.popleft()[1])
        return b"".join(due)

    @property
    def next_s(self) -> float | None:
        """When the next frame comes out, None if none waits."""
        return self._queue[0][0] if self._queue else None


class _Stalled(_Stage):
    """Nothing passes until the end, then all of it at once."""

    def __init__(self, spec: LinkFaultSpec, rng: RandomStream) -> None:
        super().__init__(spec, rng)
        self._held = b""

    def take(self, octets: bytes, time_s: float) -> bytes:
        held = self._held + octets
        stalled = self.spec.is_active(time_s)
        self.touched += len(octets) if stalled else 0
        self._held = held if stalled else b""
        return b"" if stalled else held


class _Octets(_Stage):
    """A fault of single octets: lost, stuck, or all of them."""

    def take(self, octets: bytes, time_s: float) -> bytes:
        if not octets or not self.spec.is_active(time_s):
            return octets
        if self.spec.kind == "byte_loss":
            return bytes(octet for octet in octets if not self._hits())
        self.touched += len(octets)
        return b"" if self.spec.kind == "half_open" else bytes([int(self._amount)]) * len(octets)


class _Babble(_Stage):
    """Random octets between what is meant."""

    def __init__(self, spec: LinkFaultSpec, rng: RandomStream) -> None:
        super().__init__(spec, rng)
        self._since_s = spec.start_s

    def take(self, octets: bytes, time_s: float) -> bytes:
        end_s = time_s if self.spec.end_s is None else min(time_s, self.spec.end_s)
        count = int((end_s - self._since_s) * self._amount)
        if count <= 0:
            return octets
        self._since_s += count / self._amount
        self.touched += count
        return bytes(self._rng.bits() & 0xFF for _ in range(count)) + octets


_STAGES: dict[str, type[_Stage]] = {
    **dict.fromkeys(_FRAMES, _Frames),
    **dict.fromkeys(("delay", "jitter"), _Late),
    **dict.fromkeys(("byte_loss", "stuck", "half_open"), _Octets),
    "stalled": _Stalled,
    "babble": _Babble,
}


class FaultyCarrier:
    """A carrier with faults on its directions, which is one, too."""

    def __init__(
        self,
        carrier: Carrier,
        specs: Sequence[LinkFaultSpec],
        seed: int,
        clock: Callable[[], int],
        *,
        lockstep: bool = False,
    ) -> None:
        """`clock` gives the emulated time in ns; in `lockstep` that waits for answers."""
        self.address = carrier.address
        self._carrier = carrier
        self._clock = clock
        self._lockstep = lockstep
        self._waited_to_ns = 0
        self._stages = [
            _STAGES[spec.kind](spec, RandomStream(seed, f"link_fault {index}"))
            for index, spec in enumerate(specs)
        ]
        self._out = [s for s in self._stages if s.spec.direction == "to_board"]
        self._in = [s for s in self._stages if s.spec.direction == "from_board"]

    @property
    def is_open(self) -> bool:
        return self._carrier.is_open

    @property
    def touched(self) -> list[int]:
        """Of each fault, how many frames or octets it changed so far."""
        return [stage.touched for stage in self._stages]

    @property
    def next_ns(self) -> int | None:
        """When a frame that is late comes out at last, either way; None if none waits."""
        late = [s.next_s for s in self._stages if isinstance(s, _Late) and s.next_s is not None]
        return math.ceil(min(late) * 1e9) if late else None

    def read(self, timeout_s: float) -> bytes:
        """As of the carrier; also lets out what is due towards the board."""
        octets = self._read(timeout_s)
        if octets or not self._lockstep or timeout_s <= 0.0:
            return octets
        until_ns = self._now_ns() + round(1e9 * timeout_s)
        self._waited_to_ns = until_ns if self.next_ns is None else min(until_ns, self.next_ns)
        return self._read(0.0)

    def _read(self, timeout_s: float) -> bytes:
        self.write(b"")
        due = self._through(self._in, b"")
        at_once = due or (self._lockstep and self.next_ns is not None)
        return due + self._through(self._in, self._carrier.read(0.0 if at_once else timeout_s))

    def write(self, octets: bytes) -> None:
        """As of the carrier, with what is due by now."""
        passed = self._through(self._out, octets)
        if passed:
            self._carrier.write(passed)

    def _through(self, stages: Iterable[_Stage], octets: bytes) -> bytes:
        time_s = self._now_ns() * 1e-9
        for stage in stages:
            octets = stage.take(octets, time_s)
        return octets

    def _now_ns(self) -> int:
        return max(self._clock(), self._waited_to_ns)

    def reopen(self) -> bool:
        return self._carrier.reopen()

    def close(self) -> None:
        self._carrier.close()
