"""The path of a rover on the bus, 10 Hz: where it is in, how fast its wheels turn out.

What it does is in `native/core/include/onboard/drive.h`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from onboard.bus import Bus
from onboard.core._core import ffi, lib
from onboard.core.fields import from_parameters


class PathDrive:
    """Publishes `drive` (`ob_drive_command *`); step it after odometry.

    `parameters` maps full names, `drive.NAME`, to numbers. `emit` is told by event name when a
    waypoint is reached, the last one, or given up.
    """

    def __init__(
        self, bus: Bus, parameters: Mapping[str, float], emit: Callable[..., object]
    ) -> None:
        self.state = ffi.new("ob_drive *")
        self.command = ffi.new("ob_drive_command *")
        lib.ob_drive_init(self.state, from_parameters("ob_drive_params", parameters, "drive"))
        self._emit = emit
        self._odometry, self._wheels = bus.topic("odometry"), bus.topic("wheels")
        self._publish = bus.topic("drive").publish
        self.state_hash = partial(lib.ob_drive_hash, self.state)
        self._step = lib.ob_drive_step

    def clear(self, now_ns: int) -> str | None:
        """Stand, and forget the path."""
        lib.ob_drive_clear(self.state)
        return None

    def add(self, now_ns: int, east_m: float, north_m: float) -> str | None:
        """One waypoint more; says why not."""
        if self.moves:
            return "the path is being driven"
        if lib.ob_drive_add(self.state, east_m, north_m):
            return None
        return f"the path has {lib.OB_WAYPOINTS} waypoints already"

    def start(self, now_ns: int, speed_m_s: float) -> str | None:
        """Drive the path from its beginning; says why not."""
        return None if lib.ob_drive_start(self.state, speed_m_s) else "the path is empty"

    def drive_to(self, now_ns: int, east_m: float, north_m: float, speed_m_s: float) -> str | None:
        """Drive to one place."""
        lib.ob_drive_clear(self.state)
        lib.ob_drive_add(self.state, east_m, north_m)
        return self.start(now_ns, speed_m_s)

    def stop(self, now_ns: int) -> str | None:
        """Stand; the path stays."""
        lib.ob_drive_stop(self.state)
        return None

    @property
    def moves(self) -> bool:
        """Whether a path is being driven."""
        return self.state.phase in (lib.OB_DRIVE_TURN, lib.OB_DRIVE_LEG)

    def step(self, now_ns: int) -> None:
        where, wheels = self._odometry.value, self._wheels.value
        if where is None:
            return
        held = not where.valid or (wheels is not None and bool(wheels.resting or wheels.out))
        phase, leg = self.state.phase, self.state.leg
        self._step(self.state, where, held, self.command)
        if (self.state.phase, self.state.leg) != (phase, leg):
            self._tell(phase, leg, where, now_ns)
        self._publish(self.command, now_ns)

    def _tell(self, phase: int, leg: int, where: object, now_ns: int) -> None:
        east, north, _ = where.position_site_m  # type: ignore[attr-defined]
        number = self.state.leg + 1
        if self.state.phase == lib.OB_DRIVE_LOST:
            self._emit("DRIVE_LOST", now_ns, waypoint=number, east_m=east, north_m=north)
        elif self.state.phase == lib.OB_DRIVE_DONE:
            self._emit("DRIVE_DONE", now_ns, waypoints=number, east_m=east, north_m=north)
        elif 0 <= leg < self.state.leg:
            self._emit("WAYPOINT_REACHED", now_ns, waypoint=leg + 1, east_m=east, north_m=north)

    def checkpoint(self) -> bytes:
        return bytes(ffi.buffer(self.state))

    def restore(self, checkpoint: bytes) -> None:
        """Keep the path and stand: a rover that was interrupted waits for its orders."""
        ffi.buffer(self.state)[:] = checkpoint
        lib.ob_drive_stop(self.state)
