"""Starts are counted, and too many in a row leave out more and more of the computer."""

from __future__ import annotations

from typing import Any

import pytest
from tiny_vehicle import LANDER, Memory

from onboard.bus import Bus
from onboard.executive import Criticality
from onboard.services.boot import CELL_BYTES, Boot
from onboard.services.events import EventLog
from onboard.services.storage import TwoCopyStore

MEMBERS = LANDER.schedule.members
ALL_BUT_MINIMAL = {name for name, m in MEMBERS.items() if not m.minimal}
DISPENSABLE = {n for n in ALL_BUT_MINIMAL if MEMBERS[n].criticality != Criticality.CRITICAL}
S = 1_000_000_000


class Vehicle:
    """A computer that is switched on: the cell lasts, the rest begins anew."""

    def __init__(self, memory: Any, critical: bool = False) -> None:
        self.events = EventLog(LANDER.events)
        self.boot = Boot(
            TwoCopyStore(memory, 0, CELL_BYTES),
            Bus().topic("boot"),
            MEMBERS,
            self.events,
            critical=lambda: critical,
            healthy_s=600.0,
        )


def memory() -> Memory:
    return Memory(TwoCopyStore.extent(CELL_BYTES))


@pytest.mark.parametrize("power_fails", [False, True])
def test_from_the_third_start_in_a_row_nothing_is_mounted_and_from_the_fifth_little_runs(
    power_fails: bool,
) -> None:
    cell = memory()
    vehicle = Vehicle(cell)
    expected: list[set[str]] = [
        set(),
        set(),
        DISPENSABLE,
        DISPENSABLE,
        ALL_BUT_MINIMAL,
        ALL_BUT_MINIMAL,
    ]
    for number, left_out in enumerate(expected, 1):
        vehicle = Vehicle(cell) if power_fails else vehicle
        assert vehicle.boot.begin(number * S) == left_out
        assert (vehicle.boot.starts, vehicle.boot.unproven) == (number, number)
    assert vehicle.events.counts["BOOT_MINIMAL"] == (1 if power_fails else 4)


def test_what_the_ground_needs_runs_in_every_start() -> None:
    kept = MEMBERS.keys() - ALL_BUT_MINIMAL
    assert kept == {"fault_protection", "commands", "telemetry", "health", "boot"}


def test_healthy_running_proves_a_start() -> None:
    vehicle = Vehicle(memory())
    vehicle.boot.begin(0)
    vehicle.boot.begin(10 * S)
    vehicle.boot.step(609 * S)
    assert vehicle.boot.unproven == 2
    vehicle.boot.step(610 * S)
    assert vehicle.boot.unproven == 0
    assert vehicle.boot.begin(700 * S) == frozenset()


def test_a_minimal_start_proves_nothing_and_lasts_until_the_ground_restarts() -> None:
    vehicle = Vehicle(memory())
    for start in range(3):
        vehicle.boot.begin(start * S)
    vehicle.boot.step(5000 * S)
    assert vehicle.boot.begin(5001 * S) == DISPENSABLE
    vehicle.boot.forgive(6000 * S)
    assert vehicle.boot.begin(6001 * S) == frozenset()
    assert vehicle.boot.unproven == 1


@pytest.mark.parametrize("period_s", [1, 59, 300, 599])
def test_never_more_than_three_restarts_in_half_an_hour_without_a_minimal_start(
    period_s: int,
) -> None:
    vehicle = Vehicle(memory())
    left_out = []
    for second in range(0, 1800, period_s):
        left_out.append(bool(vehicle.boot.begin(second * S)))
        vehicle.boot.step((second + period_s) * S)
    assert left_out[:3] == [False, False, True]


def test_a_critical_event_goes_on_without_the_member_that_failed() -> None:
    vehicle = Vehicle(memory(), critical=True)
    for start in range(8):
        vehicle.boot.failed("")
        assert vehicle.boot.begin(start * S) == frozenset()
    for failed, left_out in [
        ("archive", {"archive"}),
        ("navigation", {"archive"}),
        ("craters", {"archive", "craters"}),
        ("", {"archive", "craters"}),
    ]:
        vehicle.boot.failed(failed)
        assert vehicle.boot.begin(9 * S) == left_out
    vehicle.boot.step(9 * S + 600 * S)
    assert vehicle.boot.begin(700 * S) == frozenset()


@pytest.mark.parametrize("failed", MEMBERS)
def test_the_fifth_start_does_without_what_failed_but_takes_commands(failed: str) -> None:
    vehicle = Vehicle(memory())
    left_out = frozenset[str]()
    for start in range(5):
        vehicle.boot.failed(failed)
        left_out = vehicle.boot.begin(start * S)
    assert left_out == (ALL_BUT_MINIMAL | {failed}) - {"commands"}


class Dead(Memory):
    def read(self, address: int, length: int) -> bytes:
        return b"\xff" * length

    def write(self, address: int, data: bytes) -> None:
        pass


class Stuck(Memory):
    def write(self, address: int, data: bytes) -> None:
        pass


@pytest.mark.parametrize("kind", [Dead, Stuck])
def test_a_memory_that_does_not_hold_the_count_does_not_hide_it(kind: type[Memory]) -> None:
    vehicle = Vehicle(kind(TwoCopyStore.extent(CELL_BYTES)))
    assert [bool(vehicle.boot.begin(start * S)) for start in range(4)] == [False, False, True, True]
    assert vehicle.events.counts["STORAGE_FAULT"] == 4
