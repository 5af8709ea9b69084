"""Instruments that are believed when they tell the time, as Ingenuity's pictures were."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from onboard.core._core import lib
from onboard.sensors.sensors import Sensors


class _Believed:
    """An IMU's port of which the stamp alone says what is too old to be used."""

    def __init__(self, port: Any) -> None:
        self.name = port.name
        self.now_ns = 0
        self._read = port.read

    def read(self) -> Any:
        oldest_ns = self.now_ns - lib.ob_intake_age_max_ns(lib.OB_ROW_IMU)
        while (sample := self._read()) is not None and sample.time_ns < oldest_ns:
            pass
        return sample


class TrustStamps(Sensors):
    """Leaves out the samples of the IMUs that say that they are old."""

    def __init__(self, bus: Any, ports: Mapping[str, Any]) -> None:
        self._imus = {n: _Believed(p) for n, p in ports.items() if n.startswith("imu.")}
        super().__init__(bus, {**ports, **self._imus})

    def step(self, now_ns: int) -> None:
        for port in self._imus.values():
            port.now_ns = now_ns
        super().step(now_ns)
