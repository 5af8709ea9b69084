"""The tables of fault protection and modes of one vehicle, as files hold them.

`faults.toml` has `[global]`, `[monitor.NAME]`, `[fault.NAME]` and `[response.NAME]`; `modes.toml`
has `[mode.NAME]`. These classes check each field by itself; `onboard.fault_protection.checks`
checks the table as a whole. The manual of the format is `docs/fault_protection.md`.
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from onboard.dictionary.models import shown
from onboard.fault_protection.expression import ExpressionError, parse

LONGEST_COUNT = 3000  # monitor counts are tabulated: five minutes at 10 Hz

Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
ChannelName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_.]*$")]
Count = Annotated[int, Field(ge=1, le=LONGEST_COUNT)]
Seconds = Annotated[float, Field(gt=0.0, le=1.0e6)]


class TableError(ValueError):
    """A fault protection or mode table that cannot be used; the message names file and field."""


class _Row(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


class Range(_Row):
    """An interval; a bound that is left out is not checked."""

    low: float | None = None
    high: float | None = None


class _Check(_Row):
    """What all monitors share. A count is a number of engine steps."""

    region: Name
    persistence: Count
    clear: Count
    valid_when: str = ""
    when_error: Literal["trip", "hold", "error"] = "error"
    description: str = ""

    @field_validator("valid_when")
    @classmethod
    def _expression(cls, text: str) -> str:
        return _checked(text)


class _ChannelCheck(_Check):
    """A check of the value of one channel, which is unknown once older than `stale_after_s`."""

    channel: ChannelName
    stale_after_s: Seconds
    when_stale: Literal["trip", "clear", "hold", "stale"]


class Limits(_ChannelCheck):
    """Trips outside `enter`, clears inside `exit`."""

    check: Literal["limits"]
    enter: Range
    exit: Range


class Within(_ChannelCheck):
    """Trips inside `enter`, clears outside `exit`: a condition, such as a phase or a height."""

    check: Literal["within"]
    enter: Range
    exit: Range


class Expected(_ChannelCheck):
    """Trips on any other value."""

    check: Literal["expected"]
    value: float


class Delta(_ChannelCheck):
    """Trips when the value moved by more than `enter` from one engine step to the next."""

    check: Literal["delta"]
    enter: float = Field(ge=0.0)
    exit: float = Field(ge=0.0)


class Rate(_ChannelCheck):
    """Trips when the value changed faster than `enter` a second between two samples."""

    check: Literal["rate"]
    enter: float = Field(ge=0.0)
    exit: float = Field(ge=0.0)


class Stuck(_ChannelCheck):
    """Trips on a new sample that differs from the one before by no more than `tolerance`."""

    check: Literal["stuck"]
    tolerance: float = Field(default=0.0, ge=0.0)


class Consistency(_ChannelCheck):
    """Trips when |channel - (scale other + offset)| exceeds `enter`."""

    check: Literal["consistency"]
    other: ChannelName
    scale: float = 1.0
    offset: float = 0.0
    enter: float = Field(ge=0.0)
    exit: float = Field(ge=0.0)


class Stale(_Check):
    """Trips when the channel is older than `enter_s`, or has never been produced."""

    check: Literal["stale"]
    channel: ChannelName
    enter_s: Seconds
    exit_s: Seconds


class Gap(_Check):
    """Trips when more than `enter_s` passed between two samples, though the last one is fresh."""

    check: Literal["gap"]
    channel: ChannelName
    enter_s: Seconds
    exit_s: Seconds


Monitor = Annotated[
    Limits | Within | Expected | Delta | Rate | Stuck | Consistency | Stale | Gap,
    Field(discriminator="check"),
]


class Action(_Row):
    """A command and its arguments by name."""

    command: Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9_]*$")]
    arguments: dict[str, bool | int | float | str] = {}


class Mask(_Row):
    """A monitor not looked at while an action disturbs it."""

    monitor: Name
    for_s: Seconds


class Tier(_Row):
    """One step of a response: what to do, where it is allowed, and how to tell that it worked."""

    action: Action
    modes: list[Name] = Field(min_length=1)
    guard: str = ""
    success: str = ""
    timeout_s: Seconds
    tries: int = Field(ge=1, le=100)
    claims: list[Name] = []  # held while the tier runs
    keeps: list[Name] = []  # of the claims: held until the fault has cleared
    masks: list[Mask] = []

    @field_validator("guard", "success")
    @classmethod
    def _expression(cls, text: str) -> str:
        return _checked(text)


class Response(_Row):
    """Tiers in rising severity. A latched fault waits for `clear_when` or for the ground."""

    tier: list[Tier] = Field(min_length=1)
    latch: bool
    clear_when: str = ""
    survives_reset: bool

    @field_validator("clear_when")
    @classmethod
    def _expression(cls, text: str) -> str:
        return _checked(text)


class Fault(_Row):
    """What is wrong, said over monitors. Priority 1 is served first."""

    when: str = Field(min_length=1)
    priority: int = Field(ge=1)
    time_to_effect_s: Seconds
    required_in: list[Name] = Field(min_length=1)
    response: Name
    description: str = ""

    @field_validator("when")
    @classmethod
    def _expression(cls, text: str) -> str:
        return _checked(text)


class Edge(_Row):
    """A way out of a mode: by itself when `when` is true, or, with `command`, on MODE_SET."""

    to: Name
    when: str = ""
    command: bool = False

    @field_validator("when")
    @classmethod
    def _expression(cls, text: str) -> str:
        return _checked(text)


class Mode(_Row):
    """A mode. `holds` names the conditions that are true in it when nothing is wrong."""

    number: int = Field(ge=0, le=255)
    kind: Literal["nominal", "critical", "safe", "terminal"]
    entry: list[Action] = []
    exit_guard: str = ""
    edge: list[Edge] = []
    fallback: Name | None = None
    policy: Literal["respond", "finish"]
    finished_when: str = ""
    after_reset: Name
    holds: list[Name] = []
    description: str = ""

    @field_validator("exit_guard", "finished_when")
    @classmethod
    def _expression(cls, text: str) -> str:
        return _checked(text)


class ResetBudget(_Row):
    """More than `count` resets, each within `window_s` of the one before: the mode falls back."""

    count: int = Field(ge=1, le=100)
    window_s: Seconds


class Global(_Row):
    """What belongs to the whole vehicle."""

    step_hz: int = Field(ge=1, le=1000)
    initial_mode: Name
    regions: list[Name]
    resources: list[Name]
    reset_budget: ResetBudget
    command_loss: Name  # the monitor that is the command-loss timer
    event_ending: list[Action]  # never in a critical mode before its event is finished
    never_together: list[list[Action]] = []  # not all of a list within one critical event


class Protection(_Row):
    """The whole table of one vehicle."""

    globals: Global = Field(alias="global")
    monitor: dict[Name, Monitor]
    fault: dict[Name, Fault]
    response: dict[Name, Response]
    mode: dict[Name, Mode]

    def with_command_loss(self, seconds: float) -> Protection:
        """The same table with another time of the command-loss timer."""
        name = self.globals.command_loss
        timer = self.monitor[name].model_copy(update={"enter_s": seconds})
        return self.model_copy(update={"monitor": {**self.monitor, name: timer}})


def _checked(text: str) -> str:
    if text:
        try:
            parse(text)
        except ExpressionError as problem:
            raise ValueError(str(problem)) from None
    return text


def read_protection(faults: Path, modes: Path) -> Protection:
    """Read both files of a vehicle; a `TableError` names file, field and value."""
    tables: dict[str, Any] = {}
    origin: dict[str, Path] = {}
    for path in (faults, modes):
        for key, table in _read(path).items():
            if key in tables:
                raise TableError(f"{path}: [{key}] is also in {origin[key]}")
            tables[key], origin[key] = table, path
    return protection_from(tables, origin)


def protection_from(tables: dict[str, Any], origin: dict[str, Path] | None = None) -> Protection:
    """The table from parsed TOML; `origin` says which file a top-level key came from."""
    try:
        return Protection.model_validate(tables)
    except ValidationError as problems:
        raise TableError("\n".join(_lines(problems, origin or {}))) from None


def _lines(problems: ValidationError, origin: dict[str, Path]) -> list[str]:
    lines = []
    for problem in problems.errors():
        field = ".".join(str(part) for part in problem["loc"])
        file = origin.get(str(problem["loc"][0])) if problem["loc"] else None
        lines.append(f"{file or 'table'}: {field}: {_told(problem)}")
    return lines


def _told(problem: Any) -> str:
    if problem["type"] == "union_tag_invalid":
        context = problem["ctx"]
        return f"check: allowed {context['expected_tags']}, not {shown(context['tag'])}"
    given = problem["input"]
    return str(problem["msg"]) + ("" if isinstance(given, dict) else f", not {shown(given)}")


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as problem:
        raise TableError(f"{path}: {problem.strerror}") from None
    except (ValueError, RecursionError) as problem:
        raise TableError(f"{path}: {problem}") from None
