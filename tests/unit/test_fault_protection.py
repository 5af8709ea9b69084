"""The component on a bus, with commands that answer and a computer that restarts; either engine."""

from array import array
from types import SimpleNamespace

import pytest

from onboard.bus import Bus
from onboard.dictionary import load
from onboard.fault_protection.component import FaultProtection
from onboard.fault_protection.monitors import CLEAR, TRIP
from onboard.services.channels import ChannelReader
from onboard.services.commands import CommandService
from onboard.services.events import EventLog

LANDER = load("lander")
STEP_NS = 100_000_000
SEED = 0x6F6E_626F_6172_6431


NOMINAL = {
    "navigation": {
        "altitude_m": 14_500.0,
        "altitude_sigma_m": 20.0,
        "valid": 1,
        "rate_body_rad_s": (0.0, 0.0, 0.0),
        "specific_force_body_m_s2": (0.0, 0.0, 2.5),
        "velocity_site_m_s": (1690.0, 0.0, -5.0),
    },
    "guidance": {"phase": 1, "engines_on": 0, "orbit_burn": 0},
    "actuators": {"engine_throttle": (0.0, 0.0)},
    "touchdown": {"confirmed": 0},
    "rangefinder.a": {"range_m": 16_000.0},
    "rangefinder.b": {"range_m": 100.0},
    "velocimeter": {"velocity_z_m_s": 0.0},
    "star_tracker": {"valid": 1},
    "legs": {"closed": 0},
    "engine.a": {"chamber_pressure_pa": 0.0},
    "engine.b": {"chamber_pressure_pa": 0.0},
    "thrust": {"loss": (0.0, 0.0)},
    "tank": {"propellant_kg": 185.0, "pressure_pa": 1.8e6},
    "health": {"slips": 0, "ticks": 0, "stamps_corrected": 0},
    "boot": {"minimal": 0},
}


class Flight:
    """A lander whose other components are values on the bus."""

    def __init__(self, engine: str = "python") -> None:
        self.engine = engine
        self.bus = Bus()
        self.events = EventLog(LANDER.events)
        self.commands = CommandService(LANDER, self.events, mode=lambda: self.protection.mode)
        self.issued: list[tuple[str, dict]] = []
        for name in self.commands.unhandled():
            self.commands.register(name, self._handler(name))
        self.protection = self.build()
        for name, handler in self.protection.handlers().items():
            self.commands.register(name, handler)
        self.now_ns = 0
        self.sensed = 0.0
        self.values = {topic: dict(row) for topic, row in NOMINAL.items()}
        self.silent: set[str] = set()

    def build(self) -> FaultProtection:
        return FaultProtection(
            self.bus, LANDER, ChannelReader, self.commands, events=self.events, engine=self.engine
        )

    def _handler(self, name):
        def handle(now_ns, **arguments):
            self.issued.append((name, arguments))

        return handle

    def set(self, topic, **fields):
        self.values[topic].update(fields)

    def fly(self, seconds):
        for _ in range(round(seconds * 10)):
            self.now_ns += STEP_NS
            self.publish()
            self.protection.step(self.now_ns)

    def publish(self):
        self.sensed += 1e-6  # a live sensor never says the same twice
        imu = {
            "delta_angle_x_rad": self.sensed,
            "delta_velocity_z_m_s": self.sensed,
            "saturated": 0,
        }
        gates = [SimpleNamespace(state=0, silent=0, due=1)] * 5
        rows = self.values | {"imu": imu | self.values.get("imu", {})}
        for topic, row in rows.items():
            if topic not in self.silent:
                self.bus.topic(topic).publish(SimpleNamespace(**row), self.now_ns)
        if "gates" not in self.silent:
            self.bus.topic("gates").publish(gates, self.now_ns)

    def brake(self):
        self.fly(5.0)
        self.set("guidance", phase=2, engines_on=1)
        self.set("actuators", engine_throttle=(0.9, 0.9))
        self.set("engine.a", chamber_pressure_pa=0.81e6)
        self.set("engine.b", chamber_pressure_pa=0.81e6)
        self.fly(5.0)

    @property
    def faults(self):
        return self.bus.topic("faults").value

    @property
    def mode(self):
        return self.bus.topic("mode").value.name


@pytest.fixture(params=["core", "python"])
def flight(request):
    return Flight(request.param)


def commands(flight, name):
    return [arguments for issued, arguments in flight.issued if issued == name]


def test_a_quiet_descent_raises_nothing(flight):
    flight.brake()
    assert flight.mode == "braking"
    assert flight.faults == ((), (), ())
    assert flight.events.counts["FAULT_ACTIVE"] == 0
    assert commands(flight, "SENSOR_ENABLE")[-1] == {"name": "rangefinder.a", "enabled": 1}


def test_a_lost_imu_is_replaced_within_its_time(flight):
    flight.brake()
    flight.silent.add("imu")
    flight.fly(0.4)
    assert "imu_lost" in flight.faults.active
    assert commands(flight, "IMU_SELECT") == [{"instance": "imu.b"}]
    flight.silent.clear()
    flight.fly(3.0)
    assert flight.faults.active == ()
    assert flight.mode == "braking"


def test_one_weak_engine_is_inhibited_and_two_are_not(flight):
    flight.brake()
    flight.set("thrust", loss=(0.6, 0.0))
    flight.fly(0.2)
    assert commands(flight, "ENGINE_INHIBIT") == [{"mask": 1}]
    flight.set("thrust", loss=(0.0, 0.6))
    flight.fly(5.0)
    assert commands(flight, "ENGINE_INHIBIT") == [{"mask": 1}]


def test_both_engines_weak_at_once_burn_on(flight):
    flight.brake()
    flight.set("thrust", loss=(0.6, 0.6))
    flight.fly(5.0)
    assert commands(flight, "ENGINE_INHIBIT") == []


def test_a_pressure_that_the_thrust_contradicts_stops_no_engine(flight):
    flight.brake()
    flight.set("engine.a", chamber_pressure_pa=0.0)
    flight.fly(5.0)
    assert commands(flight, "ENGINE_INHIBIT") == []
    assert flight.faults.active == ("chamber_pressure_wrong",)


def test_safe_is_refused_while_braking_and_taken_in_coast(flight):
    flight.fly(1.0)
    assert flight.mode == "coast"
    assert flight.commands.dispatch("SAFE", {}, flight.now_ns)
    flight.fly(0.2)
    assert flight.mode == "safe"
    braking = Flight()
    braking.brake()
    assert braking.commands.dispatch("SAFE", {}, braking.now_ns)
    braking.fly(0.2)
    assert braking.mode == "braking"
    assert braking.events.counts["MODE_REFUSED"] == 1


def test_low_propellant_before_ignition_calls_the_descent_off_until_it_is_cleared(flight):
    flight.fly(1.0)
    flight.set("tank", propellant_kg=5.0)
    flight.fly(12.0)
    assert flight.mode == "safe"
    flight.commands.dispatch("MODE_SET", {"mode": "standby"}, flight.now_ns)
    flight.fly(0.5)
    assert flight.mode == "safe"
    flight.set("tank", propellant_kg=185.0)
    flight.fly(5.0)
    flight.commands.dispatch("MODE_SET", {"mode": "standby"}, flight.now_ns)
    flight.fly(0.1)
    assert flight.mode == "standby"


def test_a_latched_fault_is_cleared_by_the_ground(flight):
    flight.brake()
    flight.set("legs", closed=4)
    flight.fly(2.0)
    flight.set("legs", closed=0)
    flight.fly(5.0)
    assert flight.faults.latched == ("leg_switch_stuck",)
    assert not flight.commands.dispatch("FAULT_CLEAR", {"fault": "no_such"}, flight.now_ns)
    assert flight.commands.dispatch("FAULT_CLEAR", {"fault": "leg_switch_stuck"}, flight.now_ns)
    flight.fly(0.1)
    assert flight.faults.latched == ()


def test_unknown_modes_are_refused(flight):
    assert flight.protection.modes.set_mode(0, "hover") == "mode 'hover' is unknown"
    assert not flight.commands.dispatch("MODE_SET", {"mode": "hover"}, 0)


def test_a_restart_while_braking_resumes_and_keeps_what_must_survive(flight):
    flight.brake()
    flight.set("thrust", loss=(0.6, 0.0))
    flight.fly(2.0)
    checkpoint = flight.protection.checkpoint()
    assert "engine_a_lost" in flight.faults.active
    flight.protection.restore(checkpoint)
    flight.fly(0.1)
    assert flight.mode == "braking"
    assert flight.events.counts["COMPUTER_RESET"] == 1
    assert "engine_a_lost" in flight.faults.active
    assert commands(flight, "ENGINE_INHIBIT") == [{"mask": 1}]
    flight.fly(2.0)
    assert "ENGINE_SHUTDOWN" not in [name for name, _ in flight.issued]


def test_a_restart_reports_the_faults_of_its_checkpoint(flight):
    """Not those that came and went since, nor the quiet of a computer that was just built."""
    flight.brake()
    quiet = flight.protection.checkpoint()
    flight.set("thrust", loss=(0.6, 0.0))
    flight.fly(2.0)
    flight.set("thrust", loss=(0.0, 0.0))
    flight.fly(10.0)
    latched = flight.protection.checkpoint()
    assert "engine_a_lost" in flight.faults.latched
    flight.protection = flight.build()
    flight.protection.restore(latched)
    flight.fly(0.1)
    assert "engine_a_lost" in flight.faults.latched
    flight.protection.restore(quiet)
    flight.fly(0.1)
    assert flight.faults == ((), (), ())


@pytest.mark.parametrize(
    ("at", "number"),
    [(1, 200), (1, -1), (2, 99), (3, 3), (4, 7), (5, 9), (6, 256), (7, 1 << 32), (8, 64), (9, -1)],
    ids=["mode", "mode", "resets", "status", "phase", "tier", "tries", "timer", "spent", "kept"],
)
def test_a_checkpoint_of_another_table_is_not_resumed(flight, at, number):
    """Numbers: time of the last reset, mode, resets, then seven for each fault."""
    flight.brake()
    numbers = array("q", flight.protection.checkpoint())
    numbers[at] = number
    flight.protection.restore(numbers.tobytes())
    flight.fly(0.1)
    assert flight.mode == "coast"
    assert flight.faults == ((), (), ())


def test_a_checkpoint_of_other_faults_is_not_resumed(flight):
    flight.brake()
    flight.protection.restore(flight.protection.checkpoint()[: -7 * 8])
    flight.fly(0.1)
    assert flight.mode == "coast"


def test_restarts_beyond_the_budget_finish_the_event_but_end_a_coast(flight):
    flight.brake()
    coasting = Flight()
    coasting.fly(1.0)
    for _ in range(4):
        for vehicle in (flight, coasting):
            vehicle.protection.restore(vehicle.protection.checkpoint())
            vehicle.fly(1.0)
    assert flight.mode == "braking"
    assert coasting.mode == "safe"
    assert coasting.events.counts["RESET_BUDGET_SPENT"] == 1


def test_the_command_loss_timer_starts_with_the_first_step(flight):
    flight.fly(1.0)
    assert flight.faults.active == ()
    flight.now_ns += 90_000 * 1_000_000_000
    flight.fly(0.2)
    assert "command_loss" in flight.faults.active


def test_state_hash_follows_the_state(flight):
    flight.brake()
    twin = Flight()
    twin.brake()
    assert flight.protection.state_hash(SEED) == twin.protection.state_hash(SEED)
    assert flight.protection.state_hash(SEED) == flight.protection.state_hash(SEED)
    before = twin.protection.state_hash(SEED)
    twin.silent.add("imu")
    twin.fly(0.3)
    assert twin.protection.state_hash(SEED) != before


def test_the_engine_is_told_the_readings_of_the_channels(flight):
    flight.brake()
    flight.fly(1.0)
    table = flight.protection.table
    names = dict(zip(table.monitors, range(len(table.monitors)), strict=True))
    engine, state = flight.protection.engine, flight.protection.state
    holds = set(LANDER.protection.mode["braking"].holds) - {"below_14_km"} | {"velocimeter_due"}
    readings = [TRIP if name in holds else CLEAR for name in names]
    assert engine.step(state, readings) == (state, ())
