"""What a scenario amounts to: ground and map from the user's own files, what navigation is told."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
import short_scenario

from hil.bench.setting import InputError, Setting, cautions, prepare
from hil.world.terrain import lola_base, unit_from_degrees

SITE = unit_from_degrees(60.5, -4.6)


def setting(folder: Path, **options: str | float) -> Setting:
    return prepare(short_scenario.scenario(folder, **options)[0], seed=1)


@pytest.fixture(scope="module")
def shipped(tmp_path_factory: pytest.TempPathFactory) -> Setting:
    return setting(tmp_path_factory.mktemp("shipped"))


def test_navigation_is_told_the_nominal_start(shipped: Setting) -> None:
    """Distances and speed do not depend on the frame: those of the plant's nominal start."""
    told, start = shipped.knowledge, shipped.start
    radius_m = 1_737_400.0 + shipped.map.site.elevation_m
    x, y, z = told.position_site_m
    assert math.hypot(x, y, z + radius_m) == pytest.approx(
        math.dist((0, 0, 0), start.position_mci_m)
    )
    inertial_m_s = math.dist((0, 0, 0), start.velocity_mci_m_s)
    ground_m_s = math.dist((0, 0, 0), told.velocity_site_m_s)
    assert abs(inertial_m_s - ground_m_s) < 2.6617e-6 * 1.80e6  # the Moon turns by that much
    assert told.position_sigma_m == (500.0,) * 3


def test_a_survey_belongs_to_the_seed_unless_the_scenario_says_so(tmp_path: Path) -> None:
    own = [prepare(short_scenario.scenario(tmp_path)[0], seed).map for seed in (1, 2)]
    assert not np.array_equal(own[0].grids[0].height_m, own[1].grids[0].height_m)
    fixed = short_scenario.scenario(tmp_path, world="survey_seed = 5")[0]
    maps = [prepare(fixed, seed).map for seed in (1, 2)]
    assert np.array_equal(maps[0].grids[0].height_m, maps[1].grids[0].height_m)


def test_own_craters_are_flown_over(tmp_path: Path, shipped: Setting) -> None:
    """A crater of 8 km at the target, file named relative to the scenario, digs the site down."""
    (tmp_path / "mine.csv").write_text(
        "latitude_deg,longitude_deg,diameter_km\n60.5,-4.6,8.0\n", encoding="utf-8"
    )
    mine = setting(tmp_path, world='craters = "mine.csv"')
    assert len(mine.terrain.catalogue_craters()) == 1
    assert mine.terrain.height_m(SITE) < shipped.terrain.height_m(SITE) - 300.0
    assert mine.map.site.elevation_m == pytest.approx(mine.terrain.height_m(SITE), abs=50.0)


def test_own_elevation_is_flown_over(tmp_path: Path, shipped: Setting) -> None:
    """The shipped grid raised by 1 km, in counts of 0.5 m, raises the site by as much."""
    counts = (lola_base().counts.astype(np.int32) + 2000).clip(-32768, 21_999).astype(np.int16)
    np.savez(tmp_path / "mine.npz", height=counts)
    mine = setting(tmp_path, world='elevation = "mine.npz"\nelevation_unit_m = 0.5')
    risen = mine.terrain.height_m(SITE) - shipped.terrain.height_m(SITE)
    assert risen == pytest.approx(1000.0, abs=1e-6)
    assert mine.map.site.elevation_m - shipped.map.site.elevation_m == pytest.approx(
        1000.0, abs=10.0
    )


@pytest.mark.parametrize(
    ("name", "content", "world", "words"),
    [
        ("c.csv", b"", 'craters = "c.csv"', ("c.csv", "columns found: none")),
        ("c.csv", b"latitude_deg,longitude_deg,diameter_km\n95,0,8\n", 'craters = "c.csv"',
         ("line 2", "latitude_deg = 95", "-90 to 90 deg")),
        ("c.csv", b"latitude_deg,longitude_deg,diameter_km\n60,0,nan\n", 'craters = "c.csv"',
         ("line 2", "diameter_km = nan")),
        ("c.csv", b"latitude_deg,longitude_deg,diameter_km\n60,0", 'craters = "c.csv"',
         ("line 2", "cut off")),
        ("e.npz", b"PK\x03\x04", 'elevation = "e.npz"', ("e.npz", "cannot be read to its end")),
        ("e.txt", b"1 2", 'elevation = "e.txt"', ("e.txt", ".npz")),
        ("x", b"", 'craters = "gone.csv"', ("gone.csv", "No such file")),
    ],
)  # fmt: skip
def test_a_product_that_cannot_be_used_is_named(
    tmp_path: Path, name: str, content: bytes, world: str, words: tuple[str, ...]
) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError) as caught:
        setting(tmp_path, world=world)
    for word in words:
        assert word in str(caught.value)


def test_an_elevation_without_scale_asks_for_it(tmp_path: Path) -> None:
    np.savez(tmp_path / "e.npz", height=np.zeros((8, 16), np.int16))
    with pytest.raises(InputError, match="unit_m"):
        setting(tmp_path, world='elevation = "e.npz"')


def test_night_at_the_target_is_pointed_out(tmp_path: Path) -> None:
    """Half a lunation (14.77 d) after a morning at the target it is night there."""
    day, _ = short_scenario.scenario(tmp_path)
    assert cautions(day) == []
    night = day.model_copy(update={"epoch_utc": day.epoch_utc.replace(day=20)})
    [line] = cautions(night)
    assert "epoch_utc = 2025-06-20T19:17:00Z" in line
    assert "below the horizon" in line


def test_a_second_imu_is_like_the_first_with_errors_of_its_own(tmp_path: Path) -> None:
    one, _ = short_scenario.scenario(tmp_path)
    two = prepare(one.model_copy(update={"imus": 2}), 1)
    assert [i.name for i in two.preset.imu] == ["imu.a", "imu.b"]
    plant = two.plant()
    plant.step()
    a, b = (plant.ports[name].read() for name in ("imu.a", "imu.b"))
    assert a[2:8] != b[2:8]
    assert a[2:8] == pytest.approx(b[2:8], abs=1e-3)  # 7 sigma of the noise of a difference
    assert a.time_ns == b.time_ns
    assert "imu.b" in two.input_names and "imu.b" not in prepare(one, 1).input_names
