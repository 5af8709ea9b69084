"""A small table of fault protection for tests: two modes to protect, a safe and a terminal one."""

import copy
from typing import Any

from onboard.dictionary.protection import Protection, protection_from

_CONDITION = {
    "check": "within",
    "channel": "phase",
    "region": "a",
    "enter": {"low": 1.0, "high": 1.0},
    "exit": {"low": 0.5, "high": 1.5},
    "stale_after_s": 1.0,
    "when_stale": "stale",
    "persistence": 1,
    "clear": 1,
}
_LIMITS = {
    "check": "limits",
    "channel": "x",
    "region": "a",
    "enter": {"high": 2.0},
    "exit": {"high": 1.0},
    "stale_after_s": 1.0,
    "when_stale": "trip",
    "when_error": "trip",
    "persistence": 3,
    "clear": 2,
}
_SILENCE = {
    "check": "stale",
    "channel": "commands",
    "region": "b",
    "enter_s": 100.0,
    "exit_s": 1.0,
    "persistence": 1,
    "clear": 1,
}


def _tier(command: str, modes: list[str], **fields: Any) -> dict[str, Any]:
    return {"action": {"command": command}, "modes": modes, "timeout_s": 1.0, "tries": 2} | fields


TABLE: dict[str, Any] = {
    "global": {
        "step_hz": 10,
        "initial_mode": "cruise",
        "regions": ["a", "b"],
        "resources": ["r", "q"],
        "reset_budget": {"count": 3, "window_s": 100.0},
        "command_loss": "silence",
        "event_ending": [{"command": "SAFE"}, {"command": "CUT"}],
    },
    "monitor": {
        "burning": _CONDITION,
        "done": _CONDITION | {"channel": "done"},
        "high": _LIMITS,
        "hot": _LIMITS | {"channel": "y", "region": "b"},
        "silence": _SILENCE,
    },
    "fault": {
        "high": {
            "when": "high",
            "priority": 1,
            "time_to_effect_s": 20.0,
            "required_in": ["cruise", "burn"],
            "response": "lower",
        },
        "hot": {
            "when": "hot",
            "priority": 2,
            "time_to_effect_s": 30.0,
            "required_in": ["cruise", "burn"],
            "response": "cool",
        },
        "silence": {
            "when": "silence",
            "priority": 3,
            "time_to_effect_s": 200.0,
            "required_in": ["cruise"],
            "response": "silence",
        },
    },
    "response": {
        "lower": {
            "latch": False,
            "survives_reset": True,
            "tier": [
                _tier("LOWER", ["cruise", "burn", "safe"], claims=["r"]),
                _tier("SAFE", ["cruise"]),
            ],
        },
        "cool": {
            "latch": True,
            "clear_when": "not burning",
            "survives_reset": False,
            "tier": [
                _tier("COOL", ["cruise", "burn", "safe"], claims=["r"]),
                _tier("SAFE", ["cruise"]),
            ],
        },
        "silence": {
            "latch": True,
            "survives_reset": True,
            "tier": [_tier("SAFE", ["cruise"])],
        },
    },
    "mode": {
        "cruise": {
            "number": 0,
            "kind": "nominal",
            "policy": "respond",
            "fallback": "safe",
            "after_reset": "cruise",
            "edge": [{"to": "burn", "when": "burning"}],
        },
        "burn": {
            "number": 1,
            "kind": "critical",
            "policy": "finish",
            "finished_when": "done",
            "fallback": "over",
            "after_reset": "burn",
            "holds": ["burning"],
            "edge": [{"to": "over", "when": "done"}],
        },
        "over": {
            "number": 2,
            "kind": "terminal",
            "policy": "respond",
            "after_reset": "over",
            "holds": ["done"],
            "entry": [{"command": "CUT"}],
        },
        "safe": {
            "number": 3,
            "kind": "safe",
            "policy": "respond",
            "after_reset": "safe",
            "edge": [{"to": "cruise", "command": True}],
        },
    },
}


RICH: dict[str, Any] = {
    "global.resources": ["r", "q", "s"],
    "global.never_together": [[{"command": "A_OFF"}, {"command": "B_OFF"}]],
    "monitor.hot.when_stale": "stale",
    "monitor.hot.when_error": "error",
    "monitor.hot.persistence": 4,
    "monitor.hot.valid_when": "not mode(over)",
    "monitor.third": _LIMITS | {"channel": "z", "valid_when": "not high or burning"},
    "monitor.third.when_stale": "hold",
    "monitor.third.when_error": "hold",
    "monitor.fourth": _LIMITS | {"channel": "w", "when_stale": "clear", "persistence": 1},
    "fault.third": {
        "when": "at_least(2, third, fourth, hot) or fourth and mode(safe)",
        "priority": 4,
        "time_to_effect_s": 200.0,
        "required_in": ["cruise"],
        "response": "third",
    },
    "response.lower.tier": [
        _tier(
            "LOWER",
            ["cruise", "burn", "safe"],
            claims=["r"],
            guard="not fourth",
            success="not burning and not high",
            masks=[{"monitor": "hot", "for_s": 0.2}],
        ),
        _tier(
            "A_OFF",
            ["cruise", "burn"],
            claims=["r", "q"],
            keeps=["q"],
            success="not hot",
            masks=[{"monitor": "hot", "for_s": 0.5}, {"monitor": "third", "for_s": 0.3}],
        ),
        _tier("SAFE", ["cruise", "burn"], tries=1, timeout_s=0.5),
    ],
    "response.cool.tier": [
        _tier("COOL", ["burn", "safe"], claims=["r"], timeout_s=0.4, tries=3),
        _tier("COOL", ["cruise"], claims=["r", "s"], success="not burning", timeout_s=0.8),
        _tier("B_OFF", ["cruise", "burn"], claims=["q"], keeps=["q"], timeout_s=0.6),
    ],
    "response.third": {
        "latch": True,
        "survives_reset": True,
        "clear_when": "done",
        "tier": [
            _tier(
                "SHED",
                ["cruise", "burn"],
                claims=["s"],
                success="done",
                masks=[{"monitor": "hot", "for_s": 1.5}],
            ),
            {
                "action": {"command": "MODE_SET", "arguments": {"mode": "safe"}},
                "modes": ["cruise", "burn"],
                "timeout_s": 0.3,
                "tries": 1,
            },
        ],
    },
    "mode.cruise.exit_guard": "not fourth",
    "mode.cruise.edge": [
        {"to": "burn", "when": "burning"},
        {"to": "safe", "command": True, "when": "not burning"},
        {"to": "burn", "command": True},
    ],
    "mode.burn.edge": [
        {"to": "over", "when": "done"},
        {"to": "cruise", "command": True, "when": "done and not burning"},
    ],
    "mode.safe.entry": [{"command": "SHED"}],
}
"""Changes that put every field to use, for the engine: it breaks several static rules."""


def edited(changes: dict[str, Any]) -> dict[str, Any]:
    """The table's source with values replaced: {"fault.high.priority": 2}.

    A list index is a part of the path, REMOVE removes, and a missing last key is added.
    """
    table = copy.deepcopy(TABLE)
    for path, value in changes.items():
        *parts, last = path.split(".")
        place: Any = table
        for part in parts:
            place = place[int(part) if isinstance(place, list) else part]
        if value is REMOVE:
            del place[last]
        else:
            place[int(last) if isinstance(place, list) else last] = value
    return table


REMOVE = object()


def table_with(changes: dict[str, Any] | None = None) -> Protection:
    """The table with changes, parsed."""
    return protection_from(edited(changes or {}))
