"""Error models of the instruments against the statistics that their headers promise.

Sample statistics of n normal deviates are compared within 5 standard errors: a sigma within
5 sigma / sqrt(2 n), a mean within 5 sigma / sqrt(n). A right model fails once in two million draws;
the seeds are fixed, so a test that passes goes on passing.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from hil.instruments.specs import ImuSpec, TriadSpec
from hil.plant.preset import Dispersions
from hil.plant.random_stream import RandomStream, stream_number
from tests.plant_setup import (
    PERFECT,
    SITE,
    SLIM,
    SmoothGround,
    above,
    ffi,
    lander,
    lib,
    rotate,
    run,
    up_mcmf,
)

Array = npt.NDArray[np.float64]
TICK_S = 0.01
GROUND = SmoothGround()


def sigma_close(sample: Any, sigma: float) -> None:
    n = len(sample)
    assert np.std(sample) == pytest.approx(sigma, rel=5.0 / math.sqrt(2 * n))


def mean_close(sample: Any, mean: float, sigma: float) -> None:
    assert abs(np.mean(sample) - mean) < 5.0 * sigma / math.sqrt(len(sample))


# ---- random numbers ----


def test_normal_deviates_are_normal() -> None:
    draw = RandomStream(7, "test")
    sample = np.array(draw.normals(1.0, 20_000))
    assert stats.kstest(sample, "norm").pvalue > 1e-6
    sigma_close(sample, 1.0)
    assert abs(np.corrcoef(sample[:-1], sample[1:])[0, 1]) < 5.0 / math.sqrt(len(sample))


@given(seed=st.integers(0, 2**64 - 1))
def test_streams_are_reproducible_and_apart(seed: int) -> None:
    first = RandomStream(seed, "a").normals(1.0, 9)
    assert first == RandomStream(seed, "a").normals(1.0, 9)
    assert first != RandomStream(seed, "b").normals(1.0, 9)
    assert first != RandomStream(seed ^ 1, "a").normals(1.0, 9)


def test_streams_of_different_names_do_not_correlate() -> None:
    a = np.array(RandomStream(1, "imu.a").normals(1.0, 10_000))
    b = np.array(RandomStream(1, "imu.b").normals(1.0, 10_000))
    assert abs(np.corrcoef(a, b)[0, 1]) < 5.0 / math.sqrt(len(a))
    assert stream_number("imu.a") != stream_number("imu.b")


# ---- IMU ----


def triad(**changes: float) -> TriadSpec:
    zero = {
        "bias": 0.0,
        "bias_instability": 0.0,
        "correlation_s": 100.0,
        "random_walk": 0.0,
        "scale": 0.0,
        "misalignment_rad": 0.0,
        "quantum": 1e-12,
        "range": 1e3,
    }
    return TriadSpec.model_validate(zero | changes)


def imu_run(spec: TriadSpec, angle: Any, count: int, seed: int = 1) -> tuple[Array, Any]:
    """`count` samples (n, 3) of gyroscopes with constant true increments, and their flags."""
    spec_c = ImuSpec(name="imu.a", gyroscope=spec, accelerometer=triad()).scaled(1.0, 1.0)
    imu, row, felt = ffi.new("pl_imu *"), ffi.new("pl_imu_row *"), ffi.new("pl_increment *")
    lib.pl_imu_init(imu, ffi.new("pl_imu_spec *", spec_c), seed, 5)
    felt.angle_rad = angle
    out = np.empty((count, 3))
    flags = []
    for k in range(count):
        lib.pl_imu_step(imu, felt, k, row)
        out[k] = list(row.delta_angle_rad)
        flags.append(row.saturated)
    return out, flags


def test_a_perfect_triad_gives_the_truth() -> None:
    out, flags = imu_run(triad(), [1e-3, -2e-3, 3e-3], 10)
    assert out == pytest.approx(np.tile([1e-3, -2e-3, 3e-3], (10, 1)), abs=1e-12)
    assert flags == [0] * 10


def test_random_walk_has_its_density() -> None:
    """White noise of density N: sigma N sqrt(h) a sample, N sqrt(T) over T, and no memory."""
    density = 4.36e-5
    out, _ = imu_run(triad(random_walk=density), [0.0] * 3, 40_000)
    for axis in range(3):
        sigma_close(out[:, axis], density * math.sqrt(TICK_S))
        seconds = out[:, axis].reshape(400, 100).sum(axis=1)
        sigma_close(seconds, density)
    cross = np.corrcoef(out.T) - np.eye(3)
    assert np.max(np.abs(cross)) < 5.0 / math.sqrt(len(out))


def test_bias_scale_and_misalignment_have_their_sigmas() -> None:
    """Over 400 devices."""
    spec = triad(bias=2.0, scale=0.02, misalignment_rad=0.01)
    angle, n = 0.5, 400
    still = np.array([imu_run(spec, [0.0] * 3, 1, s)[0][0] for s in range(n)]) / TICK_S
    turning = np.array([imu_run(spec, [angle, 0.0, 0.0], 1, s)[0][0] for s in range(n)])
    turned = turning - still * TICK_S
    for axis in range(3):
        sigma_close(still[:, axis], 2.0)
        mean_close(still[:, axis], 0.0, 2.0)
    sigma_close(turned[:, 0] / angle, 0.02)
    sigma_close(turned[:, 1] / angle, 0.01)
    sigma_close(turned[:, 2] / angle, 0.01)


def test_bias_instability_is_a_gauss_markov_process() -> None:
    """Stationary sigma over 400 devices, and the autocorrelation exp(-t / T) after one T."""
    sigma, time_s, n = 3.0, 4.0, 400
    spec = triad(bias_instability=sigma, correlation_s=time_s)
    runs = [imu_run(spec, [0.0] * 3, 100 * 5, s)[0][::100, 0] / TICK_S for s in range(n)]
    early, late = np.array(runs)[:, 0], np.array(runs)[:, 4]
    sigma_close(early, sigma)
    sigma_close(late, sigma)
    rho = math.exp(-1.0)
    assert abs(np.corrcoef(early, late)[0, 1] - rho) < 5.0 * (1 - rho**2) / math.sqrt(n)


@given(step=st.floats(-0.02, 0.02), quantum=st.floats(1e-4, 1e-2))
def test_rounding_loses_nothing_over_time(step: float, quantum: float) -> None:
    out, _ = imu_run(triad(quantum=quantum), [step, 0.0, 0.0], 50)
    whole = out[:, 0] / quantum
    assert whole == pytest.approx(np.round(whole), abs=1e-6)
    assert abs(np.sum(out[:, 0]) - 50 * step) <= 0.5 * quantum * (1 + 1e-6)


@pytest.mark.parametrize(("axis", "sign"), [(0, 1), (1, -1), (2, 1)])
def test_saturation_limits_and_flags_its_axis(axis: int, sign: int) -> None:
    angle = [0.0] * 3
    angle[axis] = sign * 0.5
    out, flags = imu_run(triad(range=10.0), angle, 3)
    assert out[:, axis] == pytest.approx([sign * 0.1] * 3)
    assert flags == [1 << axis] * 3


def test_accelerometers_flag_bits_3_to_5() -> None:
    spec = ImuSpec(name="imu.a", gyroscope=triad(), accelerometer=triad(range=1.0))
    imu, row, felt = ffi.new("pl_imu *"), ffi.new("pl_imu_row *"), ffi.new("pl_increment *")
    lib.pl_imu_init(imu, ffi.new("pl_imu_spec *", spec.scaled(1.0, 1.0)), 1, 1)
    felt.velocity_m_s = [0.0, -1.0, 0.0]
    lib.pl_imu_step(imu, felt, 0, row)
    assert row.saturated == 1 << 4
    assert row.delta_velocity_m_s[1] == pytest.approx(-0.01)


def test_an_imu_off_the_centre_of_mass_feels_its_swing() -> None:
    """Held turning at w about z, arm a in the plane: w^2 a towards the centre of mass."""
    start = above(5000.0)
    spin = 0.5
    start = start._replace(rate_body_rad_s=(0.0, 0.0, spin))
    plant = lander(
        GROUND,
        start,
        dispersions=Dispersions(centre_of_mass_m=0.01, sensor_constant=0.0, sensor_noise=0.0),
    )
    arm = -np.array(list(plant.handle.config.centre_body_m))
    felt = np.zeros(3)
    for _ in range(1000):
        plant.step()
        s = plant.ports["imu.a"].read()
        felt += [s.delta_velocity_x_m_s, s.delta_velocity_y_m_s, s.delta_velocity_z_m_s]
    # z is a principal axis, so the spin stays; one quantum may be waiting.
    expected = [-spin * spin * arm[0] * 10.0, -spin * spin * arm[1] * 10.0, 0.0]
    assert felt == pytest.approx(expected, abs=1e-6)


def test_a_landed_imu_feels_gravity_and_the_moons_turn() -> None:
    plant = lander(GROUND, above(1.25))
    run(plant, 6.0)
    assert "at_rest" in plant.events
    plant.ports["imu.a"].read()
    total = np.zeros(6)
    for _ in range(1000):
        plant.step()
        total += np.array(plant.ports["imu.a"].read()[2:8])
    truth = plant.truth
    moon = rotate(
        [truth.q_mcmf_from_body[0], *(-x for x in list(truth.q_mcmf_from_body)[1:])],
        [0.0, 0.0, 2.6616995e-6],
    )
    assert total[:3] == pytest.approx(moon * 10.0, abs=1e-8)  # one quantum is 8e-9
    up_weight = np.linalg.norm(total[3:]) / 10.0
    assert up_weight == pytest.approx(1.62, abs=0.01)  # mu / r^2 = 1.6242


# ---- rangefinder ----


def ranges(height_m: float, count: int = 600, tilt_rad: float = 0.0, **changes: float) -> list[Any]:
    """Samples of rangefinder.b on a vehicle that is put back to its height before each tick."""
    b = SLIM.rangefinder[1].model_copy(update={"dropout_probability": 0.0} | changes)
    preset = SLIM.model_copy(update={"rangefinder": (SLIM.rangefinder[0], b)})
    plant = lander(
        GROUND,
        above(height_m, tilt_rad=tilt_rad),
        preset=preset,
        dispersions=Dispersions(sensor_constant=0.0),
    )
    body, out = plant.handle.body, []
    start = bytes(ffi.buffer(ffi.addressof(body)))
    for _ in range(count):
        for _ in range(10):
            ffi.memmove(ffi.addressof(body), start, len(start))
            plant.step()
        out.append(plant.ports["rangefinder.b"].read())
    return out


def test_range_noise_is_constant_plus_proportional() -> None:
    """The body falls 1.6e-4 m in its last tick before a shot and the ground passes by: both below
    a millimetre of range on a sphere."""
    height = 2000.0
    out = ranges(height, noise_m=0.05, noise_proportional=1e-4)
    r = np.array([s.range_m for s in out])
    assert all(s.valid for s in out)
    sigma = 0.05 + 1e-4 * (height - 0.5)
    sigma_close(r, sigma)
    mean_close(r, height - 0.5, sigma)  # the instrument sits 0.5 m below the origin


def test_slant_range_of_a_tilted_beam() -> None:
    tilt = 0.5
    s = ranges(1000.0, 1, tilt, noise_m=0.0, noise_proportional=0.0)[0]
    # Tilted about its x axis: the instrument at (0.3, 0, -0.5) is 0.5 cos(tilt) lower.
    flat = (1000.0 - 0.5 * math.cos(tilt)) / math.cos(tilt)
    sag = (1000.0 * math.tan(tilt)) ** 2 / (2 * 1_737_400.0) / math.cos(tilt)
    assert s.range_m == pytest.approx(flat + sag, abs=0.02)


@pytest.mark.parametrize(
    ("height_m", "tilt_rad", "changes", "valid"),
    [
        (100.0, 0.0, {}, 1),
        (100.0, 0.0, {"minimum_m": 150.0}, 0),
        (100.0, 0.0, {"maximum_m": 90.0}, 0),
        (100.0, 1.0, {"incidence_maximum_rad": 0.9}, 0),
        (100.0, 1.0, {"incidence_maximum_rad": 1.1}, 1),
        (100.0, 1.0, {"link_m": 200.0}, 0),  # 185 m slant, 200 sqrt(cos 1) = 147 m
        (100.0, 1.0, {"link_m": 300.0}, 1),
        (100.0, 3.0, {}, 0),  # looks at the sky
    ],
)
def test_a_shot_returns_within_gate_link_and_incidence(
    height_m: float, tilt_rad: float, changes: dict[str, float], valid: int
) -> None:
    s = ranges(height_m, 1, tilt_rad, **changes)[0]
    assert s.valid == valid
    assert (s.range_m > 0.0) == bool(valid)


def test_dropouts_have_their_probability() -> None:
    n, p = 1000, 0.2
    lost = sum(not s.valid for s in ranges(100.0, n, dropout_probability=p))
    assert abs(lost - n * p) < 5.0 * math.sqrt(n * p * (1 - p))


# ---- velocimeter ----


def velocimeter(**changes: float) -> Any:
    spec = {
        "altitude_minimum_m": 3.0,
        "altitude_maximum_m": 3000.0,
        "tilt_maximum_rad": math.pi / 3,
        "noise_m_s": 0.0,
        "noise_proportional": 0.0,
        "scale": 0.0,
        "misalignment_rad": 0.0,
        "dropout_probability": 0.0,
    } | changes
    v = ffi.new("pl_velocimeter *")
    lib.pl_velocimeter_init(v, ffi.new("pl_velocimeter_spec *", spec), 1, 1)
    return v


def velocity(v: Any, true: Any, altitude_m: float = 1000.0, tilt_rad: float = 0.0) -> Any:
    row = ffi.new("pl_velocity_row *")
    lib.pl_velocimeter_step(v, true, altitude_m, math.cos(tilt_rad), 0, row)
    return row


def test_velocity_noise_is_constant_plus_proportional() -> None:
    v = velocimeter(noise_m_s=0.05, noise_proportional=0.002)
    true = [30.0, -40.0, 0.0]
    sample = np.array([list(velocity(v, true).velocity_body_m_s) for _ in range(4000)])
    for axis in range(3):
        sigma_close(sample[:, axis], 0.05 + 0.002 * 50.0)
        mean_close(sample[:, axis], true[axis], 0.15)


def test_scale_and_misalignment_turn_the_velocity() -> None:
    v = velocimeter(scale=0.01, misalignment_rad=0.02)
    true = np.array([100.0, 20.0, -30.0])
    got = np.array(list(velocity(v, list(true)).velocity_body_m_s))
    skew = np.array(list(v.misalignment_rad))
    assert np.linalg.norm(skew) > 0.0
    assert got == pytest.approx((1.0 + v.scale) * (true + np.cross(skew, true)), abs=1e-12)


@pytest.mark.parametrize(
    ("altitude_m", "tilt_deg", "valid"),
    [(1000, 0, 1), (3000, 59.9, 1), (3001, 0, 0), (1000, 60.1, 0), (2.9, 0, 0), (3.1, 0, 1)],
)
def test_the_radar_works_within_its_envelope(
    altitude_m: float, tilt_deg: float, valid: int
) -> None:
    row = velocity(velocimeter(), [1.0, 2.0, 3.0], altitude_m, math.radians(tilt_deg))
    assert row.valid == valid
    assert list(row.velocity_body_m_s) == ([1.0, 2.0, 3.0] if valid else [0.0, 0.0, 0.0])


# ---- star tracker ----

HIGH = list(2e6 * up_mcmf())


def star_tracker(**changes: Any) -> Any:
    spec = {
        "boresight_body": [-1.0, 0.0, 0.0],
        "noise_cross_rad": 0.0,
        "noise_roll_rad": 0.0,
        "misalignment_rad": 0.0,
        "rate_maximum_rad_s": 0.035,
        "limb_exclusion_rad": 0.35,
        "dropout_probability": 0.0,
    } | changes
    s = ffi.new("pl_star_tracker *")
    lib.pl_star_tracker_init(s, ffi.new("pl_star_tracker_spec *", spec), 1, 1)
    return s


def looking(angle_from_up_rad: float) -> list[float]:
    """q_mci_from_body whose -x axis stands at an angle from `HIGH`'s direction."""
    up = up_mcmf()
    side = np.cross(up, [0.0, 0.0, 1.0])
    side /= np.linalg.norm(side)
    x = -(math.cos(angle_from_up_rad) * up + math.sin(angle_from_up_rad) * side)
    y = np.cross(up, side)
    z = np.cross(x, y)
    matrix = np.array([x, y, z]).T
    w = 0.5 * math.sqrt(max(0.0, 1 + np.trace(matrix)))
    if w < 0.1:
        from scipy.spatial.transform import Rotation

        q = Rotation.from_matrix(matrix).as_quat()
        return [q[3], q[0], q[1], q[2]]
    v = [
        (matrix[2, 1] - matrix[1, 2]) / (4 * w),
        (matrix[0, 2] - matrix[2, 0]) / (4 * w),
        (matrix[1, 0] - matrix[0, 1]) / (4 * w),
    ]
    return [w, *v]


def attitude(s: Any, q: list[float], rate: float = 0.0, burning: int = 0) -> Any:
    row = ffi.new("pl_attitude_row *")
    lib.pl_star_tracker_step(s, q, [0.0, rate, 0.0], HIGH, burning, 0, row)
    return row


def test_star_tracker_noise_is_larger_about_the_boresight() -> None:
    s = star_tracker(noise_cross_rad=1e-4, noise_roll_rad=8e-4)
    q = looking(0.3)
    errors = []
    for _ in range(4000):
        m = list(attitude(s, q).q_mci_from_body)
        # error = q* m, its vector part twice is the rotation vector
        w, x, y, z = q[0], -q[1], -q[2], -q[3]
        p, a, b, c = m
        errors.append(
            2
            * np.array(
                [
                    w * a + x * p + y * c - z * b,
                    w * b - x * c + y * p + z * a,
                    w * c + x * b - y * a + z * p,
                ]
            )
        )
    e = np.array(errors)
    sigma_close(e[:, 0], 8e-4)
    sigma_close(e[:, 1], 1e-4)
    sigma_close(e[:, 2], 1e-4)


@pytest.mark.parametrize(
    ("angle", "rate", "burning", "valid"),
    [
        (0.0, 0.0, 0, 1),
        (0.0, 0.034, 0, 1),
        (0.0, 0.036, 0, 0),
        (0.0, 0.0, 1, 0),
        # From 2,000 km the limb stands asin(1737.4/2000) = 1.053 rad from nadir: pi - 1.053 - 0.35.
        (1.73, 0.0, 0, 1),
        (1.75, 0.0, 0, 0),
    ],
)
def test_star_tracker_needs_calm_dark_sky(
    angle: float, rate: float, burning: int, valid: int
) -> None:
    row = attitude(star_tracker(), looking(angle), rate, burning)
    assert row.valid == valid
    expected = looking(angle) if valid else [1.0, 0.0, 0.0, 0.0]
    assert abs(np.dot(list(row.q_mci_from_body), expected)) == pytest.approx(1.0, abs=1e-12)


# ---- rates and rows of the whole set ----


def test_every_instrument_reports_at_its_rate_and_counts() -> None:
    plant = lander(GROUND, above(5000.0))
    times: dict[str, list[int]] = {}
    sequences: dict[str, list[int]] = {}
    for _ in range(200):
        plant.step()
        for name, port in plant.ports.items():
            if hasattr(port, "read") and (sample := port.read()) is not None:
                times.setdefault(name, []).append(sample.time_ns)
                sequences.setdefault(name, []).append(sample.sequence)
                assert port.read() is None  # each sample once
    period_ms = {
        "imu.a": 10, "legs.a": 10, "rangefinder.a": 100, "rangefinder.b": 100,
        "velocimeter.a": 100, "engine.a": 100, "engine.b": 100, "star_tracker.a": 200, "tank": 1000,
    }  # fmt: skip
    assert set(times) == set(period_ms)
    for name, ms in period_ms.items():
        assert times[name] == list(range(ms * 10**6, 2 * 10**9 + 1, ms * 10**6))
        assert sequences[name] == list(range(len(times[name])))


def test_a_perfect_set_measures_the_truth() -> None:
    plant = lander(GROUND, above(2500.0, down_m_s=20.0, sideways_m_s=5.0, tilt_rad=0.2))
    run(plant, 1.0)
    t = plant.truth
    v = plant.ports["velocimeter.a"].read()
    q = list(t.q_mcmf_from_body)
    expected = rotate([q[0], -q[1], -q[2], -q[3]], list(t.velocity_mcmf_m_s))
    assert v.valid
    assert list(v[2:5]) == pytest.approx(expected, abs=1e-9)
    tank = plant.ports["tank"].read()
    assert tank.propellant_kg == pytest.approx(t.propellant_kg, abs=1e-9)
    assert PERFECT.sensor_noise == 0.0 and SITE.elevation_m == 0.0
