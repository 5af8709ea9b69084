"""The engine once more, written from docs/fault_protection.md and sharing no code with it.

Plain and slow: names for indices, texts of expressions for compiled functions, runs of readings for
tabulated counts, the number of the last step that a mask hides for steps left. What the engine
promises about any table can be compared with it step by step (`as_named`).
"""

import ast
import functools
import math
from dataclasses import dataclass, field
from typing import Any

from onboard.dictionary.protection import Action, Gap, Monitor, Protection, Response, Stale, Tier

FALSE, TRUE, UNKNOWN, ERROR = range(4)
CLEAR, HOLD, TRIP, NO_NEWS, READ_STALE, READ_ERROR = range(6)


@functools.lru_cache(4096)
def _tree(text: str) -> ast.expr:
    return ast.parse(text.strip(), mode="eval").body


def value_of(text: str, values: dict[str, int], mode: str) -> int:
    """The value of an expression: what the known operands decide, else the worst unknown."""
    return _value(_tree(text), values, mode)


def _value(tree: Any, values: dict[str, int], mode: str) -> int:
    match tree:
        case ast.Name(id=name):
            return values[name]
        case ast.UnaryOp(operand=operand):
            inner = _value(operand, values, mode)
            return {FALSE: TRUE, TRUE: FALSE}.get(inner, inner)
        case ast.Call(func=ast.Name(id="mode"), args=names):
            return TRUE if mode in [name.id for name in names] else FALSE
        case ast.Call(args=[count, *operands]):
            wanted = count.value
        case ast.BoolOp(op=op, values=operands):
            wanted = len(operands) if isinstance(op, ast.And) else 1
    parts = [_value(operand, values, mode) for operand in operands]
    if parts.count(TRUE) >= wanted:
        return TRUE
    return FALSE if len(parts) - parts.count(FALSE) < wanted else max(parts)


@dataclass
class Watch:
    """One monitor: its verdict and the runs of readings since the last mask or verdict."""

    verdict: int = UNKNOWN
    trips: int = 0
    clears: int = 0

    def look(self, row: Monitor, reading: int) -> int:
        """Take one reading and answer."""
        behaviour = {READ_STALE: when_stale(row), READ_ERROR: row.when_error}.get(reading, "")
        if behaviour == "stale":
            return UNKNOWN
        if behaviour == "error":
            return ERROR
        if reading == NO_NEWS or behaviour == "hold":
            return self.verdict
        trip = behaviour == "trip" or reading == TRIP
        if reading == HOLD:
            trip = self.verdict == TRUE
        self.trips, self.clears = (self.trips + 1, 0) if trip else (0, self.clears + 1)
        if self.trips == row.persistence or (trip and self.verdict == TRUE):
            self.verdict, self.trips = TRUE, 0
        elif self.clears == row.clear or (not trip and self.verdict == FALSE):
            self.verdict, self.clears = FALSE, 0
        return self.verdict


def when_stale(row: Monitor) -> str:
    """A check of an age has no stale reading of its own."""
    return "trip" if isinstance(row, Stale | Gap) else row.when_stale


@dataclass
class Live:
    """One fault and how far its response is."""

    status: str = "inactive"
    phase: str = "idle"
    tier: int = 0
    tries: int = 0
    timer: int = 0
    spent: set[int] = field(default_factory=set)
    kept: set[str] = field(default_factory=set)


@dataclass
class Model:
    """State of the model; `step` and `reset` return what the engine should do."""

    table: Protection
    mode: str
    now: int = 0
    resets: int = 0

    def __post_init__(self) -> None:
        self.watches = {name: Watch() for name in self.table.monitor}
        self.hidden_until: dict[str, int] = {}
        by_priority = sorted(self.table.fault, key=lambda name: self.table.fault[name].priority)
        self.faults = {name: Live() for name in by_priority}
        self.actions: list[tuple[str, dict[str, Any]]] = []
        self.values: dict[str, int] = {}  # of the monitors, in the last step

    # -- a step

    def step(
        self, readings: dict[str, int], request: str | None, clear: set[str]
    ) -> list[tuple[str, dict[str, Any]]]:
        """One step; `request` is a mode, SAFE or nothing."""
        self.now += 1
        self.actions = []
        values = self.values = self._values(readings)
        claimed = set().union(*(self._held(name) for name in self.faults))
        begun: dict[str, int] = {}
        for name in self.faults:
            self._step_fault(name, values, name in clear, claimed, begun)
        for monitor, last in begun.items():
            self.hidden_until[monitor] = max(last, self.hidden_until.get(monitor, 0))
        self._move(values, request)
        return self.actions

    def _values(self, readings: dict[str, int]) -> dict[str, int]:
        values: dict[str, int] = {}
        waiting = list(self.table.monitor)
        while waiting:
            name = waiting.pop(0)
            row = self.table.monitor[name]
            try:
                valid = value_of(row.valid_when or f"mode({self.mode})", values, self.mode)
            except KeyError:  # looks at one whose turn comes later
                waiting.append(name)
                continue
            values[name] = self._look(name, row, readings[name], valid)
        return values

    def _look(self, name: str, row: Monitor, reading: int, valid: int) -> int:
        hidden = self.hidden_until.get(name, 0) >= self.now
        if valid == FALSE or hidden:
            self.watches[name] = Watch()
            return FALSE if valid == FALSE else UNKNOWN
        return self.watches[name].look(row, reading) if valid == TRUE else UNKNOWN

    def _say(self, event: str, **values: Any) -> None:
        self.actions.append((event, values))

    # -- faults

    def response(self, fault: str) -> Response:
        return self.table.response[self.table.fault[fault].response]

    def _held(self, fault: str) -> set[str]:
        live = self.faults[fault]
        running = self.response(fault).tier[live.tier].claims if live.phase == "running" else []
        return live.kept | set(running)

    def _step_fault(
        self, name: str, values: dict[str, int], clear: bool, claimed: set[str], begun: Any
    ) -> None:
        live, response = self.faults[name], self.response(name)
        value = value_of(self.table.fault[name].when, values, self.mode)
        if live.status == "active" and value == FALSE:
            if not response.latch:
                self._clear(name)
                return
            self._say("FAULT_LATCHED", fault=name)
            live.status, live.tries, live.timer = "latched", 0, 0
            if live.phase in ("inhibited", "blocked"):
                live.phase = "seeking"
            if live.phase == "running":
                live.phase = "succeeded"
        elif live.status == "latched" and value == FALSE:
            when = response.clear_when
            if clear or (when and value_of(when, values, self.mode) == TRUE):
                self._clear(name)
        elif live.status == "active" or value == TRUE:
            if live.status != "active":
                self._say("FAULT_ACTIVE", fault=name)
                live.status = "active"
                live.phase = live.phase if live.phase == "holding" else "seeking"
            self._respond(name, values, claimed, begun)

    def _clear(self, name: str) -> None:
        self._say("FAULT_CLEARED", fault=name)
        self.faults[name] = Live()

    def _respond(
        self, name: str, values: dict[str, int], claimed: set[str], begun: dict[str, int]
    ) -> None:
        live, tiers = self.faults[name], self.response(name).tier
        tier = tiers[live.tier]
        worked = value_of(tier.success or f"not ({self.table.fault[name].when})", values, self.mode)
        if live.phase == "running" and worked == TRUE:
            self._say("RESPONSE_SUCCEEDED", fault=name, tier=live.tier + 1)
            live.phase, live.tries, live.timer = "succeeded", 0, 0
        elif live.phase == "running" and live.timer > 1:
            live.timer -= 1
        elif live.phase == "running" and live.tries < tier.tries:
            if self._allowed(tier, values):
                self._attempt(name, live.tier, begun)
            else:
                live.phase, live.tries, live.timer = "seeking", 0, 0
        elif live.phase == "running" or (live.phase == "succeeded" and worked == FALSE):
            self._fail(name)
        elif live.phase in ("seeking", "inhibited", "blocked"):
            self._seek(name, values, claimed, begun)

    def _fail(self, name: str) -> None:
        live = self.faults[name]
        last = live.tier + 1 == len(self.response(name).tier)
        event = "RESPONSE_HOLDING" if last else "RESPONSE_TIER_SPENT"
        self._say(event, fault=name, tier=live.tier + 1)
        if not last:
            live.spent.add(live.tier)
        live.phase, live.tries, live.timer = "holding" if last else "seeking", 0, 0

    def _seek(
        self, name: str, values: dict[str, int], claimed: set[str], begun: dict[str, int]
    ) -> None:
        live, phase = self.faults[name], "inhibited"
        for number, tier in enumerate(self.response(name).tier):
            if number in live.spent or not self._allowed(tier, values):
                continue
            if not (set(tier.claims) - live.kept) & claimed:
                claimed |= set(tier.claims)
                live.tries = 0
                self._attempt(name, number, begun)
                return
            phase = "blocked"
            break
        if live.phase != phase:
            self._say(f"RESPONSE_{phase.upper()}", fault=name)
            live.phase = phase

    def _allowed(self, tier: Tier, values: dict[str, int]) -> bool:
        row = self.table.mode[self.mode]
        if self.mode not in tier.modes:
            return False
        if tier.guard and value_of(tier.guard, values, self.mode) != TRUE:
            return False
        ends = any(_is(tier.action, pattern) for pattern in self.table.globals.event_ending)
        unfinished = row.policy == "finish" and not self._true(row.finished_when, values)
        return not (ends and unfinished)

    def _attempt(self, name: str, number: int, begun: dict[str, int]) -> None:
        live, tier = self.faults[name], self.response(name).tier[number]
        live.phase, live.tier, live.tries = "running", number, live.tries + 1
        live.timer = self._steps(tier.timeout_s)
        live.kept |= set(tier.keeps)
        self._say("RESPONSE_TIER", fault=name, tier=number + 1, attempt=live.tries)
        self._command(tier.action, "protection")
        for mask in tier.masks:
            last = self.now + self._steps(mask.for_s)
            begun[mask.monitor] = max(last, begun.get(mask.monitor, 0))

    def _steps(self, seconds: float) -> int:
        return max(1, math.ceil(round(seconds * self.table.globals.step_hz, 6)))

    def _command(self, action: Action, source: str) -> None:
        self.actions.append((action.command, {**action.arguments, "source": source}))

    # -- modes

    def _move(self, values: dict[str, int], request: str | None) -> None:
        row = self.table.mode[self.mode]
        held = self._led_here() or not self._true(row.exit_guard, values)
        target = (row.fallback or self.mode) if request == "SAFE" else request
        if target not in (None, self.mode):
            edges = [e for e in row.edge if e.command and e.to == target]
            if target == row.fallback:
                granted = row.policy != "finish" or self._true(row.finished_when, values)
            else:
                granted = not held and any(self._true(e.when, values) for e in edges)
            if granted:
                self._enter(str(target))
                return
            self._say("MODE_REFUSED", before=self.mode, mode=target)
        for edge in row.edge:
            if not edge.command and not held and self._true(edge.when, values):
                self._enter(edge.to)
                return

    def _true(self, text: str, values: dict[str, int]) -> bool:
        return not text or value_of(text, values, self.mode) == TRUE

    def _led_here(self) -> bool:
        """Whether a live fault has a response that leads into the present mode."""
        return any(
            self.leads(tier.action, origin)
            for name, live in self.faults.items()
            if live.status != "inactive"
            for tier in self.response(name).tier
            for origin in self.table.mode
        )

    def leads(self, action: Action, origin: str) -> bool:
        """Whether an action leads from another mode into the present one."""
        if origin == self.mode:
            return False
        if action.command == "SAFE":
            return self.table.mode[origin].fallback == self.mode
        return action.command == "MODE_SET" and action.arguments["mode"] == self.mode

    def _enter(self, mode: str) -> None:
        self._say("MODE_CHANGED", before=self.mode, mode=mode)
        self.mode = mode
        for action in self.table.mode[mode].entry:
            self._command(action, "modes")

    # -- restarts

    def reset(self, within_window: bool) -> list[tuple[str, dict[str, Any]]]:
        """The computer restarts: monitors begin anew, faults survive if so declared."""
        self.actions = []
        budget = self.table.globals.reset_budget.count
        self.resets = min(self.resets + 1, budget + 1) if within_window else 1
        over = self.resets > budget
        row = self.table.mode[self.mode]
        falls = over and row.policy != "finish"
        self.mode = (row.fallback or self.mode) if falls else row.after_reset
        event = "RESET_BUDGET_SPENT" if over else "COMPUTER_RESET"
        self._say(event, resets=self.resets, mode=self.mode)
        for action in self.table.mode[self.mode].entry:
            self._command(action, "modes")
        self.watches = {name: Watch() for name in self.table.monitor}
        self.hidden_until = {}
        for name, live in self.faults.items():
            if not self.response(name).survives_reset:
                self.faults[name] = Live()
            live.tries = live.timer = 0
            live.phase = "seeking" if live.phase == "running" else live.phase
        return self.actions


def _is(action: Action, pattern: Action) -> bool:
    return action.command == pattern.command and all(
        action.arguments.get(name) == value for name, value in pattern.arguments.items()
    )
