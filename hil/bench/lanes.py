"""The timeline of fault protection as swim lanes: injected faults on top, then the modes with the
ground's commands, symptoms, and each fault with its response."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from hil.bench.history import History, Note, Span
from onboard.fault_protection.diagrams.response_timeline import tick_step
from onboard.fault_protection.diagrams.svg import SMALL, Drawing, width_of, wrapped
from onboard.fault_protection.diagrams.wording import NBSP

NAMES = 216.0  # width of the column of names
AXIS = 690.0
ROW = 21.0
BAR = 13.0
HEAD = 17.0
RESPONSE = 3 * NBSP + "response"  # below its fault
NOTES_MOST = 8  # below one lane
APART_S = 20.0  # what lies further apart than this has close-ups of its own
CLOSE_UPS_MOST = 4
CLOSER = 5.0  # a close-up shows at least so many times more than the whole

STATUS_COLOURS = {"active": "fault", "latched": "wait"}
PHASE_COLOURS = {
    "running": "nominal",
    "succeeded": "safe",
    "spent": "quiet",
    "holding": "critical",
    "inhibited": "terminal",
    "blocked": "wait",
}
LEGEND = {
    "injected": "quiet",
    "symptom": "wait",
    "fault active": "fault",
    "fault latched": "wait",
    "tier running": "nominal",
    "succeeded": "safe",
    "last tier holds": "critical",
    "inhibited": "terminal",
    "waits for a resource": "wait",
}


class _Sheet:
    """A drawing with a time axis; a red line across each lane where the computer was reset."""

    def __init__(
        self, drawing: Drawing, start_s: float, end_s: float, resets: Sequence[float]
    ) -> None:
        self.drawing = drawing
        self.resets = [reset_s for reset_s in resets if start_s <= reset_s <= end_s]
        self.start_s = start_s
        self.end_s = max(end_s, start_s + 1e-3)
        self.y = 0.0

    def x(self, time_s: float) -> float:
        part = (time_s - self.start_s) / (self.end_s - self.start_s)
        return NAMES + AXIS * min(max(part, 0.0), 1.0)

    def within(self, spans: Iterable[Span]) -> list[Span]:
        return [s for s in spans if s.end_s >= self.start_s and s.start_s <= self.end_s]

    def heading(self, text: str) -> None:
        self.drawing.text(0.0, self.y + 13.0, text, size=SMALL, bold=True, fill="faint")
        self.y += HEAD

    def lane(self, name: str, spans: Sequence[Span], colour: Callable[[Span], str]) -> None:
        """A name and its bars, labelled where there is room."""
        lines = wrapped(name, NAMES - 12.0, SMALL)
        bottom = max(self.drawing.lines(0.0, self.y + 2.0, lines, size=SMALL), self.y + ROW)
        self.drawing.line([(NAMES, bottom), (NAMES + AXIS, bottom)], "rule", thick=0.8)
        for span in spans:
            self._bar(span, colour(span), "" if span.label == name else span.label)
        for x in map(self.x, self.resets):
            self.drawing.line([(x, self.y), (x, bottom)], "fault-edge", thick=2.0)
        self.y = bottom

    def _bar(self, span: Span, colour: str, label: str) -> None:
        left, right = self.x(span.start_s), self.x(span.end_s)
        left = min(left, NAMES + AXIS - 2.5)
        width = max(right - left, 2.5)
        note = f"{span.label}: {span.start_s:.1f} s to {span.end_s:.1f} s"
        self.drawing.box(
            left, self.y + 4.0, width, BAR, colour, f"{colour}-edge", radius=1.5, note=note
        )
        if label and width_of(label, SMALL) + 6.0 < width:
            self.drawing.text(left + width / 2, self.y + 14.5, label, size=SMALL, anchor="middle")

    def notes(self, notes: Sequence[Note]) -> None:
        """What happened, in words below a lane."""
        shown = [f"{n.time_s:.1f} s {n.text}" for n in notes[:NOTES_MOST]]
        if len(notes) > NOTES_MOST:
            shown.append(f"and {len(notes) - NOTES_MOST} more")
        lines = wrapped(" · ".join(shown), AXIS, SMALL)
        self.y = self.drawing.lines(NAMES, self.y + 1.0, lines, size=SMALL, fill="faint") + 3.0

    def axis(self) -> None:
        step = tick_step(self.end_s - self.start_s, 8)
        digits = 0 if step >= 1.0 else 1
        self.drawing.line([(NAMES, self.y), (NAMES + AXIS, self.y)], "ink", thick=1.0)
        k = -int(-self.start_s // step)  # the first at or after the start
        while k * step <= self.end_s + 1e-9:
            x = self.x(k * step)
            self.drawing.line([(x, self.y), (x, self.y + 4.0)], "ink", thick=1.0)
            said = f"{k * step:.{digits}f} s"
            self.drawing.text(x, self.y + 16.0, said, size=SMALL, fill="faint", anchor="middle")
            k += 1
        self.y += 24.0


def draw(history: History, start_s: float, end_s: float) -> Drawing:
    """The lanes of a run from one time to another. In words, too, where it is the whole run."""
    drawing = Drawing("Symptoms, faults, responses and modes", dark=False)
    sheet = _Sheet(drawing, start_s, end_s, history.resets)
    whole = start_s <= 0.0 and end_s >= history.end_s
    if injected := sheet.within(history.injected):
        sheet.heading("injected")
        for span in injected:
            sheet.lane(span.label, [span], lambda _: "quiet")
    sheet.lane("mode", sheet.within(history.modes), lambda s: history.table.mode[s.label].kind)
    if whole:
        resets = [Note(reset_s, "computer reset") for reset_s in history.resets]
        sheet.notes(sorted([*(Note(s.start_s, s.label) for s in history.modes), *resets]))
        sheet.notes([Note(n.time_s, f"{n.text} from the ground") for n in history.commands])
    _symptoms(sheet, history)
    _faults(sheet, history, whole)
    sheet.axis()
    if whole:
        _legend(sheet, history)
    return sheet.drawing


def _symptoms(sheet: _Sheet, history: History) -> None:
    lanes = {name: sheet.within(spans) for name, spans in history.symptoms.items()}
    if any(lanes.values()):
        sheet.heading("symptoms")
    for name, spans in lanes.items():
        if spans:
            sheet.lane(name, spans, lambda _: "wait")


def _faults(sheet: _Sheet, history: History, whole: bool) -> None:
    lanes = {name: sheet.within(spans) for name, spans in history.faults.items()}
    sheet.heading("faults and responses" if any(lanes.values()) else "no fault")
    for name, spans in lanes.items():
        if not spans:
            continue
        sheet.lane(name, spans, lambda s: STATUS_COLOURS[s.label])
        answers = sheet.within(history.responses.get(name, ()))
        if answers:
            sheet.lane(RESPONSE, answers, lambda s: PHASE_COLOURS[s.label.split()[0]])
        if whole:
            sheet.notes(history.notes.get(name, ()))


def _legend(sheet: _Sheet, history: History) -> None:
    """Colours of bars that have no room for a label."""
    if not history.faults and not history.injected and not history.symptoms:
        return
    x, y = NAMES, sheet.y
    for text, colour in LEGEND.items():
        width = 18.0 + width_of(text, SMALL) + 18.0
        if x + width > NAMES + AXIS:
            x, y = NAMES, y + 18.0
        sheet.drawing.box(x, y, 12.0, 11.0, colour, f"{colour}-edge", radius=1.5)
        sheet.drawing.text(x + 18.0, y + 10.0, text, size=SMALL, fill="faint")
        x += width


def close_ups(history: History) -> list[tuple[float, float]]:
    """Windows around what fault protection did, where the whole run shows too little of it."""
    lanes = (history.symptoms, history.faults, history.responses)
    starts = [span.start_s for kind in lanes for spans in kind.values() for span in spans]
    groups: list[list[float]] = []
    for time_s in sorted(starts):
        if groups and time_s - groups[-1][-1] <= APART_S:
            groups[-1].append(time_s)
        else:
            groups.append([time_s])
    windows = [
        (max(group[0] - 2.0, 0.0), min(group[-1] + 3.0, history.end_s))
        for group in groups[:CLOSE_UPS_MOST]
    ]
    return [(a, b) for a, b in windows if CLOSER * (b - a) < history.end_s]
