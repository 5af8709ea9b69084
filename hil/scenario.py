"""Scenario files: what flies, where, with which dispersions and faults, and what must come of it.

A scenario is a TOML file that anybody can write; `docs/scenarios.md` describes every field. A name
without a slash or suffix means a file of `hil/scenarios`. A file may extend another: `hil.extends`.
"""

from __future__ import annotations

import tomllib
from abc import abstractmethod
from datetime import UTC, date, datetime
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

from hil.expectation import LANDING, ROVING, Expectation
from hil.extends import merge, to_toml
from hil.faults import FaultSpec
from hil.link.faults import LinkFaultSpec
from hil.plant.preset import Dispersions
from hil.plant.rover_preset import RoverDispersions
from hil.trace import Trace
from hil.validation import describe
from onboard.executive import TICK_NS
from onboard.services.archive import SLOTS

SEED_MAX = 2**63 - 1
FOLDER = Path(__file__).parent / "scenarios"
INCIDENTS = FOLDER / "incidents"


class ScenarioError(Exception):
    """A scenario file is wrong; the message names file, field, value and what is allowed."""


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Place(_Table):
    """A place on the Moon: the origin of the site's axes."""

    latitude_deg: Annotated[float, Field(ge=-85.0, le=85.0)]
    longitude_deg: Annotated[float, Field(ge=-180.0, le=180.0)]


class Site(Place):
    """Target of the landing."""

    approach_azimuth_deg: Annotated[float, Field(ge=0.0, lt=360.0)] = 0.0
    search_radius_m: Annotated[float, Field(ge=0.0, le=2_000.0)] = 0.0  # 0: the place itself


class World(_Table):
    """The emulated Moon and the survey that the onboard map is made from."""

    seed: Annotated[int, Field(ge=0, le=SEED_MAX)] = 1
    survey_seed: Annotated[int, Field(ge=0, le=SEED_MAX)] | None = None  # None: from the run's seed
    map_reach_samples: Annotated[int, Field(ge=10, le=10_000)] | None = None  # of each grid
    craters: Path | None = None  # None: the IAU's named craters
    elevation: Path | None = None  # None: LOLA at 10.7 km
    elevation_unit_m: Annotated[float, Field(gt=0.0, le=100.0)] | None = None  # of one count

    def ground(self) -> World:
        """Without what concerns the onboard map alone."""
        return self.model_copy(update={"survey_seed": None, "map_reach_samples": None})


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


class Standing(_Table):
    """Where a rover stands at the beginning, relative to the site; it is told so."""

    east_m: Annotated[float, Field(ge=-500.0, le=500.0)] = 0.0
    north_m: Annotated[float, Field(ge=-500.0, le=500.0)] = 0.0
    heading_deg: Annotated[float, Field(ge=0.0, lt=360.0)] = 0.0  # from north towards east
    charge: Annotated[float, Field(gt=0.0, le=1.0)] = 1.0  # of the battery


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


class Load(_Table):
    """What happens to the flight computer from `time_s` until the next load."""

    time_s: Annotated[float, Field(ge=0.0)]
    stolen_percent: Annotated[float, Field(ge=0.0, le=100.0)] = 0.0  # of every tick
    member: str | None = None  # of the schedule, that runs long or traps
    member_extra_us: Annotated[float, Field(ge=0.0, le=1.0e6)] = 0.0
    trap: bool = False  # `member` fails whenever it runs, which restarts the computer
    reset: bool = False

    @model_validator(mode="after")
    def _somebody_traps(self) -> Load:
        if self.trap and self.member is None:
            raise ValueError("trap needs member")
        return self


class Memory(_Table):
    """What the non-volatile memory holds at the start."""

    products: Annotated[int, Field(ge=0, le=SLOTS)] = 0  # in the archive


class Nominal(_Table):
    """The nominal way of an incident: without faults, loads and the incident's commands."""

    expect: tuple[Expectation, ...] = ()  # empty: the scenario's


class Historical(_Table):
    """The historical way of an incident: what flew then, and the loss that it brings."""

    components: dict[str, str] = {}  # member of the schedule -> FILE.py:CLASS
    parameters: dict[str, float] = {}
    expect: Annotated[tuple[Expectation, ...], Field(min_length=1)]


class Incident(_Table):
    """What makes a scenario an incident of the suite."""

    id: Annotated[str, Field(pattern=r"^[A-Z][A-Za-z0-9]{1,15}$")]
    title: str
    date: date
    gate: Annotated[float, Field(gt=0.0, le=1.0)]  # share of the seeds that must meet `expect`
    anti_twin: str | None = None
    plot: Annotated[tuple[str, ...], Field(min_length=1)] = ("true_altitude_m", "true_speed_m_s")
    command: tuple[Command, ...] = ()
    nominal: Nominal = Nominal()
    historical: Historical

    def expectations(self) -> tuple[tuple[Expectation, ...], ...]:
        """Of its other ways."""
        return self.nominal.expect, self.historical.expect


QUIET = Expectation(metric="faults_tripped", equals=0)
WAYS = ("ours", "historical", "nominal")


class Scenario(_Table):
    """One scenario file, checked: what all vehicles have in common."""

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$")]  # names a folder
    title: str
    vehicle: Literal["slim", "resilience", "micro"]
    dictionary: str | None = None  # a vehicle's name or a folder; None: the preset's
    processor: Literal["desk", "cortex_m7"] = "desk"  # whose execution times the executive has
    epoch_utc: datetime
    duration_s: Annotated[float, Field(ge=TICK_NS / 1e9, le=100_000.0)]
    site: Place
    world: World = World()
    parameters: dict[str, float] = {}
    components: dict[str, str] = {}  # member of the schedule -> FILE.py:CLASS
    command: tuple[Command, ...] = ()
    fault: tuple[FaultSpec, ...] = ()
    link_fault: tuple[LinkFaultSpec, ...] = ()  # of a line to a board; none in process
    load: tuple[Load, ...] = ()
    memory: Memory = Memory()
    expect: tuple[Expectation, ...]
    incident: Incident | None = None
    trace: Trace | None = None
    _origin: str = PrivateAttr("")
    _way: str = PrivateAttr("ours")

    @property
    def way(self) -> str:
        """The one of `WAYS` that it is flown."""
        return self._way

    @property
    def origin(self) -> str:
        """The file that it was read from, for messages."""
        return self._origin or f"scenario {self.name}"

    def flown(self, way: str) -> Scenario:
        """The scenario as it is flown one of the `WAYS`; only an incident has another than `ours`.

        Raises ScenarioError for a way that it has not.
        """
        incident = self.incident
        if incident is None:
            if way != "ours":
                raise ScenarioError(f"{self.origin}: no [incident], so it has no way {way!r}")
            return self
        change: dict[str, Any] = {"command": self.command + incident.command}
        if way == "historical":
            change |= {
                "components": self.components | incident.historical.components,
                "parameters": self.parameters | incident.historical.parameters,
                "expect": incident.historical.expect,
            }
        elif way == "nominal":
            expect = (*(incident.nominal.expect or self.expect), QUIET)
            change = {"fault": (), "link_fault": (), "load": (), "expect": expect}
        flown = self.model_copy(update=change)
        flown._way = way
        return flown

    @model_validator(mode="after")
    def _figures_of_the_vehicle(self) -> Scenario:
        """Each kind of vehicle has figures of its own."""
        known = self.metrics()
        ways = (self.expect, *(() if self.incident is None else self.incident.expectations()))
        for expectation in (e for way in ways for e in way):
            if expectation.metric is not None and expectation.metric not in known:
                wrong = f"expect: metric = {expectation.metric!r}"
                raise ValueError(f"{wrong}: allowed for {self.vehicle}: {', '.join(known)}")
        return self

    @classmethod
    @abstractmethod
    def metrics(cls) -> tuple[str, ...]:
        """Figures that may be expected of it."""

    @field_validator("epoch_utc", mode="before")
    @classmethod
    def _utc(cls, value: Any) -> datetime:
        if not isinstance(value, datetime) or value.tzinfo is None:
            raise ValueError("allowed: a date and time with its offset: 2025-06-05T19:17:00Z")
        if not 1900 <= value.year < 2100:
            raise ValueError("allowed: years 1900 to 2099, for which the ephemeris holds")
        return value.astimezone(UTC)


class LanderScenario(Scenario):
    """A landing."""

    imus: Literal[1, 2] = 1  # fitted; the second is like the first, with errors of its own
    site: Site
    initial: Initial
    dispersion: Dispersions | None = None  # None: the preset's; otherwise what is left out is zero
    knowledge: Knowledge = Knowledge()

    @model_validator(mode="after")
    def _second_imu_is_fitted(self) -> LanderScenario:
        for k, fault in enumerate(self.fault):
            if fault.port == "imu.b" and self.imus == 1:
                raise ValueError(f"fault.{k}.port = 'imu.b': allowed with imus = 2, which fits it")
        return self

    @classmethod
    def metrics(cls) -> tuple[str, ...]:
        return LANDING


class RoverScenario(Scenario):
    """A drive."""

    initial: Standing = Standing()
    dispersion: RoverDispersions | None = None  # as of a landing

    @classmethod
    def metrics(cls) -> tuple[str, ...]:
        return ROVING


ROVERS = ("micro",)
"""Presets that are rovers; the others land."""


def find(name: str, folder: Path = Path()) -> Path:
    """The file of a scenario given by name, an incident's id, or a path relative to `folder`."""
    path = folder / name
    if path.suffix == ".toml" or "/" in name:
        if not path.is_file():
            raise ScenarioError(f"{path}: there is no such scenario file")
        return path
    shipped = sorted((*FOLDER.glob("*.toml"), *INCIDENTS.glob("*.toml")))
    for file in shipped:
        if name == file.stem or (file.parent == INCIDENTS and name == file.stem.split("_")[0]):
            return file
    known = ", ".join(file.stem for file in shipped)
    raise ScenarioError(f"there is no scenario '{name}'; known are: {known}")


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
    if "/" in str(tables.get("dictionary")):
        tables["dictionary"] = str(path.resolve().parent / tables["dictionary"])
    historical = _table_in(_table_in(tables, "incident"), "historical")
    for components in (_table_in(tables, "components"), _table_in(historical, "components")):
        for member, place in components.items():
            if isinstance(place, str):
                components[member] = str(path.resolve().parent / place)
    return tables


def _table_in(tables: dict[str, Any], name: str) -> dict[str, Any]:
    """A table within another, empty where there is none."""
    table = tables.get(name)
    return table if isinstance(table, dict) else {}


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
    except (ValueError, RecursionError) as error:
        raise ScenarioError(f"{origin}: not valid TOML: {error}") from None


def _checked(tables: dict[str, Any], origin: str) -> Scenario:
    kind = RoverScenario if tables.get("vehicle") in ROVERS else LanderScenario
    try:
        scenario = kind.model_validate(tables)
    except ValidationError as error:
        raise ScenarioError(describe(error, origin, kind)) from None
    scenario._origin = origin
    return scenario
