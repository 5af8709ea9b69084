"""Questions to a board in a flight and their answers, over lost packets, pulled plugs and resets.

What the board was told is kept. Where it may be brought back, one that went away or started anew
goes on where it kept the flight last, and is told again what came after that, all of it where it
kept nothing: so it comes by itself to the state that it was in. The emulated clock stands still
meanwhile.
"""

from __future__ import annotations

import struct
import time
from array import array
from collections.abc import Callable
from typing import Any, NamedTuple

from hil.bench.board_line import BoardLine
from hil.bench.latency import APID as TIMES
from hil.bench.latency import Latency
from hil.bench.pacing import spread_ms
from hil.link.carriers import Unplugged
from hil.link.endpoint import CONFIG, CONFIG_ANSWER, GRANT, MEMORY, REPLY, Endpoint, NotIdentified
from onboard.core._core import ffi, lib
from onboard.executive import TICK_NS

LOOK_S = 0.5  # how often it is looked whether the board started anew
AWAY_S = 30.0  # how long a board may be away
_AGAIN_S = 0.002  # between looks whether a line is there again
_TOLD_OCTETS = 32  # of a memory packet without octets to write
BEGIN, RESUME = 2, 1  # FLIGHT_CONFIG_...
_WORDS = struct.Struct("<qqq")  # time, what, argument
_STATUS = struct.Struct("<qqqq")
SCRUB: int = lib.OB_APID_SCRUB
ANSWERS = {GRANT: REPLY, CONFIG: CONFIG_ANSWER, MEMORY: MEMORY}


class Silent(ConnectionError):
    """A board that does not answer any more; the message says since when."""


class StartedAnew(Silent):
    """A board that knows of no flight any more; the message says what it said at its start."""


class Told(NamedTuple):
    """What a board was told or asked: one packet."""

    apid: int
    data: bytes

    def is_answer(self, answer: bytes) -> bool:
        """A reply begins with its time as the grant does, other answers with what was asked for."""
        span = slice(0, 8) if self.apid == GRANT else slice(8, 24)
        return answer[span] == self.data[span]

    @property
    def begins(self) -> bool:
        """Whether it is the word to begin."""
        return self.apid == CONFIG and _WORDS.unpack_from(self.data)[1] == BEGIN

    @property
    def changes_the_board(self) -> bool:
        return self.apid != MEMORY or len(self.data) > _TOLD_OCTETS


class Conversation:
    """With the board of one endpoint, which said HELLO."""

    def __init__(self, endpoint: Endpoint, line: BoardLine) -> None:
        self.may_return = 0  # times that the board may be brought back in a flight
        self.returns = 0  # times that it was
        self._endpoint, self._line = endpoint, line
        self._peer = endpoint.peer
        self._told: list[Told] = []
        self.latency = Latency()
        self._scrub: dict[str, int] | None = None  # what the board told last of its memory
        self.took_ns = array("q")  # from a grant to its reply, of each tick
        self._began_ns = 0
        self._stamps_ns: tuple[int, ...] = ()  # of an answer at the first try

    def begin(self) -> None:
        """A flight begins; what was told before is forgotten."""
        self._told.clear()
        self.latency, self._scrub = Latency(), None
        del self.took_ns[:]
        self.returns = 0

    def meet_again(self) -> None:
        """The board was started anew, between flights. Raises NotIdentified."""
        self._endpoint.reopen()
        self._peer = self._endpoint.wait_for_board(AWAY_S)

    def introduced(self) -> dict[str, Any]:
        """Where the board is, and who it said that it is; hashes in hexadecimal."""
        peer = self._peer._asdict()
        hashes = {name: f"{peer[name]:016x}" for name in ("identity", "core_hash", "session")}
        firmware = self._peer.firmware_version
        name, address = self._peer.board, self._endpoint.carrier.address
        return {"name": name, "address": address, "firmware_version": firmware, **hashes}

    def figures(self) -> dict[str, Any]:
        """How often the board was brought back; how long line and board took for a tick."""
        spread = spread_ms(sorted(self.took_ns), "round_trip")
        scrub, latency = self._scrub, self.latency.figures()
        return {"returns": self.returns, **spread, "latency": latency, "scrub": scrub}

    def tick_begins(self) -> None:
        """The desk begins to say what a tick is given."""
        self._began_ns = time.monotonic_ns()

    def tick_ends(self, tick: int) -> None:
        """Its reply was obeyed."""
        if self._stamps_ns:
            stamps = (self._began_ns, *self._stamps_ns, time.monotonic_ns())
            self.latency.note(tick, stamps)

    def ask(self, apid: int, data: bytes, about: str) -> bytes:
        """The answer to a packet, sent again while none comes. Raises Silent, Unplugged."""
        question, asked_ns = Told(apid, data), time.monotonic_ns()
        answer = self._lasting(lambda: self._answer(question, about))
        if apid == GRANT:
            self.took_ns.append(time.monotonic_ns() - asked_ns)
        if question.changes_the_board:
            self._told.append(question)
        return answer

    def _lasting(self, step: Callable[[], bytes]) -> bytes:
        """A step that is done again after the board was brought back."""
        while True:
            try:
                return step()
            except (Unplugged, StartedAnew) as why:
                self._bring_back(why)

    def _answer(self, question: Told, about: str) -> bytes:
        waited_s, tried, line = 0.0, 0, self._line
        self._stamps_ns = ()
        while waited_s < line.blocked_s:
            answer_s, sent_s = line.answer_s(question.apid, tried), time.monotonic()
            line.asked_again += tried > 0
            asked_ns = time.monotonic_ns()
            self._endpoint.send(question.apid, question.data)
            sent_ns = time.monotonic_ns()
            while (left_s := sent_s + answer_s - time.monotonic()) > 0.0:
                if (answer := self._heard(question, min(left_s, LOOK_S))) is not None:
                    if tried == 0:
                        now_ns, came_ns = time.monotonic_ns(), self._endpoint.came_ns
                        self._stamps_ns = asked_ns, sent_ns, came_ns, now_ns
                        line.answered(question.apid, (now_ns - asked_ns) / 1e9)
                    return answer
            waited_s, tried = waited_s + answer_s, tried + 1
        raise Silent(f"{self._peer.board}: no answer {about} in {line.blocked_s:g} s")

    def _heard(self, question: Told, timeout_s: float) -> bytes | None:
        """The answer, if it came. Raises StartedAnew."""
        packets = self._endpoint.receive(timeout_s)
        if self._endpoint.session != self._peer.session:
            lines = self._endpoint.text.decode(errors="replace").splitlines()
            said = next((line for line in reversed(lines) if "start:" in line), "and said nothing")
            raise StartedAnew(f"{self._peer.board}: it started anew: {said}")
        for packet in packets:
            if packet.apid == TIMES:
                self.latency.take(packet.data)
            elif packet.apid == SCRUB:
                self._scrub = _scrubbed(packet.data)
        apid = ANSWERS[question.apid]
        found = (p.data for p in packets if p.apid == apid and question.is_answer(p.data))
        return next(found, None)

    # -- a board that went away

    def _bring_back(self, why: Exception) -> None:
        """Raises `why` where it may not come back, Silent where it does not."""
        until_s = time.monotonic() + AWAY_S
        while True:
            if self.returns >= self.may_return:
                raise why
            self.returns += 1
            try:
                self._await_board(why, until_s)
                for told in self._still_to_tell():
                    self._answer(told, "to what it was told before")
                return
            except (Unplugged, StartedAnew) as again:
                why = again

    def _still_to_tell(self) -> list[Told]:
        """What a board that came back has to be told of the flight, which it may have kept."""
        begun = max((k for k, told in enumerate(self._told) if told.begins), default=-1)
        if begun < 0:
            return self._told
        _, _, argument = _WORDS.unpack_from(self._told[begun].data)
        resume = Told(CONFIG, _WORDS.pack(0, RESUME, argument))
        status = _STATUS.unpack(self._answer(resume, "to the word to go on"))[3]
        error, tick = status & 0xFFFFFFFF, status >> 32
        if error:
            return self._told
        if tick == 0:
            return self._told[begun + 1 :]
        last = Told(GRANT, (tick * TICK_NS).to_bytes(8, "little"))
        for k in range(len(self._told) - 1, begun, -1):
            if self._told[k].apid == GRANT and last.is_answer(self._told[k].data):
                return self._told[k + 1 :]
        return []  # the tick that is being asked for: the board flew it, and was not heard

    def _await_board(self, why: Exception, until_s: float) -> None:
        carrier, endpoint = self._endpoint.carrier, self._endpoint
        gone = Silent(f"{why}; it did not come back in {AWAY_S:g} s")
        while not carrier.is_open and not endpoint.reopen():
            if time.monotonic() > until_s:
                raise gone
            time.sleep(_AGAIN_S)
        try:
            peer = endpoint.wait_for_board(max(0.0, until_s - time.monotonic()))
        except NotIdentified:
            raise gone from None
        if (peer.board, peer.core_hash) != (self._peer.board, self._peer.core_hash):
            raise Silent(f"{why}; another board came: {peer.board}")
        self._peer = peer


def _scrubbed(data: bytes) -> dict[str, int] | None:
    """The counts of `ob_scrub`, without its time."""
    if len(data) != ffi.sizeof("ob_scrub"):
        return None
    row = ffi.from_buffer("ob_scrub *", data)
    return {name: getattr(row, name) for name, _ in ffi.typeof("ob_scrub").fields[1:]}
