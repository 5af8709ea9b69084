"""A vehicle that differs from another one in figures only: `overrides.toml` over its dictionary.

    extends = "lander"

    [parameters]
    "guidance.thrust_n" = 1356.62      # a new default, within the range of the parameter

    [monitor.no_thrust]                # fields of a monitor that are not the other's
    enter = { low = 0.3 }

Commands, channels, events, modes, faults and responses are those of the other vehicle, so whatever
flies one flies both.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from pydantic import Field

from onboard.dictionary.loader import Dictionary, Problem
from onboard.dictionary.models import Dotted, Model, Name, Number, Parameter

FILE = "overrides.toml"


class Overrides(Model):
    """The content of `overrides.toml`."""

    extends: Name
    parameters: dict[Dotted, Number] = Field(default_factory=dict)
    monitor: dict[Name, dict[str, Any]] = Field(default_factory=dict)


def apply(
    overrides: Overrides, base: Dictionary, vehicle: str, problems: list[Problem]
) -> Dictionary:
    """The dictionary of `vehicle`: that of `base` with the figures of `overrides`."""
    return replace(
        base,
        vehicle=vehicle,
        parameters=base.parameters | _parameters(overrides.parameters, base, problems),
        protection=_protection(overrides.monitor, base, problems),
    )


def _parameters(
    defaults: Mapping[str, float], base: Dictionary, problems: list[Problem]
) -> dict[str, Parameter]:
    changed = {}
    for name, default in defaults.items():
        known = base.parameters.get(name)
        if known is None:
            problems.append(_unknown(f"parameters.{name}", default, base, "parameters"))
        elif why := known.problem(default):
            problems.append(Problem(FILE, f"parameters.{name}", None, why))
        else:
            changed[name] = known.model_copy(update={"default": default})
    return changed


def _protection(
    monitors: Mapping[str, Mapping[str, Any]], base: Dictionary, problems: list[Problem]
) -> Any:
    if not monitors:
        return base.protection
    from onboard.dictionary.protection import TableError, protection_from

    tables = (
        {"monitor": {}} if base.protection is None else base.protection.model_dump(by_alias=True)
    )
    for name, fields in monitors.items():
        if name not in tables["monitor"]:
            problems.append(_unknown(f"monitor.{name}", None, base, "monitors"))
            return base.protection
        tables["monitor"][name] |= fields
    try:
        return protection_from(tables)
    except TableError as error:
        for line in str(error).splitlines():
            _, field, why = line.split(": ", 2)
            problems.append(Problem(FILE, field, None, why))
        return base.protection


def _unknown(field: str, value: object, base: Dictionary, what: str) -> Problem:
    return Problem(FILE, field, value, f"unknown, allowed {what} of {base.vehicle}")
