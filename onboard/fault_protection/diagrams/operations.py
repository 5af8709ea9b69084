"""What an operator on the ground does about a fault, derived from the table and the dictionary."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from onboard.dictionary import Dictionary
from onboard.dictionary import protection as rows
from onboard.dictionary.protection import Protection
from onboard.fault_protection.diagrams import matrix, wording
from onboard.fault_protection.diagrams.mode_graph import exits_of
from onboard.fault_protection.expression import monitors_of, parse
from onboard.fault_protection.table import mode_order, targets

ARM_TIMEOUT = "services.arm_timeout_s"


def steps(d: Dictionary, table: Protection, fault: str) -> Iterator[str]:
    """The steps in their order, as Markdown."""
    yield _look(table, fault)
    yield _wait(table, fault)
    yield from _stopped(d, table, fault)
    yield from _held(table, fault)
    yield _clear(d, table, fault)
    yield from _undo(d, table, fault)
    yield from _come_back(d, table, fault)


def channels_of(table: Protection, fault: str) -> list[str]:
    """The channels that show the symptoms of a fault."""
    names: dict[str, None] = {}
    used = monitors_of(parse(table.fault[fault].when))
    for monitor in (row for name, row in table.monitor.items() if name in used):
        names[monitor.channel] = None
        if isinstance(monitor, rows.Consistency):
            names[monitor.other] = None
    return list(names)


def events_of(d: Dictionary, table: Protection, fault: str) -> list[str]:
    """The events that a fault and its response may send, as far as the dictionary has them."""
    response = table.response[table.fault[fault].response]
    names = ["FAULT_ACTIVE", "RESPONSE_TIER", "RESPONSE_SUCCEEDED"]
    names += ["RESPONSE_TIER_SPENT"] if len(response.tier) > 1 else []
    names += ["RESPONSE_HOLDING", "RESPONSE_INHIBITED"]
    names += ["RESPONSE_BLOCKED"] if any(tier.claims for tier in response.tier) else []
    names += ["FAULT_LATCHED"] if response.latch else []
    names += ["FAULT_CLEARED"]
    names += ["MODE_CHANGED"] if _led_to(table, fault) else []
    return [name for name in names if name in d.events]


def _response(table: Protection, fault: str) -> rows.Response:
    return table.response[table.fault[fault].response]


def _code(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


# ---------------------------------------------------------------- steps


def _look(table: Protection, fault: str) -> str:
    used = monitors_of(parse(table.fault[fault].when))
    regions = dict.fromkeys(row.region for name, row in table.monitor.items() if name in used)
    return (
        f"Read the mode, then {_code(channels_of(table, fault))}. "
        f"What can be behind it: {_code(regions)}."
    )


def _wait(table: Protection, fault: str) -> str:
    tiers = _response(table, fault).tier
    tried = sum(tier.tries * tier.timeout_s for tier in tiers)
    return (
        f"The vehicle is at it: all tries take {wording.seconds(tried)} together, the waiting for "
        "claims apart. Let it end (`RESPONSE_SUCCEEDED`, `RESPONSE_HOLDING` or "
        "`RESPONSE_INHIBITED`): a command of yours before that may cross one of its own."
    )


def _stopped(d: Dictionary, table: Protection, fault: str) -> Iterator[str]:
    tiers = _response(table, fault).tier
    calls = dict.fromkeys(_call(d, tier.action) for tier in tiers if tier.action.command != "NOOP")
    again = f" You may repeat what it did: {'; '.join(calls)}." if calls else ""
    yield f"After `RESPONSE_HOLDING` it has nothing left, and the cause lives.{again}"
    if reasons := _silences(table, fault):
        yield f"After `RESPONSE_INHIBITED` nothing is done by itself: {', or '.join(reasons)}."
    claims = {claim for tier in tiers for claim in tier.claims}
    rivals = [
        other
        for other in table.fault
        if other != fault and claims & {c for t in _response(table, other).tier for c in t.claims}
    ]
    if rivals:
        yield f"After `RESPONSE_BLOCKED` it waits for the response to {_code(rivals)}."


def _silences(table: Protection, fault: str) -> list[str]:
    """Why no tier of a response may be allowed."""
    tiers = _response(table, fault).tier
    cells = {mode: matrix.cell(table, fault, mode) for mode in mode_order(table)}
    deaf = [mode for mode, cell in cells.items() if cell.kind in ("seen", "inhibited")]
    short = [mode for mode, cell in cells.items() if cell.tiers and len(tiers) not in cell.tiers]
    reasons = [f"no tier acts in {_code(deaf)}"] if deaf else []
    reasons += [f"in {_code(short)} the tiers that may act are spent"] if short else []
    guards = dict.fromkeys(tier.guard for tier in tiers if tier.guard)
    return reasons + [f"`{guard}` is not true" for guard in guards]


def _held(table: Protection, fault: str) -> Iterator[str]:
    """Critical events in which the fault is seen are finished first."""
    finishing = [
        mode
        for mode in mode_order(table)
        if table.mode[mode].policy == "finish" and matrix.cell(table, fault, mode).kind != "masked"
    ]
    ends = dict.fromkeys(table.mode[mode].finished_when for mode in finishing)
    if finishing:
        yield (
            f"In {_code(finishing)} the event is finished first: SAFE is refused until "
            f"{' or '.join(f'`{text}`' for text in ends)}."
        )


def _clear(d: Dictionary, table: Protection, fault: str) -> str:
    used = monitors_of(parse(table.fault[fault].when))
    longest = max(
        (wording.clear_s(table, row) for name, row in table.monitor.items() if name in used),
        default=0.0,
    )
    gone = f"once `{table.fault[fault].when}` is false, at most {wording.seconds(longest)} after"
    response = _response(table, fault)
    if not response.latch:
        return f"It clears by itself {gone} the last symptom went."
    by_itself = f", or by itself when `{response.clear_when}`" if response.clear_when else ""
    call = _call(d, rows.Action(command="FAULT_CLEAR", arguments={"fault": fault}))
    return f"It latches. Clear it with {call}{by_itself}, {gone} the last symptom went."


def _undo(d: Dictionary, table: Protection, fault: str) -> Iterator[str]:
    actions = [tier.action for tier in _response(table, fault).tier]
    own = {_call(d, action) for action in actions}
    lines = (_back(d, action) for action in actions)
    found = dict.fromkeys(line for line in lines if line and line not in own)
    if found:
        yield f"What it changed stays changed. Back, when the cause is found: {'; '.join(found)}."


def _back(d: Dictionary, action: rows.Action) -> str | None:
    """The command that takes an action back: a device that was switched off or inhibited, or that
    was given up for another. What an action switched on needs no way back."""
    taken: dict[str, bool | int | float | str] = {}
    for argument in d.commands[action.command].arguments:
        value = action.arguments[argument.name]
        if argument.choices and action.command.endswith("_SELECT"):
            other = [choice for choice in argument.choices if choice != value]
            taken[argument.name] = " or ".join(other)
        elif action.command.endswith("_ENABLE") and argument.type == "flag" and not value:
            taken[argument.name] = 1
        elif action.command.endswith("_INHIBIT") and value:
            taken[argument.name] = 0
    if not taken:
        return None
    return _call(d, action.model_copy(update={"arguments": {**action.arguments, **taken}}))


def _led_to(table: Protection, fault: str) -> list[str]:
    """The modes that the response may lead to."""
    found = {
        target
        for tier in _response(table, fault).tier
        for mode in tier.modes
        if (target := targets(tier.action, table.mode[mode])) and target != mode
    }
    return [mode for mode in mode_order(table) if mode in found]


def _come_back(d: Dictionary, table: Protection, fault: str) -> Iterator[str]:
    for mode in _led_to(table, fault):
        ways = [e for e in exits_of(table, mode) if e.kind == "command"]
        calls = [
            _call(d, rows.Action(command="MODE_SET", arguments={"mode": way.target}))
            + (f" if `{way.guard}`" if way.guard else "")
            for way in ways
        ]
        if calls:
            yield (
                f"It may have gone to `{mode}`. That mode is not left while the fault is active or "
                f"latched; then by {' or '.join(calls)}."
            )


def _call(d: Dictionary, action: rows.Action) -> str:
    """How the ground sends a command, with what must arm it."""
    said = f"`{wording.action(action)}`"
    command = d.commands[action.command]
    if command.armed_by is None:
        return said
    arming = d.commands[command.armed_by]
    arm = f"{command.armed_by} command={action.command}" if arming.arguments else command.armed_by
    within = ""
    if ARM_TIMEOUT in d.parameters:
        within = f", within {wording.seconds(float(d.parameters[ARM_TIMEOUT].default))}"
    return f"`{arm}`{within} {said}"
