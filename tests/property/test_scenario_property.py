"""Any scenario that keeps to docs/scenarios.md loads; any change to one is accepted or refused."""

from __future__ import annotations

import copy
import re
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from hil import scenario as scenarios
from hil.expectation import LANDING, METRICS, Expectation
from hil.scenario import Scenario, ScenarioError, parse

DOCUMENT = (Path(__file__).parents[2] / "docs/scenarios.md").read_text(encoding="utf-8")


def real(low: float, high: float) -> st.SearchStrategy[float]:
    return st.floats(low, high, allow_nan=False)


def table(**fields: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({}, optional=fields)


def toml(value: Any) -> str:
    """A value as inline TOML."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, str):
        return '"' + "".join(f"\\U{ord(c):08x}" for c in value) + '"'
    if isinstance(value, list):
        return "[" + ", ".join(map(toml, value)) + "]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{toml(k)} = {toml(v)}" for k, v in value.items()) + "}"
    return repr(value)


def text(scenario: dict[str, Any]) -> str:
    return "\n".join(f"{toml(key)} = {toml(value)}" for key, value in scenario.items())


LIMITS = st.one_of(
    table(min=real(-10, 0), max=real(0, 10)).filter(bool),
    st.fixed_dictionaries({"equals": st.one_of(st.booleans(), real(-10, 10))}),
)
ALTITUDES = st.tuples(real(5e3, 1e5), real(0, 1e6)).map(
    lambda a: {"perilune_altitude_m": a[0], "apolune_altitude_m": min(a[0] + a[1], 2e6)}
)
EVENTS = st.fixed_dictionaries(
    {"event": st.text("A_", min_size=1, max_size=5)},
    optional={
        "contains": st.text("a ", max_size=5),
        "count_min": st.integers(0, 5),
        "count_max": st.integers(5, 9),
        "after_s": real(0, 10),
        "before_s": real(10, 1e4),
    },
)
INCIDENTS = st.fixed_dictionaries(
    {
        "id": st.sampled_from(["L01", "R99b"]),
        "title": st.just("what happened"),
        "date": st.dates(),
        "gate": real(1e-3, 1),
        "historical": st.fixed_dictionaries(
            {"expect": st.lists(EVENTS, min_size=1, max_size=2)},
            optional={"components": st.just({"guidance": "a.py:B"})},
        ),
    },
    optional={"nominal": table(expect=st.lists(EVENTS, max_size=2))},
)
ORBITS = st.tuples(
    st.one_of(ALTITUDES, st.just({})),
    st.fixed_dictionaries({"perilune_range_m": real(0, 2e6)}, optional={"lead_s": real(0, 3600)}),
).map(lambda parts: {**parts[0], **parts[1]})
FLIGHTS = st.fixed_dictionaries(
    {
        "phase": st.sampled_from(["coast", "braking", "approach", "vertical"]),
        "height_m": real(2, 1e5),
    },
    optional={
        "along_m": real(-1e6, 1e6),
        "cross_m": real(-1e5, 1e5),
        "velocity_up_m_s": real(-3e3, 3e3),
        "tilt_deg": real(-90, 180),
        "rate_deg_s": st.lists(real(-10, 10), min_size=3, max_size=3),
        "propellant_kg": real(0, 1e4),
        "throttle": real(1e-3, 1),
    },
)
INITIAL = st.one_of(ORBITS, FLIGHTS.map(lambda flight: {"flight": flight}))
FAULTS = st.fixed_dictionaries(
    {"port": st.sampled_from(["imu.a", "tank", "thrusters"]), "kind": st.just("drop")},
    optional={"start_s": real(0, 1e3), "probability": real(1e-3, 1.0)},
)
NAMES = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=20)
VALID = st.fixed_dictionaries(
    {
        "name": st.from_regex(re.compile(r"\A[A-Za-z0-9][A-Za-z0-9_.-]{0,63}\Z", re.ASCII)),
        "title": NAMES,
        "vehicle": st.just("slim"),
        "epoch_utc": st.datetimes(
            datetime(1900, 1, 2), datetime(2099, 12, 30), timezones=st.just(UTC)
        ),
        "duration_s": real(1e-2, 1e5),
        "site": st.fixed_dictionaries(
            {"latitude_deg": real(-85, 85), "longitude_deg": real(-180, 180)},
            optional={
                "approach_azimuth_deg": real(0, 359.9),
                "search_radius_m": real(0, 2000),
            },
        ),
        "initial": INITIAL,
        "expect": st.lists(
            st.one_of(
                st.tuples(st.sampled_from(LANDING), LIMITS).map(lambda p: {"metric": p[0], **p[1]}),
                EVENTS,
            ),
            max_size=3,
        ),
    },
    optional={
        "world": table(
            seed=st.integers(0, 2**63 - 1),
            survey_seed=st.integers(0, 2**63 - 1),
            map_reach_samples=st.integers(10, 10_000),
            craters=NAMES,
            elevation_unit_m=real(1e-3, 100),
        ),
        "dispersion": st.just({}),
        "knowledge": table(
            position_m=real(1e-3, 5e4), velocity_m_s=real(1e-3, 1e2), attitude_rad=real(1e-6, 0.5)
        ),
        "parameters": st.dictionaries(NAMES, real(-1e9, 1e9), max_size=2),
        "command": st.lists(
            st.fixed_dictionaries({"time_s": real(0, 1e5), "name": NAMES}), max_size=2
        ),
        "fault": st.lists(FAULTS, max_size=2),
        "components": st.just({"guidance": "a.py:B"}),
        "incident": INCIDENTS,
    },
)
JUNK = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(),
    NAMES,
    st.lists(st.integers(0, 9), max_size=2),
    st.dictionaries(NAMES, st.integers(0, 9), max_size=2),
)


@given(VALID)
def test_what_keeps_to_the_ranges_loads_with_its_values(scenario: dict[str, Any]) -> None:
    loaded = parse(text(scenario), "any.toml")
    assert loaded.name == scenario["name"]
    assert loaded.site.latitude_deg == scenario["site"]["latitude_deg"]
    assert len(loaded.fault) == len(scenario.get("fault", []))
    assert loaded.origin == "any.toml"


def places(value: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Paths to every value in nested tables and lists."""
    items = value.items() if isinstance(value, dict) else enumerate(value)
    inner = [(*at, key) for key, _ in items] if isinstance(value, dict | list) else []
    nested = [p for path in inner for p in places_below(value, path, at)]
    return inner + nested


def places_below(value: Any, path: tuple[Any, ...], at: tuple[Any, ...]) -> list[tuple[Any, ...]]:
    child = value[path[-1]]
    return places(child, path) if isinstance(child, dict | list) else []


@given(VALID, st.data())
def test_a_changed_scenario_is_accepted_or_refused_by_name(
    scenario: dict[str, Any], data: st.DataObject
) -> None:
    """Take a field away, add one, or replace its value: at worst a ScenarioError names the file."""
    changed = copy.deepcopy(scenario)
    path = data.draw(st.sampled_from(places(changed)))
    holder: Any = changed
    for key in path[:-1]:
        holder = holder[key]
    junk = data.draw(JUNK)
    if junk is None:
        del holder[path[-1]]
    elif isinstance(holder, dict) and data.draw(st.booleans()):
        holder[f"{path[-1]}_"] = junk
    else:
        holder[path[-1]] = junk
    try:
        assert isinstance(parse(text(changed), "any.toml"), Scenario)
    except ScenarioError as error:
        assert str(error).startswith("any.toml: ")


@given(st.binary(max_size=200), st.integers(0, 2000))
def test_a_mutilated_file_is_refused_or_loads(noise: bytes, cut: int) -> None:
    shipped = (scenarios.FOLDER / "frigoris.toml").read_bytes()
    content = shipped[:cut] + noise + shipped[cut + len(noise) :]
    try:
        parse(content.decode("utf-8", "replace"), "any.toml")
    except ScenarioError as error:
        assert str(error).startswith("any.toml: ")


@pytest.mark.parametrize("part", range(1, 20))
def test_a_truncated_file_is_refused(tmp_path: Path, part: int) -> None:
    """Cut anywhere before the expectations, a table is missing or half a line stands there."""
    shipped = (scenarios.FOLDER / "frigoris.toml").read_text(encoding="utf-8")
    end = shipped.index("[[expect]]")
    (tmp_path / "cut.toml").write_text(shipped[: part * end // 20], encoding="utf-8")
    with pytest.raises(ScenarioError, match=r"cut\.toml: "):
        scenarios.load(tmp_path / "cut.toml")


@pytest.mark.parametrize("value", ["nan", "inf", "-inf", "1e400"])
@pytest.mark.parametrize("field", ["latitude_deg", "perilune_range_m", "position_m", "time_s"])
def test_numbers_must_be_finite(field: str, value: str) -> None:
    shipped = (scenarios.FOLDER / "frigoris.toml").read_text(encoding="utf-8")
    changed = re.sub(rf"^{field} = .*$", f"{field} = {value}", shipped, count=1, flags=re.M)
    assert changed != shipped
    with pytest.raises(ScenarioError, match=rf"{field} = .*allowed: "):
        parse(changed, "any.toml")


def fields_of(model: type[BaseModel]) -> list[str]:
    return list(model.model_fields)


@pytest.mark.parametrize(
    "model",
    [
        scenarios.LanderScenario,
        scenarios.RoverScenario,
        scenarios.Standing,
        scenarios.Site,
        scenarios.World,
        scenarios.Initial,
        scenarios.Flight,
        scenarios.Knowledge,
        scenarios.Command,
        Expectation,
    ],
    ids=lambda m: m.__name__,
)
def test_every_field_is_documented(model: type[BaseModel]) -> None:
    for name in fields_of(model):
        assert re.search(rf"\b{name}\b", DOCUMENT), name


@pytest.mark.parametrize("metric", METRICS)
def test_every_metric_is_listed(metric: str) -> None:
    listed = DOCUMENT[DOCUMENT.index("`metric` is one of") :]
    assert f"`{metric}`" in listed[: listed.index("\n\n")]


def test_the_documented_beginning_loads() -> None:
    """The first example of the document is the head of a scenario."""
    head = re.search(r"```toml\n(.*?)```", DOCUMENT, re.S)
    assert head is not None
    shipped = (scenarios.FOLDER / "frigoris.toml").read_text(encoding="utf-8")
    assert (
        parse(head[1] + shipped[shipped.index("[site]") :], "docs/scenarios.md").name == "frigoris"
    )
