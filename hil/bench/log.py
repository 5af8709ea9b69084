"""What the bench writes down of a run at 10 Hz: truth beside what navigation believed.

Truth is the bench's alone. Positions and velocities are in the `site` frame (east, north, up).
`thrust_n` is that of all main engines; bit k of `rejecting` says that the gate of navigation's
measurement stream k does not accept.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from hil.bench.recording import McapSink, Recording
from hil.plant._plant import ffi as plant_ffi
from onboard.core._core import ffi as core_ffi
from onboard.core._core import lib as core_lib

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
    "true_speed_m_s",
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
    "thrust_n",
    "rejecting",
    "restarts",
    "silent_s",
)
DTYPE = np.dtype([(name, "<f8") for name in COLUMNS])
_STATE, _MATCHES = "bench.log", "bench.matches"
_FLUSH_ROWS = 100
Computer = tuple[float, int, float]  # time, restarts, for how long nothing came down
ACCEPTING = core_lib.OB_GATE_ACCEPTING
_NO_NAV = core_ffi.new("ob_nav_state *", {"q_site_from_body": [1.0]})
_NO_GUIDANCE = core_ffi.new("ob_guidance_command *")
_NO_GATES = core_ffi.new("ob_gate[5]")


class Log:
    """Keeps the rows of a run; sends them, and notes on camera frames, to the recording.

    A note copies the structs as they are (0.5 us); columns are made of them when they are flushed
    (a note in columns takes 6 us).
    """

    def __init__(self, sink: McapSink | None) -> None:
        self._sink = sink
        self._noted: tuple[Computer, Any, Any, Any, Any] | None = None
        self._computer: list[Computer] = []
        self._structs = tuple(bytearray() for _ in _STRUCTS)
        self._blocks: list[npt.NDArray[np.float64]] = []
        if sink is not None:
            sink.open(_STATE, "Log")
            sink.open(_MATCHES, "Matches")

    def note(
        self,
        tick: int,
        time_s: float,
        truth: Any,
        nav: Any,
        guidance: Any,
        gates: Any,
        restarts: int = 0,
        silent_s: float = 0.0,
    ) -> None:
        """One row: `pl_truth *`, `ob_nav_state *`, `ob_guidance_command *`, `ob_gate[5]`; of the
        computer its restarts, and for how long nothing came down.

        Flight values that nobody has published yet are None and noted as zeros.
        """
        nav, guidance, gates = nav or _NO_NAV, guidance or _NO_GUIDANCE, gates or _NO_GATES
        computer = time_s, restarts, silent_s
        self._noted = (computer, truth, nav, guidance, gates)
        self._computer.append(computer)
        truths, navs, guidances, gate_rows = self._structs
        truths += plant_ffi.buffer(truth)
        navs += core_ffi.buffer(nav)
        guidances += core_ffi.buffer(guidance)
        gate_rows += core_ffi.buffer(gates)
        if len(self._computer) >= _FLUSH_ROWS:
            self.flush(tick)

    def note_matches(self, tick: int, matches: Any, altitude_m: float) -> None:
        """What became of a camera frame (`CraterMatches`)."""
        if self._sink is not None:
            note = {
                "time_s": matches.time_ns / 1e9,
                "altitude_m": altitude_m,
                "status": _describe(matches),
                "reason": matches.reason,
                "predicted": len(matches.predicted),
                "rms_px": matches.residual_rms_px,
                "log10_chance": matches.log10_chance,
                "probability": np.round(matches.probability, 4).tolist(),
                "detections": np.round(matches.detections, 1).tolist(),
                "matched": np.round(matches.matched_circles, 1).tolist(),
            }
            self._sink.blob(_MATCHES, tick, json.dumps(note).encode())

    @property
    def last(self) -> dict[str, float]:
        """The newest row, read from its structs as they are now."""
        if self._noted is None:
            return dict.fromkeys(COLUMNS, 0.0)
        computer, truth, *flight = self._noted
        buffers = plant_ffi.buffer(truth), *map(core_ffi.buffer, flight)
        row = _columns([computer], *buffers)[0]
        return dict(zip(COLUMNS, row.tolist(), strict=True))

    def flush(self, tick: int) -> None:
        """Make columns of what has gathered, and send them."""
        if self._computer:
            block = _columns(self._computer, *self._structs)
            self._blocks.append(block)
            if self._sink is not None:
                self._sink.blob(_STATE, tick, block.tobytes())
            self._computer = []
            self._structs = tuple(bytearray() for _ in _STRUCTS)

    def table(self) -> npt.NDArray[np.void]:
        """All rows that were flushed, a field for each of `COLUMNS`."""
        data = b"".join(block.tobytes() for block in self._blocks)
        return np.frombuffer(data, dtype=DTYPE)


def _struct_dtype(c_type: Any) -> np.dtype[Any]:
    """The NumPy type of a C struct of doubles, int64s, arrays of them and such structs."""
    if c_type.kind == "array":
        return np.dtype((_struct_dtype(c_type.item), (c_type.length,)))
    if c_type.kind == "primitive":
        return np.dtype("<f8" if c_type.cname == "double" else "<i8")
    return np.dtype([(name, _struct_dtype(field.type)) for name, field in c_type.fields])


_TRUTH = _struct_dtype(plant_ffi.typeof("pl_truth"))
_NAV = _struct_dtype(core_ffi.typeof("ob_nav_state"))
_GUIDANCE = _struct_dtype(core_ffi.typeof("ob_guidance_command"))
_GATES = _struct_dtype(core_ffi.typeof("ob_gate[5]"))
_STRUCTS = (_TRUTH, _NAV, _GUIDANCE, _GATES)


def _columns(computer: Sequence[Computer], truth: Any, nav: Any, guidance: Any, gates: Any) -> Any:
    """Rows of `COLUMNS`, (n, columns), from as many structs one after another."""
    times_s, restarts, silent_s = np.array(computer, float).T
    t = np.frombuffer(truth, _TRUTH)
    n = np.frombuffer(nav, _NAV)
    g = np.frombuffer(guidance, _GUIDANCE)
    rejecting = np.frombuffer(gates, _GATES.base)["state"].reshape(len(t), -1) != ACCEPTING
    error = attitude_error_rad(t["q_site_from_body"].T, n["q_site_from_body"].T)
    return np.column_stack(
        [
            times_s,
            g["phase"],
            t["position_site_m"],
            t["velocity_site_m_s"],
            t["height_m"],
            np.linalg.norm(t["velocity_site_m_s"], axis=1),
            np.degrees(t["tilt_rad"]),
            n["position_site_m"],
            n["velocity_site_m_s"],
            n["position_sigma_m"],
            n["velocity_sigma_m_s"],
            n["altitude_m"],
            n["altitude_sigma_m"],
            *error,
            n["attitude_sigma_rad"],
            np.where(g["engines_on"] != 0, g["throttle"], 0.0),
            t["propellant_kg"],
            t["thrust_n"].sum(axis=1),
            rejecting @ (1 << np.arange(rejecting.shape[1])),
            restarts,
            silent_s,
        ]
    )


def _describe(matches: Any) -> str:
    if matches.count == 0:
        return f"no fix: {matches.reason}, {len(matches.detections)} detected"
    return (
        f"{matches.count} of {len(matches.detections)} matched, "
        f"rms {matches.residual_rms_px:.2f} px, chance 1e{matches.log10_chance:.0f}"
    )


def attitude_error_rad(true: Any, estimate: Any) -> tuple[Any, ...]:
    """Small rotation from the estimated to the true attitude, body axes, of `q_site_from_body`.

    Components are numbers or arrays of them.
    """
    w, x, y, z = estimate
    a, b, c, d = true
    sign = np.where(w * a + x * b + y * c + z * d >= 0.0, 2.0, -2.0)
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
