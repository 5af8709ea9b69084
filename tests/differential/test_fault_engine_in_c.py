"""The C engine against the Python one: random tables, random inputs, equal at every step."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies_protection import inputs, protections

from onboard.core._core import ffi, lib
from onboard.core.fault import CheckedImage, FaultEngine, FaultReaders, ImageError
from onboard.dictionary import load
from onboard.dictionary.protection import Protection, TableError
from onboard.fault_protection import monitors as mon
from onboard.fault_protection.engine import Engine, is_sound
from onboard.fault_protection.image import image_of
from onboard.fault_protection.responses import QUIET, FaultState
from onboard.fault_protection.table import PythonReaders, channels_of, compile_table
from onboard.modes.graph import NO_REQUEST

often = settings(max_examples=150)
LANDER = load("lander").protection


def both(protection: Protection, longest: int | None = None) -> tuple[Engine, FaultEngine]:
    table = compile_table(protection, longest)
    return Engine(table), FaultEngine(table, image_of(protection, longest))


def assert_equal_steps(protection: Protection, sequence: Any, longest: int | None = None) -> None:
    """`sequence`: (readings, request, clear, steps that it lasts, reset before it)."""
    python, c = both(protection, longest)
    state = python.initial()
    assert c.initial() == state
    for readings, request, clear, lasting, reset in sequence:
        if reset is not None:
            expected = python.reset(state, reset)
            assert c.reset(state, reset) == expected
            state = expected[0]
        for n in range(lasting):
            asked = (request, clear) if n == 0 else (NO_REQUEST, 0)
            assert c.values(state, readings) == python.values(state, readings)
            expected = python.step(state, readings, *asked)
            assert c.step(state, readings, *asked) == expected
            state = expected[0]
            assert is_sound(python.table, state)


@often
@given(protections(), inputs, st.data())
def test_random_tables_step_equally(protection: Protection, sequence: Any, data: Any) -> None:
    resets = st.sampled_from([None, None, None, False, True])
    longest = data.draw(st.sampled_from([None, None, 2]))
    assert_equal_steps(protection, [(*row, data.draw(resets)) for row in sequence], longest)


@pytest.mark.parametrize("seed", range(4))
def test_the_lander_steps_equally(seed: int) -> None:
    """Runs of readings that reach counts and timeouts, over all monitors, modes and requests."""
    random = np.random.default_rng(seed)
    modes, faults = len(LANDER.mode), len(LANDER.fault)
    readings = [mon.CLEAR] * len(LANDER.monitor)
    sequence = []
    for _ in range(150):
        for i in random.integers(0, len(readings), random.integers(1, 6)):
            readings[i] = int(random.choice([0, 0, 0, 1, 2, 2, 2, 3, 4, 5]))
        request = int(random.integers(-2, modes)) if random.random() < 0.3 else NO_REQUEST
        clear = int(random.integers(0, 1 << faults)) if random.random() < 0.1 else 0
        reset = bool(random.integers(2)) if random.random() < 0.05 else None
        sequence.append((list(readings), request, clear, int(random.integers(1, 40)), reset))
    assert_equal_steps(LANDER, sequence)


octets = st.sampled_from([0, 1, 2, 3, 6, 7, 255])
fault_states = st.builds(FaultState, octets, octets, octets, octets, *[octets] * 3)


@often
@given(protections(), st.integers(0, 9), octets, st.data())
def test_states_of_a_checkpoint_are_judged_equally(
    protection: Protection, mode: int, resets: int, data: Any
) -> None:
    python, c = both(protection)
    count = len(python.table.fault_names)
    faults = tuple(
        data.draw(st.lists(fault_states | st.just(QUIET), min_size=count, max_size=count))
    )
    state = python.initial()._replace(mode=mode, resets=resets, faults=faults)
    memory = ffi.new("ob_fault_state *")
    c.fill(memory, state)
    sound = bool(lib.ob_fault_state_is_sound(c.checked.table, memory))
    assert is_sound(python.table, state) == sound


# ---------------------------------------------------------------- readings from channels

NUMBERS = [0.0, -0.0, 0.5, 1.0, 1.5, 2.0, 3.0, -2.0, float("nan"), float("inf"), float("-inf")]
bounds = st.sampled_from([None, -2.0, 0.0, 1.0, 1.5, 3.0])
ranges = st.fixed_dictionaries({"low": bounds, "high": bounds})
sizes = st.sampled_from([0.0, 0.5, 1.0, 3.0])
seconds = st.sampled_from([0.05, 0.1, 0.3, 1.0])
of_value = {"stale_after_s": seconds, "when_stale": st.just("stale")}
BY_CHECK: dict[str, dict[str, Any]] = {
    "limits": {**of_value, "enter": ranges, "exit": ranges},
    "within": {**of_value, "enter": ranges, "exit": ranges},
    "expected": {**of_value, "value": st.sampled_from([0.0, 1.0, 2.0])},
    "delta": {**of_value, "enter": sizes, "exit": sizes},
    "rate": {**of_value, "enter": sizes, "exit": sizes},
    "stuck": {**of_value, "tolerance": sizes},
    "consistency": {
        **of_value,
        "other": st.sampled_from(["x", "y"]),
        "scale": st.sampled_from([1.0, -0.5]),
        "offset": st.sampled_from([0.0, 1.5]),
        "enter": sizes,
        "exit": sizes,
    },
    "stale": {"enter_s": seconds, "exit_s": seconds},
    "gap": {"enter_s": seconds, "exit_s": seconds},
}
SHARED = {"region": st.just("a"), "persistence": st.just(1), "clear": st.just(1)}
checks = st.one_of(
    *(
        st.fixed_dictionaries(
            {"check": st.just(name), "channel": st.sampled_from(["x", "y"]), **SHARED, **fields}
        )
        for name, fields in BY_CHECK.items()
    )
)
ages = st.sampled_from([0, 10_000_000, 100_000_000, 300_000_001, 2_000_000_000, mon.NEVER_NS])
samples = st.lists(
    st.tuples(
        st.sampled_from([1, 10_000_000, 100_000_000, 100_000_007]),  # time since the last step
        st.lists(st.sampled_from(NUMBERS), min_size=2, max_size=2),
        st.lists(ages | st.none(), min_size=2, max_size=2),  # None: the sample of the last step
    ),
    min_size=1,
    max_size=30,
)


def assert_equal_readings(protection: Protection, sequence: Any) -> None:
    """`sequence`: (time in ns, value of each channel, age of each channel)."""
    python = PythonReaders(protection)
    c = FaultReaders(CheckedImage(image_of(protection).data))
    for now_ns, values, ages_ns in sequence:
        assert list(c.read(now_ns, values, ages_ns)) == python.read(now_ns, values, ages_ns)
        assert c.state_hash(1) == python.state_hash(1)


@often
@given(protections(), st.lists(checks, min_size=4, max_size=4), samples)
def test_random_checks_read_equally(protection: Protection, rows: Any, sequence: Any) -> None:
    table = protection.model_dump(by_alias=True)
    for name, row in zip(table["monitor"], rows, strict=True):
        table["monitor"][name] = row
    now_ns, told, sampled_ns = 10**9, [], {}
    for passed_ns, values, ages_ns in sequence:
        now_ns += passed_ns
        for channel, age_ns in enumerate(ages_ns):
            if age_ns is not None or channel not in sampled_ns:
                sampled_ns[channel] = now_ns - (age_ns or 0)
        told.append((now_ns, values, [now_ns - sampled_ns[channel] for channel in range(2)]))
    checked = Protection.model_validate(table)
    channels = channels_of(checked)
    order = [["x", "y"].index(name) for name in channels]
    picked = [(t, [v[i] for i in order], [a[i] for i in order]) for t, v, a in told]
    assert_equal_readings(checked, picked)


def test_the_lander_reads_equally() -> None:
    random = np.random.default_rng(1)
    count = len(channels_of(LANDER))
    sequence, now_ns = [], 0
    values, sampled_ns = np.zeros(count), np.zeros(count, dtype=np.int64)
    for _ in range(2000):
        now_ns += 100_000_000
        fresh = random.random(count) < 0.7
        scale = 10.0 ** random.integers(-3, 5, count)
        values = np.where(fresh, scale * random.normal(size=count).round(2), values)
        values[random.random(count) < 0.02] = np.nan
        sampled_ns[fresh] = now_ns - random.integers(0, 50_000_000, fresh.sum())
        sequence.append((now_ns, values.tolist(), (now_ns - sampled_ns).tolist()))
    assert_equal_readings(LANDER, sequence)


# ---------------------------------------------------------------- images


def test_a_wrong_image_is_refused_with_its_reason() -> None:
    data = image_of(LANDER).data
    flipped = data[:100] + bytes([data[100] ^ 1]) + data[101:]
    wrong = {
        "cut": data[:-1],
        "not an image": b"x" * 100,
        "CRC": flipped,
        "cut,": b"",
    }
    for reason, bad in wrong.items():
        with pytest.raises(ImageError, match=reason):
            CheckedImage(bad)


@pytest.mark.parametrize("cut", range(0, 600, 7))
def test_a_cut_image_is_refused(cut: int) -> None:
    data = image_of(LANDER).data
    with pytest.raises(ImageError):
        CheckedImage(data[: -1 - cut])


def test_a_table_beyond_the_bounds_is_refused() -> None:
    table = LANDER.model_dump(by_alias=True)
    row = next(iter(table["monitor"].values()))
    table["monitor"] |= {f"more_{i}": row for i in range(lib.OB_FAULT_MONITORS)}
    with pytest.raises(TableError, match="monitors: at most 128"):
        image_of(Protection.model_validate(table))
