"""A recorded flight of the lander plays back bit-equal, and a changed one says where it differs."""

from __future__ import annotations

import json
import struct
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import short_scenario

from hil import campaign
from hil.bench import landing, session
from hil.bench.recording import AT_TICK, Recording, RecordingError, dtype_of
from hil.bench.replay import Replay
from hil.bench.result import Result
from hil.scenario import load

SEED = 11
SECONDS = 30.0  # standby, descent armed and started, coast, frames, star tracker


@pytest.fixture(scope="module")
def scenario_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return short_scenario.write(tmp_path_factory.mktemp("scenario"), seconds=SECONDS)


@pytest.fixture(scope="module")
def flown(scenario_file: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Result]:
    folder = tmp_path_factory.mktemp("sessions") / "short"
    checked, text = load(scenario_file)
    return folder, session.run(checked, text, seed=SEED, folder=folder)


def play(recording: Recording, setting: session.Setting) -> session.Difference | None:
    replay = Replay(recording)
    vehicle = session.vehicle(setting, landing.recorded_hardware(replay, setting))
    return replay.run(vehicle.executive.tick)


def test_the_flight_did_something(flown: tuple[Path, Result]) -> None:
    folder, result = flown
    assert result.verdict == "passed"
    recording = Recording.open(folder / session.RECORDING)
    assert recording.ticks == round(SECONDS * 100)
    assert result.frames == len(list(recording.frames("camera.a.frame"))) > 0
    assert len(recording.rows("thrusters")) > 0
    assert len(recording.blobs("radio.up")) == 2
    assert len(recording.blobs("radio.down")) > 0


def test_replay_is_bit_equal(flown: tuple[Path, Result]) -> None:
    outcome = session.replay(flown[0])
    assert outcome.equal
    assert outcome.damage is None
    assert outcome.ticks == round(SECONDS * 100)
    assert "the same bits" in str(outcome)


def test_the_recorded_result_is_the_one_returned(flown: tuple[Path, Result]) -> None:
    folder, result = flown
    stored = json.loads((folder / session.RESULT).read_text())
    assert stored == result.as_json()
    assert (
        Recording.open(folder / session.RECORDING).attachments[session.RESULT]
        == json.dumps(stored).encode()
    )


@pytest.mark.parametrize("row", [0, 777, 2500])
def test_a_flipped_bit_of_the_imu_is_found_at_its_tick(
    flown: tuple[Path, Result], row: int
) -> None:
    """The lowest bit of one velocity increment changes the state hash of the same tick."""
    recording, setting = session._open(flown[0])
    layout = dtype_of(recording._schemas["imu.a"])
    content = bytearray(b"".join(recording._blocks["imu.a"]))
    at = row * layout.itemsize + layout.fields["delta_velocity_x_m_s"][1]  # type: ignore[index]
    content[at] ^= 1
    recording._blocks["imu.a"] = [bytes(content)]
    changed = recording.rows("imu.a")
    assert np.isfinite(changed["delta_velocity_x_m_s"][row])
    difference = play(recording, setting)
    assert difference is not None
    assert difference.tick == changed[AT_TICK][row]
    assert difference.channel in ("reply", "engine.a.command", "thrusters")
    assert f"tick {difference.tick}, {difference.channel}" in str(difference)


def test_a_lost_command_is_found_where_it_was_sent(flown: tuple[Path, Result]) -> None:
    recording, setting = session._open(flown[0])
    tick = recording._blobs["radio.up"].pop(0)[0]
    difference = play(recording, setting)
    assert difference is not None
    assert tick <= difference.tick <= tick + 10


@pytest.mark.parametrize("tick", [2, 1500, 3000])
def test_a_packet_that_is_never_sent_is_found_at_its_tick(
    flown: tuple[Path, Result], tick: int
) -> None:
    """A packet of the recording after those that the vehicle sends in that tick."""
    recording, setting = session._open(flown[0])
    packets = recording._blobs["radio.down"]
    place = sum(at <= tick for at, _ in packets)
    packets.insert(place, (tick, b"never sent"))
    difference = play(recording, setting)
    assert difference is not None
    assert (difference.tick, difference.channel) == (tick, "radio.down")
    assert difference.recorded == (tick, b"never sent")
    assert difference.replayed is None


def test_a_row_that_is_never_written_is_found_at_its_tick(flown: tuple[Path, Result]) -> None:
    """Rows of the last tick once more."""
    recording, setting = session._open(flown[0])
    layout = dtype_of(recording._schemas["thrusters"])
    content = b"".join(recording._blocks["thrusters"])
    recording._blocks["thrusters"] = [content, content[-layout.itemsize :]]
    tick = int(recording.rows("thrusters")[AT_TICK][-1])
    difference = play(recording, setting)
    assert difference is not None
    assert (difference.tick, difference.channel) == (tick, "thrusters")
    assert difference.replayed is None


def test_a_damaged_file_is_read_up_to_the_damage(
    flown: tuple[Path, Result], tmp_path: Path
) -> None:
    """A flipped bit in the middle of the file ends the reading; what was before replays."""
    content = bytearray((flown[0] / session.RECORDING).read_bytes())
    content[len(content) // 2] ^= 4
    (tmp_path / "hurt.mcap").write_bytes(content)
    outcome = session.replay(tmp_path / "hurt.mcap")
    assert outcome.damage
    assert outcome.equal
    assert 0 < outcome.ticks < round(SECONDS * 100)
    assert "damaged" in str(outcome)


@pytest.mark.parametrize("part", [0.5, 0.6, 0.7, 0.8, 0.95, 0.999])
def test_a_recording_cut_anywhere_replays_up_to_there(
    flown: tuple[Path, Result], tmp_path: Path, part: float
) -> None:
    content = (flown[0] / session.RECORDING).read_bytes()
    (tmp_path / "cut.mcap").write_bytes(content[: int(part * len(content))])
    outcome = session.replay(tmp_path / "cut.mcap")
    assert outcome.equal, outcome
    assert outcome.ticks > 0
    assert outcome.damage or part > 0.99  # the end of the file is an index that nothing needs


def test_a_recording_without_a_tick_says_so(flown: tuple[Path, Result], tmp_path: Path) -> None:
    content = (flown[0] / session.RECORDING).read_bytes()
    (tmp_path / "cut.mcap").write_bytes(content[: len(content) // 20])
    with pytest.raises(RecordingError, match=r"cut\.mcap: ends before the first tick"):
        session.replay(tmp_path / "cut.mcap")


def test_a_session_can_be_read_for_the_report(flown: tuple[Path, Result]) -> None:
    run = session.read(flown[0])
    assert run.result == flown[1]
    assert len(run.log) == round(SECONDS * 10)
    assert len(run.frames) == flown[1].frames
    assert [m.name for m in run.members][:2] == ["sensors", "navigation"]
    assert "DESCENT_START" in " ".join(e.text for e in run.events)
    ground = (
        run.log["true_altitude_m"] + run.ground_m[np.argsort(np.argsort(run.ground_m[:, 0])), 1]
    )
    assert np.isfinite(ground).all()


def test_two_processes_fly_the_same_bits(scenario_file: Path, flown: tuple[Path, Result]) -> None:
    program = [sys.executable, "-c", "from hil.cli import main; main()"]
    options = ["--seed", str(SEED), "--json", "--no-record"]
    done = subprocess.run(
        [*program, "run", str(scenario_file), *options],
        capture_output=True,
        text=True,
        timeout=300,
        check=True,
    )
    line = done.stdout.strip().splitlines()[-1]
    assert json.loads(line)["bit_hash"] == flown[1].bit_hash


def test_the_number_of_workers_changes_no_bit(
    scenario_file: Path, flown: tuple[Path, Result]
) -> None:
    """Neither does recording: the campaign records nothing."""
    jobs = [campaign.Job(scenario_file, seed) for seed in (SEED, SEED + 1, SEED + 2)]
    one = [r.bit_hash for r in campaign.results(jobs, 1)]
    two = [r.bit_hash for r in campaign.results(jobs, 2)]
    assert one == two
    assert one[0] == flown[1].bit_hash
    assert len(set(one)) == len(jobs)


def test_own_files_must_be_the_ones_flown_over(tmp_path: Path) -> None:
    catalogue = tmp_path / "mine.csv"
    catalogue.write_text("latitude_deg,longitude_deg,diameter_km\n60.5,-4.6,2.0\n")
    checked, text = short_scenario.scenario(tmp_path, seconds=1.0, world='craters = "mine.csv"')
    session.run(checked, text, seed=1, folder=tmp_path / "own")
    assert session.replay(tmp_path / "own").equal
    catalogue.write_text("latitude_deg,longitude_deg,diameter_km\n60.5,-4.6,2.5\n")
    with pytest.raises(session.InputError, match=r"mine\.csv: is not the file"):
        session.replay(tmp_path / "own")
    catalogue.unlink()
    with pytest.raises(session.InputError, match=r"mine\.csv: cannot be read"):
        session.replay(tmp_path / "own")


def test_layout_of_a_double_is_what_the_flip_assumes() -> None:
    assert struct.unpack("<d", struct.pack("<Q", 1))[0] > 0.0  # bit 0 of octet 0 is the lowest
