"""Checks of a dictionary as a whole: names resolve, identifiers are unique, a tick can hold it."""

from __future__ import annotations

import math
import zlib
from collections.abc import Iterator, Mapping
from typing import Any

from onboard.dictionary.loader import Dictionary, Problem
from onboard.dictionary.models import Argument, Hazard, shown, suffix_problem
from onboard.executive.schedule import MAJOR_FRAME_TICKS, TICK_US

MODE_SECTION = "modes.toml"


def check(dictionary: Dictionary) -> list[Problem]:
    """Every mistake that no single field shows."""
    return [
        *_identifiers(dictionary),
        *_units(dictionary),
        *_commands(dictionary),
        *_packets(dictionary),
        *_sequences(dictionary),
        *_schedule(dictionary),
        *_protection(dictionary),
    ]


def identifier(name: str) -> int:
    """The 32-bit identifier of a channel or parameter: CRC-32 of its name, the same everywhere."""
    return zlib.crc32(name.encode())


def _identifiers(d: Dictionary) -> Iterator[Problem]:
    numbered: list[tuple[str, str, Mapping[str, int]]] = [
        ("commands", "opcode", {n: c.opcode for n, c in d.commands.items()}),
        ("events", "id", {n: e.id for n, e in d.events.items()}),
        ("packets", "apid", {n: p.apid for n, p in d.packets.items()}),
        ("channels", "identifier", {n: identifier(n) for n in d.channels}),
        ("parameters", "identifier", {n: identifier(n) for n in d.parameters}),
    ]
    for section, field, numbers in numbered:
        owners: dict[int, str] = {}
        for name, number in numbers.items():
            owner = owners.setdefault(number, name)
            if owner != name:
                yield Problem(
                    d.files[section, name],
                    f"{section}.{name}.{field}",
                    number,
                    f"already that of {owner}; allowed one owner each",
                )


def _units(d: Dictionary) -> Iterator[Problem]:
    quantities = [("parameters", n, p) for n, p in d.parameters.items()]
    quantities += [("channels", n, c) for n, c in d.channels.items()]  # type: ignore[misc]
    for section, name, quantity in quantities:
        if why := suffix_problem(name, quantity.unit):
            field = f"{section}.{name}.unit"
            yield Problem(d.files[section, name], field, quantity.unit, why)


def _commands(d: Dictionary) -> Iterator[Problem]:
    modes = mode_names(d)
    for name, command in d.commands.items():
        file, field = d.files["commands", name], f"commands.{name}"
        for mode in command.modes or ():
            if modes is not None and mode not in modes:
                yield _unknown(file, f"{field}.modes", mode, modes)
        if command.hazard is Hazard.ARM_AND_FIRE and command.armed_by not in d.commands:
            yield _unknown(file, f"{field}.armed_by", command.armed_by, d.commands)
        elif command.armed_by and not _arms_one(d, command.armed_by):
            allowed = "allowed a command that arms nothing else, or has an argument `command`"
            yield Problem(file, f"{field}.armed_by", command.armed_by, allowed)
        for argument in command.arguments:
            if why := suffix_problem(argument.name, argument.unit):
                where = f"{field}.arguments.{argument.name}.unit"
                yield Problem(file, where, argument.unit, why)


def _arms_one(d: Dictionary, name: str) -> bool:
    """Whether it is clear what an arming command arms."""
    targets = [n for n, c in d.commands.items() if c.armed_by == name]
    return len(targets) == 1 or any(a.name == "command" for a in d.commands[name].arguments)


def _packets(d: Dictionary) -> Iterator[Problem]:
    for name, packet in d.packets.items():
        for channel in packet.channels:
            if channel not in d.channels:
                file = d.files["packets", name]
                yield _unknown(file, f"packets.{name}.channels", channel, d.channels)


def _sequences(d: Dictionary) -> Iterator[Problem]:
    for name, sequence in d.sequences.items():
        for i, step in enumerate(sequence.steps):
            file, field = d.files["sequences", name], f"sequences.{name}.steps.{i}"
            yield from _call(d, file, field, step.command, step.arguments)


def _call(
    d: Dictionary, file: str, field: str, command: str, arguments: Mapping[str, object]
) -> Iterator[Problem]:
    """A command with its arguments as another section writes it."""
    if command not in d.commands:
        yield _unknown(file, f"{field}.command", command, d.commands)
        return
    declared = {a.name: a for a in d.commands[command].arguments}
    for name in declared.keys() ^ arguments.keys():
        yield _unknown(file, f"{field}.arguments", name, declared, command)
    for name in declared.keys() & arguments.keys():
        if why := argument_problem(d, declared[name], arguments[name]):
            yield Problem(file, f"{field}.arguments.{name}", arguments[name], why)


def argument_problem(d: Dictionary, argument: Argument, value: object) -> str | None:
    """Why a value is not allowed for a command's argument, None if it is."""
    if argument.type != "text":
        return argument.quantity().problem(value)
    if not isinstance(value, str):
        return f"{shown(value)} is not a text"
    allowed = argument.choices or names_of(d, argument.names_of)
    if allowed is not None and value not in allowed:
        return f"{shown(value)} is unknown; allowed {' '.join(allowed)}"
    return None


def names_of(d: Dictionary, section: str | None) -> tuple[str, ...] | None:
    """Names that an argument may take from a section, None if any text will do."""
    if section == "modes":
        modes = mode_names(d)
        return None if modes is None else tuple(modes)
    return None if section is None else tuple(getattr(d, section))


def mode_names(d: Dictionary) -> Mapping[str, Any] | None:
    """The vehicle's modes, None if it has no table of modes."""
    return None if d.protection is None else d.protection.mode


def _schedule(d: Dictionary) -> Iterator[Problem]:
    members = d.schedule.members
    for name, member in members.items():
        for target in d.schedule.targets:
            cost = member.cost_us.get(target, math.inf)
            if cost > member.budget_us:
                field = f"members.{name}.cost_us.{target}"
                shown = None if math.isinf(cost) else cost
                yield Problem("schedule.toml", field, shown, f"allowed 0..{member.budget_us:g}")
        for target in member.cost_us.keys() - set(d.schedule.targets):
            yield _unknown(
                "schedule.toml",
                f"members.{name}.cost_us",
                target,
                dict.fromkeys(d.schedule.targets),
            )
    for frame in range(MAJOR_FRAME_TICKS):
        due = [m for m in members.values() if frame % (100 // m.rate_hz) == m.offset]
        if (total := sum(m.budget_us for m in due)) > TICK_US:
            allowed = f"the budgets of minor frame {frame} together allow 0..{TICK_US:g} us"
            yield Problem("schedule.toml", "members.budget_us", total, allowed)
            return


def _protection(d: Dictionary) -> Iterator[Problem]:
    """Names that faults and modes take from the other sections."""
    if d.protection is None:
        return
    for name, monitor in d.protection.monitor.items():
        for field in ("channel", "other"):
            channel = getattr(monitor, field, None)
            if channel is not None and channel not in d.channels:
                yield _unknown("faults.toml", f"monitor.{name}.{field}", channel, d.channels)
    for name, response in d.protection.response.items():
        for i, tier in enumerate(response.tier):
            field = f"response.{name}.tier.{i}.action"
            action = tier.action
            yield from _call(d, "faults.toml", field, action.command, action.arguments)
    for name, mode in d.protection.mode.items():
        for i, action in enumerate(mode.entry):
            field = f"mode.{name}.entry.{i}"
            yield from _call(d, MODE_SECTION, field, action.command, action.arguments)
    for field, pattern in _patterns(d.protection.globals):
        if pattern.command not in d.commands:
            yield _unknown("faults.toml", f"{field}.command", pattern.command, d.commands)
            continue
        declared = {a.name: a for a in d.commands[pattern.command].arguments}
        for name in pattern.arguments.keys() - declared.keys():
            yield _unknown("faults.toml", f"{field}.arguments", name, declared, pattern.command)


def _patterns(table: Any) -> Iterator[tuple[str, Any]]:
    """Commands, with some of their arguments, that fault protection's global section speaks of."""
    for i, pattern in enumerate(table.event_ending):
        yield f"global.event_ending.{i}", pattern
    for i, group in enumerate(table.never_together):
        for j, pattern in enumerate(group):
            yield f"global.never_together.{i}.{j}", pattern


def _unknown(
    file: str, field: str, name: object, known: Mapping[str, Any], command: str = ""
) -> Problem:
    of = f" argument of {command}" if command else ""
    allowed = " ".join(known) or "none"
    return Problem(file, field, name, f"unknown or missing{of}; allowed {allowed}")
