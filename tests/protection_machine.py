"""Rule-based drivers of the engine beside its model, and what must hold after every step.

`Bench` steps both and compares; it knows nothing of how inputs are chosen. `Graph` chooses them
with the table in hand: causes that raise a fault last as long as persistence, clear counts,
timeouts and masks make interesting, edges are taken by their conditions, tiers are inhibited while
they are wanted. `Uniform` draws every reading and request from all there are, every step.
"""

import itertools
from collections.abc import Iterable
from random import Random
from typing import Any, ClassVar

import protection_model as model
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule
from protection_model import CLEAR, HOLD, NO_NEWS, READ_ERROR, READ_STALE, TRIP, Model

from onboard.dictionary.protection import Protection
from onboard.fault_protection import responses as resp
from onboard.fault_protection.actions import Action, Command
from onboard.fault_protection.engine import Engine, State
from onboard.fault_protection.expression import monitors_of, parse
from onboard.fault_protection.monitors import CLEARED, TRIPPED, UNKNOWN, states
from onboard.fault_protection.table import compile_table
from onboard.modes.graph import NO_REQUEST, SAFE_REQUEST


class Bench:
    """An engine and its model, stepped together."""

    def __init__(self, table: Protection, mode: str | None = None) -> None:
        self.table = table
        self.engine = Engine(compile_table(table))
        self.compiled = self.engine.table
        self.positions = [states(rule) for rule in self.compiled.rules]
        self.model = Model(table, mode or table.globals.initial_mode)
        start = None if mode is None else self.compiled.mode_names.index(mode)
        self.state = self.engine.initial(start)
        self.asked: str | None = None  # by the engine's own commands
        self.compare()

    def step(
        self, readings: dict[str, int], request: str | None = None, clear: Iterable[str] = ()
    ) -> None:
        """One step. A request of the engine's own goes before the ground's, as SAFE would."""
        request, self.asked = self.asked or request, None
        names = self.compiled.mode_names
        number = {None: NO_REQUEST, "SAFE": SAFE_REQUEST} | {n: i for i, n in enumerate(names)}
        bits = sum(1 << self.compiled.fault_names.index(name) for name in clear)
        row = [readings[name] for name in self.compiled.monitors]
        before, given = self.state, tuple(row)
        self.state, actions = self.engine.step(before, row, number[request], bits)
        told = self.model.step(readings, request, set(clear))
        assert [_plain(action) for action in actions] == told
        values = [self.model.values[name] for name in self.compiled.monitors]
        assert self.engine.values(before, row) == values
        assert tuple(row) == given, "readings are the caller's"
        self.compare()
        self.promises(before)
        self.asked = self._own_request(actions)

    def reset(self, within_window: bool) -> None:
        self.state, actions = self.engine.reset(self.state, within_window)
        assert [_plain(action) for action in actions] == self.model.reset(within_window)
        self.asked = None
        self.compare()

    def _own_request(self, actions: Iterable[Action]) -> str | None:
        asked = None
        for action in actions:
            if isinstance(action, Command) and action.name == "SAFE":
                return "SAFE"
            if isinstance(action, Command) and action.name == "MODE_SET":
                asked = str(dict(action.arguments)["mode"])
        return asked

    def compare(self) -> None:
        """The engine is where its model is."""
        assert self.compiled.mode_names[self.state.mode] == self.model.mode
        assert self.state.resets == self.model.resets
        hidden = {self.compiled.monitors[m]: self.model.now + n for m, n in self.state.masks}
        now = self.model.now
        assert hidden == {m: at for m, at in self.model.hidden_until.items() if at > now}
        for name, every, at in zip(
            self.compiled.monitors, self.positions, self.state.monitors, strict=True
        ):
            watch, found = self.model.watches[name], every[at]
            assert _VERDICTS[watch.verdict] == found.verdict, name
            assert watch.trips - watch.clears == found.counted, name
        for (name, wanted), fault in zip(self.model.faults.items(), self.state.faults, strict=True):
            assert _named(fault, self.table.globals.resources) == vars(wanted), name

    def promises(self, before: State) -> None:
        """Of any table: one holder, no tier unspent again, severity and the ways between modes."""
        held = 0
        rows = self.compiled.faults[self.state.mode]
        for row, old, new in zip(rows, before.faults, self.state.faults, strict=True):
            claims = resp.claims_of(row, new)
            assert not held & claims, "a resource has one holder"
            held |= claims
            assert not new.spent >> (len(row.tiers) - 1), "the last tier is never spent"
            if new.status:
                assert not old.spent & ~new.spent, "no tier becomes unspent"
            if new.phase == resp.INHIBITED and old.phase != resp.RUNNING:
                assert new.spent == old.spent, "an inhibited tier is not spent"
        if self.state.mode != before.mode:
            kind = self.table.mode[self.compiled.mode_names[before.mode]].kind
            live = sum(1 << k for k, fault in enumerate(self.state.faults) if fault.status)
            led = self.compiled.graph[before.mode].led_by & live
            assert not (kind == "safe" and led), "safe mode was left with a live cause"


_VERDICTS = {model.UNKNOWN: UNKNOWN, model.FALSE: CLEARED, model.TRUE: TRIPPED}


def _plain(action: Action) -> tuple[str, dict[str, Any]]:
    if isinstance(action, Command):
        return action.name, {**dict(action.arguments), "source": action.source}
    return action.name, dict(action.values)


def _named(fault: resp.FaultState, resources: list[str]) -> dict[str, Any]:
    return {
        "status": resp.STATUS_NAMES[fault.status],
        "phase": resp.PHASE_NAMES[fault.phase],
        "tier": fault.tier,
        "tries": fault.tries,
        "timer": fault.timer,
        "spent": {k for k in range(fault.spent.bit_length()) if fault.spent >> k & 1},
        "kept": {name for i, name in enumerate(resources) if fault.kept >> i & 1},
    }


READINGS = (CLEAR, HOLD, TRIP, NO_NEWS, READ_STALE, READ_ERROR)
LONGEST = 40  # steps that one rule holds its readings


def solutions(text: str, mode: str, wanted: int) -> list[dict[str, int]]:
    """Readings of an expression's monitors, trip or clear, with which it has the wanted value."""
    names = sorted(monitors_of(parse(text)))
    found = []
    for readings in itertools.product((CLEAR, TRIP), repeat=len(names)):
        values = {n: int(r == TRIP) for n, r in zip(names, readings, strict=True)}
        if model.value_of(text, values, mode) == wanted:
            found.append(dict(zip(names, readings, strict=True)))
    return found


class _Machine(RuleBasedStateMachine):
    """What both drivers begin with: a table in one of its modes, everything clear."""

    tables: ClassVar[st.SearchStrategy[Protection]]

    @initialize(data=st.data())
    def begin(self, data: st.DataObject) -> None:
        table = data.draw(self.tables)
        self.table = table
        self.bench = Bench(table, data.draw(st.sampled_from(sorted(table.mode))))
        self.readings = dict.fromkeys(table.monitor, CLEAR)
        self.requests = st.sampled_from(["SAFE", *sorted(table.mode)])


class Uniform(_Machine):
    """Every input drawn from all there are, at every step."""

    @rule(seed=st.integers(0, 2**32))
    def steps(self, seed: int) -> None:
        random = Random(seed)
        requests = [None, "SAFE", *sorted(self.table.mode)]
        for _ in range(6):
            drawn = {name: random.choice(READINGS) for name in self.readings}
            clear = [name for name in self.table.fault if random.random() < 0.5]
            self.bench.step(drawn, random.choice(requests), clear)
            if random.random() < 0.05:
                self.bench.reset(random.random() < 0.5)


class Graph(_Machine):
    """Inputs that the table gives a meaning to, held as long as its counts make a difference."""

    def hold(self, data: st.DataObject, request: str | None = None, clear: Any = ()) -> None:
        """Step with the present readings; request and clear come with the first step."""
        for n in range(data.draw(self.durations(), label="steps")):
            self.bench.step(self.readings, None if n else request, () if n else clear)

    def durations(self) -> st.SearchStrategy[int]:
        """Around the counts of this table, of one step more often."""
        table, hz = self.table, self.table.globals.step_hz
        counts = {n for row in table.monitor.values() for n in (row.persistence, row.clear)}
        tiers = [tier for row in table.response.values() for tier in row.tier]
        counts |= {round(tier.timeout_s * hz) for tier in tiers}
        counts |= {round(mask.for_s * hz) for tier in tiers for mask in tier.masks}
        around = {n + more for n in counts for more in (-1, 0, 1, 2) if n + more <= LONGEST}
        return st.sampled_from(sorted({1} | around - {0, -1}))

    def texts(self, aspect: str) -> list[str]:
        """Expressions that matter now: of faults, of responses to live ones, of the mode."""
        row = self.table.mode[self.bench.model.mode]
        if aspect == "edge":
            return [e.when for e in row.edge] + [row.exit_guard, row.finished_when]
        if aspect == "when":
            return [f.when for f in self.table.fault.values()]
        live = [n for n, f in self.bench.model.faults.items() if f.status != "inactive"]
        responses = [self.bench.model.response(name) for name in live]
        if aspect == "clear_when":
            return [response.clear_when for response in responses]
        return [getattr(tier, aspect) for response in responses for tier in response.tier]

    @rule(data=st.data(), aspect=st.sampled_from(["when", "when", "success", "guard", "edge"]))
    def bring_about(self, data: st.DataObject, aspect: str) -> None:
        """Make an expression true or false, or two at once, and leave it so for a while."""
        texts = [text for text in self.texts(aspect) if text]
        for _ in range(data.draw(st.sampled_from([1, 2])) if texts else 0):
            text = data.draw(st.sampled_from(texts))
            wanted = data.draw(st.sampled_from([model.TRUE, model.TRUE, model.FALSE]))
            if ways := solutions(text, self.bench.model.mode, wanted):
                self.readings.update(data.draw(st.sampled_from(ways)))
        self.hold(data)

    @rule(data=st.data(), between=st.sampled_from(READINGS))
    def interrupt(self, data: st.DataObject, between: int) -> None:
        """Count to just before the other verdict, read something else once, and go on counting."""
        name = data.draw(st.sampled_from(sorted(self.readings)))
        row, tripped = (
            self.table.monitor[name],
            self.bench.model.watches[name].verdict == model.TRUE,
        )
        towards, count = (CLEAR, row.clear) if tripped else (TRIP, row.persistence)
        for reading in [towards] * (min(count, LONGEST) - 1) + [between, towards, towards]:
            self.readings[name] = reading
            self.bench.step(self.readings)

    @rule(
        data=st.data(),
        until=st.sampled_from(["running", "spent", "succeeded", "blocked", "inhibited", "holding"]),
    )
    def escalate(self, data: st.DataObject, until: str) -> None:
        """Keep a fault alive until its response is somewhere; then ask for a mode, or restart."""
        name = data.draw(st.sampled_from(sorted(self.table.fault)))
        ways = solutions(self.table.fault[name].when, self.bench.model.mode, model.TRUE)
        if ways:
            self.readings.update(data.draw(st.sampled_from(ways)))
        for _ in range(2 * LONGEST):
            live = self.bench.model.faults[name]
            if live.phase == until or (until == "spent" and live.spent):
                break
            self.bench.step(self.readings)
        then = data.draw(st.sampled_from(["wait", "ask", "restart"]))
        if then == "restart":
            self.bench.reset(data.draw(st.booleans()))
        self.hold(data, data.draw(self.requests) if then == "ask" else None)

    @rule(data=st.data())
    def relieve(self, data: st.DataObject) -> None:
        """Nothing is wrong any more: what holds in this mode, holds."""
        holds = self.table.mode[self.bench.model.mode].holds
        self.readings = {name: TRIP if name in holds else CLEAR for name in self.readings}
        self.hold(data)

    @rule(data=st.data(), reading=st.sampled_from(READINGS))
    def disturb(self, data: st.DataObject, reading: int) -> None:
        """One monitor reads something else, often for just as long as it must not matter."""
        name = data.draw(st.sampled_from(sorted(self.readings)))
        row, before = self.table.monitor[name], self.readings[name]
        self.readings[name] = reading
        around = {n for c in (row.persistence, row.clear) for n in (c - 1, c, c + 1)}
        for _ in range(min(data.draw(st.sampled_from(sorted(around - {0}))), LONGEST)):
            self.bench.step(self.readings)
        if data.draw(st.booleans()):
            self.readings[name] = before
            self.hold(data)

    @rule(data=st.data())
    def follow_an_edge(self, data: st.DataObject) -> None:
        """Leave the mode by one of its own ways: conditions first, then the request."""
        mode = self.bench.model.mode
        row = self.table.mode[mode]
        for text in [t for t in (row.exit_guard, row.finished_when) if t]:
            self.readings.update(next(iter(solutions(text, mode, model.TRUE)), {}))
        if not row.edge:
            return
        edge = data.draw(st.sampled_from(row.edge))
        if edge.when and (ways := solutions(edge.when, mode, model.TRUE)):
            self.readings.update(data.draw(st.sampled_from(ways)))
        self.hold(data)
        self.hold(data, edge.to if edge.command else None)

    @rule(data=st.data())
    def ask(self, data: st.DataObject) -> None:
        """The ground asks for a mode, allowed or not."""
        self.hold(data, data.draw(self.requests))

    @rule(data=st.data())
    def unlatch(self, data: st.DataObject) -> None:
        """The ground clears faults, or the readings make a response clear its own."""
        if texts := [text for text in self.texts("clear_when") if text]:
            mode = self.bench.model.mode
            ways = solutions(data.draw(st.sampled_from(texts)), mode, model.TRUE)
            if ways and data.draw(st.booleans()):
                self.readings.update(data.draw(st.sampled_from(ways)))
                self.hold(data)
                return
        names = st.sampled_from(sorted(self.table.fault))
        self.hold(data, clear=data.draw(st.lists(names, max_size=2, unique=True)))

    @rule(data=st.data())
    def dwell(self, data: st.DataObject) -> None:
        """Nothing changes: timeouts run out, tries are made, tiers are spent."""
        for _ in range(data.draw(st.integers(1, 3))):
            self.hold(data)

    @rule(data=st.data(), within=st.booleans())
    def restart(self, data: st.DataObject, within: bool) -> None:
        """The computer restarts, sometimes more often than the budget allows."""
        budget = self.table.globals.reset_budget.count
        for _ in range(data.draw(st.sampled_from([1, 1, 2, budget, budget + 1]))):
            self.bench.reset(within)
        self.hold(data)


def driven(
    driver: type[_Machine], tables: st.SearchStrategy[Protection]
) -> type[RuleBasedStateMachine]:
    """A state machine of one driver over some tables."""
    return type(driver.__name__, (driver,), {"tables": tables})
