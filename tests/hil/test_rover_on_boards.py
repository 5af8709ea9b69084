"""The rover's flight core on a board: the bits of the desk at every tick.

The board of most tests is the flight image as a program; the whole square on the emulated Cortex-M
boards is part of `.ci/run`.
"""

from __future__ import annotations

import random
import struct
from typing import Any

import board_setup
import pytest
import short_drive
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hil import scenario as scenarios
from hil.bench import driving
from hil.bench.processor import Processor
from hil.bench.result import Figures
from hil.bench.session import run
from hil.faults import FaultSpec
from hil.link.endpoint import REPLY
from hil.link.qemu import FLASHED, MACHINES
from hil.scenario import Command, Load, RoverScenario, Scenario
from onboard.core._core import ffi, lib

OWN = {"wall_seconds", "board", "board_ticks", "same_bits", "line"}


def lasting(seconds: float, **changes: Any) -> Scenario:
    """The first seconds of a drive that begins after 2.5 s; it expects nothing."""
    short = short_drive.scenario(seconds=seconds)
    return short.model_copy(update={"expect": (), **changes})


def command(time_s: float, name: str, /, **arguments: Any) -> Command:
    return Command(time_s=time_s, name=name, arguments=arguments)


def test_a_drive_on_the_board_is_that_of_the_desk() -> None:
    text = short_drive.text(north_m=0.5)
    scenario = scenarios.parse(text, "short.toml")
    alone = run(scenario, text, seed=1).as_json()
    with_board = board_setup.flown(scenario, 1).as_json()
    assert {k: v for k, v in with_board.items() if k not in OWN} == {
        k: v for k, v in alone.items() if k not in OWN
    }
    assert with_board["arrived"] and with_board["same_bits"] is True
    assert with_board["board_ticks"] == round(100 * with_board["sim_seconds"])


FAULTS = st.builds(
    lambda port, kind, start_s, length_s: FaultSpec(
        port=port, start_s=start_s, end_s=start_s + length_s, **kind
    ),
    st.sampled_from(["imu.a", "wheel.fl", "wheel.rr", "battery"]),
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
JAMS = st.builds(
    lambda wheel, start_s: FaultSpec(port=wheel, kind="jam", amount=20.0, start_s=start_s),
    st.sampled_from(["wheel.fr", "wheel.rl"]),
    st.floats(3.0, 8.0),
)
PLACES = st.floats(-2.0, 2.0)
TIMES = st.floats(0.0, 9.0)
COMMANDS = st.one_of(
    st.builds(lambda t, e, n: command(t, "PATH_ADD", east_m=e, north_m=n), TIMES, PLACES, PLACES),
    st.builds(lambda t, on: command(t, "WHEELS_INHIBIT", inhibited=on), TIMES, st.integers(0, 1)),
    st.builds(
        command,
        TIMES,
        st.sampled_from(["PATH_CLEAR", "DRIVE_STOP", "WHEELS_RESET", "SAFE"]),
    ),
    st.builds(lambda t: command(t, "MODE_SET", mode="standby"), TIMES),
)


@settings(max_examples=10, suppress_health_check=[HealthCheck.too_slow])
@given(
    seed=st.integers(0, scenarios.SEED_MAX),
    faults=st.lists(FAULTS | JAMS, max_size=3),
    commands=st.lists(COMMANDS, max_size=4),
)
def test_faults_and_commands_reach_the_board(
    seed: int, faults: list[FaultSpec], commands: list[Command]
) -> None:
    short = lasting(10.0)
    commands = sorted([*short.command, *commands], key=lambda c: c.time_s)
    disturbed = short.model_copy(update={"fault": tuple(faults), "command": tuple(commands)})
    result = board_setup.flown(disturbed, seed)
    assert result.same_bits, result.first_difference or result.board_failure


def test_the_square_begins_on_the_board_by_its_sequence() -> None:
    """Waypoints one by one, armed, driven: four orders that the desk's sequences gave."""
    square, _ = scenarios.load(scenarios.find("rover_square"))
    early = (command(1.0, "SEQUENCE_START", name="square"),)
    short = square.model_copy(update={"duration_s": 20.0, "expect": (), "command": early})
    result = board_setup.flown(short, 1)
    assert result.same_bits and result.board_ticks == 2000


@pytest.mark.parametrize("machine", [*MACHINES, *FLASHED])
def test_emulated_boards_drive_with_the_bits_of_the_desk(machine: str) -> None:
    """A rover needs no map."""
    result = board_setup.flown(lasting(4.0), 1, machine)
    assert result.same_bits, result.first_difference or result.board_failure
    assert (result.board, result.board_ticks) == (machine, 400)


def test_a_flipped_bit_is_found_and_named() -> None:
    at = ffi.offsetof("ob_odometry", "bias_rad_s")

    def flip(processor: Processor, tick: int) -> None:
        if tick == 100:
            processor.write_part(lib.OB_ROVER_ODOMETRY_PART, at, struct.pack("<d", 1.0))

    result = board_setup.flown(lasting(2.0), 1, meanwhile=flip)
    assert result.same_bits is False and result.board_ticks in (99, 100)
    assert result.first_difference is not None
    assert "odometry.bias_rad_s[0] is " in result.first_difference


def test_an_overloaded_computer_sheds_members_on_the_board_as_well() -> None:
    load = (Load(time_s=3.0, stolen_percent=98.0), Load(time_s=5.0))
    result = board_setup.flown(lasting(7.0, load=load), 1)
    assert result.same_bits and result.board_ticks == 700


def test_a_computer_that_restarts_goes_on_with_the_board() -> None:
    """Two ticks are not compared: members resume, and fault protection is told of the reset."""
    orders = (command(3.0, "ARM", command="RESTART"), command(3.5, "RESTART"))
    short = lasting(7.0)
    result = board_setup.flown(short.model_copy(update={"command": (*short.command, *orders)}), 1)
    assert result.restarts == 1
    assert result.same_bits and result.board_ticks == 698


def test_a_free_running_board_stops_its_wheels() -> None:
    """When grants stay away while it drives."""
    scenario = lasting(6.0)
    assert isinstance(scenario, RoverScenario)
    with board_setup.board("posix") as processor:
        drive = board_setup.session(scenario, 1, processor)
        processor.begin(drive.vehicle, driving.prepare(scenario, 1), patience_ticks=20)
        assert drive.fly().same_bits
        assert any(wheel.voltage_v for wheel in drive.vehicle.wheels.state.wheel)
        reply = board_setup.next_of(REPLY, processor._endpoint).data
        safe, vehicle = ffi.new("ob_reply *"), lib.ob_vehicle_of(lib.OB_VEHICLE_ROVER)
        assert lib.ob_reply_decode(safe, vehicle, reply, len(reply))
        assert safe.tick == 600 and safe.sent == 1
        assert list(safe.row[0].wheels.duty) == [0.0] * 4
        assert b"link lost: effectors safe" in processor._endpoint.text


def test_a_plug_pulled_during_a_drive() -> None:
    ticks = random.Random(1).sample(range(1, 601), 20)

    def pull(processor: Processor, tick: int) -> None:
        processor.talk.may_return = len(ticks)
        if tick in ticks:
            assert processor.emulated is not None
            processor.emulated.replug()

    alone = board_setup.flown(lasting(6.0), 1)
    result: Figures = board_setup.flown(lasting(6.0), 1, meanwhile=pull)
    assert result.same_bits, result.first_difference or result.board_failure
    assert result.bit_hash == alone.bit_hash
    assert result.line is not None and result.line["returns"] == 20
