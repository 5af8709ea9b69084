"""What fault protection did in a recorded run: spans of modes, symptoms, faults and responses.

Modes, faults and responses come from the recorded events; which monitors had tripped, and the mode
that the run began in, from what the bench wrote down (`bench.protection`); injections from the
scenario.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeVar

from hil.bench.recording import McapSink, Recording
from hil.faults import FaultSpec
from hil.scenario import Load, Scenario
from onboard.bus import Topic
from onboard.dictionary.protection import Protection
from onboard.executive import TICK_NS
from onboard.fault_protection.component import FaultProtection
from onboard.fault_protection.diagrams import wording
from onboard.fault_protection.diagrams.mode_graph import Path
from onboard.fault_protection.expression import monitors_of, parse
from onboard.fault_protection.table import fault_order

CHANNEL = "bench.protection"
PHASES = {
    "RESPONSE_TIER": "running",
    "RESPONSE_SUCCEEDED": "succeeded",
    "RESPONSE_TIER_SPENT": "spent",
    "RESPONSE_HOLDING": "holding",
    "RESPONSE_INHIBITED": "inhibited",
    "RESPONSE_BLOCKED": "blocked",
}
_Row = TypeVar("_Row")
_RESETS = ("COMPUTER_RESET", "RESET_BUDGET_SPENT")


class Span(NamedTuple):
    """What held from one time to another."""

    label: str
    start_s: float
    end_s: float


class Note(NamedTuple):
    """Something that happened, for the line of text below a lane."""

    time_s: float
    text: str


@dataclass(frozen=True)
class History:
    """The spans of a run. Faults are in the order of priority, symptoms in that of the table."""

    table: Protection
    end_s: float
    injected: Sequence[Span]
    commands: Sequence[Note]  # from the ground
    modes: Sequence[Span]
    symptoms: Mapping[str, Sequence[Span]]
    faults: Mapping[str, Sequence[Span]]  # labels active, latched
    responses: Mapping[str, Sequence[Span]]  # labels `running 1`, the phase and the tier
    notes: Mapping[str, Sequence[Note]]  # what each response did
    resets: Sequence[float]

    @property
    def path(self) -> Path:
        """The way through the mode graph."""
        times: dict[str, list[float]] = {}
        for span in self.modes:
            times.setdefault(span.label, []).append(span.start_s)
        entered = {
            name: f"{at[0]:.1f} s" + (f" and {len(at) - 1} more" if len(at) > 1 else "")
            for name, at in times.items()
        }
        pairs = zip(self.modes, self.modes[1:], strict=False)
        return Path(entered, frozenset((a.label, b.label) for a, b in pairs))


class Witness:
    """Writes down the mode and the tripped monitors of a run whenever they change."""

    def __init__(self, sink: McapSink, protection: FaultProtection, faults: Topic) -> None:
        """`faults` is the topic that fault protection publishes in every step."""
        self._sink = sink
        self._protection = protection
        self._faults = faults
        self._state: Any = None
        self._last: tuple[Any, ...] = ()
        sink.open(CHANNEL, "Protection")

    def look(self, tick: int) -> None:
        """Call it once for every step of the engine."""
        state = self._protection.state
        if state is self._state or self._faults.value is None:
            return
        self._state = state
        said = self._protection.mode, self._protection.tripped()
        if said != self._last:
            self._last = said
            note = {"time_s": self._faults.time_ns / 1e9, "mode": said[0], "tripped": said[1]}
            self._sink.blob(CHANNEL, tick, json.dumps(note).encode())


def read(recording: Recording, scenario: Scenario, table: Protection) -> History:
    """The history of a recorded run."""
    end_s = recording.ticks * TICK_NS / 1e9
    seen = [_seen(data) for _, data in recording.blobs(CHANNEL)]
    events = recording.events
    faults = fault_order(table)
    responses = {name: list(_phases(events, table, name, end_s)) for name in faults}
    return History(
        table=table,
        end_s=end_s,
        injected=[*_injected(scenario.fault, end_s), *_loads(scenario.load, end_s)],
        commands=[
            Note(_time_s(e), e["values"]["command"])
            for e in events
            if e["name"] == "COMMAND_ACCEPTED" and e["values"]["source"] == "ground"
        ],
        modes=list(_modes(events, seen, end_s)),
        symptoms=_symptoms(seen, table, end_s),
        faults=_kept({name: list(_statuses(events, table, name, end_s)) for name in faults}),
        responses=_kept(responses),
        notes=_kept({name: list(_notes(events, table, name)) for name in faults}),
        resets=[_time_s(e) for e in events if e["name"] in _RESETS],
    )


def injection(fault: FaultSpec) -> str:
    """A fault of a scenario in a few words."""
    fields = f" {' '.join(fault.fields)}" if fault.fields else ""
    amount = "" if fault.amount is None else f" {fault.amount:g}"
    way = " output" if fault.direction == "output" else ""
    return f"{fault.port}{way} {fault.kind}{fields}{amount}"


def _time_s(event: Mapping[str, Any]) -> float:
    return float(event["time_ns"]) / 1e9


def _kept(lanes: dict[str, list[_Row]]) -> dict[str, list[_Row]]:
    return {name: spans for name, spans in lanes.items() if spans}


def _seen(data: bytes) -> tuple[float, str, tuple[str, ...]]:
    note = json.loads(data)
    return note["time_s"], note["mode"], tuple(note["tripped"])


def _injected(faults: Iterable[FaultSpec], end_s: float) -> Iterator[Span]:
    for fault in faults:
        if fault.start_s < end_s:
            yield Span(injection(fault), fault.start_s, min(fault.end_s or end_s, end_s))


def _loads(loads: Sequence[Load], end_s: float) -> Iterator[Span]:
    for k, load in enumerate(loads):
        until_s = loads[k + 1].time_s if k + 1 < len(loads) else end_s
        if load.time_s >= end_s:
            continue
        if load.reset:
            yield Span("computer reset", load.time_s, load.time_s)
        if load.stolen_percent:
            label = f"{load.stolen_percent:g} % of the computer's time gone"
            yield Span(label, load.time_s, min(until_s, end_s))
        if load.member and load.member_extra_us:
            label = f"{load.member} {load.member_extra_us:g} us longer"
            yield Span(label, load.time_s, min(until_s, end_s))


def _modes(
    events: Iterable[Mapping[str, Any]],
    seen: Sequence[tuple[float, str, tuple[str, ...]]],
    end_s: float,
) -> Iterator[Span]:
    """From the changes, and before the first one what was seen first."""
    changes = [e for e in events if e["name"] in ("MODE_CHANGED", *_RESETS)]
    before = [e["values"]["before"] for e in changes if "before" in e["values"]]
    first = seen[0][1] if seen else next(iter(before), None)
    points = [(0.0, first)] if first else []
    points += [(_time_s(e), e["values"]["mode"]) for e in changes]
    changed = [p for k, p in enumerate(points) if k == 0 or p[1] != points[k - 1][1]]
    for k, (start_s, mode) in enumerate(changed):
        yield Span(mode, start_s, changed[k + 1][0] if k + 1 < len(changed) else end_s)


def _symptoms(
    seen: Sequence[tuple[float, str, tuple[str, ...]]], table: Protection, end_s: float
) -> dict[str, list[Span]]:
    """Monitors that a fault looks at, without those that hold in some mode when all is well."""
    evidence = {m for fault in table.fault.values() for m in monitors_of(parse(fault.when))}
    usual = {name for mode in table.mode.values() for name in mode.holds}
    spans: dict[str, list[Span]] = {name: [] for name in table.monitor if name in evidence - usual}
    since: dict[str, float] = {}
    for time_s, _, tripped in [*seen, (end_s, "", ())]:
        for name in spans:
            if name in tripped:
                since.setdefault(name, time_s)
            elif name in since:
                spans[name].append(Span(name, since.pop(name), time_s))
    return _kept(spans)


def _of(events: Iterable[Mapping[str, Any]], table: Protection, fault: str) -> Iterator[Any]:
    """(time, event, tier) of a fault; a reset that it does not survive is an event of it."""
    survives = table.response[table.fault[fault].response].survives_reset
    for event in events:
        if event["values"].get("fault") == fault:
            yield _time_s(event), event["name"], event["values"].get("tier")
        elif event["name"] in _RESETS and not survives:
            yield _time_s(event), "FAULT_CLEARED", None


def _spans(points: Iterable[tuple[float, str]], end_s: float) -> Iterator[Span]:
    """Spans between points; an empty label is none."""
    open_: tuple[float, str] | None = None
    for time_s, label in [*points, (end_s, "")]:
        if open_ and open_[1] and label != open_[1]:
            yield Span(open_[1], open_[0], time_s)
        if open_ is None or label != open_[1]:
            open_ = (time_s, label)


def _statuses(events: Any, table: Protection, fault: str, end_s: float) -> Iterator[Span]:
    names = {"FAULT_ACTIVE": "active", "FAULT_LATCHED": "latched", "FAULT_CLEARED": ""}
    points = [(t, names[name]) for t, name, _ in _of(events, table, fault) if name in names]
    return _spans(points, end_s)


def _phases(events: Any, table: Protection, fault: str, end_s: float) -> Iterator[Span]:
    points = []
    for time_s, name, tier in _of(events, table, fault):
        if name in PHASES:
            points.append((time_s, PHASES[name] + (f" {tier}" if tier else "")))
        elif name in ("FAULT_CLEARED", "FAULT_LATCHED"):
            points.append((time_s, ""))
    return _spans(points, end_s)


def _notes(events: Sequence[Mapping[str, Any]], table: Protection, fault: str) -> Iterator[Note]:
    tiers = table.response[table.fault[fault].response].tier
    for k, event in enumerate(events):
        values, name = event["values"], event["name"]
        if values.get("fault") != fault:
            continue
        if name == "RESPONSE_TIER":
            action = tiers[values["tier"] - 1].action
            again = f" again ({values['attempt']})" if values["attempt"] > 1 else ""
            refusal = _refusal(events[k + 1 : k + 2], action.command)
            yield Note(_time_s(event), f"{wording.action(action)}{again}{refusal}")
        elif name in PHASES:
            yield Note(_time_s(event), PHASES[name])
        elif name.startswith("FAULT_"):
            yield Note(_time_s(event), name.removeprefix("FAULT_").lower())


def _refusal(following: Sequence[Mapping[str, Any]], command: str) -> str:
    """Why the command that a tier has just issued was refused, if it was."""
    for event in following:
        values = event["values"]
        if event["name"] == "COMMAND_REJECTED" and values["command"] == command:
            return f", refused: {values['reason']}"
    return ""
