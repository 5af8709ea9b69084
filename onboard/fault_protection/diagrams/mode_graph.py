"""The mode graph: a card per mode in the order of the mission, its ways out as rows of the card.

Rows leave on the right for edges (automatic ones solid, commanded ones thin and dashed short) and
on the left, dashed, for fallbacks. All lines into one mode share a track beside the cards, so that
no line runs through a card and no guard stands on a line. A run's path can be shown in it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from typing import NamedTuple

from onboard.dictionary import protection as rows
from onboard.dictionary.protection import Protection
from onboard.fault_protection.diagrams.svg import LEADING, SIZE, SMALL, Drawing, width_of, wrapped
from onboard.fault_protection.table import mode_order

CARD = 420.0
PAD = 12.0
HEAD = 30.0
APART = 22.0
TRACK = 16.0  # between two tracks
FIRST_TRACK = 26.0
ARRIVALS = {"edge": 0.3, "command": 0.7, "fallback": 0.5}  # part of the head's height

KIND_WORDS = {
    "nominal": "nominal",
    "critical": "critical event",
    "safe": "safe",
    "terminal": "terminal",
}


class Exit(NamedTuple):
    """One way out of a mode."""

    target: str
    kind: str  # edge, command, fallback
    guard: str


@dataclass(frozen=True)
class Path:
    """Where a run has been: the labels of modes entered and the changes between modes."""

    entered: Mapping[str, str]
    changes: frozenset[tuple[str, str]]


class _Stub(NamedTuple):
    """Where a row meets the side of its card."""

    source: str
    exit: Exit
    y: float


def draw(table: Protection, path: Path | None = None, *, dark: bool = True) -> Drawing:
    """The mode graph of a table; `path` marks a run's way through it."""
    drawing = Drawing("Mode graph", dark=dark)
    taken = path or Path({}, frozenset())
    marked = taken_exits(table, taken)
    tops: dict[str, float] = {}
    stubs: list[_Stub] = []
    y = 0.0
    for name in display_order(table):
        tops[name] = y
        bottom, exits = _card(drawing, table, name, y, taken, marked)
        stubs += exits
        y = bottom + APART
    _wires(drawing, stubs, tops, marked)
    _legend(drawing, y, visited=path is not None)
    return drawing


def display_order(table: Protection) -> list[str]:
    """Modes by their distance from the initial one along edges, then by number; others last."""
    distance = {table.globals.initial_mode: 0}
    waiting = [table.globals.initial_mode]
    for name in waiting:
        for edge in table.mode[name].edge:
            if edge.to not in distance:
                distance[edge.to] = distance[name] + 1
                waiting.append(edge.to)
    return sorted(mode_order(table), key=lambda name: distance.get(name, len(table.mode)))


def exits_of(table: Protection, name: str) -> list[Exit]:
    """The ways out of a mode, those to one mode in one row where they are of one kind."""
    mode = table.mode[name]
    guards: dict[tuple[str, str], list[str]] = {}
    for edge in mode.edge:
        kind = "command" if edge.command else "edge"
        guards.setdefault((edge.to, kind), []).append(edge.when)
    exits = [Exit(to, kind, _either(texts)) for (to, kind), texts in guards.items()]
    if mode.fallback is not None:
        until = f"refused until {mode.finished_when}" if mode.policy == "finish" else ""
        exits.append(Exit(mode.fallback, "fallback", until))
    return exits


def _either(guards: list[str]) -> str:
    if "" in guards:
        return ""
    return " or ".join(f"({g})" if len(guards) > 1 and " " in g else g for g in guards)


def row_text(exit_: Exit) -> str:
    """What a row of a card says behind its target."""
    if exit_.kind == "fallback":
        return "on SAFE" + (f", {exit_.guard}" if exit_.guard else "")
    if exit_.kind == "command":
        return "on MODE_SET" + (f", if {exit_.guard}" if exit_.guard else "")
    return f"when {exit_.guard}" if exit_.guard else "at once"


def taken_exits(table: Protection, path: Path) -> set[tuple[str, Exit]]:
    """The row of each change of a path; of two rows to one mode the automatic one."""
    order = ("edge", "command", "fallback")
    taken = set()
    for before, after in path.changes:
        rows_ = [e for e in exits_of(table, before) if e.target == after]
        if rows_:
            taken.add((before, min(rows_, key=lambda e: order.index(e.kind))))
    return taken


# ---------------------------------------------------------------- cards


def _card(
    drawing: Drawing,
    table: Protection,
    name: str,
    top: float,
    path: Path,
    marked: Set[tuple[str, Exit]],
) -> tuple[float, list[_Stub]]:
    mode = table.mode[name]
    notes = [line for text in _notes(name, mode) for line in _small(text)]
    blocks = [(exit_, wrapped(row_text(exit_), _room(exit_))) for exit_ in exits_of(table, name)]
    pitch = SIZE * LEADING
    height = HEAD + 8.0 + len(notes) * SMALL * LEADING
    height += sum(max(1, len(lines)) * pitch + 7.0 for _, lines in blocks) + 4.0
    _outline(drawing, top, height, mode.kind, name in path.entered)
    drawing.text(PAD, top + 20.0, name, size=15.0, bold=True)
    said = f"{KIND_WORDS[mode.kind]} · {mode.number}"
    drawing.text(CARD - PAD, top + 19.5, said, size=SMALL, fill="ink", anchor="end")
    y = drawing.lines(PAD, top + HEAD + 4.0, notes, size=SMALL, fill="faint")
    if name in path.entered:
        x = PAD + width_of(name, 15.0, bold=True) + 12.0
        drawing.text(x, top + 19.5, path.entered[name], size=SMALL, bold=True, fill="visited")
    stubs = []
    for exit_, lines in blocks:
        y += 3.5
        colour = "visited" if (name, exit_) in marked else "ink"
        label = f"→ {exit_.target}"
        drawing.text(PAD, y + SIZE, label, bold=True, fill=colour)
        drawing.lines(PAD + width_of(label + " ", bold=True) + 4.0, y, lines)
        stubs.append(_Stub(name, exit_, y + 0.62 * SIZE))
        y += max(1, len(lines)) * pitch + 3.5
    return top + height, stubs


def _notes(name: str, mode: rows.Mode) -> list[str]:
    notes = [mode.description] if mode.description else []
    if mode.policy == "finish":
        notes.append(f"finishes its event: nothing ends it until {mode.finished_when}")
    if mode.exit_guard:
        notes.append(f"left only if {mode.exit_guard}")
    if mode.after_reset != name:
        notes.append(f"after a reset: {mode.after_reset}")
    return notes


def _small(text: str) -> list[str]:
    return wrapped(text, CARD - 2 * PAD, SMALL)


def _room(exit_: Exit) -> float:
    label = width_of(f"→ {exit_.target} ", bold=True)
    return max(CARD - 2 * PAD - label - 12.0, 60.0)


def _outline(drawing: Drawing, top: float, height: float, kind: str, visited: bool) -> None:
    """Nominal round, critical with cut corners, safe round like a pill, terminal doubled."""
    edge, bottom = f"{kind}-edge", top + height
    if visited:
        drawing.box(-4.0, top - 4.0, CARD + 8.0, height + 8.0, "paper", "visited", thick=2.6)
    thick = 1.6
    if kind == "critical":
        cut = 11.0
        xs, ys = (0.0, cut, CARD - cut, CARD), (top, top + cut, bottom - cut, bottom)
        corners = [
            *((xs[1], ys[0]), (xs[2], ys[0]), (xs[3], ys[1]), (xs[3], ys[2])),
            *((xs[2], ys[3]), (xs[1], ys[3]), (xs[0], ys[2]), (xs[0], ys[1])),
        ]
        drawing.polygon(corners, kind, edge, thick)
    else:
        radius = {"safe": 18.0, "terminal": 0.0}.get(kind, 6.0)
        drawing.box(0.0, top, CARD, height, kind, edge, radius=radius, thick=thick)
    if kind == "terminal":
        drawing.box(3.5, top + 3.5, CARD - 7.0, height - 7.0, kind, edge, radius=0.0, thick=1.0)
    drawing.line([(8.0, top + HEAD), (CARD - 8.0, top + HEAD)], edge, thick=0.8)


# ---------------------------------------------------------------- wires


def _wires(
    drawing: Drawing,
    stubs: Sequence[_Stub],
    tops: Mapping[str, float],
    marked: Set[tuple[str, Exit]],
) -> None:
    """One track for all rows of one kind that lead to one mode; short tracks lie inside."""
    groups: dict[tuple[str, str], list[_Stub]] = {}
    for stub in stubs:
        groups.setdefault((stub.exit.target, stub.exit.kind), []).append(stub)
    for left in (False, True):
        mine = {key: row for key, row in groups.items() if (key[1] == "fallback") == left}
        spans = {
            key: [*(stub.y for stub in members), _arrival(tops, *key)]
            for key, members in mine.items()
        }
        tracks = assign_tracks({key: (min(ys), max(ys)) for key, ys in spans.items()})
        for key, members in mine.items():
            _wire(drawing, key, members, tracks[key], tops, marked)


def _arrival(tops: Mapping[str, float], target: str, kind: str) -> float:
    return tops[target] + ARRIVALS[kind] * HEAD


def assign_tracks(
    spans: Mapping[tuple[str, str], tuple[float, float]],
) -> dict[tuple[str, str], int]:
    """The innermost free track for each span, shortest first; spans in one track keep apart."""
    taken: list[list[tuple[float, float]]] = []
    tracks = {}
    for key, (low, high) in sorted(spans.items(), key=lambda item: (item[1][1] - item[1][0], item)):
        free = (
            n
            for n, others in enumerate(taken)
            if all(high + 6.0 < a or b + 6.0 < low for a, b in others)
        )
        n = next(free, len(taken))
        if n == len(taken):
            taken.append([])
        taken[n].append((low, high))
        tracks[key] = n
    return tracks


def _wire(
    drawing: Drawing,
    key: tuple[str, str],
    stubs: Sequence[_Stub],
    track: int,
    tops: Mapping[str, float],
    marked: Set[tuple[str, Exit]],
) -> None:
    target, kind = key
    away = FIRST_TRACK + track * TRACK
    side, x = (0.0, -away) if kind == "fallback" else (CARD, CARD + away)
    edge = {"edge": "ink", "command": "nominal-edge", "fallback": "critical-edge"}[kind]
    arrival, dashed = _arrival(tops, target, kind), kind != "edge"
    plain = [s.y for s in stubs if (s.source, s.exit) not in marked]
    chosen = [s.y for s in stubs if (s.source, s.exit) in marked]
    for ys, colour, thick in ((plain, edge, 1.4), (chosen, "visited", 2.8)):
        for y in ys:
            drawing.line([(side, y), (x, y)], colour, thick=thick, dashed=dashed)
            drawing.dot(x, y, colour, 2.6)
        for far in {min([*ys, arrival]), max([*ys, arrival])} - {arrival} if ys else ():
            drawing.line([(x, far), (x, arrival)], colour, thick=thick, dashed=dashed)
        if ys:
            drawing.line([(x, arrival), (side, arrival)], colour, thick=thick, arrow=True)


def _legend(drawing: Drawing, top: float, *, visited: bool) -> None:
    samples = [
        ("ink", False, "automatic, when its guard is true"),
        ("nominal-edge", True, "by command MODE_SET"),
        ("critical-edge", True, "fallback, by command SAFE"),
    ]
    if visited:
        samples.append(("visited", False, "the way of this run"))
    y = top + 4.0
    for edge, dashed, text in samples:
        drawing.line([(0.0, y), (34.0, y)], edge, dashed=dashed, arrow=True)
        drawing.text(44.0, y + 4.0, text, size=SMALL, fill="faint")
        y += 18.0
