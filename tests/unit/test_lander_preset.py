"""The `slim` preset against docs/architecture.md, and what a wrong preset is told."""

from __future__ import annotations

import copy
import math
import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import hil.plant
from hil.plant.preset import PresetError, load_preset, parse_preset
from tests.plant_setup import SITE, SLIM, SmoothGround, above, lander, rotate

FILE = Path(hil.plant.__file__).parent / "presets" / "slim.toml"
VALUES = tomllib.loads(FILE.read_text("utf-8"))


def changed(path: str, value: Any) -> dict[str, Any]:
    """The preset with one value replaced, or removed when `value` is `...`."""
    values: Any = copy.deepcopy(VALUES)
    *keys, last = [int(k) if k.isdigit() else k for k in path.split(".")]
    place = values
    for key in keys:
        place = place[key]
    if value is ...:
        del place[last]
    else:
        place[last] = value
    result: dict[str, Any] = values
    return result


def test_masses_and_inertia_are_those_of_the_architecture() -> None:
    m = SLIM.mass
    assert (m.dry_kg, m.propellant_kg) == (200.0, 185.0)
    assert m.inertia_full_kg_m2 == (200.0, 200.0, 160.0)
    assert m.inertia_dry_kg_m2 == (130.0, 130.0, 100.0)


def test_main_engines_are_those_of_the_architecture() -> None:
    e = SLIM.engines
    assert (e.thrust_n, e.specific_impulse_s, e.throttle_minimum) == (500.0, 320.0, 0.15)
    assert (e.valve_delay_s, e.lag_s) == (0.05, 0.08)
    assert [m.position_body_m for m in e.mount] == [(0.0, 0.2, -0.8), (0.0, -0.2, -0.8)]


@pytest.mark.parametrize("index", [0, 1])
def test_each_thrust_line_misses_the_centre_of_mass_by_5_cm(index: int) -> None:
    mount = SLIM.engines.mount[index]
    arm = np.cross(mount.position_body_m, mount.direction_body)
    assert arm == pytest.approx([0.05 * (1, -1)[index], 0.0, 0.0], abs=1e-12)
    assert mount.direction_body[2] > 0.9


def test_attitude_thrusters_are_those_of_the_architecture() -> None:
    t = SLIM.thrusters
    assert (t.thrust_n, t.specific_impulse_s, t.minimum_on_time_us) == (20.0, 220.0, 8000)
    plant = lander(SmoothGround(), above(1000.0))
    spec = plant.handle.config.thruster
    corners = [(0.8, 0.8), (-0.8, 0.8), (-0.8, -0.8), (0.8, -0.8)]
    for k in range(12):
        position, direction = list(spec.position_body_m[k]), list(spec.direction_body[k])
        assert position == [*corners[k // 3], 0.0]
        if k % 3 == 0:
            assert direction == [0.0, 0.0, 1.0]
        elif k % 3 == 1:
            assert direction == [0.0, 0.0, -1.0]
        else:
            torque = np.cross(position, direction)
            yaw = (1, -1, 1, -1)[k // 3]
            assert torque == pytest.approx([0.0, 0.0, yaw * math.hypot(0.8, 0.8)], abs=1e-12)


def test_legs_are_those_of_the_architecture() -> None:
    legs = SLIM.legs
    assert (legs.stiffness_n_m, legs.damping_n_s_m, legs.friction) == (5200.0, 730.0, 0.6)
    feet = np.array(legs.foot_body_m)
    assert np.hypot(feet[:, 0], feet[:, 1]) == pytest.approx([1.3] * 4)
    assert np.all(feet[:, 2] == -1.2)
    assert np.all(np.min(np.abs(feet[:, :2]), axis=1) == 0.0)


def test_camera_looks_65_deg_from_minus_z_with_flight_up() -> None:
    c = SLIM.camera
    assert (c.width, c.height) == (512, 512)
    assert math.degrees(c.field_of_view_rad) == pytest.approx(50.0)
    a = math.radians(65.0)
    boresight = [math.sin(a), 0.0, -math.cos(a)]
    assert rotate(c.q_body_from_camera, [0, 0, 1]) == pytest.approx(boresight, abs=1e-12)
    flight = np.array([0.0, 0.0, -1.0])  # of a vehicle that brakes
    image_up = rotate(c.q_body_from_camera, [0, -1, 0])
    assert image_up @ flight == pytest.approx(math.sin(a))
    assert abs(rotate(c.q_body_from_camera, [1, 0, 0]) @ flight) < 1e-12


def test_rangefinders_velocimeter_and_star_tracker_are_those_of_the_architecture() -> None:
    a, b = SLIM.rangefinder
    boresight = rotate(SLIM.camera.q_body_from_camera, [0, 0, 1])
    assert a.direction_body == pytest.approx(boresight, abs=1e-12)
    assert a.maximum_m == 20_000.0
    assert b.direction_body == (0.0, 0.0, -1.0)
    assert b.maximum_m == 5000.0
    assert SLIM.velocimeter.altitude_maximum_m == 3000.0
    assert math.degrees(SLIM.velocimeter.tilt_maximum_rad) == pytest.approx(60.0)
    assert SLIM.star_tracker.boresight_body == (-1.0, 0.0, 0.0)
    assert math.degrees(SLIM.star_tracker.rate_maximum_rad_s) == pytest.approx(2.0)


def test_dispersions_are_those_of_the_descent() -> None:
    d = SLIM.dispersions
    assert (d.mass, d.thrust, d.position_m, d.velocity_m_s) == (0.02, 0.03, 500.0, 0.5)


def test_the_preset_that_ships_passes() -> None:
    assert parse_preset(VALUES, "slim.toml") == SLIM
    assert load_preset(FILE) == SLIM
    assert SITE.elevation_m == 0.0


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        ("mass.dry_kg", -1.0, "mass.dry_kg = -1.0"),
        ("mass.dry_kg", float("nan"), "mass.dry_kg = nan"),
        ("mass.dry_kg", "heavy", "mass.dry_kg = 'heavy'"),
        ("mass.dry_kg", ..., "mass.dry_kg"),
        ("mass.colour", "red", "mass.colour = 'red'"),
        ("engines.throttle_minimum", 1.5, "engines.throttle_minimum = 1.5"),
        ("engines.valve_delay_s", 0.5, "engines.valve_delay_s = 0.5"),
        ("engines.mount.0.direction_body", [0.0, 0.0, 2.0], "length 2, must be 1 within 1e-6"),
        ("thrusters.minimum_on_time_us", 20_000, "thrusters.minimum_on_time_us = 20000"),
        ("rangefinder.0.minimum_m", 3e4, "minimum_m must be below maximum_m"),
        ("rangefinder.0.name", "laser", "rangefinder: names"),
        ("imu.0.gyroscope.quantum", 0.0, "imu.0.gyroscope.quantum = 0.0"),
        ("camera.focal_px", 500.0, "focal_px must be 548.99"),
        ("dispersions.mass", 2.0, "dispersions.mass = 2.0"),
    ],
)
def test_a_wrong_value_is_named_with_its_file(path: str, value: Any, said: str) -> None:
    with pytest.raises(PresetError) as error:
        parse_preset(changed(path, value), "mine.toml")
    assert "mine.toml: " in str(error.value)
    assert said in str(error.value)
    assert "Traceback" not in str(error.value)


def test_unknown_missing_and_broken_files_are_named(tmp_path: Path) -> None:
    with pytest.raises(PresetError, match=r"'fat' unknown; known: .*slim"):
        load_preset("fat")
    with pytest.raises(PresetError, match=r"none\.toml: no such preset file"):
        load_preset(tmp_path / "none.toml")
    cut = tmp_path / "cut.toml"
    cut.write_text(FILE.read_text("utf-8")[:300], "utf-8")
    with pytest.raises(PresetError, match=r"cut\.toml: "):
        load_preset(cut)
