"""The rows of a fault table in words, as the drawings and pages show them."""

from __future__ import annotations

from collections.abc import Iterable

from onboard.dictionary import Dictionary
from onboard.dictionary import protection as rows
from onboard.dictionary.protection import Protection
from onboard.fault_protection import checks

NBSP = "\N{NO-BREAK SPACE}"  # between a figure and its unit


def seconds(value: float) -> str:
    """A time as people say it."""
    for unit, length in (("d", 86400.0), ("h", 3600.0), ("min", 60.0)):
        if value >= 2 * length:
            return f"{value / length:.3g}{NBSP}{unit}"
    return f"{value:.3g}{NBSP}s" if value < 100.0 else f"{value:.0f}{NBSP}s"


def number(value: float) -> str:
    """A figure without needless digits."""
    return f"{value:.6g}"


def action(row: rows.Action) -> str:
    """`ENGINE_INHIBIT mask=1`."""
    arguments = (f"{name}={_argument(value)}" for name, value in row.arguments.items())
    return " ".join([row.command, *arguments])


def _argument(value: bool | int | float | str) -> str:
    return number(value) if isinstance(value, float) else str(value)


def listed(names: Iterable[str]) -> str:
    return ", ".join(names)


def condition(row: rows.Monitor, unit: str = "") -> str:
    """When a monitor trips."""
    name, of = row.channel, f"{NBSP}{unit}" if unit else ""
    match row:
        case rows.Limits():
            return f"{name} {_outside(row.enter, of)}"
        case rows.Within():
            return f"{name} {_inside(row.enter, of)}"
        case rows.Expected():
            return f"{name} is not {number(row.value)}{of}"
        case rows.Delta():
            return f"{name} moves more than {number(row.enter)}{of} in a step"
        case rows.Rate():
            return f"{name} changes faster than {number(row.enter)}{of} a second"
        case rows.Stuck():
            within = f" within {number(row.tolerance)}{of}" if row.tolerance else ""
            return f"{name} repeats itself{within}"
        case rows.Consistency():
            return f"{name} is more than {number(row.enter)}{of} from {_model(row)}"
        case rows.Stale():
            return f"{name} silent for {seconds(row.enter_s)}"
        case rows.Gap():
            return f"{name} with a gap of {seconds(row.enter_s)}"


def release(row: rows.Monitor, unit: str = "") -> str:
    """When a monitor begins to clear."""
    of = f"{NBSP}{unit}" if unit else ""
    match row:
        case rows.Limits():
            return _inside(row.exit, of)
        case rows.Within():
            return _outside(row.exit, of)
        case rows.Expected():
            return f"is {number(row.value)}{of}"
        case rows.Delta() | rows.Consistency():
            return f"at most {number(row.exit)}{of}"
        case rows.Rate():
            return f"at most {number(row.exit)}{of} a second"
        case rows.Stuck():
            return "a new sample differs"
        case rows.Stale() | rows.Gap():
            return f"at most {seconds(row.exit_s)} old"


def _model(row: rows.Consistency) -> str:
    scaled = row.other if row.scale == 1.0 else f"{number(row.scale)} × {row.other}"
    return f"{scaled} + {number(row.offset)}" if row.offset else scaled


def _outside(limits: rows.Range, of: str) -> str:
    if limits.low is None or limits.high is None:
        if limits.low is None:
            return f"above {number(limits.high or 0.0)}{of}"
        return f"below {number(limits.low)}{of}"
    return f"outside {number(limits.low)} to {number(limits.high)}{of}"


def _inside(limits: rows.Range, of: str) -> str:
    if limits.low is None or limits.high is None:
        if limits.low is None:
            return f"at most {number(limits.high or 0.0)}{of}"
        return f"at least {number(limits.low)}{of}"
    if limits.low == limits.high:
        return f"is {number(limits.low)}{of}"
    return f"within {number(limits.low)} to {number(limits.high)}{of}"


def persistence_s(table: Protection, row: rows.Monitor) -> float:
    return row.persistence / table.globals.step_hz


def clear_s(table: Protection, row: rows.Monitor) -> float:
    return row.clear / table.globals.step_hz


def allowed(table: Protection, fault: str, mode: str) -> list[tuple[int, rows.Tier]]:
    """The tiers of a fault's response that may act in a mode, numbered from 1."""
    mine = checks.allowed_tiers(table, fault, mode)
    every = table.response[table.fault[fault].response].tier
    return [(k, tier) for k, tier in enumerate(every, 1) if any(tier is t for t in mine)]


def unit_of(dictionary: Dictionary | None, channel: str) -> str:
    """Unit of a channel; flags, counts and indices need none in a sentence."""
    if dictionary is None or channel not in dictionary.channels:
        return ""
    unit = dictionary.channels[channel].unit
    return "" if unit in ("flag", "index", "count", "bits", "1") else unit
