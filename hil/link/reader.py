"""A thread that reads a free-running line and stamps what comes, when it comes.

In lockstep the desk reads inline; a board that runs by its own clock is read here, so that a stamp
does not wait until somebody asks.
"""

from __future__ import annotations

import threading
from collections import deque
from time import monotonic_ns

from hil.link.carriers import Carrier, Unplugged

_LOOK_S = 0.05  # how long a read waits before it looks whether to stop


class Reader:
    """Reads one carrier until `stop`, and reopens it when it is gone."""

    def __init__(self, carrier: Carrier) -> None:
        self.carrier = carrier
        self.unplugged = 0  # times that the line went away
        self._pieces: deque[tuple[int, bytes]] = deque()
        self._came = threading.Event()
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name=carrier.address, daemon=True)
        self._thread.start()

    def take(self, timeout_s: float = 0.0) -> list[tuple[int, bytes]]:
        """What came since, each piece with its time on the monotonic clock (ns), oldest first."""
        if not self._pieces and timeout_s > 0.0:
            self._came.wait(timeout_s)
        self._came.clear()
        pieces = []
        while self._pieces:
            pieces.append(self._pieces.popleft())
        return pieces

    def stop(self) -> None:
        """Ends the thread; the carrier stays as it is."""
        self._stopped.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stopped.is_set():
            try:
                octets = self.carrier.read(_LOOK_S)
            except Unplugged:
                self._wait_for_the_line()
                continue
            if octets:
                self._pieces.append((monotonic_ns(), octets))
                self._came.set()

    def _wait_for_the_line(self) -> None:
        self.unplugged += 1
        while not self.carrier.reopen() and not self._stopped.wait(_LOOK_S):
            pass
