"""A rangefinder owes an echo, a velocimeter a velocity, only while it can see the ground."""

from __future__ import annotations

from pathlib import Path

import pytest

from hil.bench import session
from hil.scenario import find, load

APPROACH = """
extends = "L07_excess_thrust"
name = "turning_approach"
title = "An approach from 7.4 km that turns at 5 deg/s, past where rangefinder.a sees the ground"
[parameters]
"guidance.slew_rate_rad_s" = 0.0873
"""


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_beam_that_looks_past_the_ground_trips_nothing(tmp_path: Path, seed: int) -> None:
    path = tmp_path / "turning.toml"
    path.write_text(APPROACH, encoding="utf-8")
    scenario, text = load(path)
    result = session.run(scenario, text, seed=seed, way="nominal")
    assert (result.landed, result.faults_tripped) == (True, 0)


def test_a_dead_rangefinder_is_told_as_soon_as_it_is_due(tmp_path: Path) -> None:
    path = tmp_path / "dead.toml"
    path.write_text(
        'extends = "frigoris_final"\nname = "dead"\ntitle = "dead"\n'
        '[[fault]]\nport = "rangefinder.a"\nkind = "off"\n'
        '[[expect]]\nevent = "FAULT_ACTIVE"\ncontains = "rangefinder_a_due_but_silent"\n'
        "before_s = 6.0\n",  # due for 0.5 s, silent for 1.5 s, 20 readings, the next tick of 10 Hz
        encoding="utf-8",
    )
    scenario, text = load(path)
    result = session.run(scenario, text, seed=1)
    assert result.failed_expectations == []


def test_an_approach_that_tilts_past_the_velocimeter_trips_nothing() -> None:
    """A weak engine: the approach begins at a tilt of 79 deg; the velocimeter has lock up to 60."""
    scenario, text = load(find("L11_saturated_gyro"))
    result = session.run(scenario, text, seed=138, way="nominal")
    assert result.largest_tilt_deg > 75.0
    assert (result.landed, result.faults_tripped) == (True, 0)
