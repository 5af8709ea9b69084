"""Attitude control on the bus, 100 Hz: guidance command in, engine and thruster commands out.

Laws and allocation are in `native/core/include/onboard/attitude_control.h` and `allocation.h`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from onboard.bus import Bus
from onboard.core._core import ffi, lib
from onboard.core.fields import from_parameters
from onboard.messages import LAYOUTS, EngineCommand, ThrusterCommand
from onboard.ports import OutputPort

ALL_ENGINES: int = lib.OB_ALL_ENGINES
THRUSTERS: int = lib.OB_THRUSTERS
SEND_THRUSTERS: int = lib.OB_SEND_THRUSTERS
SEND_ENGINES: int = lib.OB_SEND_ENGINES
_PODS = ((1.0, 1.0), (-1.0, 1.0), (-1.0, -1.0), (1.0, -1.0))


def four_pods(parameters: Mapping[str, float]) -> Any:
    """`ob_thruster_set *` of four pods of three thrusters, as `docs/architecture.md` numbers them.

    Reads control.pod_x_m, pod_y_m, pod_z_m (of the first pod), thruster_force_n and
    thruster_minimum_on_s.
    """
    thrusters = ffi.new("ob_thruster_set *")
    x, y, z, force, minimum = (
        parameters[f"control.{name}"]
        for name in (
            "pod_x_m",
            "pod_y_m",
            "pod_z_m",
            "thruster_force_n",
            "thruster_minimum_on_s",
        )
    )
    radius = (x * x + y * y) ** 0.5
    for pod, (sx, sy) in enumerate(_PODS):
        turn = 1.0 if pod % 2 == 0 else -1.0  # counter-clockwise push, or clockwise
        tangent = (-turn * sy * y / radius, turn * sx * x / radius, 0.0)
        for k, direction in enumerate(((0.0, 0.0, 1.0), (0.0, 0.0, -1.0), tangent)):
            thrusters.position_m[3 * pod + k] = (sx * x, sy * y, z)
            thrusters.direction[3 * pod + k] = direction
            thrusters.force_n[3 * pod + k] = force
    thrusters.minimum_on_s = minimum
    return thrusters


def _settings(parameters: Mapping[str, float]) -> Any:
    settings = from_parameters("ob_attitude_params", parameters, "control")
    for i, axis in enumerate("xyz"):
        settings.inertia_full_kg_m2[i] = parameters[f"control.inertia_full_{axis}_kg_m2"]
        settings.inertia_dry_kg_m2[i] = parameters[f"control.inertia_dry_{axis}_kg_m2"]
    arm = parameters["control.engine_arm_m"]
    settings.engine_torque_arm_m = ((arm, 0.0, 0.0), (-arm, 0.0, 0.0))
    settings.engine_thrust_n = (parameters["control.engine_thrust_n"],) * 2
    settings.thrusters = four_pods(parameters)[0]
    return settings


def _reader(row: Any, message: Any) -> Callable[[], Any]:
    """A function that reads the memory of a C row as a message."""
    octets = memoryview(ffi.buffer(ffi.addressof(row)))
    unpack = LAYOUTS[message.__name__].unpack
    make = partial(tuple.__new__, message)  # half the time of the class
    return lambda: make(unpack(octets))


class AttitudeControl:
    """Publishes `actuators` (`ob_actuator_command *`) and writes it to engines and thrusters.

    Publishes `thrust` (`ob_thrust_monitor *`) as well: what each engine fails to give.

    Step it after touchdown confirmation, whose word closes the engines within the tick. What goes
    out when says `native/core/include/onboard/effector.h`. `parameters` maps full names,
    `control.NAME`, to numbers; `engines` are the ports engine.a and engine.b.
    """

    def __init__(
        self,
        bus: Bus,
        parameters: Mapping[str, float],
        engines: tuple[OutputPort, OutputPort],
        thrusters: OutputPort,
    ) -> None:
        self.state = ffi.new("ob_attitude_control *")
        self.effectors = ffi.new("ob_effectors *")
        self.command = ffi.addressof(self.effectors, "command")
        if not lib.ob_attitude_control_init(self.state, _settings(parameters)):
            raise ValueError("control: the thrusters do not give torque about every axis")
        lib.ob_effectors_init(self.effectors)
        self._navigation = bus.topic("navigation")
        self._guidance = bus.topic("guidance")
        self._touchdown = bus.topic("touchdown")
        self._publish = bus.topic("actuators").publish
        self._thrust = ffi.addressof(self.state, "thrust")
        self._publish_thrust = bus.topic("thrust").publish
        self.state_hash = partial(lib.ob_attitude_control_hash, self.state)
        self._step = lib.ob_effectors_step
        self._engines = tuple(
            (port.write, _reader(row, EngineCommand))
            for port, row in zip(engines, self.effectors.engine, strict=True)
        )
        self._write_thrusters = thrusters.write
        self._thruster_row = _reader(self.effectors.thruster, ThrusterCommand)

    def resume(self, mass_kg: float) -> None:
        """Begin with the mass that the vehicle then has."""
        self.state.mass_kg = mass_kg

    def inhibit_engines(self, now_ns: int, mask: int = ALL_ENGINES) -> str | None:
        """Keep main engines from burning (bit 0 engine.a, bit 1 engine.b); 0 lifts it."""
        self.effectors.inhibited = mask
        return None

    @property
    def excluded_thrusters(self) -> list[int]:
        """Numbers of the thrusters that it does without."""
        excluded = self.state.allocation.excluded
        return [i for i in range(THRUSTERS) if excluded >> i & 1]

    def enable_thruster(self, now_ns: int, thruster: int, enabled: int) -> str | None:
        """Use a thruster or not; refused, and all left as it was, if an axis lost its torque."""
        before = self.state.allocation.excluded
        bit = 1 << thruster
        if lib.ob_attitude_control_exclude(self.state, before & ~bit if enabled else before | bit):
            return None
        lib.ob_attitude_control_exclude(self.state, before)
        return f"without thruster {thruster}, too, there is an axis without torque"

    def step(self, now_ns: int) -> None:
        guidance = self._guidance
        command = guidance.value
        if command is None:
            return
        touchdown = self._touchdown.value
        confirmed = touchdown.confirmed if touchdown is not None else 0
        send = self._step(
            self.effectors,
            self.state,
            self._navigation.value,
            command,
            guidance.sequence,
            confirmed,
            now_ns,
        )
        self._publish(self.command, now_ns)
        self._publish_thrust(self._thrust, now_ns)
        if send & SEND_THRUSTERS:
            self._write_thrusters(self._thruster_row())
        if send & SEND_ENGINES:
            for write, row in self._engines:
                write(row())

    def stand_down(self, now_ns: int) -> None:
        """The computer goes on without control: engines, which hold what they were told, close."""
        self.effectors.engine_sequence += 1
        for k, (write, _) in enumerate(self._engines):
            self.command.engine_on[k] = 0
            self.command.engine_throttle[k] = 0.0
            write(EngineCommand(now_ns, self.effectors.engine_sequence, 0, 0.0))
        self._publish(self.command, now_ns)

    def checkpoint(self) -> bytes:
        return bytes([self.effectors.inhibited]) + bytes(ffi.buffer(self.state))

    def restore(self, checkpoint: bytes) -> None:
        self.effectors.inhibited = checkpoint[0]
        ffi.buffer(self.state)[:] = checkpoint[1:]
