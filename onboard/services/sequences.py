"""Command sequences: commands at absolute times of the emulated clock, or relative to the start.

Sequences come from the dictionary, or are loaded later after the same checks. Any number runs at
once. A step is dispatched at the first step of the service at or after its time, in order. An
absolute sequence does not start once the time of its first step has passed.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import NamedTuple, Protocol

from onboard.core._core import lib
from onboard.dictionary.models import Sequence
from onboard.services.commands import CommandCodec
from onboard.services.events import EventSink

_NOTHING_RUNS = b"{}"  # what json makes of no sequence, for a tenth of its time


class Dispatch(Protocol):
    """Carries out a command; `CommandService.dispatch` is one."""

    def __call__(
        self, name: str, arguments: Mapping[str, object] | None, now_ns: int, *, source: str
    ) -> bool: ...


class SequenceError(ValueError):
    """A sequence that must not be loaded; the message names step and reason."""


class _Running(NamedTuple):
    origin_ns: int  # what the times of the steps are added to
    next_step: int


class SequenceService:
    """Runs the sequences of one vehicle."""

    def __init__(
        self,
        sequences: Mapping[str, Sequence],
        codec: CommandCodec,
        dispatch: Dispatch,
        events: EventSink,
    ) -> None:
        """Raises SequenceError if a sequence holds a command that the codec does not know."""
        self._codec = codec
        self._dispatch = dispatch
        self._events = events
        self._sequences: dict[str, Sequence] = {}
        self._times_ns: dict[str, tuple[int, ...]] = {}
        self._running: dict[str, _Running] = {}  # in the order of their starts
        for name, sequence in sequences.items():
            self.load(name, sequence)

    def load(self, name: str, sequence: Sequence) -> None:
        """Add or replace a sequence. Raises SequenceError, nothing changed, if it is not valid."""
        if name in self._running:
            raise SequenceError(f"sequence {name}: it is running")
        for i, step in enumerate(sequence.steps):
            if why := self._codec.problem(step.command, step.arguments):
                raise SequenceError(f"sequence {name}, step {i}, {step.command}: {why}")
        self._sequences[name] = sequence
        self._times_ns[name] = tuple(round(s.time_s * 1e9) for s in sequence.steps)

    @property
    def running(self) -> list[str]:
        """Names of the running sequences, oldest start first."""
        return list(self._running)

    def start(self, name: str, now_ns: int) -> str | None:
        """Start a sequence; None, or why it did not start."""
        if name not in self._sequences:
            return f"sequence {name!r} is unknown"
        if name in self._running:
            return f"sequence {name} is running"
        absolute = self._sequences[name].kind == "absolute"
        if absolute and self._times_ns[name][0] < now_ns:
            return f"sequence {name} begins at {self._times_ns[name][0]} ns, which is past"
        self._running[name] = _Running(0 if absolute else now_ns, 0)
        self._events.emit("SEQUENCE_STARTED", now_ns, sequence=name)
        return None

    def stop(self, name: str, now_ns: int, reason: str = "command") -> str | None:
        """Stop a running sequence; None, or why there was nothing to stop."""
        running = self._running.pop(name, None)
        if running is None:
            return f"sequence {name} is not running"
        step = running.next_step
        self._events.emit("SEQUENCE_STOPPED", now_ns, sequence=name, step=step, reason=reason)
        return None

    def step(self, now_ns: int) -> None:
        """Dispatch every step that is due."""
        if self._running:
            for name in list(self._running):
                while name in self._running and self._due(name, now_ns):
                    self._advance(name, now_ns)

    def _due(self, name: str, now_ns: int) -> bool:
        origin_ns, next_step = self._running[name]
        return origin_ns + self._times_ns[name][next_step] <= now_ns

    def _advance(self, name: str, now_ns: int) -> None:
        """Dispatch the next step. The command may stop this sequence, or start others."""
        sequence, (origin_ns, i) = self._sequences[name], self._running[name]
        step = sequence.steps[i]
        self._running[name] = _Running(origin_ns, i + 1)
        accepted = self._dispatch(step.command, step.arguments, now_ns, source="sequence")
        if name not in self._running:
            return
        if i + 1 == len(sequence.steps):
            del self._running[name]
            self._events.emit("SEQUENCE_FINISHED", now_ns, sequence=name)
        elif not accepted and sequence.on_rejection == "stop":
            self.stop(name, now_ns, reason=f"{step.command} was rejected")

    def checkpoint(self) -> bytes:
        """What is running and how far."""
        return json.dumps(self._running).encode() if self._running else _NOTHING_RUNS

    def restore(self, state: bytes) -> None:
        """Go on with the sequences of a checkpoint."""
        self._running = {n: _Running(*r) for n, r in json.loads(state).items()}

    def state_hash(self, h: int) -> int:
        """Chain what is running and how far."""
        for name, (origin_ns, next_step) in self._running.items():
            octets = name.encode()
            h = lib.ob_hash_bytes(h, octets, len(octets))
            h = lib.ob_hash_u64(lib.ob_hash_u64(h, origin_ns), next_step)
        return h
