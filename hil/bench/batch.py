"""Batches: ticks of a run in C, to the same bits as the executive.

What a batch does says `native/batch/include/batch/run.h`.
Sensors, navigation, guidance, touchdown confirmation and control run in C, on the structs that the
components of the vehicle own, together with the plant. The executive runs the ticks in which other
members are due; in those, publishing what C left stands for the steps of the members that ran.
A run that needs Python in every tick is not flown in batches (`applies`).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from hil.bench._batch import ffi, lib
from hil.bench.flight import MEMBERS, flight_of
from hil.bench.radio import Ground
from hil.faults import FaultSpec
from hil.plant._plant import ffi as plant_ffi
from hil.plant.lander import LanderPlant
from hil.scenario import Scenario
from onboard.core._core import ffi as core_ffi
from onboard.core._core import lib as core
from onboard.executive import TICK_NS
from onboard.executive.executive import Frame
from onboard.messages import LAYOUTS, ImuSample, TickReply
from onboard.sensors.sensors import SLOW_NS
from onboard.vehicles.lander import Lander

SLEEPERS = {
    "commands": lib.BT_COMMANDS,
    "sequences": lib.BT_SEQUENCES,
    "craters": lib.BT_CRATERS,
}
"""Members that C passes over while they have nothing to do."""

ORDER = ["sensors", "navigation", "craters", "guidance", "touchdown", "control", "commands"]
"""Of the members whose hashes C chains."""

FRAMES: int = lib.BT_FRAMES
_IMU = LAYOUTS["ImuSample"]
_imu_sample = partial(tuple.__new__, ImuSample)
FRAME_TICKS = 30
"""A camera frame reaches the filter within that: 10 to its intake, 10 to crater navigation."""


def applies(scenario: Scenario) -> bool:
    """Whether nothing needs Python at every tick: no load, no fault but a dead camera."""
    return not scenario.load and all(_is_dead_camera(fault) for fault in scenario.fault)


def _is_dead_camera(fault: FaultSpec) -> bool:
    always = fault.start_s == 0.0 and fault.end_s is None
    return always and (fault.base, fault.kind, fault.way) == ("camera", "off", "output")


def fits(vehicle: Lander) -> bool:
    """Whether the vehicle's components are those that run in C, and scheduled as they run."""
    members = {m.name: m for m in vehicle.executive.members}
    return (
        [name for name in members if name in ORDER] == ORDER
        and all(type(getattr(vehicle, n)) is cls for n, (cls, _) in MEMBERS.items())
        and all(members[n].period_ticks == 1 for n in MEMBERS if n != "guidance")
        and len(vehicle.sensors.quick) == 1
        and FRAMES % vehicle.executive.checkpoint_ticks == 0
    )


class Batch:
    """The C side of one run. `run` a stretch of ticks where `ready`, otherwise the executive."""

    def __init__(self, vehicle: Lander, plant: LanderPlant, ground: Ground) -> None:
        self._vehicle = vehicle
        self._executive = vehicle.executive
        self._plant = plant
        self._ground = ground
        self._outputs = vehicle.recorder.outputs
        self._c = ffi.new("bt_batch *")
        self._bind()
        self._topics()
        self._frames = tuple(self._frame(number) for number in range(FRAMES))
        self._entered = False
        self._frame_until = 0  # tick until which a camera frame is on its way

    def _bind(self) -> None:
        """Point the C side to the structs of plant and components."""
        vehicle, c = self._vehicle, self._c
        c.plant = _pointer("pl_lander *", plant_ffi, self._plant.handle)
        self._flight = flight_of(vehicle)
        owned = {
            "flight": ("ob_flight *", self._flight),
            "history": ("ob_nav_state *", vehicle.craters.history),
            "history_count": ("int64_t *", vehicle.craters.states),
        }
        c.history_length = len(vehicle.craters.history)
        for name, (c_type, owner) in owned.items():
            setattr(c, name, _pointer(c_type, core_ffi, owner))

    def _topics(self) -> None:
        bus, vehicle = self._vehicle.bus, self._vehicle
        self._guided, self._imu, self._gates = (bus.topic(n) for n in ("guidance", "imu", "gates"))
        self._imu_row = vehicle.navigation.state.arrivals.imu
        self._imu_octets = core_ffi.buffer(core_ffi.addressof(self._imu_row))
        (legs,) = vehicle.sensors.quick
        self._publish_legs = legs.publish_taken
        self._publish_slow = [intake.publish_taken for intake in vehicle.sensors.instruments]
        names = ("navigation", "touchdown", "actuators", "thrust")
        self._every_tick = [bus.topic(name) for name in names]

    def _frame(self, number: int) -> Frame:
        """Steps and hashes of a minor frame that is left open to the executive."""
        due = self._executive.members_due(number)
        guided = any(m.name == "guidance" for m in due)
        checkpoint = number % self._executive.checkpoint_ticks == 0
        slow = number * TICK_NS % SLOW_NS == 0
        self._c.guidance_due[number] = guided
        for member in due:
            if member.name not in MEMBERS:
                self._c.due[number] |= SLEEPERS.get(member.name, lib.BT_OTHERS)
        if guided or checkpoint or slow:
            self._c.due[number] |= lib.BT_OTHERS
        steps: list[Callable[[int], None]] = [self._publish_taken]
        hashes: list[Callable[[int], int]] = []
        chained = 0
        for member in due:
            if member.name in MEMBERS:
                chained |= MEMBERS[member.name][1]
                if member.name == "control":
                    steps.append(self._send)
                continue
            steps.append(member.step)
            if member.state_hash is not None:
                hashes += self._chaining(chained)
                hashes.append(member.state_hash)
                chained = 0
        hashes += self._chaining(chained)
        return tuple(steps), tuple(hashes)

    def _chaining(self, members: int) -> list[Callable[[int], int]]:
        return [partial(core.ob_flight_hash, self._flight, members)] if members else []

    def ready(self, tick: int) -> bool:
        """Whether the next tick, `tick`, can run here."""
        if self._plant.frame_comes:
            self._frame_until = tick + FRAME_TICKS
        ready = (
            tick >= self._frame_until
            and self._executive.nominal
            and self._guided.value is not None
            and not self._vehicle.guidance.resuming
        )
        if ready != self._entered:
            self._enter() if ready else self._leave()
        return ready

    def _enter(self) -> None:
        self._entered = True
        self._flight.guided = self._guided.sequence
        self._flight.times.gates_ns = self._gates.time_ns
        self._executive.use_frames(self._frames)

    def _leave(self) -> None:
        """Hand over to the Python components."""
        self._entered = False
        self._publish_taken(self._executive.reply.tick * TICK_NS)
        self._executive.use_frames(None)
        self._vehicle.sensors.imu.follow()
        self._vehicle.navigation.catch_up()

    def run(self, count: int) -> TickReply:
        """Run up to `count` ticks; fewer when other members are due or a camera frame comes."""
        c, executive = self._c, self._executive
        c.tick, c.hash = executive.reply
        self._brief(c.tick * TICK_NS)
        left_open = lib.bt_run(c, count)
        tick = c.tick
        executive.advance(tick - left_open, c.hash)
        if not left_open:
            return executive.reply
        self._ground.at(tick * TICK_NS)
        return executive.tick((tick, tick * TICK_NS))

    def _brief(self, now_ns: int) -> None:
        """Tell C what the members in Python decide, and which of them have something to do.

        It holds until SLOW_NS later at least: by then a tick was left open.
        """
        c, vehicle = self._c, self._vehicle
        commands, craters = vehicle.commands, vehicle.craters
        until_ns = now_ns + SLOW_NS
        self._flight.request = vehicle.guidance.request
        c.awake = (
            (0 if commands.sleeps and self._ground.next_ns > until_ns else lib.BT_COMMANDS)
            | (lib.BT_SEQUENCES if vehicle.sequences.running else 0)
            | (0 if craters.sleeps_until_ns > until_ns else lib.BT_CRATERS)
        )
        c.command_words = commands.hash_words()
        c.crater_words = craters.hash_words()

    def _publish_taken(self, now_ns: int) -> None:
        """Put on the bus what the C steps left, as the components do."""
        imu_ns = self._imu_row.time_ns
        if imu_ns != self._imu.time_ns:
            self._imu.publish(_imu_sample(_IMU.unpack(self._imu_octets)), imu_ns)
        self._publish_legs()
        if now_ns % SLOW_NS == 0:
            for publish in self._publish_slow:
                publish()
        for topic in self._every_tick:
            topic.publish(topic.value, now_ns)
        if self._flight.guided != self._guided.sequence:
            self._guided.publish(self._guided.value, now_ns)
        if self._flight.times.gates_ns != self._gates.time_ns:
            self._gates.publish(self._gates.value, self._flight.times.gates_ns)

    def _send(self, now_ns: int) -> None:
        """The rows that C gave to the plant belong to the hash of the tick."""
        if self._c.output_count:
            self._outputs.append(ffi.buffer(self._c.output, 8 * self._c.output_count)[:])


def _pointer(c_type: str, owner_ffi: Any, owner: Any) -> Any:
    """A struct of another extension: the libraries were compiled from the same headers."""
    return ffi.cast(c_type, int(owner_ffi.cast("uintptr_t", owner)))
