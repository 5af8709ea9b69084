"""Command sequences: when steps go out, what stops them, what a checkpoint keeps."""

from collections.abc import Mapping

import pytest
from tiny_vehicle import LANDER

from onboard.dictionary.models import Sequence
from onboard.services.commands import CommandCodec
from onboard.services.events import EventLog
from onboard.services.sequences import SequenceError, SequenceService

S = 10**9


def sequence(
    kind: str, *times: float, on_rejection: str = "stop", command: str = "NOOP"
) -> Sequence:
    steps = [{"time_s": t, "command": command} for t in times]
    return Sequence.model_validate(
        {"kind": kind, "on_rejection": on_rejection, "description": "x", "steps": steps}
    )


class Bench:
    def __init__(self, **sequences: Sequence) -> None:
        self.sent: list[tuple[str, int]] = []
        self.accept = True
        self.events = EventLog(LANDER.events)
        codec = CommandCodec(LANDER)
        self.service = SequenceService(sequences, codec, self.dispatch, self.events)

    def dispatch(
        self, name: str, arguments: Mapping[str, object] | None, now_ns: int, *, source: str
    ) -> bool:
        assert source == "sequence"
        self.sent.append((name, now_ns))
        return self.accept

    def run(self, until_s: float, step_s: float = 0.1) -> list[int]:
        """Step at 10 Hz; the times, in ms, at which commands went out."""
        for i in range(round(until_s / step_s) + 1):
            self.service.step(round(i * step_s * S))
        return [t // 10**6 for _, t in self.sent]


def test_a_relative_sequence_counts_from_its_start() -> None:
    bench = Bench(a=sequence("relative", 0.0, 0.25, 1.0))
    bench.service.step(0)
    assert bench.service.start("a", 2 * S) is None
    assert bench.run(5.0)[0] == 2000
    assert bench.sent == [("NOOP", 2 * S), ("NOOP", 2_300_000_000), ("NOOP", 3 * S)]
    names = [r.name for r in bench.events.since(0)]
    assert names == ["SEQUENCE_STARTED", "SEQUENCE_FINISHED"]
    assert bench.service.running == []


def test_an_absolute_sequence_goes_by_the_clock() -> None:
    bench = Bench(a=sequence("absolute", 1.0, 2.0))
    bench.service.start("a", 0)
    assert bench.run(3.0) == [1000, 2000]


def test_an_absolute_sequence_that_is_past_does_not_start() -> None:
    bench = Bench(a=sequence("absolute", 1.0))
    assert bench.service.start("a", S) is None
    bench.service.stop("a", S)
    assert "past" in str(bench.service.start("a", S + 1))


def test_steps_of_the_same_time_go_out_together() -> None:
    bench = Bench(a=sequence("relative", 0.5, 0.5, 0.5))
    bench.service.start("a", 0)
    assert bench.run(1.0) == [500] * 3


def test_a_late_step_goes_out_at_the_first_chance() -> None:
    bench = Bench(a=sequence("relative", 0.1, 0.2))
    bench.service.start("a", 0)
    bench.service.step(5 * S)
    assert bench.sent == [("NOOP", 5 * S)] * 2


def test_two_sequences_run_at_once_in_the_order_of_their_starts() -> None:
    bench = Bench(
        a=sequence("relative", 1.0, command="SAFE"), b=sequence("relative", 1.0, command="NOOP")
    )
    bench.service.start("b", 0)
    bench.service.start("a", 0)
    bench.run(1.0)
    assert [n for n, _ in bench.sent] == ["NOOP", "SAFE"]


def test_starting_and_stopping_wrongly_says_why() -> None:
    bench = Bench(a=sequence("relative", 1.0))
    assert bench.service.start("b", 0) == "sequence 'b' is unknown"
    assert bench.service.stop("a", 0) == "sequence a is not running"
    bench.service.start("a", 0)
    assert bench.service.start("a", 0) == "sequence a is running"
    assert bench.service.stop("a", 0) is None
    assert bench.run(2.0) == []
    assert bench.events.since(0)[-1].text == "sequence a stopped before step 0: command"


@pytest.mark.parametrize(("on_rejection", "sent"), [("stop", 1), ("continue", 3)])
def test_a_rejected_command_stops_or_does_not(on_rejection: str, sent: int) -> None:
    bench = Bench(a=sequence("relative", 0.0, 0.1, 0.2, on_rejection=on_rejection))
    bench.accept = False
    bench.service.start("a", 0)
    assert len(bench.run(1.0)) == sent


def test_a_sequence_may_stop_itself() -> None:
    bench = Bench(a=sequence("relative", 0.0, 0.1))

    def dispatch(name: str, arguments: object, now_ns: int, *, source: str) -> bool:
        bench.service.stop("a", now_ns)
        return True

    bench.service._dispatch = dispatch
    bench.service.start("a", 0)
    bench.run(1.0)
    assert bench.service.running == []


def test_loading_checks_the_commands() -> None:
    bench = Bench(a=sequence("relative", 1.0))
    wrong = Sequence.model_validate(
        {
            "kind": "relative",
            "description": "x",
            "steps": [{"time_s": 0, "command": "CAMERA_ENABLE", "arguments": {"enabled": 5}}],
        }
    )
    with pytest.raises(SequenceError, match="step 0, CAMERA_ENABLE: enabled"):
        bench.service.load("b", wrong)
    assert bench.service.start("b", 0) == "sequence 'b' is unknown"
    bench.service.start("a", 0)
    with pytest.raises(SequenceError, match="running"):
        bench.service.load("a", sequence("relative", 2.0))


def test_a_restart_goes_on_where_the_checkpoint_was() -> None:
    both = {"a": sequence("relative", 0.1, 0.5, 1.0), "b": sequence("absolute", 0.7)}
    before = Bench(**both)
    before.service.start("a", 0)
    before.service.start("b", 0)
    before.run(0.3)
    after = Bench(**both)
    after.service.restore(before.service.checkpoint())
    assert after.service.state_hash(3) == before.service.state_hash(3)
    assert after.run(2.0) == [500, 700, 1000]


def test_the_landers_sequences_run() -> None:
    for name in LANDER.sequences:
        bench = Bench(**{name: LANDER.sequences[name]})
        bench.service.start(name, 0)
        bench.run(LANDER.sequences[name].steps[-1].time_s + 0.1)
        assert [n for n, _ in bench.sent] == [s.command for s in LANDER.sequences[name].steps]
