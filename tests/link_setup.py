"""Two ends of a line in one process, driven by one clock."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from hil.link.carriers import Carrier, InProcess
from hil.link.endpoint import Endpoint, Hello

BOARD = Hello("test-board", identity=77, firmware_version=1_002_003, core_hash=5, session=11)
SECOND = 1_000_000_000


@dataclass
class Clock:
    now_ns: int = 0

    def __call__(self) -> int:
        return self.now_ns


@dataclass
class Line:
    """A desk and a board; `round` lets time pass and both ends take what came."""

    desk_carrier: Carrier
    board_carrier: Carrier
    clock: Clock = field(default_factory=Clock)
    sync_period_s: float = 0.0

    def __post_init__(self) -> None:
        self.desk = Endpoint(self.desk_carrier, clock=self.clock, sync_period_s=self.sync_period_s)
        self.start_board(BOARD)

    def start_board(self, hello: Hello, ahead_ns: int = 0) -> None:
        self.board = Endpoint(
            self.board_carrier, hello, role="board", clock=lambda: self.clock() + ahead_ns
        )

    def round(self, passes_ns: int = SECOND // 100) -> None:
        self.clock.now_ns += passes_ns
        self.board_got = self.board.take(self.board_carrier.read(0.0))
        self.desk_got = self.desk.take(self.desk_carrier.read(0.0))

    def rounds(self, count: int) -> None:
        for _ in range(count):
            self.round()


def in_process(sync_period_s: float = 0.0) -> Line:
    carrier = InProcess()
    return Line(carrier, carrier.peer, sync_period_s=sync_period_s)


@contextmanager
def connected() -> Iterator[Line]:
    line = in_process()
    line.rounds(2)
    assert line.desk.is_connected and line.board.is_connected
    yield line
