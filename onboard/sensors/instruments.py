"""What each instrument's samples must satisfy, and the intakes of a vehicle's instruments.

The limits are physical: what no healthy instrument of a small lander can say. NaN and infinities
fail every comparison.
"""

from __future__ import annotations

from typing import Any

from onboard.bus import Bus
from onboard.ports import CameraPort, InputPort, holds_one
from onboard.sensors.intake import Check, Intake

RANGE_M = 100_000.0
SPEED_M_S = 3_000.0
PRESSURE_PA = 1.0e7
PROPELLANT_KG = 10_000.0
UNIT_TOLERANCE = 1.0e-3  # of a quaternion's squared length


def range_is_good(sample: Any) -> bool:
    """RangeSample: flagged valid, between 0 and 100 km."""
    return bool(sample.valid == 1 and 0.0 < sample.range_m < RANGE_M)


def velocity_is_good(sample: Any) -> bool:
    """VelocitySample: flagged valid, each component below 3 km/s."""
    return bool(
        sample.valid == 1
        and -SPEED_M_S < sample.velocity_x_m_s < SPEED_M_S
        and -SPEED_M_S < sample.velocity_y_m_s < SPEED_M_S
        and -SPEED_M_S < sample.velocity_z_m_s < SPEED_M_S
    )


def attitude_is_good(sample: Any) -> bool:
    """AttitudeSample: flagged valid, a unit quaternion."""
    length2 = sample.qw**2 + sample.qx**2 + sample.qy**2 + sample.qz**2
    return bool(sample.valid == 1 and abs(length2 - 1.0) < UNIT_TOLERANCE)


def legs_are_good(sample: Any) -> bool:
    """LegSample: a mask of four switches."""
    return bool(0 <= sample.closed <= 0b1111)


def engine_is_good(sample: Any) -> bool:
    """EngineSample: a pressure below 100 bar; noise may take it a little below zero."""
    return bool(-0.1 * PRESSURE_PA < sample.chamber_pressure_pa < PRESSURE_PA)


def tank_is_good(sample: Any) -> bool:
    """TankSample: both readings within what a tank can hold; noise may take them below zero."""
    return bool(
        -0.1 * PROPELLANT_KG < sample.propellant_kg < PROPELLANT_KG
        and -0.1 * PRESSURE_PA < sample.pressure_pa < PRESSURE_PA
    )


KINDS: dict[str, tuple[Check, int]] = {
    "rangefinder": (range_is_good, 250_000_000),
    "velocimeter": (velocity_is_good, 250_000_000),
    "star_tracker": (attitude_is_good, 300_000_000),
    "legs": (legs_are_good, 30_000_000),
    "engine": (engine_is_good, 250_000_000),
    "tank": (tank_is_good, 2_500_000_000),
}
"""Check of each kind of instrument, and the age (ns) at which its samples are worthless."""

SINGLE = frozenset({"velocimeter", "star_tracker", "legs", "tank"})
"""Kinds whose topic is the kind's name, whatever the instance."""


def intake(port: InputPort, bus: Bus) -> Intake:
    """The intake of a port named KIND or KIND.INSTANCE, to the topic of `docs/architecture.md`.

    Raises ValueError for a kind that has no check here.
    """
    kind = port.name.split(".")[0]
    if kind not in KINDS:
        raise ValueError(f"port {port.name!r}: kind must be one of {', '.join(sorted(KINDS))}")
    check, max_age_ns = KINDS[kind]
    topic = bus.topic(kind if kind in SINGLE else port.name)
    return Intake(port, topic, check, max_age_ns)


class FrameIntake:
    """Camera frames: (FrameHeader, image) onto `frame`, if the size agrees and it is young."""

    MAX_AGE_NS = 1_000_000_000

    def __init__(self, port: CameraPort, bus: Bus) -> None:
        self.name = port.name
        self.enabled = True
        self.good_count = 0
        self.bad_count = 0
        self._read = port.read
        self._holds_one = holds_one(port)
        self._publish = bus.topic("frame").publish

    def step(self, now_ns: int) -> None:
        """Publish the newest good frame."""
        best = None
        while (frame := self._read()) is not None:
            if self._is_good(*frame, now_ns):
                best = frame
                self.good_count += 1
            else:
                self.bad_count += 1
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

    def state_words(self) -> tuple[int, ...]:
        """What was counted."""
        return self.good_count, self.bad_count, self.enabled
