"""The ground end of the radio: commands go up at their time, wrong ones are named."""

from __future__ import annotations

import pytest

from hil.bench.radio import Ground
from hil.scenario import Command
from onboard.dictionary import load
from onboard.services.commands import CommandCodec, CommandError

LANDER = load("lander")


def command(time_s: float, name: str, /, **arguments: object) -> Command:
    return Command(time_s=time_s, name=name, arguments=arguments)


def test_commands_go_up_in_the_order_of_their_times() -> None:
    commands = [command(2.0, "DESCENT_START"), command(1.0, "DESCENT_ARM")]
    ground, codec = Ground(commands, LANDER), CommandCodec(LANDER)
    assert ground.receive() is None
    ground.at(999_999_999)
    assert ground.receive() is None
    ground.at(1_000_000_000)
    first = ground.receive()
    assert first == codec.encode("DESCENT_ARM", {}, time_ns=1_000_000_000, count=0)
    assert ground.receive() is None
    ground.at(3_000_000_000)
    assert ground.receive() == codec.encode("DESCENT_START", {}, time_ns=2_000_000_000, count=1)
    assert ground.receive() is None


def test_an_unknown_command_lists_the_known() -> None:
    with pytest.raises(CommandError, match=r"command\.0: DESCEND.*known are:.*DESCENT_START"):
        Ground([command(0.0, "DESCEND")], LANDER)


@pytest.mark.parametrize(
    ("name", "arguments", "words"),
    [
        ("DESCENT_ARM", {"x": 1}, "x"),
        ("PARAM_SET", {"name": "guidance.thrust_n"}, "value"),
        ("ENGINE_INHIBIT", {"mask": 99}, "99"),
        ("ENGINE_INHIBIT", {"mask": "both"}, "both"),
    ],
)
def test_wrong_arguments_are_named(name: str, arguments: dict[str, object], words: str) -> None:
    with pytest.raises(CommandError, match=words):
        Ground([command(0.0, name, **arguments)], LANDER)
