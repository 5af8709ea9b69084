"""The ground of the emulated Moon (`native/plant/include/plant/terrain.h`), for Python.

`Terrain(seed)` is the Moon with its real elevation (LOLA, 10.7 km) and its named craters, completed
below that by procedural craters and roughness of mare ground. Directions are unit vectors in mcmf,
heights metres above the sphere of 1,737,400 m.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

import numpy as np
import numpy.typing as npt

from hil.plant._plant import ffi, lib

MOON_RADIUS_M = 1_737_400.0
FULL_DETAIL_M = 0.5
CATALOGUE_DIAMETER_MAX_M: float = lib.PL_CATALOGUE_DIAMETER_MAX_M

_CRATER = np.dtype([("unit_mcmf", "f8", 3), ("diameter_m", "f8"), ("depth_m", "f8"), ("age", "f8")])


@dataclass(frozen=True)
class BaseElevation:
    """A global elevation grid: rows from north to south, columns from 180 W, at cell centres."""

    counts: npt.NDArray[np.int16]  # (rows, columns), columns even
    unit_m: float  # height of one count

    def __post_init__(self) -> None:
        rows, columns = self.counts.shape
        if rows < 4 or columns < 4 or columns % 2:
            raise ValueError(f"global grid of {rows} x {columns}: needs 4 x 4, even columns")


@dataclass(frozen=True)
class Craters:
    """Craters of a catalogue, one per element."""

    latitude_deg: npt.NDArray[np.float64]
    longitude_deg: npt.NDArray[np.float64]
    diameter_m: npt.NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.diameter_m)


def unit_from_degrees(latitude_deg: Any, longitude_deg: Any) -> npt.NDArray[np.float64]:
    """Unit vectors (..., 3) in mcmf of planetocentric latitudes and east longitudes."""
    latitude, longitude = np.deg2rad(latitude_deg), np.deg2rad(longitude_deg)
    along = np.cos(latitude)
    return np.stack(
        [along * np.cos(longitude), along * np.sin(longitude), np.sin(latitude)], axis=-1
    )


@cache
def lola_base() -> BaseElevation:
    """Global LOLA elevation at 1024 x 512, half-metres (see `data/SOURCE.md`)."""
    with resources.files("hil.world").joinpath("data/lola_1024x512.npz").open("rb") as file:
        return BaseElevation(np.load(file)["height_half_m"], 0.5)


@cache
def iau_craters() -> Craters:
    """Named and lettered craters of the IAU gazetteer (see `data/SOURCE.md`)."""
    text = resources.files("hil.world").joinpath("data/iau_features.csv").read_text("utf-8")
    rows = list(csv.DictReader(text.splitlines()))

    def column(name: str) -> npt.NDArray[np.float64]:
        return np.array([float(row[name]) for row in rows])

    return Craters(column("latitude_deg"), column("longitude_deg"), column("diameter_km") * 1000.0)


def _ages(craters: Craters) -> npt.NDArray[np.float64]:
    """Ages of catalogue craters, 0.005 to 0.06, spread by a hash of their coordinates."""
    key = np.round(craters.latitude_deg * 1e4) * 31.0 + np.round(craters.longitude_deg * 1e4)
    return 0.005 + 0.055 * np.mod(key * 0.6180339887498949, 1.0)


def _catalogue(craters: Craters) -> npt.NDArray[Any]:
    """The craters that the base does not resolve, as C has them."""
    keep = craters.diameter_m <= CATALOGUE_DIAMETER_MAX_M
    table = np.zeros(int(keep.sum()), _CRATER)
    table["unit_mcmf"] = unit_from_degrees(craters.latitude_deg, craters.longitude_deg)[keep]
    table["diameter_m"] = craters.diameter_m[keep]
    table["depth_m"] = [lib.pl_crater_fresh_depth_m(d) for d in table["diameter_m"]]
    table["age"] = _ages(craters)[keep]
    return table


class Terrain:
    """The ground: base elevation, catalogue craters, procedural craters and roughness.

    Two terrains of one seed, base and catalogue are the same to the bit. `handle` is the C object
    (`pl_terrain *`), for the plant.
    """

    def __init__(
        self,
        seed: int,
        base: BaseElevation | None = None,
        craters: Craters | None = None,
    ) -> None:
        self.seed = seed
        self._base = base or lola_base()
        self._counts = np.ascontiguousarray(self._base.counts, np.int16)
        self._craters = _catalogue(iau_craters() if craters is None else craters)
        self._start = np.zeros(lib.PL_CATALOGUE_STARTS, np.int32)
        catalogue = ffi.from_buffer("pl_crater[]", self._craters)
        start = ffi.from_buffer("int32_t[]", self._start)
        count = len(self._craters)
        needed = lib.pl_catalogue_index(catalogue, count, start, ffi.NULL, 0)
        self._index = np.zeros(max(needed, 1), np.int32)
        index = ffi.from_buffer("int32_t[]", self._index)
        lib.pl_catalogue_index(catalogue, count, start, index, needed)
        rows, columns = self._counts.shape
        counts = ffi.from_buffer("int16_t[]", self._counts)
        self._keep = (catalogue, start, index, counts)
        self.handle = ffi.new("pl_terrain *")
        lib.pl_terrain_init(
            self.handle,
            seed,
            counts,
            rows,
            columns,
            self._base.unit_m,
            catalogue,
            count,
            start,
            index,
        )

    def height_m(self, unit_mcmf: Any, resolution_m: float = FULL_DETAIL_M) -> Any:
        """Heights above 1,737,400 m at directions (..., 3): an array of shape (...)."""
        units = np.ascontiguousarray(unit_mcmf, np.float64)
        heights = np.empty(units.shape[:-1])
        lib.pl_terrain_heights_m(
            self.handle,
            ffi.cast("double (*)[3]", ffi.from_buffer(units)),
            heights.size,
            resolution_m,
            ffi.cast("double *", ffi.from_buffer(heights)),
        )
        return heights if heights.ndim else float(heights)

    def normal(self, unit_mcmf: Any, resolution_m: float = FULL_DETAIL_M) -> tuple[float, ...]:
        """Outward unit normal of the ground (mcmf) at one direction."""
        out = ffi.new("double[3]")
        lib.pl_terrain_normal(self.handle, [float(x) for x in unit_mcmf], resolution_m, out)
        return tuple(out)

    def craters_within(
        self, box_units: Any, diameter_min_m: float, margin_m: float = 0.0
    ) -> npt.NDArray[Any]:
        """Procedural craters of at least a diameter in (and a little around) a box of directions.

        `box_units` (n, 3) are points along the outline of a patch at most 20 deg wide. Fields:
        `unit_mcmf`, `diameter_m`, `depth_m` (when fresh), `age` (0 fresh to 1 faded).
        """
        units = np.ascontiguousarray(box_units, np.float64)
        box = ffi.cast("double (*)[3]", ffi.from_buffer(units))
        population = ffi.addressof(self.handle, "population")
        found = [np.zeros(0, _CRATER)]
        for octave, o in enumerate(population.octave):
            if 2.0 * o.diameter_min_m <= diameter_min_m:
                continue
            args = (population, octave, box, len(units), margin_m)
            count = lib.pl_population_box(*args, ffi.NULL, 0)
            craters = np.zeros(count, _CRATER)
            if count:
                lib.pl_population_box(*args, ffi.from_buffer("pl_crater[]", craters), count)
            found.append(craters[craters["diameter_m"] >= diameter_min_m])
        return np.concatenate(found)

    def catalogue_craters(self) -> npt.NDArray[Any]:
        """The catalogue craters that are carved; the same fields as `craters_within`."""
        return self._craters
