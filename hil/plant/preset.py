"""Vehicle presets: the physical truth of a vehicle in one TOML file; here, that of a lander.

`load_preset("slim")` reads a preset that ships with the package, `load_preset(path)` a user's own.
`hil.plant.rover_preset` is the rover's.
"""

from __future__ import annotations

import tomllib
from importlib import resources
from pathlib import Path
from typing import Annotated, Any, Self, TypeVar

from pydantic import Field, ValidationError, model_validator

from hil.instruments.specs import (
    CameraSpec,
    Fraction,
    ImuSpec,
    Positive,
    RangefinderSpec,
    Sigma,
    Spec,
    StarTrackerSpec,
    TelemetrySpec,
    UnitVector,
    Vector,
    VelocimeterSpec,
)
from hil.validation import describe

Preset = TypeVar("Preset", bound=Spec)
PositiveVector = tuple[Positive, Positive, Positive]


class PresetError(ValueError):
    """A preset that cannot be used; the message names file, field, value and allowed range."""


class MassSpec(Spec):
    dry_kg: Positive
    propellant_kg: Positive = Field(description="on board where the descent begins")
    propellant_full_kg: Positive | None = Field(
        default=None, description="tanks full: the inertia's other end; absent: propellant_kg"
    )
    inertia_dry_kg_m2: PositiveVector
    inertia_full_kg_m2: PositiveVector

    @property
    def tank_kg(self) -> float:
        """Propellant of full tanks."""
        full = self.propellant_full_kg
        return self.propellant_kg if full is None else full

    @model_validator(mode="after")
    def _fits_the_tanks(self) -> Self:
        if self.propellant_kg > self.tank_kg:
            raise ValueError(
                f"propellant_kg {self.propellant_kg:g} is above propellant_full_kg {self.tank_kg:g}"
            )
        return self


class EngineMount(Spec):
    name: str
    position_body_m: Vector
    direction_body: UnitVector = Field(description="of the force on the vehicle")


class EngineSpec(Spec):
    thrust_n: Positive
    specific_impulse_s: Positive
    throttle_minimum: float = Field(gt=0.0, le=1.0)
    valve_delay_s: float = Field(ge=0.0, le=0.32)
    lag_s: Positive
    tail_off_s: Positive
    chamber_pressure_pa: Positive
    mount: tuple[EngineMount, EngineMount]


class ThrusterSpec(Spec):
    thrust_n: Positive
    specific_impulse_s: Positive
    minimum_on_time_us: int = Field(ge=0, le=10_000)
    pod_radius_m: tuple[Positive, Positive] = Field(description="|x| and |y| of the pods")
    pod_height_m: float


class LegSpec(Spec):
    foot_body_m: tuple[Vector, Vector, Vector, Vector]
    stiffness_n_m: Positive
    damping_n_s_m: Sigma
    friction: Sigma
    tangential_stiffness_n_m: Positive
    tangential_damping_n_s_m: Sigma
    stroke_m: Positive
    switch_compression_m: Positive
    pad_resolution_m: Positive


class HullSpec(Spec):
    minimum_body_m: Vector
    maximum_body_m: Vector
    tip_over_rad: float = Field(gt=0.0, le=3.2)


class Dispersions(Spec):
    """One-sigma differences from vehicle to vehicle and run to run; by default none."""

    mass: Fraction = 0.0
    thrust: Fraction = 0.0
    engine_mismatch: Fraction = 0.0
    thruster: Fraction = 0.0
    centre_of_mass_m: Sigma = 0.0
    position_m: Sigma = 0.0
    velocity_m_s: Sigma = 0.0
    attitude_rad: Sigma = 0.0
    rate_rad_s: Sigma = 0.0
    sensor_constant: Sigma = 1.0
    sensor_noise: Sigma = 1.0


class LanderPreset(Spec):
    name: str
    mass: MassSpec
    engines: EngineSpec
    thrusters: ThrusterSpec
    legs: LegSpec
    hull: HullSpec
    imu: Annotated[tuple[ImuSpec, ...], Field(min_length=1, max_length=2)]
    rangefinder: tuple[RangefinderSpec, RangefinderSpec]
    velocimeter: VelocimeterSpec
    star_tracker: StarTrackerSpec
    camera: CameraSpec
    telemetry: TelemetrySpec
    dispersions: Dispersions

    @model_validator(mode="after")
    def _names(self) -> Self:
        """Instances are named after what the flight computer knows them as."""
        expected = {
            "imu": ("imu.a", "imu.b"),
            "rangefinder": ("rangefinder.a", "rangefinder.b"),
        }
        for field, names in expected.items():
            found = tuple(item.name for item in getattr(self, field))
            if found != names[: len(found)]:
                raise ValueError(f"{field}: names {found}, must be {names[: len(found)]}")
        return self


def _source(name_or_path: str | Path) -> tuple[str, str]:
    """Text of a preset and the name by which messages call it."""
    path = Path(name_or_path)
    if path.suffix == ".toml":
        if not path.is_file():
            raise PresetError(f"{path}: no such preset file")
        return path.read_text("utf-8"), str(path)
    folder = resources.files("hil.plant") / "presets"
    file = folder / f"{name_or_path}.toml"
    if not file.is_file():
        known = sorted(f.name.removesuffix(".toml") for f in folder.iterdir())
        raise PresetError(f"preset {str(name_or_path)!r} unknown; known: {', '.join(known)}")
    return file.read_text("utf-8"), f"{name_or_path}.toml"


def parse_preset(values: dict[str, Any], file: str) -> LanderPreset:
    """A lander's preset from parsed TOML; `file` is for messages."""
    return checked(LanderPreset, values, file)


def load_preset(name_or_path: str | Path) -> LanderPreset:
    """The lander's preset of a name that ships with the package, or of a path to a TOML file."""
    return parse_preset(*read_preset(name_or_path))


def checked(kind: type[Preset], values: dict[str, Any], file: str) -> Preset:
    """A preset of a kind of vehicle from parsed TOML; raises PresetError."""
    try:
        return kind.model_validate(values)
    except ValidationError as error:
        raise PresetError(describe(error, file, kind)) from None


def read_preset(name_or_path: str | Path) -> tuple[dict[str, Any], str]:
    """The TOML of a preset, and the name by which messages call it."""
    text, file = _source(name_or_path)
    try:
        return tomllib.loads(text), file
    except (ValueError, RecursionError) as error:
        raise PresetError(f"{file}: not TOML: {error}") from None
