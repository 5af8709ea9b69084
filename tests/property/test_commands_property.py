"""Commands under any input: nothing raises, nothing hazardous goes without arming."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from tiny_vehicle import LANDER

from onboard.dictionary.models import Argument, Hazard
from onboard.services.commands import COMMAND_APID, CommandService
from onboard.services.events import EventLog
from onboard.services.packets import decode, encode

anything: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)
names = st.sampled_from(sorted(LANDER.commands))


def value_of(argument: Argument) -> st.SearchStrategy[Any]:
    """Values that a declared argument allows."""
    if argument.type == "text":
        section = {
            "modes": list(LANDER.protection.mode) if LANDER.protection else ["safe"],
            "parameters": list(LANDER.parameters),
            "sequences": list(LANDER.sequences),
            "commands": list(LANDER.commands),
        }
        allowed = argument.choices or section.get(argument.names_of or "")
        return st.sampled_from(allowed) if allowed else st.text(max_size=60)
    low, high = argument.quantity().bounds
    if argument.type in ("f32", "f64"):
        return st.floats(low, high, width=32 if argument.type == "f32" else 64)
    return st.integers(int(low), int(high))


def arguments_of(name: str) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({a.name: value_of(a) for a in LANDER.commands[name].arguments})


calls = names.flatmap(lambda name: st.tuples(st.just(name), arguments_of(name)))


def service() -> CommandService:
    made = CommandService(LANDER, EventLog(LANDER.events))
    for name in made.unhandled():
        made.register(name, lambda now_ns, **arguments: None)
    return made


@given(calls)
def test_every_correct_command_survives_the_packet(call: tuple[str, dict[str, Any]]) -> None:
    codec = service().codec
    name, arguments = call
    packet = codec.encode(name, arguments, time_ns=1, count=2)
    decoded_name, decoded = codec.decode(decode(packet))
    assert decoded_name == name
    assert decoded == arguments


@given(anything | names, anything | st.dictionaries(st.text(), anything), st.integers())
def test_any_dispatch_gives_an_event(name: Any, arguments: Any, now_ns: int) -> None:
    events = EventLog(LANDER.events)
    made = CommandService(LANDER, events)
    accepted = made.dispatch(name, arguments, now_ns)
    assert (made.accepted, made.rejected) == (int(accepted), int(not accepted))
    assert events.total >= 1
    assert all(record.text for record in events.since(0))


@given(names, st.data())
def test_any_argument_values_give_an_event(name: str, data: st.DataObject) -> None:
    declared = [a.name for a in LANDER.commands[name].arguments]
    arguments = data.draw(st.fixed_dictionaries(dict.fromkeys(declared, anything)))
    made = service()
    made.dispatch(name, arguments, 0)
    assert made.accepted + made.rejected == 1


@given(st.binary(max_size=80))
def test_any_octets_give_an_event(octets: bytes) -> None:
    made = service()
    made.receive(octets, 0)
    made.receive(encode(COMMAND_APID, True, 0, octets or b"\0"), 0)
    assert made.accepted + made.rejected == 2


HAZARDOUS = sorted(n for n, c in LANDER.commands.items() if c.hazard is Hazard.ARM_AND_FIRE)


class ArmAndFire(RuleBasedStateMachine):
    """A model of arming in three lines beside the service."""

    def __init__(self) -> None:
        super().__init__()
        self.now_ns = 0
        self.armed: tuple[str, int] | None = None
        self.service = service()

    @rule(seconds=st.floats(0, 8))
    def wait(self, seconds: float) -> None:
        self.now_ns += round(seconds * 1e9)
        self.service.step(self.now_ns)

    @rule(name=st.sampled_from(HAZARDOUS))
    def arm(self, name: str) -> None:
        arming = LANDER.commands[name].armed_by
        assert arming is not None
        takes_name = bool(LANDER.commands[arming].arguments)
        arguments = {"command": name} if takes_name else {}
        assert self.service.dispatch(arming, arguments, self.now_ns)
        self.armed = (name, self.now_ns + 10_000_000_000)

    @rule(call=calls.filter(lambda call: call[0] in HAZARDOUS))
    def fire(self, call: tuple[str, dict[str, Any]]) -> None:
        expected = self.armed is not None and (
            self.armed[0] == call[0] and self.now_ns <= self.armed[1]
        )
        assert self.service.dispatch(*call, self.now_ns) == expected
        if expected:
            self.armed = None

    @invariant()
    def armed_is_known(self) -> None:
        if self.service.armed is not None:
            assert self.armed is not None
            assert self.service.armed == self.armed[0]


TestArmAndFire = ArmAndFire.TestCase
TestArmAndFire.settings = settings(max_examples=50, stateful_step_count=20)
