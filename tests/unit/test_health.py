"""Health: the counters of everybody once a second."""

from tiny_vehicle import LANDER, TinyVehicle, ports

from onboard.executive import TICK_NS
from onboard.messages import ProcessorLoad
from onboard.services.channels import ChannelReader


def fly(seconds: int) -> TinyVehicle:
    load = {
        110: ProcessorLoad(0, 0, 9_850.0, -1, 0.0, 0),
        140: ProcessorLoad(0, 1, 0.0, -1, 0.0, 0),
    }
    hardware = ports(load)
    hardware["radio"].up.append(b"noise")
    vehicle = TinyVehicle(hardware)
    for tick in range(100 * seconds):
        vehicle.executive.tick((tick, tick * TICK_NS))
    return vehicle


def test_health_is_published_once_a_second_with_the_counters() -> None:
    vehicle = fly(3)
    topic = vehicle.bus.topic("health")
    sample = topic.value
    assert topic.sequence == 3
    assert (sample.sequence, sample.ticks) == (2, 206)
    assert sample.overloaded_ticks == vehicle.counters.overloaded_ticks > 0
    assert sample.slips == sum(m.slips for m in vehicle.counters.members.values()) > 0
    assert sample.commands_rejected == 1
    assert sample.parameters_crc == vehicle.parameters.crc
    assert sample.events == vehicle.events.total


def test_every_health_channel_of_the_lander_has_its_counter() -> None:
    vehicle = fly(1)
    names = [n for n, c in LANDER.channels.items() if c.topic == "health"]
    values, ages = [0.0] * len(names), [0] * len(names)
    ChannelReader(vehicle.bus, LANDER, names).read(0, values, ages)
    read = dict(zip(names, values, strict=True))
    assert read["health.ticks"] == 6
    assert read["health.parameters_crc"] == vehicle.parameters.crc
