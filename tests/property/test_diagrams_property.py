"""Drawing never fails, whatever the table: also one that breaks every static rule."""

import dataclasses
import itertools
from xml.etree import ElementTree

import strategies_protection
from hypothesis import given, settings
from hypothesis import strategies as st

from onboard import dictionary as dictionaries
from onboard.dictionary.protection import Protection
from onboard.fault_protection.diagrams import mode_graph, reference

LANDER = dictionaries.load("lander")
DICTIONARY = dataclasses.replace(
    LANDER,
    commands=LANDER.commands | {name: LANDER.commands["NOOP"] for name in "AB"},
    channels={"x": LANDER.channels["navigation.altitude_m"]},
)


@settings(max_examples=60, deadline=None)
@given(strategies_protection.protections())
def test_every_table_can_be_drawn(table: Protection) -> None:
    drawings = reference.drawings(table, DICTIONARY)
    assert len(drawings) == 2 + 2 * len(table.fault)
    for name, drawing in drawings.items():
        ElementTree.fromstring(drawing.svg())
        for a, b in itertools.combinations(drawing.labels, 2):
            assert not a.overlaps(b), (name, a, b)


@settings(max_examples=40, deadline=None)
@given(strategies_protection.protections())
def test_every_table_has_its_pages(table: Protection) -> None:
    pages = reference.pages(dataclasses.replace(DICTIONARY, protection=table))
    assert set(pages) == {"README.md", *(f"{fault}.md" for fault in table.fault)}


@settings(max_examples=40, deadline=None)
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
