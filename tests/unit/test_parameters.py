"""The parameter table: ranges, types, CRC, save and restore."""

import struct
import zlib

import pytest
from tiny_vehicle import LANDER, Memory

from onboard.dictionary.models import Parameter
from onboard.services.events import EventLog
from onboard.services.parameters import ParameterError, ParameterTable
from onboard.services.storage import TwoCopyStore


def definitions(**changes: object) -> dict[str, Parameter]:
    gate = {"unit": "m", "default": 80.0, "range": [40.0, 200.0], "description": "x"} | changes
    tries = {"type": "u8", "default": 3, "range": [1, 10], "description": "x"}
    raw = {"guidance.gate_m": gate, "guidance.tries": tries, "control.gain": gate}
    return {name: Parameter.model_validate(p) for name, p in raw.items()}


@pytest.fixture
def events() -> EventLog:
    return EventLog(LANDER.events)


@pytest.fixture
def table(events: EventLog) -> ParameterTable:
    return ParameterTable(definitions(), events)


def test_defaults_and_groups(table: ParameterTable) -> None:
    assert table["guidance.gate_m"] == 80.0
    assert table.group("guidance") == {"gate_m": 80.0, "tries": 3}
    assert "control.gain" in table
    assert "gain" not in table
    with pytest.raises(KeyError, match="allowed control guidance"):
        table.group("guidence")


def test_set_changes_one_value(table: ParameterTable, events: EventLog) -> None:
    revision, crc = table.revision, table.crc
    table.set("guidance.gate_m", 100, now_ns=7)
    assert table["guidance.gate_m"] == 100.0
    assert isinstance(table["guidance.gate_m"], float)
    assert table.revision == revision + 1
    assert table.crc != crc
    [record] = events.since(0)
    assert record.text == "guidance.gate_m set from 80.0 to 100.0"


@pytest.mark.parametrize(
    ("name", "value", "why"),
    [
        ("guidance.gate_m", 39.9, "39.9 is outside 40..200 m"),
        ("guidance.gate_m", float("nan"), "outside"),
        ("guidance.gate_m", float("inf"), "outside"),
        ("guidance.gate_m", 10**400, "outside"),
        pytest.param("guidance.gate_m", 10**5000, "too long to show", id="huge"),
        ("guidance.gate_m", "80", "is not a number"),
        ("guidance.gate_m", None, "is not a number"),
        ("guidance.gate_m", True, "is not a number"),
        ("guidance.tries", 2.5, "is not of type u8"),
        ("guidance.tries", 11, "outside 1..10"),
        ("guidance.nothing", 1.0, "unknown"),
    ],
)
def test_a_wrong_value_is_refused_and_nothing_changes(
    table: ParameterTable, name: str, value: object, why: str
) -> None:
    before = table.snapshot()
    with pytest.raises(ParameterError, match=name) as error:
        table.set(name, value)
    assert why in str(error.value)
    assert table.snapshot() == before


def test_set_all_is_all_or_nothing(table: ParameterTable) -> None:
    before = table.snapshot()
    with pytest.raises(ParameterError):
        table.set_all({"guidance.gate_m": 100.0, "guidance.tries": 0})
    assert table.snapshot() == before
    table.set_all({"guidance.gate_m": 100.0, "guidance.tries": 4.0})
    assert table.group("guidance") == {"gate_m": 100.0, "tries": 4}


def test_crc_is_crc32_over_the_values_in_order(table: ParameterTable) -> None:
    assert table.crc == zlib.crc32(struct.pack("<dqd", 80.0, 3, 80.0))


def test_saved_values_come_back(table: ParameterTable, events: EventLog) -> None:
    store = TwoCopyStore(Memory(), 0, 256)
    table.set("guidance.tries", 7)
    assert table.save(store, 1)
    table.set("guidance.tries", 2)
    again = ParameterTable(definitions(), events)
    assert again.restore(store, 2)
    assert again["guidance.tries"] == 7
    assert [r.name for r in events.since(0)] == [
        "PARAMETER_SET",
        "PARAMETERS_SAVED",
        "PARAMETER_SET",
        "PARAMETERS_RESTORED",
    ]


def test_corruption_means_defaults_and_an_event(table: ParameterTable, events: EventLog) -> None:
    memory = Memory(1024)
    store = TwoCopyStore(memory, 0, 256)
    table.set("guidance.tries", 7)
    table.save(store)
    memory.content[:] = bytes(b ^ 0xFF for b in memory.content)
    assert not table.restore(TwoCopyStore(memory, 0, 256))
    assert table["guidance.tries"] == 3
    assert events.since(0)[-1].text == "parameters at their defaults: no valid copy"


@pytest.mark.parametrize("change", [{"range": [40.0, 300.0]}, {"unit": "m", "default": 90.0}])
def test_values_saved_under_another_dictionary_are_not_taken(
    table: ParameterTable, events: EventLog, change: dict[str, object]
) -> None:
    store = TwoCopyStore(Memory(), 0, 256)
    table.save(store)
    other = ParameterTable(definitions(**change), events)
    # another default is the same layout; another range is not
    assert other.restore(store) == ("default" in change)


def test_a_saved_value_out_of_range_is_not_taken(table: ParameterTable) -> None:
    data = bytearray(table.to_bytes())
    data[4:12] = struct.pack("<d", 1e9)
    with pytest.raises(ParameterError, match="outside"):
        table.from_bytes(bytes(data))
    with pytest.raises(ParameterError, match="expected"):
        table.from_bytes(b"short")
    assert table["guidance.gate_m"] == 80.0


def test_a_store_that_fails_is_reported(table: ParameterTable, events: EventLog) -> None:
    assert not table.save(TwoCopyStore(Memory(), 0, 4))
    assert events.since(0)[-1].name == "STORAGE_FAULT"


def test_the_landers_table_round_trips() -> None:
    table = ParameterTable(LANDER.parameters)
    again = ParameterTable(LANDER.parameters)
    again.from_bytes(table.to_bytes())
    assert again.snapshot() == table.snapshot()
