"""What is fuzzed: tables, images of tables, command packets, stores, parameters.

A fuzzer is a generator of outcomes, one of each input, from one seeded source of randomness. It
raises where something other than a clear answer comes back: that is a bug.
"""

import copy
import itertools
import zlib
from collections.abc import Callable, Iterator, Mapping
from random import Random
from typing import Any

from protection_tables import RICH, edited
from tiny_vehicle import LANDER, Memory

from onboard.core._core import lib
from onboard.core.fault import FaultEngine, ImageError
from onboard.dictionary.protection import Protection, TableError, protection_from
from onboard.fault_protection import checks
from onboard.fault_protection.engine import Engine
from onboard.fault_protection.image import Image, image_of
from onboard.fault_protection.table import compile_table
from onboard.modes.graph import NO_REQUEST, SAFE_REQUEST
from onboard.services.commands import COMMAND_APID, CommandService
from onboard.services.events import EventLog
from onboard.services.packets import encode
from onboard.services.parameters import ParameterTable
from onboard.services.storage import TwoCopyStore

# ---------------------------------------------------------------- tables

_NONSENSE = (
    10**4000,
    None,
    True,
    -1,
    0,
    1,
    3,
    10**12,
    0.0,
    -1.0,
    1e300,
    float("nan"),
    float("inf"),
    "",
    "x",
)
_FORMS = ("{a} and {b}", "{a} or not {b}", "at_least({n}, {a}, {b}, {c})", "mode({m}) and {a}")
_BROKEN = ("{a} and", "at_least(9, {a})", "{a} == {b}", "{a}.{b}", "mode()", "\0", "lambda: {a}")


def _places(table: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    rows: Any = ()
    if isinstance(table, dict):
        rows = table.items()
    elif isinstance(table, list):
        rows = enumerate(table)
    for key, value in rows:
        yield (*path, key)
        yield from _places(value, (*path, key))


def _expression(random: Random, table: Mapping[str, Any]) -> str:
    monitors = list(table["monitor"])
    a, b, c = random.choices(monitors, k=3)
    mode = random.choice(list(table["mode"]))
    form = random.choice(_FORMS if random.random() < 0.8 else _BROKEN)
    text = form.format(a=a, b=b, c=c, m=mode, n=random.randint(0, 4))
    if random.random() < 0.02:
        text = "not " * random.randrange(3000) + text
    if random.random() < 0.02:
        text = " or ".join(
            random.choices(monitors, k=random.randrange(1, random.choice([10, 70, 3000])))
        )
    return text


def _value(random: Random, table: Mapping[str, Any], before: Any) -> Any:
    kind = random.randrange(5)
    if kind == 0 and isinstance(before, str):
        return _expression(random, table)
    if kind == 1 and isinstance(before, str):  # a name of another row
        return random.choice([n for rows in table.values() if isinstance(rows, dict) for n in rows])
    if kind == 2 and isinstance(before, int | float):
        return type(before)(before * random.choice([0, -1, 2, 10, 1000]))
    if kind == 3 and isinstance(before, dict | list):
        return random.choice([{}, []])
    return random.choice(_NONSENSE)


def _edit(random: Random, table: dict[str, Any]) -> None:
    """Change, remove or copy something somewhere."""
    *path, last = random.choice(list(_places(table)))
    owner: Any = table
    for key in path:
        owner = owner[key]
    kind = random.random()
    if kind < 0.15:
        del owner[last]
    elif kind < 0.25 and isinstance(owner, dict):
        owner[random.choice(["also", "A b", *owner])] = copy.deepcopy(owner[last])
    elif kind < 0.3 and isinstance(owner, list):
        owner.append(copy.deepcopy(owner[last]))
    else:
        owner[last] = _value(random, table, owner[last])


_LANDER = LANDER.protection.model_dump(by_alias=True, exclude_none=True)
_SMALL = (edited({}), edited(RICH))


def small_tables(random: Random) -> Iterator[str]:
    """The small tables with one to three edits."""
    while True:
        yield _table(random, copy.deepcopy(random.choice(_SMALL)))


def lander_tables(random: Random) -> Iterator[str]:
    """The lander's table with one to three edits."""
    while True:
        yield _table(random, copy.deepcopy(_LANDER))


def _table(random: Random, table: dict[str, Any]) -> str:
    try:
        for _ in range(random.choice([1, 1, 2, 3])):
            _edit(random, table)
    except (IndexError, KeyError, TypeError):  # an earlier edit left nothing to change
        pass
    try:
        protection = protection_from(table)
    except TableError as problem:
        unclear = [s for s in str(problem).splitlines() if ": " not in s or len(s) >= 1000]
        assert not unclear, unclear
        return "refused"
    findings = checks.check(protection)
    assert all(finding.where and finding.problem for finding in findings)
    if any(finding.rule in ("names", "valid-when-loop") for finding in findings):
        return "unresolved"
    _survive(random, protection)
    return "broken" if findings else "sound"


def _survive(random: Random, protection: Protection, count: int = 30) -> None:
    """What the engine promises of any table whose names resolve, in Python and in C."""
    table = compile_table(protection)
    python = Engine(table)
    try:
        c = FaultEngine(table, image_of(protection))
    except TableError:  # beyond a bound of the C engine
        c = None
    state = python.initial()
    requests = [NO_REQUEST, NO_REQUEST, SAFE_REQUEST, *range(len(table.mode_names))]
    for _ in range(count):
        readings = [random.randrange(6) for _ in table.monitors]
        request, clear = random.choice(requests), random.getrandbits(len(table.fault_names))
        after = python.step(state, readings, request, clear)
        assert c is None or c.step(state, readings, request, clear) == after
        state = after[0]


# ---------------------------------------------------------------- images for the C engine

_CRC_AT, _CRC_BEGINS = 12, 16


def images(random: Random) -> Iterator[str]:
    """Images with damaged bytes, half of them under a CRC that fits: refused, or safe to step."""
    tables = [protection_from(table) for table in (*_SMALL, _LANDER)]
    pool = [(compile_table(p), image_of(p)) for p in tables]
    while True:
        table, image = random.choice(pool)
        data = bytearray(image.data)
        for _ in range(random.choice([1, 1, 2, 5])):
            at = random.randrange(len(data))
            data[at] = random.choice([data[at] ^ 1 << random.randrange(8), random.randrange(256)])
        if random.random() < 0.1:
            del data[random.randrange(len(data)) :]
        if random.random() < 0.9:
            data[_CRC_AT:_CRC_BEGINS] = zlib.crc32(data[_CRC_BEGINS:]).to_bytes(4, "little")
        try:
            engine = FaultEngine(table, Image(bytes(data), image.commands))
        except ImageError:
            yield "refused"
            continue
        _step_image(random, engine)
        yield "accepted"


def _step_image(random: Random, engine: FaultEngine) -> None:
    """Steps of whatever the image says now; its states stay sound."""
    checked, state, actions = engine.checked.table, engine.core, engine._actions
    header = checked.header
    lib.ob_fault_init(checked, state, header.initial_mode)
    for _ in range(12):
        readings = bytes(random.choices(range(6), k=header.monitors))
        request = random.randrange(-2, header.modes)
        lib.ob_fault_step(checked, state, readings, request, random.getrandbits(64), actions)
        assert 0 <= actions.count <= len(actions.action)
        assert lib.ob_fault_state_is_sound(checked, state)
    lib.ob_fault_reset(checked, state, 1, actions)
    assert lib.ob_fault_state_is_sound(checked, state)


# ---------------------------------------------------------------- commands


def _vector(random: Random, service: CommandService, count: int) -> bytes:
    """A correct packet of any command of the lander."""
    name = random.choice(sorted(LANDER.commands))
    arguments: dict[str, object] = {}
    for argument in service.codec.arguments[name]:
        if argument.row is None:
            arguments[argument.name] = random.choice(sorted(argument.allowed or ["x"]))
        else:
            arguments[argument.name] = 0 if argument.integer else 0.0
    if service.codec.problem(name, arguments):
        return encode(COMMAND_APID, True, count, bytes(8) + random.randbytes(6))
    return service.codec.encode(name, arguments, time_ns=random.getrandbits(62), count=count)


def commands(random: Random) -> Iterator[str]:
    """Random octets, damaged packets, and wrong user data under a CRC that fits."""
    events = EventLog(LANDER.events)
    service = CommandService(LANDER, events)
    carried: list[str] = []
    for name in service.unhandled():
        service.register(name, lambda now_ns, _name=name, **values: carried.append(_name))
    hazardous = {n for n, c in LANDER.commands.items() if c.armed_by}
    for count in itertools.count():
        octets = bytearray(_vector(random, service, count))
        kind = random.randrange(4)
        if kind == 0:
            octets = bytearray(random.randbytes(random.randrange(60)))
        elif kind == 1:
            octets[random.randrange(len(octets))] ^= 1 << random.randrange(8)
        elif kind == 2:
            body = bytearray(octets[6:-2])
            body[random.randrange(8, len(body))] = random.randrange(256)
            cut = random.choice([None, None, random.randrange(1, len(body))])
            octets = bytearray(encode(COMMAND_APID, True, count, bytes(body[:cut])))
        before, armed = (service.accepted, service.rejected, events.total), service.armed
        del carried[:]
        taken = service.receive(bytes(octets), count * 1_000_000)
        assert service.accepted + service.rejected == before[0] + before[1] + 1
        assert events.total > before[2], "every packet is answered by an event"
        assert all(name not in hazardous or name == armed for name in carried)
        assert kind != 1 or not taken, "one flipped bit is always found"
        yield "accepted" if taken else "refused"


# ---------------------------------------------------------------- memory


def stores(random: Random) -> Iterator[str]:
    """A store whose memory is damaged: what it holds was written once, or nothing."""
    capacity = 64
    while True:
        memory = Memory(TwoCopyStore.extent(capacity))
        store = TwoCopyStore(memory, 0, capacity)
        written: set[bytes | None] = {None}
        for _ in range(random.randrange(1, 4)):
            written.add(datum := random.randbytes(random.randrange(capacity + 1)))
            assert store.write(datum)
        for _ in range(8):
            _damage(random, memory.content)
            again = TwoCopyStore(memory, 0, capacity)
            found = again.read()
            assert found in written, "nothing comes back that was never written"
            yield "lost" if found is None else "kept"
        assert again.write(b"next") and TwoCopyStore(memory, 0, capacity).read() == b"next"


def _damage(random: Random, content: bytearray) -> None:
    at = random.randrange(len(content))
    kind = random.randrange(4)
    if kind == 0:
        content[at] ^= 1 << random.randrange(8)
    elif kind == 1:
        size = random.randrange(1, 30)
        content[at : at + size] = random.randbytes(len(content[at : at + size]))
    elif kind == 2:
        size = random.randrange(1, len(content) - at + 1)
        content[at : at + size] = bytes([random.choice([0, 255])]) * size
    else:
        other = random.randrange(len(content))
        content[at], content[other] = content[other], content[at]


def parameters(random: Random) -> Iterator[str]:
    """Saved tables of parameters, damaged: defaults, or values that are all allowed."""
    memory = Memory(TwoCopyStore.extent(4096))
    events = EventLog(LANDER.events)
    defaults = ParameterTable(LANDER.parameters).snapshot()
    sound = ParameterTable(LANDER.parameters).to_bytes()
    while True:
        table, store = ParameterTable(LANDER.parameters, events), TwoCopyStore(memory, 0, 4096)
        saved = bytearray(sound)
        _damage(random, saved)
        direct = random.random() < 0.5
        store.write(bytes(saved if direct else sound))
        if not direct:
            _damage(random, memory.content)
        restored = table.restore(TwoCopyStore(memory, 0, 4096))
        values = table.snapshot()
        assert restored or values == defaults
        assert all(LANDER.parameters[n].problem(v) is None for n, v in values.items())
        yield "restored" if restored else "defaults"


FUZZERS: dict[str, tuple[Callable[[Random], Iterator[str]], int]] = {
    "commands": (commands, 530),
    "stores": (stores, 380),
    "images": (images, 60),
    "parameters": (parameters, 15),
    "small tables": (small_tables, 14),
    "lander's table": (lander_tables, 1),
}
"""Each fuzzer with its share of a thousand inputs."""
