"""Rule-based machines of the services: sequences over restarts, parameters over power losses,
commands over gaps and rollovers."""

from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from test_storage_power_loss import PowerLoss, TearingMemory
from tiny_vehicle import LANDER

from onboard.dictionary.models import Sequence
from onboard.services.commands import CommandCodec, CommandService
from onboard.services.events import EventLog
from onboard.services.packets import decode, encode
from onboard.services.parameters import ParameterTable
from onboard.services.sequences import SequenceService
from onboard.services.storage import TwoCopyStore

SECOND_NS = 1_000_000_000
TIMES_S = {"relative": (0.0, 0.5, 0.5, 2.0), "absolute": (3.0, 3.5, 10.0)}
CODEC = CommandCodec(LANDER)


def _sequence(kind: str) -> Sequence:
    steps = [{"time_s": t, "command": "NOOP"} for t in TIMES_S[kind]]
    row = {"kind": kind, "description": "x", "on_rejection": "stop", "steps": steps}
    return Sequence.model_validate(row)


class Sequences(RuleBasedStateMachine):
    """Starts, stops, gaps and restarts from old checkpoints, beside a list of what is due."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0
        self.sent: list[int] = []
        self.accepts = True
        self.due: dict[str, list[int]] = {}  # times of the steps that are left
        self.service = self.restarted()
        self.saved: tuple[bytes, dict[str, list[int]]] = (self.service.checkpoint(), {})

    def restarted(self) -> SequenceService:
        """A service as a computer that just started has it."""
        sequences = {kind: _sequence(kind) for kind in TIMES_S}
        return SequenceService(sequences, CODEC, self.dispatch, EventLog(LANDER.events))

    def dispatch(self, name: str, arguments: object, now_ns: int, *, source: str) -> bool:
        self.sent.append(now_ns)
        return self.accepts

    @rule(kind=st.sampled_from(sorted(TIMES_S)))
    def start(self, kind: str) -> None:
        origin = self.now if kind == "relative" else 0
        due = [origin + round(t * SECOND_NS) for t in TIMES_S[kind]]
        possible = kind not in self.due and (kind == "relative" or due[0] >= self.now)
        assert (self.service.start(kind, self.now) is None) == possible
        if possible:
            self.due[kind] = due

    @rule(kind=st.sampled_from(sorted(TIMES_S)))
    def stop(self, kind: str) -> None:
        assert (self.service.stop(kind, self.now) is None) == (kind in self.due)
        self.due.pop(kind, None)

    @rule(
        gap=st.sampled_from([0, 1, SECOND_NS // 2 - 1, SECOND_NS // 2, SECOND_NS, 20 * SECOND_NS]),
        accepts=st.sampled_from([True, True, True, False]),
    )
    def run_on(self, gap: int, accepts: bool) -> None:
        """Time passes, also in long gaps: every step that is due goes out once, at once."""
        self.now, self.accepts = self.now + gap, accepts
        del self.sent[:]
        self.service.step(self.now)
        expected = 0
        for kind in list(self.due):
            left = [time for time in self.due[kind] if time > self.now]
            out = len(self.due[kind]) - len(left)
            expected += out if accepts else min(out, 1)
            self.due[kind] = [] if out and not accepts else left
            if not self.due[kind]:
                del self.due[kind]
        assert self.sent == [self.now] * expected

    @rule()
    def save(self) -> None:
        self.saved = (self.service.checkpoint(), {k: list(v) for k, v in self.due.items()})

    @rule()
    def restart(self) -> None:
        """Steps between the checkpoint and the restart go out again; none is left out."""
        self.service = self.restarted()
        self.service.restore(self.saved[0])
        self.due = {kind: list(due) for kind, due in self.saved[1].items()}

    @invariant()
    def what_runs_is_known(self) -> None:
        assert sorted(self.service.running) == sorted(self.due)


class Parameters(RuleBasedStateMachine):
    """Values set, saved with the power failing, and read back by a computer that starts."""

    CAPACITY = len(ParameterTable(LANDER.parameters).to_bytes())
    NAMES = sorted(LANDER.parameters)[:4]

    def __init__(self) -> None:
        super().__init__()
        self.memory = TearingMemory(torn=0x5A)
        self.memory.size = TwoCopyStore.extent(self.CAPACITY)
        self.memory.content = bytearray(self.memory.size)
        self.events = EventLog(LANDER.events)
        self.table = ParameterTable(LANDER.parameters, self.events)
        self.defaults = self.table.snapshot()
        self.stored: list[dict[str, float]] = []  # what the memory may hold; empty: nothing

    @rule(name=st.sampled_from(NAMES), data=st.data())
    def change(self, name: str, data: st.DataObject) -> None:
        low, high = LANDER.parameters[name].bounds
        value: Any = data.draw(st.floats(low, high, allow_subnormal=False))
        whole = LANDER.parameters[name].type not in ("f32", "f64")
        value = round(value) if whole else value
        if LANDER.parameters[name].problem(value) is None:
            self.table.set(name, value)

    @rule(budget=st.integers(0, 2 * CAPACITY))
    def save(self, budget: int) -> None:
        self.memory.budget = budget
        store = TwoCopyStore(self.memory, 0, self.CAPACITY)
        try:
            assert self.table.save(store)
            self.stored = [self.table.snapshot()]
        except PowerLoss:
            self.stored = [*(self.stored or [self.defaults]), self.table.snapshot()]
            self.memory.budget = 10**9
            self.start()
        self.memory.budget = 10**9

    @rule()
    def start(self) -> None:
        """The last table saved, whole; never a mixture."""
        self.table = ParameterTable(LANDER.parameters, self.events)
        self.table.restore(TwoCopyStore(self.memory, 0, self.CAPACITY))
        found = self.table.snapshot()
        assert found in (self.stored or [self.defaults])
        self.stored = [found] if self.stored else []

    @rule(at=st.integers(0, 2**32), bit=st.integers(0, 7))
    def flip(self, at: int, bit: int) -> None:
        """One bit in memory: the copy it hits is lost, the other one stands."""
        before = bytes(self.memory.content)
        self.memory.content[at % self.memory.size] ^= 1 << bit
        table = ParameterTable(LANDER.parameters)
        table.restore(TwoCopyStore(self.memory, 0, self.CAPACITY))
        assert all(LANDER.parameters[n].problem(v) is None for n, v in table.snapshot().items())
        self.memory.content[:] = before


OPCODES = {c.opcode.to_bytes(2, "big") for c in LANDER.commands.values()}
DAY_NS = 86_400 * SECOND_NS
ROLLOVERS_NS = [2**31, 2**32, 2**31 * 1000, 2**32 * 1000, 2**32 * 10**6, 2**31 * 10**8, 2**53]
"""Where 32-bit counters of nanoseconds, microseconds, milliseconds and tenths of a second turn
over, and where a double no longer holds every nanosecond."""


class ArmedOverGaps(RuleBasedStateMachine):
    """What is armed fires within its timeout, whatever counter turns over meanwhile."""

    def __init__(self) -> None:
        super().__init__()
        self.service = CommandService(LANDER, EventLog(LANDER.events), arm_timeout_s=10.0)
        for name in self.service.unhandled():
            self.service.register(name, lambda now_ns, **arguments: None)
        self.hazardous = next(n for n, c in sorted(LANDER.commands.items()) if c.armed_by)
        self.now, self.until, self.count = 0, -1, 16_380

    def send(self, name: str, arguments: dict[str, object]) -> bool:
        """By packet: the sequence count turns over after 16383."""
        octets = self.service.codec.encode(name, arguments, time_ns=self.now, count=self.count)
        assert decode(octets).sequence_count == self.count % 16_384
        self.count += 1
        return self.service.receive(octets, self.now)

    def arguments(self) -> dict[str, object]:
        declared = LANDER.commands[self.hazardous].arguments
        return {a.name: int(a.quantity().bounds[0]) for a in declared}

    @rule(moment=st.sampled_from(ROLLOVERS_NS), before=st.integers(0, 11 * SECOND_NS))
    def reach_a_rollover(self, moment: int, before: int) -> None:
        if moment - before > self.now:
            self.now = moment - before
            self.service.step(self.now)

    @rule(
        gap=st.sampled_from([0, 1, 10 * SECOND_NS - 1, 10 * SECOND_NS, 10 * SECOND_NS + 1, DAY_NS])
    )
    def wait(self, gap: int) -> None:
        self.now += gap
        self.service.step(self.now)

    @rule()
    def arm(self) -> None:
        arming = LANDER.commands[self.hazardous].armed_by
        assert arming is not None
        takes_name = bool(LANDER.commands[arming].arguments)
        assert self.send(arming, {"command": self.hazardous} if takes_name else {})
        self.until = self.now + 10 * SECOND_NS

    @rule()
    def fire(self) -> None:
        assert self.send(self.hazardous, self.arguments()) == (self.now <= self.until)
        self.until = -1

    @rule(octets=st.binary(min_size=10, max_size=20).filter(lambda o: o[8:10] not in OPCODES))
    def something_else_arrives(self, octets: bytes) -> None:
        self.service.receive(octets, self.now)
        self.service.receive(encode(16, True, self.count, octets), self.now)


TestSequences = Sequences.TestCase
TestSequences.settings = settings(max_examples=60, stateful_step_count=25)
TestParameters = Parameters.TestCase
TestParameters.settings = settings(max_examples=30, stateful_step_count=15)
TestArmedOverGaps = ArmedOverGaps.TestCase
TestArmedOverGaps.settings = settings(max_examples=60, stateful_step_count=25)
