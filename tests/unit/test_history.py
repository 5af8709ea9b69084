"""The history of fault protection in a run: spans out of a recording, drawn as swim lanes."""

from __future__ import annotations

import dataclasses
import itertools
import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from xml.etree import ElementTree

import protection_tables
import pytest
import short_scenario

from hil.bench import history, lanes, report, session
from hil.bench.history import History, Note, Span
from hil.faults import FaultSpec
from hil.scenario import Load
from onboard.fault_protection.diagrams.svg import Drawing

TABLE = protection_tables.table_with(
    {
        "response.lower.survives_reset": False,
        "response.cool.survives_reset": True,
        "response.lower.tier.0.action": {"command": "LOWER", "arguments": {"by": 2}},
    }
)


def event(time_s: float, name: str, **values: Any) -> dict[str, Any]:
    return {"time_ns": round(time_s * 1e9), "name": name, "values": values}


EVENTS = [
    event(5.0, "COMMAND_ACCEPTED", command="GO", source="ground"),
    event(5.0, "COMMAND_ACCEPTED", command="LOWER", source="protection"),
    event(10.0, "MODE_CHANGED", before="cruise", mode="burn"),
    event(20.0, "FAULT_ACTIVE", fault="high"),
    event(20.0, "RESPONSE_BLOCKED", fault="high"),
    event(21.0, "RESPONSE_TIER", fault="high", tier=1, attempt=1),
    event(21.0, "COMMAND_REJECTED", command="LOWER", source="protection", reason="not fitted"),
    event(22.0, "RESPONSE_TIER", fault="high", tier=1, attempt=2),
    event(23.0, "RESPONSE_TIER_SPENT", fault="high", tier=1),
    event(23.1, "RESPONSE_INHIBITED", fault="high"),
    event(30.0, "FAULT_ACTIVE", fault="hot"),
    event(30.0, "RESPONSE_TIER", fault="hot", tier=1, attempt=1),
    event(31.0, "RESPONSE_SUCCEEDED", fault="hot", tier=1),
    event(32.0, "FAULT_LATCHED", fault="hot"),
    event(40.0, "COMPUTER_RESET", resets=1, mode="burn"),
    event(60.0, "FAULT_CLEARED", fault="hot"),
    event(70.0, "MODE_CHANGED", before="burn", mode="over"),
]
SEEN = [
    (0.1, "cruise", ["silence"]),
    (0.2, "cruise", []),
    (19.9, "burn", ["burning", "high"]),
    (40.0, "burn", []),
    (69.0, "burn", ["done"]),
]


def recording(events: list[dict[str, Any]], seen: list[Any] = SEEN, end_s: float = 80.0) -> Any:
    notes = [{"time_s": t, "mode": mode, "tripped": names} for t, mode, names in seen]
    blobs = [(0, json.dumps(note).encode()) for note in notes]
    return SimpleNamespace(events=events, blobs=lambda _: blobs, ticks=round(100 * end_s))


def scenario(fault: list[FaultSpec] | None = None, load: list[Load] | None = None) -> Any:
    return SimpleNamespace(fault=tuple(fault or ()), load=tuple(load or ()))


@pytest.fixture
def run() -> History:
    faults = [
        FaultSpec(port="imu.a", kind="off", start_s=18.0, end_s=25.0),
        FaultSpec(port="engine.b", kind="off", direction="output", start_s=50.0),
        FaultSpec(port="tank", kind="off", start_s=500.0),
    ]
    loads = [Load(time_s=10.0, stolen_percent=70.0), Load(time_s=40.0, reset=True)]
    return history.read(recording(EVENTS), scenario(faults, loads), TABLE)


def words(drawing: Drawing) -> str:
    return " ".join(label.text for label in drawing.labels)


# ---------------------------------------------------------------- spans


def test_modes_follow_each_other_to_the_end(run: History) -> None:
    assert run.modes == [
        Span("cruise", 0.0, 10.0),
        Span("burn", 10.0, 70.0),
        Span("over", 70.0, 80.0),
    ]
    assert run.resets == [40.0]


def test_the_path_names_when_a_mode_was_entered(run: History) -> None:
    assert run.path.entered == {"cruise": "0.0 s", "burn": "10.0 s", "over": "70.0 s"}
    assert run.path.changes == {("cruise", "burn"), ("burn", "over")}
    back = history.read(
        recording([*EVENTS[:3], event(12.0, "MODE_CHANGED", before="burn", mode="cruise")]),
        scenario(),
        TABLE,
    )
    assert back.path.entered["cruise"] == "0.0 s and 1 more"


def test_a_run_without_a_change_is_in_the_mode_that_was_seen() -> None:
    still = history.read(recording([], [(0.1, "burn", [])]), scenario(), TABLE)
    assert still.modes == [Span("burn", 0.0, 80.0)]
    assert not history.read(recording([], []), scenario(), TABLE).modes


def test_a_reset_may_change_the_mode() -> None:
    events = [EVENTS[2], event(40.0, "RESET_BUDGET_SPENT", resets=4, mode="over")]
    run = history.read(recording(events), scenario(), TABLE)
    assert [span.label for span in run.modes] == ["cruise", "burn", "over"]


def test_faults_are_active_latched_or_forgotten(run: History) -> None:
    assert run.faults == {
        "high": [Span("active", 20.0, 40.0)],  # does not survive the reset
        "hot": [Span("active", 30.0, 32.0), Span("latched", 32.0, 60.0)],
    }


def test_responses_go_through_their_phases(run: History) -> None:
    assert run.responses["high"] == [
        Span("blocked", 20.0, 21.0),
        Span("running 1", 21.0, 23.0),
        Span("spent 1", 23.0, 23.1),
        Span("inhibited", 23.1, 40.0),
    ]
    assert run.responses["hot"] == [Span("running 1", 30.0, 31.0), Span("succeeded 1", 31.0, 32.0)]


def test_notes_tell_commands_and_why_one_was_refused(run: History) -> None:
    assert run.notes["high"] == [
        Note(20.0, "active"),
        Note(20.0, "blocked"),
        Note(21.0, "LOWER by=2, refused: not fitted"),
        Note(22.0, "LOWER by=2 again (2)"),
        Note(23.0, "spent"),
        Note(23.1, "inhibited"),
    ]
    assert run.commands == [Note(5.0, "GO")]


def test_symptoms_are_tripped_monitors_that_no_mode_holds(run: History) -> None:
    assert run.symptoms == {
        "high": [Span("high", 19.9, 40.0)],
        "silence": [Span("silence", 0.1, 0.2)],
    }


def test_injections_end_with_the_run_and_later_ones_are_left_out(run: History) -> None:
    assert run.injected == [
        Span("imu.a off", 18.0, 25.0),
        Span("engine.b output off", 50.0, 80.0),
        Span("70 % of the computer's time gone", 10.0, 40.0),
        Span("computer reset", 40.0, 40.0),
    ]


def test_an_injection_in_words() -> None:
    fault = FaultSpec(port="imu.a", kind="drift", fields=("delta_angle_x_rad",), amount=0.5)
    assert history.injection(fault) == "imu.a drift delta_angle_x_rad 0.5"


# ---------------------------------------------------------------- lanes


def no_overlap(drawing: Drawing) -> bool:
    return not any(a.overlaps(b) for a, b in itertools.combinations(drawing.labels, 2))


def test_everything_has_its_lane_injections_on_top(run: History) -> None:
    drawing = lanes.draw(run, 0.0, run.end_s)
    ElementTree.fromstring(drawing.svg())
    assert no_overlap(drawing)
    order = [label.text for label in drawing.labels]
    places = [order.index(n) for n in ("imu.a off", "mode", "silence", "faults and responses")]
    assert places == sorted(places)
    for text in (
        "LOWER by=2",
        "refused: not fitted",
        "GO from the ground",
        "40.0 s computer reset",
    ):
        assert text in words(drawing)


def test_a_bar_says_when(run: History) -> None:
    svg = lanes.draw(run, 0.0, run.end_s).svg()
    assert "<title>latched: 32.0 s to 60.0 s</title>" in svg


def test_bars_stand_where_the_axis_says(run: History) -> None:
    root = ElementTree.fromstring(lanes.draw(run, 0.0, run.end_s).svg())
    space = "{http://www.w3.org/2000/svg}"
    bars = {
        box.findtext(f"{space}title"): (float(box.attrib["x"]), float(box.attrib["width"]))
        for box in root.iter(f"{space}rect")
    }
    left, width = bars["imu.a off: 18.0 s to 25.0 s"]
    assert left == pytest.approx(lanes.NAMES + lanes.AXIS * 18.0 / 80.0, abs=0.06)
    assert width == pytest.approx(lanes.AXIS * 7.0 / 80.0, abs=0.06)


def test_a_close_up_shows_what_happened_then_and_no_more(run: History) -> None:
    drawing = lanes.draw(run, 18.0, 25.0)
    assert no_overlap(drawing)
    assert "running 1" in words(drawing)
    assert "hot" not in words(drawing) and "engine.b" not in words(drawing)


def test_close_ups_are_around_what_lies_together(run: History) -> None:
    apart = {"high": [Span("high", 100.0, 101.0), Span("high", 110.0, 111.0)]}
    long = dataclasses.replace(run, end_s=800.0, symptoms=apart)
    assert lanes.close_ups(long) == [(18.0, 35.0), (98.0, 113.0)]
    short = dataclasses.replace(run, end_s=80.0)
    assert not lanes.close_ups(short)  # it would be half of the run


def test_a_quiet_run_has_lanes_too() -> None:
    quiet = history.read(recording(EVENTS[:3], SEEN[1:2]), scenario(), TABLE)
    drawing = lanes.draw(quiet, 0.0, quiet.end_s)
    assert "no fault" in words(drawing)
    assert no_overlap(drawing)
    assert not lanes.close_ups(quiet)


def test_many_notes_are_cut_short(run: History) -> None:
    many = [Note(20.0 + k, "active") for k in range(40)]
    long = dataclasses.replace(run, notes={"high": many})
    assert f"and {40 - lanes.NOTES_MOST} more" in words(lanes.draw(long, 0.0, long.end_s))


@pytest.mark.parametrize("end_s", [0.0, 0.1])
def test_a_run_that_hardly_began_can_be_drawn(end_s: float) -> None:
    run = history.read(recording([], [], end_s), scenario(), TABLE)
    ElementTree.fromstring(lanes.draw(run, 0.0, run.end_s).svg())


# ---------------------------------------------------------------- a flown run


def test_a_flown_fault_is_in_the_report(tmp_path: Path) -> None:
    """The IMU is silent for a second: seen, answered by the other one, cleared."""
    text = '\n[[fault]]\nport = "imu.a"\nkind = "off"\nstart_s = 12.0\nend_s = 13.0\n'
    flown, source = short_scenario.scenario(tmp_path, extra=text)
    session.run(flown, source, seed=3, folder=tmp_path / "flight")
    run = session.read(tmp_path / "flight")
    assert run.history is not None
    assert run.history.injected == [Span("imu.a off", 12.0, 13.0)]
    assert run.history.modes[0].label == "standby"
    assert run.history.modes[-1].end_s == pytest.approx(run.history.end_s)
    (silent,) = run.history.symptoms["imu_silent"]
    (active,) = run.history.faults["imu_lost"]
    assert silent.start_s == active.start_s  # the engine sees both in one step
    assert 12.0 < active.start_s < 13.0 < active.end_s
    assert run.history.responses["imu_lost"][0].label == "running 1"
    report.write(tmp_path / "report.html", run)
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "Symptoms, faults and responses" in page and "Mode graph" in page
