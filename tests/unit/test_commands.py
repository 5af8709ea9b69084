"""Commands: arguments, modes, arm and fire, packets; every outcome is an event."""

import pytest
from tiny_vehicle import LANDER, Radio

from onboard.bus import Bus
from onboard.services.commands import COMMAND_APID, CommandError, CommandService
from onboard.services.events import EventLog
from onboard.services.packets import decode, encode

S = 10**9


class Bench:
    """A command service whose handlers note what they were asked to do."""

    def __init__(self, mode: str = "coast", radio: Radio | None = None) -> None:
        self.mode = mode
        self.done: list[tuple[str, int, dict[str, object]]] = []
        self.events = EventLog(LANDER.events)
        self.service = CommandService(LANDER, self.events, mode=lambda: self.mode, radio=radio)
        for name in self.service.unhandled():
            self.service.register(name, self.handler(name))

    def handler(self, name: str):  # type: ignore[no-untyped-def]
        def handle(now_ns: int, **arguments: object) -> None:
            self.done.append((name, now_ns, arguments))

        return handle

    def last(self) -> str:
        return self.events.since(0)[-1].text


@pytest.fixture
def bench() -> Bench:
    return Bench()


def test_a_command_is_carried_out_and_said(bench: Bench) -> None:
    assert bench.service.dispatch("PARAM_SET", {"name": "services.arm_timeout_s", "value": 2.0}, 9)
    arguments = {"name": "services.arm_timeout_s", "value": 2.0}
    assert bench.done == [("PARAM_SET", 9, arguments)]
    assert bench.last() == "PARAM_SET from ground accepted"
    assert (bench.service.accepted, bench.service.rejected) == (1, 0)


def test_commands_without_arguments_may_leave_them_out(bench: Bench) -> None:
    assert bench.service.dispatch("NOOP", None, 0)
    assert bench.service.dispatch("SAFE", {}, 0)
    assert [name for name, _, _ in bench.done] == ["SAFE"]


@pytest.mark.parametrize(
    ("name", "arguments", "why"),
    [
        ("NOPE", {}, "unknown command"),
        ("noop", {}, "unknown command"),
        (None, {}, "unknown command"),
        (["NOOP"], {}, "unknown command"),
        ("NOOP", {"x": 1}, "given, none expected"),
        ("NOOP", [1], "not given by name"),
        ("CAMERA_ENABLE", {}, "enabled expected"),
        ("CAMERA_ENABLE", {"enabled": 2}, "enabled: 2 is outside 0..1"),
        ("CAMERA_ENABLE", {"enabled": 0.5}, "not of type flag"),
        ("CAMERA_ENABLE", {"enabled": "yes"}, "is not a number"),
        ("CAMERA_ENABLE", {"enabled": float("nan")}, "nan"),
        ("MODE_SET", {"mode": "hover"}, "mode: 'hover' is unknown"),
        ("MODE_SET", {"mode": 3}, "mode: 3 is not a text"),
        ("IMU_SELECT", {"instance": "imu.c"}, "instance: 'imu.c' is unknown"),
        ("FAULT_CLEAR", {"fault": "x" * 256}, "at most 255"),
        ("FAULT_CLEAR", {"fault": "\ud800"}, "Unicode"),
        ("PARAM_SET", {"name": "services.arm_timeout_s", "value": 10**400}, "value"),
    ],
)
def test_a_wrong_command_is_rejected_with_the_reason(
    bench: Bench, name: str, arguments: dict[str, object], why: str
) -> None:
    assert not bench.service.dispatch(name, arguments, 0)
    assert bench.done == []
    assert why in bench.last()
    assert bench.service.rejected == 1


def test_a_handler_may_refuse(bench: Bench) -> None:
    bench.service.register("SAFE", lambda now_ns: "not today")
    assert not bench.service.dispatch("SAFE", None, 0)
    assert bench.last() == "SAFE from ground rejected: not today"


def test_a_command_that_nobody_carries_out_is_rejected() -> None:
    service = CommandService(LANDER, events := EventLog(LANDER.events))
    assert "SAFE" in service.unhandled()
    assert "NOOP" not in service.unhandled()
    assert not service.dispatch("SAFE", None, 0)
    assert "nobody carries it out" in events.since(0)[-1].text


def test_only_commands_of_the_dictionary_have_handlers(bench: Bench) -> None:
    with pytest.raises(KeyError, match="TYPO"):
        bench.service.register("TYPO", lambda now_ns: None)


# ---- modes ----


def test_a_mode_inhibits(bench: Bench) -> None:
    bench.mode = "braking"
    assert not bench.service.dispatch("DESCENT_ARM", None, 0)
    assert "not allowed in mode braking" in bench.last()
    bench.mode = "coast"
    assert bench.service.dispatch("DESCENT_ARM", None, 0)


# ---- arm and fire ----


def test_a_hazardous_command_needs_arming(bench: Bench) -> None:
    assert not bench.service.dispatch("DESCENT_START", None, 0)
    assert "not armed by DESCENT_ARM" in bench.last()
    assert bench.service.dispatch("DESCENT_ARM", None, 1)
    assert bench.service.armed == "DESCENT_START"
    assert bench.service.dispatch("DESCENT_START", None, 2)
    assert bench.service.armed is None
    assert not bench.service.dispatch("DESCENT_START", None, 3)


def test_arm_names_what_it_arms(bench: Bench) -> None:
    assert bench.service.dispatch("ARM", {"command": "ENGINE_SHUTDOWN"}, 0)
    assert not bench.service.dispatch("SAFING_LANDED", None, 1)
    assert bench.service.dispatch("ENGINE_SHUTDOWN", None, 2)


@pytest.mark.parametrize("target", ["NOOP", "DESCENT_START", "ARM"])
def test_arm_arms_only_its_own(bench: Bench, target: str) -> None:
    assert not bench.service.dispatch("ARM", {"command": target}, 0)
    assert f"{target} is not armed by ARM" in bench.last()
    assert bench.service.armed is None


def test_arming_lasts_as_long_as_the_timeout(bench: Bench) -> None:
    bench.service.dispatch("DESCENT_ARM", None, 0)
    bench.service.step(10 * S)
    assert bench.service.dispatch("DESCENT_START", None, 10 * S)
    bench.service.dispatch("DESCENT_ARM", None, 20 * S)
    assert not bench.service.dispatch("DESCENT_START", None, 30 * S + 1)
    bench.service.step(30 * S + 1)
    assert bench.last() == "DESCENT_START was not fired in time and is disarmed"
    assert bench.service.armed is None


def test_a_wrong_fire_does_not_disarm(bench: Bench) -> None:
    bench.service.dispatch("ARM", {"command": "ENGINE_INHIBIT"}, 0)
    assert not bench.service.dispatch("ENGINE_INHIBIT", {"mask": 9}, 1)
    assert bench.service.dispatch("ENGINE_INHIBIT", {"mask": 1}, 2)


def test_a_later_arming_replaces_the_earlier(bench: Bench) -> None:
    bench.service.dispatch("ARM", {"command": "ENGINE_SHUTDOWN"}, 0)
    bench.service.dispatch("DESCENT_ARM", None, 1)
    assert not bench.service.dispatch("ENGINE_SHUTDOWN", None, 2)
    assert bench.service.dispatch("DESCENT_START", None, 3)


@pytest.mark.parametrize(
    ("source", "allowed"),
    [("ground", False), ("sequence", False), ("protection", True), ("modes", True)],
)
def test_proved_sources_need_no_arming(bench: Bench, source: str, allowed: bool) -> None:
    assert bench.service.dispatch("ENGINE_SHUTDOWN", None, 0, source=source) == allowed


def test_contact_with_the_ground_is_published() -> None:
    topic = Bus().topic("commands")
    service = CommandService(LANDER, EventLog(LANDER.events), contact=topic)
    service.dispatch("NOOP", None, 5)
    service.dispatch("NOOP", None, 6, source="sequence")
    service.dispatch("NOPE", None, 7)
    assert (topic.value.accepted, topic.time_ns, topic.sequence) == (1, 5, 1)


# ---- packets ----


ARGUMENTS = {
    "NOOP": {},
    "CAMERA_ENABLE": {"enabled": 1},
    "ENGINE_INHIBIT": {"mask": 3},
    "MODE_SET": {"mode": "safe"},
    "SENSOR_ENABLE": {"name": "camera.a", "enabled": 0},
    "THRUSTER_ENABLE": {"thruster": 11, "enabled": 0},
    "PARAM_SET": {"name": "services.arm_timeout_s", "value": 2.5},
}


@pytest.mark.parametrize("name", ARGUMENTS)
def test_a_command_survives_the_packet(bench: Bench, name: str) -> None:
    codec = bench.service.codec
    packet = codec.encode(name, ARGUMENTS[name], time_ns=-5, count=7)
    assert decode(packet).sequence_count == 7
    assert int.from_bytes(decode(packet).data[:8], signed=True) == -5
    assert codec.decode(decode(packet)) == (name, ARGUMENTS[name])


def test_a_wrong_command_is_not_encoded(bench: Bench) -> None:
    with pytest.raises(CommandError, match="CAMERA_ENABLE: enabled"):
        bench.service.codec.encode("CAMERA_ENABLE", {"enabled": 7}, time_ns=0, count=0)


def command(opcode: int, body: bytes = b"") -> bytes:
    return encode(COMMAND_APID, True, 0, bytes(8) + opcode.to_bytes(2) + body)


@pytest.mark.parametrize(
    ("octets", "why"),
    [
        (b"", "octets"),
        (command(1)[:-1], "announced"),
        (encode(COMMAND_APID, False, 0, bytes(10)), "is no command"),
        (encode(COMMAND_APID + 1, True, 0, bytes(10)), "is no command"),
        (encode(COMMAND_APID, True, 0, bytes(9)), "truncated"),
        (command(999), "opcode 999 is unknown"),
        (command(1, b"\0"), "1 octets after the arguments"),
        (command(51), "truncated"),
        (command(51, b"\2"), "enabled: 2 is outside"),
        (command(3, b"\5saf"), "truncated"),
        (command(3, b"\2\xff\xff"), "malformed"),
        (command(3, b"\4hell"), "'hell' is unknown"),
    ],
)
def test_a_wrong_packet_is_rejected_with_the_reason(bench: Bench, octets: bytes, why: str) -> None:
    assert not bench.service.receive(octets, 0)
    assert why in bench.last()
    assert bench.done == []


def test_the_service_drains_the_radio() -> None:
    radio = Radio()
    bench = Bench(radio=radio)
    packet = bench.service.codec.encode("CAMERA_ENABLE", {"enabled": 1}, time_ns=0, count=0)
    radio.up = [packet, b"noise", packet]
    bench.service.step(4)
    assert bench.done == [("CAMERA_ENABLE", 4, {"enabled": 1})] * 2
    assert bench.service.rejected == 1


def test_hash_sees_what_is_armed(bench: Bench) -> None:
    before = bench.service.state_hash(1)
    bench.service.dispatch("DESCENT_ARM", None, 0)
    armed = bench.service.state_hash(1)
    bench.service.step(11 * S)
    assert len({before, armed, bench.service.state_hash(1)}) == 3
