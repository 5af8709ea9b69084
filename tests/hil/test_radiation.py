"""Flips in an emulated board: found again by their number, classified by what the board does."""

from __future__ import annotations

import itertools
import json
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import board_setup
import numpy as np
import pytest
import short_scenario
from click.testing import CliRunner

from hil import scenario as scenarios
from hil.cli import main
from hil.link.gdb import GdbError
from hil.radiation.campaign import CLASSES, Campaign
from hil.radiation.flips import Flip
from hil.radiation.laboratory import Laboratory

BOARD = "mps2-an500"
SECONDS, WINDOWS = 1.0, 2
FINAL, TEXT = scenarios.load(scenarios.find("frigoris_final"))
SHORT = FINAL.model_copy(update={"duration_s": SECONDS, "expect": ()})


@pytest.fixture(scope="module")
def campaign() -> Iterator[Campaign]:
    board_setup.build(BOARD)
    with Laboratory(BOARD) as laboratory:
        yield Campaign(laboratory, SHORT, TEXT, seed=1, windows=WINDOWS)


@pytest.fixture
def laboratory(campaign: Campaign) -> Laboratory:
    """Its board stands before the tick of the first window."""
    campaign.stand(0)
    return campaign.laboratory


def test_memory_and_registers_are_read_and_changed(laboratory: Laboratory) -> None:
    debugger, address = laboratory.debugger, laboratory.map.address("ring") + 100
    debugger.write(address, bytes(range(250)) * 20)
    assert debugger.read(address, 5000) == bytes(range(250)) * 20
    for name in ("r5", "d3", "lr"):
        bits = debugger.registers[name][1]
        debugger.set_register(name, (1 << bits) - 6)
        assert debugger.register(name) == (1 << bits) - 6
    with pytest.raises(GdbError):
        debugger.read(0xF0000000, 4)
    assert "icount" in debugger.monitor("info snapshots").lower()


def test_the_memory_of_an_image_is_named_without_gaps(laboratory: Laboratory) -> None:
    """What lies between regions is the linker's, up to 7 octets for its alignment."""
    data = [r for r in laboratory.map.regions() if r.name not in ("code", "stack")]
    data.sort(key=lambda region: region.address)
    for one, other in itertools.pairwise(data):
        assert 0 <= other.address - (one.address + one.size) < 8, (one, other)


def test_each_instruction_of_a_tick_is_reached_again(campaign: Campaign) -> None:
    """Its clock may be a cycle off: a debugger that stops it does not stop that at once."""
    trace = campaign.trace(0)
    for part in (0.01, 0.37, 0.99):
        instant = int(part * len(trace))
        found = []
        for _ in range(2):
            campaign.stand(0, partial(campaign.laboratory.reach, trace, instant))
            debugger = campaign.laboratory.debugger
            found.append([debugger.register(name) for name in ("pc", "sp", "lr", "d0")])
        assert found[0] == found[1]


def test_the_same_flip_comes_to_the_same(campaign: Campaign) -> None:
    numbers = range(8)
    first = list(campaign.fly(numbers))
    assert [a.as_json() for a in first] == [a.as_json() for a in campaign.fly(numbers)]
    assert {a.outcome for a in first} <= set(CLASSES)


def test_a_bit_that_nobody_reads_is_masked(campaign: Campaign) -> None:
    """The deepest octet of the stack's share."""
    (stack,) = [r for r in campaign.laboratory.map.regions() if r.name == "stack"]
    account = campaign.fly_one(Flip(0, "stack", "stack", stack.address, 3, 1, 0.0))
    assert account.outcome == "masked"


def test_a_jump_into_nothing_starts_it_anew(campaign: Campaign) -> None:
    account = campaign.fly_one(Flip(0, "registers", "pc", None, 30, 0, 0.5))
    assert (account.outcome, account.cause) == ("restarted", "fault")


def test_a_processor_that_locks_up_ends_the_emulator(campaign: Campaign) -> None:
    """A stack where no memory is: the fault cannot be told of. The next flip flies on another."""
    for _ in range(2):
        account = campaign.fly_one(Flip(0, "registers", "sp", None, 31, 0, 0.04))
        assert (account.outcome, account.cause) == ("restarted", "lock-up")
    name = "board.image"
    account = campaign.fly_one(Flip(0, "image", name, address_in(campaign, name), 5, 1, 0.0))
    assert account.outcome == "recovered"


def test_code_that_hangs_is_ended_by_the_watchdog(campaign: Campaign) -> None:
    lab = campaign.laboratory
    address = lab.map.address("platform_receive") & ~1

    def hang() -> None:
        lab.debugger.write(address, board_setup.BRANCH_TO_ITSELF)

    account = campaign.fly_one(Flip(0, "code", "code", address, 0, 0, 0.0), inject=hang)
    assert (account.outcome, account.cause) == ("restarted", "watchdog")


def test_a_board_that_is_kept_waiting_is_not_dead(
    campaign: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Eight seconds of the watchdog are 125 million instructions, which 20 ms are not enough for.

    They are where the emulator had none of the time that passed.
    """
    lab = campaign.laboratory
    address = lab.map.address("platform_receive") & ~1
    flip = Flip(0, "code", "code", address, 0, 0, 0.0)

    def hang() -> None:
        lab.debugger.write(address, board_setup.BRANCH_TO_ITSELF)

    for name in ("ANSWER_S", "HUNG_S"):
        monkeypatch.setattr(f"hil.radiation.campaign.{name}", 0.01)
    assert campaign.fly_one(flip, inject=hang).outcome == "dead"
    monkeypatch.setattr(lab.board, "kept_waiting_s", time.monotonic)
    account = campaign.fly_one(flip, inject=hang)
    assert (account.outcome, account.cause) == ("restarted", "watchdog")


def address_in(campaign: Campaign, name: str) -> int:
    (region,) = [r for r in campaign.laboratory.map.regions() if r.name == name]
    return region.address + region.size // 3


@pytest.mark.parametrize(
    ("target", "name"),
    [
        ("state", "board.kept.craft.as.lander.navigation"),
        ("state", "board.kept.reply.hash"),
        ("image", "board.image"),
        ("code", "code"),
    ],
)
def test_a_bit_that_flips_between_ticks_is_put_right(
    campaign: Campaign, target: str, name: str
) -> None:
    flip = Flip(0, target, name, address_in(campaign, name), 5, 0, 0.0)
    account = campaign.fly_one(flip)
    assert (account.outcome, account.told) == ("recovered", "memory: a bit put right")


def test_a_step_that_goes_wrong_is_done_again(campaign: Campaign) -> None:
    """The state is hit when navigation begins, for the first time in that tick."""
    trace = campaign.trace(0)
    begins = campaign.laboratory.map.address("ob_navigation_step") & ~1
    instant = (int(np.flatnonzero(trace.pcs == begins)[0]) + 0.5) / len(trace)
    name = "board.kept.craft.as.lander.navigation"
    account = campaign.fly_one(Flip(0, "state", name, address_in(campaign, name), 5, 0, instant))
    assert (account.outcome, account.told) == ("recovered", "memory: a step done again")


@pytest.mark.parametrize(
    ("begins", "told"),
    [
        ("platform_arithmetic", "asked again 1 times"),
        ("ob_exchange_before", "memory: a step done again"),
    ],
)
def test_a_packet_that_is_hit_in_its_tick_is_asked_for_again(
    campaign: Campaign, begins: str, told: str
) -> None:
    """Its CRC was good when it came. Hit before the tick is computed, both computings agree on what
    did not come; within the first one, a third agrees with the second."""
    laboratory, asked = campaign.laboratory, campaign.recording.asked
    granted = asked[campaign.recording.windows[0].first].data
    (link,) = [r for r in laboratory.map.regions() if r.name == "board.link"]

    def hit() -> None:
        debugger = laboratory.debugger
        assert debugger.run_to(laboratory.map.address(begins) & ~1)
        segment = debugger.read(link.address, link.size).index(granted)
        at = link.address + segment + len(granted) // 2
        (octet,) = debugger.read(at, 1)
        debugger.write(at, bytes([octet ^ 1]))

    account = campaign.fly_one(Flip(0, "line", link.name, link.address, 0, 0, 0.0), inject=hit)
    assert (account.outcome, account.told, account.differs_after) == ("recovered", told, None)


def test_a_rounding_mode_does_not_stay(campaign: Campaign) -> None:
    """Both computings of a tick would round alike."""
    account = campaign.fly_one(Flip(0, "registers", "fpscr", None, 22, 0, 0.001))
    assert account.outcome in ("masked", "recovered")


def test_more_than_one_bit_of_the_program_starts_the_board_anew(campaign: Campaign) -> None:
    debugger = campaign.laboratory.debugger
    address = campaign.laboratory.map.address("ob_flight_begin") & ~1

    def damage() -> None:
        debugger.write(address, bytes(octet ^ 0x81 for octet in debugger.read(address, 8)))

    account = campaign.fly_one(Flip(0, "code", "code", address, 0, 0, 0.0), inject=damage)
    assert (account.outcome, account.cause) == ("safed", "memory")


def test_a_board_without_a_measure_does_not_notice() -> None:
    board_setup.build(BOARD)
    with Laboratory(BOARD) as laboratory:
        bare = Campaign(laboratory, SHORT, TEXT, windows=1, without=("twice",), fly_on=False)
        name = "board.kept.reply.hash"
        account = bare.fly_one(Flip(0, "state", name, address_in(bare, name), 5, 0, 0.0))
        assert (account.outcome, account.differs_after) == ("silent", 1)


def test_the_command_counts_flips_and_replays_one(tmp_path: Path) -> None:
    board_setup.build(BOARD)
    scenario = str(short_scenario.write(tmp_path, seconds=1.0))
    arguments = ["radiation", scenario, "--board", BOARD, "--windows", "1"]
    counted = CliRunner().invoke(main, [*arguments, "--flips", "3", "--target", "image", "--json"])
    told = json.loads(counted.output)
    assert counted.exit_code == 0 and told["flips"] == 3
    assert told["targets"]["image"]["recovered"] == 3
    alone = CliRunner().invoke(main, [*arguments, "--only", "2", "--target", "image"])
    assert alone.exit_code == 0 and "flip 2: bit" in alone.output
    assert "recovered; said: memory: a bit put right" in " ".join(alone.output.split())
    wrong = CliRunner().invoke(main, [*arguments, "--target", "moon"])
    assert wrong.exit_code == 2 and "moon" in wrong.output
