"""Telemetry: layouts, rates, stale marks, values that a type cannot hold."""

import math
import struct

import pytest
from tiny_vehicle import LANDER, Radio

from onboard.bus import Bus
from onboard.core._core import ffi
from onboard.services.packets import decode
from onboard.services.telemetry import PacketLayout, TelemetryService

S = 10**9
APIDS = {p.apid: name for name, p in LANDER.packets.items()}


def sent_by(seconds: float, bus: Bus | None = None) -> dict[str, list[bytes]]:
    radio = Radio()
    service = TelemetryService(LANDER, bus or Bus(), radio)
    for i in range(round(10 * seconds)):
        service.step(i * S // 10)
    packets: dict[str, list[bytes]] = {name: [] for name in LANDER.packets}
    for octets in radio.down:
        packet = decode(octets)
        assert not packet.telecommand
        assert packet.sequence_count == len(packets[APIDS[packet.apid]])
        packets[APIDS[packet.apid]].append(packet.data)
    return packets


def test_each_packet_is_sent_at_its_rate() -> None:
    counts = {name: len(p) for name, p in sent_by(5.0).items()}
    assert counts == {name: 5 * p.rate_hz for name, p in LANDER.packets.items()}


def test_a_packet_holds_time_stale_mask_and_values() -> None:
    bus, state = Bus(), ffi.new("ob_nav_state *")
    state.altitude_m = 1234.5
    bus.topic("navigation").publish(state, 0)
    packets = sent_by(0.3, bus)["navigation"]
    layout = PacketLayout(LANDER, "navigation")
    rows = [layout.unpack(p) for p in packets]
    assert [r.time_ns for r in rows] == [0, S // 10, 2 * S // 10]
    k = layout.channels.index("navigation.altitude_m")
    assert [r.values[k] for r in rows] == [1234.5] * 3
    # published once at 0, two periods of 100 Hz are 20 ms
    every = (1 << len(layout.channels)) - 1
    assert [r.stale for r in rows] == [0, every, every]


def test_what_was_never_produced_is_stale() -> None:
    layout = PacketLayout(LANDER, "instruments")
    row = layout.unpack(sent_by(0.1)["instruments"][0])
    assert row.stale == (1 << len(layout.channels)) - 1
    for kind, value in zip(layout.types, row.values, strict=True):
        assert math.isnan(value) if kind in ("f32", "f64") else value == 0


@pytest.mark.parametrize(
    ("value", "expected"),
    [(-1.0, 0), (300.0, 255), (7.9, 7), (math.inf, 255), (-math.inf, 0), (math.nan, 0)],
)
def test_a_value_that_its_type_cannot_hold_is_clamped(value: float, expected: int) -> None:
    layout = PacketLayout(LANDER, "instruments")
    k = layout.channels.index("legs.closed")
    assert layout.types[k] == "u8"
    values = [0.0] * len(layout.channels)
    values[k] = value
    assert layout.unpack(layout.pack(0, 0, values)).values[k] == expected


def test_data_of_another_length_is_no_row() -> None:
    with pytest.raises(struct.error):
        PacketLayout(LANDER, "health").unpack(b"short")


def test_telemetry_can_be_silent() -> None:
    radio = Radio()
    service = TelemetryService(LANDER, Bus(), radio, enabled=lambda: False)
    before = service.state_hash(1)
    service.step(0)
    assert radio.down == []
    assert service.state_hash(1) != before
