"""The closed loop flies on through every kind of fault at its ports, to a verdict."""

from __future__ import annotations

from pathlib import Path

import pytest
import short_scenario

from hil.bench import session
from hil.bench.recording import Recording
from hil.bench.result import Result
from hil.faults import AMOUNTS

# One port and, where the kind needs them, fields, an amount and a direction.
FAULTS = {
    "off": 'port = "imu.a"',
    "stuck": 'port = "rangefinder.a"',
    "wrong": 'port = "star_tracker.a"\nfields = ["qw"]\namount = 0.5',
    "offset": 'port = "imu.a"\nfields = ["delta_velocity_y_m_s"]\namount = 1e-3',
    "drift": 'port = "imu.a"\nfields = ["delta_velocity_x_m_s"]\namount = 1e-4',
    "scale": 'port = "imu.a"\nfields = ["delta_angle_y_rad"]\namount = -1.0',
    "noise": 'port = "camera.a"\ndirection = "input"\nfields = ["image"]\namount = 20.0',
    "saturation": 'port = "imu.a"\nfields = ["delta_angle_x_rad"]\namount = 1e-6',
    "set_bits": 'port = "legs.a"\nfields = ["closed"]\namount = 2',
    "clear_bits": 'port = "star_tracker.a"\nfields = ["valid"]\namount = 1',
    "beyond": 'port = "imu.a"\nfields = ["delta_angle_x_rad"]\namount = 1e-6',
    "delay": 'port = "thrusters"\namount = 0.2',
    "drop": 'port = "imu.a"\nprobability = 0.2',
    "duplicate": 'port = "tank"\nprobability = 0.5',
    "corrupt": 'port = "imu.a"\namount = 3.0\nprobability = 0.1',
    "nozzle": 'port = "engine.a"\namount = 0.1',
    "feed": 'port = "engine.b"\namount = 0.5\nramp_s = 5.0',
}
UNSEEN = ("stuck", "nozzle", "feed")  # a silent port may repeat; the engines are off for 15 s
PACKETS = {
    "off": 'port = "radio"\ndirection = "input"',
    "corrupt": 'port = "radio"\ndirection = "input"\namount = 2.0',
    "drop": 'port = "radio"\ndirection = "output"\nprobability = 0.5',
    "delay": 'port = "radio"\ndirection = "input"\namount = 1.0',
}


def fly(folder: Path, fault: str = "", seconds: float = 15.0, record: bool = False) -> Result:
    extra = f"[[fault]]\n{fault}\n" if fault else ""
    scenario, text = short_scenario.scenario(folder, seconds=seconds, extra=extra)
    return session.run(scenario, text, seed=4, folder=folder / "session" if record else None)


@pytest.fixture(scope="module")
def healthy(tmp_path_factory: pytest.TempPathFactory) -> Result:
    return fly(tmp_path_factory.mktemp("healthy"))


def test_every_kind_has_its_flight() -> None:
    of_rovers = {"jam", "drain"}  # driven in test_rover_drive.py
    assert set(FAULTS) == set(AMOUNTS) - of_rovers


@pytest.mark.parametrize("kind", FAULTS)
def test_a_flight_with_a_fault_comes_to_its_end(tmp_path: Path, healthy: Result, kind: str) -> None:
    result = fly(tmp_path, f'kind = "{kind}"\n{FAULTS[kind]}')
    assert result.verdict == "passed"  # the scenario expects only to last
    assert result.sim_seconds == 15.0
    assert result.bit_hash != healthy.bit_hash or kind in UNSEEN


@pytest.mark.parametrize("kind", PACKETS)
def test_faults_of_the_radio(tmp_path: Path, kind: str) -> None:
    result = fly(tmp_path, f'kind = "{kind}"\n{PACKETS[kind]}')
    assert result.verdict == "passed"


def test_a_fault_that_never_begins_changes_no_bit(tmp_path: Path, healthy: Result) -> None:
    assert (
        fly(tmp_path, f'kind = "off"\nstart_s = 1e4\n{FAULTS["off"]}').bit_hash == healthy.bit_hash
    )


def test_a_dead_imu_is_declared(tmp_path: Path, healthy: Result) -> None:
    result = fly(tmp_path, 'kind = "off"\nport = "imu.a"\nstart_s = 5.0')
    assert result.faults_tripped > healthy.faults_tripped


def test_a_dead_camera_gives_no_fix(tmp_path: Path, healthy: Result) -> None:
    assert healthy.fixes == healthy.frames > 0
    result = fly(tmp_path, 'kind = "off"\nport = "camera.a"\ndirection = "output"')
    assert result.fixes == 0


@pytest.mark.parametrize("kind", ["drop", "corrupt", "delay"])
def test_a_flight_with_a_fault_replays_from_its_recording(tmp_path: Path, kind: str) -> None:
    fly(tmp_path, f'kind = "{kind}"\nstart_s = 2.0\n{FAULTS[kind]}', seconds=8.0, record=True)
    outcome = session.replay(tmp_path / "session")
    assert outcome.equal, outcome


def test_the_ground_takes_a_stuck_thruster_out(tmp_path: Path) -> None:
    """Thruster 4 stays open for a second; from then on it is never commanded again."""
    extra = (
        '[[command]]\ntime_s = 6.0\nname = "THRUSTER_ENABLE"\n'
        "arguments = { thruster = 4, enabled = 0 }\n"
        '[[fault]]\nport = "thrusters"\nkind = "wrong"\nfields = ["on_time_4_us"]\n'
        "amount = 10000.0\nstart_s = 5.0\nend_s = 6.0\n"
    )
    scenario, text = short_scenario.scenario(tmp_path, seconds=15.0, extra=extra)
    session.run(scenario, text, seed=4, folder=tmp_path / "session")
    recording = Recording.open(tmp_path / "session" / session.RECORDING)
    [event] = [e["text"] for e in recording.events if e["name"] == "THRUSTERS_EXCLUDED"]
    assert event.endswith(": 4")
    rows = recording.rows("thrusters")
    late = rows[rows["at_tick"] > 610]  # commands are carried out ten times a second
    assert len(late) > 0 and not late["on_time_4_us"].any()
    assert rows["on_time_4_us"].any()


@pytest.mark.parametrize(
    ("kind", "amount"), [("corrupt", "amount = 3.0\n"), ("stuck", ""), ("off", "")]
)
def test_a_restart_skips_the_checkpoints_that_the_memory_spoiled(
    tmp_path: Path, kind: str, amount: str
) -> None:
    """From 8 s on no write holds; at 8.5 s the computer restarts, and after 0.2 s it resumes.

    The last sound copy is of 7.9 s or a tick later, 0.8 s old; a memory that is off has none.
    """
    extra = (
        f'[[fault]]\nport = "memory"\nkind = "{kind}"\nstart_s = 8.0\n{amount}'
        "[[load]]\ntime_s = 8.5\nreset = true\n"
    )
    scenario, text = short_scenario.scenario(tmp_path, seconds=15.0, extra=extra)
    result = session.run(scenario, text, seed=4, folder=tmp_path / "session")
    assert result.sim_seconds == 15.0
    events = Recording.open(tmp_path / "session" / session.RECORDING).events
    faults = [e for e in events if e["name"] == "STORAGE_FAULT"]
    assert faults and all(e["text"].startswith("checkpoints") for e in faults)
    assert abs(faults[0]["time_ns"] - 8 * 10**9) <= 10**8
    back = [e for e in events if e["name"] in ("EXECUTIVE_RESUMED", "EXECUTIVE_CHECKPOINT_MISSING")]
    if kind == "off":
        assert [e["name"] for e in back] == ["EXECUTIVE_CHECKPOINT_MISSING"]
    else:
        assert [e["name"] for e in back] == ["EXECUTIVE_RESUMED"]
        age_ms = int(back[0]["text"].split()[-3])
        assert 650 <= age_ms <= 850
    assert session.replay(tmp_path / "session").equal
