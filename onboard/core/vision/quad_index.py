"""Builds the index of quads of a crater catalogue, off line: the file of `crater_quads.h`.

A ground tool, with SciPy (`pip install onboard[index]`); nothing that flies imports it.
"""

from __future__ import annotations

import zlib
from itertools import combinations

import numpy as np
import numpy.typing as npt

from onboard.core._vision import lib
from onboard.core.vision.crater_index import CRC_FROM, neighbours
from onboard.core.vision.craters import CraterIndex

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

MOON_M = 1737400.0
HEADER = np.dtype(
    [
        ("magic", "S8"),
        ("crc", "<u4"),
        ("version", "<u4"),
        ("octets", "<u4"),
        ("catalogue_crc", "<u4"),
        ("crater_count", "<u4"),
        ("neighbour_count", "<u4"),
        ("cell_shift", "<u4"),
        ("quad_count", "<u4"),
        ("reserved", "<u4", 6),
    ]
)
QUAD = np.dtype([("name", "<u4"), ("step", "u1", 4)])
INSIDE, COUNTER_CLOCKWISE, CLOCKWISE = range(3)
ORDERS = np.array([[0, 1, 2], [1, 2, 0], [2, 0, 1], [0, 2, 1], [2, 1, 0], [1, 0, 2]])


def build_quad_index(
    catalogue: CraterIndex, neighbour_count: int = 10, cell_shift: int = 4
) -> bytes:
    """The file's octets, for this catalogue alone. `neighbour_count` of each crater (3 to 16) make
    quads, all combinations; 2^`cell_shift` steps of an invariant, each 1/32, are a cell (3 to 6).

    Raises ValueError for a number out of range.
    """
    for name, value, least, most in (
        ("neighbour_count", neighbour_count, 3, lib.OB_QUAD_NEIGHBOURS_MAX),
        ("cell_shift", cell_shift, 3, 6),
    ):
        if not least <= value <= most:
            raise ValueError(f"{name}: {value}, allowed {least} to {most}")
    if len(catalogue) > lib.OB_QUAD_CRATERS_MAX:
        raise ValueError(f"{len(catalogue)} craters, allowed {lib.OB_QUAD_CRATERS_MAX}")
    normal, radius_m = catalogue.normal_mcmf, catalogue.radius_m
    near = neighbours(normal, radius_m, neighbour_count, 1.0)
    quads, cells = [], []
    for members in combinations(range(neighbour_count), 3):
        names, steps, cell = quads_of(normal, radius_m, near, members, cell_shift)
        part = np.zeros(len(names), QUAD)
        part["name"], part["step"] = names, steps
        quads.append(part)
        cells.append(cell)
    cell = np.concatenate(cells)
    order = np.argsort(cell, kind="stable")
    count = 3 * (256 >> cell_shift) ** 4
    starts = np.searchsorted(cell[order], np.arange(count + 1))
    columns = [
        near.astype("<u4").tobytes(),
        starts.astype("<u4").tobytes(),
        np.concatenate(quads)[order].tobytes(),
    ]
    return with_header(columns, catalogue, neighbour_count, cell_shift, len(cell))


def quads_of(
    normal: Floats, radius_m: Floats, near: Integers, members: tuple[int, ...], cell_shift: int
) -> tuple[Integers, npt.NDArray[np.uint8], npt.NDArray[np.uint32]]:
    """Names, steps (n, 4) and cells of the quads of all craters with these of their neighbours,
    without flat ones and those beyond the steps.
    """
    anchor = np.arange(len(radius_m))
    craters = np.column_stack([anchor, near[:, members]])
    at = on_ground(normal, craters)
    order, kind = orders(at, radius_m[craters])
    invariants = invariants_of(in_order(at, order), np.log(in_order(radius_m[craters], order)))
    step = np.floor((invariants - lib.OB_QUAD_LOWEST) * lib.OB_QUAD_STEPS)
    good = ((step >= 0) & (step < 256)).all(axis=1) & ~flat(at)
    side = 256 >> cell_shift
    cell = kind.astype(np.int64)
    for k in range(4):
        cell = cell * side + (np.where(good, step[:, k], 0).astype(np.int64) >> cell_shift)
    b, c, d = np.array(members)[ORDERS[order]].T
    name = anchor << 12 | b << 8 | c << 4 | d
    return name[good], step[good].astype(np.uint8), cell[good].astype(np.uint32)


def on_ground(normal: Floats, craters: Integers) -> Floats:
    """(n, 3, 2): offsets of b, c, d from the anchor, east and north in its tangent plane, m."""
    up = normal[craters[:, 0]]
    east = np.cross(np.where(np.abs(up[:, 2:]) < 0.9, [0.0, 0.0, 1.0], [1.0, 0.0, 0.0]), up)
    east /= np.linalg.norm(east, axis=1)[:, None]
    north = np.cross(up, east)
    offset = (normal[craters[:, 1:]] - up[:, None]) * MOON_M
    return np.stack([(offset * a[:, None]).sum(axis=2) for a in (east, north)], axis=2)


def triangles(at: Floats) -> Floats:
    """(n, 4): twice the signed areas of abc, acd, adb, bcd of offsets (n, 3, 2)."""
    x, y = at[..., 0], at[..., 1]
    about = [x[:, i] * y[:, j] - y[:, i] * x[:, j] for i, j in ((0, 1), (1, 2), (2, 0))]
    return np.stack([*about, sum(about)], axis=1)


def flat(at: Floats) -> npt.NDArray[np.bool_]:
    areas = np.abs(triangles(at))
    return np.asarray(areas.min(axis=1) <= lib.OB_QUAD_FLATTEST * areas.max(axis=1))


def orders(at: Floats, radius: Floats) -> tuple[Integers, Integers]:
    """Which of ORDERS makes b, c, d of three offsets, and the kind. `radius`: (n, 4), the anchor's
    first.
    """
    positive = (triangles(at)[:, :3] > 0.0).sum(axis=1)
    turned = positive < 2
    sign = np.where(turned, -1.0, 1.0)
    around = np.where(turned, 3, 0)
    inside = (positive == 3) | (positive == 0)
    best = np.full(len(at), -np.inf)
    order = np.zeros(len(at), np.int64)
    for k in range(3):
        own = np.take_along_axis(at, ORDERS[around + k][:, :, None], axis=1)
        gap = -triangles(own)[:, 2]
        first = np.take_along_axis(radius[:, 1:], ORDERS[around + k][:, :1], axis=1)[:, 0]
        better = np.where(inside, first, gap)
        order = np.where(better > best, around + k, order)
        best = np.maximum(best, better)
    whole = triangles(at)[:, 3] * sign
    kind = np.where(inside, INSIDE, np.where(whole > 0.0, COUNTER_CLOCKWISE, CLOCKWISE))
    return order, kind


def in_order(values: Floats, order: Integers) -> Floats:
    """Of (n, 3, ...) the three, of (n, 4) the last three, in order."""
    first = values.shape[1] - 3
    index = ORDERS[order] + first
    if values.ndim == 3:
        return np.take_along_axis(values, index[:, :, None], axis=1)
    return np.column_stack([values[:, :first], np.take_along_axis(values, index, axis=1)])


def invariants_of(at: Floats, log_radius: Floats) -> Floats:
    """(n, 4): I1 to I4 of offsets (n, 3, 2) and logs of radii (n, 4)."""
    a, b, c, d = log_radius.T
    logs = np.stack([a + b + c, a + c + d, a + d + b, b + c + d], axis=1)
    return np.asarray(np.log(np.maximum(np.abs(triangles(at)), 1e-300)) - 2.0 / 3.0 * logs)


def with_header(
    columns: list[bytes], catalogue: CraterIndex, neighbour_count: int, cell_shift: int, quads: int
) -> bytes:
    header = np.zeros(1, HEADER)
    header["magic"] = b"OBQUADS"
    header["version"] = lib.OB_QUAD_INDEX_VERSION
    header["octets"] = HEADER.itemsize + sum(map(len, columns))
    header["catalogue_crc"] = catalogue.crc
    header["crater_count"] = len(catalogue)
    header["neighbour_count"] = neighbour_count
    header["cell_shift"] = cell_shift
    header["quad_count"] = quads
    body = b"".join(columns)
    header["crc"] = zlib.crc32(header.tobytes()[CRC_FROM:] + body)
    return header.tobytes() + body
