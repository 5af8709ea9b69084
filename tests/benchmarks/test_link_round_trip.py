"""A frame of 44 octets there and back through a pseudo-terminal, read inline: `make bench`.

Beside raw `os.write` and `os.read` in lockstep. The far end is the same in all: it reads what is
there and writes it back, in this process, so that no scheduler is timed. Taken in turns, so that a
load on the machine hits all alike.
"""

import os
import tty
from collections.abc import Callable
from statistics import median
from time import perf_counter_ns

import serial
from pytest_benchmark.fixture import BenchmarkFixture

from hil.link.carriers import PseudoTerminal
from hil.link.codec import frame
from hil.link.endpoint import Endpoint, Hello

FRAME = frame(256, bytes(range(1, 34)))
TURNS, TRIPS = 40, 50


class Ways:
    """The pseudo-terminal, and every way to send a frame around it."""

    def __init__(self) -> None:
        assert len(FRAME) == 44
        self.carrier = PseudoTerminal()
        self.far = os.open(self.carrier.path, os.O_RDWR | os.O_NOCTTY)
        tty.setraw(self.far)
        assert self.carrier.reopen()
        self.near, self.raw_far = os.openpty()
        tty.setraw(self.near)
        self.desk = Endpoint(self.carrier, clock=perf_counter_ns)
        self.board = Endpoint(_Far(self.far), Hello("far", session=1), role="board")
        self.board.take(b"")
        self.desk.wait_for_board(1.0)
        self.board.receive(0.0)

    def echo(self) -> None:
        os.write(self.far, os.read(self.far, 65536))

    def raw(self) -> None:
        os.write(self.near, FRAME)
        os.write(self.raw_far, os.read(self.raw_far, 65536))
        os.read(self.near, 65536)

    def through_carrier(self) -> None:
        self.carrier.write(FRAME)
        self.echo()
        self.carrier.read(1.0)

    def through_endpoint(self) -> None:
        """Encoded, and what comes back decoded, checked and counted (as an echo, which it is)."""
        self.desk.send(256, FRAME[:33])
        self.echo()
        self.desk.take(self.carrier.read(1.0))


class _Far:
    """The far end as a carrier."""

    address, is_open = "far", True

    def __init__(self, descriptor: int) -> None:
        self._fd = descriptor

    def read(self, timeout_s: float) -> bytes:
        return os.read(self._fd, 65536)

    def write(self, octets: bytes) -> None:
        os.write(self._fd, octets)

    def reopen(self) -> bool:
        return True

    def close(self) -> None:
        os.close(self._fd)


def timed_us(way: Callable[[], None]) -> float:
    began = perf_counter_ns()
    for _ in range(TRIPS):
        way()
    return (perf_counter_ns() - began) / TRIPS / 1000.0


def test_round_trip(benchmark: BenchmarkFixture) -> None:
    ways = Ways()
    port = serial.Serial(os.ttyname(ways.raw_far), timeout=1.0)

    def until_zero() -> None:
        os.write(ways.near, FRAME[1:])
        port.write(port.read_until(b"\0"))
        os.read(ways.near, 65536)

    named = {
        "raw os.write, os.read": ways.raw,
        "carrier": ways.through_carrier,
        "endpoint": ways.through_endpoint,
        "raw, and pyserial's read_until at the far end": until_zero,
    }
    turns = TURNS if benchmark.enabled else 1
    times: dict[str, list[float]] = {name: [] for name in named}
    for _ in range(turns):
        for name, way in named.items():
            times[name].append(timed_us(way))
    benchmark.pedantic(ways.through_carrier, rounds=10)
    raw = times["raw os.write, os.read"]
    for name, taken in times.items():
        least, middle = min(taken) / min(raw), median(taken) / median(raw)
        print(
            f"\n{name}: least {min(taken):.1f} us, median {median(taken):.1f} us, "
            f"{least:.2f} and {middle:.2f} x raw"
        )
    assert ways.desk.counters["misdirected"] == turns * TRIPS
    port.close()
