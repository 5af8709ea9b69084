"""Ports are told apart by what USB says of them."""

from types import SimpleNamespace

import pytest
from serial.tools import list_ports

from hil.link.ports import Port, matching, ports

PICO = Port("/dev/ttyACM0", 0x2E8A, 0x000A, "E6614", "1-2", "Pico")
TWIN = Port("/dev/ttyACM1", 0x2E8A, 0x000A, "E6615", "1-3", "Pico")
PLAIN = Port("/dev/ttyS0", None, None, None, None, "n/a")


def test_ports_are_listed_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    listed = [SimpleNamespace(**p._asdict(), hwid="x") for p in (PLAIN, TWIN, PICO)]
    monkeypatch.setattr(list_ports, "comports", lambda: listed)
    assert ports() == [PICO, TWIN, PLAIN]


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({"vid": 0x2E8A}, [PICO, TWIN]),
        ({"vid": 0x2E8A, "serial_number": "E6615"}, [TWIN]),
        ({"location": "1-2"}, [PICO]),
        ({"vid": 0x2E8A, "location": "9"}, []),
        ({}, []),
    ],
)
def test_a_port_must_match_in_all(asked: dict[str, object], expected: list[Port]) -> None:
    assert matching([PICO, TWIN, PLAIN], **asked) == expected  # type: ignore[arg-type]
