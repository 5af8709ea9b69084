"""Crater catalogues and elevation grids that users bring: what is read, how mistakes are told."""

from __future__ import annotations

import gzip
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PIL.TiffImagePlugin import ImageFileDirectory_v2

from hil.world.products import ProductError, read_craters, read_elevation
from hil.world.terrain import Terrain, unit_from_degrees

SHARED = (Path(__file__).parents[2] / "../shared/data").resolve()
ROBBINS = "CRATER_ID,LAT_CIRC_IMG,LON_CIRC_IMG,DIAM_CIRC_IMG\n"


def write(tmp_path: Path, text: str, name: str = "craters.csv") -> Path:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("header", "row", "diameter_m"),
    [
        (ROBBINS, "00-1,-10.5,350.25,4.5", 4500.0),
        ("id,lon,lat,diam_m,depth_m\n", "7,350.25,-10.5,4500,200", 4500.0),
        ("Lon,Lat,Diam_km\n", "-9.75,-10.5,45", 45_000.0),
        (",Unnamed: 0,Diameter (km),Long,Lat,tag\n", "0,0,4.5,-9.75,-10.5,standard", 4500.0),
        ("latitude_deg,longitude_deg,diameter_km\n", "-10.5,-9.75,0.045", 45.0),
    ],
)
def test_public_column_names_are_known(
    tmp_path: Path, header: str, row: str, diameter_m: float
) -> None:
    craters = read_craters(write(tmp_path, header + row + "\n"))
    assert craters.latitude_deg == pytest.approx([-10.5])
    assert craters.longitude_deg == pytest.approx([-9.75])
    assert craters.diameter_m == pytest.approx([diameter_m])


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("", ["columns found: none", "LAT_CIRC_IMG"]),
        ("LAT_CIRC_IMG,DIAM_CIRC_IMG\n1,2\n", ["LON_CIRC_IMG"]),
        (ROBBINS, ["holds no crater"]),
        (
            ROBBINS + "a,10,20,\n",
            ["line 2", "DIAM_CIRC_IMG = ''", "not a number", "0.5 to 2600 km"],
        ),
        (ROBBINS + "a,10,20,nan\n", ["line 2", "DIAM_CIRC_IMG = nan", "0.5 to 2600 km"]),
        (ROBBINS + "a,95,20,3\n", ["LAT_CIRC_IMG = 95", "-90 to 90 deg"]),
        (ROBBINS + "a,10,400,3\n", ["LON_CIRC_IMG = 400", "-360 to 360 deg"]),
        (ROBBINS + "a,10,20,4500\n", ["DIAM_CIRC_IMG = 4500", "0.5 to 2600 km"]),
        (ROBBINS + "a,10,20,3\nb,11,2", ["line 3", "cut off"]),
        ("id,lon,lat,diam_m\n1,2,3,4.5\n", ["diam_m = 4.5", "500 to 2.6e+06 m"]),
    ],
)
def test_a_wrong_catalogue_is_told(tmp_path: Path, text: str, parts: list[str]) -> None:
    path = write(tmp_path, text)
    with pytest.raises(ProductError) as caught:
        read_craters(path)
    for part in [str(path), *parts]:
        assert part in str(caught.value)


def test_a_cut_off_archive_is_told(tmp_path: Path) -> None:
    whole = gzip.compress((ROBBINS + "a,10,20,3\n" * 1000).encode(), mtime=0)
    path = tmp_path / "craters.csv.gz"
    path.write_bytes(whole)
    assert len(read_craters(path)) == 1000
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ProductError, match="cannot be read to its end"):
        read_craters(path)


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(ProductError, match=re.escape(str(tmp_path / "none.csv"))):
        read_craters(tmp_path / "none.csv")


@pytest.mark.parametrize(
    ("name", "count", "smallest_m"),
    [
        ("craters_head_povilaitis/HeadCraters.csv", 5185, 20_000.0),
        ("craters_head_povilaitis/LROCCraters.csv", 19335, 5000.0),
        ("craters_lu1319381/south_pole_80S.csv", 11004, 990.0),
    ],
)
def test_published_catalogues_are_read(name: str, count: int, smallest_m: float) -> None:
    path = SHARED / name
    if not path.exists():
        pytest.skip(f"{path} is absent")
    craters = read_craters(path)
    assert len(craters) == count
    assert craters.diameter_m.min() >= smallest_m
    assert np.abs(craters.longitude_deg).max() <= 180.0


def npz(tmp_path: Path, **arrays: object) -> Path:
    path = tmp_path / "grid.npz"
    np.savez(path, **arrays)  # type: ignore[arg-type]
    return path


def test_an_elevation_grid_becomes_ground(tmp_path: Path) -> None:
    counts = np.full((16, 32), -300, np.int16)
    base = read_elevation(npz(tmp_path, height=counts, transform=np.zeros(6)), unit_m=2.0)
    heights = Terrain(1, base).height_m(unit_from_degrees([0.0, 50.0], [10.0, 179.9]), 1e6)
    assert heights == pytest.approx([-600.0, -600.0])


GRID = np.zeros((16, 32), np.int16)


def spoilt(value: float, dtype: str = "f8") -> np.ndarray:
    grid = GRID.astype(dtype)
    grid[3, 4] = value
    return grid


@pytest.mark.parametrize(
    ("arrays", "unit_m", "parts"),
    [
        ({"h": GRID}, None, ["states no scale", "unit_m"]),
        ({"h": GRID}, -1.0, ["unit_m = -1", "0 to 100 m"]),
        ({"h": GRID, "g": GRID}, 1.0, ["2 two-dimensional arrays", "exactly one"]),
        ({"h": GRID[:, :31]}, 1.0, ["16 x 31", "n x 2 n"]),
        ({"h": spoilt(np.nan)}, 1.0, ["h [3, 4] = nan"]),
        ({"h": spoilt(1.5)}, 1.0, ["float64", "int16"]),
        ({"h": spoilt(40_000, "i4")}, 1.0, ["40000", "-32768 to 32767"]),
        ({"h": spoilt(-32768, "i2")}, 1.0, ["[3, 4] = -32768", "-9500 to 11000 m", "no-data"]),
        ({"h": np.full((16, 32), "x")}, 1.0, ["<U1", "int16"]),
    ],
)
def test_a_wrong_grid_is_told(
    tmp_path: Path, arrays: dict[str, np.ndarray], unit_m: float | None, parts: list[str]
) -> None:
    path = npz(tmp_path, **arrays)
    with pytest.raises(ProductError) as caught:
        read_elevation(path, unit_m)
    for part in [str(path), *parts]:
        assert part in str(caught.value)


def geotiff(path: Path, change: Callable[[ImageFileDirectory_v2], None] = lambda _: None) -> Path:
    tags = ImageFileDirectory_v2()
    tags.tagtype.update({33550: 12, 33922: 12, 42112: 2})
    tags[33550] = (11.25, 11.25, 0.0)
    tags[33922] = (0.0, 0.0, 0.0, -180.0, 90.0, 0.0)
    tags[42112] = '<GDALMetadata><Item name="SCALE" sample="0">0.5</Item></GDALMetadata>'
    change(tags)
    Image.fromarray(np.full((16, 32), 100, np.int32)).save(path, tiffinfo=tags)
    return path


def test_a_geotiff_states_its_scale(tmp_path: Path) -> None:
    base = read_elevation(geotiff(tmp_path / "g.tif"))
    assert (base.unit_m, base.counts.shape, int(base.counts[0, 0])) == (0.5, (16, 32), 100)
    with pytest.raises(ProductError, match=r"unit_m = 1, but .* 0\.5"):
        read_elevation(tmp_path / "g.tif", 1.0)


@pytest.mark.parametrize(
    ("tag", "value", "part"),
    [
        (33550, (0.01, 0.01, 0.0), "ModelPixelScale x = 0.01: allowed 11.25 deg"),
        (33550, (10_661.0, 10_661.0, 0.0), "projected or regional"),
        (33922, (0.0, 0.0, 0.0, 0.0, 90.0, 0.0), "allowed the corner (-180, 90)"),
        (42112, '<GDALMetadata><Item name="OFFSET">1737400</Item></GDALMetadata>', "OFFSET"),
        (42112, '<GDALMetadata><Item name="SCALE">half</Item></GDALMetadata>', "not numbers"),
    ],
)
def test_a_wrong_geotiff_is_told(tmp_path: Path, tag: int, value: object, part: str) -> None:
    def change(tags: ImageFileDirectory_v2) -> None:
        tags[tag] = value

    with pytest.raises(ProductError, match=re.escape(part)):
        read_elevation(geotiff(tmp_path / "g.tif", change))


def test_a_cut_off_grid_is_told(tmp_path: Path) -> None:
    for path in (geotiff(tmp_path / "g.tif"), npz(tmp_path, h=GRID)):
        path.write_bytes(path.read_bytes()[:200])
        with pytest.raises(ProductError, match="cannot be read to its end"):
            read_elevation(path, 1.0)


def test_another_kind_of_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(ProductError, match=r"\.png.*allowed \.tif, \.tiff, \.npz"):
        read_elevation(tmp_path / "grid.png")


def test_the_published_grid_is_the_one_on_board() -> None:
    path = SHARED / "moon_global_maps/moon_dem.tif"
    if not path.exists():
        pytest.skip(f"{path} is absent")
    base = read_elevation(path)
    from hil.world.terrain import lola_base

    assert base.unit_m == lola_base().unit_m
    assert np.array_equal(base.counts, lola_base().counts)
