"""Tables that must be refused, each with the trap that it holds and the reason that is told.

python tests/broken_tables.py docs/broken_tables.md      the page of them all
"""

import dataclasses
import sys
from pathlib import Path
from typing import Any, NamedTuple

from protection_tables import REMOVE, table_with

from onboard.dictionary import Dictionary, load
from onboard.dictionary.protection import Protection
from onboard.fault_protection.checks import check
from onboard.fault_protection.prove import prove

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


class Broken(NamedTuple):
    """A broken copy of the small table."""

    trap: str
    rule: str
    changes: dict[str, Any]  # as `edited` takes them
    reason: str  # part of what is told


STATIC = [
    Broken(
        "the name of a monitor is misspelt",
        "names",
        {"fault.high.when": "hihg"},
        "monitor 'hihg' is unknown",
    ),
    Broken(
        "the name of a response is misspelt",
        "names",
        {"fault.high.response": "lwoer"},
        "response 'lwoer' is unknown",
    ),
    Broken(
        "a tier is allowed in a mode that there is not",
        "names",
        {f"{LOWER}.0.modes": ["brun"]},
        "mode 'brun' is unknown",
    ),
    Broken(
        "a tier claims a resource that there is not",
        "names",
        {f"{LOWER}.0.claims": ["z"]},
        "resource 'z' is unknown",
    ),
    Broken(
        "a monitor is in a region that there is not",
        "names",
        {"monitor.high.region": "z"},
        "region 'z' is unknown",
    ),
    Broken(
        "`valid_when` asks for a mode that there is not",
        "names",
        {"monitor.high.valid_when": "mode(brun)"},
        "mode 'brun' is unknown",
    ),
    Broken(
        "a response leads to a mode that there is not",
        "names",
        {f"{LOWER}.0.action": {"command": "MODE_SET", "arguments": {"mode": "x"}}},
        "mode 'x' is unknown",
    ),
    Broken(
        "two modes have one number in telemetry",
        "names",
        {"mode.burn.number": 0},
        "number 0 is used twice",
    ),
    Broken(
        "the limits overlap: a value on them trips and clears",
        "limits",
        {"monitor.high.exit": {"high": 2.0}},
        "overlap: exit.high 2.0 is not below",
    ),
    Broken(
        "one side has an exit limit and no enter limit",
        "limits",
        {"monitor.high.exit": {"low": 0.0, "high": 1.0}},
        "low is given for one of",
    ),
    Broken(
        "the limits of a condition overlap",
        "limits",
        {"monitor.burning.exit": {"low": 1.0, "high": 1.5}},
        "overlap: exit.low 1.0 is not",
    ),
    Broken(
        "an age trips and clears at once",
        "limits",
        {"monitor.silence.exit_s": 100.0},
        "exit_s 100.0 is not below enter_s 100.0",
    ),
    Broken(
        "a check without limits never trips",
        "limits",
        {"monitor.high.enter": {}, "monitor.high.exit": {}},
        "no limit at all",
    ),
    Broken(
        "two faults of equal priority: their order would be chance",
        "priority",
        {"fault.hot.priority": 1},
        "priority 1 is also that of high",
    ),
    Broken(
        "detection and response take longer than the harm",
        "time-to-effect",
        {"fault.high.time_to_effect_s": 2.0},
        "exceed the time to effect, 2.0 s",
    ),
    Broken(
        "responses to another fault hide the symptom too long",
        "time-to-effect",
        {f"{COOL}.0.masks": [{"monitor": "high", "for_s": 18.0}]},
        "masked 19.2 s",
    ),
    Broken(
        "each try hides it again before it could be seen",
        "time-to-effect",
        {f"{COOL}.0.masks": [{"monitor": "high", "for_s": 0.9}], f"{COOL}.0.tries": 15},
        "masked 15.1 s",
    ),
    Broken(
        "no tier is allowed in a mode that requires an answer",
        "no-response",
        {f"{LOWER}.0.modes": ["cruise"]},
        "required in burn but no tier",
    ),
    Broken(
        "the fault is masked in the mode that needs it",
        "masked-fault",
        {"monitor.high.valid_when": "mode(cruise)"},
        "masked: high",
    ),
    Broken(
        "the expression cannot be true",
        "masked-fault",
        {"fault.high.when": "high and not high"},
        "cannot be true there",
    ),
    Broken(
        "the fault is active whenever its mode is entered",
        "false-alarm",
        {"fault.high.when": "high or burning"},
        "true in burn when only its own",
    ),
    Broken(
        "what would hold in the mode is masked there, and its absence is a fault",
        "false-alarm",
        {"fault.high.when": "high or not burning", "monitor.burning.valid_when": "mode(cruise)"},
        "true in burn when only its own",
    ),
    Broken(
        "two responses order the same thing differently at once",
        "claims",
        {
            f"{COOL}.0.action": {"command": "LOWER", "arguments": {"by": 2}},
            f"{COOL}.0.claims": ["q"],
        },
        "no claim in common",
    ),
    Broken(
        "a resource kept for good blocks another response",
        "keeps",
        {f"{LOWER}.0.keeps": ["r"]},
        "blocks cool.tier 1 of hot, not in never_together",
    ),
    Broken(
        "a resource kept for good blocks the same action for another fault",
        "keeps",
        TWO_OFF | {f"{LOWER}.0.keeps": ["r"], f"{COOL}.0.action.command": "A_OFF"},
        "blocks cool.tier 1 of hot, not in never_together",
    ),
    Broken(
        "a tier keeps what it does not claim",
        "keeps",
        {f"{LOWER}.0.keeps": ["q"]},
        "keeps only what it claims",
    ),
    Broken(
        "what is kept is forgotten by a reset",
        "keeps",
        {f"{COOL}.0.keeps": ["r"]},
        "survives_reset",
    ),
    Broken(
        "a clear condition that nothing waits for",
        "latch",
        {"response.lower.clear_when": "burning"},
        "clear_when without latch",
    ),
    Broken(
        "the action hides what it is judged by: it cannot succeed",
        "mask-hides-success",
        {f"{LOWER}.0.masks": [{"monitor": "high", "for_s": 0.9}]},
        "high is masked and then counts for 1.1 s",
    ),
    Broken(
        "success would have to be counted for longer than it is waited for",
        "mask-hides-success",
        {
            f"{LOWER}.0.success": "done",
            f"{LOWER}.0.masks": [{"monitor": "done", "for_s": 0.5}],
            "monitor.done.persistence": 6,
        },
        "done is masked and then counts for 1.1 s",
    ),
    Broken(
        "a mask without sensible end",
        "mask-unbounded",
        {f"{COOL}.0.masks": [{"monitor": "silence", "for_s": 61.0}]},
        "allowed 60",
    ),
    Broken(
        "a short mask, renewed by every try",
        "mask-unbounded",
        {f"{COOL}.0.masks": [{"monitor": "silence", "for_s": 0.95}], f"{COOL}.0.tries": 70},
        "silence for 69.95 s, allowed 60",
    ),
    Broken(
        "two monitors are each valid when the other one is",
        "valid-when-loop",
        {"monitor.high.valid_when": "hot", "monitor.hot.valid_when": "high"},
        "",
    ),
    Broken(
        "three votes out of two regions: one failure outvotes",
        "common-cause",
        {"fault.high.when": "at_least(2, high, done, hot)"},
        "region a alone casts 2 votes",
    ),
    Broken(
        "the command-loss timer does not watch an age",
        "command-loss",
        {"global.command_loss": "high"},
        "must be a stale check",
    ),
    Broken(
        "the command-loss timer leads to no action",
        "command-loss",
        {"response.silence.tier.0.action.command": "NOOP"},
        "no fault acts on the timer",
    ),
    Broken(
        "a monitor that nobody looks at",
        "unused",
        {"fault.hot.when": "high"},
        "no expression uses it",
    ),
    Broken(
        "a response that no fault has",
        "unused",
        {"fault.hot.response": "lower"},
        "no fault uses it",
    ),
    Broken(
        "a critical mode that may be given up",
        "policy",
        {"mode.burn.policy": "respond"},
        "kind critical with policy respond",
    ),
    Broken(
        "a critical mode that is never finished",
        "policy",
        {"mode.burn.finished_when": ""},
        "says when its event is finished",
    ),
    Broken(
        "power-up begins a critical event",
        "policy",
        {"global.initial_mode": "burn"},
        "power-up may not begin",
    ),
    Broken(
        "a way out of a terminal mode",
        "terminal",
        {"mode.over.edge": [{"to": "safe", "command": True}]},
        "is not left",
    ),
    Broken(
        "safe mode is left without the ground",
        "safe-exit",
        {"mode.safe.edge": [{"to": "cruise", "when": "done"}]},
        "by command only",
    ),
    Broken(
        "no safe mode",
        "safe-exit",
        {"mode.safe.kind": "terminal", "mode.safe.edge": []},
        "no mode is safe",
    ),
    Broken(
        "the fallback loops",
        "fallback",
        {"mode.cruise.fallback": "burn", "mode.burn.fallback": "cruise"},
        "loops",
    ),
    Broken("a mode without fallback", "fallback", {"mode.cruise.fallback": REMOVE}, "has none"),
    Broken(
        "the fallback begins a critical event",
        "fallback",
        {"mode.cruise.fallback": "burn"},
        "begins a critical event, burn",
    ),
    Broken(
        "safe mode falls back into danger",
        "fallback",
        {"mode.safe.fallback": "cruise"},
        "a safe mode has none",
    ),
    Broken(
        "a mode that nothing leads to",
        "reach",
        {"mode.cruise.edge": []},
        "cannot be reached from cruise",
    ),
    Broken(
        "an edge enters its own mode anew at every step",
        "reach",
        {"mode.burn.edge": [{"to": "over", "when": "done"}, {"to": "burn", "when": "burning"}]},
        "leads nowhere else",
    ),
    Broken(
        "a reset leaves the critical event",
        "after-reset",
        {"mode.burn.after_reset": "cruise"},
        "critical mode resumes itself",
    ),
    Broken(
        "a reset leaves safe mode",
        "after-reset",
        {"mode.safe.after_reset": "cruise"},
        "safe mode resumes itself",
    ),
    Broken(
        "a reset begins a critical event",
        "after-reset",
        {"mode.cruise.after_reset": "burn"},
        "may not begin a critical event",
    ),
    Broken(
        "a response ends the critical event",
        "finish-event",
        {f"{LOWER}.1.modes": ["cruise", "burn"]},
        "SAFE in burn although",
    ),
    Broken(
        "a mode edge ends the critical event",
        "finish-event",
        {"mode.burn.edge": [{"to": "over"}]},
        "leaves the event although",
    ),
    Broken(
        "the end of the event is guarded by too little",
        "finish-event",
        {"mode.burn.edge": [{"to": "over", "when": "done or high"}]},
        "leaves the event although",
    ),
    Broken(
        "entering the critical mode ends it",
        "finish-event",
        {"mode.burn.entry": [{"command": "CUT"}]},
        "CUT in the entry sequence",
    ),
]

WALKED = [
    Broken(
        "safe mode is left although its cause lives, unseen",
        "live-cause",
        {"monitor.high.valid_when": "mode(cruise, burn)"},
        "safe is left while high",
    ),
    Broken(
        "two modes hand over to each other for ever",
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
    Broken(
        "a response and a mode edge undo each other",
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
    Broken("two responses switch off both of two", "never-together", TWO_OFF, "all issued"),
]


class BrokenLander(NamedTuple):
    """A broken copy of the lander's table; these rules need its channels and commands."""

    trap: str
    rule: str
    table: Protection
    dictionary: Dictionary
    where: str


def broken_landers() -> list[BrokenLander]:
    lander = load("lander")
    quiet = {n: m for n, m in lander.protection.monitor.items() if n != "legs_silent"}
    fault = lander.protection.fault["legs_silent"].model_copy(update={"when": "touchdown_silent"})
    faults = lander.protection.fault | {"legs_silent": fault}
    unseen = lander.protection.model_copy(update={"monitor": quiet, "fault": faults})
    hold = lander.commands["GUIDANCE_HOLD"].model_copy(update={"modes": ("coast",)})
    inhibited = dataclasses.replace(lander, commands=lander.commands | {"GUIDANCE_HOLD": hold})
    return [
        BrokenLander(
            "a switch that falls silent looks like one that is open",
            "unknown-unseen",
            unseen,
            lander,
            "monitor.leg_closed_early",
        ),
        BrokenLander(
            "the command of a tier is refused in its mode: it would be spent without acting",
            "command-inhibited",
            lander.protection,
            inhibited,
            "response.guidance.tier 1",
        ),
    ]


def told(broken: Broken | BrokenLander) -> list[tuple[str, str, str]]:
    """(rule, place, problem) of everything that is found; the walk knows no place."""
    if isinstance(broken, BrokenLander):
        return [tuple(finding) for finding in check(broken.table, broken.dictionary)]
    proof = prove(table_with(broken.changes))
    found = [tuple(finding) for finding in proof.findings]
    return found + [(violation.rule, "", violation.problem) for violation in proof.violations]


def page() -> str:
    lines = [
        "# Broken tables",
        "",
        "Tables broken on purpose, each refused for its reason: by a static rule, or, where no",
        "place is named, by the walk, with the shortest trace. `make docs` makes this page from",
        "`tests/broken_tables.py`. Traps that an engine holds rather than a table, such as a tier",
        "spent while it is inhibited, are in [testing.md](testing.md#the-fault-protection-engine).",
        "",
        "| | the trap | rule | what is told |",
        "|---|---|---|---|",
    ]
    cases = [*STATIC, *WALKED, *broken_landers()]
    for number, broken in enumerate(cases, 1):
        place = broken.where if isinstance(broken, BrokenLander) else ""
        reason = "" if isinstance(broken, BrokenLander) else broken.reason
        _, where, problem = next(
            found
            for found in told(broken)
            if found[0] == broken.rule and place in found[1] and reason in found[2]
        )
        said = f"`{where}`: {problem}" if where else problem
        lines.append(f"| {number} | {broken.trap} | `{broken.rule}` | {said} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(page(), encoding="utf-8")
