"""Start of Spirit's computer as its loss of contact was reconstructed (Reeves and Neilson 2005).

The file system is mounted before anything else runs, and its index is built in memory at once, an
entry for each file. An allocation that fails restarts the computer, which then does the same again.
"""

from __future__ import annotations

from onboard.executive import Trap
from onboard.services.archive import SLOTS, Archive
from onboard.services.boot import Boot

HEAP_ENTRIES = 384  # a design choice: more than are there after a day, less than a full memory has


class MountsEverything(Archive):
    """An index as long as what the memory holds, built before the first tick."""

    def start_up(self, now_ns: int) -> None:
        super().start_up(now_ns)
        self._mount(SLOTS, now_ns)
        if self.sample().stored > HEAP_ENTRIES:
            raise Trap(f"no memory for {self.sample().stored} entries")


class AlwaysTheSameStart(Boot):
    """Everybody runs after every start."""

    def begin(self, now_ns: int) -> frozenset[str]:
        self._publish(now_ns)
        return frozenset()
