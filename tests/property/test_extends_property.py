"""Joining tables: nothing is lost, and the text of what was joined reads back as it was."""

from __future__ import annotations

import tomllib
from datetime import UTC
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from hil.extends import APPENDED, merge, to_toml

WORDS = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=8)
PLAIN = st.one_of(
    st.booleans(),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(allow_nan=False),
    WORDS,
    st.datetimes(timezones=st.one_of(st.none(), st.just(UTC))),
    st.dates(),
    st.times(),
)
VALUES = st.recursive(
    PLAIN,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(WORDS, inner, max_size=3)),
    max_leaves=12,
)
TABLES = st.dictionaries(WORDS, VALUES, max_size=5)
METRICS = st.sampled_from(["landed", "tilt_deg", "fixes"])
ENTRIES = st.lists(st.fixed_dictionaries({"metric": METRICS, "max": st.floats(0, 9)}), max_size=4)
ARRAYS = st.fixed_dictionaries({}, optional={name: ENTRIES for name in APPENDED})
NESTED = st.dictionaries(st.sampled_from("ab"), st.dictionaries(st.sampled_from("cde"), PLAIN))


@given(TABLES)
def test_the_text_reads_back_as_it_was(tables: dict[str, Any]) -> None:
    assert tomllib.loads(to_toml(tables)) == tables


@given(NESTED, NESTED)
def test_tables_hold_the_keys_of_both_and_the_values_of_the_upper(
    base: dict[str, Any], over: dict[str, Any]
) -> None:
    joined = merge(base, over)
    for name in {*base, *over}:
        assert joined[name] == {**base.get(name, {}), **over.get(name, {})}


@given(ARRAYS, ARRAYS)
def test_arrays_are_appended_to(base: dict[str, Any], over: dict[str, Any]) -> None:
    joined = merge(base, over)
    for name in ("command", "fault", "load"):
        assert joined.get(name, []) == base.get(name, []) + over.get(name, [])


@given(ARRAYS, ARRAYS)
def test_a_metric_is_expected_as_the_upper_says(base: dict[str, Any], over: dict[str, Any]) -> None:
    joined, new = merge(base, over).get("expect", []), over.get("expect", [])
    for metric in ("landed", "tilt_deg", "fixes"):
        source = new if any(e["metric"] == metric for e in new) else base.get("expect", [])
        assert [e for e in joined if e["metric"] == metric] == [
            e for e in source if e["metric"] == metric
        ]


@given(ARRAYS, ARRAYS, ARRAYS)
def test_a_chain_may_be_joined_from_either_end(
    first: dict[str, Any], second: dict[str, Any], third: dict[str, Any]
) -> None:
    assert merge(merge(first, second), third) == merge(first, merge(second, third))


@given(TABLES, TABLES)
def test_joining_changes_neither(base: dict[str, Any], over: dict[str, Any]) -> None:
    before = repr(base), repr(over)
    merge(base, over)
    assert (repr(base), repr(over)) == before
