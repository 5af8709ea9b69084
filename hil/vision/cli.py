"""`onboard vision`: craters of an image and of a catalogue."""

from __future__ import annotations

import csv
import gzip
import json
import mmap
import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import click
import numpy as np
import numpy.typing as npt

from hil.vision.images import FileError, read_grey
from hil.vision.picture import draw
from hil.vision.prior import MOON_M, Floats, Prior, read_prior
from hil.vision.sighting import Pose, Sighting, Slanted, outlines, sight
from hil.world.products import ProductError, read_craters, read_elevation
from hil.world.terrain import BaseElevation, lola_base
from onboard.core.vision.craters import CraterIndex

REFUSED = 3
WRONG_INPUT = 2
FILE = click.Path(dir_okay=False, path_type=Path)


@click.group()
def vision() -> None:
    """Craters: which are in an image, and from where it was taken."""


@vision.command("index")
@click.argument("catalogue", type=FILE)
@click.option("--output", type=FILE, required=True, help="The index.")
@click.option("--neighbours", type=click.IntRange(8, 64), default=48, show_default=True)
@click.option(
    "--elevation",
    type=FILE,
    help="Global grid of heights (NPZ, GeoTIFF); else LOLA at 10.7 km, which is built in.",
)
@click.option("--elevation-unit", type=float, help="Metres in one count of the grid.")
def build(
    catalogue: Path,
    output: Path,
    neighbours: int,
    elevation: Path | None,
    elevation_unit: float | None,
) -> None:
    """Build the index that `match` takes.

    CATALOGUE is a CSV, plain or gzipped, with the columns of Robbins 2018, LU1319381, Head 2010,
    Povilaitis 2018, or latitude_deg, longitude_deg, diameter_km.
    """
    try:
        craters = read_craters(catalogue)
        grid = read_elevation(elevation, elevation_unit) if elevation else lola_base()
        octets = index_of(craters, grid, neighbours)
        write_octets(output, octets)
    except (FileError, ProductError) as error:
        fail(str(error))
    click.echo(f"{output}: {len(craters)} craters, {len(octets) / 1e6:.1f} MB")


def index_of(craters: Any, grid: BaseElevation, neighbours: int) -> bytes:
    try:
        from onboard.core.vision.crater_index import build_index
    except ImportError:
        raise FileError("building an index needs SciPy: pip install onboard[vision]") from None
    try:
        return build_index(
            craters.longitude_deg,
            craters.latitude_deg,
            0.5 * craters.diameter_m,
            heights(grid, craters.latitude_deg, craters.longitude_deg),
            neighbour_count=neighbours,
        )
    except ValueError as error:
        raise FileError(f"catalogue: {error}") from None


def heights(grid: BaseElevation, latitude_deg: Floats, longitude_deg: Floats) -> Floats:
    """Of the ground over the sphere of 1737.4 km, bilinear between the centres of the cells."""
    rows, columns = grid.counts.shape
    row = np.clip((90.0 - latitude_deg) / 180.0 * rows - 0.5, 0.0, rows - 1.001)
    column = np.mod((longitude_deg + 180.0) / 360.0 * columns - 0.5, columns)
    i, j = row.astype(np.int64), column.astype(np.int64) % columns
    p, q, k = row - i, column - np.floor(column), (j + 1) % columns
    counts = grid.counts
    upper = (1.0 - q) * counts[i, j] + q * counts[i, k]
    lower = (1.0 - q) * counts[i + 1, j] + q * counts[i + 1, k]
    result: Floats = grid.unit_m * ((1.0 - p) * upper + p * lower)
    return result


@vision.command("match")
@click.argument("image", type=FILE)
@click.option("--map", "map_file", type=FILE, required=True, help="Index of a crater catalogue.")
@click.option("--prior", "prior_file", type=FILE, required=True, help="What is known (TOML).")
@click.option("--output", type=FILE, help="Draw what was matched: a PNG.")
@click.option(
    "--names", type=FILE, help="Catalogue of the index; its column `name` labels matches."
)
@click.option("--json", "json_wanted", is_flag=True, help="One object with every match.")
def match(
    image: Path,
    map_file: Path,
    prior_file: Path,
    output: Path | None,
    names: Path | None,
    json_wanted: bool,
) -> None:
    """Tell which craters of a map are in IMAGE, and from where it was taken.

    IMAGE is grey, 8 or 16 bit (PNG, PGM, TIFF), without distortion. With a position and an attitude
    good to 2 px in the prior the matcher of the landing answers; else craters are identified from
    the attitude alone.

    Exit status: 0 a fix, 3 no fix (the reason is told), 2 the input was wrong.
    """
    try:
        index, prior, pixels = open_index(map_file), read_prior(prior_file), read_grey(image)
        labels = read_names(names, int(index.rows.max()) + 1) if names else {}
        sighting = see(pixels, index, prior, image, prior_file)
        rims = outlines(index, sighting.pose, prior, pixels.shape) if sighting.pose else NO_RIMS
        if output:
            draw(pixels, sighting, rims, labels, output)
    except FileError as error:
        fail(str(error))
    answer = as_json(sighting, labels)
    click.echo(json.dumps(answer, indent=2) if json_wanted else as_text(sighting, pixels.shape))
    sys.exit(0 if sighting.found else REFUSED)


NO_RIMS: tuple[npt.NDArray[np.int64], Floats] = (np.zeros(0, np.int64), np.zeros((0, 49, 2)))


def see(
    pixels: npt.NDArray[np.uint8], index: CraterIndex, prior: Prior, image: Path, prior_file: Path
) -> Sighting:
    try:
        return sight(pixels, index, prior)
    except Slanted as error:
        raise FileError(f"{prior_file}: {error}") from None
    except ValueError as error:
        raise FileError(f"{image}: {error}") from None


def open_index(path: Path) -> CraterIndex:
    try:
        with path.open("rb") as file:
            octets = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        return CraterIndex(octets)
    except OSError as error:
        raise FileError(f"{path}: cannot be read: {error.strerror}") from None
    except ValueError as error:  # an empty file cannot be mapped
        raise FileError(f"{path}: {error}; `onboard vision index` builds one") from None


def read_names(path: Path, count: int) -> dict[int, str]:
    """By row of the catalogue."""
    opener = gzip.open if path.suffix == ".gz" else open
    try:
        with opener(path, "rt", encoding="utf-8-sig", newline="") as file:
            rows = csv.DictReader(file)
            if "name" not in (rows.fieldnames or ()):
                raise FileError(
                    f"{path}: columns {', '.join(rows.fieldnames or ())}: none is `name`"
                )
            names = {k: row["name"] or "" for k, row in enumerate(rows)}
    except (OSError, EOFError, UnicodeDecodeError, csv.Error) as error:
        reason = getattr(error, "strerror", None) or error
        raise FileError(f"{path}: cannot be read to its end: {reason}") from None
    if len(names) < count:
        raise FileError(f"{path}: {len(names)} rows, the map has {count}: not its catalogue")
    return names


def as_text(sighting: Sighting, shape: tuple[int, ...]) -> str:
    count = int((sighting.rows >= 0).sum())
    lines = [
        f"{shape[1]} x {shape[0]} px, {len(sighting.detections)} craters detected "
        f"({sighting.method})",
        f"{sighting.status}: {count} matches of {sighting.expected} craters that should show; "
        f"chance of a false fix at most 10^{sighting.log10_chance:.1f}",
    ]
    if sighting.pose is None:
        return "\n".join(lines)
    p = place(sighting.pose)
    east, north, up = p["sigma_m"]
    lines += [
        f"latitude {p['latitude_deg']:.5f} deg, longitude {p['longitude_deg']:.5f} deg, "
        f"altitude {p['altitude_m']:,.0f} m",
        f"sigma {east:,.0f} m east, {north:,.0f} m north, {up:,.0f} m up; residuals "
        f"{sighting.residual_px:.2f} px per axis",
        "attitude sigma "
        + ", ".join(f"{s:.3f}" for s in np.degrees(sighting.pose.turn_sigma_rad))
        + " deg about the camera's axes",
    ]
    if not sighting.found:
        lines.append("this pose was refused")
    return "\n".join(lines)


def place(pose: Pose) -> dict[str, Any]:
    x, y, z = pose.position_mcmf_m
    distance = float(np.linalg.norm(pose.position_mcmf_m))
    latitude, longitude = np.arcsin(z / distance), np.arctan2(y, x)
    s, c, sl, cl = np.sin(latitude), np.cos(latitude), np.sin(longitude), np.cos(longitude)
    axes = np.array([[-sl, cl, 0.0], [-s * cl, -s * sl, c], [c * cl, c * sl, s]])
    sigma = np.sqrt(np.diagonal(axes @ pose.covariance_m2 @ axes.T))
    return {
        "latitude_deg": float(np.degrees(latitude)),
        "longitude_deg": float(np.degrees(longitude)),
        "altitude_m": distance - MOON_M,
        "sigma_m": [float(v) for v in sigma],  # east, north, up
    }


def as_json(sighting: Sighting, names: dict[int, str]) -> dict[str, Any]:
    pose = sighting.pose
    return {
        "found": sighting.found,
        "status": sighting.status,
        "method": sighting.method,
        "log10_chance": sighting.log10_chance,
        "expected": sighting.expected,
        "residual_px": sighting.residual_px,
        "pose": pose
        and {
            **place(pose),
            "position_mcmf_m": pose.position_mcmf_m.tolist(),
            "covariance_m2": pose.covariance_m2.tolist(),
            "q_camera_from_mcmf": [float(v) for v in pose.q_camera_from_mcmf],
            "turn_sigma_rad": pose.turn_sigma_rad.tolist(),
        },
        "detections": [
            {
                "pixel": detection["pixel"].tolist(),
                "radius_px": float(detection["radius_px"]),
                "row": int(row) if row >= 0 else None,
                "name": names.get(int(row)) or None,
                "probability": None if np.isnan(probability) else float(probability),
            }
            for detection, row, probability in zip(
                sighting.detections, sighting.rows, sighting.probability, strict=True
            )
        ],
    }


def write_octets(path: Path, octets: bytes) -> None:
    """Entirely or not at all."""
    partial = path.with_name(f".{path.name}.partial")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        partial.write_bytes(octets)
        os.replace(partial, path)
    except OSError as error:
        with suppress(OSError):
            partial.unlink()
        raise FileError(f"{path}: cannot be written: {error.strerror}") from None


def fail(message: str) -> None:
    click.echo(message, err=True)
    sys.exit(WRONG_INPUT)
