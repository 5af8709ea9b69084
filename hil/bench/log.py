"""What the bench writes down of a run at 10 Hz: truth beside what navigation believed.

Truth is the bench's alone. Positions and velocities are in the `site` frame (east, north, up).
"""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from hil.bench.recording import McapSink, Recording

COLUMNS = (
    "time_s",
    "phase",
    "true_east_m",
    "true_north_m",
    "true_up_m",
    "true_velocity_east_m_s",
    "true_velocity_north_m_s",
    "true_velocity_up_m_s",
    "true_altitude_m",
    "true_tilt_deg",
    "nav_east_m",
    "nav_north_m",
    "nav_up_m",
    "nav_velocity_east_m_s",
    "nav_velocity_north_m_s",
    "nav_velocity_up_m_s",
    "sigma_east_m",
    "sigma_north_m",
    "sigma_up_m",
    "sigma_velocity_east_m_s",
    "sigma_velocity_north_m_s",
    "sigma_velocity_up_m_s",
    "nav_altitude_m",
    "nav_altitude_sigma_m",
    "attitude_error_x_rad",
    "attitude_error_y_rad",
    "attitude_error_z_rad",
    "attitude_sigma_x_rad",
    "attitude_sigma_y_rad",
    "attitude_sigma_z_rad",
    "throttle",
    "propellant_kg",
)
DTYPE = np.dtype([(name, "<f8") for name in COLUMNS])
_ROW = struct.Struct(f"<{len(COLUMNS)}d")
_STATE, _MATCHES = "bench.log", "bench.matches"
_FLUSH_ROWS = 100


class Log:
    """Keeps the rows of a run; sends them, and notes on camera frames, to the recording."""

    def __init__(self, sink: McapSink | None) -> None:
        self._sink = sink
        self._rows = bytearray()
        self._last: tuple[float, ...] = (0.0,) * len(COLUMNS)
        if sink is not None:
            sink.open(_STATE, "Log")
            sink.open(_MATCHES, "Matches")

    def note(self, tick: int, time_s: float, truth: Any, nav: Any, guidance: Any) -> None:
        """One row: `pl_truth`, `ob_nav_state`, `ob_guidance_command`."""
        self._last = row = (
            time_s,
            guidance.phase,
            *truth.position_site_m,
            *truth.velocity_site_m_s,
            truth.height_m,
            math.degrees(truth.tilt_rad),
            *nav.position_site_m,
            *nav.velocity_site_m_s,
            *nav.position_sigma_m,
            *nav.velocity_sigma_m_s,
            nav.altitude_m,
            nav.altitude_sigma_m,
            *attitude_error_rad(truth.q_site_from_body, nav.q_site_from_body),
            *nav.attitude_sigma_rad,
            guidance.throttle if guidance.engines_on else 0.0,
            truth.propellant_kg,
        )
        if self._sink is not None:
            self._rows += _ROW.pack(*row)
            if len(self._rows) >= _FLUSH_ROWS * _ROW.size:
                self.flush(tick)

    def note_matches(self, tick: int, matches: Any, altitude_m: float) -> None:
        """What became of a camera frame (`CraterMatches`)."""
        if self._sink is not None:
            note = {
                "time_s": matches.time_ns / 1e9,
                "altitude_m": altitude_m,
                "status": _describe(matches),
                "detections": np.round(matches.detections, 1).tolist(),
                "matched": np.round(matches.matched_circles, 1).tolist(),
            }
            self._sink.blob(_MATCHES, tick, json.dumps(note).encode())

    @property
    def last(self) -> dict[str, float]:
        """The newest row."""
        return dict(zip(COLUMNS, self._last, strict=True))

    def flush(self, tick: int) -> None:
        """Send what has gathered."""
        if self._sink is not None and self._rows:
            self._sink.blob(_STATE, tick, bytes(self._rows))
            self._rows.clear()


def _describe(matches: Any) -> str:
    if matches.count == 0:
        return f"no fix: {matches.reason}, {len(matches.detections)} detected"
    return (
        f"{matches.count} of {len(matches.detections)} matched, "
        f"rms {matches.residual_rms_px:.2f} px, chance 1e{matches.log10_chance:.0f}"
    )


def attitude_error_rad(true: Sequence[float], estimate: Sequence[float]) -> tuple[float, ...]:
    """Small rotation from the estimated to the true attitude, body axes, of `q_site_from_body`."""
    w, x, y, z = estimate
    a, b, c, d = true
    sign = 2.0 if w * a + x * b + y * c + z * d >= 0.0 else -2.0
    return (
        sign * (w * b - x * a - y * d + z * c),
        sign * (w * c + x * d - y * a - z * b),
        sign * (w * d - x * c + y * b - z * a),
    )


def rows(recording: Recording) -> npt.NDArray[np.void]:
    """The log of a recorded run as a structured array, one field per column."""
    data = b"".join(data for _, data in recording.blobs(_STATE))
    return np.frombuffer(data, dtype=DTYPE)


def matches(recording: Recording) -> list[dict[str, Any]]:
    """The notes on camera frames of a recorded run, in order."""
    return [json.loads(data) for _, data in recording.blobs(_MATCHES)]
