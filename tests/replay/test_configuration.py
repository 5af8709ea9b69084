"""A recording is replayed with the configuration that it was made with, or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from hil.bench import session
from hil.bench.setting import Setting
from hil.scenario import find, load


@pytest.mark.parametrize("name", ["dictionary", "preset", "map"])
def test_another_configuration_is_refused_by_name(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scenario, text = load(find("frigoris"))
    short = scenario.model_copy(update={"duration_s": 0.5})
    session.run(short, text, seed=1, folder=tmp_path / "run")
    assert session.replay(tmp_path / "run").equal
    before = Setting.fingerprints
    monkeypatch.setattr(Setting, "fingerprints", lambda self: before(self) | {name: "other"})
    with pytest.raises(session.InputError, match=f"another {name}"):
        session.replay(tmp_path / "run")
