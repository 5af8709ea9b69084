"""What must come of a run: figures of its result, events of its flight software."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, model_validator

LANDING = (
    "landed",
    "crashed",
    "touchdown_speed_vertical_m_s",
    "touchdown_speed_horizontal_m_s",
    "touchdown_rate_deg_s",
    "tilt_deg",
    "miss_distance_m",
    "navigation_error_m",
    "propellant_used_kg",
    "propellant_margin_m_s",
    "sim_seconds",
    "fixes",
    "frames",
    "faults_tripped",
    "cutoff_delay_s",
    "impact_speed_m_s",
    "perilune_altitude_m",
    "engine_gap_s",
    "cutoff_altitude_m",
    "restarts",
    "deadlines_missed",
    "rejected_s",
    "attitude_error_deg",
    "drift_m",
    "minimum_height_m",
    "largest_tilt_deg",
    "sink_gain_m_s",
    "trace_steps",
    "silent_s",
    "products_kept",
)
"""Figures of a landing."""

ROVING = (
    "arrived",
    "stranded",
    "waypoints",
    "distance_m",
    "closure_error_m",
    "navigation_error_m",
    "heading_error_deg",
    "largest_slip",
    "largest_tilt_deg",
    "mean_slope_deg",
    "energy_wh",
    "charge_left",
    "trips",
    "stalls",
    "faults_tripped",
    "sim_seconds",
    "restarts",
    "deadlines_missed",
    "trace_steps",
    "silent_s",
    "products_kept",
)
"""Figures of a drive."""

METRICS = tuple(dict.fromkeys((*LANDING, *ROVING)))
Metric = Literal[METRICS]  # type: ignore[valid-type]


class Event(NamedTuple):
    """One event of the flight software."""

    time_s: float
    name: str
    text: str


Count = Annotated[int, Field(ge=0)]
Seconds = Annotated[float, Field(ge=0.0)]
OF_METRIC = ("equals", "min", "max")
OF_EVENT = ("contains", "count_min", "count_max", "after_s", "before_s")


class Expectation(BaseModel):
    """Of a figure: the values it may have. Of an event: how often and when it may come."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    metric: Metric | None = None
    equals: bool | float | None = None
    min: float | None = None
    max: float | None = None
    event: Annotated[str, Field(min_length=1)] | None = None
    contains: str = ""  # in the text of the event
    count_min: Count | None = None  # None: 1, or 0 where count_max is 0
    count_max: Count | None = None
    after_s: Seconds | None = None  # of the first
    before_s: Seconds | None = None
    always: bool = False  # of an incident: for every seed, whatever its gate

    @model_validator(mode="after")
    def _says_something(self) -> Expectation:
        if (self.metric is None) == (self.event is None):
            raise ValueError("give one of metric, event")
        strange = OF_METRIC if self.metric is None else OF_EVENT
        if others := [name for name in strange if name in self.model_fields_set]:
            raise ValueError(f"{', '.join(others)} not allowed beside {self.subject}")
        if self.metric and self.equals is None and self.min is None and self.max is None:
            raise ValueError("give at least one of equals, min, max")
        for low, high in (("min", "max"), ("least", "count_max"), ("after_s", "before_s")):
            a, b = getattr(self, low), getattr(self, high)
            if a is not None and b is not None and a > b:
                raise ValueError(f"{low} {a} is above {high} {b}")
        return self

    @property
    def subject(self) -> str:
        """The figure, or the event with the text that it must contain."""
        if self.metric is not None:
            return str(self.metric)
        return f"{self.event} ({self.contains})" if self.contains else str(self.event)

    @property
    def least(self) -> int:
        """How often an event must come at least."""
        if self.count_min is not None:
            return self.count_min
        return 0 if self.count_max == 0 else 1

    def wrong(self, figures: Mapping[str, Any], events: Sequence[Event]) -> str | None:
        """What is wrong with a run, in a line; None: nothing."""
        if self.metric is None:
            return self._wrong_events(events)
        value = figures[self.metric]
        if self.holds(value):
            return None
        shown = f"{value:.4g}" if isinstance(value, float) else str(value)
        shown = "not known" if value is None else shown
        return f"{self.metric} is {shown}, expected {self}"

    def holds(self, value: Any) -> bool:
        """Whether a figure may have that value."""
        if value is None or (isinstance(value, float) and math.isnan(value)):
            return False
        return (
            (self.equals is None or value == self.equals)
            and (self.min is None or value >= self.min)
            and (self.max is None or value <= self.max)
        )

    def _wrong_events(self, events: Sequence[Event]) -> str | None:
        times = [e.time_s for e in events if e.name == self.event and self.contains in e.text]
        count, most = len(times), math.inf if self.count_max is None else self.count_max
        late = math.inf if self.before_s is None else self.before_s
        if not self.least <= count <= most:
            return f"{self.subject} came {count} times, expected {self}"
        if times and not (self.after_s or 0.0) <= times[0] <= late:
            return f"{self.subject} came first at {times[0]:.2f} s, expected {self}"
        return None

    def __str__(self) -> str:
        if self.event is not None:
            return " ".join(self._event_parts())
        parts = [] if self.equals is None else [f"= {self.equals}"]
        parts += [] if self.min is None else [f">= {self.min:g}"]
        parts += [] if self.max is None else [f"<= {self.max:g}"]
        return " and ".join(parts)

    def _event_parts(self) -> list[str]:
        most = "" if self.count_max is None else f" to {self.count_max}"
        after = [] if self.after_s is None else [f"from {self.after_s:g} s"]
        before = [] if self.before_s is None else [f"until {self.before_s:g} s"]
        return [f"{self.least}{most or ' or more'} times", *after, *before]
