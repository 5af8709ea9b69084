"""What is known before a match: camera, attitude, Sun, and where the camera may be.

[camera]
focal_px = 886.8
center_px = [511.5, 511.5]                     # column, row; the middle when left out

[attitude]
q_camera_from_mcmf = [0.71, 0.70, 0.02, 0.01]  # scalar first; x right, y down, z boresight
sigma_deg = 1.0                                # about each axis

[sun]                                          # where it stands in the zenith
latitude_deg = 1.2
longitude_deg = -75.0

[altitude]                                     # either: over the sphere of 1737.4 km
range_m = [90e3, 120e3]

[position]                                     # or: of the camera
latitude_deg = 60.5
longitude_deg = -4.6
altitude_m = 15e3
sigma_m = [500.0, 200.0]                       # horizontal per axis, vertical

[catalogue]                                    # its errors, one sigma; may be left out
sigma_m = 100.0                                # of a centre, per axis
radius_sigma = 0.05                            # of a radius, of itself
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Annotated

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from hil.validation import describe
from hil.vision.images import FileError

Floats = npt.NDArray[np.float64]
MOON_M = 1_737_400.0

Latitude = Annotated[float, Field(ge=-90.0, le=90.0)]
Longitude = Annotated[float, Field(ge=-360.0, le=360.0)]
Altitude = Annotated[float, Field(ge=1e3, le=1e7)]
Sigma = Annotated[float, Field(ge=0.1, le=99e3)]


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Camera(_Table):
    focal_px: float = Field(ge=10.0, le=1e6)
    center_px: tuple[float, float] | None = None


class Attitude(_Table):
    q_camera_from_mcmf: tuple[float, float, float, float]
    sigma_deg: float = Field(gt=0.0, le=11.0)

    @field_validator("q_camera_from_mcmf")
    @classmethod
    def _unit(cls, q: tuple[float, ...]) -> tuple[float, ...]:
        length = float(np.linalg.norm(q))
        if not abs(length - 1.0) < 1e-3:
            raise ValueError(f"its length is {length:.4g}, allowed 0.999 to 1.001")
        return tuple(x / length for x in q)

    @property
    def C_camera_from_mcmf(self) -> Floats:
        return rotation_matrix(self.q_camera_from_mcmf)


class Sun(_Table):
    latitude_deg: Latitude
    longitude_deg: Longitude


class AltitudeRange(_Table):
    range_m: tuple[Altitude, Altitude]

    @model_validator(mode="after")
    def _in_order(self) -> AltitudeRange:
        if self.range_m[0] > self.range_m[1]:
            raise ValueError(f"range_m = {list(self.range_m)}: allowed: the least first")
        return self


class Position(_Table):
    latitude_deg: Latitude
    longitude_deg: Longitude
    altitude_m: Altitude
    sigma_m: tuple[Sigma, Sigma]

    @property
    def mcmf_m(self) -> Floats:
        return (MOON_M + self.altitude_m) * direction(self.latitude_deg, self.longitude_deg)

    @property
    def covariance_m2(self) -> Floats:
        """(3, 3), mcmf."""
        up = direction(self.latitude_deg, self.longitude_deg)
        vertical = np.outer(up, up)
        horizontal, height = self.sigma_m
        return horizontal**2 * (np.eye(3) - vertical) + height**2 * vertical


class CatalogueErrors(_Table):
    sigma_m: float = Field(default=0.0, ge=0.0, le=1e5)
    radius_sigma: float = Field(default=0.0, ge=0.0, le=0.5)


class Prior(_Table):
    camera: Camera
    attitude: Attitude
    sun: Sun
    altitude: AltitudeRange | None = None
    position: Position | None = None
    catalogue: CatalogueErrors = CatalogueErrors()

    @model_validator(mode="after")
    def _one_place(self) -> Prior:
        if (self.altitude is None) == (self.position is None):
            raise ValueError("allowed: one of the tables altitude, position")
        return self

    @property
    def sun_mcmf(self) -> Floats:
        return direction(self.sun.latitude_deg, self.sun.longitude_deg)


def read_prior(path: Path) -> Prior:
    """Raises FileError with a line for each mistake."""
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise FileError(f"{path}: cannot be read: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise FileError(f"{path}: not TOML: {error}") from None
    try:
        return Prior.model_validate(tables)
    except ValidationError as error:
        raise FileError(describe(error, str(path), Prior)) from None


def direction(latitude_deg: float, longitude_deg: float) -> Floats:
    """Unit vector, mcmf."""
    latitude, longitude = np.radians(latitude_deg), np.radians(longitude_deg)
    level = np.cos(latitude)
    return np.array([level * np.cos(longitude), level * np.sin(longitude), np.sin(latitude)])


def rotation_matrix(q: tuple[float, ...] | Floats) -> Floats:
    """Of a unit quaternion, scalar first."""
    w, x, y, z = q
    return np.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)],
            [2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)],
            [2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)],
        ]
    )
