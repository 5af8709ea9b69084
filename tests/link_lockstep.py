"""Ticks in lockstep with a board in another process, over a pseudo-terminal.

    python tests/link_lockstep.py [SECONDS]        an hour at 100 Hz, unless said otherwise

Each tick is a GRANT of 120 octets and a REPLY of 120. The board answers with what it was granted; a
tick is lost when no REPLY comes within a second, or another than is due.
"""

import struct
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import numpy as np

from hil.link import endpoint as link
from hil.link.carriers import PseudoTerminal, Unplugged, open_carrier
from hil.link.endpoint import Endpoint, Hello

TICK_NS = 10_000_000
TICK = struct.Struct("<qq104s")
_LOST_S = 1.0


def board(path: str) -> None:
    """The board's program: replies until the desk hangs up."""
    end = Endpoint(open_carrier(f"serial:{path}"), Hello("echo", session=1), role="board")
    with suppress(Unplugged):
        while True:
            for packet in end.receive(0.2):
                end.send(link.REPLY, packet.data)


@contextmanager
def desk() -> Iterator[Endpoint]:
    """A desk that met such a board."""
    carrier = PseudoTerminal()
    program = subprocess.Popen([sys.executable, __file__, "--board", carrier.path])
    try:
        while not carrier.reopen():
            time.sleep(0.01)
        end = Endpoint(carrier)
        end.wait_for_board(10.0)
        yield end
    finally:
        program.kill()
        program.wait()


def fly(end: Endpoint, ticks: int) -> tuple[int, np.ndarray]:
    """Ticks that were lost, and how long each took (us)."""
    took_us, lost = np.empty(ticks), 0
    for tick in range(ticks):
        data = TICK.pack(tick * TICK_NS, tick, bytes(104))
        began = time.perf_counter_ns()
        end.send(link.GRANT, data)
        replies = [p.data for p in end.receive(_LOST_S) if p.apid == link.REPLY]
        took_us[tick] = (time.perf_counter_ns() - began) / 1000.0
        lost += replies != [data]
    return lost, took_us


def main(seconds: float) -> None:
    ticks = round(seconds * 1e9 / TICK_NS)
    began = time.monotonic()
    with desk() as end:
        lost, took_us = fly(end, ticks)
        counters = {name: count for name, count in end.counters.items() if count}
    median, late, most = np.percentile(took_us, [50, 99, 100])
    print(f"{ticks} ticks in {time.monotonic() - began:.0f} s: {lost} lost; round trip")
    print(f"median {median:.0f} us, 99 % under {late:.0f} us, at most {most / 1000.0:.1f} ms")
    print(counters)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--board"]:
        board(sys.argv[2])
    else:
        main(float(sys.argv[1]) if len(sys.argv) > 1 else 3600.0)
