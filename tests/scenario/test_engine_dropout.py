"""An engine that goes out for a moment is not given up; a burn in orbit on one engine is ended."""

from __future__ import annotations

from pathlib import Path

import pytest

from hil.bench import session
from hil.scenario import load


def fly(tmp_path: Path, text: str, seed: int = 1) -> session.Result:
    path = tmp_path / "dropout.toml"
    path.write_text(text, encoding="utf-8")
    scenario, text = load(path)
    return session.run(scenario, text, seed=seed)


@pytest.mark.parametrize("engine", ["a", "b"])
@pytest.mark.parametrize("start_s", [1.0, 4.0])  # 1.4 and 1.3 km high
def test_half_a_second_without_thrust_costs_no_engine(
    tmp_path: Path, engine: str, start_s: float
) -> None:
    result = fly(
        tmp_path,
        f"""
        extends = "frigoris_final"
        name = "dropout"
        title = "An engine out for half a second"
        [[fault]]
        port = "engine.{engine}"
        kind = "nozzle"
        amount = 0.0
        start_s = {start_s}
        end_s = {start_s + 0.5}
        """,
    )
    assert (result.failed_expectations, result.faults_tripped) == ([], 0)


@pytest.mark.parametrize("start_s", [0.0, 20.0])  # before ignition at 10 s; in the burn
def test_a_burn_in_orbit_on_one_engine_is_ended(tmp_path: Path, start_s: float) -> None:
    """Lag and three steps, or six as the thrust dies away, and a step of the fault table."""
    began_s = max(start_s, 10.0)
    result = fly(
        tmp_path,
        f"""
        extends = "L08b_weak_engines"
        name = "one_engine"
        title = "One engine does not start, or goes out"
        [[fault]]
        port = "engine.a"
        kind = "nozzle"
        amount = 0.0
        start_s = {start_s}
        [[expect]]
        metric = "perilune_altitude_m"
        min = 10000.0
        [[expect]]
        event = "FAULT_ACTIVE"
        contains = "orbit_burn_refused"
        after_s = {began_s}
        before_s = {began_s + 0.9}
        """,
    )
    assert result.failed_expectations == []
