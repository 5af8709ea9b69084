"""Channel values out of C structs, rows, arrays and plain numbers, with their ages."""

import math
from dataclasses import replace

import pytest
from tiny_vehicle import LANDER

from onboard.bus import Bus, Topic
from onboard.core._core import ffi
from onboard.dictionary.models import Channel
from onboard.messages import ImuSample
from onboard.services.channels import ChannelReader, sampler


def channel(topic: str, field: str) -> Channel:
    return Channel.model_validate(
        {"topic": topic, "field": field, "rate_hz": 10, "description": "x"}
    )


def read(value: object, field: str) -> float:
    topic = Topic("any")
    topic.publish(value, 0)
    return sampler([("any", field)], {"any": topic})(0)[0][0]


STATE = ffi.new("ob_nav_state *")
STATE.position_site_m[2] = 17.5
STATE.altitude_m = 12.25
STATE.valid = 1
STATES = ffi.new("ob_nav_state[3]")
STATES[2].altitude_m = 3.0
STATES[1].velocity_site_m_s[1] = -4.0
ROW = ImuSample(1, 2, 0.1, 0.2, 0.3, 4.0, 5.0, 6.0, 7)


@pytest.mark.parametrize(
    ("value", "field", "expected"),
    [
        (STATE, "altitude_m", 12.25),
        (STATE, "position_site_m[2]", 17.5),
        (STATE, "valid", 1),
        (STATES, "[2].altitude_m", 3.0),
        (STATES, "[1].velocity_site_m_s[1]", -4.0),
        (ROW, "delta_velocity_z_m_s", 6.0),
        (ROW, "[8]", 7),
        (42.0, "", 42.0),
        (("coast", 1), "[1]", 1),
    ],
)
def test_a_field_is_found(value: object, field: str, expected: float) -> None:
    assert read(value, field) == expected


@pytest.mark.parametrize("field", ["a b", "a()", "[x]", "a[0", "__import__('os')", "a.", "Á"])
def test_a_field_of_another_form_is_refused(field: str) -> None:
    with pytest.raises(ValueError, match="allowed NAME"):
        read(ROW, field)


def test_values_come_in_the_order_of_the_names_with_their_ages() -> None:
    bus = Bus()
    made = {"a": channel("navigation", "altitude_m"), "b": channel("imu", "saturated")}
    made["c"] = channel("navigation", "valid")
    reader = ChannelReader(bus, replace(LANDER, channels=made), ["c", "b", "a"])
    bus.topic("navigation").publish(STATE, 100)
    bus.topic("imu").publish(ROW, 250)
    values, ages = [0.0] * 3, [0] * 3
    reader.read(1_000, values, ages)
    assert values == [1, 7, 12.25]
    assert ages == [900, 750, 900]


def test_a_topic_never_published_reads_nan_and_very_old() -> None:
    reader = ChannelReader(Bus(), LANDER, ["navigation.altitude_m"])
    values, ages = [0.0], [0]
    reader.read(5, values, ages)
    assert math.isnan(values[0])
    assert ages[0] > 100 * 365 * 86_400 * 10**9


def test_an_unknown_channel_is_refused() -> None:
    with pytest.raises(KeyError, match="altitud"):
        ChannelReader(Bus(), LANDER, ["navigation.altitud"])


def test_struct_updates_in_place_are_seen() -> None:
    bus, state = Bus(), ffi.new("ob_nav_state *")
    reader = ChannelReader(bus, LANDER, ["navigation.altitude_m"])
    bus.topic("navigation").publish(state, 0)
    state.altitude_m = 99.0
    values, ages = [0.0], [0]
    reader.read(0, values, ages)
    assert values == [99.0]


def struct_fields(name: str) -> set[str]:
    return {field for field, _ in ffi.typeof(name).fields}


@pytest.mark.parametrize(
    ("topic", "struct"),
    [
        ("navigation", "ob_nav_state"),
        ("guidance", "ob_guidance_command"),
        ("actuators", "ob_actuator_command"),
    ],
)
def test_the_landers_channels_name_fields_that_exist(topic: str, struct: str) -> None:
    value = ffi.new(f"{struct} *")
    channels = [c for c in LANDER.channels.values() if c.topic == topic]
    assert channels
    for c in channels:
        assert c.field.split("[")[0] in struct_fields(struct)
        assert read(value, c.field) == 0
