"""Whole landings, as `hil run` flies them."""

from __future__ import annotations

from pathlib import Path

import pytest

from hil.bench import session
from hil.bench.recording import Recording
from hil.scenario import find, load


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "seed"), [("frigoris", 11), ("frigoris_restart", 12), ("frigoris_resilience", 5)]
)
def test_a_landing_holds_its_expectations(name: str, seed: int) -> None:
    scenario, text = load(find(name))
    result = session.run(scenario, text, seed=seed)
    assert result.failed_expectations == []
    assert result.verdict == "passed"
    assert result.faults_tripped == 0
    assert 14 <= result.frames <= 38  # one every 24 s, of up to 15 minutes
    assert result.fixes > 14
    # The survey's registration error is 5 m per axis, one sigma; a fix adds its own of that order.
    assert result.navigation_error_m is not None
    assert result.navigation_error_m < 4.0 * 2.0**0.5 * (5.0**2 + 5.0**2) ** 0.5


@pytest.mark.slow
def test_a_restart_in_the_burn_resumes_burning(tmp_path: Path) -> None:
    scenario, text = load(find("frigoris_restart"))
    scenario = scenario.model_copy(update={"duration_s": 310.0})
    session.run(scenario, text, seed=13, folder=tmp_path / "run")
    recording = Recording.open(tmp_path / "run" / "session.mcap")
    assert "EXECUTIVE_RESUMED" in [e["name"] for e in recording.events]
    commands = recording.rows("engine.a.command")
    after = commands[commands["at_tick"] > 30_100]
    assert len(after) and after["on"].all()
    # Down for 20 ticks, a checkpoint up to 10 ticks old, guidance at 10 Hz: no gap over 0.5 s.
    assert (after["at_tick"][0] - 30_100) * 0.01 < 0.5
