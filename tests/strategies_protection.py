"""Random tables of fault protection and random inputs for them. Most tables break static rules; the
engine's own promises hold for them all the same."""

import itertools
from typing import Any

from hypothesis import strategies as st

from onboard.dictionary.protection import Protection, protection_from

MODES = {"cruise": "nominal", "burn": "critical", "over": "terminal", "safe": "safe"}
RESOURCES = ["r", "q"]


WATCHED = ["m0", "m1", "m2", "m3"]
FAULTS = ["f0", "f1", "f2"]
_PLACES = ["cruise", "burn", "cruise, safe", "burn, over", "cruise, burn, safe"]
_FORMS = [
    "{a}",
    "not {a}",
    "{a} and {b}",
    "{a} or {b}",
    "{a} and not {b}",
    "not ({a} or {b})",
    "at_least(2, {a}, {b}, {c})",
    "at_least(2, {a}, not {b}, {c})",
    "mode({m}) and {a}",
    "not mode({m}) or {a}",
    "mode({m})",
]


def expressions(monitors: list[str]) -> st.SearchStrategy[str]:
    """Expressions over these monitors and the four modes."""
    choices = itertools.product(_FORMS, monitors, monitors, monitors, _PLACES)
    texts = (form.format(a=a, b=b, c=c, m=m) for form, a, b, c, m in choices)
    return st.sampled_from(list(dict.fromkeys(texts)))


EXPRESSIONS = {n: expressions(WATCHED[:n]) for n in range(1, len(WATCHED) + 1)}
ANY = EXPRESSIONS[len(WATCHED)]


def maybe(strategy: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.just("") | strategy


@st.composite
def monitors(draw: st.DrawFn, earlier: int) -> dict[str, Any]:
    valid_when = draw(maybe(EXPRESSIONS[earlier])) if earlier else ""
    return {
        "check": "limits",
        "channel": "x",
        "region": "a",
        "enter": {"high": 2.0},
        "exit": {"high": 1.0},
        "stale_after_s": 1.0,
        "when_stale": draw(st.sampled_from(["trip", "clear", "hold", "stale"])),
        "when_error": draw(st.sampled_from(["trip", "hold", "error"])),
        "persistence": draw(st.integers(1, 4)),
        "clear": draw(st.integers(1, 4)),
        "valid_when": valid_when,
    }


@st.composite
def tiers(draw: st.DrawFn) -> dict[str, Any]:
    claims = draw(st.lists(st.sampled_from(RESOURCES), unique=True))
    action = draw(
        st.sampled_from(["A", "B", "SAFE"]).map(lambda name: {"command": name})
        | st.sampled_from(sorted(MODES)).map(
            lambda mode: {"command": "MODE_SET", "arguments": {"mode": mode}}
        )
    )
    return {
        "action": action,
        "modes": draw(st.lists(st.sampled_from(sorted(MODES)), min_size=1, unique=True)),
        "guard": draw(maybe(ANY)),
        "success": draw(maybe(ANY)),
        "timeout_s": draw(st.integers(1, 4)) / 10.0,
        "tries": draw(st.integers(1, 3)),
        "claims": claims,
        "keeps": draw(st.lists(st.sampled_from(claims), unique=True)) if claims else [],
        "masks": draw(
            st.lists(
                st.fixed_dictionaries(
                    {"monitor": st.sampled_from(WATCHED), "for_s": st.sampled_from([0.1, 0.2, 0.4])}
                ),
                max_size=2,
            )
        ),
    }


@st.composite
def protections(draw: st.DrawFn) -> Protection:
    """A table of four monitors and three faults over the modes of MODES."""
    table: dict[str, Any] = {
        "global": {
            "step_hz": 10,
            "initial_mode": "cruise",
            "regions": ["a"],
            "resources": RESOURCES,
            "reset_budget": {"count": 2, "window_s": 10.0},
            "command_loss": WATCHED[0],
            "event_ending": [{"command": "SAFE"}, {"command": "B"}],
        },
        "monitor": {name: draw(monitors(i)) for i, name in enumerate(WATCHED)},
        "fault": {
            name: {
                "when": draw(ANY),
                "priority": i + 1,
                "time_to_effect_s": 1.0,
                "required_in": ["cruise"],
                "response": name,
            }
            for i, name in enumerate(FAULTS)
        },
        "response": {
            name: {
                "tier": draw(st.lists(tiers(), min_size=1, max_size=3)),
                "latch": draw(st.booleans()),
                "clear_when": draw(maybe(ANY)),
                "survives_reset": draw(st.booleans()),
            }
            for name in FAULTS
        },
        "mode": {name: draw(modes(name, i)) for i, name in enumerate(MODES)},
    }
    return protection_from(table)


@st.composite
def modes(draw: st.DrawFn, name: str, number: int) -> dict[str, Any]:
    kind = MODES[name]
    edge = st.fixed_dictionaries(
        {
            "to": st.sampled_from(sorted(set(MODES) - {name})),
            "when": maybe(ANY),
            "command": st.booleans(),
        }
    )
    row: dict[str, Any] = {
        "number": number,
        "kind": kind,
        "policy": "finish" if kind == "critical" else "respond",
        "after_reset": draw(st.sampled_from(sorted(MODES))),
        "exit_guard": draw(maybe(ANY)),
    }
    if kind != "terminal":
        row["edge"] = draw(st.lists(edge, max_size=2))
    if kind == "critical":
        row["finished_when"] = draw(ANY)
    if kind in ("nominal", "critical"):
        row["fallback"] = draw(st.sampled_from(["safe", "over"]))
    return row


inputs = st.lists(
    st.tuples(
        st.lists(st.sampled_from(range(6)), min_size=4, max_size=4),  # readings
        st.sampled_from([-1, -1, -1, -1, -2, 0, 1, 2, 3]),  # request
        st.sampled_from([0, 0, 0, 7]),  # faults that the ground clears
        st.integers(1, 6),  # steps that it lasts
    ),
    min_size=1,
    max_size=25,
)
"""What channels and ground do. Readings that last reach the counts, which uniform ones miss."""
