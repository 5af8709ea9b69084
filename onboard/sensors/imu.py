"""The IMU: one of several instances flies, the others stand by."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from onboard.bus import Bus
from onboard.ports import InputPort
from onboard.sensors.intake import Intake

ANGLE_RAD = 0.2  # magnitude in one sample: 20 rad/s
PUSH_M_S = 2.0  # magnitude in one sample: 20 g
MAX_AGE_NS = 25_000_000
SWITCH_AFTER = 3  # steps without a good sample


def increments_are_good(sample: Any) -> bool:
    """ImuSample: what a lander can feel. Saturated samples pass; navigation allows for them."""
    ax, ay, az, vx, vy, vz = sample[2:8]
    turn2, push2 = ax * ax + ay * ay + az * az, vx * vx + vy * vy + vz * vz
    return bool(turn2 < ANGLE_RAD * ANGLE_RAD and push2 < PUSH_M_S * PUSH_M_S)


class Imu:
    """Publishes `imu`, the sample of the instance in use.

    The first port is used until it has given no good sample for three steps while another has; the
    choice then stays until it fails in turn. All instances are read at every step.
    """

    def __init__(self, ports: Sequence[InputPort], bus: Bus) -> None:
        if not ports:
            raise ValueError("an IMU needs at least one port")
        topic = bus.topic("imu")
        self.intakes = [Intake(port, topic, increments_are_good, MAX_AGE_NS) for port in ports]
        self.selected = 0
        self.switch_count = 0
        self._publish = topic.publish
        self._newest = self.intakes[0].newest
        self._standby = [intake.newest for intake in self.intakes[1:]]
        self._silent = 0  # steps since the last good sample of the instance in use

    def step(self, now_ns: int) -> None:
        """Every tick, before navigation."""
        sample = self._newest(now_ns)
        if sample is not None:
            self._silent = 0
            self._publish(sample, sample[0])
        else:
            self._silent += 1
        for newest in self._standby:
            newest(now_ns)
        if self._silent >= SWITCH_AFTER:
            self._switch(now_ns)

    def select(self, now_ns: int, instance: str) -> str | None:
        """Use one instance from now on; says why not."""
        names = [intake.name for intake in self.intakes]
        if instance not in names:
            return f"{instance} is not fitted"
        index = names.index(instance)
        if now_ns - self.intakes[index].time_ns > MAX_AGE_NS:
            return f"{instance} gives no good samples"
        if index != self.selected:
            self._use(index)
        return None

    def _switch(self, now_ns: int) -> None:
        """To the first instance that is young, if there is one."""
        for index, intake in enumerate(self.intakes):
            if index != self.selected and now_ns - intake.time_ns <= MAX_AGE_NS:
                self._use(index)
                return

    def _use(self, index: int) -> None:
        chosen = self.intakes[index]
        self.selected = index
        self.switch_count += 1
        self._newest = chosen.newest
        self._standby = [i.newest for i in self.intakes if i is not chosen]
        self._silent = 0

    def state_word(self) -> int:
        """64 bits that change with the choice and with the sequence it expects."""
        last = self.intakes[self.selected].sequence or 0
        return (last << 16 | (self._silent & 0xFFF) << 4 | self.selected) & 0xFFFF_FFFF_FFFF_FFFF
