"""A board that runs by its own clock, in a thread, read by a `Reader`."""

import threading
from time import monotonic_ns

from link_setup import BOARD

from hil.link.carriers import PseudoTerminal, Unplugged, open_carrier
from hil.link.endpoint import Endpoint
from hil.link.reader import Reader

AHEAD_NS = 123_456_789_012


def run_board(path: str, stopped: threading.Event) -> None:
    """Says the time as telemetry every few milliseconds, and answers what the desk asks."""
    board = Endpoint(
        open_carrier(f"serial:{path}"),
        BOARD,
        role="board",
        clock=lambda: monotonic_ns() + AHEAD_NS,
    )
    try:
        while not stopped.is_set():
            board.receive(0.002)
            if board.is_connected:
                board.send(256, board.clock().to_bytes(8, "little"))
    except Unplugged:
        pass
    board.carrier.close()


def test_the_clock_of_a_free_running_board_is_known_within_its_bound() -> None:
    carrier, stopped = PseudoTerminal(), threading.Event()
    board = threading.Thread(target=run_board, args=(carrier.path, stopped))
    board.start()
    while not carrier.reopen():
        pass
    reader, desk = Reader(carrier), Endpoint(carrier, sync_period_s=0.005)
    late_ns = []
    while desk.time_sync is None or desk.time_sync.exchanges < 20:
        for stamp_ns, octets in reader.take(0.1):
            for packet in desk.take(octets, stamp_ns):
                said_ns = int.from_bytes(packet.data, "little") - AHEAD_NS
                late_ns.append(stamp_ns - said_ns)
    stopped.set()
    reader.stop()
    board.join()
    sync = desk.time_sync
    assert abs(sync.offset_ns - AHEAD_NS) <= sync.error_ns
    assert late_ns and min(late_ns) >= 0, "stamped when it came, which is after it was said"
    assert desk.counters["lost"] == desk.counters["repeated"] == 0
