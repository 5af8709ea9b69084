"""The cyclic executive: one time grant in, one tick of all members that are due, one reply out.

Nothing here reads a clock. What a member costs on the target, in microseconds, comes in as a table,
and what the bench takes away (stolen time, a member that runs long, a reset) comes in as
`ProcessorLoad` rows of a port, so that an overload is the same in every run and in a replay. While
nothing is overloaded a tick is one pass over a precomputed tuple of bound steps. Otherwise each
minor frame is accounted for, in this order:

1. What the tick offers is 10 ms less the stolen time and less what earlier ticks left undone.
2. If the frame's members do not fit, the least critical are shed, last in order first; critical
   members are never shed.
3. A member that costs more than its budget counts an overrun. One that ends after the tick counts
   a slip, and the excess is carried into the next tick. When nothing is left of a tick, its
   critical members slip without running.
4. After `watchdog_ticks` ticks in a row with a slip the watchdog restarts the computer.

A member that raises `Trap` restarts the computer, too.

A restart lets `restart_ticks` ticks pass without running a member. Then the computer starts as it
does at power-up: the members of a minimal start get their part of the last checkpoint, `starts`
decides who runs, and those members get their parts and start; the others stand down. Outputs are
not touched meanwhile: what an actuator was told last still holds.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Protocol

from onboard.core._core import lib
from onboard.executive.schedule import (
    MAJOR_FRAME_TICKS,
    TICK_NS,
    TICK_US,
    Criticality,
    Member,
    StateHash,
    Step,
    check,
    minor_frames,
)
from onboard.messages import ProcessorLoad, TickReply
from onboard.ports import InputPort

if TYPE_CHECKING:  # the dictionary, which the event log needs, needs the executive's rates
    from onboard.services.events import EventSink

HASH_SEED: int = lib.OB_HASH_SEED
_reply_of = partial(tuple.__new__, TickReply)  # as TickReply._make, without its check
_ENTRY = struct.Struct("<HI")  # lengths of name and state
NO_MEMBER = -1
_HEADER = struct.Struct("<qqH")  # tick, time_ns, entries

Frame = tuple[tuple[Step, ...], tuple[StateHash, ...]]
"""What a minor frame runs: steps of members, then hashes of members."""


class CheckpointStore(Protocol):
    """Memory that survives a restart; `services.storage.TwoCopyStore` is one."""

    def write(self, data: bytes) -> bool: ...

    def read(self) -> bytes | None: ...


class Trap(Exception):
    """What a processor answers with an exception: no memory, a wrong address, a failed assertion.

    A member raises it; the message says what it was.
    """


class Starts(Protocol):
    """Counts starts and decides who runs; `services.boot.Boot` is one."""

    def begin(self, now_ns: int) -> frozenset[str]:
        """The computer starts: names of the members that do not run until the next start."""

    def failed(self, member: str) -> None:
        """The computer restarts; `member` is the one to blame, empty if none is."""


class TickRecorder(Protocol):
    """Told of each tick; `services.recorder.Recorder` is one."""

    def begin(self, tick: int, time_ns: int) -> None: ...

    def end(self, state_hash: int) -> int:
        """Chain the rows that went to outputs in this tick onto the hash; return the result."""


@dataclass(slots=True)
class MemberCounters:
    """What overload did to one member."""

    overruns: int = 0  # ran longer than its budget
    slips: int = 0  # ended after its tick, or did not run for want of time
    sheds: int = 0  # left out for more critical members


@dataclass(slots=True)
class Counters:
    """What happened to the executive."""

    ticks: int = 0
    tick_gaps: int = 0  # ticks that were never granted
    ticks_refused: int = 0  # grants of a tick that had already run
    time_faults: int = 0  # grants whose time did not follow the previous one's
    overloaded_ticks: int = 0
    restarts: int = 0
    checkpoint_failures: int = 0  # checkpoints that the store did not take
    backlog_us: float = 0.0
    members: dict[str, MemberCounters] = field(default_factory=dict)


class Executive:
    """Runs the members of one vehicle, a tick per grant."""

    def __init__(
        self,
        members: Sequence[Member],
        costs_us: Mapping[str, float] | None = None,
        *,
        load: InputPort | None = None,
        events: EventSink | None = None,
        recorder: TickRecorder | None = None,
        checkpoints: CheckpointStore | None = None,
        starts: Starts | None = None,
        counters: Counters | None = None,
        checkpoint_ticks: int = MAJOR_FRAME_TICKS,
        restart_ticks: int = 20,
        watchdog_ticks: int = 50,
        wrap: Callable[[str, Step], Step] | None = None,
    ) -> None:
        """Build the schedule.

        `costs_us` is the execution time of each member on the target (absent: zero). `load` yields
        `ProcessorLoad` rows. `counters` may be shared with the member that publishes them.
        `wrap(name, step)` may put a timer around a step, for the bench.
        """
        check(members)
        self.members = tuple(members)
        self.counters = counters if counters is not None else Counters()
        self.member_counters = self.counters.members
        self.member_counters.update({m.name: MemberCounters() for m in members})
        self._costs = [float((costs_us or {}).get(m.name, 0.0)) for m in members]
        self._steps = [wrap(m.name, m.step) if wrap else m.step for m in members]
        self._events = events
        self._checkpoints = checkpoints
        self._milestones = [m.milestone for m in self.members if m.milestone is not None]
        self._saved = [milestone() for milestone in self._milestones]  # with the last checkpoint
        self.checkpoint_ticks = checkpoint_ticks
        self._restart_ticks = restart_ticks
        self._watchdog_ticks = watchdog_ticks
        self._read_load = load.read if load else None
        self._begin = recorder.begin if recorder else None
        self._end = recorder.end if recorder else None
        self._starts = starts
        self._idle: frozenset[str] = frozenset()  # members that this start leaves out
        self._idle_states: dict[str, bytes] = {}  # their parts of the last checkpoint
        self._suspect = ""  # the member that ran too long last
        self._trapping = NO_MEMBER
        self._lay_out()
        self._hash = HASH_SEED
        self._next_tick: int | None = None
        self._next_time_ns = 0
        self._reply = TickReply(-1, HASH_SEED)
        self._load = ProcessorLoad(0, 0, 0.0, NO_MEMBER, 0.0, 0, 0)
        self._down_ticks = 0
        self._slipping_ticks = 0
        self._shed: tuple[int, ...] = ()
        self._nominal = self._is_nominal()

    def _lay_out(self) -> None:
        """The minor frames of the members that run."""
        self._due = tuple(
            tuple(i for i in due if self.members[i].name not in self._idle)
            for due in minor_frames(self.members)
        )
        self._own_frames = self._frames = tuple(self._frame(due) for due in self._due)
        states_of = {m.name: m.checkpoint for m in self.members if m.checkpoint}
        states_of |= {name: partial(bytes, state) for name, state in self._idle_states.items()}
        self._checkpointed = [
            (name.encode(), state_of)
            for name, state_of in states_of.items()
            if name not in self._idle or name in self._idle_states
        ]

    def _frame(self, due: tuple[int, ...]) -> Frame:
        hashes = tuple(h for i in due if (h := self.members[i].state_hash) is not None)
        return tuple(self._step_of(i) for i in due), hashes

    def _step_of(self, i: int) -> Step:
        return _trap if i == self._trapping else self._steps[i]

    def _is_nominal(self) -> bool:
        """Whether every frame fits and every member keeps its budget, with the present load."""
        costs = [self._cost_us(i) for i in range(len(self.members))]
        return (
            self.counters.backlog_us == 0.0
            and self._down_ticks == 0
            and not self._shed
            and all(c <= m.budget_us for c, m in zip(costs, self.members, strict=True))
            and all(sum(costs[i] for i in due) <= self._offered_us() for due in self._due)
        )

    def _cost_us(self, i: int) -> float:
        extra = self._load.member_extra_us if self._load.member == i else 0.0
        return self._costs[i] + extra

    def _offered_us(self) -> float:
        return max(0.0, TICK_US - self._load.stolen_us)

    def tick(self, grant: tuple[int, int]) -> TickReply:
        """Run one granted tick. A grant of a tick that already ran repeats the last reply."""
        tick, now_ns = grant
        if (tick != self._next_tick or now_ns != self._next_time_ns) and self._out_of_step(
            tick, now_ns
        ):
            return self._reply
        self._next_tick = tick + 1
        self._next_time_ns = now_ns + TICK_NS
        if self._begin is not None:
            self._begin(tick, now_ns)
        if self._read_load is not None and (load := self._read_load()) is not None:
            self._take_load(load, now_ns)
        if self._nominal:
            steps, hashes = self._frames[tick % MAJOR_FRAME_TICKS]
            try:
                for step in steps:
                    step(now_ns)
            except Trap as trap:
                i = self._trapping if step is _trap else self._steps.index(step)
                self._trapped(i, trap, now_ns)
        else:
            hashes = self._overloaded_tick(tick, now_ns)
        if self._down_ticks == 0 and (
            tick % self.checkpoint_ticks == 0 or [m() for m in self._milestones] != self._saved
        ):
            self._save_checkpoint(tick, now_ns)
        state_hash = self._hash
        for chain in hashes:
            state_hash = chain(state_hash)
        if self._end is not None:
            state_hash = self._end(state_hash)
        self._hash = state_hash
        self.counters.ticks += 1
        reply = self._reply = _reply_of((tick, state_hash))
        return reply

    @property
    def nominal(self) -> bool:
        """Whether the next tick is one pass of all: nobody overloaded, shed, down or left out."""
        return self._nominal and not self._idle

    @property
    def reply(self) -> TickReply:
        """The answer to the last grant that ran."""
        return self._reply

    def members_due(self, frame: int) -> list[Member]:
        """The members of a minor frame, in their order."""
        return [self.members[i] for i in self._due[frame]]

    def use_frames(self, frames: tuple[Frame, ...] | None) -> None:
        """Run other steps and hashes in nominal ticks, a pair for each minor frame; None ends it.

        For a batch of C steps, in which one call does the work of several members.
        """
        self._frames = self._own_frames if frames is None else frames

    def advance(self, tick: int, state_hash: int) -> None:
        """Take over what ran elsewhere: nominal ticks up to `tick`, with their state hash."""
        assert self._next_tick is not None and self._nominal
        ticks = tick + 1 - self._next_tick
        self._next_tick += ticks
        self._next_time_ns += ticks * TICK_NS
        self.counters.ticks += ticks
        self._hash = state_hash
        self._reply = _reply_of((tick, state_hash))

    def _out_of_step(self, tick: int, now_ns: int) -> bool:
        """Count what is wrong with a grant; True if it must not run."""
        expected, expected_ns = self._next_tick, self._next_time_ns
        if expected is None:
            self._start(now_ns, {})
            return False
        if tick < expected:
            self.counters.ticks_refused += 1
            return True
        if tick > expected:
            self.counters.tick_gaps += tick - expected
            self._emit("EXECUTIVE_TICK_GAP", now_ns, expected=expected, received=tick)
        if now_ns != expected_ns + (tick - expected) * TICK_NS:
            self.counters.time_faults += 1
            self._emit("EXECUTIVE_TIME_FAULT", now_ns, tick=tick)
        return False

    def _take_load(self, load: ProcessorLoad, now_ns: int) -> None:
        self._load = load
        if (trapping := load.member if load.trap else NO_MEMBER) != self._trapping:
            self._trapping = trapping
            self._lay_out()
        if load.reset:
            self.restart("reset", now_ns)
        self._nominal = self._is_nominal()

    def _overloaded_tick(self, tick: int, now_ns: int) -> tuple[StateHash, ...]:
        """Account for one minor frame, run what fits, return the hashes of the members that ran."""
        if self._down_ticks:
            self._stay_down(now_ns)
            return ()
        self.counters.overloaded_ticks += 1
        available = self._offered_us() - self.counters.backlog_us
        kept = self._keep(self._due[tick % MAJOR_FRAME_TICKS], available, now_ns)
        elapsed = self._run(kept, available, now_ns) if available > 0.0 else self._miss(kept)
        if self._down_ticks:
            return ()
        self.counters.backlog_us = max(0.0, elapsed - available)
        self._watch(available, elapsed, now_ns)
        self._nominal = self._is_nominal()
        return () if available <= 0.0 else self._frame(kept)[1]

    def _keep(self, due: tuple[int, ...], available_us: float, now_ns: int) -> tuple[int, ...]:
        kept = list(due)
        total = sum(self._cost_us(i) for i in kept)
        by_need = sorted(kept, key=lambda i: (self.members[i].criticality, -i))
        shed = []
        for i in by_need:
            if total <= available_us or self.members[i].criticality == Criticality.CRITICAL:
                break
            total -= self._cost_us(i)
            kept.remove(i)
            shed.append(i)
            self.member_counters[self.members[i].name].sheds += 1
        self._report_shed(tuple(sorted(shed)), due, now_ns)
        return tuple(kept)

    def _report_shed(self, shed: tuple[int, ...], due: tuple[int, ...], now_ns: int) -> None:
        """Keep the list of members shed when last due; an event when it grows or empties."""
        before = self._shed
        self._shed = tuple(sorted({i for i in before if i not in due} | set(shed)))
        if set(self._shed) - set(before):
            names = " ".join(self.members[i].name for i in self._shed)
            self._emit("EXECUTIVE_LOAD_SHED", now_ns, members=names)
        elif before and not self._shed:
            self._emit("EXECUTIVE_LOAD_RESTORED", now_ns)

    def _run(self, kept: tuple[int, ...], available_us: float, now_ns: int) -> float:
        elapsed = 0.0
        for i in kept:
            cost, counters = self._cost_us(i), self.member_counters[self.members[i].name]
            elapsed += cost
            if cost > self.members[i].budget_us:
                counters.overruns += 1
                self._suspect = self.members[i].name
                self._emit("EXECUTIVE_OVERRUN", now_ns, member=self.members[i].name, cost_us=cost)
            counters.slips += elapsed > available_us
            try:
                self._step_of(i)(now_ns)
            except Trap as trap:
                self._trapped(i, trap, now_ns)
                break
        return elapsed

    def _miss(self, kept: tuple[int, ...]) -> float:
        """A tick without time: its members slip, and what they would have cost is not owed."""
        for i in kept:
            self.member_counters[self.members[i].name].slips += 1
        return 0.0

    def _watch(self, available_us: float, elapsed_us: float, now_ns: int) -> None:
        slipped = available_us <= 0.0 or elapsed_us > available_us
        self._slipping_ticks = self._slipping_ticks + 1 if slipped else 0
        if not slipped:
            self._suspect = ""
        if self._slipping_ticks >= self._watchdog_ticks:
            after = f" after {self._suspect}" if self._suspect else ""
            self.restart(f"watchdog{after}", now_ns, self._suspect)

    def _trapped(self, i: int, trap: Trap, now_ns: int) -> None:
        name = self.members[i].name
        self.restart(f"trap in {name}: {trap}", now_ns, name)

    def restart(self, reason: str, now_ns: int, member: str = "") -> None:
        """Restart the computer: members stop, and resume from the last checkpoint.

        `member` is the one to blame.
        """
        if self._starts is not None:
            self._starts.failed(member)
        self._suspect = ""
        self.counters.restarts += 1
        self.counters.backlog_us = 0.0
        self._slipping_ticks = 0
        self._shed = ()
        self._down_ticks = self._restart_ticks
        self._nominal = False
        self._emit("EXECUTIVE_RESTART", now_ns, reason=reason)

    def _stay_down(self, now_ns: int) -> None:
        self._down_ticks -= 1
        if self._down_ticks == 0:
            state = self._checkpoints.read() if self._checkpoints else None
            self.restore(state, now_ns)
            self._nominal = self._is_nominal()

    def checkpoint(self, tick: int, now_ns: int) -> bytes:
        """The state that a restart needs, of every member that has one.

        Of members that do not run it is what they would have resumed from.
        """
        parts = [_HEADER.pack(tick, now_ns, len(self._checkpointed))]
        for name, state_of in self._checkpointed:
            state = state_of()
            parts += (_ENTRY.pack(len(name), len(state)), name, state)
        return b"".join(parts)

    def _save_checkpoint(self, tick: int, now_ns: int) -> None:
        self._saved = [milestone() for milestone in self._milestones]
        if self._checkpoints is None or self._checkpoints.write(self.checkpoint(tick, now_ns)):
            return
        self.counters.checkpoint_failures += 1
        self._emit("STORAGE_FAULT", now_ns, store="checkpoints", reason="write not verified")

    def restore(self, state: bytes | None, now_ns: int) -> None:
        """Start from a checkpoint; None (no valid one) leaves members with what they have.

        The bytes are trusted: the store that kept them checked their CRC.
        """
        if state is None:
            self._emit("EXECUTIVE_CHECKPOINT_MISSING", now_ns)
            self._start(now_ns, {})
            return
        tick, time_ns, count = _HEADER.unpack_from(state)
        self._hash = lib.ob_hash_u64(self._hash, tick)
        self._emit("EXECUTIVE_RESUMED", now_ns, age_ms=(now_ns - time_ns) // 1_000_000)
        self._start(now_ns, _entries(state, count))

    def _start(self, now_ns: int, states: Mapping[str, bytes]) -> None:
        """Minimal members resume, `starts` decides who runs, the others stand down or resume and
        start."""
        everybody = range(len(self.members))
        minimal = [i for i in everybody if self.members[i].minimal]
        if not self._each(minimal, now_ns, states):
            return
        self._idle = self._starts.begin(now_ns) if self._starts is not None else frozenset()
        self._idle_states = {name: states[name] for name in self._idle if name in states}
        self._lay_out()
        for member in self.members:
            if member.name in self._idle and member.stand_down is not None:
                member.stand_down(now_ns)
        running = [i for i in everybody if self.members[i].name not in self._idle]
        if self._each([i for i in running if i not in minimal], now_ns, states):
            self._each(running, now_ns, None)

    def _each(self, members: list[int], now_ns: int, states: Mapping[str, bytes] | None) -> bool:
        """Let members resume from their states, or start (None); False after a trap."""
        for i in members:
            member = self.members[i]
            try:
                if states is None:
                    self._start_member(i, now_ns)
                elif member.restore is not None and member.name in states:
                    member.restore(states[member.name])
            except Trap as trap:
                self._trapped(i, trap, now_ns)
                return False
        return True

    def _start_member(self, i: int, now_ns: int) -> None:
        if (start := self.members[i].start) is not None:
            (_trap if i == self._trapping else start)(now_ns)

    def _emit(self, name: str, now_ns: int, /, **values: object) -> None:
        if self._events is not None:
            self._events.emit(name, now_ns, **values)


def _trap(_now_ns: int) -> None:
    raise Trap("as the load says")


def _entries(state: bytes, count: int) -> dict[str, bytes]:
    entries, at = {}, _HEADER.size
    for _ in range(count):
        name_length, length = _ENTRY.unpack_from(state, at)
        at += _ENTRY.size
        name = state[at : at + name_length].decode()
        at += name_length
        entries[name] = state[at : at + length]
        at += length
    return entries
