"""The overview of all faults by mode: where each is seen, answered, masked or inhibited."""

from __future__ import annotations

from typing import NamedTuple

from onboard.dictionary.protection import Protection
from onboard.fault_protection import checks
from onboard.fault_protection.diagrams import wording
from onboard.fault_protection.diagrams.svg import SMALL, Drawing, width_of
from onboard.fault_protection.table import fault_order, mode_order

ROW = 24.0
HEAD = 34.0
FIRST = 30.0  # width of the column of priorities

COLOURS = {
    "answered": "safe",
    "inhibited": "critical",
    "seen": "wait",
    "masked": "quiet",
}
MEANINGS = {
    "answered": "seen and answered: tiers that may act",
    "inhibited": "seen; its tiers would end the event",
    "seen": "seen, no tier acts here",
    "masked": "its symptoms are not looked at",
}


class Cell(NamedTuple):
    """What becomes of a fault in a mode."""

    kind: str  # of COLOURS
    tiers: tuple[int, ...]  # numbers from 1 of those that may act
    required: bool


def cell(table: Protection, fault: str, mode: str) -> Cell:
    """Tiers whose guard may hold and which the mode's policy lets act."""
    required = mode in table.fault[fault].required_in
    if not checks.can_be_seen(table, fault, mode):
        return Cell("masked", (), required)
    tiers = tuple(number for number, _ in wording.allowed(table, fault, mode))
    meant = any(mode in tier.modes for tier in table.response[table.fault[fault].response].tier)
    return Cell("answered" if tiers else "inhibited" if meant else "seen", tiers, required)


def text_of(row: Cell) -> str:
    """What stands in a cell."""
    if row.kind != "answered":
        return row.kind
    return ("tiers " if len(row.tiers) > 1 else "tier ") + " ".join(map(str, row.tiers))


def draw(table: Protection, *, dark: bool = True) -> Drawing:
    """The matrix of a table, faults in the order of priority."""
    drawing = Drawing("Faults by mode", dark=dark)
    faults, modes = fault_order(table), mode_order(table)
    cells = {(f, m): cell(table, f, m) for f in faults for m in modes}
    names = FIRST + max(map(width_of, faults)) + 16.0
    texts = [text_of(row) for row in cells.values()]
    column = max(
        *(width_of(text, SMALL) + 18.0 for text in texts),
        *(width_of(mode, bold=True) + 14.0 for mode in modes),
    )
    for k, mode in enumerate(modes):
        x = names + (k + 0.5) * column
        drawing.text(x, HEAD - 12.0, mode, bold=True, anchor="middle")
    for n, fault in enumerate(faults):
        y = HEAD + n * ROW
        drawing.line([(0.0, y), (names + len(modes) * column, y)], "rule", thick=0.8)
        priority = str(table.fault[fault].priority)
        drawing.text(FIRST - 8.0, y + 16.5, priority, fill="faint", anchor="end")
        drawing.text(FIRST, y + 16.5, fault)
        for k, mode in enumerate(modes):
            _cell(drawing, cells[fault, mode], names + k * column, y, column)
    _legend(drawing, HEAD + len(faults) * ROW + 18.0)
    return drawing


def _cell(drawing: Drawing, row: Cell, left: float, top: float, width: float) -> None:
    colour = COLOURS[row.kind]
    edge, thick = (f"{colour}-edge", 2.2) if row.required else (None, 0.0)
    drawing.box(left + 2.5, top + 2.5, width - 5.0, ROW - 5.0, colour, edge, thick=thick)
    fill = "faint" if row.kind == "masked" else "ink"
    middle = left + width / 2
    drawing.text(middle, top + 16.0, text_of(row), size=SMALL, anchor="middle", fill=fill)


def _legend(drawing: Drawing, top: float) -> None:
    for k, (kind, meaning) in enumerate(MEANINGS.items()):
        y = top + 20.0 * k
        drawing.box(0.0, y, 26.0, 13.0, COLOURS[kind], radius=3.0)
        drawing.text(36.0, y + 11.0, meaning, size=SMALL, fill="faint")
    y = top + 20.0 * len(MEANINGS)
    drawing.box(1.0, y, 24.0, 13.0, "paper", "ink", radius=3.0, thick=2.2)
    drawing.text(36.0, y + 11.0, "framed: required there", size=SMALL, fill="faint")
