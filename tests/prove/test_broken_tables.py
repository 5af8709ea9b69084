"""Each broken table is refused with its reason; the table that they are made from is not."""

import re
from pathlib import Path
from typing import Any

import pytest
from broken_tables import (
    COOL,
    DRIFT,
    LOWER,
    STATIC,
    TWO_OFF,
    WALKED,
    Broken,
    BrokenLander,
    broken_landers,
    page,
    told,
)
from protection_tables import REMOVE, TABLE, edited, table_with

from onboard.dictionary.protection import TableError, protection_from
from onboard.fault_protection.checks import check
from onboard.fault_protection.image import image_of
from onboard.fault_protection.prove import prove
from onboard.fault_protection.table import compile_table
from onboard.fault_protection.walk import Walk

DOCS = Path(__file__).parents[2] / "docs"


def test_the_sound_table_holds():
    proof = prove(table_with())
    assert proof.holds
    assert proof.figures.states > 1000
    assert proof.figures.worst_settling_steps > 0


@pytest.mark.parametrize("broken", STATIC, ids=lambda broken: broken.trap)
def test_static_check_refuses(broken: Broken) -> None:
    assert any(rule == broken.rule and broken.reason in said for rule, _, said in told(broken))


@pytest.mark.parametrize("broken", WALKED, ids=lambda broken: broken.trap)
def test_walk_refuses(broken: Broken) -> None:
    proof = prove(table_with(broken.changes))
    assert proof.findings == []
    assert any(v.rule == broken.rule and broken.reason in v.problem for v in proof.violations)


@pytest.mark.parametrize("broken", broken_landers(), ids=lambda broken: broken.trap)
def test_static_check_refuses_a_lander(broken: BrokenLander) -> None:
    """No other rule finds anything: the lander's own table is sound."""
    found = told(broken)
    assert {rule for rule, _, _ in found} == {broken.rule}
    assert broken.where in [where for _, where, _ in found]


def test_the_committed_page_is_that_of_the_cases() -> None:
    assert (DOCS / "broken_tables.md").read_text() == page(), "stale, run `make docs`"


def test_every_static_rule_has_a_broken_table():
    manual = (DOCS / "fault_protection.md").read_text()
    _, _, rest = manual.partition("Static rules, each with its name in the output:")
    listed = set(re.findall(r"`([a-z-]+)`", rest.partition("Then the real engine")[0]))
    assert listed == {broken.rule for broken in [*STATIC, *broken_landers()]}


def test_every_property_of_the_walk_has_a_broken_table_or_engine():
    """What the static rules leave to the walk; the others only a wrong engine can break."""
    promised = set(re.findall(r"`([a-z-]+)`[ ,]", Walk.__doc__ or ""))
    broken_engines = {"severity", "finish-event", "after-reset", "deadlock"}  # test_walk.py
    assert promised == {broken.rule for broken in WALKED} | broken_engines


def test_resources_kept_apart_cure_actions_that_must_not_come_together():
    changes = TWO_OFF | {
        f"{LOWER}.0.keeps": ["r"],
        f"{COOL}.0.keeps": ["r"],
        "response.lower.latch": True,
        "response.cool.survives_reset": True,
        "response.cool.clear_when": "",
    }
    assert prove(table_with(changes)).holds
    forgetful = prove(table_with(changes | {"response.lower.latch": False}))
    assert {v.rule for v in forgetful.violations} == {"never-together"}


def test_a_table_with_findings_still_compiles():
    """A vehicle that is flown before its proof must not end with a traceback."""
    unfinished = table_with({"mode.burn.finished_when": "", f"{LOWER}.1.modes": ["burn"]})
    assert {f.rule for f in check(unfinished)} >= {"policy"}
    assert compile_table(unfinished).mode_names[1] == "burn"
    assert image_of(unfinished).data


FIELDS = [
    ({"monitor.high.persistence": 0}, "monitor.high.limits.persistence"),
    ({"monitor.high.persistence": "3"}, "persistence"),
    ({"monitor.high.when_stale": REMOVE}, "when_stale"),
    ({"monitor.high.when_stale": "ignore"}, "'trip', 'clear', 'hold' or 'stale'"),
    ({"monitor.high.check": "limit"}, "'limits'"),
    ({"monitor.high.enter": {"high": float("nan")}}, "finite"),
    ({"monitor.high.eenter": 1.0}, "Extra inputs"),
    ({"fault.high.when": "high or"}, "cannot read"),
    ({"fault.high.time_to_effect_s": -1.0}, "greater than 0"),
    ({"response.lower.tier": []}, "at least 1"),
    ({"response.lower.tier.0.tries": 0}, "greater than or equal to 1"),
    ({"response.lower.tier.0.timeout_s": float("inf")}, "finite"),
    ({"mode.burn.kind": "urgent"}, "'nominal', 'critical', 'safe' or 'terminal'"),
    ({"mode.Burn": DRIFT}, "mode.Burn"),
    ({"mode.burn.edge": [{"to": "over", "whne": "done"}]}, "Extra inputs"),
]


@pytest.mark.parametrize(("changes", "reason"), FIELDS, ids=lambda v: str(v)[:40])
def test_a_wrong_field_is_named(changes, reason):
    with pytest.raises(TableError, match=reason.replace("(", r"\(")):
        protection_from(edited(changes))


LONG = "a or " * 3000 + "high"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("fault.high.when", LONG),
        ("fault.high.when", [LONG]),
        ("fault.high.when", 10**5000),
        ("monitor.high.check", LONG),
    ],
    ids=["expression", "list", "digits", "check"],
)
def test_a_complaint_is_a_line_whatever_the_value(field: str, value: Any) -> None:
    with pytest.raises(TableError, match=field.split(".")[0]) as refusal:
        protection_from(edited({field: value}))
    assert len(str(refusal.value)) < 1000


@pytest.mark.parametrize("section", sorted(TABLE))
def test_a_missing_section_is_named(section):
    with pytest.raises(TableError, match=section):
        protection_from({name: rows for name, rows in TABLE.items() if name != section})
