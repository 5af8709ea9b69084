"""Pace and line of a session, for its report: what is kept of them, and the charts.

`kept` goes into the recording as `bench.json`: durations of all ticks, thinned to POINTS of a
median and a largest each, and which share of them took as long.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from hil.bench.latency import HOPS
from onboard.executive import TICK_NS

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from hil.bench.report import Chart, Run

FILE = "bench.json"
POINTS = 400
INK, BAND, ACCENT = "#1565c0", "#90caf9", "#c62828"
TICK_MS = TICK_NS / 1e6


def kept(late_ns: Sequence[int], first_tick: int, round_trip_ns: Sequence[int]) -> dict[str, Any]:
    """Of durations, tick by tick; `first_tick` is that of the first lateness."""
    return {
        "late": _thinned(late_ns, first_tick),
        "round_trip": _thinned(round_trip_ns, 1),
    }


def _thinned(durations_ns: Sequence[int], first_tick: int) -> dict[str, list[float]] | None:
    if not len(durations_ns):
        return None
    all_ms = np.asarray(durations_ns, float) / 1e6
    pieces = np.array_split(all_ms, min(POINTS, len(all_ms)))
    ends = first_tick + np.cumsum([len(piece) for piece in pieces]) - 1
    ordered = np.sort(all_ms)[::-1]
    ranks = np.unique(np.geomspace(1, len(ordered), 120).astype(int))
    return {
        "time_s": (ends * TICK_NS / 1e9).tolist(),
        "median_ms": [float(np.median(piece)) for piece in pieces],
        "max_ms": [float(piece.max()) for piece in pieces],
        "share": (ranks / len(ordered)).tolist(),
        "longer_ms": ordered[ranks - 1].tolist(),
    }


def pace(run: Run) -> list[tuple[str, Any]]:
    """Rows of the table: name and value."""
    figures = run.result.real_time or {}
    behind = int(figures.get("late_max_ms", 0.0) / TICK_MS)
    return [
        ("ticks after the grace", figures.get("ticks", 0)),
        ("overruns: more than a tick late", figures.get("overruns", 0)),
        ("most ticks behind", behind),
        ("missed ticks: never run", figures.get("missed", 0)),
        *_spread("lateness", "late", figures),
        ("ended for it", figures.get("halted") or "no"),
    ]


def line(run: Run) -> list[tuple[str, Any]]:
    """The same of the line to the board."""
    result, figures = run.result, run.result.line or {}
    refused = ("bad_cobs", "too_short", "too_long", "other_length", "bad_crc", "foreign")
    same = "no" if result.same_bits is False else "yes"
    return [
        ("board", result.board),
        ("same bits as the desk", f"{same}, {result.board_ticks or 0:,} ticks compared"),
        ("packets from the board", figures.get("packets", 0)),
        ("lost", figures.get("lost", 0)),
        ("refused segments", sum(figures.get(name, 0) for name in refused)),
        ("asked again", figures.get("asked_again", 0)),
        ("times the board was brought back", figures.get("returns", 0)),
        *_spread("round trip", "round_trip", figures),
    ]


def _spread(name: str, key: str, figures: dict[str, Any]) -> list[tuple[str, Any]]:
    words = {"median": "median", "p99": "99 %", "max": "most"}
    values = [figures.get(f"{key}_{word}_ms") for word in words]
    if None in values:
        return []
    shown = [f"{value:,.3f} ms" for value in values]
    return [(f"{name}, {', '.join(words.values())}", " / ".join(shown))]


def hops(run: Run) -> list[tuple[str, str, dict[str, Any]]]:
    """Each hop that was stamped: name, what it is, its figures."""
    stamped = (run.result.line or {}).get("latency", {})
    return [(name, about, stamped[name]) for name, about in HOPS.items() if name in stamped]


# ---- charts -----------------------------------------------------------------------------------


def pace_charts(run: Run) -> list[Chart]:
    """Of a run by the wall clock."""
    note = "How long after its instant a tick was done. Band: up to the largest; line: median."
    return [("", note, _late)] if _has(run, "late") else []


def line_charts(run: Run) -> list[Chart]:
    """Of a run with a board."""
    note = "From a grant to its reply. Band: up to the largest; line: median."
    charts: list[Chart] = [("", note, _round_trip)] if _has(run, "round_trip") else []
    if hops(run):
        about = "Where the time of a tick goes: median (dot), up to 99 % (bar), largest (tick)."
        charts.append(("", about, _hops))
    return charts


def _has(run: Run, name: str) -> bool:
    return bool((run.bench or {}).get(name))


def _late(figure: Figure, run: Run) -> None:
    assert run.bench is not None
    _over_time_and_share(figure, run.bench["late"], "late, ms", limit_ms=TICK_MS)


def _round_trip(figure: Figure, run: Run) -> None:
    assert run.bench is not None
    _over_time_and_share(figure, run.bench["round_trip"], "round trip, ms")


def _over_time_and_share(
    figure: Figure, series: dict[str, list[float]], label: str, limit_ms: float | None = None
) -> None:
    over_time, share = figure.subplots(1, 2, width_ratios=(3, 2))
    over_time.fill_between(
        series["time_s"], series["median_ms"], series["max_ms"], color=BAND, lw=0
    )
    over_time.plot(series["time_s"], series["median_ms"], color=INK, lw=1.0)
    on_time = min(series["median_ms"]) <= 0.0
    over_time.set_yscale("symlog", linthresh=1.0) if on_time else over_time.set_yscale("log")
    over_time.set_xlabel("time, s")
    over_time.set_ylabel(label)
    longer = np.array([series["longer_ms"], series["share"]])
    share.loglog(*longer[:, longer[0] > 0.0], color=INK, drawstyle="steps-pre")
    share.set_xlabel(label)
    share.set_ylabel("share of ticks that took as long")
    if limit_ms is not None:
        over_time.axhline(limit_ms, color=ACCENT, lw=0.8)
        _mark(share, limit_ms)


def _mark(axes: Axes, limit_ms: float) -> None:
    axes.axvline(limit_ms, color=ACCENT, lw=0.8)
    place = (limit_ms, 1.0)
    axes.annotate(" a tick", place, xycoords=("data", "axes fraction"), va="top", color=ACCENT)


def _hops(figure: Figure, run: Run) -> None:
    axes = figure.subplots()
    rows = hops(run)
    for k, (_, _, f) in enumerate(rows):
        median, p99, most = (max(f[key], 0.1) for key in ("median_us", "p99_us", "max_us"))
        axes.plot([median, p99], [k, k], color=BAND, lw=7, solid_capstyle="butt")
        axes.plot([median], [k], "o", color=INK, ms=5)
        axes.plot([most], [k], "|", color=ACCENT, ms=11)
    axes.set_xscale("log")
    axes.set_yticks(range(len(rows)), [name.replace("_", ": ") for name, _, _ in rows])
    axes.invert_yaxis()
    axes.set_xlabel("microseconds")
    axes.grid(axis="x", color="#00000014")
