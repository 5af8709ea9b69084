"""The table of a vehicle as bytes for the C engine: what boards carry, and the desk's proof walks.

The layout is that of `native/core/include/onboard/fault_table.h`. Expressions become postfix code
that knows the mode by itself, so there is one program for all modes. What is compiled already
(counts, order, indices) comes from `table.compile_table`.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from onboard.core._core import ffi, lib
from onboard.dictionary import protection as rows
from onboard.fault_protection.actions import Command
from onboard.fault_protection.expression import (
    And,
    AtLeast,
    Mode,
    Monitor,
    Node,
    Not,
    Or,
    parse,
)
from onboard.fault_protection.table import (
    Table,
    channels_of,
    compile_table,
    is_event_ending,
    nanoseconds,
    targets,
)

CHECKS = {
    "limits": lib.OB_FAULT_CHECK_LIMITS,
    "within": lib.OB_FAULT_CHECK_WITHIN,
    "expected": lib.OB_FAULT_CHECK_EXPECTED,
    "delta": lib.OB_FAULT_CHECK_DELTA,
    "rate": lib.OB_FAULT_CHECK_RATE,
    "stuck": lib.OB_FAULT_CHECK_STUCK,
    "stale": lib.OB_FAULT_CHECK_STALE,
    "gap": lib.OB_FAULT_CHECK_GAP,
    "consistency": lib.OB_FAULT_CHECK_CONSISTENCY,
}
BEHAVIOURS = {
    "trip": lib.OB_FAULT_AS_TRIP,
    "clear": lib.OB_FAULT_AS_CLEAR,
    "hold": lib.OB_FAULT_HOLDS,
    "stale": lib.OB_FAULT_AS_UNKNOWN,
    "error": lib.OB_FAULT_AS_UNKNOWN,
}
KINDS = ("nominal", "critical", "safe", "terminal")
INFINITY = float("inf")
Code = tuple[int, int]  # first word and count
ALWAYS: Code = (0, 0)


@dataclass(frozen=True)
class Image:
    """A table for the C engine: its bytes, and the commands that actions name by index."""

    data: bytes
    commands: tuple[Command, ...]


def image_of(protection: rows.Protection, longest: int | None = None) -> Image:
    """The image of a table; a `TableError` says which bound of the C engine it exceeds."""
    try:
        return _Writer(protection, compile_table(protection, longest)).image()
    except OverflowError as problem:
        raise rows.TableError(f"table: a number is too large for an image: {problem}") from None


class _Writer:
    def __init__(self, protection: rows.Protection, table: Table) -> None:
        self.rows = protection
        self.table = table
        self.monitor_index = {name: i for i, name in enumerate(table.monitors)}
        self.mode_bit = {name: 1 << i for i, name in enumerate(table.mode_names)}
        self.channels = {name: i for i, name in enumerate(channels_of(protection))}
        self.words: list[int] = []
        self.programs: dict[tuple[int, ...], Code] = {(): ALWAYS}
        self.commands: dict[str, tuple[int, Command]] = {}  # by what they are written as
        self.tiers: list[bytes] = []
        self.masks: list[bytes] = []
        self.edges: list[bytes] = []
        self.entries: list[bytes] = []

    def image(self) -> Image:
        rules = [self.rule(i) for i in range(len(self.table.monitors))]
        checks = [self.check(name) for name in self.table.monitors]
        faults = [self.fault(k) for k in range(len(self.table.fault_names))]
        modes = [self.mode(i) for i in range(len(self.table.mode_names))]
        issued = tuple(command for _, command in self.commands.values())
        commands = [self.command(command) for command in issued]
        words = [word.to_bytes(4, "little") for word in self.words]
        sections = {
            "monitors": [a + b for a, b in zip(rules, checks, strict=True)],
            "faults": faults,
            "tiers": self.tiers,
            "masks": self.masks,
            "modes": modes,
            "edges": self.edges,
            "entries": self.entries,
            "commands": commands,
            "code": words,
        }
        counts = {name: len(part) for name, part in sections.items()}
        counts["channels"] = len(self.channels)
        self.bounded(counts)
        parts = [rules, checks, faults, self.tiers, self.masks, modes]
        parts += [self.edges, self.entries, commands, words]
        body = b"".join(row for part in parts for row in part)
        return Image(self.header(counts, body) + body, issued)

    def header(self, counts: dict[str, int], body: bytes) -> bytes:
        """The header of the sections in `body`."""
        header = ffi.new("ob_fault_header *", counts)
        header.magic, header.version = lib.OB_FAULT_MAGIC, lib.OB_FAULT_VERSION
        header.size = ffi.sizeof("ob_fault_header") + len(body)
        header.reset_window_ns = nanoseconds(self.table.reset_window_s)
        header.initial_mode, header.step_hz = self.table.initial_mode, self.table.step_hz
        header.reset_count = self.table.reset_count
        behind_crc = ffi.offsetof("ob_fault_header", "crc") + 4
        header.crc = zlib.crc32(bytes(ffi.buffer(header))[behind_crc:] + body)
        return bytes(ffi.buffer(header))

    def bounded(self, counts: dict[str, int]) -> None:
        """Refuse a table that is too large for the C engine."""
        most = {
            "monitors": lib.OB_FAULT_MONITORS,
            "channels": lib.OB_FAULT_CHANNELS,
            "faults": lib.OB_FAULT_FAULTS,
            "modes": lib.OB_FAULT_MODES,
        }
        for name, count in counts.items():
            if count > (bound := most.get(name, lib.OB_FAULT_ROWS)):
                raise rows.TableError(f"table: {count} {name}: at most {bound} fit an image")

    # -- expressions

    def code(self, text: str) -> Code:
        return self.program(parse(text)) if text else ALWAYS

    def program(self, node: Node) -> Code:
        """Where the words of an expression stand; equal expressions share them."""
        words = tuple(self.postfix(node))
        if _depth(words) > lib.OB_FAULT_STACK:
            raise rows.TableError(
                f"table: an expression with more than {lib.OB_FAULT_STACK} operands at a time"
            )
        if words not in self.programs:
            self.programs[words] = (len(self.words), len(words))
            self.words += words
            self.bounded({"code": len(self.words)})
        return self.programs[words]

    def postfix(self, node: Node) -> Iterable[int]:
        match node:
            case Monitor(name):
                return [_word(lib.OB_FAULT_OP_MONITOR, self.monitor_index[name])]
            case Mode(names):
                return [_word(lib.OB_FAULT_OP_IN_MODE, self.modes(names))]
            case Not(operand):
                return [*self.postfix(operand), _word(lib.OB_FAULT_OP_NOT, 0)]
            case And(operands):
                return self.vote(len(operands), operands)
            case Or(operands):
                return self.vote(1, operands)
            case AtLeast(count, operands):
                return self.vote(count, operands)

    def vote(self, count: int, operands: tuple[Node, ...]) -> Iterable[int]:
        words = [word for operand in operands for word in self.postfix(operand)]
        if len(operands) < 2:
            return words
        return [*words, _word(lib.OB_FAULT_OP_VOTE, count << 12 | len(operands))]

    def modes(self, names: Iterable[str]) -> int:
        return sum({self.mode_bit[name] for name in names})

    # -- rows

    def rule(self, i: int) -> bytes:
        rule = self.table.rules[i]
        return _row(
            "ob_fault_rule",
            persistence=rule.persistence,
            clear=rule.clear,
            when_stale=BEHAVIOURS[rule.when_stale],
            when_error=BEHAVIOURS[rule.when_error],
            valid_when=self.code(self.rows.monitor[self.table.monitors[i]].valid_when),
        )

    def check(self, name: str) -> bytes:
        row = self.rows.monitor[name]
        channel = self.channels[row.channel]
        numbers = {"channel": channel, "other": channel, "kind": CHECKS[row.check]}
        if not isinstance(row, rows.Stale | rows.Gap):
            numbers["stale_ns"] = nanoseconds(row.stale_after_s)
        if isinstance(row, rows.Consistency):
            numbers["other"] = self.channels[row.other]
        return _row("ob_fault_check", **numbers, **_limits(row))

    def fault(self, k: int) -> bytes:
        name = self.table.fault_names[k]
        row = self.rows.fault[name]
        response = self.rows.response[row.response]
        if len(response.tier) > lib.OB_FAULT_TIERS:
            raise rows.TableError(
                f"table: response.{row.response}: {len(response.tier)} tiers: "
                f"at most {lib.OB_FAULT_TIERS} fit an image"
            )
        first = len(self.tiers)
        for number in range(len(response.tier)):
            self.tiers.append(self.tier(k, number))
        clear_when = self.code(response.clear_when) if response.clear_when else self.never()
        return _row(
            "ob_fault_fault",
            when=self.code(row.when),
            clear_when=clear_when,
            first_tier=first,
            tiers=len(response.tier),
            latch=response.latch,
            survives_reset=response.survives_reset,
        )

    def never(self) -> Code:
        return self.program(And((Mode(()),)))

    def tier(self, k: int, number: int) -> bytes:
        """A tier; what does not depend on the mode is taken from the compiled table."""
        row = self.rows.fault[self.table.fault_names[k]]
        tier = self.rows.response[row.response].tier[number]
        compiled = self.table.faults[0][k].tiers[number]
        success = parse(tier.success) if tier.success else Not(parse(row.when))
        first = len(self.masks)
        self.masks += [_row("ob_fault_mask", monitor=m, steps=n) for m, n in compiled.masks]
        return _row(
            "ob_fault_tier",
            allowed=self.program(self.allowed(tier)),
            success=self.program(success),
            timeout=compiled.timeout,
            claims=compiled.claims,
            keeps=compiled.keeps,
            command=self.command_index(compiled.command),
            first_mask=first,
            masks=len(compiled.masks),
            tries=compiled.tries,
        )

    def allowed(self, tier: rows.Tier) -> Node:
        """The modes and guard of a tier, and the policies of the critical modes."""
        guards: list[Node] = [Mode(tuple(tier.modes))]
        if tier.guard:
            guards.append(parse(tier.guard))
        for name, mode in self.rows.mode.items():
            if (
                name in tier.modes
                and mode.policy == "finish"
                and mode.finished_when
                and is_event_ending(tier.action, self.rows)
            ):
                guards.append(Or((Not(Mode((name,))), parse(mode.finished_when))))
        return And(tuple(guards))

    def mode(self, index: int) -> bytes:
        row = self.rows.mode[self.table.mode_names[index]]
        mode = self.table.graph[index]
        if len(mode.entry) > lib.OB_FAULT_ENTRIES:
            raise rows.TableError(
                f"table: mode.{mode.name}: {len(mode.entry)} entry commands: "
                f"at most {lib.OB_FAULT_ENTRIES} fit an image"
            )
        first_edge, first_entry = len(self.edges), len(self.entries)
        for edge, compiled in zip(row.edge, mode.edges, strict=True):
            when = self.code(edge.when)
            self.edges.append(
                _row("ob_fault_edge", when=when, target=compiled.target, by_command=edge.command)
            )
        self.entries += [self.command_index(c).to_bytes(2, "little") for c in mode.entry]
        return _row(
            "ob_fault_mode",
            led_by=mode.led_by,
            exit_guard=self.code(row.exit_guard),
            finished_when=self.code(row.finished_when),
            first_edge=first_edge,
            first_entry=first_entry,
            edges=len(row.edge),
            entries=len(mode.entry),
            fallback=mode.fallback,
            after_reset=mode.after_reset,
            kind=KINDS.index(row.kind),
            finishes=mode.finishes,
        )

    def command_index(self, command: Command) -> int:
        return self.commands.setdefault(repr(command), (len(self.commands), command))[0]

    def command(self, command: Command) -> bytes:
        """What the mode manager will be asked by it."""
        request = lib.OB_FAULT_NO_REQUEST
        action = rows.Action(command=command.name, arguments=dict(command.arguments))
        if command.name == "SAFE":
            request = lib.OB_FAULT_REQUEST_SAFE
        elif target := targets(action, next(iter(self.rows.mode.values()))):
            request = self.table.mode_names.index(target)
        return _row("ob_fault_command", request=request)


def _limits(row: rows.Monitor) -> dict[str, float]:
    """The numbers of a check, by the fields of `ob_fault_check`."""
    match row:
        case rows.Limits() | rows.Within():
            return {
                "enter_low": -INFINITY if row.enter.low is None else row.enter.low,
                "enter_high": INFINITY if row.enter.high is None else row.enter.high,
                "exit_low": -INFINITY if row.exit.low is None else row.exit.low,
                "exit_high": INFINITY if row.exit.high is None else row.exit.high,
            }
        case rows.Expected():
            return {"enter_high": row.value}
        case rows.Stuck():
            return {"enter_high": row.tolerance}
        case rows.Stale() | rows.Gap():
            return {
                "enter_high": float(nanoseconds(row.enter_s)),
                "exit_high": float(nanoseconds(row.exit_s)),
            }
        case rows.Consistency():
            pair = {"scale": row.scale, "offset": row.offset}
            return {"enter_high": row.enter, "exit_high": row.exit, **pair}
        case _:
            return {"enter_high": row.enter, "exit_high": row.exit}


def _word(operation: int, operand: int) -> int:
    return operation << 24 | operand


def _depth(words: Iterable[int]) -> int:
    """The most values that wait on the stack at a time."""
    depth = most = 0
    for word in words:
        if word >> 24 == lib.OB_FAULT_OP_VOTE:
            depth -= (word & 0xFFF) - 1
        elif word >> 24 != lib.OB_FAULT_OP_NOT:
            depth += 1
        most = max(most, depth)
    return most


def _row(type_name: str, **fields: Any) -> bytes:
    return bytes(ffi.buffer(ffi.new(f"{type_name} *", fields)))
