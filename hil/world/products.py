"""Reading public crater catalogues and elevation grids that a user brings.

Every mistake in a file ends in one `ProductError` that names file, field, value and allowed range.
"""

from __future__ import annotations

import csv
import gzip
import re
import warnings
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from io import TextIOWrapper
from pathlib import Path
from typing import Any, TextIO

import numpy as np
import numpy.typing as npt

from hil.world.terrain import BaseElevation, Craters

LUNAR_HEIGHT_M = (-9_500.0, 11_000.0)  # the Moon's lowest and highest ground, with some slack
DIAMETER_MAX_M = 2.6e6  # of the South Pole-Aitken basin


class ProductError(ValueError):
    """A file that a user brought cannot be used as it is; the message says what to change."""


def _reason(error: BaseException) -> str:
    return getattr(error, "strerror", None) or str(error)


@dataclass(frozen=True)
class CatalogueFormat:
    """Columns of a public crater catalogue."""

    name: str
    latitude: str
    longitude: str
    diameter: str
    unit_m: float  # of the diameter
    smallest_m: float  # no crater in it is smaller: tells a wrong unit


CATALOGUE_FORMATS = (
    CatalogueFormat("Robbins 2018", "LAT_CIRC_IMG", "LON_CIRC_IMG", "DIAM_CIRC_IMG", 1e3, 500.0),
    CatalogueFormat("LU1319381", "lat", "lon", "diam_m", 1.0, 500.0),
    CatalogueFormat("Head et al. 2010", "Lat", "Lon", "Diam_km", 1e3, 1e4),
    CatalogueFormat("Povilaitis et al. 2018", "Lat", "Long", "Diameter (km)", 1e3, 2e3),
    CatalogueFormat("onboard", "latitude_deg", "longitude_deg", "diameter_km", 1e3, 0.1),
)


def read_craters(path: Path | str) -> Craters:
    """Craters of a catalogue in CSV, plain or gzipped, in one of `CATALOGUE_FORMATS`.

    The first row names the columns; others than position and diameter are ignored. Longitudes may
    run over -180..180 or 0..360; they come back in -180..180.
    """
    file = Path(path)
    try:
        with _text(file) as stream:
            rows = csv.DictReader(stream)
            form = _format(file, rows.fieldnames)
            values = np.array(list(_rows(file, form, rows)))
    except (OSError, EOFError, UnicodeDecodeError, csv.Error) as error:
        raise ProductError(f"{file}: cannot be read to its end: {_reason(error)}") from error
    if len(values) == 0:
        raise ProductError(f"{file}: holds no crater: expected a row for each below the header")
    longitude = np.mod(values[:, 1] + 180.0, 360.0) - 180.0
    return Craters(values[:, 0], longitude, values[:, 2])


def _text(file: Path) -> TextIO:
    if file.suffix == ".gz":
        return TextIOWrapper(gzip.open(file, "rb"), "utf-8-sig")
    return file.open(encoding="utf-8-sig", newline="")


def _format(file: Path, columns: Any) -> CatalogueFormat:
    present = set(columns or ())
    for form in CATALOGUE_FORMATS:
        if {form.latitude, form.longitude, form.diameter} <= present:
            return form
    wanted = "; ".join(
        f"{f.latitude}, {f.longitude}, {f.diameter} ({f.name})" for f in CATALOGUE_FORMATS
    )
    found = ", ".join(columns or ()) or "none"
    raise ProductError(f"{file}: columns found: {found}; missing: all of one of: {wanted}")


def _rows(
    file: Path, form: CatalogueFormat, rows: csv.DictReader[str]
) -> Iterator[tuple[float, float, float]]:
    low, high = form.smallest_m / form.unit_m, DIAMETER_MAX_M / form.unit_m
    for row in rows:
        at = f"{file}, line {rows.line_num}"
        if None in row or None in row.values():
            raise ProductError(f"{at}: not as many fields as the header names; is it cut off?")
        yield (
            _number(at, form.latitude, row, -90.0, 90.0, "deg"),
            _number(at, form.longitude, row, -360.0, 360.0, "deg"),
            _number(at, form.diameter, row, low, high, "m" if form.unit_m == 1.0 else "km")
            * form.unit_m,
        )


def _number(at: str, field: str, row: dict[str, str], low: float, high: float, unit: str) -> float:
    text = row[field]
    try:
        value = float(text)
    except ValueError:
        raise ProductError(
            f"{at}: {field} = {text!r}: not a number; allowed {low:g} to {high:g} {unit}"
        ) from None
    if not low <= value <= high:  # NaN too
        raise ProductError(f"{at}: {field} = {text}: allowed {low:g} to {high:g} {unit}")
    return value


def read_elevation(path: Path | str, unit_m: float | None = None) -> BaseElevation:
    """A global elevation grid: GeoTIFF, or NPZ with one two-dimensional int16 array.

    Simple cylindrical, 90 N to 90 S, 180 W to 180 E, heights above the sphere of 1,737,400 m.
    `unit_m` is the height of one count; a GeoTIFF that states a scale itself needs none.
    """
    file = Path(path)
    if file.suffix.lower() in (".tif", ".tiff"):
        counts, stated = _read_geotiff(file)
    elif file.suffix.lower() == ".npz":
        counts, stated = _read_npz(file), None
    else:
        raise ProductError(f"{file}: suffix {file.suffix!r}: allowed .tif, .tiff, .npz")
    unit = _unit(file, unit_m, stated)
    rows, columns = counts.shape
    if rows < 4 or columns != 2 * rows:
        raise ProductError(f"{file}: {rows} x {columns} samples: a global grid has n x 2 n, n >= 4")
    _check_heights(file, counts, unit)
    return BaseElevation(counts, unit)


def _unit(file: Path, given: float | None, stated: float | None) -> float:
    unit = stated if given is None else given
    if unit is None:
        raise ProductError(
            f"{file}: states no scale: give unit_m, the height of one count in metres"
        )
    if given is not None and stated is not None and given != stated:
        raise ProductError(f"{file}: unit_m = {given:g}, but the file states a scale of {stated:g}")
    if not 0.0 < unit <= 100.0:
        raise ProductError(f"{file}: unit_m = {unit:g}: allowed above 0 to 100 m a count")
    return unit


def _check_heights(file: Path, counts: npt.NDArray[np.int16], unit_m: float) -> None:
    low, high = LUNAR_HEIGHT_M
    for count in (counts.min(), counts.max()):
        height = unit_m * float(count)
        if not low <= height <= high:
            row, column = np.argwhere(counts == count)[0]
            raise ProductError(
                f"{file}: height [{row}, {column}] = {count} counts = {height:.0f} m: allowed "
                f"{low:.0f} to {high:.0f} m; is unit_m right, or is it a no-data value?"
            )


def _read_npz(file: Path) -> npt.NDArray[np.int16]:
    try:
        with file.open("rb") as stream, np.load(stream, allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in archive.files}
    except (OSError, EOFError, ValueError, zipfile.BadZipFile) as error:
        raise ProductError(f"{file}: cannot be read to its end: {_reason(error)}") from error
    grids = {name: a for name, a in arrays.items() if a.ndim == 2}
    if len(grids) != 1:
        raise ProductError(f"{file}: {len(grids)} two-dimensional arrays: allowed exactly one")
    name, grid = grids.popitem()
    return _counts(file, name, grid)


def _counts(file: Path, name: str, grid: npt.NDArray[Any]) -> npt.NDArray[np.int16]:
    if np.issubdtype(grid.dtype, np.floating):
        if not np.isfinite(grid).all():
            row, column = np.argwhere(~np.isfinite(grid))[0]
            raise ProductError(
                f"{file}: {name} [{row}, {column}] = {grid[row, column]}: not a height"
            )
        raise ProductError(f"{file}: {name} is {grid.dtype}: allowed integer counts (int16)")
    if not np.issubdtype(grid.dtype, np.integer):
        raise ProductError(f"{file}: {name} is {grid.dtype}: allowed integer counts (int16)")
    low, high = int(grid.min()), int(grid.max())
    if low < -32768 or high > 32767:
        raise ProductError(f"{file}: {name} spans {low} to {high}: allowed -32768 to 32767 (int16)")
    return np.ascontiguousarray(grid, np.int16)


def _read_geotiff(file: Path) -> tuple[npt.NDArray[np.int16], float | None]:
    try:
        from PIL import Image, UnidentifiedImageError
    except ImportError as error:
        raise ProductError(f"{file}: GeoTIFF needs Pillow: pip install pillow") from error
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # Pillow only warns of a file that ends early
            with file.open("rb") as stream, Image.open(stream) as image:
                tags = dict(image.tag_v2.items())  # type: ignore[attr-defined]
                grid = np.asarray(image)
    except (OSError, UnidentifiedImageError, SyntaxError, ValueError, UserWarning) as error:
        raise ProductError(f"{file}: cannot be read to its end: {_reason(error)}") from error
    if grid.ndim != 2:
        raise ProductError(f"{file}: {grid.ndim} dimensions: allowed one band")
    _check_georeference(file, tags, grid.shape)
    return _counts(file, "band 1", grid), _stated_scale(file, tags)


def _check_georeference(file: Path, tags: dict[int, Any], shape: tuple[int, ...]) -> None:
    """ModelPixelScale (33550) and ModelTiepoint (33922) of OGC GeoTIFF 1.1, in degrees."""
    for tag, name in ((33550, "ModelPixelScale"), (33922, "ModelTiepoint")):
        if tag not in tags:
            raise ProductError(
                f"{file}: tag {tag} ({name}) is missing: needs a georeference in deg"
            )
    scale, tie = tags[33550], tags[33922]
    rows, columns = shape
    for axis, step, count, span in (("x", scale[0], columns, 360.0), ("y", scale[1], rows, 180.0)):
        if abs(step * count - span) > 0.5 * span / count:
            raise ProductError(
                f"{file}: ModelPixelScale {axis} = {step:g}: allowed {span / count:g} deg "
                f"({span:g} deg over {count} samples); projected or regional grids are not global"
            )
    if abs(tie[3] + 180.0) > scale[0] or abs(tie[4] - 90.0) > scale[1]:
        raise ProductError(
            f"{file}: ModelTiepoint = ({tie[3]:g}, {tie[4]:g}): allowed the corner (-180, 90) deg"
        )


def _stated_scale(file: Path, tags: dict[int, Any]) -> float | None:
    """Scale of the counts from GDAL's metadata (tag 42112), which must have no offset."""
    text = str(tags.get(42112, ""))
    items = dict(re.findall(r'<Item name="(OFFSET|SCALE)"[^>]*>([^<]*)</Item>', text))
    try:
        values = {name: float(value) for name, value in items.items()}
    except ValueError:
        raise ProductError(f"{file}: GDAL metadata {items}: not numbers") from None
    if values.get("OFFSET", 0.0) != 0.0:
        raise ProductError(
            f"{file}: GDAL OFFSET = {values['OFFSET']:g}: allowed 0 (above 1737.4 km)"
        )
    return values.get("SCALE")
