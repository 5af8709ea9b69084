"""Events as packets: what is packed comes back, texts are cut, the log is sent in order."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tiny_vehicle import LANDER, Radio

from onboard.bus import Bus
from onboard.dictionary.models import Severity
from onboard.services.event_packets import EVENT_APID, SEVERITIES, pack_event, unpack_event
from onboard.services.events import EventLog, EventRecord
from onboard.services.packets import decode
from onboard.services.telemetry import EVENTS_A_STEP, TelemetryService

S = 10**9


def record(text: str, severity: str = "info", sequence: int = 1) -> EventRecord:
    return EventRecord(5 * S, sequence, 17, "X", severity, {"t": text}, "{t}")


@given(st.text(), st.sampled_from(SEVERITIES), st.integers(1, 2**40))
def test_a_record_comes_back(text: str, severity: str, sequence: int) -> None:
    row = unpack_event(pack_event(record(text, severity, sequence)))
    assert (row.time_ns, row.id, row.severity) == (5 * S, 17, severity)
    assert row.number == sequence % 2**32
    whole = text.encode(errors="replace").decode()
    assert whole.startswith(row.text)
    kept, all_octets = len(row.text.encode()), len(whole.encode())
    assert kept == all_octets or 255 - 3 <= kept <= 255  # a character has up to 4 octets


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "0 octets, at least 16 expected"),
        (bytes(14) + b"\x00\x03ab", "18 octets, 19 announced"),
        (bytes(14) + b"\x05\x00", "severity 5: allowed 0..4"),
    ],
)
def test_what_is_no_event_is_refused(data: bytes, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        unpack_event(data)


def test_the_service_sends_the_log_in_order_and_some_at_a_time() -> None:
    radio, events = Radio(), EventLog(LANDER.events)
    service = TelemetryService(LANDER, Bus(), radio, events=events)
    for k in range(EVENTS_A_STEP + 3):
        events.emit("COMMAND_ACCEPTED", k * S, command=f"C{k}", source="ground")
    counts = []
    for step in range(3):
        radio.down.clear()
        service.step(step * S // 10)
        packets = [p for p in map(decode, radio.down) if p.apid == EVENT_APID]
        rows = [unpack_event(p.data) for p in packets]
        first = sum(counts)
        assert [r.number for r in rows] == list(range(first + 1, first + 1 + len(rows)))
        assert [p.sequence_count for p in packets] == [r.number - 1 for r in rows]
        assert [r.text for r in rows] == [f"C{r.number - 1} from ground accepted" for r in rows]
        counts.append(len(rows))
    assert counts == [EVENTS_A_STEP, 3, 0]


def test_records_that_left_the_log_are_a_gap_in_the_numbers() -> None:
    radio, events = Radio(), EventLog(LANDER.events, capacity=2)
    service = TelemetryService(LANDER, Bus(), radio, events=events)
    for k in range(5):
        events.emit("COMMAND_ACCEPTED", k * S, command="C", source="ground")
    service.step(0)
    rows = [unpack_event(p.data) for p in map(decode, radio.down) if p.apid == EVENT_APID]
    assert [r.number for r in rows] == [4, 5]


def test_severities_are_numbered_from_the_least() -> None:
    assert [Severity(name) for name in SEVERITIES] == list(Severity)
    assert SEVERITIES[0] == "debug"
