"""The table `[trace]` of a scenario: what fault protection reads in each of its first steps.

`onboard faults check VEHICLE --trace-to FILE` writes such scenarios; `hil.bench.trace` flies them.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class TraceStep(_Table):
    """One step: what is read and asked, and where that must lead."""

    readings: dict[str, Literal["clear", "hold", "trip", "no_news", "stale", "error"]] = {}
    request: str = ""  # a mode, or SAFE, from the ground
    reset: Literal["", "alone", "within_window"] = ""
    mode: str  # after it
    faults: dict[str, str] = {}  # status, phase and tier of every fault that lives after it


class Trace(_Table):
    """Steps from the state in which nothing has been wrong for long in the mode `start`."""

    start: str
    longest: Annotated[int, Field(ge=1)] | None = None  # counts are shortened to so many steps
    step: Annotated[tuple[TraceStep, ...], Field(min_length=1)]
