"""The live view of a run in the terminal, and the verdict table after it."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence
from typing import Any

from rich.console import Console, Group
from rich.live import Live
from rich.panel import Panel
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from hil import boards
from hil.bench.processor import Processor
from hil.bench.result import Figures, shown
from hil.incidents import Row
from hil.link.qemu import CYCLE_NS, INSTRUCTION_NS, MACHINES
from hil.scenario import RoverScenario, Scenario
from hil.world.terrain import MOON_RADIUS_M

REFRESH_HZ = 5.0
EVENTS_SHOWN = 8


class View:
    """Phase, where it is and how fast, what navigation is wrong by, events, progress."""

    def __init__(self, scenario: Scenario, seed: int, console: Console) -> None:
        self._scenario = scenario
        self._seed = seed
        self._from_m = 1.0
        self._events: deque[str] = deque(maxlen=EVENTS_SHOWN)
        self._live = Live(console=console, refresh_per_second=REFRESH_HZ, transient=True)

    def __enter__(self) -> View:
        self._live.__enter__()
        self._live.update(Text("preparing ground and map ...", style="dim"), refresh=True)
        return self

    def __exit__(self, *_: object) -> None:
        self._live.__exit__(None, None, None)

    def event(self, line: str) -> None:
        self._events.append(line)

    def update(self, row: dict[str, float], mode: str, speedup: float) -> None:
        """Show one row of the log (see `hil.bench.log`)."""
        figures = Table.grid(padding=(0, 2))
        figures.add_column(style="dim")
        figures.add_column(justify="right", min_width=12)
        figures.add_column(style="dim")
        show = _driving if isinstance(self._scenario, RoverScenario) else _landing
        show(figures, row, mode)
        bar = Table.grid()  # a bar of its own width does not end its line
        bar.add_row(ProgressBar(total=1.0, completed=self._progress(row), width=48))
        head = Text(f"{self._scenario.title}, seed {self._seed}   t = {row['time_s']:.1f} s   ")
        head.append(f"{speedup:.0f} x real time", style="dim")
        events = Text("\n".join(self._events), style="dim")
        self._live.update(Panel(Group(head, bar, figures, events), border_style="dim"))

    def _progress(self, row: dict[str, float]) -> float:
        if isinstance(self._scenario, RoverScenario):
            return row["time_s"] / self._scenario.duration_s
        self._from_m = max(self._from_m, _range(row))
        return 1.0 - _range(row) / self._from_m


def _landing(figures: Table, row: dict[str, float], mode: str) -> None:
    """Rows of `hil.bench.log`: altitude, navigation error and its 3-sigma, propellant."""
    error, sigma = _position_error(row)
    speed = _norm(row, "true_velocity_{}_m_s")
    error_style = "green" if error <= 3.0 * sigma else "red"
    figures.add_row("phase", mode, "")
    figures.add_row("altitude", f"{row['true_altitude_m']:,.1f} m", "")
    figures.add_row("speed", f"{speed:,.1f} m/s", f"{_climb_m_s(row):+.1f} up")
    figures.add_row(
        "navigation error", Text(f"{error:,.1f} m", style=error_style), f"3σ {3 * sigma:,.1f} m"
    )
    figures.add_row("propellant", f"{row['propellant_kg']:.1f} kg", f"{row['throttle']:.0%}")
    figures.add_row("to the target", f"{_range(row):,.0f} m", "")


def _driving(figures: Table, row: dict[str, float], mode: str) -> None:
    """Rows of `hil.bench.drive_log`: place, heading, what odometry is wrong by, battery."""
    error = math.hypot(*(row[f"odometry_{a}_m"] - row[f"true_{a}_m"] for a in ("east", "north")))
    heading = math.degrees(row["true_heading_rad"]) % 360.0
    figures.add_row("phase", mode, f"waypoint {row['leg'] + 1:.0f}")
    figures.add_row("east", f"{row['true_east_m']:,.2f} m", "")
    figures.add_row("north", f"{row['true_north_m']:,.2f} m", f"heading {heading:.0f} deg")
    figures.add_row("speed", f"{100 * row['true_speed_m_s']:.1f} cm/s", "")
    figures.add_row("odometry error", f"{error:,.2f} m", f"of {row['true_distance_m']:,.1f} m")
    figures.add_row("battery", f"{row['charge']:.0%}", f"{row['voltage_v']:.2f} V")


def _range(row: dict[str, float]) -> float:
    return float((row["true_east_m"] ** 2 + row["true_north_m"] ** 2) ** 0.5)


def _climb_m_s(row: dict[str, float]) -> float:
    """Speed away from the Moon's centre: the `up` of the site is up only there."""
    at = (row["true_east_m"], row["true_north_m"], row["true_up_m"] + MOON_RADIUS_M)
    moving = (row[f"true_velocity_{a}_m_s"] for a in ("east", "north", "up"))
    return sum(r * v for r, v in zip(at, moving, strict=True)) / math.hypot(*at)


def _norm(row: dict[str, float], pattern: str) -> float:
    return float(sum(row[pattern.format(a)] ** 2 for a in ("east", "north", "up")) ** 0.5)


def _position_error(row: dict[str, float]) -> tuple[float, float]:
    axes = ("east", "north", "up")
    error = sum((row[f"nav_{a}_m"] - row[f"true_{a}_m"]) ** 2 for a in axes) ** 0.5
    return error, _norm(row, "sigma_{}_m")


def verdict_table(result: Figures, scenario: Scenario) -> Table:
    """Figures, expectations and verdict."""
    colour = "green" if result.verdict == "passed" else "red"
    title = Text.assemble(
        f"{scenario.title}, seed {result.seed}: ", (result.verdict, f"italic {colour}")
    )
    table = Table(
        title=title, title_justify="left", show_edge=False, pad_edge=False, min_width=len(title)
    )
    table.add_column("figure")
    table.add_column("value", justify="right")
    table.add_column("expected")
    for row in shown(result, scenario):
        table.add_row(row.name, Text(row.value, style="red" if row.failed else ""), row.expected)
    return table


def campaign_table(summary: dict[str, Any]) -> Table:
    """Percentiles of a campaign."""
    title = f"{summary['scenario']}: {summary['passed']} of {summary['runs']} passed"
    table = Table(title=title, title_justify="left", show_edge=False, pad_edge=False)
    table.add_column("figure")
    for name in ("median", "p99", "min", "max"):
        table.add_column(name, justify="right")
    for name, figures in summary["figures"].items():
        table.add_row(name, *(f"{figures[k]:,.3f}" for k in ("median", "p99", "min", "max")))
    return table


def incident_table(rows: Sequence[Row]) -> Table:
    """What became of each incident: shares, and the range of the figure that tells."""
    table = Table(show_edge=False, pad_edge=False, show_lines=True)
    table.add_column("id", no_wrap=True)
    table.add_column("what happened", min_width=14, overflow="fold")
    for name in ("seeds", "nominal", "lost then", "ours", "  gate"):
        table.add_column(name, no_wrap=True, min_width=len(name), justify="right")
    for row in rows:
        nominal, then, ours = (row.ways[w] for w in ("nominal", "historical", "ours"))
        table.add_row(
            row.incident.id,
            f"{row.incident.title}\n{row.shown}",
            str(len(ours.results)),
            f"{nominal.share:.1%}\n{row.false_trips} trips",
            f"{then.share:.1%}\n{_span(then.range(row.shown))}",
            f"{ours.share:.1%}\n{_span(ours.range(row.shown))}",
            Text(
                f"{row.incident.gate:.0%}\n{'met' if row.met else 'MISSED'}",
                style="green" if row.met else "red",
            ),
        )
    return table


def _span(found: tuple[float, float, float] | None) -> str:
    return "-" if found is None else f"{found[0]:.3g}..{found[2]:.3g}"


CLOCKS_MHZ = (168, 216)


def cost_table(processor: Processor, scenario: Scenario) -> Table:
    """What each member took on a board: instructions where they are counted, else its cycles."""
    counted = processor.emulated is not None and processor.emulated.name in MACHINES
    scale = CYCLE_NS / INSTRUCTION_NS if counted else 1.0
    unit = "instructions" if counted else "cycles"
    title = f"{scenario.name} on {processor.board}: thousand {unit} a run"
    table = Table(title=title, title_justify="left", show_edge=False, pad_edge=False)
    table.add_column("member")
    for name in ("runs", "mean", "most", *(f"most, ms at {mhz} MHz" for mhz in CLOCKS_MHZ)):
        table.add_column(name, justify="right")
    rows = [(c.member, c.runs, c.mean, c.most) for c in processor.costs()]
    mean = sum(runs * mean for _, runs, mean, _ in rows) / max(processor.ticks, 1)
    rows.append(("a tick", processor.ticks, mean, processor.worst_tick))
    for member, runs, average, most in rows:
        ms = (f"{1e-3 * scale * most / mhz:.3f}" for mhz in CLOCKS_MHZ)
        figures = (f"{1e-3 * scale * x:,.1f}" for x in (average, most))
        table.add_row(member, str(runs), *figures, *ms)
    return table


def board_table(rows: Sequence[boards.Row]) -> Table:
    """Boards, where they are and what they say."""
    table = Table(show_edge=False, pad_edge=False)
    for name in ("board", "address", "state", ""):
        table.add_column(name)
    for row in rows:
        table.add_row(*row)
    return table


def profile_table(rows: list[tuple[str, int, float]], result: Figures) -> Table:
    """What a tick costs: (part, calls, seconds) of one run on this machine."""
    ticks = max(1, round(result.sim_seconds * 100.0))
    total = sum(seconds for _, _, seconds in rows)
    title = f"{result.scenario}, seed {result.seed}: {result.sim_seconds / total:,.0f} x real time"
    table = Table(title=title, title_justify="left", show_edge=False, pad_edge=False)
    for name in ("part", "calls", "µs a call", "µs a tick", "share"):
        table.add_column(name, justify="left" if name == "part" else "right")
    for name, calls, seconds in rows:
        each, tick = 1e6 * seconds / max(calls, 1), 1e6 * seconds / ticks
        table.add_row(name, f"{calls}", f"{each:.2f}", f"{tick:.2f}", f"{seconds / total:.0%}")
    table.add_row("all", "", "", f"{1e6 * total / ticks:.2f}", "100%")
    return table
