"""The offline report: complete, self-contained, and drawn for runs that ended anywhere."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import protection_tables
import pytest
import short_scenario
from PIL import Image

from hil.bench import bench_report, log, picture, report
from hil.bench.history import History, Span
from hil.bench.report import EventLine, FixLine, FrameView, MemberUse, Run
from hil.bench.result import Result, judge
from hil.expectation import Expectation

SECTIONS = (
    "Verdict",
    "Symptoms, faults and responses",
    "Trajectory over terrain",
    "Altitude and speed",
    "Position error against 3 sigma",
    "Velocity error against 3 sigma",
    "Attitude error against 3 sigma",
    "The last kilometre and the last minute",
    "Modes",
    "Crater fixes",
    "Camera frames",
    "Scheduler",
    "Injected faults",
    "Events",
)


class Headings(HTMLParser):
    """The h2 headings of a page, and every address that it would load from."""

    def __init__(self) -> None:
        super().__init__()
        self.headings: list[str] = []
        self.addresses: list[str] = []
        self._inside = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._inside = tag == "h2"
        wanted = ("src", "href", "xlink:href", "data", "action")
        self.addresses += [value or "" for name, value in attrs if name in wanted]

    def handle_data(self, data: str) -> None:
        if self._inside:
            self.headings.append(data)
            self._inside = False


def flight(rows: int) -> np.ndarray:
    """A log of a straight descent towards the target from the south."""
    table = np.zeros(rows, log.DTYPE)
    part = np.linspace(0.0, 1.0, rows)
    table["time_s"] = 700.0 * part
    table["phase"] = np.floor(4.999 * part)
    table["true_north_m"] = table["nav_north_m"] = -100_000.0 * (1.0 - part)
    table["true_up_m"] = table["nav_up_m"] = 15_000.0 * (1.0 - part)
    table["true_altitude_m"] = table["nav_altitude_m"] = 15_000.0 * (1.0 - part)
    table["true_velocity_north_m_s"] = 143.0
    for name in log.COLUMNS:
        if "sigma" in name:
            table[name] = 1.0
    return table


def frames(count: int) -> list[FrameView]:
    image = np.arange(64 * 64, dtype=np.uint8).reshape(64, 64)
    found = np.array([[10.0, 20.0, 5.0], [30.0, 40.0, 6.0]])
    return [
        FrameView(20.0 * k, 15_000.0 - 100.0 * k, image, found, found[:1], f"frame {k}")
        for k in range(count)
    ]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    scenario = short_scenario.scenario(tmp_path)[0]
    return Run(
        scenario=scenario,
        result=judge(Result("short", 7, sim_seconds=19.0, bit_hash="00ff"), scenario),
        log=flight(500),
        ground_m=np.column_stack([np.linspace(-100_000.0, 0.0, 500), np.zeros(500)]),
        frames=frames(30),
        fixes=[
            FixLine(24.0, 15_000.0, 85, 340, 54, "accepted", 0.46, -90.4, 0.37),
            FixLine(48.0, 14_000.0, 80, 300, 0, "could be chance", 0.71, -3.2, 0.0),
            FixLine(72.0, 13_000.0, 0, 0, 0, "Sun too low", 0.0, 0.0, 0.0),
        ],
        members=[
            MemberUse("navigation", 100, 4000.0, {"desk": 50.0, "m7": 2000.0}, 7.5, 1, 2, 3),
            MemberUse("craters", 10, 500.0, {"desk": 5.0, "m7": 100.0}, None, 0, 0, 0),
        ],
        events=[EventLine(12.0, "warning", "a <b>bold</b> event"), EventLine(13.0, "info", "two")],
        faults=[EventLine(3.0, "", "imu.a dies")],
        history=History(
            table=protection_tables.table_with(),
            end_s=700.0,
            injected=[Span("imu.a off <once>", 3.0, 9.0)],
            commands=[],
            modes=[Span("cruise", 0.0, 100.0), Span("burn", 100.0, 700.0)],
            symptoms={"high": [Span("high", 4.0, 5.0)]},
            faults={"high": [Span("active", 4.0, 5.0)]},
            responses={"high": [Span("running 1", 4.0, 5.0)]},
            notes={},
            resets=[],
        ),
    )


def page(run: Run, folder: Path) -> str:
    report.write(folder / "report.html", run)
    return (folder / "report.html").read_text(encoding="utf-8")


def test_every_section_is_there_in_order(run: Run, tmp_path: Path) -> None:
    parser = Headings()
    parser.feed(page(run, tmp_path))
    assert tuple(parser.headings) == SECTIONS


def test_fixes_and_refusals_are_told_with_their_chances(run: Run, tmp_path: Path) -> None:
    text = page(run, tmp_path)
    rows = [row for row in text.split("<tr") if "15.00" in row or "refused: " in row]
    accepted, by_chance, untried = ([c.split("<")[0] for c in r.split(">")[2:]] for r in rows)
    assert [c for c in accepted if c.strip()][:9] == [
        *("24.0", "15.00", "85", "340", "54", "0.46", "1e-90", "0.37", "accepted")
    ]
    assert "1e-3" in by_chance
    assert "refused: could be chance" in by_chance
    assert untried[-3:].count("1e-0") == 0
    assert "refused: Sun too low" in untried


MS = 1_000_000


def benched(run: Run, late_ms: list[float], round_trip_ms: list[float]) -> Run:
    """The same run by the wall clock and with a board."""
    hop = {"count": 2, "median_us": 1.25, "p99_us": 20.0, "max_us": 300.0}
    real_time = {"ticks": len(late_ms), "overruns": 3, "missed": 0, "late_max_ms": 25.0}
    result = replace(
        run.result,
        real_time=real_time,
        board="posix",
        board_ticks=1234,
        same_bits=True,
        line={"lost": 41, "bad_crc": 2, "too_long": 3, "returns": 7, "latency": {"write": hop}},
    )
    durations = [[round(ms * MS) for ms in row] for row in (late_ms, round_trip_ms)]
    kept = json.loads(json.dumps(bench_report.kept(durations[0], 101, durations[1])))
    return replace(run, result=result, bench=kept)


def test_pace_and_line_have_sections(run: Run, tmp_path: Path) -> None:
    html = page(benched(run, [0.0] * 900 + [25.0], [0.05] * 5000 + [3.0]), tmp_path)
    parser = Headings()
    parser.feed(html)
    at = parser.headings.index("Scheduler")
    assert parser.headings[at - 2 : at] == ["Pace", "Line to the board"]
    rows = dict(re.findall(r'<tr><td>([^<]*)<td class="n">([^<]*)</tr>', html))
    assert rows["overruns: more than a tick late"] == "3"
    assert rows["most ticks behind"] == "2"
    assert (rows["lost"], rows["refused segments"]) == ("41", "5")
    assert rows["times the board was brought back"] == "7"
    assert rows["same bits as the desk"] == "yes, 1,234 ticks compared"
    assert re.search(
        r'<tr><td>write<td>[^<]*<td class="n">2<td class="n">1.2<td class="n">20', html
    )
    assert html.count("<svg") > page(run, tmp_path).count("<svg")


@pytest.mark.parametrize(("late", "trips"), [([], [0.1]), ([0.0], []), ([0.0, 0.0], [])])
def test_short_series_are_drawn(
    run: Run, tmp_path: Path, late: list[float], trips: list[float]
) -> None:
    assert "Pace" in page(benched(run, late, trips), tmp_path)


def test_what_is_kept_of_many_ticks_is_short_and_true() -> None:
    kept = bench_report.kept([], 1, [k * MS for k in range(1, 100_001)])["round_trip"]
    assert len(kept["time_s"]) == len(kept["max_ms"]) == bench_report.POINTS
    assert kept["max_ms"][-1] == 100_000 and kept["time_s"][-1] == pytest.approx(1000.0)
    for share, longer_ms in zip(kept["share"], kept["longer_ms"], strict=True):
        assert share == pytest.approx((100_001 - longer_ms) / 100_000)


def test_nothing_is_loaded_from_outside(run: Run, tmp_path: Path) -> None:
    html = page(run, tmp_path)
    parser = Headings()
    parser.feed(html)
    assert parser.addresses
    assert all(a.startswith(("data:image/", "#")) for a in parser.addresses)
    assert not re.search(r"url\((?!['\"]?#)|@import|<script|<link|<iframe", html)


def test_figures_stand_beside_what_was_expected(run: Run, tmp_path: Path) -> None:
    html = page(run, tmp_path)
    assert re.search(r'sim_seconds<td class="n bad">19\.000<td>&gt;= 20', html)
    assert "sim_seconds is 19, expected &gt;= 20" in html
    assert '<span class="failed">failed</span>' in html
    assert "bit hash <code>00ff</code>" in html


def test_what_was_not_measured_is_no_row_but_where_it_was_expected(
    run: Run, tmp_path: Path
) -> None:
    expected = Expectation(metric="tilt_deg", max=5.0)
    scenario = run.scenario.model_copy(update={"expect": (*run.scenario.expect, expected)})
    html = page(replace(run, scenario=scenario, result=judge(run.result, scenario)), tmp_path)
    assert re.search(r'tilt_deg<td class="n bad">-<td>&lt;= 5', html)
    assert "miss_distance_m" not in html and ">None<" not in html


def test_scheduler_shows_use_by_target(run: Run, tmp_path: Path) -> None:
    html = page(run, tmp_path)
    row = next(line for line in html.splitlines() if line.startswith("<tr><td>navigation<"))
    assert re.findall(r'"n">([^<]*)', row) == [
        "100", "4000", "0.5 %", "20.0 %", "7.50", "1", "2", "3",
    ]  # fmt: skip


def test_frames_are_spread_over_the_flight_with_circles(run: Run, tmp_path: Path) -> None:
    html = page(run, tmp_path)
    assert html.count("<figure>") == report.FRAMES_SHOWN
    assert f"30 frames, {report.FRAMES_SHOWN} shown" in html
    assert "frame 0<" in html and "frame 29<" in html
    below = html[html.index("<h2>Camera frames") :]
    assert below.count("<circle") == 3 * report.FRAMES_SHOWN


def test_text_of_events_is_escaped(run: Run, tmp_path: Path) -> None:
    html = page(run, tmp_path)
    assert "<b>bold</b>" not in html
    assert "&lt;b&gt;bold" in html
    assert "<once>" not in html and "imu.a off &lt;once&gt;" in html


def test_what_fault_protection_did_is_drawn_whole_and_close(run: Run, tmp_path: Path) -> None:
    html = page(run, tmp_path)
    assert "Close up: 2.0 s to 7.0 s" in html
    assert html.count("active: 4.0 s to 5.0 s") == 2
    assert "the way of this run" in html
    assert "prefers-color-scheme" not in html  # the page is light


@pytest.mark.parametrize("rows", [0, 1, 2, 10])
def test_a_run_that_hardly_began_has_a_report(run: Run, tmp_path: Path, rows: int) -> None:
    short = Run(
        scenario=run.scenario, result=run.result, log=flight(rows), ground_m=run.ground_m[:rows]
    )
    html = page(short, tmp_path)
    assert "Verdict" in html
    assert ("Altitude and speed" in html) == (rows > 1)


def test_downward_speed_is_that_towards_the_centre_of_the_moon() -> None:
    """A vehicle on a circle around the Moon does not descend, although its site `up` changes."""
    table = flight(400)
    angle = -0.3 * (1.0 - np.linspace(0.0, 1.0, 400))
    radius_m = 1_737_400.0
    table["true_north_m"] = radius_m * np.sin(angle)
    table["true_up_m"] = radius_m * (np.cos(angle) - 1.0)
    assert np.abs(report.descent_m_s(table)).max() < 1e-6
    table["true_up_m"] = table["true_north_m"] = 0.0
    table["true_up_m"] -= 2.0 * table["time_s"]
    np.testing.assert_allclose(report.descent_m_s(table), 2.0, rtol=1e-9)


def test_a_picture_of_a_landing(run: Run, tmp_path: Path) -> None:
    picture.write(tmp_path / "landing.png", run)
    with Image.open(tmp_path / "landing.png") as image:
        assert image.format == "PNG"
        assert image.width == 1000
        assert len(image.convert("RGB").getcolors(1 << 20) or []) > 20
    assert (tmp_path / "landing.png").stat().st_size < 300_000


def test_a_picture_needs_fixes(run: Run, tmp_path: Path) -> None:
    blind = Run(scenario=run.scenario, result=run.result, log=run.log, ground_m=run.ground_m)
    with pytest.raises(ValueError, match="0 frames with a fix"):
        picture.write(tmp_path / "landing.png", blind)
    assert not (tmp_path / "landing.png").exists()
