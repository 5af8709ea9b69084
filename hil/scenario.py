"""Scenario files: what flies, where, with which dispersions and faults, and what must come of it.

A scenario is a TOML file that anybody can write; `docs/scenarios.md` describes every field. A name
without a slash or suffix means a file of `hil/scenarios`. A file may extend another: `hil.extends`.
"""

from __future__ import annotations

import math
import tomllib
from datetime import UTC, datetime
from functools import reduce
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    PrivateAttr,
    ValidationError,
    field_validator,
    model_validator,
)

from hil.extends import merge, to_toml
from hil.faults import FaultSpec
from hil.plant.preset import Dispersions
from hil.validation import describe
from onboard.executive import TICK_NS

SEED_MAX = 2**63 - 1
FOLDER = Path(__file__).parent / "scenarios"


class ScenarioError(Exception):
    """A scenario file is wrong; the message names file, field, value and what is allowed."""


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Site(_Table):
    """Target of the landing."""

    latitude_deg: Annotated[float, Field(ge=-85.0, le=85.0)]
    longitude_deg: Annotated[float, Field(ge=-180.0, le=180.0)]
    approach_azimuth_deg: Annotated[float, Field(ge=0.0, lt=360.0)] = 0.0
    search_radius_m: Annotated[float, Field(ge=0.0, le=2_000.0)] = 0.0  # 0: the place itself


class World(_Table):
    """The emulated Moon and the survey that the onboard map is made from."""

    seed: Annotated[int, Field(ge=0, le=SEED_MAX)] = 1
    survey_seed: Annotated[int, Field(ge=0, le=SEED_MAX)] | None = None  # None: from the run's seed
    craters: Path | None = None  # None: the IAU's named craters
    elevation: Path | None = None  # None: LOLA at 10.7 km
    elevation_unit_m: Annotated[float, Field(gt=0.0, le=100.0)] | None = None  # of one count


Vector = tuple[float, float, float]


class Flight(_Table):
    """A start in powered flight near the target, as of a computer that resumes there."""

    phase: Literal["coast", "braking", "approach", "vertical"]
    along_m: Annotated[float, Field(ge=-1e6, le=1e6)] = 0.0  # from the target, along the flight
    cross_m: Annotated[float, Field(ge=-1e5, le=1e5)] = 0.0  # to the left
    height_m: Annotated[float, Field(ge=2.0, le=100_000.0)]  # above the ground of the target
    velocity_along_m_s: Annotated[float, Field(ge=-3_000.0, le=3_000.0)] = 0.0
    velocity_cross_m_s: Annotated[float, Field(ge=-3_000.0, le=3_000.0)] = 0.0
    velocity_up_m_s: Annotated[float, Field(ge=-3_000.0, le=3_000.0)] = 0.0
    tilt_deg: Annotated[float, Field(ge=-90.0, le=180.0)] = 0.0  # backwards against the flight
    rate_deg_s: Vector = (0.0, 0.0, 0.0)  # body axes
    propellant_kg: Annotated[float, Field(ge=0.0, le=10_000.0)] | None = None  # None: preset's
    throttle: Annotated[float, Field(gt=0.0, le=1.0)] | None = None  # None: engines off


class Initial(_Table):
    """Where the run begins: on a descent orbit, or in powered flight."""

    perilune_altitude_m: Annotated[float, Field(ge=5_000.0, le=100_000.0)] = 15_000.0
    apolune_altitude_m: Annotated[float, Field(ge=5_000.0, le=2_000_000.0)] = 100_000.0
    perilune_range_m: Annotated[float, Field(ge=0.0, le=2_000_000.0)] = 550_000.0  # to the target
    lead_s: Annotated[float, Field(ge=0.0, le=3_600.0)] = 120.0  # from time 0 to perilune
    flight: Flight | None = None

    @model_validator(mode="after")
    def _one_start(self) -> Initial:
        given = self.model_fields_set
        if self.flight is not None and given != {"flight"}:
            raise ValueError(f"flight excludes {', '.join(sorted(given - {'flight'}))}")
        if self.flight is None and "perilune_range_m" not in given:
            raise ValueError("give perilune_range_m, or the table flight")
        if self.apolune_altitude_m < self.perilune_altitude_m:
            raise ValueError("apolune_altitude_m must not be below perilune_altitude_m")
        return self


class Knowledge(_Table):
    """What navigation is told about its own initial errors, one sigma."""

    position_m: Annotated[float, Field(gt=0.0, le=50_000.0)] = 500.0
    velocity_m_s: Annotated[float, Field(gt=0.0, le=100.0)] = 0.5
    attitude_rad: Annotated[float, Field(gt=0.0, le=0.5)] = 5.0e-3


class Command(_Table):
    """A telecommand from the ground."""

    time_s: Annotated[float, Field(ge=0.0, le=100_000.0)]
    name: str
    arguments: dict[str, Any] = {}


METRICS = (
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
)
Metric = Literal[METRICS]  # type: ignore[valid-type]


class Expectation(_Table):
    """A figure of the result and the values it may have."""

    metric: Metric
    equals: bool | float | None = None
    min: float | None = None
    max: float | None = None

    @model_validator(mode="after")
    def _says_something(self) -> Expectation:
        if self.equals is None and self.min is None and self.max is None:
            raise ValueError("give at least one of equals, min, max")
        if self.min is not None and self.max is not None and self.min > self.max:
            raise ValueError(f"min {self.min} is above max {self.max}")
        return self

    def holds(self, value: Any) -> bool:
        if value is None or (isinstance(value, float) and math.isnan(value)):
            return False
        return (
            (self.equals is None or value == self.equals)
            and (self.min is None or value >= self.min)
            and (self.max is None or value <= self.max)
        )

    def __str__(self) -> str:
        parts = []
        if self.equals is not None:
            parts.append(f"= {self.equals}")
        if self.min is not None:
            parts.append(f">= {self.min:g}")
        if self.max is not None:
            parts.append(f"<= {self.max:g}")
        return " and ".join(parts)


class Load(_Table):
    """What happens to the flight computer from `time_s` until the next load."""

    time_s: Annotated[float, Field(ge=0.0)]
    stolen_percent: Annotated[float, Field(ge=0.0, le=100.0)] = 0.0  # of every tick
    member: str | None = None  # of the schedule, that runs long
    member_extra_us: Annotated[float, Field(ge=0.0, le=1.0e6)] = 0.0
    reset: bool = False


class Scenario(_Table):
    """One scenario file, checked."""

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$")]  # names a folder
    title: str
    vehicle: Literal["slim", "resilience"]
    processor: Literal["desk", "cortex_m7"] = "desk"  # whose execution times the executive has
    epoch_utc: datetime
    duration_s: Annotated[float, Field(ge=TICK_NS / 1e9, le=100_000.0)]
    site: Site
    world: World = World()
    initial: Initial
    dispersion: Dispersions | None = None  # None: the preset's; otherwise what is left out is zero
    knowledge: Knowledge = Knowledge()
    parameters: dict[str, float] = {}
    command: tuple[Command, ...] = ()
    fault: tuple[FaultSpec, ...] = ()
    load: tuple[Load, ...] = ()
    expect: tuple[Expectation, ...]
    _origin: str = PrivateAttr("")

    @property
    def origin(self) -> str:
        """The file that it was read from, for messages."""
        return self._origin or f"scenario {self.name}"

    @field_validator("epoch_utc", mode="before")
    @classmethod
    def _utc(cls, value: Any) -> datetime:
        if not isinstance(value, datetime) or value.tzinfo is None:
            raise ValueError("allowed: a date and time with its offset: 2025-06-05T19:17:00Z")
        if not 1900 <= value.year < 2100:
            raise ValueError("allowed: years 1900 to 2099, for which the ephemeris holds")
        return value.astimezone(UTC)


def find(name: str, folder: Path = Path()) -> Path:
    """The file of a scenario given by name, or by a path relative to `folder`."""
    path = folder / name
    if path.suffix == ".toml" or "/" in name:
        if not path.is_file():
            raise ScenarioError(f"{path}: there is no such scenario file")
        return path
    path = FOLDER / f"{name}.toml"
    if not path.is_file():
        known = ", ".join(sorted(p.stem for p in FOLDER.glob("*.toml")))
        raise ScenarioError(f"there is no scenario '{name}'; known are: {known}")
    return path


def load(path: Path) -> tuple[Scenario, str]:
    """A checked scenario, its files relative to the file that names them, and its TOML text.

    The text is the file's own; that of a file that extends another holds both together and needs
    no other file.
    """
    text = _read(path)
    (_, top), *bases = _chain(path, text)
    if not bases:
        return _checked(top, str(path)), text
    tables = reduce(merge, [table for _, table in reversed(bases)])
    extended = ", ".join(file.name for file, _ in bases)
    tables = merge(tables, top)
    return _checked(tables, f"{path} (extends {extended})"), to_toml(tables)


def _chain(path: Path, text: str) -> list[tuple[Path, dict[str, Any]]]:
    """A file and its tables, then those of the file that it extends, and so on."""
    chain = [(path, _tables(text, path))]
    while "extends" in chain[-1][1]:
        path, tables = chain[-1]
        base = _base(tables.pop("extends"), path)
        files = [file for file, _ in chain]
        if base.resolve() in [file.resolve() for file in files]:
            circle = " extends ".join(map(str, [*files, base]))
            raise ScenarioError(f"{path}: extends goes in a circle: {circle}")
        chain.append((base, _tables(_read(base), base)))
    return chain


def _base(name: Any, path: Path) -> Path:
    """The file that the file at `path` extends."""
    if not isinstance(name, str):
        raise ScenarioError(f"{path}: extends = {name!r}: allowed: a scenario's name or file")
    try:
        return find(name, path.parent)
    except ScenarioError as error:
        raise ScenarioError(f"{path}: extends = {name!r}: {error}") from None


def _tables(text: str, path: Path) -> dict[str, Any]:
    """What a file says, with the files that it names relative to it."""
    tables = _toml(text, str(path))
    world = tables.get("world")
    for name in ("craters", "elevation"):
        if isinstance(world, dict) and isinstance(world.get(name), str):
            world[name] = str(path.resolve().parent / world[name])
    return tables


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise ScenarioError(f"{path}: cannot be read: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise ScenarioError(f"{path}: cannot be read: not UTF-8 text: {error}") from None


def parse(text: str, origin: str) -> Scenario:
    """A checked scenario from TOML text that extends no other; `origin` names it in errors."""
    return _checked(_toml(text, origin), origin)


def _toml(text: str, origin: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ScenarioError(f"{origin}: not valid TOML: {error}") from None


def _checked(tables: dict[str, Any], origin: str) -> Scenario:
    try:
        scenario = Scenario.model_validate(tables)
    except ValidationError as error:
        raise ScenarioError(describe(error, origin, Scenario)) from None
    scenario._origin = origin
    return scenario
