"""An overload in the burn: what is least critical is shed, the landing goes on."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hil.bench import session
from hil.bench.recording import Recording
from hil.scenario import find, load


@pytest.mark.slow
def test_overload_sheds_crater_matching_and_nothing_critical(tmp_path: Path) -> None:
    scenario, text = load(find("frigoris_overload"))
    result = session.run(scenario, text, seed=21, folder=tmp_path / "run")
    assert result.verdict == "passed"
    recording = Recording.open(tmp_path / "run" / "session.mcap")
    use = {m["name"]: m for m in json.loads(recording.attachments["use.json"])}
    # 180 s at 10 Hz and at 1 Hz, and not one step of anything else
    shed = {name: m["sheds"] for name, m in use.items() if m["sheds"]}
    assert shed == {"craters": 1800, "archive": 180}
    names = [e["name"] for e in recording.events]
    assert "EXECUTIVE_LOAD_SHED" in names and "EXECUTIVE_LOAD_RESTORED" in names
    assert session.replay(tmp_path / "run").equal
