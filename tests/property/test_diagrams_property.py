"""Drawing never fails, whatever the table: also one that breaks every static rule."""

import dataclasses
import itertools
import json
from types import SimpleNamespace
from typing import Any
from xml.etree import ElementTree

import strategies_protection
from hypothesis import given, settings
from hypothesis import strategies as st

from hil.bench import history, lanes
from hil.bench.history import PHASES
from onboard import dictionary as dictionaries
from onboard.dictionary.protection import Protection
from onboard.fault_protection.diagrams import mode_graph, reference

LANDER = dictionaries.load("lander")
DICTIONARY = dataclasses.replace(
    LANDER,
    commands=LANDER.commands | {name: LANDER.commands["NOOP"] for name in "AB"},
    channels={"x": LANDER.channels["navigation.altitude_m"]},
)


@settings(max_examples=60)
@given(strategies_protection.protections())
def test_every_table_can_be_drawn(table: Protection) -> None:
    drawings = reference.drawings(table, DICTIONARY)
    assert len(drawings) == 2 + 2 * len(table.fault)
    for name, drawing in drawings.items():
        ElementTree.fromstring(drawing.svg())
        for a, b in itertools.combinations(drawing.labels, 2):
            assert not a.overlaps(b), (name, a, b)


@settings(max_examples=40)
@given(strategies_protection.protections())
def test_every_table_has_its_pages(table: Protection) -> None:
    pages = reference.pages(dataclasses.replace(DICTIONARY, protection=table))
    assert set(pages) == {"README.md", *(f"{fault}.md" for fault in table.fault)}


@settings(max_examples=40)
@given(strategies_protection.protections(), st.data())
def test_any_way_through_the_modes_can_be_shown(table: Protection, data: st.DataObject) -> None:
    modes = st.sampled_from(sorted(table.mode))
    visited = data.draw(st.lists(modes, min_size=1, max_size=6))
    changes = frozenset(itertools.pairwise(visited))
    path = mode_graph.Path(dict.fromkeys(visited, "12.3 s"), changes)
    drawing = mode_graph.draw(table, path)
    assert sum(label.text == "12.3 s" for label in drawing.labels) == len(set(visited))
    taken = mode_graph.taken_exits(table, path)
    assert {(before, e.target) for before, e in taken} <= changes


SECONDS = st.integers(0, 600).map(lambda tenths: tenths / 10.0)
NAMES = ["FAULT_ACTIVE", "FAULT_LATCHED", "FAULT_CLEARED", *PHASES]


@st.composite
def events(draw: st.DrawFn, table: Protection) -> list[dict[str, Any]]:
    """Events of faults, modes and resets in any order, as a recording holds them."""
    modes = st.sampled_from(sorted(table.mode))
    found = []
    for time_s in sorted(draw(st.lists(SECONDS, max_size=25))):
        name = draw(st.sampled_from([*NAMES, "MODE_CHANGED", "COMPUTER_RESET", "PARAMETER_SET"]))
        values: dict[str, Any] = {}
        if name in NAMES:
            fault = draw(st.sampled_from(sorted(table.fault)))
            tiers = len(table.response[table.fault[fault].response].tier)
            values = {"fault": fault, "tier": draw(st.integers(1, tiers)), "attempt": 1}
        elif name != "PARAMETER_SET":
            values = {"before": draw(modes), "mode": draw(modes)}
        found.append({"time_ns": round(time_s * 1e9), "name": name, "values": values})
    return found


@settings(max_examples=60)
@given(strategies_protection.protections(), st.data())
def test_any_history_can_be_drawn(table: Protection, data: st.DataObject) -> None:
    recorded = data.draw(events(table))
    tripped = st.lists(st.sampled_from(sorted(table.monitor)), unique=True)
    seen = [
        json.dumps({"time_s": t, "mode": min(table.mode), "tripped": data.draw(tripped)}).encode()
        for t in sorted(data.draw(st.lists(SECONDS, max_size=6)))
    ]
    recording = SimpleNamespace(
        events=recorded, blobs=lambda _: [(0, note) for note in seen], ticks=6000
    )
    run = history.read(recording, SimpleNamespace(fault=(), load=()), table)  # type: ignore[arg-type]
    for spans in (run.modes, *run.symptoms.values(), *run.faults.values(), *run.responses.values()):
        assert all(a.end_s <= b.start_s for a, b in itertools.pairwise(spans))
        assert all(0.0 <= span.start_s <= span.end_s <= run.end_s for span in spans)
    for start_s, end_s in [(0.0, run.end_s), *lanes.close_ups(run)]:
        drawing = lanes.draw(run, start_s, end_s)
        ElementTree.fromstring(drawing.svg())
        for a, b in itertools.combinations(drawing.labels, 2):
            assert not a.overlaps(b), (a, b)
