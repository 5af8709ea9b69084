"""Processor in the loop: the flight core on a board gives the bits of the desk.

The board of most tests is the flight image as a program on a pseudo-terminal; the emulated Cortex-M
boards fly a few seconds here, and whole landings in `make hil-full`.
"""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any

import board_setup
import pytest
import short_scenario
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from hil import scenario as scenarios
from hil.bench import board_line
from hil.bench.lander_core import map_heights
from hil.bench.latency import HOPS
from hil.bench.processor import Processor, attached
from hil.bench.session import InputError, run
from hil.bench.setting import prepare
from hil.faults import FaultSpec
from hil.link.endpoint import REPLY
from hil.link.qemu import FLASHED, LINUX, MACHINES
from hil.scenario import Command, Scenario
from onboard.core._core import ffi, lib

FINAL, FINAL_TEXT = scenarios.load(scenarios.find("frigoris_final"))
SHORT = scenarios.parse(short_scenario.text(seconds=26.0), "short")
CONTROL = lib.OB_LANDER_CONTROL


def lasting(seconds: float, scenario: Scenario = FINAL, **changes: Any) -> Scenario:
    """The first seconds of a scenario, which expects nothing."""
    return scenario.model_copy(update={"duration_s": seconds, "expect": (), **changes})


def test_a_landing_on_the_board_is_that_of_the_desk() -> None:
    alone = run(FINAL, FINAL_TEXT, seed=1).as_json()
    with_board = board_setup.flown(FINAL, 1).as_json()
    own = {"wall_seconds", "board", "board_ticks", "same_bits", "line"}
    assert {k: v for k, v in with_board.items() if k not in own} == {
        k: v for k, v in alone.items() if k not in own
    }
    assert with_board["landed"] and with_board["same_bits"] is True
    ticks = round(100 * with_board["sim_seconds"])
    assert with_board["board_ticks"] == ticks
    latency = with_board["line"]["latency"]
    assert list(latency) == list(HOPS)
    by_the_board = (ticks - 1) // lib.OB_TIMED_TICKS  # told of with the next reply
    assert by_the_board <= latency["board_compute"]["count"] <= by_the_board + 1
    measured = [hop["median_us"] for name, hop in latency.items() if name != "line"]  # what is left
    assert min(measured) > 0.0


def test_a_landing_on_a_single_board_computer() -> None:
    result = board_setup.flown(FINAL, 5, LINUX)
    assert (result.board, result.same_bits, result.landed) == (LINUX, True, True)


def test_a_board_at_the_end_of_a_network(tmp_path: Path) -> None:
    """Its program waits for a connection; the map was brought to a file of its own before."""
    setting = prepare(lasting(1.0), 1)
    maps = tmp_path / "maps"
    maps.write_bytes(map_heights(setting.map))
    with board_setup.tcp_board(maps) as address, attached(address) as processor:
        assert processor is not None
        result = board_setup.session(setting.scenario, 1, processor).fly()
    assert result.same_bits and result.board_ticks == 100


def test_crater_matches_reach_the_board() -> None:
    """Frames are matched on the desk; their matches move the filter on both."""
    result = board_setup.flown(SHORT, 3)
    assert result.fixes > 0 and result.same_bits


FAULTS = st.builds(
    lambda port, kind, start_s, length_s: FaultSpec(
        port=port, start_s=start_s, end_s=start_s + length_s, **kind
    ),
    st.sampled_from(["imu.a", "imu.b", "rangefinder.a", "velocimeter.a", "legs.a", "tank"]),
    st.sampled_from(
        [
            {"kind": "off"},
            {"kind": "stuck"},
            {"kind": "delay", "amount": 0.07},
            {"kind": "drop", "probability": 0.3},
        ]
    ),
    st.floats(0.0, 8.0),
    st.floats(0.1, 6.0),
)


def command(time_s: float, name: str, /, **arguments: Any) -> Command:
    return Command(time_s=time_s, name=name, arguments=arguments)


COMMANDS = st.one_of(
    st.builds(
        lambda t, name, on: command(t, "SENSOR_ENABLE", name=name, enabled=on),
        st.floats(0.0, 9.0),
        st.sampled_from(["rangefinder.a", "velocimeter", "star_tracker", "legs", "engine.a"]),
        st.integers(0, 1),
    ),
    st.builds(
        lambda t, k, on: command(t, "THRUSTER_ENABLE", thruster=k, enabled=on),
        st.floats(0.0, 9.0),
        st.integers(0, 11),
        st.integers(0, 1),
    ),
    st.builds(
        lambda t, i: command(t, "IMU_SELECT", instance=i),
        st.floats(0.0, 9.0),
        st.sampled_from(["imu.a", "imu.b"]),
    ),
    st.builds(
        lambda t, s: command(t, "NAV_RESET_GATE", stream=s),
        st.floats(0.0, 9.0),
        st.sampled_from(["rangefinder.a", "velocimeter", "craters"]),
    ),
    st.builds(lambda t: command(t, "SAFE"), st.floats(0.0, 9.0)),
)


@settings(max_examples=10, suppress_health_check=[HealthCheck.too_slow])
@given(
    seed=st.integers(0, scenarios.SEED_MAX),
    faults=st.lists(FAULTS, max_size=3),
    commands=st.lists(COMMANDS, max_size=4),
)
@example(seed=2, faults=[FaultSpec(port="imu.a", kind="off", start_s=1.0)], commands=[])
def test_faults_and_commands_reach_the_board(
    seed: int, faults: list[FaultSpec], commands: list[Command]
) -> None:
    disturbed = lasting(10.0, fault=tuple(faults), command=tuple(commands), imus=2)
    result = board_setup.flown(disturbed, seed)
    assert result.same_bits, result.first_difference
    assert result.board_ticks == 1000


@pytest.mark.parametrize("machine", MACHINES)
def test_emulated_boards_give_the_bits_of_the_desk(machine: str) -> None:
    result = board_setup.flown(lasting(3.0), 1, machine)
    assert result.same_bits, result.first_difference or result.board_failure
    assert (result.board, result.board_ticks, result.verdict) == (machine, 300, "passed")


def test_a_flipped_bit_is_found_and_named() -> None:
    """The lowest bit of the mass that control on the board works with."""
    at = ffi.offsetof("ob_attitude_control", "mass_kg")

    def flip(processor: Processor, tick: int) -> None:
        if tick == 100:
            octets = bytearray(processor.read_part(CONTROL, at + 8)[at:])
            octets[0] ^= 1
            processor.write_part(CONTROL, at, bytes(octets))

    result = board_setup.flown(lasting(5.0), 1, meanwhile=flip)
    assert result.same_bits is False and result.verdict == "failed"
    assert result.first_difference is not None
    assert result.first_difference.startswith("tick 100: control.mass_kg is ")
    assert result.board_ticks == 99
    assert result.failed_expectations == [f"same_bits is false: {result.first_difference}"]


def process_of(processor: Processor) -> int:
    """The process behind the board's line."""
    return int(processor.emulated.process.pid)  # type: ignore[union-attr]


def test_a_board_that_ends_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def kill(processor: Processor, tick: int) -> None:
        if tick == 50:
            os.kill(process_of(processor), signal.SIGKILL)
            monkeypatch.setattr(board_line, "ANSWER_S", 0.2)  # nobody will answer

    result = board_setup.flown(lasting(5.0), 1, meanwhile=kill)
    assert (result.same_bits, result.board_ticks, result.verdict) == (False, 49, "failed")
    assert result.board_failure is not None


def test_a_board_that_hangs_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def hang(processor: Processor, tick: int) -> None:
        if tick == 50:
            os.kill(process_of(processor), signal.SIGSTOP)
            monkeypatch.setattr(board_line, "ANSWER_S", 0.05)  # nobody will answer

    result = board_setup.flown(lasting(5.0), 1, meanwhile=hang)
    assert result.board_failure == "posix: no answer to tick 50 in 0.15 s"


def test_a_board_that_starts_anew_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """A kind of sample that there is not fails an assertion on the board, which resets."""

    def spoil(processor: Processor, tick: int) -> None:
        if tick == 50:
            processor.write_part(0, ffi.offsetof("ob_intake", "kind"), bytes([99]))

    result = board_setup.flown(lasting(5.0), 1, MACHINES[0], meanwhile=spoil)
    assert (result.same_bits, result.board_ticks) == (False, 49)
    assert result.board_failure is not None
    assert result.board_failure.startswith("mps2-an386: it started anew: onboard flight on")
    assert "start: assertion" in result.board_failure


def test_lost_grants_and_replies_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def lose(processor: Processor, tick: int) -> None:
        carrier = processor._endpoint.carrier
        if tick in (20, 30):
            write = carrier.write
            monkeypatch.setattr(carrier, "write", lambda _: setattr(carrier, "write", write))
        if tick in (40, 50):
            processor._endpoint.carrier.read(0.0)
            read = carrier.read

            def lost(timeout_s: float) -> bytes:
                carrier.read = read
                read(timeout_s)
                return b""

            monkeypatch.setattr(carrier, "read", lost)

    monkeypatch.setattr(board_line, "ANSWER_S", 0.3)
    monkeypatch.setattr(board_line, "TRIES", 100)
    result = board_setup.flown(lasting(1.0), 1, meanwhile=lose)
    assert result.same_bits and result.board_ticks == 100


def test_a_board_without_memory_for_maps_refuses() -> None:
    with board_setup.board("posix") as processor:
        processor.maps = None  # the map is not written
        with pytest.raises(InputError, match="its map is not in the board's memory for maps"):
            board_setup.session(FINAL, 1, processor)


@pytest.mark.parametrize("machine", FLASHED)
def test_a_map_larger_than_the_flash_is_refused(machine: str) -> None:
    with (
        board_setup.board(machine) as processor,
        pytest.raises(InputError, match=f"{machine} refuses .* not in the board's memory for maps"),
    ):
        board_setup.session(FINAL, 1, processor)


@pytest.mark.parametrize("machine", FLASHED)
def test_a_small_map_is_flown_from_flash(machine: str) -> None:
    """Twice: with another map the flash is written anew, and the board starts anew."""
    small, _ = scenarios.load(scenarios.find("frigoris_small"))
    with board_setup.board(machine) as processor:
        for seed in (1, 2):
            result = board_setup.session(lasting(1.5, small), seed, processor).fly()
            assert result.same_bits, result.first_difference or result.board_failure
        assert processor.ticks == 300


def test_members_of_the_past_are_refused() -> None:
    incident, _ = scenarios.load(scenarios.FOLDER / "incidents/L12_leg_transients.toml")
    with (
        board_setup.board("posix") as processor,
        pytest.raises(InputError, match="the touchdown of this scenario is not the core's"),
    ):
        board_setup.session(incident.flown("historical"), 1, processor)


def test_an_overloaded_computer_sheds_members_on_the_board_as_well() -> None:
    load = (scenarios.Load(time_s=1.0, stolen_percent=96.0), scenarios.Load(time_s=4.0))
    result = board_setup.flown(lasting(6.0, load=load), 1)
    assert result.same_bits and result.board_ticks == 600


def test_a_computer_that_restarts_goes_on_with_the_board() -> None:
    """Two ticks are not compared: members resume, and fault protection is told of the reset."""
    orders = (command(1.0, "ARM", command="RESTART"), command(1.5, "RESTART"))
    result = board_setup.flown(lasting(5.0, command=orders), 1)
    assert result.restarts == 1
    assert result.same_bits and result.board_ticks == 498


def test_a_free_running_board_makes_its_effectors_safe() -> None:
    """When grants stay away; the next one flies on, with the bits of the desk."""
    with board_setup.board("posix") as processor:
        flight = board_setup.session(lasting(0.5), 1, processor)
        processor.begin(flight.vehicle, prepare(FINAL, 1), patience_ticks=20)
        assert flight.fly().same_bits
        reply = board_setup.next_of(REPLY, processor._endpoint).data
        safe = ffi.new("ob_reply *")
        vehicle = lib.ob_vehicle_of(lib.OB_VEHICLE_LANDER)
        assert lib.ob_reply_decode(safe, vehicle, reply, len(reply))
        thrusters, *engines = safe.row
        assert safe.tick == 50 and safe.sent == 7
        assert not any(row.engine.on or row.engine.throttle for row in engines)
        assert not any(thrusters.thruster.on_time_us)
        assert b"link lost: effectors safe" in processor._endpoint.text


def test_costs_count_every_run() -> None:
    with board_setup.board("posix") as processor:
        board_setup.session(lasting(1.0), 1, processor).fly()
        runs = {cost.member: cost.runs for cost in processor.costs()}
    assert runs == {
        **dict.fromkeys(("sensors", "navigation", "touchdown", "control"), 100),
        **dict.fromkeys(("guidance", "fault_protection"), 10),
    }
