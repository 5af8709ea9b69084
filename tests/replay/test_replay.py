"""A recorded run, played back, gives the same bits; a changed one says where it left the record."""

from pathlib import Path
from typing import Any

import pytest
from tiny_vehicle import LANDER, Memory, TinyVehicle, ports

from hil.bench.recording import McapSink, Recording
from hil.bench.replay import Replay, ReplayCamera, ReplayMemory, ReplayRadio
from onboard.executive import TICK_NS
from onboard.messages import EngineCommand, ImuSample, ProcessorLoad, TimeGrant
from onboard.services.parameters import ParameterTable
from onboard.services.storage import TwoCopyStore

LOAD = {
    50: ProcessorLoad(0, 0, 9_750.0, -1, 0.0, 0),
    90: ProcessorLoad(0, 1, 0.0, -1, 0.0, 0),
    230: ProcessorLoad(0, 2, 0.0, -1, 0.0, 1),
}


def saved_parameters() -> Memory:
    """A memory that holds a parameter table which is not the default one."""
    memory = Memory()
    table = ParameterTable(LANDER.parameters)
    table.set("services.arm_timeout_s", 3.0)
    assert table.save(TwoCopyStore(memory, 0, 4096))
    return memory


def fly(path: Path, ticks: int = 450) -> TinyVehicle:
    """Fly with commands, an overload and a reset, and record it."""
    hardware = ports(LOAD)
    memory = saved_parameters()
    with McapSink(path, metadata={"seed": "7"}) as sink:
        vehicle = TinyVehicle(hardware, memory=memory, sink=sink)
        codec = vehicle.commands.codec
        for tick in range(ticks):
            if tick == 20:
                packet = codec.encode("NOOP", {}, time_ns=0, count=0)
                hardware["radio"].up += [packet, b"noise"]
            if tick == 100:
                start = {"name": "after_landing"}
                packet = codec.encode("SEQUENCE_START", start, time_ns=0, count=1)
                hardware["radio"].up.append(packet)
            if tick == 225:  # both checkpoints are lost before the reset of tick 230
                memory.content[16_384:] = bytes(len(memory.content) - 16_384)
            vehicle.executive.tick(TimeGrant(tick, tick * TICK_NS))
        vehicle.recorder.flush()
    assert sink.error is None
    return vehicle


@pytest.fixture(scope="module")
def flown(tmp_path_factory: pytest.TempPathFactory) -> tuple[TinyVehicle, Recording]:
    path = tmp_path_factory.mktemp("session") / "run.mcap"
    vehicle = fly(path)
    return vehicle, Recording.open(path)


def replayed(recording: Recording) -> tuple[Replay, TinyVehicle]:
    replay = Replay(recording)
    hardware: dict[str, Any] = {n: replay.input(n) for n in ("imu.a", "load")}
    hardware["engine.a"] = replay.output("engine.a")
    hardware["camera.a"] = ReplayCamera(replay, "camera.a")
    hardware["radio"] = ReplayRadio(replay)
    return replay, TinyVehicle(hardware, memory=ReplayMemory(replay))


def test_the_recording_holds_what_happened(flown: tuple[TinyVehicle, Recording]) -> None:
    vehicle, recording = flown
    assert recording.damage is None
    assert recording.metadata == {"seed": "7"}
    assert recording.channels["imu.a"] == "ImuSample"
    assert recording.ticks == 450
    assert recording.rows("grant")["time_ns"].tolist() == [t * TICK_NS for t in range(450)]
    down = 430  # ticks with members: the reset took 20
    assert len(recording.rows("engine.a")) == down
    assert len(list(recording.frames("camera.a.frame"))) == 5
    assert recording.rows("load")["at_tick"].tolist() == list(LOAD)
    names = [e["name"] for e in recording.events]
    assert names == [r.name for r in vehicle.events.since(0)]
    assert {"COMMAND_ACCEPTED", "COMMAND_REJECTED", "EXECUTIVE_LOAD_SHED"} <= set(names)
    assert {"EXECUTIVE_RESTART", "EXECUTIVE_CHECKPOINT_MISSING"} <= set(names)
    assert [tick for tick, _ in recording.blobs("memory.change")] == [249, 249]
    assert [tick for tick, _ in recording.blobs("radio.up")] == [23, 23, 103]


def test_replay_gives_the_same_bits(flown: tuple[TinyVehicle, Recording]) -> None:
    before, recording = flown
    replay, after = replayed(recording)
    assert replay.run(after.executive.tick) is None
    assert after.executive.counters == before.executive.counters
    assert after.events.since(0) == before.events.since(0)
    assert after.events.severities == before.events.severities
    assert after.parameters["services.arm_timeout_s"] == 3.0


def test_two_runs_give_the_same_hashes(
    flown: tuple[TinyVehicle, Recording], tmp_path: Path
) -> None:
    fly(tmp_path / "again.mcap")
    again = Recording.open(tmp_path / "again.mcap")
    assert (flown[1].rows("reply") == again.rows("reply")).all()


def test_a_changed_input_is_found_at_its_tick(flown: tuple[TinyVehicle, Recording]) -> None:
    replay, vehicle = replayed(flown[1])
    samples: list[ImuSample] = vehicle.executive.members[0].step.__self__.imu.port._samples  # type: ignore[attr-defined]
    samples[123] = samples[123]._replace(delta_velocity_x_m_s=1e-12)
    difference = replay.run(vehicle.executive.tick)
    assert difference is not None
    assert difference.tick == 123
    assert difference.channel == "engine.a"
    assert "EngineCommand" in str(difference)


@pytest.mark.parametrize("bit", [0, 8 * 40])
def test_a_changed_write_to_memory_is_found_at_its_tick(
    flown: tuple[TinyVehicle, Recording], bit: int
) -> None:
    """One bit of the checkpoint of tick 200, in the head of the copy or in its data."""
    replay, vehicle = replayed(flown[1])
    memory = vehicle.checkpoints._memory
    write = memory.write

    def tampered(address: int, data: bytes) -> None:
        changed = bytearray(data)
        changed[bit // 8] ^= replay.tick == 200
        write(address, bytes(changed))

    memory.write = tampered  # type: ignore[method-assign]
    difference = replay.run(vehicle.executive.tick)
    assert difference is not None
    assert (difference.tick, difference.channel) == (200, "reply")


@pytest.mark.parametrize("tick", [103, 230])
def test_a_changed_event_is_found_at_its_tick(
    flown: tuple[TinyVehicle, Recording], tick: int
) -> None:
    """A command accepted and a restart, each with another value."""
    replay, vehicle = replayed(flown[1])
    emit = vehicle.events.emit

    def tampered(name: str, time_ns: int, /, **values: object) -> None:
        emit(name, time_ns, **{k: f"{v}?" if replay.tick == tick else v for k, v in values.items()})

    vehicle.events.emit = tampered  # type: ignore[method-assign]
    difference = replay.run(vehicle.executive.tick)
    assert difference is not None
    assert (difference.tick, difference.channel) == (tick, "reply")


def test_a_changed_parameter_is_found(flown: tuple[TinyVehicle, Recording]) -> None:
    """One that nothing reads after the start."""
    replay, vehicle = replayed(flown[1])
    vehicle.parameters.set_all({"services.arm_timeout_s": 3.5})
    difference = replay.run(vehicle.executive.tick)
    assert difference is not None
    assert (difference.tick, difference.channel) == (0, "reply")


def test_an_output_that_stays_away_is_found(flown: tuple[TinyVehicle, Recording]) -> None:
    replay, vehicle = replayed(flown[1])
    engine: Any = replay._outputs["engine.a"]
    engine._rows.append(engine._rows[-1])
    engine._ticks.append(engine._ticks[-1])
    difference = replay.run(vehicle.executive.tick)
    assert difference is not None
    assert (difference.tick, difference.channel) == (engine._ticks[-1], "engine.a")
    assert difference.replayed is None


def test_an_output_never_recorded_is_found(flown: tuple[TinyVehicle, Recording]) -> None:
    replay = Replay(flown[1])
    replay.output("engine.z").write(EngineCommand(0, 0, 0, 0.0))
    assert replay.first is not None
    assert replay.first.channel == "engine.z"


def test_the_dictionary_travels_with_the_recording(tmp_path: Path) -> None:
    with McapSink(tmp_path / "a.mcap", attachments={"dictionary.json": str(LANDER.as_json())}):
        pass
    recording = Recording.open(tmp_path / "a.mcap")
    assert recording.attachments["dictionary.json"].decode() == str(LANDER.as_json())
