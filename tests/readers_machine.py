"""Rule-based drivers of the readers, from samples to readings, beside a plain definition.

`Boundary` lets values fall on and next to the limits and samples come as late as the table allows;
`Scattered` draws both from the whole range.
"""

import math
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule
from protection_model import CLEAR, HOLD, NO_NEWS, READ_ERROR, READ_STALE, TRIP
from protection_tables import table_with

from onboard.fault_protection.monitors import NEVER_NS
from onboard.fault_protection.table import channels_of, monitor_order, readers

STEP_NS = 100_000_000
STALE_NS = 3 * STEP_NS
_ROW = {
    "channel": "x",
    "region": "a",
    "stale_after_s": STALE_NS * 1e-9,
    "when_stale": "trip",
    "persistence": 1,
    "clear": 1,
}
_BAND = {"enter": {"low": -2.0, "high": 3.0}, "exit": {"low": -1.0, "high": 2.0}}
_AGES = {"enter_s": 0.4, "exit_s": 0.2}
_CHECKS: dict[str, dict[str, Any]] = {
    "limits": _BAND,
    "within": {"enter": _BAND["exit"], "exit": _BAND["enter"]},
    "expected": {"value": 2.0},
    "delta": {"enter": 2.0, "exit": 1.0},
    "rate": {"enter": 20.0, "exit": 10.0},
    "stuck": {"tolerance": 0.5},
    "consistency": {"other": "y", "scale": 2.0, "offset": 1.0, "enter": 2.0, "exit": 1.0},
    "stale": _AGES,
    "gap": _AGES,
}


def _row(check: str) -> dict[str, Any]:
    left_out = {"stale_after_s", "when_stale"} if check in ("stale", "gap") else set()
    shared = {name: value for name, value in _ROW.items() if name not in left_out}
    return {**shared, "check": check, **_CHECKS[check]}


TABLE = table_with({f"monitor.is_{check}": _row(check) for check in _CHECKS})

Sample = tuple[int, float]  # time in ns, value


def between(size: float, enter: float, leave: float) -> int:
    """The reading of a magnitude: past `enter`, back to `leave`, or between."""
    if math.isnan(size):
        return READ_ERROR
    return TRIP if size > enter else CLEAR if size <= leave else HOLD


class Definition:
    """What each check reads, from all samples of its channel; `seen` are those of fresh steps."""

    def __init__(self) -> None:
        self.compared: dict[str, Sample | None] = dict.fromkeys(_CHECKS)

    def reading(self, check: str, now: int, x: Sample | None, y: Sample | None) -> int:
        if check == "stale":
            age = NEVER_NS if x is None else now - x[0]
            return between(age, round(_AGES["enter_s"] * 1e9), round(_AGES["exit_s"] * 1e9))
        if check == "gap":
            return self._gap(x)
        needed = (x, y) if check == "consistency" else (x,)
        if any(sample is None or now - sample[0] > STALE_NS for sample in needed):
            self.compared[check] = None
            return READ_STALE
        assert x is not None
        if check in ("delta", "rate", "stuck"):
            return self._compared(check, now, x)
        return self._of_value(check, x[1], math.nan if y is None else y[1])

    def _gap(self, x: Sample | None) -> int:
        before, self.compared["gap"] = self.compared["gap"], x
        if x is None or before is None or x[0] == before[0]:
            return NO_NEWS
        return between(x[0] - before[0], round(4e8), round(2e8))

    def _compared(self, check: str, now: int, x: Sample) -> int:
        before = self.compared[check]
        if math.isnan(x[1]):
            if check == "delta":
                self.compared[check] = None
            return READ_ERROR
        if check != "delta" and before is not None and x[0] <= before[0]:
            return NO_NEWS
        self.compared[check] = x
        if before is None:
            return NO_NEWS
        moved = abs(x[1] - before[1])
        if check == "stuck":
            return TRIP if moved <= 0.5 else CLEAR
        if check == "rate":
            return between(moved / ((x[0] - before[0]) * 1e-9), 20.0, 10.0)
        return between(moved, 2.0, 1.0)

    def _of_value(self, check: str, x: float, y: float) -> int:
        if check == "consistency":
            return between(abs(x - (2.0 * y + 1.0)), 2.0, 1.0)
        if math.isnan(x):
            return READ_ERROR
        if check == "expected":
            return CLEAR if x == 2.0 else TRIP
        inside, outside = (CLEAR, TRIP) if check == "limits" else (TRIP, CLEAR)
        if -1.0 <= x <= 2.0:
            return inside
        return outside if x < -2.0 or x > 3.0 else HOLD


class _Readers(RuleBasedStateMachine):
    """Both sides; the drivers say which values and delays there are."""

    def __init__(self) -> None:
        super().__init__()
        self.readers, self.memory = readers(TABLE)
        self.monitors, self.channels = monitor_order(TABLE), channels_of(TABLE)
        self.definition = Definition()
        self.samples: dict[str, Sample | None] = {"x": None, "y": None}
        self.now = 0

    def look(self) -> None:
        """One step of all readers."""
        samples = [self.samples.get(channel) for channel in self.channels]
        values = [0.0 if sample is None else sample[1] for sample in samples]
        ages = [NEVER_NS if sample is None else self.now - sample[0] for sample in samples]
        self.memory[0] = self.now
        got = {
            name: read(values, ages) for name, read in zip(self.monitors, self.readers, strict=True)
        }
        x, y = self.samples["x"], self.samples["y"]
        for check in _CHECKS:
            wanted = self.definition.reading(check, self.now, x, y)
            assert got[f"is_{check}"] == wanted, (check, self.now, x, y)

    def produce(self, channel: str, age_ns: int, value: float) -> None:
        """A new sample, `age_ns` old; never older than the one before."""
        before = self.samples[channel]
        taken = max(self.now - age_ns, 0 if before is None else before[0])
        self.samples[channel] = (taken, value)


def _drivers(
    name: str, values: st.SearchStrategy[float], ages: st.SearchStrategy[int]
) -> type[RuleBasedStateMachine]:
    class Driver(_Readers):
        @rule(channel=st.sampled_from(["x", "x", "y"]), age=ages, value=values)
        def sample(self, channel: str, age: int, value: float) -> None:
            self.produce(channel, age, value)
            self.look()

        @rule(steps=ages)
        def wait(self, steps: int) -> None:
            self.now += steps
            self.look()

        @rule(value=values, value_y=values)
        def both(self, value: float, value_y: float) -> None:
            self.now += STEP_NS
            self.produce("y", 0, value_y)
            self.produce("x", 0, value)
            self.look()

    Driver.__name__ = Driver.__qualname__ = name
    return Driver


_edges = [-2.0, -1.0, 0.0, 1.0, 2.0, 3.0, 0.5, -0.5, 1.5, 2.5, 5.0]
_near = sorted({v + d for v in _edges for d in (0.0, -1e-9, 1e-9, 1.0, 2.0)})
_late = [n * STEP_NS + d for n in (0, 1, 2, 3, 4) for d in (-1, 0, 1) if n or d >= 0]
Boundary = _drivers("Boundary", st.sampled_from([*_near, math.nan]), st.sampled_from(_late))
Scattered = _drivers(
    "Scattered", st.floats(-1e3, 1e3, allow_nan=False), st.integers(0, 10 * STEP_NS)
)
