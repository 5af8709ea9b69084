"""Members that count, loads and a store, for tests of the executive."""

from __future__ import annotations

from onboard.executive import TICK_NS, Executive
from onboard.messages import ProcessorLoad, TimeGrant


class Load:
    """A load port: rows by tick."""

    name = "load"

    def __init__(self, rows: dict[int, ProcessorLoad]) -> None:
        self.rows, self.tick = rows, -1

    def read(self) -> ProcessorLoad | None:
        self.tick += 1
        return self.rows.get(self.tick)


class Counting:
    """A component whose only state is how often it ran."""

    def __init__(self) -> None:
        self.runs = 0
        self.times: list[int] = []

    def step(self, now_ns: int) -> None:
        self.runs += 1
        self.times.append(now_ns)

    def state_hash(self, h: int) -> int:
        return (h * 31 + self.runs) % 2**64

    def checkpoint(self) -> bytes:
        return self.runs.to_bytes(8, "little")

    def restore(self, state: bytes) -> None:
        self.runs = int.from_bytes(state, "little")


class Store:
    def __init__(self) -> None:
        self.data: bytes | None = None
        self.writes = 0

    def write(self, data: bytes) -> bool:
        self.data = data
        self.writes += 1
        return True

    def read(self) -> bytes | None:
        return self.data


def load_row(**fields: float) -> ProcessorLoad:
    nominal = {"stolen_us": 0.0, "member": -1, "member_extra_us": 0.0, "reset": 0, "trap": 0}
    return ProcessorLoad(0, 0, **(nominal | fields))  # type: ignore[arg-type]


def run(executive: Executive, ticks: int, first: int = 0) -> list[int]:
    return [
        executive.tick(TimeGrant(t, t * TICK_NS)).state_hash for t in range(first, first + ticks)
    ]
