"""The fault tree of one fault, from left to right: symptoms, their expression, the fault, and the
tiers of its response with their commands."""

from __future__ import annotations

from dataclasses import dataclass

from onboard.dictionary import Dictionary
from onboard.dictionary import protection as rows
from onboard.dictionary.protection import Protection
from onboard.fault_protection.diagrams import wording
from onboard.fault_protection.diagrams.svg import LEADING, SIZE, SMALL, Drawing, wrapped
from onboard.fault_protection.expression import And, AtLeast, Mode, Monitor, Node, Not, Or, parse

LEAF, GATE, FAULT, TIER = 236.0, 54.0, 190.0, 290.0  # widths
GAP = 34.0  # between columns
APART = 14.0  # between cards
PAD = 9.0
GATE_HEIGHT = 26.0


@dataclass
class _Card:
    """A box of text: a bold heading and small lines."""

    heading: list[str]
    lines: list[str]
    width: float

    @property
    def height(self) -> float:
        return 2 * PAD + LEADING * (SIZE * len(self.heading) + SMALL * len(self.lines)) - 0.2 * SIZE

    def draw(self, drawing: Drawing, left: float, top: float, colour: str, radius: float) -> None:
        drawing.box(left, top, self.width, self.height, colour, f"{colour}-edge", radius=radius)
        y = drawing.lines(left + PAD, top + PAD - 2.0, self.heading, bold=True)
        drawing.lines(left + PAD, y, self.lines, size=SMALL)


def draw(
    table: Protection, fault: str, dictionary: Dictionary | None = None, *, dark: bool = True
) -> Drawing:
    """The tree of one fault. The dictionary gives the units of its channels."""
    drawing = Drawing(f"Fault tree of {fault}", dark=dark)
    node = parse(table.fault[fault].when)
    tree = _Tree(drawing, table, dictionary, depth_of(node))
    middle, _ = tree.place(node, 0.0, 0)
    right = tree.column(0)
    card = _fault_card(table, fault)
    tiers = [_tier_card(i, tier) for i, tier in enumerate(_tiers(table, fault), 1)]
    height = sum(tier.height + APART for tier in tiers) - APART
    top = max(0.0, middle - height / 2)
    fault_top = max(0.0, middle - card.height / 2)
    card.draw(drawing, right + GAP, fault_top, "fault", 3.0)
    drawing.line([(right, middle), (right + GAP, middle)], "ink", arrow=True)
    _response(drawing, tiers, right + GAP + FAULT, middle, top)
    return drawing


def depth_of(node: Node) -> int:
    """Gates one behind the other."""
    match node:
        case Monitor() | Mode():
            return 0
        case Not(operand):
            return 1 + depth_of(operand)
        case And(operands) | Or(operands) | AtLeast(_, operands):
            return 1 + max(map(depth_of, operands))


class _Tree:
    """Places leaves below each other and each gate in the middle of what leads to it."""

    def __init__(
        self, drawing: Drawing, table: Protection, dictionary: Dictionary | None, depth: int
    ) -> None:
        self.drawing = drawing
        self.table = table
        self.dictionary = dictionary
        self.depth = depth

    def column(self, level: int) -> float:
        """Right side of the nodes of a level, 0 the one beside the fault."""
        if level >= self.depth:
            return LEAF
        return LEAF + (self.depth - level) * (GAP + GATE)

    def place(self, node: Node, top: float, level: int) -> tuple[float, float]:
        """Draw a node below `top`; the height of its middle, and its bottom."""
        if isinstance(node, Monitor | Mode):
            return self._leaf(node, top, level)
        operands = (node.operand,) if isinstance(node, Not) else node.operands
        middles, bottom = [], top
        for operand in operands:
            middle, below = self.place(operand, bottom, level + 1)
            middles.append(middle)
            bottom = below + APART
        bottom -= APART
        middle = (middles[0] + middles[-1]) / 2
        self._gate(node, level, middle, middles)
        return middle, bottom

    def _leaf(self, node: Monitor | Mode, top: float, level: int) -> tuple[float, float]:
        if isinstance(node, Mode):
            card = _Card(_wrap(f"in mode {wording.listed(node.names)}", LEAF, bold=True), [], LEAF)
        else:
            card = _symptom_card(self.table, node.name, self.dictionary)
        card.draw(self.drawing, 0.0, top, "quiet" if isinstance(node, Mode) else "wait", 5.0)
        middle = top + card.height / 2
        if level < self.depth:
            self.drawing.line([(LEAF, middle), (self.column(level), middle)], "ink")
        return middle, top + card.height

    def _gate(self, node: Node, level: int, middle: float, middles: list[float]) -> None:
        right = self.column(level)
        left, bus = right - GATE, right - GATE - GAP / 2
        for y in middles:
            self.drawing.line([(self.column(level + 1), y), (bus, y), (bus, middle)], "ink")
        self.drawing.line([(bus, middle), (left, middle)], "ink", arrow=True)
        top = middle - GATE_HEIGHT / 2
        self.drawing.box(left, top, GATE, GATE_HEIGHT, "nominal", "nominal-edge", radius=13.0)
        x = (left + right) / 2
        self.drawing.text(x, middle + 4.5, _sign(node), size=SMALL, bold=True, anchor="middle")


def _sign(node: Node) -> str:
    match node:
        case AtLeast(count, operands):
            return f"{count} of {len(operands)}"
        case _:
            return type(node).__name__.upper()


# ---------------------------------------------------------------- cards


def _wrap(text: str, width: float, *, bold: bool = False) -> list[str]:
    return wrapped(text, width - 2 * PAD, SIZE if bold else SMALL, bold)


def _symptom_card(table: Protection, name: str, dictionary: Dictionary | None) -> _Card:
    row = table.monitor[name]
    unit = wording.unit_of(dictionary, row.channel)
    texts = [
        wording.condition(row, unit),
        f"for {wording.seconds(wording.persistence_s(table, row))}",
    ]
    if row.valid_when:
        texts.append(f"looked at where {row.valid_when}")
    lines = [line for text in texts for line in _wrap(text, LEAF)]
    return _Card(_wrap(name, LEAF, bold=True), lines, LEAF)


def _fault_card(table: Protection, name: str) -> _Card:
    row = table.fault[name]
    response = table.response[row.response]
    texts = [
        f"priority {row.priority}",
        f"effect after {wording.seconds(row.time_to_effect_s)}",
        f"required in {wording.listed(row.required_in)}",
        "latches" if response.latch else "clears by itself",
    ]
    lines = [line for text in texts for line in _wrap(text, FAULT)]
    return _Card(_wrap(name, FAULT, bold=True), lines, FAULT)


def _tiers(table: Protection, fault: str) -> list[rows.Tier]:
    return table.response[table.fault[fault].response].tier


def _tier_card(number: int, tier: rows.Tier) -> _Card:
    tries = f"{tier.tries} tries" if tier.tries > 1 else "1 try"
    texts = [
        f"in {wording.listed(tier.modes)}",
        f"{tries} of {wording.seconds(tier.timeout_s)}",
        f"if {tier.guard}" if tier.guard else "",
        f"succeeds when {tier.success}" if tier.success else "",
        f"claims {wording.listed(tier.claims)}" if tier.claims else "",
        f"keeps {wording.listed(tier.keeps)} until cleared" if tier.keeps else "",
        *(f"masks {m.monitor} for {wording.seconds(m.for_s)}" for m in tier.masks),
    ]
    lines = [line for text in texts if text for line in _wrap(text, TIER)]
    heading = _wrap(f"{number}: {wording.action(tier.action)}", TIER, bold=True)
    return _Card(heading, lines, TIER)


def _response(drawing: Drawing, tiers: list[_Card], left: float, middle: float, top: float) -> None:
    """The tiers below each other, each but the first reached when the one before is spent."""
    x = left + 2 * GAP
    first = top + min(PAD + SIZE, tiers[0].height / 2)
    bus = left + GAP
    drawing.line([(left, middle), (bus, middle), (bus, first), (x, first)], "ink", arrow=True)
    y = top
    for number, card in enumerate(tiers):
        if number:
            centre = x + TIER / 2
            drawing.line([(centre, y - APART), (centre, y)], "ink", arrow=True)
        card.draw(drawing, x, y, "safe", 5.0)
        y += card.height + APART
