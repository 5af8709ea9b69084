"""A flight on a board that nothing hit: what it was asked, what it answered, and snapshots of it.

Later the desk can be brought to any of these snapshots by flying it again with the recorded
answers, which takes no board.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from hil.bench.board_line import BoardLine
from hil.bench.conversation import ANSWERS, Conversation, Told
from hil.bench.processor import Processor
from hil.bench.result import Figures
from hil.bench.session import run
from hil.link.endpoint import GRANT
from hil.radiation.laboratory import HUNG_S, Laboratory, Snapshot
from hil.scenario import Scenario

_WORD = 8


@dataclass(frozen=True)
class Asked:
    """A question to the board, and its answer."""

    apid: int
    data: bytes
    answer: bytes

    def is_answer(self, apid: int, answer: bytes) -> bool:
        """Whether a packet is the answer to this question."""
        return apid == ANSWERS[self.apid] and Told(self.apid, self.data).is_answer(answer)

    def is_same(self, answer: bytes) -> bool:
        """Whether another answer says the same; when it was given and what it took is left out."""
        return _said(self.apid, answer) == _said(self.apid, self.answer)


def _said(apid: int, answer: bytes) -> bytes:
    """An answer but its time; of a reply, but its cost as well (`flight_exchange.h`)."""
    if apid != GRANT:
        return answer[_WORD:]
    try:
        refused = _behind(answer, _WORD) + _WORD  # after the tick comes the hash
        cost = _behind(answer, refused)
        return answer[:cost] + answer[_behind(answer, cost) :]
    except IndexError:
        return answer


def _behind(octets: bytes, at: int) -> int:
    """Where a LEB128 number ends."""
    while octets[at] & 0x80:
        at += 1
    return at + 1


@dataclass
class Window:
    """Where flips are flown from: before the board is asked for `tick`, the question `first`."""

    tick: int
    first: int
    snapshot: Snapshot


@dataclass
class Recording:
    """What was asked and answered in a flight, and the windows to fly from."""

    scenario: Scenario
    text: str
    seed: int
    asked: list[Asked] = field(default_factory=list)
    windows: list[Window] = field(default_factory=list)
    figures: Figures | None = None


class ImpatientLine(BoardLine):
    """A line that asks again soon, and waits long for a board that starts anew."""

    def answer_s(self, apid: int, tried: int) -> float:
        return 1.0 + 2.0 * tried

    @property
    def blocked_s(self) -> float:
        return HUNG_S


class _Noted(Conversation):
    """Keeps what passes, and the board before some ticks."""

    def __init__(
        self,
        laboratory: Laboratory,
        line: BoardLine,
        into: Recording,
        ticks: Sequence[int],
        without: Sequence[str],
    ) -> None:
        super().__init__(laboratory.endpoint, line)
        self._without = without
        self._laboratory, self._into, self._ticks = laboratory, into, set(ticks)
        self._tick = 0

    def ask(self, apid: int, data: bytes, about: str) -> bytes:
        into = self._into
        self._tick += apid == GRANT
        if self._tick == 1 and self._without:  # the word to begin was the last that it was told
            self._laboratory.forgo(self._without)
            self._without = ()
        if apid == GRANT and self._tick in self._ticks:
            snapshot = self._laboratory.keep(f"tick{self._tick}")
            into.windows.append(Window(self._tick, len(into.asked), snapshot))
        answer = super().ask(apid, data, about)
        into.asked.append(Asked(apid, data, answer))
        return answer


class _Resumed(Conversation):
    """Answers out of a recording up to one of its windows; from there on the board does."""

    def __init__(
        self,
        laboratory: Laboratory,
        line: BoardLine,
        recording: Recording,
        window: Window,
        begin: Callable[[], None],
    ) -> None:
        super().__init__(laboratory.endpoint, line)
        self._recording, self._window, self._begin = recording, window, begin
        self._at = 0

    def ask(self, apid: int, data: bytes, about: str) -> bytes:
        at, first = self._at, self._window.first
        self._at += 1
        if at < first:
            recorded = self._recording.asked[at]
            assert (recorded.apid, recorded.data) == (apid, data), "the desk repeats itself"
            return recorded.answer
        if at == first:
            self._begin()
        return super().ask(apid, data, about)


class _Obeyed(Processor):
    """A board whose orders are obeyed whatever the desk thinks."""

    def exchange(self, tick: int, now_ns: int) -> bool:
        super().exchange(tick, now_ns)
        self.difference = None
        return True

    def _variable(self) -> str:
        return "not looked for"


def record(
    laboratory: Laboratory,
    scenario: Scenario,
    text: str,
    seed: int,
    ticks: Sequence[int],
    without: Sequence[str] = (),
) -> Recording:
    """Flies a scenario on a board, `without` some MEASURES; `ticks` are those before which it is
    kept."""
    recording = Recording(scenario, text, seed)
    processor = Processor(laboratory.endpoint, laboratory.board)
    processor.talk = _Noted(laboratory, processor.line, recording, ticks, without)
    recording.figures = run(scenario, text, seed=seed, processor=processor)
    return recording


def resume(
    laboratory: Laboratory,
    recording: Recording,
    window: Window,
    begin: Callable[[], None],
    duration_s: float,
) -> Figures:
    """Flies on from a window to the end with what the board orders; `begin` brings it there."""
    scenario = recording.scenario.model_copy(update={"duration_s": duration_s})
    processor = _Obeyed(laboratory.endpoint, laboratory.board)
    processor.line = ImpatientLine(laboratory.endpoint)
    processor.talk = _Resumed(laboratory, processor.line, recording, window, begin)
    return run(scenario, recording.text, seed=recording.seed, processor=processor)
