"""Sensors: what reaches the bus, what does not, and which IMU flies."""

from __future__ import annotations

import math
from collections import deque
from typing import Any

import pytest

from onboard.bus import Bus
from onboard.core._core import lib
from onboard.messages import (
    AttitudeSample,
    EngineSample,
    FrameHeader,
    ImuSample,
    LegSample,
    RangeSample,
    TankSample,
    VelocitySample,
)
from onboard.sensors.imu import Imu
from onboard.sensors.instruments import FrameIntake, intake
from onboard.sensors.sensors import Sensors

TICK = 10_000_000


class Port:
    """An input port that gives what was put in."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.waiting: deque[Any] = deque()

    def put(self, *samples: Any) -> None:
        self.waiting.extend(samples)

    def read(self) -> Any | None:
        return self.waiting.popleft() if self.waiting else None


class OneRow(Port):
    """A port that holds one sample and says so."""

    holds_one = True

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.reads = 0

    def put(self, *samples: Any) -> None:
        self.waiting = deque(samples[-1:])

    def read(self) -> Any | None:
        self.reads += 1
        return super().read()


def imu_sample(tick: int, sequence: int | None = None, **changes: Any) -> ImuSample:
    sample = ImuSample(
        tick * TICK, tick if sequence is None else sequence, 0.0, 0.0, 0.0, 0.0, 0.0, 0.03, 0
    )
    return sample._replace(**changes)


def ranged(now: int, sequence: int, range_m: float = 1000.0, valid: int = 1) -> RangeSample:
    return RangeSample(now, sequence, range_m, valid)


def test_a_port_that_holds_one_sample_is_read_once_a_step() -> None:
    bus, port = Bus(), OneRow("rangefinder.a")
    member = intake(port, bus)
    for sequence in (1, 2):
        port.put(ranged(100 * sequence, sequence))
        member.step(1000)
    member.step(1000)
    assert bus.topic("rangefinder.a").value == ranged(200, 2)
    assert (port.reads, member.state.good_count) == (3, 2)
    port.put(ranged(300, 3, math.nan))
    member.step(1000)
    assert (member.state.bad_count, bus.topic("rangefinder.a").sequence) == (1, 2)


def test_the_newest_good_sample_is_published_with_its_own_time() -> None:
    bus, port = Bus(), Port("rangefinder.a")
    member = intake(port, bus)
    port.put(ranged(100, 1, 500.0), ranged(200, 2, 600.0), ranged(300, 3, math.nan))
    member.step(1000)
    topic = bus.topic("rangefinder.a")
    assert topic.value == ranged(200, 2, 600.0)
    assert (topic.time_ns, topic.sequence) == (200, 1)
    assert (member.state.good_count, member.state.bad_count) == (2, 1)
    assert port.read() is None


@pytest.mark.parametrize(
    "sample",
    [
        RangeSample(0, 1, 1000.0, 0),
        RangeSample(0, 1, 0.0, 1),
        RangeSample(0, 1, -5.0, 1),
        RangeSample(0, 1, 2.0e5, 1),
        RangeSample(0, 1, math.inf, 1),
        RangeSample(0, 1, math.nan, 1),
        VelocitySample(0, 1, 1.0, 2.0, 3.0, 0),
        VelocitySample(0, 1, math.nan, 2.0, 3.0, 1),
        VelocitySample(0, 1, 1.0, 2.0, -4000.0, 1),
        AttitudeSample(0, 1, 1.0, 0.0, 0.0, 0.0, 0),
        AttitudeSample(0, 1, 0.0, 0.0, 0.0, 0.0, 1),
        AttitudeSample(0, 1, 1.0, 0.1, 0.0, 0.0, 1),
        AttitudeSample(0, 1, math.nan, 0.0, 0.0, 0.0, 1),
        LegSample(0, 1, 16),
        LegSample(0, 1, -1),
        EngineSample(0, 1, math.nan, 1),
        EngineSample(0, 1, 1.0e9, 1),
        TankSample(0, 1, -5.0e3, 1.0e6),
        TankSample(0, 1, 100.0, math.inf),
    ],
)
def test_a_bad_sample_does_not_reach_the_bus(sample: Any) -> None:
    names = {
        RangeSample: "rangefinder.a",
        VelocitySample: "velocimeter.a",
        AttitudeSample: "star_tracker.a",
        LegSample: "legs",
        EngineSample: "engine.a",
        TankSample: "tank",
    }
    bus, port = Bus(), Port(names[type(sample)])
    member = intake(port, bus)
    port.put(sample)
    member.step(0)
    assert (member.state.good_count, member.state.bad_count) == (0, 1)
    assert all(bus.topic(name).value is None for name in bus.names())


@pytest.mark.parametrize(
    ("port_name", "sample", "topic"),
    [
        ("rangefinder.b", RangeSample(0, 1, 20.0, 1), "rangefinder.b"),
        ("velocimeter.a", VelocitySample(0, 1, 1.0, 2.0, -3.0, 1), "velocimeter"),
        ("star_tracker.a", AttitudeSample(0, 1, 0.6, 0.8, 0.0, 0.0, 1), "star_tracker"),
        ("legs", LegSample(0, 1, 0b1010), "legs"),
        ("engine.b", EngineSample(0, 1, -100.0, 0), "engine.b"),
        ("tank", TankSample(0, 1, 180.0, 1.8e6), "tank"),
    ],
)
def test_a_good_sample_reaches_its_topic(port_name: str, sample: Any, topic: str) -> None:
    bus, port = Bus(), Port(port_name)
    port.put(sample)
    intake(port, bus).step(0)
    assert bus.topic(topic).value is sample


def test_repeated_late_and_future_samples_are_counted_and_kept_out() -> None:
    bus, port = Bus(), Port("rangefinder.a")
    member = intake(port, bus)
    second = 1_000_000_000
    port.put(ranged(second, 7))
    member.step(second)
    port.put(ranged(second, 7), ranged(second, 6), ranged(11 * second // 10, 8))
    member.step(2 * second)  # 8 is 0.9 s old
    port.put(ranged(12 * second // 10, 9))
    member.step(11 * second // 10)  # 9 is from the future
    port.put(ranged(15 * second // 10, 12))
    member.step(15 * second // 10)
    assert (member.state.repeated_count, member.state.late_count, member.state.gap_count) == (
        2,
        2,
        2,
    )
    assert (member.state.good_count, bus.topic("rangefinder.a").sequence) == (2, 2)


def test_an_unknown_kind_of_port_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match="barometer"):
        intake(Port("barometer.a"), Bus())


def test_frames_must_have_the_size_that_they_say() -> None:
    bus, port = Bus(), Port("camera.a")
    member = FrameIntake(port, bus)
    header = FrameHeader(0, 1, 4, 2, 1e-3)
    port.put((header, bytes(8)), (header, bytes(7)))
    member.step(TICK)
    assert bus.topic("frame").value == (header, bytes(8))
    assert tuple(member.words[0:2]) == (1, 1)
    port.put((header, bytes(8)))
    member.step(2_000_000_000)
    assert (member.words[1], bus.topic("frame").sequence) == (2, 1)


def fly(imu: Imu, ports: list[Port], ticks: range, alive: set[int]) -> None:
    for tick in ticks:
        for index in alive:
            ports[index].put(imu_sample(tick))
        imu.step(tick * TICK)


def test_the_first_imu_flies_until_it_is_silent_and_the_second_then_stays() -> None:
    bus, ports = Bus(), [Port("imu.a"), Port("imu.b")]
    imu = Imu(ports, bus)
    fly(imu, ports, range(1, 11), {0, 1})
    assert (imu.choice.selected, bus.topic("imu").sequence) == (0, 10)
    fly(imu, ports, range(11, 21), {1})
    assert (imu.choice.selected, imu.choice.switch_count) == (1, 1)
    assert bus.topic("imu").sequence == 20 - lib.OB_IMU_SILENT_STEPS
    fly(imu, ports, range(21, 31), {0, 1})
    assert imu.choice.selected == 1
    fly(imu, ports, range(31, 41), {0})
    assert (imu.choice.selected, imu.choice.switch_count) == (0, 2)


def test_a_lone_imu_that_falls_silent_is_not_replaced_by_nothing() -> None:
    bus, ports = Bus(), [Port("imu.a")]
    imu = Imu(ports, bus)
    fly(imu, ports, range(1, 5), {0})
    fly(imu, ports, range(5, 50), set())
    assert (imu.choice.selected, imu.choice.switch_count, bus.topic("imu").sequence) == (0, 0, 4)
    fly(imu, ports, range(50, 52), {0})
    assert bus.topic("imu").sequence == 6


@pytest.mark.parametrize(
    "changes",
    [
        {"delta_angle_x_rad": math.nan},
        {"delta_angle_z_rad": 0.3},
        {"delta_velocity_y_m_s": -math.inf},
        {"delta_velocity_z_m_s": 2.5},
    ],
)
def test_impossible_increments_are_kept_out(changes: dict[str, float]) -> None:
    bus, port = Bus(), Port("imu.a")
    imu = Imu([port], bus)
    port.put(imu_sample(1, **changes))
    imu.step(TICK)
    assert bus.topic("imu").value is None
    assert imu.intakes[0].state.bad_count == 1


def test_a_saturated_sample_passes_with_its_flag() -> None:
    bus, port = Bus(), Port("imu.a")
    port.put(imu_sample(1, saturated=0b100))
    Imu([port], bus).step(TICK)
    assert bus.topic("imu").value.saturated == 0b100


def test_sensors_take_slow_instruments_at_ten_hertz_and_hash_what_decides() -> None:
    ports = {name: Port(name) for name in ("imu.a", "rangefinder.a", "legs", "camera.a")}
    bus = Bus()
    sensors = Sensors(bus, ports)
    empty = sensors.state_hash(1)
    ports["rangefinder.a"].put(ranged(TICK, 1))
    ports["legs"].put(LegSample(TICK, 1, 0))
    ports["imu.a"].put(imu_sample(1))
    sensors.step(TICK)
    assert bus.topic("legs").sequence == bus.topic("imu").sequence == 1
    assert bus.topic("rangefinder.a").sequence == 0
    after_imu = sensors.state_hash(1)
    assert after_imu != empty
    sensors.step(10 * TICK)
    assert bus.topic("rangefinder.a").sequence == 1
    assert sensors.state_hash(1) not in (empty, after_imu)


def test_sensors_without_an_imu_are_refused() -> None:
    with pytest.raises(ValueError, match="IMU"):
        Sensors(Bus(), {"legs": Port("legs")})


def test_a_disabled_instrument_is_read_and_counted_but_not_passed_on() -> None:
    ports = {n: Port(n) for n in ("imu.a", "rangefinder.a", "rangefinder.b", "velocimeter.a")}
    bus = Bus()
    sensors = Sensors(bus, ports)
    assert sensors.enable(0, "rangefinder.a", 0) is None
    hashes = set()
    for k, enabled in enumerate((0, 1), start=1):
        sensors.enable(0, "rangefinder.a", enabled)
        for name in ("rangefinder.a", "rangefinder.b"):
            ports[name].put(ranged(10 * k * TICK, k))
        sensors.step(10 * k * TICK)
        hashes.add(sensors.state_hash(1))
        assert bus.topic("rangefinder.a").sequence == enabled
        assert bus.topic("rangefinder.b").sequence == k
    assert len(hashes) == 2


def test_a_kind_enables_all_its_instances_and_a_stranger_is_refused() -> None:
    ports = {n: Port(n) for n in ("imu.a", "velocimeter.a", "legs.a")}
    sensors = Sensors(Bus(), ports)
    assert sensors.enable(0, "velocimeter", 0) is None
    assert [m.enabled for m in (*sensors.quick, *sensors.slow)] == [True, False]
    assert sensors.enable(0, "star_tracker", 1) == "star_tracker is not fitted"


def test_an_imu_can_be_chosen_if_it_speaks() -> None:
    bus, ports = Bus(), [Port("imu.a"), Port("imu.b")]
    imu = Imu(ports, bus)
    fly(imu, ports, range(1, 5), {0})
    assert imu.select(4 * TICK, "imu.b") == "imu.b gives no good samples"
    assert imu.select(4 * TICK, "imu.c") == "imu.c is not fitted"
    fly(imu, ports, range(5, 9), {0, 1})
    assert imu.select(8 * TICK, "imu.b") is None
    assert (imu.choice.selected, imu.choice.switch_count) == (1, 1)
    assert imu.select(8 * TICK, "imu.b") is None
    assert imu.choice.switch_count == 1
