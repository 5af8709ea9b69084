"""Map products that a mission carries on board: elevation and craters along the approach.

They are data, made on the ground by a survey (of the emulated ground, or of the real one), and
handed to the vehicle when it is built. Coordinates are those of `docs/architecture.md`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True)
class LandingSite:
    """Target of the landing and the direction of the approach over it."""

    latitude_rad: float
    longitude_rad: float
    elevation_m: float  # of the ground at the target, above 1,737,400 m
    azimuth_rad: float  # of the direction of flight at the target, clockwise from north


@dataclass(frozen=True)
class ElevationGrid:
    """Heights on a regular grid in corridor coordinates."""

    along0_m: float  # of sample [0, 0]
    cross0_m: float
    spacing_m: float
    height_m: npt.NDArray[np.float32]  # (n_along, n_cross), above 1,737,400 m, C-contiguous
    sigma_m: float  # one-sigma error of a height


@dataclass(frozen=True)
class CraterCatalogue:
    """Craters as the survey lists them, sorted by `along_m`."""

    along_m: npt.NDArray[np.float64]  # (n,)
    cross_m: npt.NDArray[np.float64]  # (n,)
    position_mcmf_m: npt.NDArray[np.float64]  # (n, 3) centre of the rim plane
    diameter_m: npt.NDArray[np.float64]  # (n,)
    position_sigma_m: npt.NDArray[np.float64]  # (n,) one sigma per axis
    depth_m: npt.NDArray[np.float64]  # (n,) rim to floor


@dataclass(frozen=True)
class LandingMap:
    """Everything a descent carries: site, grids from coarse to fine, craters."""

    site: LandingSite
    grids: tuple[ElevationGrid, ...]
    craters: CraterCatalogue
