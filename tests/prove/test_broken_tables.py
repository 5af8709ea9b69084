"""Each broken table is refused with its reason; the table that they are made from is not."""

import dataclasses
import re
from pathlib import Path

import pytest
from protection_tables import REMOVE, TABLE, edited, table_with

from onboard.dictionary import load
from onboard.dictionary.protection import TableError, protection_from
from onboard.fault_protection.checks import check
from onboard.fault_protection.image import image_of
from onboard.fault_protection.prove import prove
from onboard.fault_protection.table import compile_table
from onboard.fault_protection.walk import Walk

LOWER, COOL = "response.lower.tier", "response.cool.tier"
DRIFT = {
    "number": 9,
    "kind": "nominal",
    "policy": "respond",
    "fallback": "safe",
    "after_reset": "cruise",
}
TWO_OFF = {
    "global.never_together": [[{"command": "A_OFF"}, {"command": "B_OFF"}]],
    f"{LOWER}.0.action.command": "A_OFF",
    f"{COOL}.0.action.command": "B_OFF",
}


def test_the_sound_table_holds():
    proof = prove(table_with())
    assert proof.holds
    assert proof.figures.states > 1000
    assert proof.figures.worst_settling_steps > 0


STATIC = [
    ("names", {"fault.high.when": "hihg"}, "monitor 'hihg' is unknown"),
    ("names", {"fault.high.response": "lwoer"}, "response 'lwoer' is unknown"),
    ("names", {f"{LOWER}.0.modes": ["brun"]}, "mode 'brun' is unknown"),
    ("names", {f"{LOWER}.0.claims": ["z"]}, "resource 'z' is unknown"),
    ("names", {"monitor.high.region": "z"}, "region 'z' is unknown"),
    ("names", {"monitor.high.valid_when": "mode(brun)"}, "mode 'brun' is unknown"),
    (
        "names",
        {f"{LOWER}.0.action": {"command": "MODE_SET", "arguments": {"mode": "x"}}},
        "mode 'x' is unknown",
    ),
    ("names", {"mode.burn.number": 0}, "number 0 is used twice"),
    ("limits", {"monitor.high.exit": {"high": 2.0}}, "overlap: exit.high 2.0 is not below"),
    ("limits", {"monitor.high.exit": {"low": 0.0, "high": 1.0}}, "low is given for one of"),
    ("limits", {"monitor.burning.exit": {"low": 1.0, "high": 1.5}}, "overlap: exit.low 1.0 is not"),
    ("limits", {"monitor.silence.exit_s": 100.0}, "exit_s 100.0 is not below enter_s 100.0"),
    ("limits", {"monitor.high.enter": {}, "monitor.high.exit": {}}, "no limit at all"),
    ("priority", {"fault.hot.priority": 1}, "priority 1 is also that of high"),
    ("time-to-effect", {"fault.high.time_to_effect_s": 2.0}, "exceed the time to effect, 2.0 s"),
    (
        "time-to-effect",
        {f"{COOL}.0.masks": [{"monitor": "high", "for_s": 18.0}]},
        "masked 18.0 s",
    ),
    ("no-response", {f"{LOWER}.0.modes": ["cruise"]}, "required in burn but no tier"),
    ("masked-fault", {"monitor.high.valid_when": "mode(cruise)"}, "masked: high"),
    ("masked-fault", {"fault.high.when": "high and not high"}, "cannot be true there"),
    ("false-alarm", {"fault.high.when": "high or burning"}, "true in burn when only its own"),
    (
        "claims",
        {
            f"{COOL}.0.action": {"command": "LOWER", "arguments": {"by": 2}},
            f"{COOL}.0.claims": ["q"],
        },
        "no claim in common",
    ),
    (
        "keeps",
        {f"{LOWER}.0.keeps": ["r"]},
        "blocks cool.tier 1 of hot, not in never_together",
    ),
    ("keeps", {f"{LOWER}.0.keeps": ["q"]}, "keeps only what it claims"),
    ("keeps", {f"{COOL}.0.keeps": ["r"]}, "survives_reset"),
    ("latch", {"response.lower.clear_when": "burning"}, "clear_when without latch"),
    (
        "mask-hides-success",
        {f"{LOWER}.0.masks": [{"monitor": "high", "for_s": 0.9}]},
        "high is masked and then counts for 1.1 s",
    ),
    ("mask-unbounded", {f"{COOL}.0.masks": [{"monitor": "silence", "for_s": 61.0}]}, "allowed 60"),
    ("valid-when-loop", {"monitor.high.valid_when": "hot", "monitor.hot.valid_when": "high"}, ""),
    (
        "common-cause",
        {"fault.high.when": "at_least(2, high, done, hot)"},
        "region a alone casts 2 votes",
    ),
    ("command-loss", {"global.command_loss": "high"}, "must be a stale check"),
    (
        "command-loss",
        {"response.silence.tier.0.action.command": "NOOP"},
        "no fault acts on the timer",
    ),
    ("unused", {"fault.hot.when": "high"}, "no expression uses it"),
    ("unused", {"fault.hot.response": "lower"}, "no fault uses it"),
    ("policy", {"mode.burn.policy": "respond"}, "kind critical with policy respond"),
    ("policy", {"mode.burn.finished_when": ""}, "says when its event is finished"),
    ("terminal", {"mode.over.edge": [{"to": "safe", "command": True}]}, "is not left"),
    ("safe-exit", {"mode.safe.edge": [{"to": "cruise", "when": "done"}]}, "by command only"),
    ("safe-exit", {"mode.safe.kind": "terminal", "mode.safe.edge": []}, "no mode is safe"),
    ("fallback", {"mode.cruise.fallback": "burn", "mode.burn.fallback": "cruise"}, "loops"),
    ("fallback", {"mode.cruise.fallback": REMOVE}, "has none"),
    ("fallback", {"mode.safe.fallback": "cruise"}, "a safe mode has none"),
    ("reach", {"mode.cruise.edge": []}, "cannot be reached from cruise"),
    ("after-reset", {"mode.burn.after_reset": "cruise"}, "critical mode resumes itself"),
    ("after-reset", {"mode.safe.after_reset": "cruise"}, "safe mode resumes itself"),
    ("after-reset", {"mode.cruise.after_reset": "burn"}, "may not begin a critical event"),
    ("finish-event", {f"{LOWER}.1.modes": ["cruise", "burn"]}, "SAFE in burn although"),
    ("finish-event", {"mode.burn.edge": [{"to": "over"}]}, "leaves the event although"),
    (
        "finish-event",
        {"mode.burn.edge": [{"to": "over", "when": "done or high"}]},
        "leaves the event although",
    ),
    ("finish-event", {"mode.burn.entry": [{"command": "CUT"}]}, "CUT in the entry sequence"),
]


@pytest.mark.parametrize(("rule", "changes", "reason"), STATIC, ids=lambda v: str(v)[:40])
def test_static_check_refuses(rule, changes, reason):
    findings = prove(table_with(changes)).findings
    assert any(f.rule == rule and reason in f.problem for f in findings), findings


WALKED = [
    # masked where the response leads: from safe mode the live cause cannot be seen
    ("live-cause", {"monitor.high.valid_when": "mode(cruise, burn)"}, "safe is left while high"),
    # two modes that hand over to each other under constant conditions
    (
        "settling",
        {
            "mode.drift": DRIFT | {"edge": [{"to": "cruise", "when": "not burning"}]},
            "mode.cruise.edge": [
                {"to": "burn", "when": "burning"},
                {"to": "drift", "when": "not burning"},
            ],
        },
        "never settle",
    ),
    # a response and a guard that undo each other
    (
        "settling",
        {
            "mode.drift": DRIFT | {"edge": [{"to": "cruise", "when": "not burning"}]},
            "mode.cruise.edge": [
                {"to": "burn", "when": "burning"},
                {"to": "drift", "command": True},
            ],
            "monitor.high.valid_when": "mode(cruise, burn, safe)",
            f"{LOWER}.0.action": {"command": "MODE_SET", "arguments": {"mode": "drift"}},
            f"{LOWER}.0.modes": ["cruise", "safe"],
            "fault.high.required_in": ["cruise"],
        },
        "never settle",
    ),
    ("never-together", TWO_OFF, "all issued"),
]


@pytest.mark.parametrize(("rule", "changes", "reason"), WALKED, ids=lambda v: str(v)[:40])
def test_walk_refuses(rule, changes, reason):
    proof = prove(table_with(changes))
    assert proof.findings == []
    assert any(v.rule == rule and reason in v.problem for v in proof.violations), proof.violations


DOCUMENTED = (Path(__file__).parents[2] / "docs" / "fault_protection.md").read_text()


def test_every_static_rule_has_a_broken_table():
    _, _, rest = DOCUMENTED.partition("Static rules, each with its name in the output:")
    listed = set(re.findall(r"`([a-z-]+)`", rest.partition("Then the real engine")[0]))
    with_the_lander = {"unknown-unseen", "command-inhibited"}  # below: they need its commands
    assert listed == {rule for rule, _, _ in STATIC} | with_the_lander
    assert len(STATIC) + len(WALKED) + len(with_the_lander) >= 25


def test_every_property_of_the_walk_has_a_broken_table_or_engine():
    """What the static rules leave to the walk; the others only a wrong engine can break."""
    promised = set(re.findall(r"`([a-z-]+)`[ ,]", Walk.__doc__ or ""))
    broken_engines = {"severity", "finish-event", "after-reset", "deadlock"}  # test_walk.py
    assert promised == {rule for rule, _, _ in WALKED} | broken_engines


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


@pytest.mark.parametrize("section", sorted(TABLE))
def test_a_missing_section_is_named(section):
    with pytest.raises(TableError, match=section):
        protection_from({name: rows for name, rows in TABLE.items() if name != section})


@pytest.fixture(scope="module")
def lander():
    return load("lander")


def test_a_symptom_whose_silence_nobody_sees_is_refused(lander):
    quiet = {n: m for n, m in lander.protection.monitor.items() if n != "legs_silent"}
    fault = lander.protection.fault["legs_silent"].model_copy(update={"when": "touchdown_silent"})
    faults = lander.protection.fault | {"legs_silent": fault}
    table = lander.protection.model_copy(update={"monitor": quiet, "fault": faults})
    findings = [f for f in check(table, lander) if f.rule == "unknown-unseen"]
    assert [f.where for f in findings] == ["monitor.leg_closed_early"]


def test_a_tier_whose_command_the_dictionary_refuses_in_a_mode_is_refused(lander):
    hold = lander.commands["GUIDANCE_HOLD"].model_copy(update={"modes": ("coast",)})
    dictionary = dataclasses.replace(lander, commands=lander.commands | {"GUIDANCE_HOLD": hold})
    findings = [f for f in check(lander.protection, dictionary) if f.rule == "command-inhibited"]
    assert [f.where for f in findings] == ["response.guidance.tier 1"]
