"""Runs that begin in powered flight: the start is as written, and the vehicle lands from there."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest

from hil import scenario as scenarios
from hil.bench import session
from hil.bench.setting import prepare
from hil.plant.lander import LanderPlant, flight_start
from hil.plant.preset import Dispersions
from hil.scenario import ScenarioError
from onboard.products import LandingSite

FINAL, _ = scenarios.load(scenarios.find("frigoris_final"))


def exact(**flight: Any) -> scenarios.Scenario:
    """`frigoris_final` from another start, without dispersions or a search for the target."""
    start = scenarios.Initial(flight=scenarios.Flight(**flight))
    site = FINAL.site.model_copy(update={"search_radius_m": 0.0})
    none = Dispersions(sensor_constant=0.0, sensor_noise=0.0)
    return FINAL.model_copy(update={"initial": start, "site": site, "dispersion": none})


@pytest.mark.parametrize("azimuth_deg", [0.0, 90.0, 237.0])
def test_the_start_is_as_written(azimuth_deg: float) -> None:
    """Against plane trigonometry; 2 km off, the sphere is 1.2 m lower and turned 1.2 mrad."""
    azimuth = math.radians(azimuth_deg)
    site = LandingSite(
        latitude_rad=1.0, longitude_rad=-0.1, elevation_m=-2500.0, azimuth_rad=azimuth
    )
    scenario = exact(phase="approach", height_m=3000.0)
    setting = prepare(scenario, 1)
    start = flight_start(
        site,
        along_m=-2000.0,
        cross_m=300.0,
        height_m=3000.0,
        velocity_m_s=(40.0, 5.0, -60.0),
        tilt_rad=0.5,
        rate_body_rad_s=(0.01, 0.02, 0.03),
        propellant_kg=50.0,
        throttle=0.6,
    )
    plant = LanderPlant(
        setting.preset, setting.terrain, 1, scenario.dispersion or Dispersions(), start, site=site
    )
    truth = plant.truth
    forward = (math.sin(azimuth), math.cos(azimuth))
    left = (-math.cos(azimuth), math.sin(azimuth))

    def parts(v: Any) -> tuple[float, float, float]:
        return v[0] * forward[0] + v[1] * forward[1], v[0] * left[0] + v[1] * left[1], v[2]

    assert parts(truth.position_site_m) == pytest.approx((-2000.0, 300.0, 3000.0), abs=5.0)
    assert parts(truth.velocity_site_m_s) == pytest.approx((40.0, 5.0, -60.0), abs=0.1)
    assert list(truth.rate_body_rad_s) == pytest.approx([0.01, 0.02, 0.03])
    assert truth.tilt_rad == pytest.approx(0.5, abs=1e-9)
    w, x, y, z = truth.q_site_from_body
    thrust = (2 * (x * z + w * y), 2 * (y * z - w * x), 1 - 2 * (x * x + y * y))
    assert parts(thrust) == pytest.approx((-math.sin(0.5), 0.0, math.cos(0.5)), abs=2e-3)
    assert truth.propellant_kg == pytest.approx(50.0)
    assert list(truth.thrust_n) == pytest.approx([300.0, 300.0])


def test_the_engines_burn_on_until_the_vehicle_speaks() -> None:
    """The first guidance command comes after 0.1 s; nothing is lost of the thrust until then."""
    scenario = exact(phase="vertical", height_m=300.0, velocity_up_m_s=-10.0, throttle=0.5)
    plant = prepare(scenario, 1).plant()
    for _ in range(10):
        plant.step()
    assert list(plant.truth.thrust_n) == pytest.approx([250.0, 250.0])


@pytest.mark.parametrize(
    ("flight", "mode"),
    [
        ({"phase": "coast", "height_m": 14000.0, "along_m": -5.0e5}, "coast"),
        ({"phase": "braking", "height_m": 12000.0, "along_m": -1.2e5}, "braking"),
        ({"phase": "approach", "height_m": 1500.0, "along_m": -600.0}, "approach"),
        ({"phase": "vertical", "height_m": 200.0, "along_m": -1.0}, "descent"),
    ],
)
def test_the_vehicle_resumes_in_its_phase_and_mode(flight: dict[str, Any], mode: str) -> None:
    speed = 1600.0 if mode == "coast" else 700.0 if mode == "braking" else 0.0
    tilt = 90.0 if speed else 0.0
    scenario = exact(**flight, velocity_along_m_s=speed, tilt_deg=tilt, propellant_kg=120.0)
    scenario = scenario.model_copy(update={"duration_s": 0.5})
    run = session._Session(prepare(scenario, 1), None, None, False)
    result = run.fly()
    assert run.vehicle.fault_protection.mode == mode
    assert run.vehicle.guidance.phase == ["coast", "braking", "approach", "descent"].index(mode) + 1
    assert run.vehicle.guidance.state.mass_kg == pytest.approx(320.0, abs=0.2)
    assert run.vehicle.control.state.mass_kg == pytest.approx(320.0, abs=0.2)
    assert result.faults_tripped == 0


def test_it_lands_from_there_without_a_fault(tmp_path: Path) -> None:
    result = session.run(FINAL, "", seed=3)
    assert result.verdict == "passed", result.failed_expectations
    assert result.faults_tripped == 0


@pytest.mark.parametrize(
    ("initial", "said"),
    [
        ("[initial]\nlead_s = 1.0", "give perilune_range_m, or the table flight"),
        (
            '[initial]\nlead_s = 1.0\nflight = { phase = "coast", height_m = 9.0 }',
            "flight excludes lead_s",
        ),
        ('[initial.flight]\nphase = "idle"\nheight_m = 9.0', "initial.flight.phase = 'idle'"),
        ('[initial.flight]\nphase = "coast"\nheight_m = 1.0', "initial.flight.height_m = 1.0"),
    ],
)
def test_a_wrong_start_is_told_in_a_line(initial: str, said: str) -> None:
    shipped = (scenarios.FOLDER / "frigoris_final.toml").read_text(encoding="utf-8")
    head, tail = shipped.split("[initial.flight]")
    text = f"{head}{initial}\n{tail[tail.index('# Mass') :]}"
    with pytest.raises(ScenarioError, match=r"mine\.toml") as caught:
        scenarios.parse(text, "mine.toml")
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_start_of_the_other_kind_replaces_the_extended_one(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(
        'extends = "frigoris"\nname = "mine"\ntitle = "mine"\n'
        '[initial.flight]\nphase = "vertical"\nheight_m = 100.0\n',
        encoding="utf-8",
    )
    assert scenarios.load(path)[0].initial.flight is not None
    back = tmp_path / "back.toml"
    back.write_text('extends = "mine.toml"\n[initial]\nperilune_range_m = 5e5\n', encoding="utf-8")
    assert scenarios.load(back)[0].initial.flight is None
