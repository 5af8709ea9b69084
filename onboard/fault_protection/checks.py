"""Static checks of a table as a whole: what can be refused without running the engine.

Each finding names a rule of `docs/fault_protection.md`, the place, and what is wrong there.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Collection, Iterator
from typing import NamedTuple

from onboard.dictionary import Dictionary
from onboard.dictionary import protection as rows
from onboard.dictionary.protection import Protection
from onboard.fault_protection.expression import (
    FALSE,
    STALE,
    TRUE,
    And,
    Node,
    Not,
    compile_in_mode,
    evaluate,
    modes_of,
    monitors_of,
    parse,
    voters_of,
)
from onboard.fault_protection.table import (
    MODE_SET,
    is_event_ending,
    matches,
    mode_order,
    monitor_order,
    steps,
)

LONGEST_MASK_S = 60.0


class Finding(NamedTuple):
    """One broken rule."""

    rule: str
    where: str
    problem: str

    def __str__(self) -> str:
        return f"{self.rule}: {self.where}: {self.problem}"


def check(table: Protection, dictionary: Dictionary | None = None) -> list[Finding]:
    """All findings; those about topics and commands need the dictionary.

    Where names do not resolve, nothing else is looked at.
    """
    findings = list(_names(table)) or list(_loops(table))
    if findings:
        return findings
    rules: tuple[Callable[[Protection], Iterator[Finding]], ...] = (
        _limits,
        _priorities,
        _voters,
        _symptoms,
        _claims,
        _keeps,
        _latches,
        _masks,
        _times,
        _command_loss,
        _unused,
        _kinds,
        _fallbacks,
        _reach,
        _resets,
        _critical,
    )
    findings = [finding for rule in rules for finding in rule(table)]
    if dictionary is not None:
        findings += [*_unknowns(table, dictionary), *_inhibits(table, dictionary)]
    return findings


def expressions(table: Protection) -> Iterator[tuple[str, Node]]:
    """Every expression of a table with the place where it stands."""
    for name, monitor in table.monitor.items():
        yield from _parsed(f"monitor.{name}.valid_when", monitor.valid_when)
    for name, fault in table.fault.items():
        yield from _parsed(f"fault.{name}.when", fault.when)
    for name, response in table.response.items():
        yield from _parsed(f"response.{name}.clear_when", response.clear_when)
        for i, tier in enumerate(response.tier, 1):
            yield from _parsed(f"response.{name}.tier {i}.guard", tier.guard)
            yield from _parsed(f"response.{name}.tier {i}.success", tier.success)
    for name, mode in table.mode.items():
        yield from mode_expressions(name, mode)


def mode_expressions(name: str, mode: rows.Mode) -> Iterator[tuple[str, Node]]:
    """The expressions of one mode."""
    yield from _parsed(f"mode.{name}.exit_guard", mode.exit_guard)
    yield from _parsed(f"mode.{name}.finished_when", mode.finished_when)
    for edge in mode.edge:
        yield from _parsed(f"mode.{name}.edge to {edge.to}", edge.when)


def _parsed(where: str, text: str) -> Iterator[tuple[str, Node]]:
    if text:
        yield where, parse(text)


def tiers(table: Protection) -> Iterator[tuple[str, str, int, rows.Tier]]:
    """(fault, response, number from 1, tier) of every fault, by priority."""
    for fault in sorted(table.fault, key=lambda name: table.fault[name].priority):
        response = table.fault[fault].response
        for i, tier in enumerate(table.response[response].tier, 1):
            yield fault, response, i, tier


# ---------------------------------------------------------------- names


def _names(table: Protection) -> Iterator[Finding]:
    for where, section, used in _references(table):
        known = _known(table, section)
        for name in sorted(set(used) - set(known)):
            yield Finding("names", where, f"{section} {name!r} is unknown; known: {_list(known)}")
    numbers = [mode.number for mode in table.mode.values()]
    for number in sorted({n for n in numbers if numbers.count(n) > 1}):
        same = [name for name, mode in table.mode.items() if mode.number == number]
        yield Finding("names", f"mode {_list(same)}", f"number {number} is used twice")


def _known(table: Protection, section: str) -> Collection[str]:
    known: dict[str, Collection[str]] = {
        "monitor": table.monitor,
        "mode": table.mode,
        "response": table.response,
        "region": table.globals.regions,
        "resource": table.globals.resources,
    }
    return known[section]


def _references(table: Protection) -> Iterator[tuple[str, str, Collection[str]]]:
    yield "global.initial_mode", "mode", [table.globals.initial_mode]
    yield "global.command_loss", "monitor", [table.globals.command_loss]
    for where, node in expressions(table):
        yield where, "monitor", monitors_of(node)
        yield where, "mode", modes_of(node)
    for name, monitor in table.monitor.items():
        yield f"monitor.{name}.region", "region", [monitor.region]
    for name, fault in table.fault.items():
        yield f"fault.{name}.response", "response", [fault.response]
        yield f"fault.{name}.required_in", "mode", fault.required_in
    for name, response in table.response.items():
        for i, tier in enumerate(response.tier, 1):
            where = f"response.{name}.tier {i}"
            yield f"{where}.modes", "mode", tier.modes
            yield f"{where}.claims", "resource", tier.claims
            yield f"{where}.keeps", "resource", tier.keeps
            yield f"{where}.masks", "monitor", [mask.monitor for mask in tier.masks]
            yield f"{where}.action", "mode", _mode_argument(tier.action)
    for name, mode in table.mode.items():
        yield f"mode.{name}.edge", "mode", [edge.to for edge in mode.edge]
        yield f"mode.{name}.fallback", "mode", [mode.fallback] if mode.fallback else []
        yield f"mode.{name}.after_reset", "mode", [mode.after_reset]
        yield f"mode.{name}.holds", "monitor", mode.holds


def _mode_argument(action: rows.Action) -> list[str]:
    return [str(action.arguments.get("mode"))] if action.command == MODE_SET else []


def _loops(table: Protection) -> Iterator[Finding]:
    try:
        monitor_order(table)
    except rows.TableError as problem:
        yield Finding("valid-when-loop", "monitor", str(problem))


def _list(names: Collection[str]) -> str:
    return ", ".join(sorted(names))


# ---------------------------------------------------------------- monitors


def _limits(table: Protection) -> Iterator[Finding]:
    """Enter and exit limits are ordered, differ, and bound the same sides."""
    for name, monitor in table.monitor.items():
        if problem := _limit_problem(monitor):
            yield Finding("limits", f"monitor.{name}", problem)


def _limit_problem(monitor: rows.Monitor) -> str | None:
    match monitor:
        case rows.Limits(enter=enter, exit=leave):
            return _nested(leave, enter, "exit", "enter")
        case rows.Within(enter=enter, exit=leave):
            return _nested(enter, leave, "enter", "exit")
        case rows.Stale(enter_s=enter_s, exit_s=exit_s) | rows.Gap(enter_s=enter_s, exit_s=exit_s):
            ordered = exit_s < enter_s
            return None if ordered else f"exit_s {exit_s} is not below enter_s {enter_s}"
        case rows.Delta() | rows.Rate() | rows.Consistency():
            ordered = monitor.exit < monitor.enter
            return None if ordered else f"exit {monitor.exit} is not below enter {monitor.enter}"
    return None


def _nested(inner: rows.Range, outer: rows.Range, inside: str, outside: str) -> str | None:
    if inner.low is None and inner.high is None:
        return "no limit at all"
    for side in ("low", "high"):
        if (getattr(inner, side) is None) != (getattr(outer, side) is None):
            return f"{side} is given for one of enter and exit only"
    if inner.low is not None and inner.high is not None and inner.low > inner.high:
        return f"{inside}: low {inner.low} is above high {inner.high}"
    if inner.low is not None and outer.low is not None and not outer.low < inner.low:
        return f"overlap: {outside}.low {outer.low} is not below {inside}.low {inner.low}"
    if inner.high is not None and outer.high is not None and not inner.high < outer.high:
        return f"overlap: {inside}.high {inner.high} is not below {outside}.high {outer.high}"
    return None


def _unknowns(table: Protection, dictionary: Dictionary) -> Iterator[Finding]:
    """A symptom that goes unknown with its topic must be somebody's evidence when it does."""
    evidence = {name for fault in table.fault.values() for name in monitors_of(parse(fault.when))}
    watched = {
        dictionary.channels[channel].topic
        for name in evidence
        for channel in _channels(table.monitor[name])
        if _sees_silence(table.monitor[name])
    }
    for name in sorted(evidence):
        for channel in _channels(table.monitor[name]):
            if (topic := dictionary.channels[channel].topic) not in watched:
                problem = f"when {channel} goes stale no fault comes of it: nobody watches {topic}"
                yield Finding("unknown-unseen", f"monitor.{name}", problem)


def _sees_silence(monitor: rows.Monitor) -> bool:
    return isinstance(monitor, rows.Stale) or getattr(monitor, "when_stale", "") == "trip"


def _channels(monitor: rows.Monitor) -> list[str]:
    return [monitor.channel, *([monitor.other] if isinstance(monitor, rows.Consistency) else [])]


def _voters(table: Protection) -> Iterator[Finding]:
    """One failed region may not cast enough votes by itself."""
    for where, node in expressions(table):
        for vote in voters_of(node):
            regions = [
                {table.monitor[name].region for name in monitors_of(operand)}
                for operand in vote.operands
            ]
            for region in sorted(set().union(*regions)):
                if vote.count > 1 and sum(region in r for r in regions) >= vote.count:
                    problem = f"region {region} alone casts {vote.count} votes"
                    yield Finding("common-cause", where, problem)


def _command_loss(table: Protection) -> Iterator[Finding]:
    name = table.globals.command_loss
    if not isinstance(table.monitor[name], rows.Stale):
        yield Finding("command-loss", f"monitor.{name}", "the timer must be a stale check")
    acting = {
        monitor
        for fault in table.fault.values()
        for monitor in monitors_of(parse(fault.when))
        if any(t.action.command != "NOOP" for t in table.response[fault.response].tier)
    }
    if name not in acting:
        yield Finding("command-loss", f"monitor.{name}", "no fault acts on the timer")


def _unused(table: Protection) -> Iterator[Finding]:
    used = set().union(*(monitors_of(node) for _, node in expressions(table)))
    for name in sorted(table.monitor.keys() - used):
        yield Finding("unused", f"monitor.{name}", "no expression uses it")
    answered = {fault.response for fault in table.fault.values()}
    for name in sorted(table.response.keys() - answered):
        yield Finding("unused", f"response.{name}", "no fault uses it")


# ---------------------------------------------------------------- faults


def _priorities(table: Protection) -> Iterator[Finding]:
    owners: dict[int, str] = {}
    for name, fault in table.fault.items():
        first = owners.setdefault(fault.priority, name)
        if first != name:
            problem = f"priority {fault.priority} is also that of {first}: no total order"
            yield Finding("priority", f"fault.{name}", problem)


def _valid(table: Protection, monitor: str, mode: str) -> bool:
    """Whether a monitor may be looked at in a mode."""
    text = table.monitor[monitor].valid_when
    if not text:
        return True
    index = {name: i for i, name in enumerate(table.monitor)}
    return compile_in_mode(parse(text), index, mode) != FALSE


def _symptoms(table: Protection) -> Iterator[Finding]:
    """Where a fault is required it can be seen; where nothing is wrong it is not."""
    for name, fault in table.fault.items():
        node = parse(fault.when)
        for mode in fault.required_in:
            if not can_be_seen(table, name, mode):
                seen = [m for m in monitors_of(node) if _valid(table, m, mode)]
                masked = _list(monitors_of(node) - set(seen)) or "nothing"
                problem = f"required in {mode} but cannot be true there; masked: {masked}"
                yield Finding("masked-fault", f"fault.{name}", problem)
        for mode, row in table.mode.items():
            held = {m for m in row.holds if _valid(table, m, mode)}
            values = {m: TRUE if m in held else FALSE for m in table.monitor}
            if evaluate(node, values, mode) != FALSE:
                problem = f"true in {mode} when only its own conditions hold"
                yield Finding("false-alarm", f"fault.{name}", problem)


def can_be_seen(table: Protection, fault: str, mode: str) -> bool:
    """Whether the monitors that are looked at in a mode can make a fault true there."""
    node = parse(table.fault[fault].when)
    seen = [m for m in sorted(monitors_of(node)) if _valid(table, m, mode)]
    return _can_be_true(node, seen, mode)


def _can_be_true(node: Node, seen: list[str], mode: str) -> bool:
    values = dict.fromkeys(monitors_of(node), FALSE)
    for combination in itertools.product((TRUE, FALSE), repeat=len(seen)):
        values.update(zip(seen, combination, strict=True))
        if evaluate(node, values, mode) == TRUE:
            return True
    return False


# ---------------------------------------------------------------- responses


def _claims(table: Protection) -> Iterator[Finding]:
    """Two responses that may give one command different arguments share a claim."""
    every = list(tiers(table))
    for (fault_a, a, i, tier), (fault_b, b, j, other) in itertools.combinations(every, 2):
        if fault_a == fault_b or not _contradict(tier.action, other.action):
            continue
        if set(tier.modes) & set(other.modes) and not set(tier.claims) & set(other.claims):
            problem = f"{tier.action.command} also in {b}.tier {j}, and no claim in common"
            yield Finding("claims", f"response.{a}.tier {i}", problem)


def _contradict(a: rows.Action, b: rows.Action) -> bool:
    """The same command about the same named thing with other arguments."""
    if a.command != b.command or a.arguments == b.arguments:
        return False
    subject = [name for name in ("name", "stream") if name in a.arguments]
    return all(a.arguments[name] == b.arguments.get(name) for name in subject)


def _keeps(table: Protection) -> Iterator[Finding]:
    """What is kept until a fault clears blocks another response for ever: only on purpose."""
    every = list(tiers(table))
    for fault, response, i, tier in every:
        where = f"response.{response}.tier {i}"
        if not tier.keeps:
            continue
        if not set(tier.keeps) <= set(tier.claims):
            yield Finding("keeps", where, "a tier keeps only what it claims")
        if not table.response[response].survives_reset:
            yield Finding("keeps", where, "a reset would forget what is kept: survives_reset")
        for victim, other_response, j, other in every:
            blocks = victim != fault and set(tier.keeps) & set(other.claims)
            if blocks and not never_together(table, tier.action, other.action):
                problem = f"blocks {other_response}.tier {j} of {victim}, not in never_together"
                yield Finding("keeps", where, problem)


def never_together(table: Protection, a: rows.Action, b: rows.Action) -> bool:
    """Whether one list of `never_together` has two actions, each for itself."""
    return any(
        matches(a, first) and matches(b, second)
        for group in table.globals.never_together
        for first, second in itertools.permutations(group, 2)
    )


def _latches(table: Protection) -> Iterator[Finding]:
    for name, response in table.response.items():
        if response.clear_when and not response.latch:
            yield Finding("latch", f"response.{name}", "clear_when without latch")


def _masks(table: Protection) -> Iterator[Finding]:
    """A mask ends before the try it belongs to is judged, and well within its bound."""
    for fault, response, i, tier in tiers(table):
        where = f"response.{response}.tier {i}"
        for mask in tier.masks:
            if (hidden_s := hidden_by_s(table, fault, mask.monitor)) > LONGEST_MASK_S:
                problem = f"{mask.monitor} for {hidden_s:g} s, allowed {LONGEST_MASK_S} s"
                yield Finding("mask-unbounded", where, problem)
            counts = _counts_towards(table, fault, tier, mask.monitor)
            judgement_s = mask.for_s + counts / table.globals.step_hz
            if counts and judgement_s >= tier.timeout_s:
                problem = (
                    f"judged after {tier.timeout_s} s, but {mask.monitor} is masked and then "
                    f"counts for {judgement_s:.1f} s"
                )
                yield Finding("mask-hides-success", where, problem)


def _counts_towards(table: Protection, fault: str, tier: rows.Tier, monitor: str) -> int:
    """The steps that a monitor counts to the verdict without which a tier cannot succeed; 0 if
    its success does not depend on it."""
    success = parse(tier.success) if tier.success else Not(parse(table.fault[fault].when))
    row, others = table.monitor[monitor], sorted(monitors_of(success) - {monitor})
    counts = {FALSE: row.clear, TRUE: row.persistence}
    needed = 0
    for combination in itertools.product((FALSE, TRUE), repeat=len(others)):
        values = dict(zip(others, combination, strict=True))
        for mode in tier.modes:
            met = [v for v in counts if evaluate(success, values | {monitor: v}, mode) == TRUE]
            needed = max(needed, counts[met[0]]) if len(met) == 1 else needed
    return needed


def hidden_by_s(table: Protection, fault: str, monitor: str) -> float:
    """How long the response to a fault may hide a monitor while all its tries fail: masks that
    leave it no time to trip in between are one."""
    longest = 0.0
    trips_s = table.monitor[monitor].persistence / table.globals.step_hz
    for mode in table.mode:
        now_s, begin_s, end_s = 0.0, 0.0, -trips_s
        for tier in allowed_tiers(table, fault, mode):
            masks = [mask.for_s for mask in tier.masks if mask.monitor == monitor]
            for _ in range(tier.tries):
                if masks:
                    begin_s = now_s if now_s >= end_s + trips_s else begin_s
                    end_s = max(end_s, now_s + max(masks))
                now_s += try_s(table, tier)
        longest = max(longest, end_s - begin_s)
    return longest


def detection_s(table: Protection, fault: str) -> float:
    """The longest time from a symptom to the fault, for expressions over valid monitors."""
    names = monitors_of(parse(table.fault[fault].when))
    return max((_monitor_latency_s(table, name) for name in names), default=0.0)


def _monitor_latency_s(table: Protection, name: str) -> float:
    row, period_s = table.monitor[name], 1.0 / table.globals.step_hz
    return _monitor_silence_s(row) + (row.persistence + 1) * period_s


def silence_s(table: Protection, fault: str) -> float:
    """The age at which a channel that went silent becomes a symptom; 0 where none does."""
    names = monitors_of(parse(table.fault[fault].when))
    return max((_monitor_silence_s(table.monitor[name]) for name in names), default=0.0)


def _monitor_silence_s(row: rows.Monitor) -> float:
    if isinstance(row, rows.Stale | rows.Gap):
        return row.enter_s
    return row.stale_after_s if row.when_stale == "trip" else 0.0


def mask_s(table: Protection, fault: str) -> float:
    """How much later a fault is seen when the response to another one hides what it had nearly
    counted, which is then counted again."""
    names, hz = monitors_of(parse(table.fault[fault].when)), table.globals.step_hz
    hidden = [
        hidden_by_s(table, other, mask.monitor) + (table.monitor[mask.monitor].persistence - 1) / hz
        for other, _, _, tier in tiers(table)
        for mask in tier.masks
        if other != fault and mask.monitor in names
    ]
    return max(hidden, default=0.0)


def bound_s(table: Protection, fault: str, mode: str) -> float | None:
    """The longest time from a symptom to the end of the first try of the last tier in a mode; None
    without a tier. All earlier tries fail, and the response to one other fault hides and blocks."""
    answer_s = response_s(table, fault, mode)
    if answer_s is None:
        return None
    return detection_s(table, fault) + mask_s(table, fault) + answer_s


def response_s(table: Protection, fault: str, mode: str) -> float | None:
    """The longest time from the fault to the end of the first try of its last tier in a mode, all
    earlier tries failing and one other fault holding what it claims; None without a tier."""
    allowed = allowed_tiers(table, fault, mode)
    if not allowed:
        return None
    period_s = 1.0 / table.globals.step_hz
    *before, last = allowed
    tries_s = sum(tier.tries * try_s(table, tier) for tier in before) + try_s(table, last)
    others = (name for name in table.fault if name != fault)
    blocked_s = max((_blocked_s(table, fault, name, mode) for name in others), default=0.0)
    return tries_s + blocked_s + len(allowed) * period_s


def try_s(table: Protection, tier: rows.Tier) -> float:
    """How long one try is waited for."""
    hz = table.globals.step_hz
    return steps(tier.timeout_s, hz) / hz


def allowed_tiers(table: Protection, fault: str, mode: str) -> list[rows.Tier]:
    """The tiers that a mode allows, those left out that its event forbids."""
    finish = table.mode[mode].policy == "finish"
    return [
        tier
        for tier in table.response[table.fault[fault].response].tier
        if mode in tier.modes and not (finish and is_event_ending(tier.action, table))
    ]


def _blocked_s(table: Protection, fault: str, other: str, mode: str) -> float:
    """How long another fault's response may hold what this one claims.

    One of higher priority goes through all its tiers first. One of lower priority ends the tier
    that it runs; claims that pass from tier to tier of this response it cannot take.
    """
    wanted: set[str] = set()
    waits: list[float] = []
    for tier in allowed_tiers(table, fault, mode):
        fresh = set(tier.claims) - wanted
        wanted = set(tier.claims)
        holds = [
            held.tries * (try_s(table, held) + 1.0 / table.globals.step_hz)
            for held in allowed_tiers(table, other, mode)
            if fresh & set(held.claims)
        ]
        higher = table.fault[other].priority < table.fault[fault].priority
        waits.append(sum(holds) if higher else max(holds, default=0.0))
    return sum(waits)


def _times(table: Protection) -> Iterator[Finding]:
    """Detection and response are over before the effect."""
    for name, fault in table.fault.items():
        for mode in fault.required_in:
            whole_s = bound_s(table, name, mode)
            if whole_s is None:
                problem = f"required in {mode} but no tier is allowed there"
                yield Finding("no-response", f"fault.{name}", problem)
            elif whole_s > fault.time_to_effect_s:
                seen_s, hidden_s = detection_s(table, name), mask_s(table, name)
                problem = (
                    f"in {mode}: detection {seen_s:.1f} s + masked {hidden_s:.1f} s + response "
                    f"{whole_s - seen_s - hidden_s:.1f} s exceed the time to effect, "
                    f"{fault.time_to_effect_s:.1f} s"
                )
                yield Finding("time-to-effect", f"fault.{name}", problem)


def _inhibits(table: Protection, dictionary: Dictionary) -> Iterator[Finding]:
    """No tier and no entry is allowed where the dictionary would refuse its command."""
    for _, response, i, tier in tiers(table):
        permitted = dictionary.commands[tier.action.command].modes
        refused = [] if permitted is None else sorted(set(tier.modes) - set(permitted))
        if refused:
            problem = f"{tier.action.command} is refused in {_list(refused)}"
            yield Finding("command-inhibited", f"response.{response}.tier {i}", problem)
    for name, mode in table.mode.items():
        for i, action in enumerate(mode.entry, 1):
            permitted = dictionary.commands[action.command].modes
            if permitted is not None and name not in permitted:
                problem = f"{action.command} is refused in {name}"
                yield Finding("command-inhibited", f"mode.{name}.entry {i}", problem)


# ---------------------------------------------------------------- modes


def _kinds(table: Protection) -> Iterator[Finding]:
    for name, mode in table.mode.items():
        where = f"mode.{name}"
        if (mode.kind == "critical") != (mode.policy == "finish"):
            yield Finding("policy", where, f"kind {mode.kind} with policy {mode.policy}")
        if mode.kind == "critical" and not mode.finished_when:
            yield Finding("policy", where, "a critical mode says when its event is finished")
        if mode.kind == "terminal" and mode.edge:
            yield Finding("terminal", where, "a terminal mode is not left")
        if mode.kind == "safe" and any(not edge.command for edge in mode.edge):
            yield Finding("safe-exit", where, "a safe mode is left by command only")
    if not any(mode.kind == "safe" for mode in table.mode.values()):
        yield Finding("safe-exit", "mode", "no mode is safe")
    if table.mode[table.globals.initial_mode].kind == "critical":
        yield Finding("policy", "global.initial_mode", "power-up may not begin a critical event")


def _fallbacks(table: Protection) -> Iterator[Finding]:
    for name, mode in table.mode.items():
        where = f"mode.{name}.fallback"
        if mode.kind in ("safe", "terminal"):
            if mode.fallback:
                yield Finding("fallback", where, f"a {mode.kind} mode has none")
            continue
        path = [name]
        while table.mode[path[-1]].kind not in ("safe", "terminal"):
            following = table.mode[path[-1]].fallback
            if following is None:
                yield Finding("fallback", where, f"{path[-1]} has none: {' -> '.join(path)}")
                break
            if following in path:
                yield Finding("fallback", where, f"loops: {' -> '.join([*path, following])}")
                break
            path.append(following)
        if mode.fallback and table.mode[mode.fallback].kind == "critical":
            yield Finding("fallback", where, f"begins a critical event, {mode.fallback}")


def _next_modes(table: Protection, name: str) -> set[str]:
    mode = table.mode[name]
    return {edge.to for edge in mode.edge} | ({mode.fallback} if mode.fallback else set())


def _closure(table: Protection, start: str) -> set[str]:
    reached, waiting = {start}, [start]
    while waiting:
        fresh = _next_modes(table, waiting.pop()) - reached
        reached |= fresh
        waiting += fresh
    return reached


def _reach(table: Protection) -> Iterator[Finding]:
    reached = _closure(table, table.globals.initial_mode)
    for name in mode_order(table):
        if name not in reached:
            problem = f"cannot be reached from {table.globals.initial_mode}"
            yield Finding("reach", f"mode.{name}", problem)
        if any(edge.to == name for edge in table.mode[name].edge):
            yield Finding("reach", f"mode.{name}.edge to {name}", "leads nowhere else")
        ends = [m for m in _closure(table, name) if table.mode[m].kind in ("safe", "terminal")]
        if not ends:
            yield Finding("reach", f"mode.{name}", "reaches no safe or terminal mode")


def _resets(table: Protection) -> Iterator[Finding]:
    """A restart resumes a critical event, and leaves no safe or terminal mode."""
    for name, mode in table.mode.items():
        resumed = table.mode[mode.after_reset]
        if mode.kind in ("critical", "safe", "terminal") and mode.after_reset != name:
            problem = f"a {mode.kind} mode resumes itself after a reset, not {mode.after_reset}"
            yield Finding("after-reset", f"mode.{name}", problem)
        if mode.kind == "nominal" and resumed.kind == "critical":
            yield Finding("after-reset", f"mode.{name}", "a reset may not begin a critical event")


def _critical(table: Protection) -> Iterator[Finding]:
    """Nothing ends a critical event before it is finished."""
    for name, mode in table.mode.items():
        if mode.kind != "critical" or not mode.finished_when:
            continue
        finished = parse(mode.finished_when)
        for edge in mode.edge:
            over = table.mode[edge.to].kind != "critical"
            if over and not _implies(edge.when, finished, name):
                problem = f"leaves the event although {mode.finished_when!r} need not hold"
                yield Finding("finish-event", f"mode.{name}.edge to {edge.to}", problem)
        for action in mode.entry:
            if is_event_ending(action, table):
                problem = f"{action.command} in the entry sequence ends the event"
                yield Finding("finish-event", f"mode.{name}", problem)
        for _, response, i, tier in tiers(table):
            ends = name in tier.modes and is_event_ending(tier.action, table)
            if ends and not _implies(tier.guard, finished, name):
                problem = f"{tier.action.command} in {name} although it need not be finished"
                yield Finding("finish-event", f"response.{response}.tier {i}", problem)


def _implies(guard: str, conclusion: Node, mode: str) -> bool:
    """Whether a guard is true only where the conclusion is true.

    Unknown operands never make an expression true that some value of theirs would make false, so
    it is enough to leave unknown whatever the guard does not look at; error tells no more.
    """
    premise = parse(guard) if guard else And(())
    names = sorted(monitors_of(premise))
    values = dict.fromkeys(monitors_of(conclusion), STALE)
    for combination in itertools.product((FALSE, TRUE, STALE), repeat=len(names)):
        values |= zip(names, combination, strict=True)
        met = evaluate(premise, values, mode) == TRUE
        if met and evaluate(conclusion, values, mode) != TRUE:
            return False
    return True
