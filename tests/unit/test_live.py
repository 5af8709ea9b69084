"""The live view and the tables that `hil` prints, drawn into a string."""

from __future__ import annotations

import io
import math
import re

import pytest
import short_scenario
from rich.console import Console

from hil.bench import live, log
from hil.bench.result import Result, judge
from hil.scenario import Scenario

ROW = dict.fromkeys(log.COLUMNS, 0.0) | {
    "time_s": 300.0,
    "true_north_m": -100_000.0,
    "true_altitude_m": 12_345.6,
    "true_velocity_north_m_s": 800.0,
    "nav_north_m": -100_000.0,
    "nav_up_m": 11.0,
    "sigma_up_m": 4.0,
    "propellant_kg": 123.4,
    "throttle": 0.87,
}


@pytest.fixture
def scenario(tmp_path_factory: pytest.TempPathFactory) -> Scenario:
    return short_scenario.scenario(tmp_path_factory.mktemp("scenario"))[0]


def draw(scenario: Scenario, *rows: dict[str, float], events: tuple[str, ...] = ()) -> str:
    """The last picture of the view on a terminal 100 columns wide."""
    console = Console(file=io.StringIO(), width=100, height=40)
    view = live.View(scenario, 7, console)
    for line in events:
        view.event(line)
    for row in rows:
        view.update(row, "braking", 123.0)
    with console.capture() as capture:
        console.print(view._live.renderable)
    return capture.get()


def test_the_view_shows_what_matters(scenario: Scenario) -> None:
    far = ROW | {"true_north_m": -400_000.0}
    shown = draw(scenario, far, ROW, events=("12.00 s  mode coast to braking",))
    for words in (
        "Landing in Mare Frigoris, seed 7",
        "t = 300.0 s",
        "123 x real time",
        "phase",
        "braking",
        "12,345.6 m",
        "800.0 m/s",
        "11.0 m",
        "3σ 12.0 m",
        "123.4 kg",
        "87%",
        "100,000 m",
        "mode coast to braking",
    ):
        assert words in shown
    bar = next(line for line in shown.splitlines() if "━" in line)
    assert "phase" not in bar


def test_up_is_away_from_the_centre_of_the_moon(scenario: Scenario) -> None:
    """100 km south of the target, northward level flight climbs in site axes, not over ground."""
    south_m, radius_m = 100_000.0, live.MOON_RADIUS_M
    angle = south_m / radius_m
    row = ROW | {
        "true_north_m": -radius_m * math.sin(angle),
        "true_up_m": radius_m * (math.cos(angle) - 1.0),
        "true_velocity_north_m_s": 800.0 * math.cos(angle),
        "true_velocity_up_m_s": 800.0 * math.sin(angle),
    }
    assert abs(live._climb_m_s(row)) < 1e-9
    assert live._climb_m_s(ROW | {"true_north_m": 0.0, "true_velocity_up_m_s": -3.0}) == -3.0


def test_an_error_outside_three_sigma_is_red(scenario: Scenario) -> None:
    console = Console(file=io.StringIO(), width=100, force_terminal=True, color_system="standard")
    view = live.View(scenario, 1, console)
    pictures = []
    for error_m in (11.9, 12.1):
        view.update(ROW | {"nav_up_m": error_m}, "braking", 1.0)
        with console.capture() as capture:
            console.print(view._live.renderable)
        pictures.append(capture.get())
    assert re.search(r"\x1b\[32m *11\.9 m", pictures[0])
    assert re.search(r"\x1b\[31m *12\.1 m", pictures[1])


def test_only_the_newest_events_stay(scenario: Scenario) -> None:
    shown = draw(scenario, ROW, events=tuple(f"event {k};" for k in range(50)))
    assert "event 49;" in shown
    assert f"event {49 - live.EVENTS_SHOWN};" not in shown


def test_progress_runs_from_the_start_to_the_target(scenario: Scenario) -> None:
    view = live.View(scenario, 1, Console(file=io.StringIO()))
    far, near = ROW, ROW | {"true_north_m": -25_000.0}
    assert [view._progress(row) for row in (far, near, far)] == [0.0, 0.75, 0.0]


def test_the_view_says_that_it_prepares(scenario: Scenario) -> None:
    console = Console(file=io.StringIO(), width=100, force_terminal=True)
    with live.View(scenario, 1, console):
        pass
    assert "preparing" in console.file.getvalue()  # type: ignore[attr-defined]


def test_the_verdict_table_shows_figures_and_limits(scenario: Scenario) -> None:
    line = {"packets": 5, "lost": 0}
    result = judge(Result("short", 7, sim_seconds=19.0, tilt_deg=1.25, line=line), scenario)
    console = Console(file=io.StringIO(), width=120)
    console.print(live.verdict_table(result, scenario))
    shown = console.file.getvalue()  # type: ignore[attr-defined]
    assert "seed 7: failed" in shown
    for name in ("tilt_deg", "packets 5", "bit_hash"):
        assert name in shown
    for name in ("miss_distance_m", "lost"):  # not known, and nothing to tell
        assert name not in shown
    duration = next(line for line in shown.splitlines() if "sim_seconds" in line)
    assert "19.000" in duration and ">= 20" in duration


def test_the_profile_adds_up() -> None:
    result = Result("short", 1, sim_seconds=10.0, wall_seconds=0.02)
    console = Console(file=io.StringIO(), width=120)
    console.print(live.profile_table([("plant", 1000, 0.015), ("rest", 1000, 0.005)], result))
    shown = console.file.getvalue()  # type: ignore[attr-defined]
    assert "500 x real time" in shown
    assert "75%" in shown
    assert "20.00" in shown.splitlines()[-1]
