"""Drawings and reference pages of the lander's fault table: complete, readable, not stale."""

from __future__ import annotations

import itertools
import re
from collections import Counter
from pathlib import Path
from xml.etree import ElementTree

import protection_tables
import pytest
from click.testing import CliRunner

from onboard import dictionary as dictionaries
from onboard.cli import main
from onboard.dictionary.protection import Protection
from onboard.fault_protection import checks
from onboard.fault_protection.diagrams import (
    fault_tree,
    matrix,
    mode_graph,
    reference,
    response_timeline,
    wording,
)
from onboard.fault_protection.diagrams.svg import Drawing, width_of, wrapped
from onboard.fault_protection.prove import Figures, Latency, Proof
from onboard.fault_protection.table import mode_order

LANDER = dictionaries.load("lander")
TABLE: Protection = LANDER.protection
DRAWINGS = reference.drawings(TABLE, LANDER)
PAGES = reference.pages(LANDER)
COMMITTED = Path(__file__).parents[2] / "docs" / "reference" / "lander" / "faults"
SVG = "{http://www.w3.org/2000/svg}"


def words(drawing: Drawing) -> str:
    """All text of a drawing, lines joined."""
    return plain(" ".join(label.text for label in drawing.labels))


def plain(text: str) -> str:
    return text.replace(wording.NBSP, " ")


def overlaps(drawing: Drawing) -> list[tuple[str, str]]:
    pairs = itertools.combinations(drawing.labels, 2)
    return [(a.text, b.text) for a, b in pairs if a.overlaps(b)]


# ---------------------------------------------------------------- drawings


@pytest.mark.parametrize("name", DRAWINGS)
def test_a_drawing_is_well_formed_and_stands_alone(name: str) -> None:
    text = DRAWINGS[name].svg()
    root = ElementTree.fromstring(text)
    assert root.tag == f"{SVG}svg"
    assert root.find(f"{SVG}title") is not None
    assert not re.search(r"url\(|href|@import|<script|<image", text)


@pytest.mark.parametrize("name", DRAWINGS)
def test_no_text_lies_on_another_and_all_is_on_the_sheet(name: str) -> None:
    drawing = DRAWINGS[name]
    assert drawing.labels and not overlaps(drawing)
    left, top, width, height = map(
        float, ElementTree.fromstring(drawing.svg()).attrib["viewBox"].split()
    )
    for label in drawing.labels:
        assert left <= label.left and label.right <= left + width, label
        assert top <= label.top and label.bottom <= top + height, label


@pytest.mark.parametrize("name", DRAWINGS)
def test_text_of_a_card_stays_inside_it(name: str) -> None:
    """A line of text that begins in a box ends in it."""
    root = ElementTree.fromstring(DRAWINGS[name].svg())
    boxes = [
        tuple(float(box.attrib[key]) for key in ("x", "y", "width", "height"))
        for box in root.findall(f"{SVG}rect")[1:]
    ]
    for label in DRAWINGS[name].labels:
        for x, y, width, height in boxes:
            if x < label.left < x + width and y < label.top < y + height:
                assert label.right <= x + width and label.bottom <= y + height, label


def test_labels_that_overlap_are_found() -> None:
    drawing = Drawing("test")
    drawing.text(0.0, 20.0, "one")
    drawing.text(5.0, 24.0, "two")
    drawing.text(0.0, 60.0, "three")
    assert overlaps(drawing) == [("one", "two")]


def test_the_mode_graph_shows_every_mode_and_edge() -> None:
    shown = Counter(label.text for label in DRAWINGS["modes.svg"].labels)
    exits = [e for mode in TABLE.mode for e in mode_graph.exits_of(TABLE, mode)]
    assert len({(e.target, e.kind, e.guard) for e in exits}) > 8
    arrows = Counter(f"→ {e.target}" for e in exits)
    assert {text: n for text, n in shown.items() if text.startswith("→")} == arrows
    for name, mode in TABLE.mode.items():
        assert shown[name] == 1
        assert f"{mode_graph.KIND_WORDS[mode.kind]} · {mode.number}" in shown
        for edge in mode.edge:
            assert edge.when in words(DRAWINGS["modes.svg"])


def test_edges_and_fallbacks_of_a_mode_are_its_exits() -> None:
    exits = mode_graph.exits_of(TABLE, "approach")
    assert ("descent", "edge", "phase_vertical or phase_shutdown") in exits
    assert ("safe", "fallback", "refused until touchdown_confirmed") in exits
    for name, mode in TABLE.mode.items():
        found = {(e.target, e.kind) for e in mode_graph.exits_of(TABLE, name)}
        wanted = {(e.to, "command" if e.command else "edge") for e in mode.edge}
        assert found == wanted | ({(mode.fallback, "fallback")} if mode.fallback else set())


def test_kinds_have_their_own_colours_and_fallbacks_are_dashed() -> None:
    root = ElementTree.fromstring(DRAWINGS["modes.svg"].svg())
    classes = [element.attrib.get("class", "") for element in root.iter()]
    for kind in {mode.kind for mode in TABLE.mode.values()}:
        assert any(f"f-{kind} s-{kind}-edge" in c for c in classes)
    dashed = [p for p in root.iter(f"{SVG}path") if "stroke-dasharray" in p.attrib]
    assert any("s-critical-edge" in p.attrib["class"] for p in dashed)
    assert not any("s-ink" in p.attrib["class"] for p in dashed)


def test_the_way_of_a_run_marks_one_exit_for_each_change() -> None:
    changes = frozenset({("standby", "coast"), ("coast", "braking")})
    path = mode_graph.Path({"standby": "0 s", "coast": "10 s"}, changes)
    taken = mode_graph.taken_exits(TABLE, path)
    assert {(before, e.target, e.kind) for before, e in taken} == {
        ("standby", "coast", "edge"),
        ("coast", "braking", "edge"),
    }
    drawing = mode_graph.draw(TABLE, path)
    assert "10 s" in words(drawing)
    assert not overlaps(drawing)
    assert drawing.svg().count("visited") > DRAWINGS["modes.svg"].svg().count("visited")


def test_lines_into_different_modes_never_share_a_piece_of_track() -> None:
    spans = {("a", "edge"): (0.0, 10.0), ("b", "edge"): (5.0, 30.0), ("c", "edge"): (12.0, 40.0)}
    tracks = mode_graph.assign_tracks(spans)
    assert tracks[("a", "edge")] != tracks[("b", "edge")] != tracks[("c", "edge")]
    assert set(mode_graph.assign_tracks({("a", "x"): (0, 1), ("b", "x"): (20, 30)}).values()) == {0}


@pytest.mark.parametrize("fault", TABLE.fault)
def test_a_fault_tree_leads_from_every_symptom_to_every_command(fault: str) -> None:
    shown = words(DRAWINGS[f"{fault}.tree.svg"]).replace(" ", "")
    for monitor in reference.evidence(TABLE, fault):
        assert monitor in shown
        assert TABLE.monitor[monitor].channel in shown
    for tier in TABLE.response[TABLE.fault[fault].response].tier:
        assert wording.action(tier.action).replace(" ", "") in shown


def test_gates_stand_one_behind_the_other() -> None:
    from onboard.fault_protection.expression import parse

    assert fault_tree.depth_of(parse("a")) == 0
    assert fault_tree.depth_of(parse("a or (b and not c)")) == 3
    table = protection_tables.table_with({"fault.high.when": "at_least(2, high, hot, silence)"})
    assert "2 of 3" in words(fault_tree.draw(table, "high"))


@pytest.mark.parametrize("fault", TABLE.fault)
def test_a_timeline_ends_where_the_static_checks_say(fault: str) -> None:
    for scene in response_timeline.scenes(TABLE, fault):
        for mode in scene.modes:
            assert scene.seconds == pytest.approx(checks.bound_s(TABLE, fault, mode))
            assert all(stage.seconds > 0.0 for stage in scene.stages)
    modes = [m for scene in response_timeline.scenes(TABLE, fault) for m in scene.modes]
    assert sorted(modes) == sorted(TABLE.fault[fault].required_in)


def test_a_response_that_comes_too_late_says_so() -> None:
    table = protection_tables.table_with({"fault.high.time_to_effect_s": 1.0})
    assert "too late" in words(response_timeline.draw(table, "high"))


def test_many_tries_become_one_bar() -> None:
    table = protection_tables.table_with({"response.lower.tier.0.tries": 100})
    scene = response_timeline.scenes(table, "high")[0]
    assert len(scene.stages) == 2 + response_timeline.MOST
    assert any("more tries" in stage.text for stage in scene.stages)
    assert scene.seconds == pytest.approx(checks.bound_s(table, "high", scene.modes[0]))


@pytest.mark.parametrize(
    ("length", "step"), [(1.0, 0.2), (3.0, 0.5), (10.0, 2.0), (30.0, 5.0), (700.0, 200.0)]
)
def test_ticks_are_round(length: float, step: float) -> None:
    assert response_timeline.tick_step(length) == pytest.approx(step)


def test_the_matrix_has_every_fault_and_mode() -> None:
    shown = Counter(label.text for label in DRAWINGS["matrix.svg"].labels)
    assert all(shown[name] == 1 for name in [*TABLE.fault, *TABLE.mode])
    cells = [matrix.cell(TABLE, fault, mode) for fault in TABLE.fault for mode in TABLE.mode]
    for kind, n in Counter(matrix.text_of(cell) for cell in cells).items():
        assert shown[kind] == n


@pytest.mark.parametrize(
    ("fault", "mode", "kind", "tiers"),
    [
        ("imu_lost", "coast", "answered", (1, 2)),
        ("imu_lost", "landed", "seen", ()),
        ("command_loss", "braking", "masked", ()),
        ("navigation_lost", "braking", "answered", (1,)),
    ],
)
def test_cells_of_the_matrix(fault: str, mode: str, kind: str, tiers: tuple[int, ...]) -> None:
    cell = matrix.cell(TABLE, fault, mode)
    assert (cell.kind, cell.tiers) == (kind, tiers)
    assert cell.required == (mode in TABLE.fault[fault].required_in)


def test_a_tier_that_would_end_the_event_is_inhibited() -> None:
    table = protection_tables.table_with({"response.silence.tier.0.modes": ["cruise", "burn"]})
    assert matrix.cell(table, "silence", "burn").kind == "inhibited"


# ---------------------------------------------------------------- text


def test_wrapped_text_is_no_wider_and_loses_nothing() -> None:
    text = "engine.a.chamber_pressure_pa is more than 200000 from 900000 x something_very_long"
    for width in (40.0, 90.0, 200.0, 1000.0):
        lines = wrapped(text, width)
        assert all(width_of(line) <= width for line in lines)
        assert "".join(lines).replace(" ", "") == text.replace(" ", "")


def test_widths_are_those_of_the_font_on_this_machine() -> None:
    """Against the advance widths of an installed Helvetica-like font, where there is one."""
    from PIL import ImageFont

    try:
        font = ImageFont.truetype("LiberationSans-Regular.ttf", 100)
    except OSError:
        pytest.skip("Liberation Sans is not installed")
    for text in ("rangefinder_a_due_but_silent", "MODE_SET if not x", "0.15 s · 4 of 7 (a=b)"):
        assert width_of(text, 100.0) == pytest.approx(1.04 * font.getlength(text), rel=0.005)


@pytest.mark.parametrize(
    ("value", "said"),
    [(0.15, "0.15 s"), (100.0, "100 s"), (120.0, "2 min"), (86400.0, "24 h"), (1e6, "11.6 d")],
)
def test_times_in_words(value: float, said: str) -> None:
    assert plain(wording.seconds(value)) == said


_VALUE = {"stale_after_s": 1.0, "when_stale": "hold"}
_LIMITS = {"enter": {"high": 2.0}, "exit": {"high": 1.0}}
_AMOUNTS = {"enter": 2.0, "exit": 1.0}


@pytest.mark.parametrize(
    ("fields", "trips", "clears"),
    [
        ({"check": "limits", **_VALUE, **_LIMITS}, "x above 2 m", "at most 1 m"),
        ({"check": "within", **_VALUE, **_LIMITS}, "x at most 2 m", "above 1 m"),
        ({"check": "expected", **_VALUE, "value": 3.0}, "x is not 3 m", "is 3 m"),
        (
            {"check": "delta", **_VALUE, **_AMOUNTS},
            "x moves more than 2 m in a step",
            "at most 1 m",
        ),
        (
            {"check": "rate", **_VALUE, **_AMOUNTS},
            "x changes faster than 2 m a second",
            "at most 1 m a second",
        ),
        ({"check": "stuck", **_VALUE}, "x repeats itself", "a new sample differs"),
        (
            {"check": "consistency", **_VALUE, **_AMOUNTS, "other": "y", "scale": 4.0},
            "x is more than 2 m from 4 × y",
            "at most 1 m",
        ),
        (
            {"check": "stale", "enter_s": 2.0, "exit_s": 1.0},
            "x silent for 2 s",
            "at most 1 s old",
        ),
        (
            {"check": "gap", "enter_s": 2.0, "exit_s": 1.0},
            "x with a gap of 2 s",
            "at most 1 s old",
        ),
    ],
)
def test_a_check_in_words(fields: dict[str, object], trips: str, clears: str) -> None:
    common = {"channel": "x", "region": "a", "persistence": 1, "clear": 1}
    row = protection_tables.table_with({"monitor.high": fields | common}).monitor["high"]
    assert plain(wording.condition(row, "m")) == trips
    assert plain(wording.release(row, "m")) == clears


# ---------------------------------------------------------------- pages


def test_every_fault_has_a_page_and_the_index_names_it_in_order() -> None:
    assert set(PAGES) == {"README.md", *(f"{fault}.md" for fault in TABLE.fault)}
    rows_ = re.findall(r"^\| (\d+) \| \[`(\w+)`\]\((\w+)\.md\)", PAGES["README.md"], re.MULTILINE)
    assert [int(priority) for priority, _, _ in rows_] == list(range(1, len(TABLE.fault) + 1))
    assert all(TABLE.fault[name].priority == int(p) for p, name, _ in rows_)
    assert all(f"| `{mode}` |" in PAGES["README.md"] for mode in mode_order(TABLE))


@pytest.mark.parametrize("name", PAGES)
def test_links_of_a_page_lead_somewhere(name: str) -> None:
    for target in re.findall(r"\]\(([^)]+)\)", PAGES[name]):
        written = target in PAGES or target in DRAWINGS
        assert written or (COMMITTED / target).resolve().exists(), target


@pytest.mark.parametrize("fault", TABLE.fault)
def test_a_page_tells_what_the_table_says(fault: str) -> None:
    page, row = plain(PAGES[f"{fault}.md"]), TABLE.fault[fault]
    assert row.when in page and row.description in page
    for monitor in reference.evidence(TABLE, fault):
        persistence_s = TABLE.monitor[monitor].persistence / 10.0
        assert re.search(rf"\| `{monitor}` \|.*\| {persistence_s:g} s \|", page)
    latches = TABLE.response[row.response].latch
    assert (f"FAULT_CLEAR fault={fault}" in page) == latches
    assert ("FAULT_LATCHED" in page) == latches


def test_the_operator_is_told_how_to_arm_and_to_take_back() -> None:
    page = plain(PAGES["engine_a_lost.md"])
    assert "`ARM command=ENGINE_INHIBIT`, within 10 s `ENGINE_INHIBIT mask=0`" in page
    assert "`SENSOR_ENABLE name=legs enabled=1`" in PAGES["leg_switch_stuck.md"]
    assert "`CAMERA_ENABLE enabled=1`" in PAGES["scheduler_slipping.md"]
    assert "SAFE is refused until `touchdown_confirmed`" in page
    assert "`MODE_SET mode=standby`" in PAGES["command_loss.md"]
    spent = "in `braking`, `approach`, `descent`, `safe` the tiers that may act are spent"
    assert spent in PAGES["navigation_lost.md"]


def committed() -> dict[str, str]:
    return {path.name: path.read_text(encoding="utf-8") for path in COMMITTED.iterdir()}


STALE = "docs/reference/lander/faults is stale, run `make docs`"


def test_the_committed_drawings_are_those_of_the_table() -> None:
    made = {name: drawing.svg() for name, drawing in DRAWINGS.items()}
    there = {name: text for name, text in committed().items() if name.endswith(".svg")}
    stale = sorted(name for name in made.keys() | there.keys() if made.get(name) != there.get(name))
    assert not stale, f"{STALE}: {stale}"


def test_pages_tell_what_the_walk_measured() -> None:
    rows = {name: Latency(50, 20 + k, None, 300, 6000) for k, name in enumerate(TABLE.fault)}
    rows["imu_lost"].answer_ticks = 120
    rows["rate_high"].silence_ticks = 0
    pages = reference.pages(LANDER, Proof(figures=Figures(states=12345), latency=rows))
    assert "12345 states" in pages["README.md"]
    at = list(TABLE.fault).index("imu_lost")
    times = f"| 50 | {20 + at} | 120 | 300 | 6000 |"
    assert f"[`imu_lost`](imu_lost.md) {times}" in pages["README.md"]
    assert "answered after 120; the effect comes after 6000" in pages["imu_lost.md"]
    assert "never answered" in pages["rate_high.md"]
    assert "which silence is after 0.5 s" in plain(pages["imu_lost.md"])
    assert "silence" not in pages["rate_high.md"]


# ---------------------------------------------------------------- command line


def test_drawings_are_written(tmp_path: Path) -> None:
    out = tmp_path / "new" / "folder"
    result = CliRunner().invoke(main, ["faults", "draw", "lander", "--out", str(out)])
    assert result.exit_code == 0, result.output
    assert {path.name for path in out.iterdir()} == set(DRAWINGS)


@pytest.mark.slow
def test_the_committed_pages_are_those_of_the_table_and_the_walk(tmp_path: Path) -> None:
    """What the walk measured included; exit status 0 says that the table holds."""
    result = CliRunner().invoke(main, ["faults", "document", "lander", "--out", str(tmp_path)])
    assert result.exit_code == 0, result.output
    made = {path.name: path.read_text(encoding="utf-8") for path in tmp_path.iterdir()}
    there = committed()
    stale = sorted(name for name in made.keys() | there.keys() if made.get(name) != there.get(name))
    assert not stale, f"{STALE}: {stale}"


def test_a_folder_that_cannot_be_written_is_status_2(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    out = str(tmp_path / "file" / "out")
    result = CliRunner().invoke(main, ["faults", "draw", "--out", out])
    assert result.exit_code == 2
    assert "cannot be written" in result.output


def test_a_table_whose_names_do_not_resolve_is_status_2(tmp_path: Path) -> None:
    folder = tmp_path / "broken"
    folder.mkdir()
    for path in dictionaries.loader.folder_of("lander").glob("*.toml"):
        (folder / path.name).write_text(path.read_text())
    faults = (folder / "faults.toml").read_text()
    text = faults.replace('when = "imu_saturated"', 'when = "imu_saturatet"')
    (folder / "faults.toml").write_text(text)
    result = CliRunner().invoke(
        main, ["faults", "document", str(folder), "--out", str(tmp_path / "o")]
    )
    assert result.exit_code == 2
    assert "fault.imu_saturated.when: monitor 'imu_saturatet' is unknown" in result.output
    assert not (tmp_path / "o").exists()
