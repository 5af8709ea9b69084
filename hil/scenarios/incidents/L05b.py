"""The lazy fix of L05: an engine without chamber pressure is taken to be lost."""

from __future__ import annotations

from typing import Any

from onboard.bus import Bus
from onboard.control.attitude import AttitudeControl

RATED_PA = 0.9e6
LOW = 0.5  # of the pressure that its throttle should make
WARM_UP_NS = 1_000_000_000  # of an engine that has just been told to burn
WAIT_NS = 200_000_000  # that it must have been low for


class ShutOnPressure(AttitudeControl):
    """Stops an engine as soon as its transducer has said for 0.2 s that it gives nothing."""

    def __init__(self, bus: Bus, *arguments: Any) -> None:
        super().__init__(bus, *arguments)
        self._telemetry = [bus.topic("engine.a"), bus.topic("engine.b")]
        self._good_ns = [0, 0]

    def step(self, now_ns: int) -> None:
        command = self.command
        for i, topic in enumerate(self._telemetry):
            value = topic.value
            judged = value is not None and command.engine_on[i] and now_ns >= WARM_UP_NS
            low_pa = LOW * RATED_PA * command.engine_throttle[i]
            if not judged or value.chamber_pressure_pa >= low_pa:
                self._good_ns[i] = now_ns
            elif now_ns - self._good_ns[i] > WAIT_NS:
                self.inhibit_engines(now_ns, 1 << i)
        super().step(now_ns)
