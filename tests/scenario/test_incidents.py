"""Every incident that ships, three ways: the history is lost, our own is not, nothing trips."""

from __future__ import annotations

from pathlib import Path

import pytest

from hil import incidents
from hil import scenario as scenarios
from hil.bench import session
from hil.bench.components import load as load_components
from hil.bench.log import COLUMNS
from onboard.vehicles.lander import COMPONENTS

PATHS = incidents.find([])
DOCUMENTS = Path(__file__).parents[2] / "docs/incidents"
SEED = 2


@pytest.mark.parametrize("way", scenarios.WAYS)
@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_it_goes_as_it_must(path: Path, way: str) -> None:
    scenario, text = scenarios.load(path)
    result = session.run(scenario, text, seed=SEED, way=way)
    assert result.verdict == "passed", result.failed_expectations


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_it_is_whole(path: Path) -> None:
    """Its file is named after it, its anti-twin is there, its page and its plot are written."""
    scenario = incidents.load(path)
    incident = scenario.incident
    assert incident is not None
    assert path.stem == scenario.name
    assert scenario.name.split("_")[0] == incident.id
    historical = scenario.flown("historical")
    made = load_components(historical.components, COMPONENTS, scenario.origin)
    assert made or historical.parameters
    assert set(incident.plot) <= set(COLUMNS)
    if incident.anti_twin is not None:
        twin = incidents.load(scenarios.find(incident.anti_twin)).incident
        assert twin is not None and twin.id == incident.anti_twin
    page = (DOCUMENTS / f"{incident.id}.md").read_text(encoding="utf-8")
    assert f"{incident.id}.svg" in page
    assert "<svg" in (DOCUMENTS / f"{incident.id}.svg").read_text(encoding="utf-8")
