"""A campaign of bit flips, each flown for a short while from a snapshot and classified.

    masked     the answers stay the same, and so does the memory
    dormant    the answers stay the same; in the memory something is still different
    recovered  the answers stay the same, and the board told of it, or the desk asked again
    safed      the board found it and started anew by itself
               or it answers no more, which for a board that runs freely is the loss of its link
    restarted  a fault of the processor, an assertion, or the watchdog started it anew
    dead       it hangs, and did not come back
    silent     other answers, and no word

A silent flip is flown on to the end of the scenario, with the board's orders obeyed: it is
*violated* if an expectation does not hold there.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from hil.bench.conversation import Silent, StartedAnew
from hil.bench.session import run
from hil.link.carriers import Unplugged
from hil.radiation.flips import Flip, Targets
from hil.radiation.laboratory import HUNG_S, Laboratory, Trace
from hil.radiation.memory_map import Region
from hil.radiation.recording import Asked, Recording, Window, record, resume
from hil.scenario import Scenario

CLASSES = ("masked", "dormant", "recovered", "safed", "restarted", "dead", "silent")
SOON, LATE = 3, 20  # questions after which a flip is looked at
ANSWER_S, TRIES = 1.0, 3  # that the emulator had, until an awake board is asked again; how often
CLEAN_RUNS = 3  # what differs between these is not compared
PATIENCE = 1.5  # a flight that is flown to its end may last so much longer than without a flip
SCRATCH = (
    "ring",
    "ticks",
    "board.grant",
    "board.octets",
    "board.frame",
    "board.cost",
    "board.granted_ns",
    "board.heard_ns",
    "board.scrubbed_ns",
    "scrub",
    "board.tick_cost",
    "board.kept.craft.as.lander.matches",
    "board.kept.reply.cost",
    "board.link",
)
"""Data that are written before they are read, times of the board's clock, and figures."""
OWN_CAUSES = ("memory",)  # of a start: the board's own word for what it found
_LOOK_S = 0.1
_CAUSE = re.compile(r"start: (\w+)")
LOCKED_UP = "lock-up"  # ends the emulator; a real processor waits for its watchdog


@dataclass
class Account:
    """What came of a flip."""

    flip: Flip
    outcome: str = "masked"  # of CLASSES
    cause: str | None = None  # of the new start
    told: str | None = None  # what the board said
    differs_after: int | None = None  # questions, until an answer was another one
    violated: list[str] = field(default_factory=list)  # expectations, of a silent flip
    later: str | None = None  # what became of a silent one when it flew on

    def as_json(self) -> dict[str, Any]:
        values = asdict(self)
        return {**values.pop("flip"), **values}

    def __str__(self) -> str:
        parts = [f"{self.flip}: {self.outcome}"]
        parts += [f"start: {self.cause}"] if self.cause else []
        parts += [f"said: {self.told}"] if self.told else []
        parts += [f"answer {self.differs_after} is another"] if self.differs_after else []
        parts += [self.later] if self.later else []
        return "; ".join(parts + self.violated)


def _nothing() -> None:
    """Of a board that stands."""


class Mute(Silent):
    """A board that is awake and answers no more."""


class Campaign:
    """Flips on one board in one scenario."""

    def __init__(
        self,
        laboratory: Laboratory,
        scenario: Scenario,
        text: str,
        *,
        seed: int = 1,
        windows: int = 24,
        targets: Sequence[str] = (),
        without: Sequence[str] = (),
        fly_on: bool = True,
    ) -> None:
        """Flies the scenario without a flip, and `without` some of MEASURES.

        Raises UnknownTarget, InputError, Refused, Silent.
        """
        self.laboratory, self.seed, self._fly_on = laboratory, seed, fly_on
        self.targets = Targets(laboratory.map.regions(), laboratory.debugger.registers, targets)
        alone = run(scenario, text, seed=seed)
        last = round(100 * alone.sim_seconds) - LATE
        self._patience_s = min(scenario.duration_s, PATIENCE * alone.sim_seconds)
        ticks = np.random.default_rng([seed]).choice(np.arange(1, last), windows, replace=False)
        self.recording: Recording = record(laboratory, scenario, text, seed, sorted(ticks), without)
        self._code = laboratory.code()
        self._compared = _octets_of(laboratory.map.regions(), laboratory.map.address("data_start"))
        self._traces: dict[int, Trace] = {}
        self._clean: dict[int, _Memories] = {}

    def flip(self, number: int) -> Flip:
        return self.targets.draw(self.seed, number, len(self.recording.windows))

    def fly(self, numbers: Sequence[int]) -> Iterator[Account]:
        """Flip by flip. Those of one window come together, the accounts in that order."""
        for flip in sorted(map(self.flip, numbers), key=lambda flip: flip.window):
            yield self.fly_one(flip)

    def fly_one(self, flip: Flip, inject: Callable[[], None] | None = None) -> Account:
        """One flip, from its snapshot on; or what `inject` does to a board before that tick."""
        account = Account(flip)
        self._again = 0
        self._inject = inject or (lambda: self._flip(flip))
        try:
            self._watch(account, self._memories(flip.window))
        except StartedAnew as anew:
            self._started_anew(account, str(anew))
        except Mute as mute:
            account.outcome, account.told = "safed", str(mute)
        except Unplugged:
            account.outcome, account.cause = "restarted", LOCKED_UP
        except Silent:
            account.outcome = "dead"
        if account.outcome == "silent" and self._fly_on:
            self._fly_to_the_end(account)
        return account

    # -- one flip

    def _watch(self, account: Account, clean: _Memories) -> None:
        flip = account.flip
        answers = self._answers(flip.window, self._inject_and_go)
        for k, (_, same) in enumerate(zip(range(LATE), answers, strict=False), 1):
            if not same and account.differs_after is None:
                account.differs_after = k
            if k == SOON and account.differs_after is None and self._is_clean(flip, clean.soon):
                self._conclude(account, "masked")
                return
        still_there = account.differs_after is None and not self._is_clean(flip, clean.late)
        self._conclude(account, "dormant" if still_there else "masked")

    def _conclude(self, account: Account, unnoticed: str) -> None:
        account.told = self.laboratory.endpoint.text.decode(errors="replace").strip() or None
        if account.told is None and self._again:
            account.told = f"asked again {self._again} times"
        if account.differs_after is not None:
            account.outcome = "silent" if account.told is None else "safed"
        else:
            account.outcome = unnoticed if account.told is None else "recovered"

    def _started_anew(self, account: Account, why: str) -> None:
        found = _CAUSE.search(why)
        account.cause, account.told = found[1] if found else None, why
        account.outcome = "safed" if account.cause in OWN_CAUSES else "restarted"

    def _fly_to_the_end(self, account: Account) -> None:
        flip = account.flip

        def begin() -> None:
            self._restore(flip.window)
            self.laboratory.line.instead = self._inject_and_go

        window = self.recording.windows[flip.window]
        figures = resume(self.laboratory, self.recording, window, begin, self._patience_s)
        said = self.laboratory.endpoint.text.decode(errors="replace").strip()
        account.violated = figures.failed_expectations
        if figures.board_failure is not None:
            account.later = f"later: {figures.board_failure}"
            self._started_anew(account, figures.board_failure)
            account.violated = []
        elif said:
            account.later, account.outcome = f"later it said: {said}", "safed"

    # -- the board

    def _restore(self, window: int) -> Window:
        """The board stands as it did there."""
        found = self.recording.windows[window]
        self.laboratory.restore(found.snapshot)
        return found

    def stand(self, window: int, then: Callable[[], None] = _nothing) -> None:
        """Brings the board to a window; it has the octets of its tick, does `then`, and stands."""
        found = self._restore(window)
        asked = self.recording.asked[found.first]
        self.laboratory.line.instead = then
        self.laboratory.endpoint.send(asked.apid, asked.data)

    def trace(self, window: int) -> Trace:
        """The instructions of the tick of a window, until the board waits again."""
        if window not in self._traces:
            self.stand(window)
            self._traces[window] = self.laboratory.trace()
        return self._traces[window]

    def _answers(self, window: int, begin: Callable[[], None] | None = None) -> Iterator[bool]:
        """Whether each answer from a window on is the recorded one."""
        found = self._restore(window)
        self.laboratory.line.instead = begin
        for asked in self.recording.asked[found.first :]:
            yield asked.is_same(self._answer(asked))

    def _answer(self, asked: Asked) -> bytes:
        """Raises StartedAnew, Mute, Silent, Unplugged."""
        for _ in range(TRIES):
            self.laboratory.endpoint.send(asked.apid, asked.data)
            if (answer := self._heard(asked, ANSWER_S)) is not None:
                return answer
            if not self.laboratory.sleeps():
                break
            self._again += 1
        else:
            raise Mute(f"awake, and no answer when asked {TRIES} times")
        if (answer := self._heard(asked, HUNG_S)) is not None:
            return answer
        raise Silent(f"no answer in {HUNG_S:g} s")

    def _heard(self, asked: Asked, timeout_s: float) -> bytes | None:
        """The answer, if it comes. Raises StartedAnew, Unplugged."""
        endpoint, session = self.laboratory.endpoint, self.laboratory.endpoint.peer.session
        for had_s in self.laboratory.time_had_s():
            if had_s > timeout_s:
                break
            for packet in endpoint.receive(_LOOK_S):
                if asked.is_answer(packet.apid, packet.data):
                    return packet.data
            if endpoint.peer.session != session:
                raise StartedAnew(endpoint.text.decode(errors="replace").strip())
        return None

    def _inject_and_go(self) -> None:
        self._inject()
        self.laboratory.debugger.go()

    def _flip(self, flip: Flip) -> None:
        """Flips the bit of a board that stands before a tick, with its octets there."""
        debugger = self.laboratory.debugger
        if flip.instant:
            trace = self._traces[flip.window]
            self.laboratory.reach(trace, int(flip.instant * len(trace)))
        if flip.address is None:
            value = debugger.register(flip.place)
            debugger.set_register(flip.place, value ^ 1 << flip.bit)
        else:
            (octet,) = debugger.read(flip.address, 1)
            debugger.write(flip.address, bytes([octet ^ 1 << flip.bit]))

    # -- without a flip

    def _memories(self, window: int) -> _Memories:
        """What the memory holds in a window without a flip; its tick is traced, too."""
        if window not in self._clean:
            runs = [self._clean_run(window) for _ in range(CLEAN_RUNS)]
            self._clean[window] = _Memories(*(_common(m) for m in zip(*runs, strict=True)))
            self.trace(window)
        return self._clean[window]

    def _clean_run(self, window: int) -> tuple[np.ndarray, np.ndarray]:
        found = {}
        for k, (_, same) in enumerate(zip(range(LATE), self._answers(window), strict=False), 1):
            assert same, "a board that nothing hit repeats itself"
            if k in (SOON, LATE):
                found[k] = self._memory()
        return found[SOON], found[LATE]

    def _memory(self) -> np.ndarray:
        """What of the board's data is compared."""
        start, end = (self.laboratory.map.address(name) for name in ("data_start", "noinit_end"))
        return np.frombuffer(self.laboratory.look(start, end - start), np.uint8)[self._compared]

    def _is_clean(self, flip: Flip, clean: _Common) -> bool:
        """Whether nothing of the flip is left, but where it is written before it is read again."""
        if not clean.equals(self._memory()):
            return False
        if flip.target != "code" or flip.address is None:
            return True
        octet = self.laboratory.look(flip.address, 1)
        return octet == self._code[flip.address : flip.address + 1]


def _octets_of(regions: Sequence[Region], start: int) -> np.ndarray:
    """Offsets from `start` of all data but SCRATCH."""
    kept = [r for r in regions if r.name not in ("code", "stack", *SCRATCH)]
    return np.concatenate([np.arange(r.address, r.address + r.size) for r in kept]) - start


@dataclass(frozen=True)
class _Common:
    """What several contents of a memory have in common."""

    octets: np.ndarray
    same: np.ndarray

    def equals(self, memory: np.ndarray) -> bool:
        return bool(np.array_equal(memory[self.same], self.octets[self.same]))


@dataclass(frozen=True)
class _Memories:
    """After SOON and LATE questions."""

    soon: _Common
    late: _Common


def _common(memories: Sequence[np.ndarray]) -> _Common:
    rows = np.array(memories)
    return _Common(rows[0], np.all(rows == rows[0], axis=0))
