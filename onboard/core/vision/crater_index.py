"""Builds the index of a crater catalogue, off line: the file of `crater_catalogue.h`.

A ground tool, with SciPy (`pip install onboard[index]`); nothing that flies imports it.
"""

from __future__ import annotations

import zlib

import numpy as np
import numpy.typing as npt
from scipy.spatial import cKDTree

from onboard.core._vision import lib

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

HEADER = np.dtype(
    [
        ("magic", "S8"),
        ("crc", "<u4"),
        ("version", "<u4"),
        ("octets", "<u4"),
        ("count", "<u4"),
        ("neighbour_count", "<u4"),
        ("class_count", "<u4"),
        ("tile_count", "<u4"),
        ("radius_unit_m", "<f4"),
        ("reserved", "<u4", 6),
    ]
)
CLASS = np.dtype(
    [("first_tile", "<u4"), ("tile_count", "<u4"), ("radius_m", "<f4", 2)],
)
TILE = np.dtype(
    [("centre", "<f4", 3), ("sine", "<f4"), ("cosine", "<f4"), ("first", "<u4"), ("count", "<u4")]
)
CRC_FROM = 12  # octets of the header before what the CRC is of
DIRECTION_UNIT = 2.0**-30
CLASS_FACTOR = 1.5  # from the least to the largest radius of a class
LEVEL_FACTOR = 1.2  # of radii, in the search for neighbours
TILE_CRATERS = 24  # in a tile, on the average of a class


def directions(longitude_deg: Floats, latitude_deg: Floats) -> Floats:
    """(n, 3) unit vectors, mcmf."""
    longitude, latitude = np.radians(longitude_deg), np.radians(latitude_deg)
    return np.column_stack(
        [
            np.cos(latitude) * np.cos(longitude),
            np.cos(latitude) * np.sin(longitude),
            np.sin(latitude),
        ]
    )


def build_index(
    longitude_deg: Floats,
    latitude_deg: Floats,
    radius_m: Floats,
    height_m: Floats | None = None,
    neighbour_count: int = 48,
    neighbour_radius_min: float = 0.0,
    rows: Integers | None = None,
) -> bytes:
    """The file's octets. Arrays of one length n; `height_m` is of the rim plane over the sphere of
    1737.4 km. Neighbours of a crater have at least `neighbour_radius_min` of its radius.
    `rows`: what the index calls the craters, 0 to n - 1 unless given.

    Raises ValueError for different lengths, none or too many craters, or a number out
    of range. Radii are rounded to the largest over 65,535, in whole metres.
    """
    height = np.zeros(len(radius_m)) if height_m is None else height_m
    check(longitude_deg, latitude_deg, radius_m, height)
    normal = directions(longitude_deg, latitude_deg)
    size = class_of(radius_m)
    tile = tile_of(longitude_deg, latitude_deg, size)
    order = np.lexsort((np.arange(len(size)), tile, size))
    normal, radius_m, size, tile = normal[order], radius_m[order], size[order], tile[order]
    classes, tiles = tables(normal, radius_m, size, tile)
    near = neighbours(normal, radius_m, neighbour_count, neighbour_radius_min)
    unit_m = np.ceil(radius_m.max() / 65535.0)
    columns = [
        classes.tobytes(),
        tiles.tobytes(),
        np.rint(normal.T / DIRECTION_UNIT).astype("<i4").tobytes(),
        (order if rows is None else rows[order]).astype("<u4").tobytes(),
        near.astype("<u4").tobytes(),
        np.maximum(1, np.rint(radius_m / unit_m)).astype("<u2").tobytes(),
        np.rint(np.asarray(height)[order]).astype("<i2").tobytes(),
    ]
    counts = (len(order), neighbour_count, len(classes), len(tiles))
    return with_header(columns, counts, float(unit_m))


def build_region(
    longitude_deg: Floats,
    latitude_deg: Floats,
    radius_m: Floats,
    height_m: Floats | None = None,
    *,
    about_deg: tuple[float, float],
    reach_deg: float,
    neighbour_count: int = 48,
) -> bytes:
    """The index of the craters within `reach_deg`, an angle at the Moon's centre, of a longitude
    and latitude: for a board that lands there. It names craters by their rows in the whole
    catalogue.
    """
    there = directions(*(np.array([angle]) for angle in about_deg))[0]
    near = directions(longitude_deg, latitude_deg) @ there >= np.cos(np.radians(reach_deg))
    rows = np.flatnonzero(near)
    return build_index(
        longitude_deg[rows],
        latitude_deg[rows],
        radius_m[rows],
        None if height_m is None else height_m[rows],
        neighbour_count=neighbour_count,
        rows=rows,
    )


def check(longitude_deg: Floats, latitude_deg: Floats, radius_m: Floats, height_m: Floats) -> None:
    count = len(radius_m)
    if not len(longitude_deg) == len(latitude_deg) == len(height_m) == count:
        raise ValueError("longitude_deg, latitude_deg, radius_m, height_m: different lengths")
    if not 1 < count <= lib.OB_CRATER_INDEX_CRATERS_MAX:
        raise ValueError(f"{count} craters, allowed 2 to {lib.OB_CRATER_INDEX_CRATERS_MAX}")
    for name, values, least, most in (
        ("longitude_deg", longitude_deg, -360.0, 360.0),
        ("latitude_deg", latitude_deg, -90.0, 90.0),
        ("radius_m", radius_m, 1.0, 1737e3),
        ("height_m", height_m, -32e3, 32e3),
    ):
        wrong = ~((values >= least) & (values <= most))
        if wrong.any():
            row = int(np.flatnonzero(wrong)[0])
            raise ValueError(f"{name}[{row}]: {values[row]}, allowed {least} to {most}")


def class_of(radius_m: Floats) -> Integers:
    """Class of each, 0 the smallest; the empty ones are left out."""
    raw = np.floor(np.log(radius_m / radius_m.min()) / np.log(CLASS_FACTOR) + 1e-9)
    return np.unique(raw, return_inverse=True)[1].astype(np.int64)


def tile_of(longitude_deg: Floats, latitude_deg: Floats, size: Integers) -> Integers:
    """Number of the tile within its class: bands of latitude, cut into stretches of about the same
    width.
    """
    tile = np.zeros(len(size), np.int64)
    for k in range(int(size.max()) + 1):
        of = size == k
        bands = max(1, round(np.sqrt(np.pi / 4.0 * of.sum() / TILE_CRATERS)))
        band = np.minimum(((latitude_deg[of] + 90.0) / 180.0 * bands).astype(np.int64), bands - 1)
        middle = np.radians((band + 0.5) / bands * 180.0 - 90.0)
        around = np.maximum(1, np.rint(2.0 * bands * np.cos(middle)).astype(np.int64))
        along = ((longitude_deg[of] % 360.0) / 360.0 * around).astype(np.int64) % around
        tile[of] = band * 4 * bands + along
    return tile


def tables(
    normal: Floats, radius_m: Floats, size: Integers, tile: Integers
) -> tuple[npt.NDArray[np.void], npt.NDArray[np.void]]:
    """Classes and tiles of craters that are in order of both."""
    starts = np.flatnonzero(np.r_[True, (np.diff(size) != 0) | (np.diff(tile) != 0)])
    ends = np.r_[starts[1:], len(size)]
    tiles = np.zeros(len(starts), TILE)
    for k, (first, end) in enumerate(zip(starts, ends, strict=True)):
        centre = normal[first:end].sum(axis=0)
        centre /= np.linalg.norm(centre)
        angle = np.arccos(np.clip((normal[first:end] @ centre).min(), -1.0, 1.0)) + 1e-5
        tiles[k] = (centre, np.sin(angle), np.cos(angle), first, end - first)
    classes = np.zeros(int(size.max()) + 1, CLASS)
    for k in range(len(classes)):
        own = np.flatnonzero(size[starts] == k)
        radii = radius_m[size == k]
        classes[k] = (own[0], len(own), (0.9 * radii.min(), 1.1 * radii.max()))
    return classes, tiles


def neighbours(normal: Floats, radius_m: Floats, count: int, radius_min: float) -> Integers:
    """(n, count) indices of the nearest others with at least `radius_min` of the radius, nearest
    first; the crater itself where there are too few.
    """
    found = np.tile(np.arange(len(normal))[:, None], (1, count))
    if count == 0:
        return found
    level = np.floor(np.log(radius_m / radius_m.min()) / np.log(LEVEL_FACTOR))
    for k in np.unique(level):
        missing = np.flatnonzero(level == k)
        large = np.flatnonzero(radius_m >= radius_min * radius_m[missing].min())
        tree, wanted = cKDTree(normal[large]), min(2 * count + 1, len(large))
        while len(missing) > 0:
            near = large[tree.query(normal[missing], k=wanted)[1].reshape(-1, wanted)]
            good = near != missing[:, None]
            good &= radius_m[near] >= radius_min * radius_m[missing][:, None]
            rank = np.argsort(~good, axis=1, kind="stable")[:, :count]
            kept = np.take_along_axis(good, rank, 1)
            chosen = np.where(kept, np.take_along_axis(near, rank, 1), missing[:, None])
            found[missing, : chosen.shape[1]] = chosen
            missing = missing[kept.sum(axis=1) < count] if wanted < len(large) else missing[:0]
            wanted = min(2 * wanted, len(large))
    return found


def with_header(columns: list[bytes], counts: tuple[int, int, int, int], unit_m: float) -> bytes:
    """`counts`: craters, neighbours of each, classes, tiles."""
    header = np.zeros(1, HEADER)
    header["magic"] = b"OBCRATER"
    header["version"] = lib.OB_CRATER_INDEX_VERSION
    header["octets"] = HEADER.itemsize + sum(map(len, columns))
    for name, count in zip(
        ("count", "neighbour_count", "class_count", "tile_count"), counts, strict=True
    ):
        header[name] = count
    header["radius_unit_m"] = unit_m
    body = b"".join(columns)
    header["crc"] = zlib.crc32(header.tobytes()[CRC_FROM:] + body)
    return header.tobytes() + body
