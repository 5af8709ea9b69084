"""Where the time of a tick goes on its way to a board and back, hop by hop.

The desk stamps every exchange that was answered at the first try; the board tells of one tick in 32
what it had to do with it, by its own clock. What is left of the way is the line, with whatever
schedules its two ends: a program on the desk's own machine may be held up in its sending while the
desk reads already, and the line is then below zero by that. The clock of an emulated Cortex-M
counts instructions, not seconds: its hops are those of a board at that rate, and the line has what
the emulator takes longer.
"""

from __future__ import annotations

import struct
from array import array
from typing import Any

from onboard.core._core import lib

OF_DESK = ("encode", "write", "await", "read", "decode")
OF_BOARD = ("receive", "compute", "send")
HOPS = {
    "encode": "desk: what the tick is given, as octets",
    "write": "desk: framed and handed to the line",
    "line": "both ways, and the scheduling of both ends",
    "board_receive": "board: from the first octets of the grant to the last",
    "board_compute": "board: the tick, and the reply as octets",
    "board_send": "board: until its line had taken the reply",
    "read": "desk: the reply out of its frame",
    "decode": "desk: the reply taken apart, its rows to the vehicle",
}
"""In the order of the way."""
APID: int = lib.OB_APID_TIMES
_TIMES = struct.Struct("<qqqqq")


class Latency:
    """Of one flight."""

    def __init__(self) -> None:
        self.ticks = array("q")
        self._stamps_ns = array("q")  # one more than OF_DESK of each
        self._board: dict[int, tuple[int, ...]] = {}  # by tick

    def note(self, tick: int, stamps_ns: tuple[int, ...]) -> None:
        """An exchange: when it began, was encoded, written, answered to the last octet, out of its
        frame, taken apart."""
        self.ticks.append(tick)
        self._stamps_ns.extend(stamps_ns)

    def take(self, data: bytes) -> None:
        """What the board told: `ob_times`."""
        if len(data) == _TIMES.size:
            _, tick, *hops = _TIMES.unpack(data)
            self._board[tick] = tuple(hops)

    def _of_desk(self) -> dict[str, list[int]]:
        """Durations of each hop of OF_DESK, tick by tick."""
        at = [self._stamps_ns[k :: len(OF_DESK) + 1] for k in range(len(OF_DESK) + 1)]
        return {
            name: [end - begin for begin, end in zip(at[k], at[k + 1], strict=True)]
            for k, name in enumerate(OF_DESK)
        }

    def hops_ns(self) -> dict[str, list[int]]:
        """Durations of each hop of HOPS, in no order."""
        hops = self._of_desk()
        waits = dict(zip(self.ticks, hops.pop("await"), strict=True))
        hops |= {f"board_{name}": [] for name in OF_BOARD} | {"line": []}
        for tick, times in self._board.items():
            if tick in waits:
                hops["line"].append(waits[tick] - sum(times))
                for name, value in zip(OF_BOARD, times, strict=True):
                    hops[f"board_{name}"].append(value)
        return {name: hops[name] for name in HOPS}

    def figures(self) -> dict[str, dict[str, Any]]:
        """Of each hop: how often it was stamped, median, 99 % and most in microseconds."""
        return {name: spread_us(sorted(of)) for name, of in self.hops_ns().items() if of}


def spread_us(ordered_ns: list[int]) -> dict[str, Any]:
    """Count, median, 99 % and largest of sorted durations, which are some."""
    last = len(ordered_ns) - 1
    places = {"median_us": last // 2, "p99_us": last * 99 // 100, "max_us": last}
    return {"count": len(ordered_ns), **{k: ordered_ns[at] / 1e3 for k, at in places.items()}}
