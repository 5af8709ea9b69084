"""Sequences: every step goes out once, in order, at the first opportunity at or after its time."""

from hypothesis import given
from hypothesis import strategies as st
from tiny_vehicle import LANDER

from onboard.dictionary.models import Sequence
from onboard.services.commands import CommandCodec
from onboard.services.events import EventLog
from onboard.services.sequences import SequenceService

times = st.lists(st.floats(0, 5), min_size=1, max_size=12).map(sorted)
ticks = st.lists(st.integers(1, 10**9), min_size=1, max_size=60)


@given(times, ticks, st.integers(0, 3 * 10**9), st.sampled_from(["relative", "absolute"]))
def test_each_step_once_and_not_early(
    times_s: list[float], gaps_ns: list[int], start_ns: int, kind: str
) -> None:
    steps = [{"time_s": t, "command": "NOOP"} for t in times_s]
    definition = Sequence.model_validate({"kind": kind, "description": "x", "steps": steps})
    sent: list[int] = []

    def dispatch(name: str, arguments: object, now_ns: int, *, source: str) -> bool:
        sent.append(now_ns)
        return True

    service = SequenceService(
        {"s": definition}, CommandCodec(LANDER), dispatch, EventLog(LANDER.events)
    )
    due = [round(t * 1e9) for t in times_s]
    refused = service.start("s", start_ns)
    assert (refused is not None) == (kind == "absolute" and due[0] < start_ns)
    if refused:
        return
    origin = start_ns if kind == "relative" else 0
    now_ns, instants = start_ns, []
    for gap in gaps_ns:
        service.step(now_ns)
        instants.append(now_ns)
        now_ns += gap
    expected = [next((i for i in instants if i >= origin + d), None) for d in due]
    assert sent == [e for e in expected if e is not None]
    assert (service.running == []) == (None not in expected)
