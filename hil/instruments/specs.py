"""Error terms of the instruments as a preset states them. All sigmas are one sigma.

The models that use them, with their formulas and sources, are the C modules of `native/plant`:
`imu.h`, `rangefinder.h`, `velocimeter.h`, `star_tracker.h`. Field names here and there agree.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Iterable
from typing import Annotated, Any, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

Vector = tuple[float, float, float]
Positive = Annotated[float, Field(gt=0.0)]
Sigma = Annotated[float, Field(ge=0.0)]
Fraction = Annotated[float, Field(ge=0.0, le=1.0)]


def _unit(v: tuple[float, ...]) -> tuple[float, ...]:
    norm = math.sqrt(sum(x * x for x in v))
    if abs(norm - 1.0) > 1e-6:
        raise ValueError(f"length {norm:.6g}, must be 1 within 1e-6")
    return tuple(x / norm for x in v)


UnitVector = Annotated[Vector, AfterValidator(_unit)]
UnitQuaternion = Annotated[tuple[float, float, float, float], AfterValidator(_unit)]


class Spec(BaseModel):
    """Base of everything a preset holds: immutable, complete, finite, no unknown fields."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Instrument(Spec, ABC):
    """An instrument: some fields differ from unit to unit, others from sample to sample."""

    @abstractmethod
    def scaled(self, constant: float, noise: float) -> dict[str, Any]:
        """The C spec with constant errors and noise multiplied."""

    def _times(self, factors: Iterable[tuple[tuple[str, ...], float]]) -> dict[str, Any]:
        values = self.model_dump(exclude={"name"})
        for fields, factor in factors:
            for field in fields:
                values[field] *= factor
        return values


class TriadSpec(Instrument):
    """Three gyroscopes (u = rad) or accelerometers (u = m/s)."""

    bias: Sigma = Field(description="turn-on bias left by calibration, u/s")
    bias_instability: Sigma = Field(description="Gauss-Markov bias, u/s")
    correlation_s: Positive
    random_walk: Sigma = Field(description="u/sqrt(s)")
    scale: Sigma
    misalignment_rad: Sigma
    quantum: Positive = Field(description="u a sample")
    range: Positive = Field(description="u/s")

    def scaled(self, constant: float, noise: float) -> dict[str, Any]:
        return self._times(
            [
                (("bias", "scale", "misalignment_rad"), constant),
                (("bias_instability", "random_walk"), noise),
            ]
        )


class ImuSpec(Instrument):
    name: str
    gyroscope: TriadSpec
    accelerometer: TriadSpec

    def scaled(self, constant: float, noise: float) -> dict[str, Any]:
        return {
            "gyroscope": self.gyroscope.scaled(constant, noise),
            "accelerometer": self.accelerometer.scaled(constant, noise),
        }


class RangefinderSpec(Instrument):
    name: str
    position_body_m: Vector
    direction_body: UnitVector
    minimum_m: Sigma
    maximum_m: Positive
    link_m: Positive
    noise_m: Sigma
    noise_proportional: Sigma
    bias_m: Sigma
    scale: Sigma
    misalignment_rad: Sigma
    divergence_rad: Positive
    incidence_maximum_rad: float = Field(gt=0.0, lt=math.pi / 2)
    dropout_probability: Fraction

    @model_validator(mode="after")
    def _limits(self) -> Self:
        if self.minimum_m >= self.maximum_m:
            raise ValueError("minimum_m must be below maximum_m")
        return self

    def scaled(self, constant: float, noise: float) -> dict[str, Any]:
        return self._times(
            [
                (("bias_m", "scale", "misalignment_rad"), constant),
                (("noise_m", "noise_proportional"), noise),
            ]
        )


class VelocimeterSpec(Instrument):
    name: str
    altitude_minimum_m: Sigma
    altitude_maximum_m: Positive
    tilt_maximum_rad: float = Field(gt=0.0, le=math.pi)
    noise_m_s: Sigma
    noise_proportional: Sigma
    scale: Sigma
    misalignment_rad: Sigma
    dropout_probability: Fraction

    def scaled(self, constant: float, noise: float) -> dict[str, Any]:
        return self._times(
            [
                (("scale", "misalignment_rad"), constant),
                (("noise_m_s", "noise_proportional"), noise),
            ]
        )


class StarTrackerSpec(Instrument):
    name: str
    boresight_body: UnitVector
    noise_cross_rad: Sigma
    noise_roll_rad: Sigma
    misalignment_rad: Sigma
    rate_maximum_rad_s: Positive
    limb_exclusion_rad: float = Field(ge=0.0, lt=math.pi)
    dropout_probability: Fraction

    def scaled(self, constant: float, noise: float) -> dict[str, Any]:
        return self._times(
            [
                (("misalignment_rad",), constant),
                (("noise_cross_rad", "noise_roll_rad"), noise),
            ]
        )


class CameraSpec(Spec):
    """Where the camera sits; what it sees is the renderer's business."""

    name: str
    width: int = Field(gt=0)
    height: int = Field(gt=0)
    field_of_view_rad: float = Field(gt=0.0, lt=math.pi)
    focal_px: Positive
    position_body_m: Vector
    q_body_from_camera: UnitQuaternion

    @model_validator(mode="after")
    def _focal(self) -> Self:
        expected = self.width / 2 / math.tan(self.field_of_view_rad / 2)
        if abs(self.focal_px / expected - 1.0) > 1e-9:
            raise ValueError(f"focal_px must be {expected:.12g} for this field of view and width")
        return self


class TelemetrySpec(Instrument):
    """Errors of what engines and tank report about themselves."""

    chamber_pressure_noise_pa: Sigma
    gauge_bias_kg: Sigma
    gauge_noise_kg: Sigma
    tank_pressure_pa: Positive
    tank_pressure_noise_pa: Sigma

    def scaled(self, constant: float, noise: float) -> dict[str, Any]:
        return self._times(
            [
                (("gauge_bias_kg",), constant),
                (("chamber_pressure_noise_pa", "gauge_noise_kg", "tank_pressure_noise_pa"), noise),
            ]
        )
