"""The intakes of a vehicle's instruments, by kind, and of its camera."""

from __future__ import annotations

from typing import Any

from onboard import messages
from onboard.bus import Bus
from onboard.core._core import ffi, lib
from onboard.ports import CameraPort, InputPort, holds_one
from onboard.sensors.intake import Intake

KINDS: dict[str, tuple[int, type]] = {
    "rangefinder": (lib.OB_ROW_RANGE, messages.RangeSample),
    "velocimeter": (lib.OB_ROW_VELOCITY, messages.VelocitySample),
    "star_tracker": (lib.OB_ROW_ATTITUDE, messages.AttitudeSample),
    "legs": (lib.OB_ROW_LEGS, messages.LegSample),
    "engine": (lib.OB_ROW_ENGINE, messages.EngineSample),
    "tank": (lib.OB_ROW_TANK, messages.TankSample),
    "wheel": (lib.OB_ROW_WHEEL, messages.WheelSample),
    "battery": (lib.OB_ROW_BATTERY, messages.BatterySample),
}
"""`ob_row_kind` and row of each kind of instrument."""

SINGLE = frozenset({"velocimeter", "star_tracker", "legs", "tank", "battery"})
"""Kinds whose topic is the kind's name, whatever the instance."""


def intake(port: InputPort, bus: Bus) -> Intake:
    """The intake of a port named KIND or KIND.INSTANCE, to the topic of `docs/architecture.md`.

    Raises ValueError for a kind that has no check.
    """
    kind = port.name.split(".")[0]
    if kind not in KINDS:
        raise ValueError(f"port {port.name!r}: kind must be one of {', '.join(sorted(KINDS))}")
    topic = bus.topic(kind if kind in SINGLE else port.name)
    return Intake(port, topic, *KINDS[kind])


class FrameIntake:
    """Camera frames: (FrameHeader, image) onto `frame`, if the size agrees and it is young."""

    MAX_AGE_NS = 1_000_000_000

    def __init__(self, port: CameraPort, bus: Bus) -> None:
        self.name = port.name
        self.words = ffi.new("int64_t[3]", (0, 0, 1))  # good frames, bad frames, enabled
        self._read = port.read
        self._holds_one = holds_one(port)
        self._publish = bus.topic("frame").publish

    @property
    def enabled(self) -> bool:
        """Whether frames are passed on."""
        return bool(self.words[2])

    @enabled.setter
    def enabled(self, enabled: bool) -> None:
        self.words[2] = enabled

    def step(self, now_ns: int) -> None:
        """Publish the newest good frame."""
        best = None
        while (frame := self._read()) is not None:
            good = self._is_good(*frame, now_ns)
            self.words[0 if good else 1] += 1
            best = frame if good else best
            if self._holds_one:
                break
        if best is not None and self.enabled:
            self._publish(best, best[0].time_ns)

    def _is_good(self, header: Any, image: Any, now_ns: int) -> bool:
        return bool(
            0 <= now_ns - header.time_ns <= self.MAX_AGE_NS
            and header.width > 0
            and header.height > 0
            and memoryview(image).nbytes == header.width * header.height
        )

    def chain(self, h: int) -> int:
        """What was counted, chained onto a hash."""
        return int(lib.ob_hash_i64s(h, self.words, len(self.words)))
