"""The rover's tick in one C call against its Python components in closed loop: the same bits.

What crossed the ports of a recorded drive goes into `ob_rover`; every row of duties that comes out
must be the recorded one, in its tick. Commands act after the tick in which they were carried out.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
import short_drive

from hil.bench import session
from hil.bench.recording import AT_TICK, Recording
from hil.plant.rover import OUTPUTS
from hil.scenario import parse
from onboard.core._core import ffi, lib
from onboard.core.fields import from_parameters
from onboard.dictionary import load

TICK_NS = 10_000_000
EVERY = lib.OB_ROVER_SENSORS | lib.OB_ROVER_ODOMETRY | lib.OB_ROVER_WHEELS
JAM = '[[fault]]\nport = "wheel.fl"\nkind = "jam"\namount = 20.0\nstart_s = 12.0\nend_s = 14.0\n'
LOST = '[[fault]]\nport = "imu.a"\nkind = "drop"\nprobability = 0.05\n'
NOISY = (
    '[[fault]]\nport = "battery"\nkind = "noise"\nfields = ["voltage_v"]\namount = 0.5\n'
    '[[fault]]\nport = "wheel.rr"\nkind = "delay"\namount = 0.02\nprobability = 0.1\n'
)


def rover(heading_rad: float) -> Any:
    """`ob_rover *` with the parameters of the dictionary."""
    values = {name: p.default for name, p in load("rover").parameters.items()}
    settings = ffi.new("ob_rover_settings *")
    settings.odometry = from_parameters("ob_odometry_params", values, "odometry")[0]
    settings.drive = from_parameters("ob_drive_params", values, "drive")[0]
    settings.wheel = from_parameters("ob_wheel_params", values, "wheels")[0]
    settings.slip = from_parameters("ob_wheel_slip_params", values, "slip")[0]
    settings.supply_v, settings.heading_rad = values["wheels.supply_v"], heading_rad
    state = ffi.new("ob_rover *")
    lib.ob_rover_init(state, settings)
    return state


def inputs(recording: Recording) -> dict[int, list[tuple[int, bytes]]]:
    """(number of the instrument, row) by the tick in which it was read."""
    found: dict[int, list[tuple[int, bytes]]] = {}
    for number, name in enumerate(OUTPUTS):
        for row in recording.rows(name):
            found.setdefault(int(row[AT_TICK]), []).append((number, row.tobytes()[8:]))
    return found


def tick(state: Any, number: int, samples: list[tuple[int, bytes]]) -> None:
    rows = ffi.new("ob_sample[]", max(1, len(samples)))
    for row, (intake, octets) in zip(rows, samples, strict=False):
        row.intake = intake
        ffi.buffer(ffi.addressof(row, "row"))[: len(octets)] = octets
    due = EVERY | (lib.OB_ROVER_DRIVE if number % 10 == 0 else 0)
    lib.ob_rover_tick(state, number * TICK_NS, due, rows, len(samples))


@pytest.mark.parametrize("extra", ["", JAM, LOST, NOISY], ids=["", "jam", "lost", "noisy"])
def test_one_call_gives_the_rows_of_the_components(tmp_path: Path, extra: str) -> None:
    text = short_drive.text(extra=extra, north_m=0.6)
    session.run(parse(text, "short.toml"), text, seed=5, folder=tmp_path / "run")
    recording = Recording.open(tmp_path / "run" / session.RECORDING)
    said = [e for e in recording.events if "DRIVE_TO from ground accepted" in e["text"]]
    begins = [round(e["time_ns"] / TICK_NS) for e in said]
    assert len(begins) == 1
    samples, wanted = inputs(recording), recording.rows("wheels")
    state, made, ticks = rover(math.radians(20.0)), [], []
    for number in range(1, recording.ticks + 1):
        tick(state, number, samples.get(number, []))
        if state.sent:
            made.append(bytes(ffi.buffer(ffi.addressof(state.wheels, "row"))))
            ticks.append(number)
        if number in begins:
            drive = ffi.addressof(state, "drive")
            lib.ob_drive_clear(drive)
            lib.ob_drive_add(drive, 0.0, 0.6)
            lib.ob_drive_start(drive, 0.05)
    assert len(made) > 500
    assert ticks == wanted[AT_TICK].tolist()
    assert made == [row.tobytes()[8:] for row in wanted]
