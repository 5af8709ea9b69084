"""What the guidance and control tests share: defaults of the dictionary, a site, simple states."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from onboard.bus import Bus
from onboard.core._core import ffi, lib
from onboard.core.fields import from_parameters
from onboard.dictionary.loader import load
from onboard.products import LandingSite

ROOT = Path(__file__).resolve().parents[1]
PARAMETERS = {
    name: p.default for name, p in load(ROOT / "onboard/dictionary/lander").parameters.items()
}
SITE = LandingSite(
    latitude_rad=math.radians(60.5),
    longitude_rad=math.radians(-4.6),
    elevation_m=-2500.0,
    azimuth_rad=0.0,
)
RADIUS_M = 1737400.0 + SITE.elevation_m
EXHAUST_M_S = PARAMETERS["guidance.specific_impulse_s"] * 9.80665
FULL_M_S2 = PARAMETERS["guidance.thrust_n"] / PARAMETERS["guidance.initial_mass_kg"]
Array = npt.NDArray[np.float64]


def vector(values: Any) -> Any:
    return ffi.new("double[3]", [float(v) for v in values])


def site() -> Any:
    out = ffi.new("ob_site *")
    lib.ob_site_init(out, SITE.latitude_rad, SITE.longitude_rad, SITE.elevation_m)
    return out


def perilune(range_m: float, height_m: float = 15000.0) -> tuple[Array, Array]:
    """Position and velocity over the ground at the perilune of a 15 x 100 km orbit going north."""
    angle, radius = range_m / RADIUS_M, lib.OB_MOON_RADIUS_M + height_m
    apolune = lib.OB_MOON_RADIUS_M + 100e3
    speed = math.sqrt(lib.OB_MOON_MU_M3_S2 * (2 / radius - 2 / (radius + apolune)))
    up, forward = np.array([0.0, 0.0, 1.0]), np.array([0.0, 1.0, 0.0])
    position = radius * (math.cos(angle) * up - math.sin(angle) * forward)
    velocity = speed * (math.cos(angle) * forward + math.sin(angle) * up)
    velocity -= np.cross(list(site().rate_site_rad_s), position)
    return position - RADIUS_M * up, velocity


def gate() -> Any:
    """Where the braking ends, as guidance computes it for a flight going north."""
    p = {k.removeprefix("guidance."): v for k, v in PARAMETERS.items() if k.startswith("guidance.")}
    end = ffi.new("ob_burn_end *")
    drop = p["gate_range_m"] ** 2 / (2 * RADIUS_M)
    end.position_site_m = (0.0, -p["gate_range_m"], p["gate_altitude_m"] - drop)
    end.velocity_site_m_s = (0.0, p["gate_speed_m_s"], -p["gate_descent_m_s"])
    return end


def burn_from(
    position: Array, velocity: Array, corrections: int = 12, throttle_max: float = 1.0
) -> Any:
    """A corrected burn from a state to the gate."""
    burn = ffi.new("ob_burn *")
    lib.ob_burn_init(burn, vector((0, 1, 0)), float(np.linalg.norm(velocity)), FULL_M_S2)
    place, end = site(), gate()
    for _ in range(corrections):
        lib.ob_burn_correct(
            burn,
            place,
            vector(position),
            vector(velocity),
            FULL_M_S2,
            EXHAUST_M_S,
            throttle_max,
            end,
        )
    return burn


def nav_state(
    position: Any = (0, 0, 100),
    velocity: Any = (0, 0, -1),
    attitude: Any = (1, 0, 0, 0),
    altitude_m: float | None = None,
    altitude_sigma_m: float = 1.0,
    time_ns: int = 0,
) -> Any:
    """A valid `ob_nav_state *`; altitude is that over the site unless given."""
    state = ffi.new("ob_nav_state *")
    state.time_ns = time_ns
    state.position_site_m = tuple(map(float, position))
    state.velocity_site_m_s = tuple(map(float, velocity))
    state.q_site_from_body = tuple(map(float, attitude))
    state.altitude_m = float(position[2]) if altitude_m is None else altitude_m
    state.altitude_sigma_m = altitude_sigma_m
    state.altitude_worst_m = state.altitude_m - 3 * altitude_sigma_m
    state.specific_force_body_m_s2 = (0.0, 0.0, 1.62)
    state.valid = 1
    return state


def guidance() -> Any:
    """A fresh `ob_guidance *` with the dictionary's defaults."""
    out = ffi.new("ob_guidance *")
    lib.ob_guidance_init(out, from_parameters("ob_guidance_params", PARAMETERS, "guidance"), site())
    return out


def touchdown() -> Any:
    out = ffi.new("ob_touchdown *")
    lib.ob_touchdown_init(out, from_parameters("ob_touchdown_params", PARAMETERS, "touchdown"))
    return out


class Output:
    """An output port that keeps what is written."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.rows: list[Any] = []

    def write(self, message: Any) -> None:
        self.rows.append(message)


def bus_with(state: Any, command: Any = None) -> Bus:
    bus = Bus()
    bus.topic("navigation").publish(state, state.time_ns)
    if command is not None:
        bus.topic("guidance").publish(command, state.time_ns)
    return bus


def rotation(q: Any) -> Array:
    """Row-major matrix of a quaternion."""
    out = ffi.new("double[9]")
    lib.ob_q_to_matrix(out, ffi.new("double[4]", list(q)))
    return np.array(list(out)).reshape(3, 3)
