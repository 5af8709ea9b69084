"""The bench's log of truth beside navigation, and its way through a recording."""

from __future__ import annotations

import math
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from hil.bench import log as logs
from hil.bench.recording import McapSink, Recording
from hil.plant._plant import ffi as plant_ffi
from onboard.core._core import ffi as core_ffi

IDENTITY = (1.0, 0.0, 0.0, 0.0)


def truth(height_m: float) -> Any:
    return plant_ffi.new(
        "pl_truth *",
        dict(
            position_site_m=(1.0, 2.0, 3.0),
            velocity_site_m_s=(4.0, 5.0, 6.0),
            height_m=height_m,
            tilt_rad=math.radians(30.0),
            q_site_from_body=IDENTITY,
            propellant_kg=170.0,
            thrust_n=(300.0, 400.0),
        ),
    )


def navigation() -> Any:
    return core_ffi.new(
        "ob_nav_state *",
        dict(
            position_site_m=(1.5, 2.5, 3.5),
            velocity_site_m_s=(4.5, 5.5, 6.5),
            position_sigma_m=(10.0, 11.0, 12.0),
            velocity_sigma_m_s=(0.1, 0.2, 0.3),
            altitude_m=99.0,
            altitude_sigma_m=1.0,
            q_site_from_body=IDENTITY,
            attitude_sigma_rad=(1e-3, 2e-3, 3e-3),
        ),
    )


def guidance(*, engines_on: bool) -> Any:
    return core_ffi.new("ob_guidance_command *", dict(phase=2, throttle=0.7, engines_on=engines_on))


def gates(*rejecting: int) -> Any:
    value = core_ffi.new("ob_gate[5]")
    for stream in rejecting:
        value[stream].state = 1
    return value


def matches(count: int) -> Any:
    return SimpleNamespace(
        time_ns=1_500_000_000,
        count=count,
        reason="too few",
        detections=np.array([[1.04, 2.0, 3.0], [4.0, 5.0, 6.0]]),
        matched_circles=np.array([[1.04, 2.0, 3.0]])[:count],
        predicted=np.zeros((7, 3)),
        probability=np.array([0.98764])[:count],
        residual_rms_px=0.5,
        log10_chance=-9.0,
    )


def test_a_row_has_every_column_in_its_unit() -> None:
    log = logs.Log(None)
    log.note(10, 0.1, truth(100.0), navigation(), guidance(engines_on=True), gates(1, 4))
    row = log.last
    assert tuple(row) == logs.COLUMNS
    assert row["true_tilt_deg"] == pytest.approx(30.0)
    assert (row["true_north_m"], row["nav_north_m"], row["sigma_north_m"]) == (2.0, 2.5, 11.0)
    assert row["nav_velocity_up_m_s"] == 6.5
    assert row["attitude_sigma_z_rad"] == 3e-3
    assert row["throttle"] == 0.7
    assert row["true_speed_m_s"] == pytest.approx(77.0**0.5)
    assert row["thrust_n"] == 700.0
    assert row["rejecting"] == 0b10010


def test_the_table_holds_all_rows_flushed_so_far() -> None:
    log = logs.Log(None)
    assert len(log.table()) == 0
    for k in range(1, 251):
        log.note(10 * k, 0.1 * k, truth(k), navigation(), guidance(engines_on=True), gates())
    log.flush(2500)
    assert log.table()["true_altitude_m"].tolist() == list(range(1, 251))


def test_engines_off_is_no_throttle() -> None:
    log = logs.Log(None)
    log.note(10, 0.1, truth(100.0), navigation(), guidance(engines_on=False), gates())
    assert log.last["throttle"] == 0.0


def test_rows_and_matches_come_back_from_a_recording(tmp_path: Path) -> None:
    with McapSink(tmp_path / "run.mcap") as sink:
        log = logs.Log(sink)
        for k in range(250):
            log.note(
                10 * k, 0.1 * k, truth(1000.0 - k), navigation(), guidance(engines_on=True), gates()
            )
        log.note_matches(150, matches(1), 750.0)
        log.note_matches(160, matches(0), 740.0)
        log.flush(2500)
    recording = Recording.open(tmp_path / "run.mcap")
    rows = logs.rows(recording)
    assert rows["true_altitude_m"].tolist() == [1000.0 - k for k in range(250)]
    fix, none = logs.matches(recording)
    assert fix["status"] == "1 of 2 matched, rms 0.50 px, chance 1e-9"
    assert fix["detections"][0] == [1.0, 2.0, 3.0]
    assert (fix["time_s"], fix["altitude_m"]) == (1.5, 750.0)
    assert (fix["predicted"], fix["rms_px"], fix["log10_chance"]) == (7, 0.5, -9.0)
    assert fix["probability"] == [0.9876]
    assert (none["reason"], none["probability"]) == ("too few", [])
    assert none["status"] == "no fix: too few, 2 detected"
    assert none["matched"] == []


@given(st.tuples(*[st.floats(-0.1, 0.1)] * 3), st.tuples(*[st.floats(-3.0, 3.0)] * 3))
def test_attitude_error_is_the_small_rotation_between_the_two(
    error: tuple[float, float, float], attitude: tuple[float, float, float]
) -> None:
    """Against SciPy; 2 sin(a/2) for an angle a differs from a by a^3/24 < 6.3e-5 |a| x 0.17."""
    estimate = Rotation.from_rotvec(attitude)
    true = estimate * Rotation.from_rotvec(error)
    ours = logs.attitude_error_rad(
        np.roll(true.as_quat(), 1).tolist(), np.roll(estimate.as_quat(), 1).tolist()
    )
    angle = math.sqrt(sum(e * e for e in error))
    np.testing.assert_allclose(ours, error, atol=angle**3 / 24.0 + 1e-14)
