"""The emulated rover: `native/plant/include/plant/rover.h` with ports, for one run.

    plant = RoverPlant(load_rover_preset("micro"), terrain, seed, dispersions, start, site=site)
    wheel = plant.ports["wheel.fl"].read
    plant.step()          # one tick of 10 ms
    wheel()               # the WheelSample of that tick

What flight code may know goes through `ports`. `truth` and `events` are for the bench.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from hil.instruments.ports import RowPort, row_reader, row_writer
from hil.plant._plant import ffi, lib
from hil.plant.lander import Ground
from hil.plant.random_stream import RandomStream, stream_number
from hil.plant.rover_preset import RoverDispersions, RoverPreset
from hil.plant.struct_memory import StructMemory
from onboard import messages
from onboard.products import LandingSite

WHEELS = ("wheel.fl", "wheel.fr", "wheel.rl", "wheel.rr")
OUTPUTS = ("imu.a", *WHEELS, "battery")
EVENTS = {"tipped_over": lib.PL_ROVER_TIPPED_OVER, "power_out": lib.PL_ROVER_POWER_OUT}


class RoverStart(NamedTuple):
    """Where it is set down at time 0, level with the ground, relative to the site."""

    east_m: float = 0.0
    north_m: float = 0.0
    heading_rad: float = 0.0  # of its front, from north towards east
    charge: float = 1.0  # of the battery


def _axles(preset: RoverPreset, centre_m: list[float]) -> list[tuple[float, float, float]]:
    """Centres of the wheels from the true centre of mass, in the order of `WHEELS`."""
    w = preset.wheels
    x, y, z = centre_m
    return [
        (ahead * w.wheelbase_m / 2 - x, left * w.track_m / 2 - y, w.axle_height_m - z)
        for ahead, left in ((1, 1), (1, -1), (-1, 1), (-1, -1))
    ]


def _soil(preset: RoverPreset, d: RoverDispersions, draw: RandomStream) -> dict[str, Any]:
    values = preset.soil.model_dump(exclude={"ground_resolution_m"})
    names = ("cohesive_modulus_n_m2", "frictional_modulus_n_m3", "cohesion_pa", "shear_modulus_m")
    for name in names:
        values[name] *= max(0.1, 1.0 + d.soil * draw.normal())
    return values


def _motors(preset: RoverPreset, d: RoverDispersions, draw: RandomStream) -> list[dict[str, Any]]:
    nominal = preset.motor.model_dump()
    nominal["current_noise_a"] *= d.sensor_noise
    k = nominal["constant_n_m_a"]
    return [{**nominal, "constant_n_m_a": k * (1.0 + d.motor * draw.normal())} for _ in WHEELS]


def _config(
    preset: RoverPreset, site: LandingSite, d: RoverDispersions, seed: int, charge: float
) -> dict[str, Any]:
    """The fields of `pl_rover_config`, one vehicle and its soil drawn from the seed."""
    draw = RandomStream(seed, "rover")
    mass = 1.0 + d.mass * draw.normal()
    battery = preset.battery.model_dump()
    for name in ("voltage_noise_v", "current_noise_a"):
        battery[name] *= d.sensor_noise
    return {
        "mass_kg": mass * preset.body.mass_kg,
        "inertia_kg_m2": [mass * i for i in preset.body.inertia_kg_m2],
        "axle_body_m": _axles(preset, draw.normals(d.centre_of_mass_m, 3)),
        "wheel": {"radius_m": preset.wheels.radius_m, "width_m": preset.wheels.width_m},
        "motor": _motors(preset, d, draw),
        "soil": _soil(preset, d, draw),
        "battery": battery,
        "charge": charge,
        "tip_over_rad": preset.body.tip_over_rad,
        "ground_resolution_m": preset.soil.ground_resolution_m,
        "imu": preset.imu.scaled(d.sensor_constant, d.sensor_noise),
        "site_latitude_rad": site.latitude_rad,
        "site_longitude_rad": site.longitude_rad,
        "site_elevation_m": site.elevation_m,
        "seed": seed,
        "stream": [stream_number(name) for name in OUTPUTS],
    }


def _start(start: RoverStart, d: RoverDispersions, seed: int) -> dict[str, Any]:
    """The true start, from the stream `initial state`."""
    error_rad = RandomStream(seed, "initial state").normals(d.heading_rad, 1)[0]
    return {
        "east_m": start.east_m,
        "north_m": start.north_m,
        "heading_rad": start.heading_rad + error_rad,
    }


class RoverPlant:
    """One rover on one ground, drawn from `seed`.

    `start` is what the rover is told of its own; the true heading differs by the dispersions.
    `ports` maps instance names to ports: `imu.a`, `battery` and the four `wheel` read, `wheels`
    writes.
    """

    def __init__(
        self,
        preset: RoverPreset,
        terrain: Ground,
        seed: int,
        dispersions: RoverDispersions,
        start: RoverStart,
        *,
        site: LandingSite,
    ) -> None:
        self.preset = preset
        self._terrain = terrain
        self._rover = ffi.new("pl_rover *")
        self._truth = ffi.new("pl_drive_truth *")
        fields = _config(preset, site, dispersions, seed, start.charge)
        config = ffi.new("pl_rover_config *", fields)
        begin = ffi.new("pl_rover_start *", _start(start, dispersions, seed))
        lib.pl_rover_init(self._rover, config, terrain.handle, begin)
        self.ports = self._make_ports()

    def step(self) -> int:
        """One tick of 10 ms. Returns the bits of the outputs (of `OUTPUTS`) that are new."""
        outputs: int = lib.pl_rover_step(self._rover)
        return outputs

    def hurt(self, port: str, *, jam: float = 0.0, drain: float = 0.0) -> None:
        """From now on: friction (N m) added to a wheel, or load (W) to the battery."""
        if port == "battery":
            self._rover.battery.drain_w = drain
        else:
            self._rover.wheel[WHEELS.index(port)].motor.jam_n_m = jam

    @property
    def time_ns(self) -> int:
        """Of the emulated clock, at the end of the last tick."""
        value: int = self._rover.time_ns
        return value

    @property
    def truth(self) -> Any:
        """The true state now, a `pl_drive_truth` that the next access overwrites."""
        lib.pl_rover_truth(self._rover, self._truth)
        return self._truth

    @property
    def events(self) -> tuple[str, ...]:
        """What has happened so far, of `EVENTS`."""
        bits = self._rover.events
        return tuple(name for name, bit in EVENTS.items() if bits & bit)

    @property
    def state(self) -> Any:
        """The `pl_rover *`."""
        return self._rover

    def hash(self) -> int:
        """64 bits over the whole state and all output rows."""
        value: int = lib.pl_rover_hash(self._rover)
        return value

    def _make_ports(self) -> dict[str, RowPort]:
        c, m = self._rover, messages
        memory = StructMemory(c)
        fresh, pending = memory.of(c.fresh).cast("q"), memory.of(c.pending).cast("q")
        rows: dict[str, tuple[Any, Any]] = {
            "imu.a": (m.ImuSample, c.out.imu),
            **{name: (m.WheelSample, c.out.wheel[k]) for k, name in enumerate(WHEELS)},
            "battery": (m.BatterySample, c.out.battery),
        }
        ports = {}
        for index, (name, (message, row)) in enumerate(rows.items()):
            octets = memory.of(row)
            ports[name] = RowPort(name, row_reader(message, octets, fresh, index), None, octets)
        write = row_writer(m.WheelCommand, memory.of(getattr(c, "in")), pending, 0)
        ports["wheels"] = RowPort("wheels", None, write)
        return ports
