"""The offline report of a run: one HTML file with its pictures inside."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from hil.bench import bench_report, lanes
from hil.bench.history import History
from hil.bench.result import Figures, shown
from hil.bench.whole_file import write_whole
from hil.scenario import Scenario
from onboard.fault_protection.diagrams import mode_graph

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Floats = npt.NDArray[np.float64]

TRUE, NAV, BAND, GROUND, ACCENT = "#1b1b1b", "#1565c0", "#90caf9", "#8d8378", "#c62828"
PHASES = ("idle", "coast", "braking", "approach", "vertical", "shutdown")
FRAMES_SHOWN = 18


class MissingExtra(Exception):
    """The report needs packages that are not installed."""


@dataclass(frozen=True)
class FrameView:
    """One camera frame and what the matcher made of it. Pixels are (column, row)."""

    time_s: float
    altitude_m: float
    image: npt.NDArray[np.uint8]
    detections: Floats  # (n, 3) column, row, radius
    matched: Floats  # (m, 3) column, row, predicted radius
    status: str


@dataclass(frozen=True)
class FixLine:
    """What became of one camera frame."""

    time_s: float
    altitude_m: float
    predicted: int  # craters of the map in view
    detected: int
    matched: int  # 0: refused
    reason: str
    rms_px: float  # of the matches; 0: none
    log10_chance: float  # bound on the chance of a false fix; 0: none
    wrong: float  # matches expected to be wrong if the fix is right: 1 - probability, summed

    @property
    def refused(self) -> bool:
        return self.matched == 0


@dataclass(frozen=True)
class MemberUse:
    """What one member of the executive used."""

    name: str
    rate_hz: int
    budget_us: float
    cost_us: dict[str, float]  # execution time that the executive reckons with, by target
    measured_us: float | None  # on this machine, if the run was timed
    overruns: int
    slips: int
    sheds: int

    def share(self, target: str) -> float:
        """Of one processor of that target."""
        return self.cost_us[target] * self.rate_hz / 1e6


@dataclass(frozen=True)
class EventLine:
    time_s: float
    severity: str
    text: str


OWN_TABLES = ("line", "real_time")
Chart = tuple[str, str, "Callable[[Figure, Run], None]"]
"""Title, note and who draws it."""


@dataclass(frozen=True)
class Run:
    """Everything a report shows."""

    scenario: Scenario
    result: Figures
    log: npt.NDArray[np.void]  # of a landing `hil.bench.log.DTYPE`
    ground_m: Floats  # (n, 2) along-track distance to the target, ground elevation above the target
    charts: Sequence[Chart] | None = None  # None: those of a landing
    frames: Sequence[FrameView] = ()
    fixes: Sequence[FixLine] = ()
    members: Sequence[MemberUse] = ()
    events: Sequence[EventLine] = ()
    faults: Sequence[EventLine] = field(default=())
    history: History | None = None  # of fault protection
    bench: dict[str, Any] | None = None  # pace and line: `bench_report.kept`


def write(path: Path, run: Run) -> None:
    """Write the report of a run. Raises `MissingExtra` where matplotlib or Jinja2 is absent."""
    try:
        import jinja2
        import matplotlib

        matplotlib.use("Agg")
    except ImportError as error:
        raise MissingExtra(
            f"the report needs the package {error.name}: pip install jinja2 matplotlib pillow"
        ) from None
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
    )
    page = environment.get_template("report.html.j2").render(
        run=run,
        result=run.result,
        figures=[row for row in shown(run.result, run.scenario) if row.name not in OWN_TABLES],
        charts=[_chart(*chart, run) for chart in run.charts or _CHARTS] if len(run.log) > 1 else [],
        frames=[_frame(f) for f in _spread(run.frames, FRAMES_SHOWN)],
        frame_count=len(run.frames),
        fix_charts=[_chart(*_FIXES, run)] if run.fixes else [],
        **_protection(run.history),
        **_bench(run),
        targets=list(run.members[0].cost_us) if run.members else [],
    )
    write_whole(path, page.encode())


def _bench(run: Run) -> dict[str, Any]:
    """Pace and line, where there were any."""
    paced, on_board = run.result.real_time is not None, run.result.line is not None
    return {
        "pace": bench_report.pace(run) if paced else [],
        "pace_charts": [_chart(*chart, run) for chart in bench_report.pace_charts(run)],
        "line": bench_report.line(run) if on_board else [],
        "line_charts": [_chart(*chart, run) for chart in bench_report.line_charts(run)],
        "hops": bench_report.hops(run),
    }


def _protection(history: History | None) -> dict[str, Any]:
    """The timeline of fault protection, its close-ups, and the mode graph with the run's way."""
    if history is None:
        return {"timeline": None, "close_ups": [], "modes": None}
    windows = lanes.close_ups(history)
    closer = [(start, end, lanes.draw(history, start, end).svg()) for start, end in windows]
    return {
        "timeline": lanes.draw(history, 0.0, history.end_s).svg(),
        "close_ups": closer,
        "modes": mode_graph.draw(history.table, history.path, dark=False).svg(),
    }


# --- charts ----------------------------------------------------------------------------------


def _chart(title: str, note: str, draw: Callable[[Figure, Run], None], run: Run) -> dict[str, str]:
    import matplotlib.pyplot as plt

    with plt.rc_context({"font.size": 9, "axes.spines.top": False, "axes.spines.right": False}):
        figure = plt.figure(figsize=(9.0, 3.6), constrained_layout=True)
        draw(figure, run)
        buffer = io.StringIO()
        figure.savefig(buffer, format="svg", metadata={"Date": None})
        plt.close(figure)
    svg = buffer.getvalue()
    return {"title": title, "note": note, "svg": svg[svg.index("<svg") :]}


def _trajectory(figure: Figure, run: Run) -> None:
    whole, last = figure.subplots(1, 2, width_ratios=(3, 2))
    draw_flight(whole, last, run)


def draw_flight(whole: Axes, last: Axes, run: Run) -> None:
    """The trajectory over the ground, and its last 6 km."""
    log = run.log
    along = -np.hypot(log["true_east_m"], log["true_north_m"])
    height = _height_above_target(log)
    for axes, unit, reach in ((whole, 1e3, None), (last, 1e3, 6e3)):
        near = np.ones(len(along), bool) if reach is None else along > -reach
        ground = run.ground_m if reach is None else run.ground_m[run.ground_m[:, 0] > -reach]
        axes.fill_between(ground[:, 0] / unit, ground[:, 1] / unit, _floor(ground), color=GROUND)
        axes.plot(along[near] / unit, height[near] / unit, color=TRUE, lw=1.2)
        for frame in run.frames:
            k = int(np.searchsorted(log["time_s"], frame.time_s))
            if k < len(along) and near[k] and len(frame.matched):
                axes.plot(along[k] / unit, height[k] / unit, "o", ms=3, color=ACCENT)
        axes.set_xlabel("distance to the target, km")
    whole.set_ylabel("height above the target, km")


def _floor(ground: Floats) -> float:
    return float(ground[:, 1].min() - 500.0) / 1e3 if len(ground) else 0.0


def _height_above_target(log: npt.NDArray[np.void]) -> Floats:
    """Distance from the Moon's centre less that of the target: the site frame is a plane."""
    radius = 1_737_400.0
    up = radius + log["true_up_m"]
    return np.asarray(np.hypot(np.hypot(log["true_east_m"], log["true_north_m"]), up) - radius)


def descent_m_s(log: npt.NDArray[np.void]) -> Floats:
    """Speed towards the Moon's centre, from row to row: `up` of the site is up only there."""
    return np.asarray(-np.gradient(_height_above_target(log), log["time_s"]))


def _profile(figure: Figure, run: Run) -> None:
    log = run.log
    high, speed = figure.subplots(1, 2)
    high.semilogy(log["time_s"], np.maximum(log["true_altitude_m"], 0.1), color=TRUE, label="true")
    nav = np.maximum(log["nav_altitude_m"], 0.1)
    high.semilogy(log["time_s"], nav, color=NAV, lw=0.8, label="navigated")
    high.set_ylabel("altitude above ground, m")
    high.legend(frameon=False)
    speed.plot(log["time_s"], _magnitude(log, "true_velocity_{}_m_s"), color=TRUE, label="speed")
    speed.plot(log["time_s"], descent_m_s(log), color=ACCENT, lw=0.8, label="downwards")
    speed.set_yscale("symlog", linthresh=1.0)
    speed.set_ylabel("m/s")
    speed.legend(frameon=False)
    for axes in (high, speed):
        axes.set_xlabel("time, s")
        _shade_phases(axes, log)


def _shade_phases(axes: Axes, log: npt.NDArray[np.void]) -> None:
    phase = log["phase"].astype(int)
    starts = np.flatnonzero(np.diff(phase, prepend=-1))
    apart_s = 0.035 * (log["time_s"][-1] - log["time_s"][0])
    for k, later in zip(starts, [*log["time_s"][starts[1:]], np.inf], strict=True):
        axes.axvline(log["time_s"][k], color="#00000022", lw=0.8)
        if later - log["time_s"][k] < apart_s:
            continue  # the label would lie on the next
        name = PHASES[phase[k]] if 0 <= phase[k] < len(PHASES) else str(phase[k])
        axes.annotate(
            name,
            (log["time_s"][k], 1.0),
            xycoords=("data", "axes fraction"),
            rotation=90,
            fontsize=6,
            va="top",
            color="#555",
        )


def _magnitude(log: npt.NDArray[np.void], pattern: str) -> Floats:
    return np.asarray(np.sqrt(sum(log[pattern.format(a)] ** 2 for a in ("east", "north", "up"))))


def _navigation(kind: str, unit: str) -> Callable[[Figure, Run], None]:
    def draw(figure: Figure, run: Run) -> None:
        log = run.log
        for axes, axis in zip(figure.subplots(1, 3), ("east", "north", "up"), strict=True):
            error = log[f"nav_{kind}{axis}_{unit}"] - log[f"true_{kind}{axis}_{unit}"]
            axes.set_yscale("symlog", linthresh=10.0 if unit == "m" else 0.1)
            _band(axes, log["time_s"], error, log[f"sigma_{kind}{axis}_{unit}"])
            axes.set_title(f"{axis}, {unit.replace('_', '/')}", fontsize=9)

    return draw


def _attitude(figure: Figure, run: Run) -> None:
    log = run.log
    for axes, axis in zip(figure.subplots(1, 3), ("x", "y", "z"), strict=True):
        error = 1e3 * log[f"attitude_error_{axis}_rad"]
        axes.set_yscale("symlog", linthresh=2.0)
        _band(axes, log["time_s"], error, 1e3 * log[f"attitude_sigma_{axis}_rad"])
        axes.set_title(f"about body {axis}, mrad", fontsize=9)


def _band(axes: Axes, time_s: Floats, error: Floats, sigma: Floats) -> None:
    axes.fill_between(time_s, -3 * sigma, 3 * sigma, color=BAND, alpha=0.5, lw=0, label="3σ")
    axes.plot(time_s, error, color=TRUE, lw=0.8, label="error")
    axes.set_xlabel("time, s")
    axes.legend(frameon=False, fontsize=7, loc="lower right", ncols=2)


def _touchdown(figure: Figure, run: Run) -> None:
    log = run.log
    plan, end = figure.subplots(1, 2)
    near = np.hypot(log["true_east_m"], log["true_north_m"]) < 1500.0
    plan.plot(log["true_east_m"][near], log["true_north_m"][near], color=TRUE, lw=1.2, label="true")
    plan.plot(
        log["nav_east_m"][near], log["nav_north_m"][near], color=NAV, lw=0.8, label="navigated"
    )
    plan.plot(0, 0, "+", color=ACCENT, ms=12, label="target")
    plan.set_xlabel("east of the target, m")
    plan.set_ylabel("north, m")
    plan.set_aspect("equal", adjustable="datalim")
    plan.legend(frameon=False)
    last = log["time_s"] > log["time_s"][-1] - 60.0
    end.plot(log["time_s"][last], log["true_altitude_m"][last], color=TRUE, label="altitude, m")
    end.plot(log["time_s"][last], descent_m_s(log)[last], color=ACCENT, label="downwards, m/s")
    end.plot(log["time_s"][last], log["true_tilt_deg"][last], color=NAV, label="tilt, deg")
    end.set_yscale("symlog", linthresh=1.0)
    end.set_xlabel("time, s")
    end.legend(frameon=False)


_CHARTS: tuple[Chart, ...] = (
    ("Trajectory over terrain", "Dots: crater fixes. Left all, right the last 6 km.", _trajectory),
    ("Altitude and speed", "Lines: the phases of guidance.", _profile),
    ("Position error against 3 sigma", "Logarithmic outside ±10 m.", _navigation("", "m")),
    (
        "Velocity error against 3 sigma",
        "Logarithmic outside ±0.1 m/s.",
        _navigation("velocity_", "m_s"),
    ),
    ("Attitude error against 3 sigma", "Logarithmic outside ±2 mrad.", _attitude),
    ("The last kilometre and the last minute", "", _touchdown),
)


# --- crater fixes ----------------------------------------------------------------------------


def _fixes(figure: Figure, run: Run) -> None:
    time_s = np.array([f.time_s for f in run.fixes])
    refused = np.array([f.refused for f in run.fixes])
    counts, chances = figure.subplots(1, 2)
    for label, colour, values in (
        ("detected", GROUND, [f.detected for f in run.fixes]),
        ("of the map in view", NAV, [f.predicted for f in run.fixes]),
        ("matched", TRUE, [f.matched for f in run.fixes]),
    ):
        counts.plot(time_s, values, ".-", color=colour, lw=0.8, ms=4, label=label)
    counts.set_ylabel("craters")
    counts.set_ylim(bottom=0.0)
    chance = np.array([f.log10_chance for f in run.fixes])
    for label, colour, mark, kind in (
        ("accepted", TRUE, "o", ~refused),
        ("refused", ACCENT, "x", refused),
    ):
        if kind.any():
            chances.plot(time_s[kind], chance[kind], mark, color=colour, ms=4, label=label)
    chances.set_ylabel("log10 of the chance of a false fix")
    for axes in (counts, chances):
        axes.set_xlabel("time, s")
        axes.legend(frameon=False, fontsize=7)


_FIXES: Chart = (
    "Crater fixes",
    "What a frame shows of the map, and how likely as many matches would come about by chance.",
    _fixes,
)


# --- camera frames ---------------------------------------------------------------------------


def _spread(frames: Sequence[FrameView], count: int) -> list[FrameView]:
    if len(frames) <= count:
        return list(frames)
    picks = np.linspace(0, len(frames) - 1, count).round().astype(int)
    return [frames[k] for k in picks]


def _frame(frame: FrameView) -> dict[str, Any]:
    from PIL import Image

    buffer = io.BytesIO()
    Image.fromarray(frame.image).save(buffer, "JPEG", quality=80)
    height, width = frame.image.shape
    return {
        "time_s": f"{frame.time_s:.1f}",
        "altitude_km": f"{frame.altitude_m / 1e3:.2f}",
        "status": frame.status,
        "width": width,
        "height": height,
        "data": base64.b64encode(buffer.getvalue()).decode(),
        "detections": [tuple(round(float(v), 1) for v in d) for d in frame.detections],
        "matched": [tuple(round(float(v), 1) for v in m) for m in frame.matched],
    }
