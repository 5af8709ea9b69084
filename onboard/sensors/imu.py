"""The IMU: one of several instances flies, the others stand by."""

from __future__ import annotations

from collections.abc import Sequence

from onboard.bus import Bus
from onboard.core._core import ffi, lib
from onboard.messages import ImuSample
from onboard.ports import InputPort
from onboard.sensors.intake import Intake


class Imu:
    """Publishes `imu`, the sample of the instance in use.

    Which one that is says `ob_imu_choice` of `native/core/include/onboard/redundant_imu.h`, kept
    in `choice`. All instances are read at every step.
    """

    def __init__(self, ports: Sequence[InputPort], bus: Bus) -> None:
        if not ports:
            raise ValueError("an IMU needs at least one port")
        if len(ports) > lib.OB_IMUS:
            raise ValueError(f"{len(ports)} IMUs: at most {lib.OB_IMUS}")
        topic = bus.topic("imu")
        self.intakes = [Intake(port, topic, lib.OB_ROW_IMU, ImuSample) for port in ports]
        self.states = ffi.new("ob_intake *[]", [intake.state for intake in self.intakes])
        self.choice = ffi.new("ob_imu_choice *")
        self._publish = topic.publish
        self.follow()

    def step(self, now_ns: int) -> None:
        """Every tick, before navigation."""
        sample = self._newest(now_ns)
        for newest in self._standby:
            newest(now_ns)
        if sample is not None:
            self._publish(sample, sample[0])
            if not self._watched:
                return
        self._choose(now_ns, sample is not None)

    def _choose(self, now_ns: int, came: bool) -> None:
        count = len(self.intakes)
        lib.ob_imu_choice_step(self.choice, self.states, count, came, now_ns)
        self.follow()

    def select(self, now_ns: int, instance: str) -> str | None:
        """Use one instance from now on; says why not."""
        names = [intake.name for intake in self.intakes]
        if instance not in names:
            return f"{instance} is not fitted"
        index = names.index(instance)
        if not lib.ob_imu_choice_select(self.choice, self.states[index], index, now_ns):
            return f"{instance} gives no good samples"
        self.follow()
        return None

    def follow(self) -> None:
        """Read the chosen instance first; after C steps outside of `step`, too."""
        chosen = self.intakes[self.choice.selected]
        self._newest = chosen.newest
        self._in_use = chosen.state
        self._standby = [i.newest for i in self.intakes if i is not chosen]
        self._watched = bool(self.choice.silent_steps or self._standby)

    def checkpoint(self) -> bytes:
        """Which one flies, and which is distrusted."""
        return bytes([self.choice.selected, self.choice.distrusted])

    def restore(self, checkpoint: bytes) -> None:
        self.choice.selected, self.choice.distrusted = checkpoint
        self.follow()

    def state_word(self) -> int:
        """64 bits that change with the choice and with the sequence it expects."""
        word: int = lib.ob_imu_choice_word(self.choice, self._in_use)
        return word
