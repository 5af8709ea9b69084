"""The emulated lander: `native/plant/include/plant/lander.h` with ports, for one run.

    plant = LanderPlant(load_preset("slim"), terrain, seed, dispersions, initial, site=site)
    imu = plant.ports["imu.a"].read
    plant.step()          # one tick of 10 ms
    imu()                 # the ImuSample of that tick

What flight code may know goes through `ports`. `truth`, `touchdown` and `events` are for the bench.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

from hil.instruments.ports import CameraPose, RowPort, frame_reader, row_reader, row_writer
from hil.plant._plant import ffi, lib
from hil.plant.preset import Dispersions, LanderPreset
from hil.plant.random_stream import RandomStream, stream_number
from hil.plant.struct_memory import StructMemory
from onboard import messages
from onboard.core._core import ffi as core_ffi
from onboard.core._core import lib as core_lib
from onboard.products import LandingSite

OUTPUTS = (
    "imu.a",
    "imu.b",
    "rangefinder.a",
    "rangefinder.b",
    "velocimeter.a",
    "star_tracker.a",
    "legs.a",
    "engine.a",
    "engine.b",
    "tank",
    "camera.a",
)
INPUTS = ("engine.a", "engine.b", "thrusters", "camera.a")
EVENTS = {
    "contact": lib.PL_EVENT_CONTACT,
    "at_rest": lib.PL_EVENT_AT_REST,
    "nozzle_struck": lib.PL_EVENT_NOZZLE_STRUCK,
    "hull_struck": lib.PL_EVENT_HULL_STRUCK,
    "leg_broken": lib.PL_EVENT_LEG_BROKEN,
    "impact": lib.PL_EVENT_IMPACT,
    "tipped_over": lib.PL_EVENT_TIPPED_OVER,
    "propellant_out": lib.PL_EVENT_PROPELLANT_OUT,
}


class Ground(Protocol):
    """What the plant stands on, the terrain of `hil.world`; `handle` is its `pl_terrain *`."""

    handle: Any


class InitialState(NamedTuple):
    """State of the body's origin at a time of the emulated clock, relative to inertial."""

    time_ns: int
    position_mci_m: tuple[float, ...]
    velocity_mci_m_s: tuple[float, ...]
    q_mci_from_body: tuple[float, ...]
    rate_body_rad_s: tuple[float, ...]
    propellant_kg: float | None = None  # before dispersion; None: the preset's
    throttle: float | None = None  # the main engines burn at this; None: off


@dataclass(frozen=True)
class Touchdown:
    """How the vehicle met the ground; see `pl_touchdown`."""

    time_ns: int
    position_site_m: tuple[float, ...]
    speed_vertical_m_s: float  # downward, relative to the ground
    speed_horizontal_m_s: float
    tilt_rad: float
    rate_rad_s: float
    at_rest: bool
    rest_time_ns: int
    rest_position_site_m: tuple[float, ...]
    rest_tilt_rad: float


def descent_orbit(
    site: LandingSite,
    *,
    range_m: float = 450e3,
    perilune_m: float = 15e3,
    apolune_m: float = 100e3,
    lead_s: float = 120.0,
) -> InitialState:
    """The state at time 0, `lead_s` before perilune on a descent orbit.

    Perilune lies `range_m` before the target on the equator of the corridor (site, azimuth of the
    approach), `perilune_m` above the sphere of 1,737,400 m (not above the target), and the motion
    relative to the ground there is along the corridor. The body flies backwards (z against the
    velocity) with its belly (+x) to the ground, turning with the orbit.
    """
    if lead_s < 0.0 or perilune_m > apolune_m:
        raise ValueError("lead_s must be >= 0 and perilune_m must not exceed apolune_m")
    orbit = ffi.new(
        "pl_descent_orbit *",
        {
            "latitude_rad": site.latitude_rad,
            "longitude_rad": site.longitude_rad,
            "azimuth_rad": site.azimuth_rad,
            "range_m": range_m,
            "perilune_m": perilune_m,
            "apolune_m": apolune_m,
            "lead_s": lead_s,
        },
    )
    state = ffi.new("pl_state *")
    lib.pl_descent_orbit_state(orbit, state)
    return _initial_state(state)


def _initial_state(state: Any) -> InitialState:
    return InitialState(
        state.time_ns,
        tuple(state.position_mci_m),
        tuple(state.velocity_mci_m_s),
        tuple(state.q_mci_from_body),
        tuple(state.rate_body_rad_s),
    )


def flight_start(
    site: LandingSite,
    *,
    along_m: float,
    cross_m: float,
    height_m: float,
    velocity_m_s: tuple[float, float, float],
    tilt_rad: float,
    rate_body_rad_s: tuple[float, float, float] = (0.0, 0.0, 0.0),
    propellant_kg: float | None = None,
    throttle: float | None = None,
) -> InitialState:
    """A state in flight at time 0, over the place (along, cross) of the corridor of the site.

    `height_m` is above the level of the target. `velocity_m_s`, relative to the ground, has the
    components forward, left and up there. The thrust axis lies `tilt_rad` from the vertical,
    backwards; the belly (+x) looks backwards when upright and to the ground when z is horizontal.
    """
    corridor, place = core_ffi.new("ob_corridor *"), core_ffi.new("double[3]")
    core_lib.ob_corridor_init(corridor, site.latitude_rad, site.longitude_rad, site.azimuth_rad)
    at = [along_m, cross_m, site.elevation_m + height_m]
    core_lib.ob_mcmf_from_corridor(corridor, at, place)
    axes = _axes_at(corridor, along_m, cross_m)
    s, c = core_lib.ob_sin(tilt_rad), core_lib.ob_cos(tilt_rad)
    x, z = _combined(axes, (-c, 0.0, -s)), _combined(axes, (-s, 0.0, c))
    y = _combined(axes, (0.0, -1.0, 0.0))  # z cross x
    q_body_from_mcmf, q = core_ffi.new("double[4]"), core_ffi.new("double[4]")
    core_lib.ob_q_from_matrix(q_body_from_mcmf, [*x, *y, *z])
    core_lib.ob_q_conj(q, q_body_from_mcmf)
    over_ground, turn = _combined(axes, velocity_m_s), core_lib.OB_MOON_RATE_RAD_S
    moving = (-turn * place[1], turn * place[0], 0.0)
    velocity = tuple(_sum(over_ground, moving))
    return InitialState(
        0, tuple(place), velocity, tuple(q), rate_body_rad_s, propellant_kg, throttle
    )


def _axes_at(corridor: Any, along_m: float, cross_m: float) -> list[list[float]]:
    """Forward, left and up over a place of a corridor, mcmf."""
    longitude, latitude = (d / core_lib.OB_MOON_RADIUS_M for d in (along_m, cross_m))
    s, c = core_lib.ob_sin(longitude), core_lib.ob_cos(longitude)
    sl, cl = core_lib.ob_sin(latitude), core_lib.ob_cos(latitude)
    rows = list(corridor.C_corridor_from_mcmf)
    at_target = [rows[0:3], rows[3:6], rows[6:9]]
    local = ((c, 0.0, -s), (-sl * s, cl, -sl * c), (cl * s, sl, cl * c))
    return [_combined(at_target, components) for components in local]


def _combined(axes: list[list[float]], components: Any) -> list[float]:
    """The vector that has these components along three axes."""
    return [sum(k * axis[i] for k, axis in zip(components, axes, strict=True)) for i in range(3)]


def _thrusters(preset: LanderPreset) -> dict[str, Any]:
    """Positions and directions of the twelve thrusters of four pods."""
    spec = preset.thrusters
    x, y = spec.pod_radius_m
    radius = math.sqrt(x * x + y * y)
    positions, directions = [], []
    for pod, (sx, sy) in enumerate(((1, 1), (-1, 1), (-1, -1), (1, -1))):
        yaw = 1.0 if pod % 2 == 0 else -1.0
        tangent = (-yaw * sy * y / radius, yaw * sx * x / radius, 0.0)
        positions += [(sx * x, sy * y, spec.pod_height_m)] * 3
        directions += [(0.0, 0.0, 1.0), (0.0, 0.0, -1.0), tangent]
    return {
        "position_body_m": positions,
        "direction_body": directions,
        "thrust_n": spec.thrust_n,
        "specific_impulse_s": spec.specific_impulse_s,
        "minimum_on_time_us": spec.minimum_on_time_us,
    }


def _hull(preset: LanderPreset) -> list[tuple[float, ...]]:
    low, high = preset.hull.minimum_body_m, preset.hull.maximum_body_m
    return list(itertools.product(*zip(low, high, strict=True)))


def _engines(preset: LanderPreset) -> list[dict[str, Any]]:
    shared = preset.engines.model_dump(exclude={"mount"})
    return [shared | m.model_dump(exclude={"name"}) for m in preset.engines.mount]


def _drawn_vehicle(
    preset: LanderPreset, d: Dispersions, seed: int, propellant_kg: float | None
) -> dict[str, Any]:
    """Mass, thrust and centre of mass of one vehicle, from the stream `vehicle`."""
    draw = RandomStream(seed, "vehicle")
    mass = 1.0 + d.mass * draw.normal()
    thrust = 1.0 + d.thrust * draw.normal()
    m = preset.mass
    return {
        "mass": {
            "dry_kg": mass * m.dry_kg,
            "propellant_full_kg": mass * m.tank_kg,
            "inertia_dry_kg_m2": [mass * i for i in m.inertia_dry_kg_m2],
            "inertia_full_kg_m2": [mass * i for i in m.inertia_full_kg_m2],
        },
        "propellant_kg": mass * (m.propellant_kg if propellant_kg is None else propellant_kg),
        "engine_scale": [thrust * (1.0 + x) for x in draw.normals(d.engine_mismatch, 2)],
        "thruster_scale": [1.0 + x for x in draw.normals(d.thruster, 12)],
        "centre_body_m": draw.normals(d.centre_of_mass_m, 3),
    }


def _instruments(preset: LanderPreset, d: Dispersions) -> dict[str, Any]:
    factors = (d.sensor_constant, d.sensor_noise)
    return {
        "imu": [spec.scaled(*factors) for spec in preset.imu],
        "imu_count": len(preset.imu),
        "rangefinder": [spec.scaled(*factors) for spec in preset.rangefinder],
        "velocimeter": preset.velocimeter.scaled(*factors),
        "star_tracker": preset.star_tracker.scaled(*factors),
        "telemetry": preset.telemetry.scaled(*factors),
        "camera_width": preset.camera.width,
        "camera_height": preset.camera.height,
    }


def _config(
    preset: LanderPreset,
    site: LandingSite,
    d: Dispersions,
    seed: int,
    propellant_kg: float | None,
) -> dict[str, Any]:
    """The fields of `pl_lander_config`."""
    return {
        **_drawn_vehicle(preset, d, seed, propellant_kg),
        **_instruments(preset, d),
        "engine": _engines(preset),
        "thruster": _thrusters(preset),
        "leg": preset.legs.model_dump(exclude={"pad_resolution_m"}),
        "pad_resolution_m": preset.legs.pad_resolution_m,
        "hull_body_m": _hull(preset),
        "tip_over_rad": preset.hull.tip_over_rad,
        "site_latitude_rad": site.latitude_rad,
        "site_longitude_rad": site.longitude_rad,
        "site_elevation_m": site.elevation_m,
        "seed": seed,
        "stream": [stream_number(name) for name in OUTPUTS],
    }


def _drawn_state(nominal: InitialState, d: Dispersions, seed: int) -> dict[str, Any]:
    """The true initial state, from the stream `initial state`."""
    draw = RandomStream(seed, "initial state")
    position = draw.normals(d.position_m, 3)
    velocity = draw.normals(d.velocity_m_s, 3)
    turn = [1.0, *(0.5 * x for x in draw.normals(d.attitude_rad, 3))]
    rate = draw.normals(d.rate_rad_s, 3)
    return {
        "time_ns": nominal.time_ns,
        "position_mci_m": _sum(nominal.position_mci_m, position),
        "velocity_mci_m_s": _sum(nominal.velocity_mci_m_s, velocity),
        "q_mci_from_body": _product(nominal.q_mci_from_body, turn),
        "rate_body_rad_s": _sum(nominal.rate_body_rad_s, rate),
    }


def _sum(a: Any, b: Any) -> list[float]:
    return [x + y for x, y in zip(a, b, strict=True)]


def _product(a: Any, b: Any) -> list[float]:
    """Hamilton product; the plant brings it to unit length."""
    w, x, y, z = a
    p, q, r, s = b
    return [
        w * p - x * q - y * r - z * s,
        w * q + x * p + y * s - z * r,
        w * r - x * s + y * p + z * q,
        w * s + x * r - y * q + z * p,
    ]


class LanderPlant:
    """One lander above one ground, drawn from `seed`, from `initial` on.

    `nominal` is the initial state before dispersions: what the ground told navigation. `render`
    makes the image of a `CameraPose` (bytes of width*height); without one, `camera.a` never has a
    frame.
    `ports` maps instance names to ports; those of the instruments read, `thrusters` writes, and
    `engine.a`, `engine.b` and `camera.a` do both.
    """

    def __init__(
        self,
        preset: LanderPreset,
        terrain: Ground,
        seed: int,
        dispersions: Dispersions,
        initial: InitialState,
        *,
        site: LandingSite,
        render: Callable[[CameraPose], Any] | None = None,
    ) -> None:
        self.preset = preset
        self.nominal = initial
        self._terrain = terrain
        self._lander = ffi.new("pl_lander *")
        self._truth = ffi.new("pl_truth *")
        fields = _config(preset, site, dispersions, seed, initial.propellant_kg)
        config = ffi.new("pl_lander_config *", fields)
        state = ffi.new("pl_state *", _drawn_state(initial, dispersions, seed))
        lib.pl_lander_init(self._lander, config, terrain.handle, state)
        if initial.throttle is not None:
            lib.pl_lander_burn(self._lander, initial.throttle)
        self.handle = self._lander
        self.ports = self._make_ports(render)
        self._site = _SiteFrame(site)

    def step(self) -> int:
        """One tick of 10 ms. Returns the bits of the outputs (of `OUTPUTS`) that are new."""
        outputs: int = lib.pl_lander_step(self._lander)
        return outputs

    def hurt(self, port: str, *, feed: float, nozzle: float) -> None:
        """From now on: shares of the flow and of the chamber's thrust; see `plant/engine.h`."""
        hurt = self._lander.engine[INPUTS.index(port)]
        hurt.feed, hurt.nozzle = feed, nozzle

    @property
    def time_ns(self) -> int:
        """Of the emulated clock, at the end of the last tick."""
        value: int = self._lander.time_ns
        return value

    @property
    def truth(self) -> Any:
        """The true state now, a `pl_truth` that the next access overwrites."""
        lib.pl_lander_truth(self._lander, self._truth)
        return self._truth

    @property
    def frame_comes(self) -> bool:
        """Whether a camera frame was asked for in the last tick, or waits to be read."""
        asked, waits = lib.PL_COMMAND_CAMERA_A, lib.PL_CAMERA_A
        return bool(self._lander.pending[asked] or self._lander.fresh[waits])

    @property
    def events(self) -> tuple[str, ...]:
        """What has happened so far, of `EVENTS`."""
        bits = self._lander.events
        return tuple(name for name, bit in EVENTS.items() if bits & bit)

    @property
    def crashed(self) -> bool:
        return bool(self._lander.events & lib.PL_EVENT_CRASH)

    @property
    def touchdown(self) -> Touchdown | None:
        """How the feet met the ground, or None before they did."""
        t = self.truth.touchdown
        if not t.touched:
            return None
        return Touchdown(
            time_ns=t.time_ns,
            position_site_m=self._site.position_m(t.position_mcmf_m),
            speed_vertical_m_s=t.speed_vertical_m_s,
            speed_horizontal_m_s=t.speed_horizontal_m_s,
            tilt_rad=t.tilt_rad,
            rate_rad_s=t.rate_rad_s,
            at_rest=bool(t.at_rest),
            rest_time_ns=t.rest_time_ns,
            rest_position_site_m=self._site.position_m(t.rest_position_mcmf_m),
            rest_tilt_rad=t.rest_tilt_rad,
        )

    def hash(self) -> int:
        """64 bits over the whole state and all output rows."""
        value: int = lib.pl_lander_hash(self._lander)
        return value

    def _pose(self) -> CameraPose:
        out = self._lander.out
        return CameraPose(
            out.frame.time_ns,
            tuple(out.frame_position_mcmf_m),
            tuple(out.frame_q_mcmf_from_body),
            out.frame.exposure_s,
        )

    def _make_ports(self, render: Callable[[CameraPose], Any] | None) -> dict[str, RowPort]:
        c = self._lander
        out, commands = c.out, getattr(c, "in")
        memory = StructMemory(c)
        fresh, pending = memory.of(c.fresh).cast("q"), memory.of(c.pending).cast("q")
        m = messages

        read_rows: dict[str, memoryview] = {}

        def reader(name: str, message: Any, row: Any) -> Any:
            read_rows[name] = memory.of(row)
            return row_reader(message, read_rows[name], fresh, OUTPUTS.index(name))

        def writer(name: str, message: Any, row: Any) -> Any:
            return row_writer(message, memory.of(row), pending, INPUTS.index(name))

        imus = ((i.name, out.imu[k]) for k, i in enumerate(self.preset.imu))
        reads = {
            **{name: reader(name, m.ImuSample, row) for name, row in imus},
            "rangefinder.a": reader("rangefinder.a", m.RangeSample, out.range[0]),
            "rangefinder.b": reader("rangefinder.b", m.RangeSample, out.range[1]),
            "velocimeter.a": reader("velocimeter.a", m.VelocitySample, out.velocity),
            "star_tracker.a": reader("star_tracker.a", m.AttitudeSample, out.attitude),
            "legs.a": reader("legs.a", m.LegSample, out.leg),
            "engine.a": reader("engine.a", m.EngineSample, out.engine[0]),
            "engine.b": reader("engine.b", m.EngineSample, out.engine[1]),
            "tank": reader("tank", m.TankSample, out.tank),
            "camera.a": _no_frame
            if render is None
            else frame_reader(reader("camera.a", m.FrameHeader, out.frame), self._pose, render),
        }
        writes = {
            "engine.a": writer("engine.a", m.EngineCommand, commands.engine[0]),
            "engine.b": writer("engine.b", m.EngineCommand, commands.engine[1]),
            "thrusters": writer("thrusters", m.ThrusterCommand, commands.thruster),
            "camera.a": writer("camera.a", m.CameraCommand, commands.camera),
        }
        names = dict.fromkeys([*reads, *writes])
        return {
            name: RowPort(name, reads.get(name), writes.get(name), read_rows.get(name))
            for name in names
        }


def _no_frame() -> None:
    """The camera of a run without images."""
    return None


class _SiteFrame:
    """Positions relative to the target, east, north, up."""

    def __init__(self, site: LandingSite) -> None:
        self._site = core_ffi.new("ob_site *")
        core_lib.ob_site_init(self._site, site.latitude_rad, site.longitude_rad, site.elevation_m)

    def position_m(self, position_mcmf_m: Any) -> tuple[float, ...]:
        out = core_ffi.new("double[3]")
        core_lib.ob_site_from_mcmf(self._site, list(position_mcmf_m), out)
        return tuple(out)
