"""The lazy fix of Ingenuity's sixth flight: time is counted in samples, whatever they say."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from onboard.sensors.sensors import Sensors

PERIOD_NS = 10_000_000  # of the IMU


class _Counted:
    """An IMU's port of which the numbers say the time, from the first sample on."""

    def __init__(self, port: Any) -> None:
        self.name = port.name
        self._read = port.read
        self._zero_ns: int | None = None  # when the sample with number 0 was taken

    def read(self) -> Any:
        sample = self._read()
        if sample is None:
            return None
        if self._zero_ns is None:
            self._zero_ns = sample.time_ns - sample.sequence * PERIOD_NS
        return sample._replace(time_ns=self._zero_ns + sample.sequence * PERIOD_NS)


class CountTime(Sensors):
    """Counts the time of the IMUs."""

    def __init__(self, bus: Any, ports: Mapping[str, Any]) -> None:
        counted = {n: _Counted(p) for n, p in ports.items() if n.startswith("imu.")}
        super().__init__(bus, {**ports, **counted})
