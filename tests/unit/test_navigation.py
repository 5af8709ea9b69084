"""The navigation component: from bus topics to the navigated state."""

from __future__ import annotations

import math
from types import SimpleNamespace

import numpy as np
import pytest
from navigation_simulation import NAMES, TICK_NS, camera, ffi

from onboard.bus import Bus
from onboard.core._core import lib
from onboard.dictionary.loader import load
from onboard.messages import AttitudeSample, ImuSample, RangeSample, VelocitySample
from onboard.navigation.navigation import STREAMS, InitialState, Navigation, filter_params
from onboard.products import CraterCatalogue, ElevationGrid, LandingMap, LandingSite

PARAMETERS = {name: float(p.default) for name, p in load("lander").parameters.items()}
MOON_G = 1.6226  # m/s2 at the surface, to a part in a thousand


def landing_map(**changes: object) -> LandingMap:
    heights = np.zeros((200, 200), dtype=np.float32)
    grid = {"along0_m": -10e3, "cross0_m": -10e3, "spacing_m": 100.0, "sigma_m": 5.0}
    none = np.zeros(0)
    return LandingMap(
        site=LandingSite(math.radians(60.5), math.radians(-4.6), 0.0, 0.0),
        grids=(ElevationGrid(**{**grid, "height_m": heights, **changes}),),  # type: ignore[arg-type]
        craters=CraterCatalogue(none, none, none.reshape(0, 3), none, none, none),
    )


def initial(altitude_m: float = 1000.0) -> InitialState:
    return InitialState(
        time_ns=0,
        position_site_m=(0.0, 0.0, altitude_m),
        velocity_site_m_s=(0.0, 0.0, 0.0),
        q_site_from_body=(1.0, 0.0, 0.0, 0.0),
        position_sigma_m=(100.0, 100.0, 100.0),
        velocity_sigma_m_s=(1.0, 1.0, 1.0),
        attitude_sigma_rad=(1e-3, 1e-3, 1e-3),
    )


class Rig:
    """A vehicle that hovers: thrust equals weight."""

    def __init__(self, with_camera: bool = False) -> None:
        self.bus = Bus()
        self.navigation = Navigation(
            self.bus, landing_map(), PARAMETERS, initial(), camera() if with_camera else None
        )
        self.now = 0
        self.ticks = 0
        self.push = MOON_G * 0.01

    def tick(self, imu: bool = True) -> None:
        self.ticks += 1
        self.now += TICK_NS
        if imu:
            row = ImuSample(self.now, self.ticks, 0.0, 0.0, 0.0, 0.0, 0.0, self.push, 0)
            self.bus.topic("imu").publish(row, self.now)
        self.navigation.step(self.now)

    @property
    def state(self) -> object:
        return self.bus.topic("navigation").value


def test_state_and_gates_are_published_at_their_rates() -> None:
    rig = Rig()
    for _ in range(100):
        rig.tick()
    assert rig.bus.topic("navigation").sequence == 100
    assert rig.bus.topic("gates").sequence == 10
    state = rig.state
    assert (state.time_ns, state.valid) == (rig.now, 1)
    assert abs(state.altitude_m - 1000.0) < 1.0  # 1 s of an imbalance below 5 mm/s2
    assert state.altitude_worst_m == state.altitude_m - 3 * state.altitude_sigma_m
    assert state.specific_force_body_m_s2[2] == pytest.approx(MOON_G)
    assert len(STREAMS) == len(NAMES) == lib.OB_STREAMS


def test_a_tick_without_imu_is_not_valid_and_the_gap_is_bridged() -> None:
    rig = Rig()
    rig.tick()
    height = rig.state.position_site_m[2]
    for _ in range(5):
        rig.tick(imu=False)
        assert rig.state.valid == 0
    rig.tick()
    assert (rig.state.valid, rig.state.time_ns) == (0, rig.now)
    assert rig.navigation.filter.bad_samples == 1
    assert abs(rig.state.position_site_m[2] - height) < 0.1
    rig.tick()
    assert rig.state.valid == 1


def test_each_topic_reaches_its_gate_once_per_sample() -> None:
    rig = Rig()
    for k in range(1, 31):
        rig.tick()
        if k % 10 == 0:
            n, t = k // 10, rig.now
            attitude = ffi.new("double[4]")
            lib.ob_q_site_from_mci(rig.navigation._site, t, attitude)
            q = (attitude[0], -attitude[1], -attitude[2], -attitude[3])
            rig.bus.topic("rangefinder.b").publish(RangeSample(t, n, 999.5, 1), t)
            rig.bus.topic("velocimeter").publish(VelocitySample(t, n, 0.0, 0.0, 0.0, 1), t)
            rig.bus.topic("star_tracker").publish(AttitudeSample(t, n, *q, 1), t)
    rig.tick()
    gates = rig.bus.topic("gates").value
    assert [gates[i].accepted_count for i in range(5)] == [0, 3, 3, 3, 0]
    assert [gates[i].rejected_count for i in range(5)] == [0, 0, 0, 0, 0]
    assert rig.state.valid == 1
    assert rig.state.altitude_sigma_m < 1.0


def test_crater_matches_move_the_state_towards_them() -> None:
    rig = Rig(with_camera=True)
    for _ in range(20):
        rig.tick()
    cam, state = rig.navigation._camera, rig.state
    site = rig.navigation._site
    shift = np.array([60.0, -40.0, 20.0])  # the truth is there, from the estimate
    found = []
    for column, row in ((60, 60), (450, 80), (250, 250), (80, 430), (440, 440), (330, 150)):
        ray, v = ffi.new("double[3]"), ffi.new("double[3]")
        lib.ob_camera_ray(cam, [float(column), float(row)], ray)
        lib.ob_q_rotate(v, cam.q_body_from_camera, ray)
        # A point along the ray at a range where it need not be on the ground: any point will do.
        place = np.array(list(v)) * 2500.0 + np.array(list(state.position_site_m)) + shift
        mcmf = ffi.new("double[3]")
        lib.ob_mcmf_from_site(site, list(place), mcmf)
        found.append(
            {
                "pixel": [float(column), float(row)],
                "pixel_covariance": [0.25, 0.0, 0.25],
                "position_mcmf_m": list(mcmf),
                "position_sigma_m": 1.0,
            }
        )
    before = np.array(list(state.position_site_m))
    matched = ffi.new("ob_crater_matched[]", found)
    matches = SimpleNamespace(time_ns=rig.now, count=len(found), matched=matched)
    rig.bus.topic("matches").publish(matches, rig.now)
    rig.tick()
    moved = np.array(list(rig.state.position_site_m)) - before
    assert rig.navigation.filter.gate[lib.OB_STREAM_CRATERS].accepted_count == 1
    # Six sightings of 0.6 px at 2.5 km fix each axis to some 5 m.
    assert np.all(np.abs(moved - shift) < 20.0)


def test_silent_streams_that_are_due_are_flagged() -> None:
    rig = Rig()
    for _ in range(150):
        rig.tick()
    silent = [rig.navigation.filter.gate[i].silent for i in range(5)]
    # Hovering at 1 km: rangefinders and velocimeter are due; thrust is on, so no star tracker.
    assert silent == [1, 1, 1, 0, 0]


def test_hash_follows_state_and_is_the_same_for_the_same_inputs() -> None:
    one, two = Rig(), Rig()
    hashes = set()
    for _ in range(30):
        one.tick()
        two.tick()
        assert one.navigation.state_hash(5) == two.navigation.state_hash(5)
        hashes.add(one.navigation.state_hash(5))
    assert len(hashes) == 30
    two.push += 1e-12
    one.tick()
    two.tick()
    assert one.navigation.state_hash(5) != two.navigation.state_hash(5)


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"height_m": np.zeros((1, 5), dtype=np.float32)}, "shape"),
        ({"height_m": np.zeros((5, 5))}, "float32"),
        ({"height_m": np.full((5, 5), np.nan, dtype=np.float32)}, "not finite"),
        ({"spacing_m": 0.0}, "spacing_m"),
        ({"sigma_m": -1.0}, "sigma_m"),
    ],
)
def test_a_bad_map_is_refused_with_its_grid_and_field(changes: dict, what: str) -> None:
    with pytest.raises(ValueError, match=f"elevation grid 0: .*{what}"):
        Navigation(Bus(), landing_map(**changes), PARAMETERS, initial())


def test_parameters_reach_the_filter_in_its_units() -> None:
    params = filter_params(PARAMETERS)
    assert params.gate[0].threshold == PARAMETERS["navigation.gate_range_nis"]
    assert params.gate[0].reacquire_ns == 2_000_000_000
    assert params.gyro_bias_walk_rad_s_sqrt_s * 10.0 == pytest.approx(
        PARAMETERS["navigation.gyro_drift_rad_s"]
    )
    beam = params.beam[0].direction_body
    assert beam[0] == pytest.approx(math.sin(math.radians(65.0)))
    assert beam[2] == pytest.approx(-math.cos(math.radians(65.0)))
