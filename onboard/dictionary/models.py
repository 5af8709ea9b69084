"""What a vehicle's dictionary holds, as pydantic models. Loaded once; the loop never sees pydantic.

The TOML form of each section stands in the docstring of its model; `onboard/dictionary/lander/` is
the example. Names that refer to another section are resolved by `checker`.
"""

from __future__ import annotations

import math
from enum import StrEnum
from string import Formatter
from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StrictBool,
    StrictFloat,
    StrictInt,
    StrictStr,
    StringConstraints,
    model_validator,
)

from onboard.dictionary.units import UNITS, unit_of_name
from onboard.executive.schedule import RATES_HZ, TICK_US, Criticality

INTEGER_BITS = {
    "flag": (0, 1),
    "u8": (0, 2**8 - 1),
    "u16": (0, 2**16 - 1),
    "u32": (0, 2**32 - 1),
    "i64": (-(2**63), 2**63 - 1),
}
"""Integer types and the values that each can hold."""

REAL_LIMITS = {"f32": (2.0 - 2.0**-23) * 2.0**127, "f64": (2.0 - 2.0**-52) * 2.0**1023}
"""Largest finite number of each floating-point type (IEEE 754-2019, table 3.5)."""


def shown(value: object) -> str:
    """A value in a message: never longer than a line, whatever it is."""
    try:
        text = repr(value)
    except ValueError:  # an integer of thousands of digits
        text = f"a {type(value).__name__} too long to show"
    return text if len(text) <= 60 else text[:57] + "..."


def _unit(unit: str) -> str:
    if unit not in UNITS:
        raise ValueError(f"allowed {' '.join(sorted(UNITS))}")
    return unit


def _finite(number: float) -> float:
    if not math.isfinite(number):
        raise ValueError("allowed finite numbers")
    return number


def _criticality(name: object) -> Criticality:
    names = [c.name.lower() for c in Criticality]
    if not isinstance(name, str) or name not in names:
        raise ValueError(f"allowed {' '.join(names)}")
    return Criticality[name.upper()]


def _rate(rate_hz: int) -> int:
    if rate_hz not in RATES_HZ:
        raise ValueError(f"allowed {RATES_HZ}")
    return rate_hz


Unit = Annotated[StrictStr, AfterValidator(_unit)]
Number = Annotated[StrictInt | StrictFloat, AfterValidator(_finite)]
Rate = Annotated[StrictInt, AfterValidator(_rate)]
Name = Annotated[StrictStr, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$", max_length=48)]
Dotted = Annotated[StrictStr, StringConstraints(pattern=r"^[a-z][a-z0-9_.]*$", max_length=64)]
Shout = Annotated[StrictStr, StringConstraints(pattern=r"^[A-Z][A-Z0-9_]*$", max_length=48)]
Text = Annotated[StrictStr, StringConstraints(min_length=1)]
NumberType = Literal["f64", "f32", "i64", "u32", "u16", "u8", "flag"]


class Model(BaseModel):
    """A frozen table without unknown keys."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Quantity(Model):
    """A number with its type, unit and allowed range."""

    type: NumberType = "f64"
    unit: Unit = "1"
    range: tuple[Number, Number] | None = None
    description: Text

    @property
    def bounds(self) -> tuple[float, float]:
        """Lowest and highest allowed value: the range, else what the type can hold."""
        if self.range is not None:
            return self.range
        if self.type in INTEGER_BITS:
            return INTEGER_BITS[self.type]
        return -REAL_LIMITS[self.type], REAL_LIMITS[self.type]

    @model_validator(mode="after")
    def _range_is_sane(self) -> Quantity:
        if self.range is None:
            return self
        low, high = self.range
        if not low < high:
            raise ValueError(f"range = [{low}, {high}]: allowed low < high")
        if self.type in INTEGER_BITS:
            least, most = INTEGER_BITS[self.type]
            if not (least <= low and high <= most) or int(low) != low or int(high) != high:
                raise ValueError(f"range = [{low}, {high}]: {self.type} allows {least}..{most}")
        return self

    def problem(self, value: object) -> str | None:
        """Why a value is not allowed, None if it is."""
        low, high = self.bounds
        if not isinstance(value, int | float) or (isinstance(value, bool) and self.type != "flag"):
            return f"{shown(value)} is not a number"
        if self.type in INTEGER_BITS and value % 1 != 0:
            return f"{shown(value)} is not of type {self.type}"
        if not low <= value <= high:  # so that NaN is outside
            return f"{shown(value)} is outside {low:g}..{high:g} {self.unit}"
        return None


class Parameter(Quantity):
    """One parameter of `parameters*.toml`; its full name is `GROUP.KEY`.

    group = "guidance"

    [parameters.gate_altitude_m]
    unit = "m"
    default = 80.0
    range = [40.0, 200.0]
    description = "Where the vertical descent begins"
    """

    default: Number
    range: tuple[Number, Number]

    @model_validator(mode="after")
    def _default_is_allowed(self) -> Parameter:
        if why := self.problem(self.default):
            raise ValueError(f"default: {why}")
        return self


class Limits(Model):
    """Yellow and red limits of a channel, for display and for whoever monitors it."""

    warning: tuple[Number, Number] | None = None
    alarm: tuple[Number, Number] | None = None

    @model_validator(mode="after")
    def _warning_inside_alarm(self) -> Limits:
        for name, pair in (("warning", self.warning), ("alarm", self.alarm)):
            if pair is not None and not pair[0] < pair[1]:
                raise ValueError(f"{name} = {list(pair)}: allowed low < high")
        if (
            self.warning
            and self.alarm
            and not (self.alarm[0] <= self.warning[0] and self.warning[1] <= self.alarm[1])
        ):
            raise ValueError(f"warning = {list(self.warning)}: allowed within {list(self.alarm)}")
        return self


class Channel(Quantity):
    """One number on the bus, of `channels*.toml`.

    [channels.altitude_m]
    topic = "navigation"
    field = "altitude_m"          # "position_site_m[2]" an element; "[3].score"; "" the value
    unit = "m"
    rate_hz = 10                  # at which it changes
    limits = { alarm = [-10.0, 20000.0] }
    description = "..."
    """

    topic: Dotted
    field: Annotated[
        StrictStr, StringConstraints(pattern=r"^([a-z_][a-z0-9_]*|\[\d+\])?(\.[a-z_]\w*|\[\d+\])*$")
    ] = ""
    rate_hz: Rate
    limits: Limits = Limits()


class Packet(Model):
    """A telemetry packet: `time_ns`, then the channels in order, sampled at its rate."""

    apid: Annotated[StrictInt, Field(ge=0, le=2046)]  # 2047 is idle (133.0-B 4.1.3.3.4.4)
    rate_hz: Rate
    channels: Annotated[tuple[Dotted, ...], Field(min_length=1, max_length=32)]  # a stale bit each
    description: Text


class Hazard(StrEnum):
    """What a command needs before it is carried out."""

    NONE = "none"
    ARM_AND_FIRE = "arm_and_fire"


class Argument(Model):
    """One argument of a command: a number, or a text from a list or from a section's names."""

    name: Name
    type: Literal["f64", "f32", "i64", "u32", "u16", "u8", "flag", "text"]
    unit: Unit = "1"
    range: tuple[Number, Number] | None = None
    choices: tuple[Text, ...] | None = None
    names_of: Literal["modes", "parameters", "sequences", "commands"] | None = None
    description: Text

    @model_validator(mode="after")
    def _consistent(self) -> Argument:
        if self.type == "text" and self.range is not None:
            raise ValueError("range: a text has none; use choices or names_of")
        if self.type != "text" and (self.choices or self.names_of):
            raise ValueError(f"choices, names_of: allowed for type text, not {self.type}")
        if self.type != "text":
            self.quantity()
        return self

    def quantity(self) -> Quantity:
        """The number that the argument is. Raises ValueError for a text."""
        return Quantity.model_validate(self.model_dump(exclude={"name", "choices", "names_of"}))


class Command(Model):
    """One command of `commands*.toml`.

    [commands.ENGINE_INHIBIT]
    opcode = 33
    hazard = "arm_and_fire"       # default none
    armed_by = "ARM"              # which command arms it
    modes = ["standby", "landed"] # default: all
    description = "..."

    [[commands.ENGINE_INHIBIT.arguments]]
    name = "mask"
    type = "u8"
    range = [0, 3]
    description = "..."
    """

    opcode: Annotated[StrictInt, Field(ge=0, le=65535)]
    hazard: Hazard = Hazard.NONE
    armed_by: Shout | None = None
    modes: tuple[Name, ...] | None = None
    arguments: tuple[Argument, ...] = ()
    description: Text

    @model_validator(mode="after")
    def _consistent(self) -> Command:
        names = [a.name for a in self.arguments]
        if len(set(names)) != len(names):
            raise ValueError(f"arguments = {names}: allowed distinct names")
        if (self.hazard is Hazard.ARM_AND_FIRE) != (self.armed_by is not None):
            raise ValueError(
                f"armed_by = {self.armed_by!r}: allowed exactly when hazard is arm_and_fire"
            )
        return self


class Throttle(Model):
    """At most `count` records of an event in `period_s`; more are only counted."""

    count: Annotated[StrictInt, Field(ge=1, le=1000)]
    period_s: Annotated[Number, Field(gt=0, le=3600)]


class Severity(StrEnum):
    """How bad an event is."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"
    FATAL = "fatal"


class Event(Model):
    """One event of `events*.toml`. The text is a template of `str.format`.

    [events.COMMAND_REJECTED]
    id = 11
    severity = "warning"
    throttle = { count = 10, period_s = 10.0 }
    text = "{command} from {source} rejected: {reason}"
    """

    id: Annotated[StrictInt, Field(ge=1, le=65535)]
    severity: Severity
    throttle: Throttle | None = None
    text: Text

    @model_validator(mode="after")
    def _template_parses(self) -> Event:
        names = [field for _, field, _, _ in Formatter().parse(self.text) if field is not None]
        if bad := [n for n in names if not n.isidentifier()]:
            raise ValueError(f"text: placeholders {bad}; allowed plain names")
        return self

    @property
    def values(self) -> tuple[str, ...]:
        """Names of the values that the text shows."""
        fields = (field for _, field, _, _ in Formatter().parse(self.text) if field is not None)
        return tuple(dict.fromkeys(fields))


class SequenceStep(Model):
    """One command at a time: of the emulated clock if absolute, since the start if relative."""

    time_s: Annotated[Number, Field(ge=0)]
    command: Shout
    arguments: dict[Name, StrictBool | Number | StrictStr] = {}


class Sequence(Model):
    """One command sequence of `sequences*.toml`.

    [sequences.descent]
    kind = "absolute"             # or "relative"
    on_rejection = "stop"         # or "continue"
    description = "..."
    steps = [{ time_s = 10.0, command = "NOOP" }]
    """

    kind: Literal["absolute", "relative"]
    on_rejection: Literal["stop", "continue"] = "stop"
    description: Text
    steps: Annotated[tuple[SequenceStep, ...], Field(min_length=1, max_length=256)]

    @model_validator(mode="after")
    def _in_order(self) -> Sequence:
        times = [step.time_s for step in self.steps]
        if times != sorted(times):
            raise ValueError(f"steps: time_s = {times}; allowed in order")
        return self


class ScheduledMember(Model):
    """One member of `schedule.toml`; see `executive.schedule.Member`.

    [members.navigation]
    rate_hz = 100
    budget_us = 2000.0
    criticality = "critical"
    cost_us = { desk = 30.0, cortex_m7 = 600.0 }
    """

    rate_hz: Rate
    offset: Annotated[StrictInt, Field(ge=0, le=99)] = 0
    budget_us: Annotated[Number, Field(gt=0, le=TICK_US)]
    criticality: Annotated[Criticality, BeforeValidator(_criticality)]
    minimal: StrictBool = False
    cost_us: dict[Name, Annotated[Number, Field(ge=0, le=1e6)]] = {}

    @model_validator(mode="after")
    def _offset_fits(self) -> ScheduledMember:
        if self.offset >= 100 // self.rate_hz:
            raise ValueError(
                f"offset = {self.offset}: allowed 0..{100 // self.rate_hz - 1} at {self.rate_hz} Hz"
            )
        return self


class Schedule(Model):
    """`schedule.toml`: members in the order in which they run, and how the executive restarts."""

    targets: Annotated[tuple[Name, ...], Field(min_length=1)]
    checkpoint_ticks: Annotated[StrictInt, Field(ge=1, le=6000)] = 100
    restart_ticks: Annotated[StrictInt, Field(ge=1, le=6000)] = 20
    watchdog_ticks: Annotated[StrictInt, Field(ge=1, le=6000)] = 50
    members: Annotated[dict[Name, ScheduledMember], Field(min_length=1)]

    def costs_us(self, target: str) -> dict[str, float]:
        """Execution time of each member on a target. Raises KeyError for an unknown target."""
        if target not in self.targets:
            raise KeyError(f"target {target!r}: allowed {' '.join(self.targets)}")
        return {name: m.cost_us[target] for name, m in self.members.items()}


def suffix_problem(name: str, unit: str) -> str | None:
    """Why a unit contradicts the ending of a name, None if it does not."""
    promised = unit_of_name(name)
    return f"allowed {promised} for a name ending so" if promised not in (None, unit) else None
