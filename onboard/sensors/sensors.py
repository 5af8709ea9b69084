"""All sensors of a vehicle as one member of its schedule."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from onboard.bus import Bus
from onboard.core._core import ffi, lib
from onboard.sensors.imu import Imu
from onboard.sensors.instruments import FrameIntake, intake
from onboard.sensors.intake import Intake

SLOW_NS = 100_000_000


class Sensors:
    """Steps IMU, legs and wheels at every tick, and the rest when the time is a multiple of 100 ms.

    `ports` maps names to input ports: `imu.a`, `rangefinder.b`, `camera.a` and so on. At least one
    `imu` is needed. A sample of a slow instrument that arrives between is taken up to 90 ms late,
    which navigation allows for by its time stamp.
    """

    def __init__(self, bus: Bus, ports: Mapping[str, Any]) -> None:
        def of(kind: str) -> list[Any]:
            return [ports[n] for n in sorted(ports) if n.split(".")[0] == kind]

        self.imu = Imu(of("imu"), bus)
        self.quick = [intake(port, bus) for port in (*of("legs"), *of("wheel"))]
        fast = ("imu", "legs", "wheel", "camera")
        others = sorted(n for n in ports if n.split(".")[0] not in fast)
        self.instruments = [intake(ports[n], bus) for n in others]
        self.cameras = [FrameIntake(port, bus) for port in of("camera")]
        self.slow: list[Intake | FrameIntake] = [*self.instruments, *self.cameras]
        self.slow_hash = ffi.new("uint64_t *")  # of the counters of the slow instruments
        self._step_imu = self.imu.step
        self._step_quick = tuple(member.step for member in self.quick)
        self._step_slow = tuple(member.step for member in self.slow)

    def step(self, now_ns: int) -> None:
        """First in every tick."""
        self._step_imu(now_ns)
        for step in self._step_quick:
            step(now_ns)
        if now_ns % SLOW_NS == 0:
            for step in self._step_slow:
                step(now_ns)
            chain = self.slow_hash[0]
            for member in self.slow:
                chain = member.chain(chain)
            self.slow_hash[0] = chain

    def select_imu(self, now_ns: int, instance: str) -> str | None:
        """The command IMU_SELECT; says why it refuses."""
        return self.imu.select(now_ns, instance)

    def enable(self, now_ns: int, name: str, enabled: int) -> str | None:
        """The command SENSOR_ENABLE: a port, or all ports of a kind; says why it refuses."""
        chosen = [m for m in (*self.quick, *self.slow) if name in (m.name, m.name.split(".")[0])]
        for member in chosen:
            member.enabled = bool(enabled)
        return None if chosen else f"{name} is not fitted"

    def stamps_corrected(self) -> int:
        """Samples whose stamp was put right, of all instruments."""
        intakes = (*self.imu.intakes, *self.quick, *self.instruments)
        return sum(intake.state.stamped_count for intake in intakes)

    def checkpoint(self) -> bytes:
        """Which IMU flies, and which is distrusted."""
        return self.imu.checkpoint()

    def restore(self, checkpoint: bytes) -> None:
        self.imu.restore(checkpoint)

    def state_hash(self, chain: int) -> int:
        """Choice and sequence of the IMU, counters of the others, chained onto a hash."""
        hashed: int = lib.ob_hash_u64(chain, self.imu.state_word() ^ self.slow_hash[0])
        return hashed
