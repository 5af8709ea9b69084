"""The walk in the C core against the one in Python: the same states, in the same order."""

from functools import partial
from typing import Any

import pytest
from hypothesis import given, settings
from protection_tables import table_with
from strategies_protection import WATCHED, protections

from onboard.dictionary import load
from onboard.dictionary.protection import Protection
from onboard.fault_protection.causes import LONGEST, Cause, Reach, causes_of, slice_of
from onboard.fault_protection.core_walk import Arena, CoreWalk
from onboard.fault_protection.monitors import READ_ERROR, READ_STALE, TRIP
from onboard.fault_protection.prove import prove
from onboard.fault_protection.walk import ACTS, Course, Walk

LANDER = load("lander").protection
TOO_LARGE = 3000
"""States beyond which the Python walk is left out: it takes a millisecond a state."""


KINDS = (TRIP, READ_STALE, READ_ERROR)
ONE, OTHER = (Cause(name, tuple(((name, kind),) for kind in KINDS)) for name in WATCHED[:2])


def assert_equal_walks(
    protection: Protection, causes: tuple[Cause, ...], disturbed: bool | None = None
) -> CoreWalk:
    c = CoreWalk(protection, causes, disturbed=disturbed)
    c.run()
    if c.states > TOO_LARGE:
        return c
    python = Walk(protection, causes, disturbed=disturbed)
    python.run()
    assert (c.states, c.transitions, c.depth) == (python.states, python.transitions, python.depth)
    assert c.violations == python.violations
    return c


@settings(max_examples=12)
@given(protections())
def test_random_tables_are_walked_equally(protection: Protection) -> None:
    """Most of them break properties, so traces are compared too."""
    assert_equal_walks(protection, (ONE,))
    assert_equal_walks(protection, (ONE, OTHER), disturbed=False)


@settings(max_examples=12)
@given(protections())
def test_random_tables_are_held_equally(protection: Protection) -> None:
    """Constant readings, and others before them, with the table's own counts."""
    c, python = (walk(protection, (ONE, OTHER), longest=None) for walk in (CoreWalk, Walk))
    for scene in range(len(c.table.mode_names)):
        for number in range(len(c.combinations)):
            for delay in (0, 1, 7):
                course = Course(scene, number, first=len(c.combinations) - 1 - number, delay=delay)
                assert c.hold(course) == python.hold(course)


def test_tries_are_told_up_to_a_limit() -> None:
    table = table_with({"response.lower.tier.0.tries": 2 * ACTS})
    (cause,) = (c for c in causes_of(table) if c.name == "high")
    c, python = (walk(table, (cause,), longest=None) for walk in (CoreWalk, Walk))
    run = c.hold(Course(0, 1))
    assert run is not None and len(run.acted) == ACTS
    assert run == python.hold(Course(0, 1))


@pytest.mark.parametrize("name", ["altitude_negative", "health_silent", "rangefinder_a_no_echo"])
def test_single_causes_of_the_lander_are_walked_equally(name: str) -> None:
    reach = Reach(LANDER)
    (cause,) = (c for c in causes_of(LANDER) if c.name == name)
    walk = assert_equal_walks(slice_of(LANDER, reach.faults(cause), [cause]), (cause,))
    assert walk.states > 300 and not walk.violations


def test_a_pair_with_resets_is_walked_equally() -> None:
    table = table_with()
    high, hot = (c for c in causes_of(table) if c.name in ("high", "hot"))
    walk = assert_equal_walks(slice_of(table, ["high", "hot"], (high, hot)), (high, hot), True)
    assert walk.states > 500


def test_the_whole_proof_is_equal() -> None:
    """States, depth, worst settling and latencies, by either walk; pairs without resets."""
    proofs = [prove(table_with(), walker=partial(undisturbed, walk)) for walk in (Walk, CoreWalk)]
    for proof in proofs:
        assert proof.holds
        proof.figures.seconds = 0.0
    assert proofs[0] == proofs[1]


def undisturbed(walk: type[Walk], part: Any, causes: Any, **told: Any) -> Walk:
    return walk(part, causes, longest=told.get("longest", LONGEST))


def test_an_arena_grows_until_the_walk_fits() -> None:
    table = table_with()
    (cause,) = (c for c in causes_of(table) if c.name == "high")
    arena = Arena()
    arena.capacity = 16
    small, large = CoreWalk(table, (cause,), arena=arena), CoreWalk(table, (cause,))
    small.run()
    large.run()
    assert arena.capacity > small.states == large.states > 16
