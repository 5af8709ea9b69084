"""An archive in a memory of its own, for tests."""

from __future__ import annotations

from typing import Any

from tiny_vehicle import LANDER

from onboard.bus import Bus
from onboard.services.archive import MOUNTED_IN_A_STEP, SLOTS, Archive
from onboard.services.events import EventLog

S = 1_000_000_000
STEPS_TO_MOUNT = SLOTS // MOUNTED_IN_A_STEP


class Radio:
    def __init__(self) -> None:
        self.sent: list[bytes] = []

    def receive(self) -> bytes | None:
        return None

    def send(self, packet: bytes) -> None:
        self.sent.append(packet)


def archive(memory: Any, address: int = 0, period_s: float = 60.0) -> tuple[Archive, EventLog]:
    events = EventLog(LANDER.events)
    made = Archive(
        memory,
        address,
        Bus().topic("archive"),
        events,
        Radio(),
        product=lambda now_ns: b"product of %d" % (now_ns // S),
        period_s=period_s,
    )
    made.start_up(0)
    return made, events


def mounted(memory: Any, **options: Any) -> tuple[Archive, EventLog]:
    made, events = archive(memory, **options)
    for step in range(STEPS_TO_MOUNT):
        assert not made.mounted
        made.step(step * S)
    assert made.mounted
    return made, events
