"""The event log: counters, throttle, ring, and that code and dictionary agree on every event."""

import ast
from pathlib import Path
from string import Formatter

import pytest
from tiny_vehicle import LANDER

import onboard
from onboard.dictionary import load
from onboard.dictionary.models import Event, Severity
from onboard.services.events import EventLog

ROVER = load("rover")

S = 10**9


def log(capacity: int = 16) -> EventLog:
    events = {
        "PLAIN": {"id": 1, "severity": "info", "text": "value {x:.1f}"},
        "NOISY": {
            "id": 2,
            "severity": "error",
            "text": "noise",
            "throttle": {"count": 3, "period_s": 10.0},
        },
    }
    return EventLog({n: Event.model_validate(e) for n, e in events.items()}, capacity)


def test_an_event_says_what_happened() -> None:
    events = log()
    events.emit("PLAIN", 5, x=1.25)
    [record] = events.since(0)
    assert (record.time_ns, record.sequence, record.id, record.severity) == (5, 1, 1, "info")
    assert record.text == "value 1.2"


def test_an_unknown_event_is_a_programming_error() -> None:
    with pytest.raises(KeyError):
        log().emit("TYPO", 0)


def test_the_ring_keeps_the_newest() -> None:
    events = log(capacity=4)
    for i in range(10):
        events.emit("PLAIN", i, x=i)
    assert [r.sequence for r in events.since(0)] == [7, 8, 9, 10]
    assert [r.sequence for r in events.since(8)] == [9, 10]
    assert events.since(10) == []
    assert events.total == 10


def test_a_throttled_event_is_counted_and_comes_back_after_the_period() -> None:
    events = log()
    for i in range(5):
        events.emit("NOISY", i * S)
    assert len(events.since(0)) == 3
    assert events.throttled["NOISY"] == 2
    events.emit("NOISY", 10 * S - 1)
    assert len(events.since(0)) == 3
    events.emit("NOISY", 10 * S)
    assert len(events.since(0)) == 4
    assert events.errors == events.total == events.counts["NOISY"] == 7


def test_every_event_is_told_also_a_throttled_one() -> None:
    events, told = log(), []
    events.changed = told.append
    for time_ns in range(5):
        events.emit("NOISY", time_ns)
    assert len(events.since(0)) == 3
    assert len(set(told)) == 5  # each with its time


@pytest.mark.parametrize("other", [("PLAIN", 6, 1.25), ("PLAIN", 5, 1.25 + 2**-52)])
def test_what_is_told_of_an_event_has_its_time_and_values_to_the_last_bit(
    other: tuple[str, int, float],
) -> None:
    events, told = log(), []
    events.changed = told.append
    for name, time_ns, x in (("PLAIN", 5, 1.25), ("PLAIN", 5, 1.25), other):
        events.emit(name, time_ns, x=x)
    assert told[0] == told[1] != told[2]


def emitted() -> list[tuple[str, ast.Call]]:
    """Every `emit("NAME", ...)` in the flight code."""
    calls = []
    for path in Path(onboard.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and node.func.attr in ("emit", "_emit")
                and isinstance(node.args[0], ast.Constant)
            ):
                calls.append((f"{path.name}:{node.lineno}", node))
    return calls


@pytest.mark.parametrize(("where", "call"), emitted())
def test_flight_code_emits_only_events_of_the_dictionary(where: str, call: ast.Call) -> None:
    name = call.args[0]
    assert isinstance(name, ast.Constant)
    events = [d.events[name.value] for d in (LANDER, ROVER) if name.value in d.events]
    assert events, where
    for event in events:
        assert set(event.values) <= {k.arg for k in call.keywords}, where


def test_every_severity_is_a_level_of_the_log() -> None:
    assert set(EventLog({}).severities) == {s.value for s in Severity}


@pytest.mark.parametrize("event", [*LANDER.events.values(), *ROVER.events.values()])
def test_every_text_is_a_sentence_with_plain_values(event: Event) -> None:
    fields = [f for _, f, _, _ in Formatter().parse(event.text) if f is not None]
    assert tuple(dict.fromkeys(fields)) == event.values
