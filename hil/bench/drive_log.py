"""What the bench writes down of a drive at 10 Hz: truth beside what odometry believed.

Truth is the bench's alone. Positions are in the `site` frame (east, north, up); wheels are front
left, front right, rear left, rear right.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from hil.bench.recording import McapSink, Recording

WHEELS = ("fl", "fr", "rl", "rr")
COLUMNS = (
    "time_s",
    "phase",
    "leg",
    "true_east_m",
    "true_north_m",
    "true_up_m",
    "true_heading_rad",
    "true_tilt_rad",
    "slope_rad",
    "true_speed_m_s",
    "true_distance_m",
    "odometry_east_m",
    "odometry_north_m",
    "odometry_heading_rad",
    "odometry_speed_m_s",
    "slip_believed",
    *(f"rate_{w}_rad_s" for w in WHEELS),
    *(f"target_{w}_rad_s" for w in WHEELS),
    *(f"slip_{w}" for w in WHEELS),
    *(f"current_{w}_a" for w in WHEELS),
    *(f"sinkage_{w}_m" for w in WHEELS),
    "voltage_v",
    "battery_current_a",
    "charge",
    "restarts",
    "silent_s",
)
DTYPE = np.dtype([(name, "<f8") for name in COLUMNS])
_CHANNEL = "bench.log"
_FLUSH_ROWS = 100


class DriveLog:
    """Keeps the rows of a run and sends them to the recording."""

    def __init__(self, sink: McapSink | None) -> None:
        self._sink = sink
        self._rows: list[tuple[float, ...]] = []
        self._sent = 0
        if sink is not None:
            sink.open(_CHANNEL, "Log")

    def note(
        self,
        tick: int,
        truth: Any,
        odometry: Any,
        drive: Any,
        wheels: Any,
        restarts: int,
        silent_s: float,
    ) -> None:
        """One row: `pl_drive_truth *`, `ob_odometry_state *`, `ob_drive_command *`, `ob_wheels *`.

        Flight values that nobody has published yet are None and noted as zeros.
        """
        speed_m_s = float(np.hypot(*truth.velocity_site_m_s[0:2]))
        believed = (
            (*odometry.position_site_m[0:2], odometry.heading_rad, odometry.speed_m_s)
            if odometry is not None
            else (0.0,) * 4
        )
        slip = wheels.slip.slip if wheels is not None else 0.0
        targets = (w.target_rad_s for w in wheels.wheel) if wheels is not None else (0.0,) * 4
        self._rows.append(
            (
                truth.time_ns / 1e9,
                *((drive.phase, drive.leg) if drive is not None else (0.0, 0.0)),
                *truth.position_site_m,
                truth.heading_rad,
                truth.tilt_rad,
                truth.slope_rad,
                speed_m_s,
                truth.distance_m,
                *believed,
                slip,
                *truth.wheel_rate_rad_s,
                *targets,
                *truth.slip,
                *truth.current_a,
                *truth.sinkage_m,
                truth.voltage_v,
                truth.battery_current_a,
                truth.charge,
                restarts,
                silent_s,
            )
        )
        if len(self._rows) - self._sent >= _FLUSH_ROWS:
            self.flush(tick)

    @property
    def last(self) -> dict[str, float]:
        """The newest row."""
        row = self._rows[-1] if self._rows else (0.0,) * len(COLUMNS)
        return dict(zip(COLUMNS, row, strict=True))

    def flush(self, tick: int) -> None:
        """Send what has gathered."""
        rows, self._sent = self._rows[self._sent :], len(self._rows)
        if rows and self._sink is not None:
            self._sink.blob(_CHANNEL, tick, np.array(rows, "<f8").tobytes())

    def table(self) -> npt.NDArray[np.void]:
        """All rows, a field for each of `COLUMNS`."""
        return np.array(self._rows, dtype=DTYPE)


def rows(recording: Recording) -> npt.NDArray[np.void]:
    """The log of a recorded run as a structured array, one field per column."""
    data = b"".join(data for _, data in recording.blobs(_CHANNEL))
    return np.frombuffer(data, dtype=DTYPE)
