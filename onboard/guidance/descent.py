"""Powered descent guidance on the bus: navigated state in, attitude and throttle out, 10 Hz.

Laws, phases and rules are in `native/core/include/onboard/guidance.h`.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from onboard.bus import Bus
from onboard.core._core import ffi, lib
from onboard.core.fields import from_parameters
from onboard.products import LandingSite

PHASES: dict[str, int] = {
    "coast": lib.OB_GUIDANCE_COAST,
    "braking": lib.OB_GUIDANCE_BRAKING,
    "approach": lib.OB_GUIDANCE_APPROACH,
    "vertical": lib.OB_GUIDANCE_VERTICAL,
}
"""Phases of flight, in which a computer may resume."""


class DescentGuidance:
    """Publishes `guidance` (`ob_guidance_command *`); step it after navigation.

    `parameters` maps full names, `guidance.NAME`, to numbers. Until `start` it holds the attitude
    that it finds.
    """

    def __init__(self, bus: Bus, parameters: Mapping[str, float], site: LandingSite) -> None:
        self.state = ffi.new("ob_guidance *")
        self.command = ffi.new("ob_guidance_command *")
        self.request: int = lib.OB_GUIDANCE_HOLD  # ob_guidance_request
        self.resuming = lib.OB_GUIDANCE_IDLE  # what to resume with the first navigated state
        place = ffi.new("ob_site *")
        lib.ob_site_init(place, site.latitude_rad, site.longitude_rad, site.elevation_m)
        settings = from_parameters("ob_guidance_params", parameters, "guidance")
        lib.ob_guidance_init(self.state, settings, place)
        burn = from_parameters("ob_orbit_burn_params", parameters, "orbit_burn")
        lib.ob_orbit_burn_init(ffi.addressof(self.state, "orbit"), burn)
        self._navigation = bus.topic("navigation")
        self._touchdown = bus.topic("touchdown")
        self._actuators = bus.topic("actuators")
        self._publish = bus.topic("guidance").publish
        self.state_hash = partial(lib.ob_guidance_hash, self.state)
        self._step = lib.ob_guidance_step

    @property
    def phase(self) -> int:
        """`ob_guidance_phase`."""
        return int(self.state.phase)

    def resume(self, phase: str, mass_kg: float | None = None) -> None:
        """Begin in a phase (of `PHASES`), with the mass that the vehicle then has (None: full)."""
        if mass_kg is not None:
            self.state.mass_kg = mass_kg
        self.request, self.resuming = lib.OB_GUIDANCE_RUN, PHASES[phase]

    def start(self, now_ns: int) -> str | None:
        """Commit to the descent: turn to the ignition attitude and ignite when it is time."""
        if self.phase == lib.OB_GUIDANCE_SHUTDOWN:
            return "the engines have been shut down"
        if self.burns_in_orbit:
            return "a burn in orbit has not ended"
        self.request = lib.OB_GUIDANCE_RUN
        return None

    @property
    def burns_in_orbit(self) -> bool:
        return bool(lib.ob_orbit_burn_burns(ffi.addressof(self.state, "orbit")))

    def burn_in_orbit(self, now_ns: int, velocity_m_s: float) -> str | None:
        """Gain a velocity along the thrust, in the attitude that is held."""
        if self.phase != lib.OB_GUIDANCE_IDLE:
            return "the descent has been started"
        if self.burns_in_orbit:
            return "a burn in orbit has not ended"
        lib.ob_orbit_burn_start(ffi.addressof(self.state, "orbit"), velocity_m_s)
        return None

    def stop_burn_in_orbit(self, now_ns: int) -> str | None:
        """Engines off, if a burn in orbit is what they burn for."""
        if self.burns_in_orbit:
            self.state.orbit.state = lib.OB_ORBIT_BURN_DONE
        return None

    def hold(self, now_ns: int, hold: int = 1) -> str | None:
        """Put off the ignition, or go on (hold = 0). Refused after ignition: to hold is to fall."""
        if self.phase >= lib.OB_GUIDANCE_BRAKING:
            return "the engines are committed" if hold else None
        if self.phase == lib.OB_GUIDANCE_IDLE and self.request != lib.OB_GUIDANCE_RUN:
            return None if hold else "the descent has not been started"
        self.request = lib.OB_GUIDANCE_HOLD if hold else lib.OB_GUIDANCE_RUN
        return None

    def shutdown(self, now_ns: int) -> str | None:
        """Engines off, for good."""
        self.request = lib.OB_GUIDANCE_STOP
        return None

    def step(self, now_ns: int) -> None:
        state = self._navigation.value
        if state is None:
            return
        if self.resuming and state.valid:
            lib.ob_guidance_resume(self.state, self.resuming, state)
            self.resuming = lib.OB_GUIDANCE_IDLE
        self._use_engines()
        touchdown = self._touchdown.value
        confirmed = touchdown.confirmed if touchdown is not None else 0
        self._step(self.state, state, self.request, confirmed, self.command)
        self._publish(self.command, now_ns)

    def _use_engines(self) -> None:
        """Plan with the main engines that control may use."""
        actuators = self._actuators.value
        if actuators is not None:
            lib.ob_guidance_engines(self.state, actuators.engine_inhibit)

    def checkpoint(self) -> bytes:
        """What a restart needs to go on burning as if nothing had been."""
        return bytes([self.request]) + bytes(ffi.buffer(self.state))

    def restore(self, checkpoint: bytes) -> None:
        self.request = checkpoint[0]
        ffi.buffer(self.state)[:] = checkpoint[1:]
