"""The file of a crater index: what is written is read, and nothing damaged is taken."""

import mmap
import zlib
from pathlib import Path

import numpy as np
import pytest
from crater_views import scattered

from onboard.core.vision.crater_index import (
    CLASS,
    CRC_FROM,
    HEADER,
    TILE,
    build_index,
    build_region,
)
from onboard.core.vision.craters import CraterIndex

CRATERS = scattered(500, seed=1)
INDEX = build_index(
    CRATERS.longitude_deg, CRATERS.latitude_deg, CRATERS.radius_m, neighbour_count=8
)


def with_crc(octets: bytearray) -> bytes:
    octets[8:12] = zlib.crc32(octets[CRC_FROM:]).to_bytes(4, "little")
    return bytes(octets)


def header_field(name: str) -> slice:
    kind, offset = HEADER.fields[name][:2]
    return slice(offset, offset + kind.itemsize)


def columns() -> int:
    """Where the columns of directions begin."""
    header = np.frombuffer(INDEX[: HEADER.itemsize], HEADER)[0]
    classes, tiles = int(header["class_count"]), int(header["tile_count"])
    return HEADER.itemsize + classes * CLASS.itemsize + tiles * TILE.itemsize


def test_rows_are_a_permutation_of_the_catalogue() -> None:
    index = CraterIndex(INDEX)
    assert len(index) == 500
    assert sorted(index.rows) == list(range(500))


def test_directions_and_radii_are_those_of_the_catalogue() -> None:
    index = CraterIndex(INDEX)
    at = columns()
    direction = np.frombuffer(INDEX[at : at + 12 * 500], "<i4").reshape(3, 500).T * 2.0**-30
    # Half a unit of 2^-30 an axis.
    assert np.abs(direction - CRATERS.normal[index.rows]).max() <= 0.51 * 2.0**-30
    header = np.frombuffer(INDEX[: HEADER.itemsize], HEADER)[0]
    radius_at = at + 500 * (12 + 4 + 4 * 8)
    radius = np.frombuffer(INDEX[radius_at : radius_at + 1000], "<u2") * header["radius_unit_m"]
    assert np.abs(radius - CRATERS.radius_m[index.rows]).max() <= 0.51 * header["radius_unit_m"]


def test_neighbours_are_the_nearest_by_brute_force() -> None:
    rows = CraterIndex(INDEX).rows
    at = columns() + 500 * 16
    near = np.frombuffer(INDEX[at : at + 4 * 8 * 500], "<u4").reshape(500, 8)
    cosine = CRATERS.normal[rows] @ CRATERS.normal[rows].T
    np.fill_diagonal(cosine, -2.0)
    expected = np.argsort(-cosine, axis=1)[:, :8]
    assert (near == expected).mean() > 0.999  # but for ties


def test_an_index_in_a_mapped_file(tmp_path: Path) -> None:
    path = tmp_path / "craters"
    path.write_bytes(INDEX)
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
        index = CraterIndex(mapped)
        assert len(index) == 500
        del index


@pytest.mark.parametrize("at", [*range(0, 96), *range(96, len(INDEX), 997), len(INDEX) - 1])
def test_any_octet_damaged_is_refused(at: int) -> None:
    octets = bytearray(INDEX)
    octets[at] ^= 0x10
    with pytest.raises(ValueError, match="crater index: "):
        CraterIndex(bytes(octets))


@pytest.mark.parametrize("length", [0, 1, 63, 64, 100, len(INDEX) // 2, len(INDEX) - 1])
def test_a_cut_file_is_refused(length: int) -> None:
    with pytest.raises(ValueError, match="shorter"):
        CraterIndex(INDEX[:length])


def test_octets_after_the_end_are_refused() -> None:
    with pytest.raises(ValueError, match="counts"):
        CraterIndex(INDEX + b"\0")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("count", 0),
        ("count", 499),
        ("count", 2**32 - 1),
        ("neighbour_count", 65),
        ("class_count", 0),
        ("tile_count", 2**31),
    ],
)
def test_wrong_counts_are_refused_though_the_crc_is_right(name: str, value: int) -> None:
    octets = bytearray(INDEX)
    octets[header_field(name)] = value.to_bytes(4, "little")
    with pytest.raises(ValueError, match="counts"):
        CraterIndex(with_crc(octets))


@pytest.mark.parametrize(
    ("offset", "value"),
    [
        (columns() + 500 * 16, (500).to_bytes(4, "little")),  # a neighbour beyond the last
        (columns(), b"\xff\xff\xff\x7f"),  # no unit vector
        (columns() + 500 * (16 + 32), b"\0\0"),  # a radius of 0
        (HEADER.itemsize, b"\1\0\0\0"),  # a class that begins with the second tile
        (columns() - TILE.itemsize + 24, b"\xff\xff\xff\x7f"),  # a tile with more than all craters
        (columns() - TILE.itemsize, b"\0\0\xc0\x7f"),  # a tile about NaN
    ],
)
def test_wrong_contents_are_refused_though_the_crc_is_right(offset: int, value: bytes) -> None:
    octets = bytearray(INDEX)
    octets[offset : offset + len(value)] = value
    with pytest.raises(ValueError, match="out of range"):
        CraterIndex(with_crc(octets))


def test_another_version_is_refused() -> None:
    octets = bytearray(INDEX)
    octets[header_field("version")] = (2).to_bytes(4, "little")
    with pytest.raises(ValueError, match="version"):
        CraterIndex(with_crc(octets))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("latitude_deg", 90.1),
        ("longitude_deg", np.nan),
        ("radius_m", 0.0),
        ("radius_m", np.inf),
        ("height_m", 40e3),
    ],
)
def test_what_cannot_be_indexed_is_named(name: str, value: float) -> None:
    arrays = {
        "longitude_deg": np.zeros(3),
        "latitude_deg": np.arange(3.0),
        "radius_m": np.full(3, 5e3),
        "height_m": np.zeros(3),
    }
    arrays[name][1] = value
    with pytest.raises(ValueError, match=rf"{name}\[1\]"):
        build_index(**arrays, neighbour_count=2)


def test_fewer_craters_than_neighbours() -> None:
    index = build_index(np.arange(3.0), np.zeros(3), np.full(3, 5e3), neighbour_count=8)
    assert len(CraterIndex(index)) == 3


def test_a_region_has_the_craters_within_reach_under_their_own_rows() -> None:
    """By great circles (haversine), another formula than the builder's."""
    octets = build_region(
        CRATERS.longitude_deg,
        CRATERS.latitude_deg,
        CRATERS.radius_m,
        about_deg=(25.2, -13.3),
        reach_deg=30.0,
        neighbour_count=8,
    )
    longitude, latitude = np.radians(CRATERS.longitude_deg), np.radians(CRATERS.latitude_deg)
    at = np.radians([25.2, -13.3])
    half = np.sin((latitude - at[1]) / 2) ** 2
    half += np.cos(latitude) * np.cos(at[1]) * np.sin((longitude - at[0]) / 2) ** 2
    inside = np.flatnonzero(2.0 * np.arcsin(np.sqrt(half)) < np.radians(30.0))
    assert sorted(CraterIndex(octets).rows) == list(inside)


def test_an_empty_region_is_refused() -> None:
    with pytest.raises(ValueError, match="0 craters"):
        build_region(
            np.zeros(3), np.arange(3.0), np.full(3, 5e3), about_deg=(90.0, 0.0), reach_deg=1.0
        )
