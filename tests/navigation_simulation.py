"""A descent with known truth, for tests of the navigation filter.

Truth is the strapdown itself driven by perfect increments (its own accuracy has its own test), so
that what remains is estimation: biases, noise and measurements drawn from the models that
`filter.h` states.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from onboard.core import _core

ffi, lib = _core.ffi, _core.lib

Array = npt.NDArray[np.float64]
TICK_S = 0.01
TICK_NS = 10_000_000
N = lib.OB_UD_STATES
NAMES = ("RANGE_A", "RANGE_B", "VELOCITY", "STAR", "CRATERS")


def c_array(values: Any) -> Any:
    """A C array of doubles."""
    return ffi.new("double[]", [float(v) for v in np.ravel(values)])


def array(pointer: Any, count: int) -> Array:
    """A copy of `count` doubles at a C pointer."""
    return np.frombuffer(ffi.buffer(pointer, 8 * count), dtype=np.float64).copy()


def rotate(q: Array, v: Array) -> Array:
    out = ffi.new("double[3]")
    lib.ob_q_rotate(out, c_array(q), c_array(v))
    return array(out, 3)


def rotate_back(q: Array, v: Array) -> Array:
    out = ffi.new("double[3]")
    lib.ob_q_rotate_back(out, c_array(q), c_array(v))
    return array(out, 3)


def multiply(a: Array, b: Array) -> Array:
    out = ffi.new("double[4]")
    lib.ob_q_mul(out, c_array(a), c_array(b))
    return array(out, 4)


def from_rotvec(r: Array) -> Array:
    out = ffi.new("double[4]")
    lib.ob_q_from_rotvec(out, c_array(r))
    return array(out, 4)


def to_rotvec(q: Array) -> Array:
    out = ffi.new("double[3]")
    lib.ob_q_to_rotvec(out, c_array(q))
    return array(out, 3)


def conjugate(q: Array) -> Array:
    return q * np.array([1.0, -1.0, -1.0, -1.0])


def make_site(
    latitude_deg: float = 60.5, longitude_deg: float = -4.6, elevation_m: float = 0.0
) -> Any:
    site = ffi.new("ob_site *")
    lib.ob_site_init(site, np.radians(latitude_deg), np.radians(longitude_deg), elevation_m)
    return site


@dataclass
class Ground:
    """A terrain map of one or more grids, with the arrays that it points to."""

    site: Any
    azimuth_rad: float = 0.0
    map: Any = field(init=False)
    keep: list[Any] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.map = ffi.new("ob_terrain_map *")
        lib.ob_corridor_init(
            ffi.addressof(self.map.corridor),
            self.site.latitude_rad,
            self.site.longitude_rad,
            self.azimuth_rad,
        )

    def add(
        self, along0_m: float, cross0_m: float, spacing_m: float, heights: Any, sigma_m: float
    ) -> None:
        """Append a finer grid."""
        data = np.ascontiguousarray(heights, dtype=np.float32)
        self.keep.append(data)
        grid = self.map.grid[self.map.count]
        grid.along0_m, grid.cross0_m, grid.spacing_m = along0_m, cross0_m, spacing_m
        grid.sigma_m = sigma_m
        grid.n_along, grid.n_cross = data.shape
        grid.height_m = ffi.from_buffer("float[]", data)
        self.map.count += 1

    def corridor(self, position_site: Array) -> Array:
        out = ffi.new("double[3]")
        lib.ob_mcmf_from_site(self.site, c_array(position_site), out)
        lib.ob_corridor_from_mcmf(ffi.addressof(self.map.corridor), out, out)
        return array(out, 3)

    def site_position(self, along_m: float, cross_m: float, height_m: float) -> Array:
        out = ffi.new("double[3]")
        lib.ob_mcmf_from_corridor(
            ffi.addressof(self.map.corridor), c_array([along_m, cross_m, height_m]), out
        )
        lib.ob_site_from_mcmf(self.site, out, out)
        return array(out, 3)

    def height(self, along_m: float, cross_m: float) -> float:
        return float(lib.ob_map_height_m(self.map, along_m, cross_m, ffi.new("double *")))

    def slant_range(
        self, position_site: Array, direction_site: Array, lower_m: float = 0.0
    ) -> float | None:
        """Range to the mapped ground lowered by `lower_m`, or None."""
        up = position_site + np.array([0.0, 0.0, self.site.radius_m])
        up /= np.linalg.norm(up)
        origin, direction = ffi.new("double[3]"), ffi.new("double[3]")
        lib.ob_mcmf_from_site(self.site, c_array(position_site + lower_m * up), origin)
        lib.ob_m3t_v3(direction, self.site.C_site_from_mcmf, c_array(direction_site))
        range_m, sigma_m = ffi.new("double *"), ffi.new("double *")
        hit = lib.ob_map_raycast(self.map, origin, direction, 1e5, range_m, sigma_m)
        return float(range_m[0]) if hit else None


def rolling_hills(ground: Ground, sigma_m: float = 20.0, amplitude_m: float = 60.0) -> None:
    """One grid over the approach with hills of 6 to 9 km."""
    along = np.arange(-520e3, 40e3, 250.0)
    cross = np.arange(-30e3, 30e3, 250.0)
    heights = amplitude_m * (
        np.sin(along / 1400.0)[:, None] * np.cos(cross / 1100.0)[None, :]
        + np.sin(along / 970.0 + 1.0)[:, None]
    )
    ground.add(along[0], cross[0], 250.0, heights, sigma_m)


def limits(threshold: float, **changes: Any) -> dict[str, Any]:
    values = {
        "threshold": threshold,
        "rate_sigmas": 4.0,
        "reject_count": 5,
        "recover_count": 5,
        "reacquire_count": 20,
        "reacquire_ns": 2_000_000_000,
        "gap_ns": 1_000_000_000,
        "due_ns": 1_000_000_000,
    }
    return {**values, **changes}


def make_params(**changes: Any) -> Any:
    """Filter parameters of a good navigation-grade lander; `changes` replace fields."""
    params = ffi.new("ob_filter_params *")
    tilt = np.radians(65.0)
    beam = {"minimum_m": 1.0, "maximum_m": 25e3, "sigma_m": 1.0, "sigma_fraction": 1e-3}
    values: dict[str, Any] = {
        "tick_ns": TICK_NS,
        "covariance_ticks": 10,
        "gyro_noise_rad_sqrt_s": 2e-6,
        "gyro_bias_walk_rad_s_sqrt_s": 1e-9,
        "gyro_scale_sigma": 0.0,
        "accelerometer_noise_m_s_sqrt_s": 2e-4,
        "accelerometer_bias_walk_m_s2_sqrt_s": 1e-6,
        "coupling_walk_sqrt_s": 1e-8,
        "turn_acceleration_rad_s2": 100.0,
        "gyro_bias_sigma_rad_s": 1e-6,
        "accelerometer_bias_sigma_m_s2": 5e-4,
        "coupling_sigma": 1.5e-4,
        "map_correlation_m": 500.0,
        "relief_correlation_m": 3000.0,
        "relief_sigmas": 1.0,
        "place_hold_m": 0.0,
        "place_hold_sigma_m": 0.0,
        "beam": [
            {**beam, "direction_body": [np.sin(tilt), 0.0, -np.cos(tilt)]},
            {**beam, "direction_body": [0.0, 0.0, -1.0], "maximum_m": 5e3},
        ],
        "velocity_sigma_m_s": [0.1, 0.1, 0.1],
        "velocity_sigma_fraction": 0.002,
        "velocity_minimum_m": 5.0,
        "velocity_maximum_m": 3000.0,
        "velocity_minimum_cosine": 0.55,
        "star_sigma_rad": [2e-4, 5e-5, 5e-5],
        "star_maximum_rate_rad_s": 0.03,
        "star_maximum_force_m_s2": 0.05,
        "crater_pixel_sigma": 0.0,
        "crater_map_inflation": 1.0,
        "reacquire_sigmas": 10.0,
        "gate": [limits(25.0), limits(25.0), limits(30.0), limits(30.0), limits(20.0)],
    }
    params[0] = {**values, **changes}
    return params


PRIOR = {
    "position_m": [500.0] * 3,
    "velocity_m_s": [0.5] * 3,
    "attitude_rad": [1e-3] * 3,
}


@dataclass
class Errors:
    """One draw of what the filter does not know, from the filter's own model."""

    position: Array
    velocity: Array
    attitude: Array
    gyro_bias: Array
    accelerometer_bias: Array
    coupling: Array
    map_error: Array  # at the footprint of each beam

    @classmethod
    def draw(cls, rng: np.random.Generator, params: Any, map_sigma_m: float) -> Errors:
        three = lambda scale: rng.normal(0.0, 1.0, 3) * np.asarray(scale)  # noqa: E731
        return cls(
            position=three(PRIOR["position_m"]),
            velocity=three(PRIOR["velocity_m_s"]),
            attitude=three(PRIOR["attitude_rad"]),
            gyro_bias=three(params.gyro_bias_sigma_rad_s),
            accelerometer_bias=three(params.accelerometer_bias_sigma_m_s2),
            coupling=three(params.coupling_sigma),
            map_error=rng.normal(0.0, map_sigma_m, 2),
        )


class Vehicle:
    """Truth: a strapdown with perfect increments."""

    def __init__(self, site: Any, position: Array, velocity: Array, q: Array) -> None:
        self.site = site
        self.s = ffi.new("ob_strapdown *")
        lib.ob_strapdown_init(self.s, 0, c_array(position), c_array(velocity), c_array(q))

    def step(self, angle: list[float], push: list[float]) -> None:
        lib.ob_strapdown_step(self.s, self.site, TICK_NS, angle, push)

    @property
    def position(self) -> Array:
        return array(self.s.position_site_m, 3)

    @property
    def velocity(self) -> Array:
        return array(self.s.velocity_site_m_s, 3)

    @property
    def q(self) -> Array:
        return array(self.s.q_site_from_body, 4)


def covariance(filter_: Any) -> Array:
    out = ffi.new("double[]", N * N)
    lib.ob_filter_covariance(filter_, out)
    return array(out, N * N).reshape(N, N)


def error_state(filter_: Any, vehicle: Vehicle, errors: Errors) -> Array:
    """Truth minus estimate, in the order of `filter.h`."""
    s = filter_.strapdown
    estimate = array(s.q_site_from_body, 4)
    return np.concatenate(
        [
            vehicle.position - array(s.position_site_m, 3),
            vehicle.velocity - array(s.velocity_site_m_s, 3),
            to_rotvec(multiply(vehicle.q, conjugate(estimate))),
            errors.gyro_bias - array(filter_.gyro_bias_rad_s, 3),
            errors.accelerometer_bias - array(filter_.accelerometer_bias_m_s2, 3),
            errors.coupling - array(filter_.coupling, 3),
            errors.map_error - array(filter_.map_error_m, 2),
        ]
    )


def braking_attitude(forward: Array, up: Array, pitch_rad: float) -> Array:
    """Thrust (z) backwards and up by `pitch_rad`, belly (x) towards the ground and forward."""
    z = -np.cos(pitch_rad) * forward + np.sin(pitch_rad) * up
    x = -np.sin(pitch_rad) * forward - np.cos(pitch_rad) * up
    y = np.cross(z, x)
    q = ffi.new("double[4]")
    lib.ob_q_from_matrix(q, c_array(np.column_stack([x, y, z])))
    return array(q, 4)


def camera() -> Any:
    """512 x 512, 50 deg, boresight 65 deg from -z towards +x."""
    cam = ffi.new("ob_camera *")
    cam.focal_px = 256.0 / np.tan(np.radians(25.0))
    cam.center_column_px = cam.center_row_px = 255.5
    cam.width = cam.height = 512
    tilt = np.radians(65.0)
    z = np.array([np.sin(tilt), 0.0, -np.cos(tilt)])
    x = np.array([0.0, 1.0, 0.0])
    lib.ob_q_from_matrix(cam.q_body_from_camera, c_array(np.column_stack([x, np.cross(z, x), z])))
    return cam


class Descent:
    """Truth, instruments and filter, advanced together."""

    def __init__(
        self,
        ground: Ground,
        params: Any,
        seed: int,
        altitude_m: float = 15e3,
        speed_m_s: float = 1600.0,
        along_m: float = -450e3,
        pitch_rad: float = 0.15,
    ) -> None:
        self.rng = np.random.default_rng(seed)
        self.ground, self.params, self.site = ground, params, ground.site
        position = ground.site_position(along_m, 0.0, altitude_m + ground.height(along_m, 0.0))
        ahead = ground.site_position(along_m + 100.0, 0.0, altitude_m + ground.height(along_m, 0.0))
        forward = (ahead - position) / np.linalg.norm(ahead - position)
        up = self.up(position)
        forward -= up * (forward @ up)
        forward /= np.linalg.norm(forward)
        self.vehicle = Vehicle(
            self.site, position, speed_m_s * forward, braking_attitude(forward, up, pitch_rad)
        )
        self.sigma_map = ground.map.grid[0].sigma_m
        self.footprint = [ground.corridor(position)[:2]] * 2
        self.errors = Errors.draw(self.rng, params, self.sigma_map)
        e = self.errors
        prior = ffi.new("ob_filter_prior *", PRIOR)
        self.filter = ffi.new("ob_filter *")
        lib.ob_filter_init(
            self.filter, params, self.site, ground.map, 0,
            c_array(position - e.position),
            c_array(speed_m_s * forward - e.velocity),
            c_array(multiply(conjugate(from_rotvec(e.attitude)), self.vehicle.q)),
            prior,
        )  # fmt: skip
        self.out = ffi.new("ob_nav_state *")
        self.camera = camera()
        self.time_ns = 0
        self.nis: dict[str, list[float]] = {name: [] for name in NAMES}
        self.signed: list[float] = []  # innovation / sigma of rangefinder a

    def up(self, position: Array) -> Array:
        r = position + np.array([0.0, 0.0, self.site.radius_m])
        return r / np.linalg.norm(r)

    def altitude_m(self) -> float:
        """Of the truth above the true ground."""
        along, cross, height = self.ground.corridor(self.vehicle.position)
        return float(height - self.ground.height(along, cross) - self.map_error_at(along, cross))

    def map_error_at(self, along: float, cross: float) -> float:
        """A draw of the map's error at a place, given that at the nearest footprint."""
        away = [np.hypot(along - a, cross - c) for a, c in self.footprint]
        beam = int(np.argmin(away))
        shared = np.exp(-away[beam] / self.params.map_correlation_m)
        own = self.rng.normal(0.0, self.sigma_map * (1.0 - shared**2) ** 0.5)
        return float(shared * self.errors.map_error[beam] + own)

    def fly(
        self, ticks: int, rate: tuple[float, float, float], force: tuple[float, float, float]
    ) -> None:
        """Constant body rate (rad/s) and specific force (m/s2), measured with errors."""
        p, e = self.params, self.errors
        dt = TICK_S
        angle, push = [r * dt for r in rate], [f * dt for f in force]
        bias_angle = np.array(angle) + e.gyro_bias * dt
        bias_push = np.array(push) + e.accelerometer_bias * dt + e.coupling * push[2]
        noise_angle = self.rng.normal(0.0, p.gyro_noise_rad_sqrt_s * dt**0.5, (ticks, 3))
        noise_push = self.rng.normal(0.0, p.accelerometer_noise_m_s_sqrt_s * dt**0.5, (ticks, 3))
        angles = (bias_angle + noise_angle).tolist()
        pushes = (bias_push + noise_push).tolist()
        for k in range(ticks):
            self.time_ns += TICK_NS
            self.vehicle.step(angle, push)
            lib.ob_filter_imu(self.filter, self.time_ns, angles[k], pushes[k], 0, self.out)
        self._walk(ticks * dt)

    def _walk(self, dt: float) -> None:
        p, e = self.params, self.errors
        e.gyro_bias = e.gyro_bias + self.rng.normal(0, p.gyro_bias_walk_rad_s_sqrt_s * dt**0.5, 3)
        walk = p.accelerometer_bias_walk_m_s2_sqrt_s * dt**0.5
        e.accelerometer_bias = e.accelerometer_bias + self.rng.normal(0, walk, 3)
        e.coupling = e.coupling + self.rng.normal(0, p.coupling_walk_sqrt_s * dt**0.5, 3)

    def _note(self, stream: int, decision: int) -> int:
        gate = self.filter.gate[stream]
        self.nis[NAMES[stream]].append(gate.nis)
        if stream == lib.OB_STREAM_RANGE_A:
            self.signed.append(gate.innovation[0] / gate.sigma[0])
        return decision

    def true_range(self, beam: int) -> float | None:
        """Noise-free slant range to ground whose map error goes on from the last footprint."""
        b = self.params.beam[beam]
        direction = rotate(self.vehicle.q, array(b.direction_body, 3))
        mapped = self.ground.slant_range(self.vehicle.position, direction)
        if mapped is None:
            return None
        hit = self.ground.corridor(self.vehicle.position + mapped * direction)
        self._carry_map_error(beam, hit[:2])
        return self.ground.slant_range(
            self.vehicle.position, direction, -float(self.errors.map_error[beam])
        )

    def _carry_map_error(self, beam: int, place: Array) -> None:
        away = np.hypot(*(place - self.footprint[beam]))
        kept = np.exp(-away / self.params.map_correlation_m)
        fresh = self.rng.normal(0.0, self.sigma_map * (1.0 - kept**2) ** 0.5)
        self.errors.map_error[beam] = kept * self.errors.map_error[beam] + fresh
        self.footprint[beam] = place

    def range(self, beam: int, fault: Any = lambda r: r) -> int | None:
        """Measure and use a slant range; `fault` may change what the instrument says."""
        b = self.params.beam[beam]
        r = self.true_range(beam)
        if r is None or not b.minimum_m < r < b.maximum_m:
            return None
        r = fault(r + self.rng.normal(0.0, np.hypot(b.sigma_m, b.sigma_fraction * r)))
        return self._note(beam, lib.ob_filter_range(self.filter, self.time_ns, beam, r))

    def velocity(self, fault: Any = lambda v: v) -> int:
        p = self.params
        v = rotate_back(self.vehicle.q, self.vehicle.velocity)
        sigma = np.hypot(
            array(p.velocity_sigma_m_s, 3), p.velocity_sigma_fraction * np.linalg.norm(v)
        )
        v = fault(v + self.rng.normal(0.0, 1.0, 3) * sigma)
        return self._note(2, lib.ob_filter_velocity(self.filter, self.time_ns, c_array(v)))

    def star(self, fault: Any = lambda q: q) -> int:
        q_site_from_mci = ffi.new("double[4]")
        lib.ob_q_site_from_mci(self.site, self.time_ns, q_site_from_mci)
        noise = from_rotvec(self.rng.normal(0.0, 1.0, 3) * array(self.params.star_sigma_rad, 3))
        q = multiply(multiply(conjugate(array(q_site_from_mci, 4)), self.vehicle.q), noise)
        return self._note(3, lib.ob_filter_star(self.filter, self.time_ns, c_array(fault(q))))

    def matches(self, count: int, map_sigma_m: float = 15.0, pixel_sigma: float = 0.5,
                shift_px: tuple[float, float] = (0.0, 0.0)) -> Any:  # fmt: skip
        """Craters on the ground in view now, as a matcher would report them."""
        cam, found = self.camera, []
        q = multiply(self.vehicle.q, array(cam.q_body_from_camera, 4))
        while len(found) < count:
            pixel = self.rng.uniform(0.0, 511.0, 2)
            ray = ffi.new("double[3]")
            lib.ob_camera_ray(cam, c_array(pixel), ray)
            direction = rotate(q, array(ray, 3))
            range_m = self.ground.slant_range(self.vehicle.position, direction)
            if range_m is None:
                continue
            mapped = self.vehicle.position + range_m * direction
            mapped = mapped + self.rng.normal(0.0, map_sigma_m, 3)
            mcmf = ffi.new("double[3]")
            lib.ob_mcmf_from_site(self.site, c_array(mapped), mcmf)
            seen = pixel + self.rng.normal(0.0, pixel_sigma, 2) + shift_px
            found.append({
                "pixel": list(seen), "pixel_covariance": [pixel_sigma**2, 0.0, pixel_sigma**2],
                "position_mcmf_m": list(mcmf), "position_sigma_m": map_sigma_m,
                "diameter_m": 300.0, "probability": 1.0, "catalogue_index": len(found),
            })  # fmt: skip
        return ffi.new("ob_crater_matched[]", found)

    def craters(self, matches: Any, time_ns: int | None = None) -> int:
        """Use matches of a frame exposed at `time_ns` (now, if None)."""
        when = self.time_ns if time_ns is None else time_ns
        return self._note(
            4, lib.ob_filter_craters(self.filter, when, self.camera, matches, len(matches))
        )

    def error(self) -> Array:
        return error_state(self.filter, self.vehicle, self.errors)

    def nees(self, states: slice = slice(0, N)) -> float:
        """Normalised estimation error squared of some states."""
        e = self.error()[states]
        p = covariance(self.filter)[states, states]
        return float(e @ np.linalg.solve(p, e))
