"""What faults do to the messages on one way of one port.

Every message that enters is given to each fault in turn, which answers with the messages that leave
it and when.
A message is a row (`onboard.messages`), a pair (FrameHeader, image), or a packet of bytes.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Sequence
from itertools import count
from typing import TYPE_CHECKING, Any

import numpy as np

from hil.plant.random_stream import RandomStream
from onboard.messages import LAYOUTS

if TYPE_CHECKING:
    from hil.faults import FaultSpec

TICK_NS = 10_000_000
_INT64_MIN, _INT64_MAX = -(2**63), 2**63 - 1
_Timed = list[tuple[int, Any]]  # (when it is delivered, message)


class FaultLine:
    """A queue of messages with faults at its entrance."""

    def __init__(
        self, specs: Sequence[FaultSpec], streams: Sequence[RandomStream], clock: Callable[[], int]
    ) -> None:
        self._faults = [_Fault(s, r) for s, r in zip(specs, streams, strict=True)]
        self._clock = clock
        self._queue: list[tuple[int, int, Any]] = []
        self._order = count()
        self._offs = [f for f in self._faults if f.spec.kind == "off" and f.spec.message]
        self._idle = False  # whether a device that is off has been told so
        self._offs_change_ns = _INT64_MIN  # before then, no `off` fault begins or ends

    def push(self, message: Any) -> None:
        """A message enters now."""
        now = self._clock()
        passing: _Timed = [(now, message)]
        for fault in self._faults:
            passing = [out for due, m in passing for out in fault.act(now, due, m)]
        for due, m in passing:
            heapq.heappush(self._queue, (due, next(self._order), m))

    def pop(self) -> Any | None:
        """The next message that is due, or None."""
        if not self._queue or self._queue[0][0] > self._clock():
            return None
        return heapq.heappop(self._queue)[2]

    def idle_message(self) -> Any | None:
        """What a device does that an `off` fault takes away: the command of zeros, once."""
        if not self._offs:
            return None
        now = self._clock()
        if now < self._offs_change_ns:
            return None
        self._offs_change_ns = min(fault.next_change_ns(now) for fault in self._offs)
        active = [fault for fault in self._offs if fault.active(now)]
        if not active or self._idle:
            self._idle = bool(active)
            return None
        self._idle = True
        message = active[0].spec.message
        zero = (t(0) for t in message.__annotations__.values())
        return message(*zero)._replace(time_ns=now)


class FaultyMemory:
    """A non-volatile memory with faults; each is given every block that is written."""

    def __init__(
        self,
        memory: Any,
        specs: Sequence[FaultSpec],
        streams: Sequence[RandomStream],
        clock: Callable[[], int],
    ) -> None:
        self.name, self.size = memory.name, memory.size
        self._memory = memory
        self._faults = [_Fault(s, r) for s, r in zip(specs, streams, strict=True)]
        self._clock = clock

    def read(self, address: int, length: int) -> bytes:
        """What is there, or 0xFF while the memory is off."""
        now = self._clock()
        if any(fault.spec.kind == "off" and fault.active(now) for fault in self._faults):
            return b"\xff" * length
        data: bytes = self._memory.read(address, length)
        return data

    def write(self, address: int, data: bytes) -> None:
        """Write what the faults leave of a block."""
        now = self._clock()
        blocks = [data]
        for fault in self._faults:
            blocks = [left for block in blocks for _, left in fault.act(now, now, block)]
        for block in blocks:
            self._memory.write(address, block)


class _Fault:
    """One fault: its time, its dice, and what it remembers."""

    def __init__(self, spec: FaultSpec, stream: RandomStream) -> None:
        self.spec = spec
        self._stream = stream
        self._held: Any = None  # by `stuck`: the last message before it began
        self._start_ns = round(spec.start_s * 1e9)
        self._end_ns = _INT64_MAX if spec.end_s is None else round(spec.end_s * 1e9)
        self._act: Callable[[float, int, Any], _Timed] = getattr(self, f"_{spec.kind}")
        self._rows = spec.message is not None
        if spec.fields or not self._rows:
            self._fields = spec.fields
        elif spec.kind == "corrupt":
            self._fields = spec.known_fields
        else:
            self._fields = tuple(f for f in spec.known_fields if f not in ("time_ns", "sequence"))

    def active(self, now_ns: int) -> bool:
        return self._start_ns <= now_ns < self._end_ns

    def next_change_ns(self, now_ns: int) -> int:
        """When it begins or ends next."""
        later = (t for t in (self._start_ns, self._end_ns) if t > now_ns)
        return min(later, default=_INT64_MAX)

    def act(self, now_ns: int, due_ns: int, message: Any) -> _Timed:
        """What leaves the fault when a message enters it."""
        if not self.active(now_ns):
            if now_ns < self._start_ns:
                self._held = message
            return [(due_ns, message)]
        elapsed_s = (now_ns - self._start_ns) * 1e-9
        if self._stream.uniform() >= self.spec.probability * self._chance(elapsed_s):
            return [(due_ns, message)]
        return self._act(elapsed_s, due_ns, message)

    def _severity(self, elapsed_s: float) -> float:
        ramp_s = self.spec.ramp_s
        return 1.0 if elapsed_s >= ramp_s else elapsed_s / ramp_s

    def _chance(self, elapsed_s: float) -> float:
        """The ramp of kinds that have no size, only a probability."""
        by_chance = self.spec.kind in ("drop", "duplicate", "corrupt")
        return self._severity(elapsed_s) if by_chance else 1.0

    # ---- kinds ----

    def _off(self, elapsed_s: float, due_ns: int, message: Any) -> _Timed:
        return []

    def _drop(self, elapsed_s: float, due_ns: int, message: Any) -> _Timed:
        return []

    def _delay(self, elapsed_s: float, due_ns: int, message: Any) -> _Timed:
        late_s = self._severity(elapsed_s) * (self.spec.amount or 0.0)
        return [(due_ns + round(late_s * 1e9), message)]

    def _duplicate(self, elapsed_s: float, due_ns: int, message: Any) -> _Timed:
        return [(due_ns, message), (due_ns + TICK_NS, message)]

    def _stuck(self, elapsed_s: float, due_ns: int, message: Any) -> _Timed:
        if not self._rows:
            return []  # a memory keeps what it holds
        if self._held is None:
            self._held = message
        held = self._held
        return [(due_ns, self._changed(message, lambda name, value: _get(held, name)))]

    def _wrong(self, elapsed_s: float, due_ns: int, message: Any) -> _Timed:
        share, amount = self._severity(elapsed_s), self.spec.amount or 0.0
        return [(due_ns, self._changed(message, lambda _, x: (1.0 - share) * x + share * amount))]

    def _offset(self, elapsed_s: float, due_ns: int, message: Any) -> _Timed:
        offset = self._severity(elapsed_s) * (self.spec.amount or 0.0)
        return [(due_ns, self._changed(message, lambda _, x: x + offset))]

    def _drift(self, elapsed_s: float, due_ns: int, message: Any) -> _Timed:
        """The integral of a rate that itself grows over the ramp."""
        ramp_s = self.spec.ramp_s
        grown_s = min(elapsed_s, ramp_s)
        effective_s = elapsed_s - grown_s + (0.5 * grown_s * grown_s / ramp_s if ramp_s else 0.0)
        offset = (self.spec.amount or 0.0) * effective_s
        return [(due_ns, self._changed(message, lambda _, x: x + offset))]

    def _scale(self, elapsed_s: float, due_ns: int, message: Any) -> _Timed:
        factor = 1.0 + self._severity(elapsed_s) * ((self.spec.amount or 0.0) - 1.0)
        return [(due_ns, self._changed(message, lambda _, x: factor * x))]

    def _noise(self, elapsed_s: float, due_ns: int, message: Any) -> _Timed:
        sigma = self._severity(elapsed_s) * (self.spec.amount or 0.0)
        return [(due_ns, self._changed(message, lambda _, x: x + self._deviates(sigma, x)))]

    def _saturation(self, elapsed_s: float, due_ns: int, message: Any) -> _Timed:
        limit = self.spec.amount or 0.0
        return [(due_ns, self._changed(message, lambda _, x: np.clip(x, -limit, limit)))]

    def _beyond(self, elapsed_s: float, due_ns: int, message: Any) -> _Timed:
        limit = self.spec.amount or 0.0
        far = any(np.any(np.abs(_get(message, name)) > limit) for name in self._fields)
        return [] if far else [(due_ns, message)]

    def _set_bits(self, elapsed_s: float, due_ns: int, message: Any) -> _Timed:
        bits = int(self.spec.amount or 0)
        return [(due_ns, self._changed(message, lambda _, x: x | bits))]

    def _clear_bits(self, elapsed_s: float, due_ns: int, message: Any) -> _Timed:
        bits = int(self.spec.amount or 0)
        return [(due_ns, self._changed(message, lambda _, x: x & ~bits))]

    def _corrupt(self, elapsed_s: float, due_ns: int, message: Any) -> _Timed:
        return [(due_ns, self._flipped(message))]

    # ---- messages ----

    def _deviates(self, sigma: float, like: Any) -> Any:
        if isinstance(like, np.ndarray):
            return np.array(self._stream.normals(sigma, like.size)).reshape(like.shape)
        return sigma * self._stream.normal()

    def _changed(self, message: Any, change: Callable[[str, Any], Any]) -> Any:
        """The message with `change(name, value)` in each of the fault's fields."""
        row, image = message if _is_frame(message) else (message, None)
        types = type(row).__annotations__
        new = {}
        for name in self._fields:
            if name == "image":
                image = _pixels_like(image, change(name, _pixels(image)))
            else:
                new[name] = _as(types[name], change(name, getattr(row, name)))
        row = row._replace(**new)
        return (row, image) if _is_frame(message) else row

    def _flipped(self, message: Any) -> Any:
        bits = round(self.spec.amount or 1.0)
        if not self._rows:
            return self._flip(message, range(8 * len(message)), bits)
        row, image = message if _is_frame(message) else (message, None)
        layout = LAYOUTS[type(row).__name__]
        fields = [i for i, name in enumerate(type(row)._fields) if name in self._fields]
        if "image" in self._fields and (not fields or self._picks_image()):
            return row, _image_like(
                image, self._flip(_raw(image), range(8 * len(_raw(image))), bits)
            )
        choice = [64 * i + bit for i in fields for bit in range(64)]
        row = type(row)._make(layout.unpack(self._flip(layout.pack(*row), choice, bits)))
        return (row, image) if _is_frame(message) else row

    def _picks_image(self) -> bool:
        """A frame is its header or its image, with equal chance."""
        return self._stream.uniform() < 0.5

    def _flip(self, data: bytes, choice: Sequence[int], bits: int) -> bytes:
        """Flips different bits of `data` chosen among `choice`."""
        flipped = bytearray(data)
        chosen: set[int] = set()
        while len(chosen) < min(bits, len(choice)):
            chosen.add(choice[self._stream.bits() % len(choice)])
        for bit in chosen:
            flipped[bit // 8] ^= 1 << bit % 8
        return bytes(flipped)


def _is_frame(message: Any) -> bool:
    return type(message) is tuple


def _get(message: Any, name: str) -> Any:
    """A field of a row, or of a frame."""
    if not _is_frame(message):
        return getattr(message, name)
    return _pixels(message[1]) if name == "image" else getattr(message[0], name)


def _as(kind: type, value: Any) -> Any:
    """The value as a field of a row holds it: a float, or an integer of 64 bits."""
    if kind is float:
        return float(value)
    if isinstance(value, int):
        return value
    return round(min(max(float(value), _INT64_MIN), _INT64_MAX - 1024.0))


def _raw(image: Any) -> bytes:
    return image.tobytes() if isinstance(image, np.ndarray) else bytes(image)


def _pixels(image: Any) -> Any:
    return image if isinstance(image, np.ndarray) else np.frombuffer(image, np.uint8)


def _pixels_like(image: Any, pixels: Any) -> Any:
    """Pixels 0 to 255 in the form in which the image came."""
    whole = np.rint(np.clip(pixels, 0, 255)).astype(np.uint8)
    return whole if isinstance(image, np.ndarray) else whole.tobytes()


def _image_like(image: Any, raw: bytes) -> Any:
    if isinstance(image, np.ndarray):
        return np.frombuffer(raw, image.dtype).reshape(image.shape)
    return raw
