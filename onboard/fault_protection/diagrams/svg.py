"""A sheet of paper for diagrams: shapes and text in pixels, written as one SVG that needs nothing
from outside.

Colours are roles, each with a light and a dark value. A drawing follows the reader's preference and
is light when printed; one made with `dark=False` is always light. Widths of text are estimated from
the advance widths of Helvetica (Adobe Core 14 AFM), which Arial and Liberation Sans share, with 4 %
to spare, so that a layout does not depend on the machine that draws it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple
from xml.sax.saxutils import escape

SIZE = 13.0  # of text, unless said otherwise
SMALL = 11.5
LEADING = 1.32  # line pitch over text size
MARGIN = 14.0
FONT = "Helvetica, Arial, 'Liberation Sans', sans-serif"

ROLES = {  # light, dark
    "paper": ("#ffffff", "#16191d"),
    "ink": ("#1b1e22", "#e8eaed"),
    "faint": ("#5a6068", "#a3abb5"),
    "rule": ("#d9dce0", "#3a4048"),
    "nominal": ("#dceafb", "#17324f"),
    "nominal-edge": ("#2f6db5", "#7fb2ea"),
    "critical": ("#ffe6d1", "#4a2a10"),
    "critical-edge": ("#b85a0e", "#f0a565"),
    "safe": ("#dcf3e1", "#143d22"),
    "safe-edge": ("#23803f", "#74cf8f"),
    "terminal": ("#e9e6f3", "#322b4b"),
    "terminal-edge": ("#6650a4", "#b6a5ec"),
    "fault": ("#fbdcdc", "#4f1a1d"),
    "fault-edge": ("#b3261e", "#f28b82"),
    "quiet": ("#f1f2f4", "#23272d"),
    "quiet-edge": ("#8b929b", "#767e88"),
    "wait": ("#fdf1c7", "#453a0c"),
    "wait-edge": ("#8f6b00", "#e3c04a"),
    "visited": ("#d6006c", "#ff7ab8"),
}
Point = tuple[float, float]


class Label(NamedTuple):
    """Where a line of text stands."""

    text: str
    left: float
    top: float
    right: float
    bottom: float

    def overlaps(self, other: Label) -> bool:
        return (
            self.left < other.right
            and other.left < self.right
            and self.top < other.bottom
            and other.top < self.bottom
        )


class Drawing:
    """What has been drawn so far. The sheet is as large as its content."""

    def __init__(self, title: str, *, dark: bool = True) -> None:
        self.title = title
        self.labels: list[Label] = []
        self._dark = dark
        self._parts: list[str] = []
        self._xs: list[float] = [0.0]
        self._ys: list[float] = [0.0]

    def box(
        self,
        left: float,
        top: float,
        width: float,
        height: float,
        fill: str,
        edge: str | None = None,
        *,
        radius: float = 5.0,
        thick: float = 1.2,
        note: str = "",
    ) -> None:
        """A rectangle; `note` shows when the pointer rests on it."""
        self._reach((left, top), (left + width, top + height))
        colours = _paint(fill, edge, thick)
        said = f"<title>{escape(note)}</title>" if note else ""
        self._parts.append(
            f'<rect x="{_n(left)}" y="{_n(top)}" width="{_n(width)}" height="{_n(height)}" '
            f'rx="{_n(radius)}"{colours}>{said}</rect>'
        )

    def line(
        self,
        points: Sequence[Point],
        edge: str,
        *,
        thick: float = 1.4,
        dashed: bool = False,
        arrow: bool = False,
    ) -> None:
        """A line through points, with an arrow head at its end if wished."""
        self._reach(*points)
        path = "M" + " L".join(f"{_n(x)} {_n(y)}" for x, y in points)
        dash = ' stroke-dasharray="6 4"' if dashed else ""
        self._parts.append(f'<path d="{path}" fill="none"{_paint(None, edge, thick)}{dash}/>')
        if arrow:
            self._head(points[-2], points[-1], edge)

    def polygon(self, points: Sequence[Point], fill: str, edge: str, thick: float = 1.2) -> None:
        self._reach(*points)
        path = "M" + " L".join(f"{_n(x)} {_n(y)}" for x, y in points) + " Z"
        self._parts.append(f'<path d="{path}"{_paint(fill, edge, thick)}/>')

    def dot(self, x: float, y: float, fill: str, radius: float = 3.0) -> None:
        self._parts.append(f'<circle cx="{_n(x)}" cy="{_n(y)}" r="{_n(radius)}"{_paint(fill)}/>')

    def text(
        self,
        x: float,
        y: float,
        text: str,
        *,
        size: float = SIZE,
        bold: bool = False,
        fill: str = "ink",
        anchor: str = "start",
    ) -> float:
        """A line of text with its baseline at y; returns its width."""
        width = width_of(text, size, bold)
        left = x - {"start": 0.0, "middle": width / 2, "end": width}[anchor]
        self.labels.append(Label(text, left, y - 0.75 * size, left + width, y + 0.22 * size))
        self._reach((left, y - size), (left + width, y + 0.3 * size))
        weight = ' font-weight="700"' if bold else ""
        where = "" if anchor == "start" else f' text-anchor="{anchor}"'
        self._parts.append(
            f'<text x="{_n(x)}" y="{_n(y)}" font-size="{_n(size)}"{weight}{where}'
            f"{_paint(fill)}>{escape(text)}</text>"
        )
        return width

    def lines(
        self,
        x: float,
        y: float,
        lines: Iterable[str],
        *,
        size: float = SIZE,
        bold: bool = False,
        fill: str = "ink",
    ) -> float:
        """Lines of text below each other from the top y; returns the bottom."""
        for line in lines:
            self.text(x, y + size, line, size=size, bold=bold, fill=fill)
            y += size * LEADING
        return y

    @property
    def width(self) -> float:
        return max(self._xs) - min(self._xs) + 2 * MARGIN

    @property
    def height(self) -> float:
        return max(self._ys) - min(self._ys) + 2 * MARGIN

    def svg(self) -> str:
        """The whole drawing."""
        left, top = min(self._xs) - MARGIN, min(self._ys) - MARGIN
        size = f'width="{_n(self.width)}" height="{_n(self.height)}"'
        return "\n".join(
            [
                f'<svg xmlns="http://www.w3.org/2000/svg" class="diagram" {size} role="img" '
                f'viewBox="{_n(left)} {_n(top)} {_n(self.width)} {_n(self.height)}" '
                f'font-family="{FONT}">',
                f"<title>{escape(self.title)}</title>",
                f"<style>{_style(self._dark)}</style>",
                f'<rect x="{_n(left)}" y="{_n(top)}" {size}{_paint("paper")}/>',
                *self._parts,
                "</svg>",
                "",
            ]
        )

    def _head(self, before: Point, tip: Point, edge: str) -> None:
        (x0, y0), (x, y) = before, tip
        length = max(abs(x - x0) + abs(y - y0), 1e-9)  # lines run along the axes
        dx, dy = 8.0 * (x - x0) / length, 8.0 * (y - y0) / length
        wings = (x - dx - dy / 2, y - dy + dx / 2), (x - dx + dy / 2, y - dy - dx / 2)
        self.polygon([tip, *wings], edge, edge)

    def _reach(self, *points: Point) -> None:
        for x, y in points:
            self._xs.append(x)
            self._ys.append(y)


def width_of(text: str, size: float = SIZE, bold: bool = False) -> float:
    """Estimated width of a line of text, in pixels."""
    thousandths = sum(_WIDTHS.get(character, 600) for character in text)
    return 1.04 * (1.07 if bold else 1.0) * size * thousandths / 1000.0


def wrapped(text: str, width: float, size: float = SIZE, bold: bool = False) -> list[str]:
    """Lines no wider than `width`, broken at spaces, in long names behind `_` or `.` too."""
    lines: list[str] = []
    line = ""
    for word in text.split(" "):
        joined = f"{line} {word}" if line else word
        if width_of(joined, size, bold) <= width:
            line = joined
            continue
        if line:
            lines.append(line)
        *full, line = _pieces(word, width, size, bold)
        lines += full
    return [*lines, line] if line else lines


def _pieces(word: str, width: float, size: float, bold: bool) -> list[str]:
    pieces = []
    while width_of(word, size, bold) > width and len(word) > 1:
        fits = (n for n in range(2, len(word)) if width_of(word[:n], size, bold) <= width)
        fit = max(fits, default=1)
        joint = max(word.rfind("_", 0, fit), word.rfind(".", 0, fit)) + 1
        cut = joint or fit
        pieces.append(word[:cut])
        word = word[cut:]
    return [*pieces, word]


def _paint(fill: str | None = None, edge: str | None = None, thick: float = 1.2) -> str:
    classes = [f"f-{fill}"] if fill else []
    stroke = ""
    if edge:
        classes.append(f"s-{edge}")
        stroke = f' stroke-width="{_n(thick)}"'
    return f' class="{" ".join(classes)}"{stroke}'


def _style(dark: bool) -> str:
    light = _rules(0)
    if not dark:
        return light
    return f"{light}@media screen and (prefers-color-scheme: dark){{{_rules(1)}}}"


def _rules(which: int) -> str:
    return "".join(
        f".diagram .f-{name}{{fill:{colours[which]}}}.diagram .s-{name}{{stroke:{colours[which]}}}"
        for name, colours in ROLES.items()
    )


def _n(number: float) -> str:
    return f"{number:.1f}".removesuffix(".0")


_WIDTHS = {
    character: width
    for width, characters in {
        191: "'",
        222: "ijl",
        260: "|",
        278: " \N{NO-BREAK SPACE}!,./:;I[\\]ft·",
        333: "()-`r",
        334: "{}",
        355: '"',
        389: "*",
        469: "^",
        500: "Jcksvxyz",
        556: "#$0123456789?L_abdeghnopqu–",
        584: "+<=>~≥≤×",
        611: "FTZ",
        667: "&ABEKPSVXY",
        722: "CDHNRUw",
        778: "GOQ",
        833: "Mm",
        889: "%",
        944: "W",
        1000: "→",
        1015: "@",
    }.items()
    for character in characters
}
"""Advance widths of Helvetica in thousandths of the size; other characters count as 600."""
