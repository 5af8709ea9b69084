"""The whole lander: touching down, crashing, resting, dispersing, and repeating itself."""

from __future__ import annotations

import gc
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from hil.instruments.ports import CameraPose
from hil.plant.lander import INPUTS, OUTPUTS, descent_orbit
from hil.plant.preset import Dispersions
from hil.world.terrain import Terrain
from onboard.messages import LAYOUTS, CameraCommand, EngineCommand, ThrusterCommand
from tests.plant_setup import (
    MOON_RADIUS_M,
    NOMINAL,
    PERFECT,
    SITE,
    SLIM,
    SmoothGround,
    above,
    ffi,
    lander,
    run,
)

GROUND = SmoothGround()
WEIGHT_M_S2 = 1.6242  # mu / r^2 on the sphere


def standing(**options: Any) -> Any:
    """A lander that has come to rest after a drop from 5 cm."""
    plant = lander(GROUND, above(1.25, **options))
    run(plant, 6.0)
    assert plant.events == ("contact", "at_rest")
    return plant


# ---- touchdown ----


def landing(speed: float, sideways: float, tilt_rad: float) -> Any:
    """A lander of landing mass (230 kg) that will touch with `speed` after 5 cm of free fall."""
    lowest_m = 1.2 * math.cos(tilt_rad) + 1.3 * abs(math.sin(tilt_rad))
    down = math.sqrt(speed**2 - 2 * WEIGHT_M_S2 * 0.05)
    start = above(lowest_m + 0.05, down_m_s=down, sideways_m_s=sideways, tilt_rad=tilt_rad)
    plant = lander(GROUND, start)
    plant.handle.body.mass_kg = 230.0
    return plant


@given(
    speed=st.floats(0.5, 2.0),
    sideways=st.floats(-0.5, 0.5),
    tilt_deg=st.floats(-12.0, 12.0),
)
@example(speed=2.0, sideways=0.5, tilt_deg=-6.0)
@example(speed=2.0, sideways=-0.5, tilt_deg=12.0)
@settings(max_examples=20)
def test_a_touchdown_within_limits_ends_standing_and_is_measured(
    speed: float, sideways: float, tilt_deg: float
) -> None:
    tilt = math.radians(tilt_deg)
    plant = landing(speed, sideways, tilt)
    run(plant, 15.0)
    assert plant.events == ("contact", "at_rest")
    t = plant.touchdown
    assert t is not None
    # A short step of 0.5 ms in free fall changes the speed by 0.8 mm/s.
    assert t.speed_vertical_m_s == pytest.approx(speed, abs=1e-3)
    assert t.speed_horizontal_m_s == pytest.approx(abs(sideways), abs=1e-3)
    assert t.tilt_rad == pytest.approx(abs(tilt), abs=1e-4)
    assert t.rate_rad_s < 1e-5
    assert t.at_rest and t.rest_time_ns > t.time_ns
    assert t.rest_tilt_rad < 0.01


def test_it_rests_where_its_springs_carry_it() -> None:
    plant = standing()
    t = plant.truth
    sag = 385.0 * WEIGHT_M_S2 / (4 * 5200.0)
    assert list(t.leg_compression_m) == pytest.approx([sag] * 4, abs=2e-4)
    assert t.height_m == pytest.approx(1.2 - sag, abs=2e-4)
    assert plant.ports["legs.a"].read().closed == 0b1111


def test_switches_close_with_the_feet_that_touch() -> None:
    plant = lander(GROUND, above(1.6, tilt_rad=0.2))
    seen = set()
    for _ in range(600):
        plant.step()
        closed = plant.ports["legs.a"].read().closed
        pressed = [c > 0.005 for c in plant.truth.leg_compression_m]
        assert closed == sum(bit << k for k, bit in enumerate(pressed))
        seen.add(closed)
    assert 0 in seen and 0b1111 in seen and len(seen) > 3


def test_asleep_it_turns_with_the_moon_and_wakes_to_thrust() -> None:
    plant = standing()
    before = list(plant.truth.position_mcmf_m)
    inertial = list(plant.truth.position_mci_m)
    run(plant, 5.0)
    assert list(plant.truth.position_mcmf_m) == pytest.approx(before, abs=1e-6)
    assert math.dist(plant.truth.position_mci_m, inertial) > 1.0
    for k in range(300):
        for engine in ("engine.a", "engine.b"):
            plant.ports[engine].write(EngineCommand(k, k, 1, 1.0))
        plant.step()
    assert plant.truth.height_m > 2.0
    assert plant.truth.velocity_site_m_s[2] > 0.5


# ---- crashes ----


@pytest.mark.parametrize(
    ("start", "event"),
    [
        (above(1.8, down_m_s=4.5), "leg_broken"),
        (above(500.0, down_m_s=300.0), "nozzle_struck"),
        (above(500.0, down_m_s=1520.0), "impact"),  # 15 m a tick, from +13.6 m to -1.6 m
        (above(2.5, down_m_s=1.0, tilt_rad=3.0), "hull_struck"),
    ],
)
def test_a_crash_is_named_and_ends_the_motion(start: Any, event: str) -> None:
    plant = lander(GROUND, start)
    run(plant, 10.0)
    assert plant.crashed
    assert event in plant.events
    before = list(plant.truth.position_mcmf_m)
    for k in range(200):
        plant.ports["engine.a"].write(EngineCommand(k, k, 1, 1.0))
        plant.step()
    assert list(plant.truth.position_mcmf_m) == pytest.approx(before, abs=1e-6)


def test_beyond_the_feet_it_falls_over() -> None:
    """Tilted about x, the centre of mass passes the foot at atan(1.3 / 1.2) = 0.825 rad."""
    falls = lander(GROUND, above(1.9, tilt_rad=0.88))
    run(falls, 10.0)
    assert falls.events[0] == "contact"
    assert "tipped_over" in falls.events
    stands = lander(GROUND, above(1.9, tilt_rad=0.5))
    run(stands, 15.0)
    assert stands.events == ("contact", "at_rest")


# ---- actuators through the ports ----


def test_each_engine_turns_the_vehicle_its_own_way() -> None:
    """Thrust line 5 cm off the centre of mass: engine a gives +x torque, b -x torque."""
    for name, sign in (("engine.a", 1), ("engine.b", -1)):
        plant = lander(GROUND, above(3000.0))
        plant.ports[name].write(EngineCommand(0, 0, 1, 1.0))
        run(plant, 2.0)
        # 1.87 s of 500 N on 0.05 m and 200 kg m2: 0.23 rad/s
        expected = sign * 500.0 * 0.05 * (2.0 - 0.05 - 0.08) / 200.0
        assert plant.truth.rate_body_rad_s[0] == pytest.approx(expected, rel=0.01)


@pytest.mark.parametrize("k", range(12))
def test_each_thruster_pushes_and_turns_as_the_architecture_says(k: int) -> None:
    plant = lander(GROUND, above(3000.0))
    initial = list(plant.truth.rate_body_rad_s)
    on = [0] * 12
    on[k] = 10_000
    plant.ports["thrusters"].write(ThrusterCommand(0, 0, *on))
    plant.step()
    imu = plant.ports["imu.a"].read()
    x, y = [(0.8, 0.8), (-0.8, 0.8), (-0.8, -0.8), (0.8, -0.8)][k // 3]
    pod, kind = divmod(k, 3)
    yaw = (1, -1, 1, -1)[pod]
    r = math.hypot(x, y)
    force = [(0.0, 0.0, 20.0), (0.0, 0.0, -20.0), (-yaw * y / r * 20.0, yaw * x / r * 20.0, 0.0)]
    torque = np.cross([x, y, 0.0], force[kind])
    turned = np.array(list(plant.truth.rate_body_rad_s)) - initial
    assert turned == pytest.approx(
        torque * 0.01 / np.array([200.0, 200.0, 160.0]), abs=1e-9
    )  # gyroscopic 1e-11
    assert list(imu[5:8]) == pytest.approx(np.array(force[kind]) * 0.01 / 385.0, abs=3e-7)


def test_pulses_last_one_tick_and_engine_commands_hold() -> None:
    plant = lander(GROUND, above(3000.0))
    plant.ports["thrusters"].write(ThrusterCommand(0, 0, 10_000, *[0] * 11))
    plant.ports["engine.a"].write(EngineCommand(0, 0, 1, 0.5))
    plant.step()
    used = 385.0 - plant.truth.mass_kg
    run(plant, 0.03)
    assert 385.0 - plant.truth.mass_kg == pytest.approx(used, abs=1e-12)
    run(plant, 2.0)
    assert plant.truth.thrust_n[0] == pytest.approx(250.0, rel=1e-6)
    assert plant.truth.thrust_n[1] == 0.0


def test_the_last_propellant_is_shared_and_then_there_is_none() -> None:
    mass = SLIM.mass.model_copy(update={"propellant_kg": 0.5})
    preset = SLIM.model_copy(update={"mass": mass})
    plant = lander(GROUND, above(5000.0), preset=preset)
    for k in range(1000):
        for engine in ("engine.a", "engine.b"):
            plant.ports[engine].write(EngineCommand(k, k, 1, 1.0))
        plant.ports["thrusters"].write(ThrusterCommand(k, k, *[10_000] * 12))
        plant.step()
    assert "propellant_out" in plant.events
    assert plant.truth.mass_kg == pytest.approx(200.0, abs=1e-9)
    assert plant.truth.propellant_kg == pytest.approx(0.0, abs=1e-9)
    assert list(plant.truth.thrust_n) == [0.0, 0.0]


@given(
    throttle=st.one_of(st.floats(), st.floats(0, 1)),
    on=st.integers(-(2**63), 2**63 - 1),
    times=st.lists(st.integers(-(2**63), 2**63 - 1), min_size=12, max_size=12),
)
@settings(max_examples=50)
def test_no_command_can_break_the_plant(throttle: float, on: int, times: list[int]) -> None:
    plant = lander(GROUND, above(3000.0))
    plant.ports["engine.a"].write(EngineCommand(0, 0, on, throttle))
    plant.ports["thrusters"].write(ThrusterCommand(0, 0, *times))
    run(plant, 0.2)
    assert all(math.isfinite(x) for x in plant.truth.position_mci_m)
    assert 384.0 < plant.truth.mass_kg <= 385.0


# ---- camera ----


def test_a_frame_shows_the_pose_at_the_end_of_its_tick() -> None:
    poses: list[CameraPose] = []

    def render(pose: CameraPose) -> bytes:
        poses.append(pose)
        return b"image"

    plant = lander(GROUND, above(9000.0, sideways_m_s=1600.0), render=render)
    camera = plant.ports["camera.a"]
    run(plant, 0.05)
    assert camera.read() is None
    camera.write(CameraCommand(0, 0, 1, 0.004))
    plant.step()
    truth = plant.truth
    position, q = tuple(truth.position_mcmf_m), tuple(truth.q_mcmf_from_body)
    plant.step()  # the frame is read a tick late: the pose stays that of the exposure
    header, image = camera.read()
    assert (header.time_ns, header.sequence) == (60_000_000, 0)
    assert (header.width, header.height, header.exposure_s) == (512, 512, 0.004)
    assert image == b"image"
    assert poses == [CameraPose(60_000_000, position, q, poses[0].exposure_s)]  # type: ignore[arg-type]
    assert camera.read() is None
    camera.write(CameraCommand(0, 0, 0, 0.004))  # not asking to expose
    plant.step()
    assert camera.read() is None


def test_without_a_renderer_there_are_no_frames() -> None:
    plant = lander(GROUND, above(9000.0))
    plant.ports["camera.a"].write(CameraCommand(0, 0, 1, 0.004))
    plant.step()
    assert plant.ports["camera.a"].read() is None


# ---- dispersions and repeatability ----

ALL = SLIM.dispersions


def test_dispersions_have_their_sigmas() -> None:
    """Over 400 seeds; within 5 standard errors."""
    start = descent_orbit(SITE)
    n = 400
    rows = []
    for seed in range(n):
        plant = lander(GROUND, start, seed=seed, dispersions=ALL)
        c, t = plant.handle.config, plant.truth
        rows.append(
            [
                c.mass.dry_kg / 200.0 - 1.0,
                c.engine_scale[0],
                c.engine_scale[0] / c.engine_scale[1] - 1.0,
                c.centre_body_m[0],
                t.position_mci_m[0] - start.position_mci_m[0],
                t.velocity_mci_m_s[2] - start.velocity_mci_m_s[2],
            ]
        )
    sigma = np.std(np.array(rows), axis=0)
    both = math.hypot(ALL.thrust, ALL.engine_mismatch)
    mismatch = math.sqrt(2) * ALL.engine_mismatch
    expected = [ALL.mass, both, mismatch, ALL.centre_of_mass_m, ALL.position_m, ALL.velocity_m_s]
    assert sigma == pytest.approx(expected, rel=5.0 / math.sqrt(2 * n))


def test_without_dispersions_the_vehicle_is_nominal() -> None:
    start = descent_orbit(SITE)
    plant = lander(GROUND, start, dispersions=NOMINAL)
    assert list(plant.truth.position_mci_m) == list(start.position_mci_m)
    assert list(plant.handle.config.engine_scale) == [1.0, 1.0]
    assert plant.truth.mass_kg == 385.0
    assert plant.nominal is start


def flown(seed: int, terrain: Any, ticks: int = 300) -> list[int]:
    plant = lander(terrain, descent_orbit(SITE), seed=seed, dispersions=ALL)
    hashes = []
    for k in range(ticks):
        plant.ports["engine.a"].write(EngineCommand(k, k, 1, 0.8))
        plant.ports["thrusters"].write(ThrusterCommand(k, k, *[9000 * (k % 3 == 0)] * 12))
        plant.step()
        hashes.append(plant.hash())
    return hashes


def test_one_seed_gives_the_same_bits_and_another_does_not() -> None:
    terrain = Terrain(3)
    assert flown(5, terrain) == flown(5, Terrain(3))
    assert flown(5, terrain)[0] != flown(6, terrain)[0]


def test_the_hash_covers_every_state() -> None:
    plant = lander(GROUND, above(3000.0))
    start = plant.hash()
    for change in (
        lambda c: c.body.position_mci_m.__setitem__(0, c.body.position_mci_m[0] + 1e-9),
        lambda c: setattr(c.body, "mass_kg", 384.0),
        lambda c: setattr(c, "events", 1),
        lambda c: c.imu[0].gyroscope.carry.__setitem__(0, 1e-12),
        lambda c: setattr(c.out.range[0], "range_m", 5.0),
    ):
        other = lander(GROUND, above(3000.0))
        assert other.hash() == start
        change(other.handle)
        assert other.hash() != start


def test_two_imus_disagree_by_their_own_errors() -> None:
    second = SLIM.imu[0].model_copy(update={"name": "imu.b"})
    preset = SLIM.model_copy(update={"imu": (SLIM.imu[0], second)})
    plant = lander(GROUND, above(3000.0), preset=preset, dispersions=Dispersions())
    plant.step()
    a, b = plant.ports["imu.a"].read(), plant.ports["imu.b"].read()
    assert a.time_ns == b.time_ns
    assert a[2:8] != b[2:8]
    assert "imu.b" not in lander(GROUND, above(3000.0)).ports


def test_a_port_outlives_its_plant() -> None:
    """What a port reads stays in memory as long as the port."""
    ports = []
    for seed in range(50):
        plant = lander(GROUND, above(3000.0), seed=seed, dispersions=Dispersions())
        plant.step()
        ports.append((plant.ports["imu.a"], plant.handle.out.imu[0].delta_angle_rad[0]))
    del plant
    gc.collect()
    for port, angle in ports:
        assert port.read().delta_angle_x_rad == angle


def test_rows_and_flags_are_in_the_order_that_python_believes() -> None:
    plant = lander(GROUND, above(3000.0))
    assert len(plant.handle.fresh) == len(OUTPUTS)
    assert len(plant.handle.pending) == len(INPUTS)
    sizes = {
        "pl_imu_row": "ImuSample",
        "pl_range_row": "RangeSample",
        "pl_velocity_row": "VelocitySample",
        "pl_attitude_row": "AttitudeSample",
        "pl_leg_row": "LegSample",
        "pl_engine_row": "EngineSample",
        "pl_tank_row": "TankSample",
        "pl_frame_row": "FrameHeader",
        "pl_engine_command_row": "EngineCommand",
        "pl_thruster_command_row": "ThrusterCommand",
        "pl_camera_command_row": "CameraCommand",
    }
    for row, message in sizes.items():
        assert ffi.sizeof(row) == LAYOUTS[message].size


def test_truth_in_all_frames_agrees() -> None:
    plant = lander(GROUND, above(1000.0, down_m_s=3.0, sideways_m_s=2.0), dispersions=PERFECT)
    run(plant, 1.0)
    t = plant.truth
    site = list(t.position_site_m)
    assert math.hypot(*t.position_mcmf_m) - MOON_RADIUS_M == pytest.approx(t.height_m, abs=1e-6)
    assert site[2] == pytest.approx(t.height_m, abs=1e-4)
    assert site[0] == pytest.approx(2.0, abs=0.01)
    assert t.velocity_site_m_s[2] == pytest.approx(-3.0 - WEIGHT_M_S2, abs=0.01)
    assert math.hypot(*t.velocity_site_m_s) == pytest.approx(math.hypot(*t.velocity_mcmf_m_s))


@pytest.mark.parametrize("options", [{"lead_s": -1.0}, {"perilune_m": 2e5}])
def test_an_impossible_orbit_is_refused(options: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="perilune_m must not exceed apolune_m"):
        descent_orbit(SITE, **options)
