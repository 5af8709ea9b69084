"""The response timeline of one fault: how long detection and each try take, worst case, against the
time to effect. The bounds are those of the static checks (`checks.detection_s`, `response_s`)."""

from __future__ import annotations

from typing import NamedTuple

from onboard.dictionary.protection import Protection
from onboard.fault_protection import checks
from onboard.fault_protection.diagrams import wording
from onboard.fault_protection.diagrams.svg import SMALL, Drawing, width_of, wrapped

NAMES = 330.0  # width of the column of names
AXIS = 430.0
ROW = 22.0
BAR = 13.0
MOST = 12  # tries shown one by one


class Stage(NamedTuple):
    """One part of the worst case."""

    text: str
    seconds: float
    colour: str


class Scene(NamedTuple):
    """The worst case in the modes where it is the same."""

    modes: tuple[str, ...]
    stages: tuple[Stage, ...]  # empty: no tier is allowed there

    @property
    def seconds(self) -> float:
        return sum(stage.seconds for stage in self.stages)


def scenes(table: Protection, fault: str) -> list[Scene]:
    """The worst cases of the modes that require a fault, equal ones together."""
    found: dict[tuple[Stage, ...], list[str]] = {}
    for mode in table.fault[fault].required_in:
        found.setdefault(tuple(_stages(table, fault, mode)), []).append(mode)
    return [Scene(tuple(modes), stages) for stages, modes in found.items()]


def _stages(table: Protection, fault: str, mode: str) -> list[Stage]:
    """Detection, what may hide or block, then every try up to the first of the last tier."""
    allowed = wording.allowed(table, fault, mode)
    whole_s = checks.response_s(table, fault, mode)
    if whole_s is None:
        return []
    stages = [Stage("seen and persistent", checks.detection_s(table, fault), "wait")]
    if hidden_s := checks.mask_s(table, fault):
        stages.append(Stage("masked by another response", hidden_s, "quiet"))
    tries = [
        Stage(_try_text(number, tier.tries, k, wording.action(tier.action)), try_s, "safe")
        for number, tier in allowed
        for try_s in [checks.try_s(table, tier)]
        for k in range(1, (1 if tier is allowed[-1][1] else tier.tries) + 1)
    ]
    waited_s = whole_s - sum(stage.seconds for stage in tries)
    stages.append(Stage("waits for claims and its turn", waited_s, "quiet"))
    return stages + _short(tries)


def _try_text(number: int, tries: int, k: int, action: str) -> str:
    return f"tier {number}: {action}" + (f", try {k} of {tries}" if tries > 1 else "")


def _short(tries: list[Stage]) -> list[Stage]:
    """At most `MOST` stages: those before the last in one where there are more."""
    if len(tries) <= MOST:
        return tries
    rest = tries[MOST - 2 : -1]
    together = Stage(f"{len(rest)} more tries", sum(stage.seconds for stage in rest), "safe")
    return [*tries[: MOST - 2], together, tries[-1]]


def draw(table: Protection, fault: str, *, dark: bool = True) -> Drawing:
    """The timeline of one fault."""
    drawing = Drawing(f"Response timeline of {fault}", dark=dark)
    effect_s = table.fault[fault].time_to_effect_s
    every = scenes(table, fault)
    longest_s = max([effect_s, *(scene.seconds for scene in every)])
    scale = AXIS / longest_s
    y = 44.0
    for scene in every:
        y = _scene(drawing, scene, y, scale, effect_s)
    _effect(drawing, NAMES + effect_s * scale, y - 6.0, effect_s)
    _ticks(drawing, scale, longest_s, y)
    return drawing


def _scene(drawing: Drawing, scene: Scene, top: float, scale: float, effect_s: float) -> float:
    heading = f"in {wording.listed(scene.modes)}"
    y = drawing.lines(0.0, top, wrapped(heading, NAMES + AXIS, bold=True), bold=True) + 4.0
    if not scene.stages:
        drawing.text(0.0, y + 12.0, "no tier is allowed here", fill="fault-edge")
        return y + ROW + 8.0
    at_s = 0.0
    for stage in scene.stages:
        y = _bar(drawing, stage, at_s, y, scale)
        at_s += stage.seconds
    spare_s = effect_s - scene.seconds
    said = f"worst case {wording.seconds(scene.seconds)}"
    judged = f", {wording.seconds(spare_s)} before the effect" if spare_s >= 0 else ", too late"
    drawing.text(0.0, y + 12.0, said + judged, bold=True)
    width = max(scene.seconds * scale, 2.0)
    drawing.box(NAMES, y + 5.0, width, 5.0, "ink", radius=0.0)
    return y + ROW + 14.0


def _bar(drawing: Drawing, stage: Stage, at_s: float, top: float, scale: float) -> float:
    lines = wrapped(stage.text, NAMES - 70.0, SMALL)
    bottom = max(drawing.lines(0.0, top + 1.0, lines, size=SMALL) + 4.0, top + ROW)
    said = wording.seconds(stage.seconds)
    drawing.text(NAMES - 12.0, top + 12.5, said, size=SMALL, anchor="end", fill="faint")
    left, width = NAMES + at_s * scale, max(stage.seconds * scale, 2.0)
    drawing.line([(NAMES, bottom), (NAMES + AXIS, bottom)], "rule", thick=0.8)
    drawing.box(left, top + 3.0, width, BAR, stage.colour, f"{stage.colour}-edge", radius=2.0)
    return bottom


def _effect(drawing: Drawing, x: float, bottom: float, effect_s: float) -> None:
    said = f"effect at {wording.seconds(effect_s)}"
    drawing.line([(x, 24.0), (x, bottom)], "fault-edge", thick=2.2, dashed=True)
    end = min(x + 4.0, NAMES + AXIS)
    right = max(end, NAMES + width_of(said, SMALL, bold=True))
    drawing.text(right, 18.0, said, size=SMALL, bold=True, fill="fault-edge", anchor="end")


def _ticks(drawing: Drawing, scale: float, longest_s: float, y: float) -> None:
    unit_s = max((u for u in (1.0, 60.0, 3600.0, 86400.0) if longest_s >= 2 * u), default=1.0)
    step = tick_step(longest_s / unit_s) * unit_s
    drawing.line([(NAMES, y), (NAMES + AXIS, y)], "ink", thick=1.0)
    for k in range(int(longest_s / step) + 1):
        x = NAMES + k * step * scale
        drawing.line([(x, y), (x, y + 4.0)], "ink", thick=1.0)
        said = wording.seconds(k * step) if k else "0"
        drawing.text(x, y + 16.0, said, size=SMALL, fill="faint", anchor="middle")
    drawing.text(0.0, y + 16.0, "time from the symptom", size=SMALL, fill="faint")


def tick_step(length: float, most: int = 6) -> float:
    """A round step that divides a length into at most so many parts."""
    step = 1e-3
    factors = (2.0, 2.5, 2.0)
    k = 0
    while length / step > most:
        step *= factors[k % 3]
        k += 1
    return step
