"""Each kind of fault does what docs/faults.md says, to any message, and nothing else."""

from __future__ import annotations

import math
import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import short_scenario
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from hil.bench.memory import EmulatedMemory
from hil.faults import (
    INPUT_MESSAGES,
    OUTPUT_MESSAGES,
    AttachedFaults,
    FaultError,
    FaultSpec,
    attach,
)
from hil.scenario import ScenarioError, parse
from hil.validation import describe
from onboard.messages import LAYOUTS, EngineCommand, FrameHeader, RangeSample, ThrusterCommand

TICK_NS = 10_000_000
INPUTS = [name for name, message in INPUT_MESSAGES.items() if message and name != "camera"]
REAL = st.floats(-1e6, 1e6)


class Clock:
    def __init__(self) -> None:
        self.now_ns = 0

    def __call__(self) -> int:
        return self.now_ns


class Source:
    """A device that yields one prepared message at each reading."""

    name = "device"

    def __init__(self, messages: list[Any]) -> None:
        self.waiting = messages

    def read(self) -> Any:
        return self.waiting.pop(0) if self.waiting else None


class Sink:
    """A device that remembers its commands."""

    name = "device"

    def __init__(self) -> None:
        self.got: list[Any] = []

    def write(self, message: Any) -> None:
        self.got.append(message)


def rows(message: Any, time_ns: int = 0) -> st.SearchStrategy[Any]:
    """Any row of a message class, at a time."""
    values = [
        REAL if kind is float else st.integers(0, 10_000)
        for kind in message.__annotations__.values()
    ]
    return st.tuples(*values).map(lambda v: message(*v)._replace(time_ns=time_ns))


def flow(specs: list[FaultSpec], messages: list[Any], seed: int = 1, ticks: int = 0) -> list[Any]:
    """What the vehicle reads, tick by tick, when a device gives one message a tick."""
    clock = Clock()
    source = Source([])
    attached = attach({specs[0].port: source}, specs, seed, "mine.toml", clock)
    port = attached.ports[specs[0].port]
    out = []
    for tick in range(max(ticks, len(messages))):
        clock.now_ns = tick * TICK_NS
        source.waiting = messages[tick : tick + 1]
        attached.advance()
        read = []
        while (message := port.read()) is not None:
            read.append(message)
        out.append(read)
    return out


def ranges(count: int) -> list[RangeSample]:
    return [RangeSample(k * TICK_NS, k, 100.0 + k, 1) for k in range(count)]


def on_range(kind: str, **values: Any) -> FaultSpec:
    return FaultSpec.model_validate({"port": "rangefinder.a", "kind": kind, **values})


@pytest.mark.parametrize("device", INPUTS)
@given(data=st.data())
def test_a_fault_that_is_not_active_changes_nothing(device: str, data: st.DataObject) -> None:
    message = data.draw(rows(INPUT_MESSAGES[device]))
    spec = FaultSpec.model_validate(
        {"port": f"{device}.a", "kind": "drop", "start_s": 5.0, "direction": "input"}
    )
    assert flow([spec], [message]) == [[message]]


def test_off_silences_from_start_to_end() -> None:
    read = flow([on_range("off", start_s=0.02, end_s=0.04)], ranges(6))
    assert [len(r) for r in read] == [1, 1, 0, 0, 1, 1]


def test_a_command_device_that_is_off_gets_zeros_every_tick() -> None:
    clock, sink = Clock(), Sink()
    spec = FaultSpec.model_validate(
        {"port": "engine.a", "direction": "output", "kind": "off", "start_s": 0.01}
    )
    attached = attach({"engine.a": sink}, [spec], 1, "mine.toml", clock)
    on = EngineCommand(0, 0, 1, 0.7)
    attached.ports["engine.a"].write(on)
    clock.now_ns = TICK_NS
    attached.advance()
    attached.ports["engine.a"].write(on)
    assert sink.got[0] == on
    assert sink.got[1:]
    assert all((c.on, c.throttle, c.time_ns) == (0, 0.0, TICK_NS) for c in sink.got[1:])


@pytest.mark.parametrize("device", INPUTS)
@given(data=st.data())
def test_stuck_keeps_the_last_values_and_counts_on(device: str, data: st.DataObject) -> None:
    message = INPUT_MESSAGES[device]
    sent = [data.draw(rows(message, k * TICK_NS)) for k in range(3)]
    spec = FaultSpec.model_validate(
        {"port": f"{device}.a", "kind": "stuck", "start_s": 0.01, "direction": "input"}
    )
    read = flow([spec], sent)
    for k in (1, 2):
        assert read[k] == [sent[0]._replace(time_ns=sent[k].time_ns, sequence=sent[k].sequence)]


@given(value=REAL)
def test_wrong_sets_its_field_only(value: float) -> None:
    read = flow([on_range("wrong", fields=["range_m"], amount=value)], ranges(3))
    assert read == [[m._replace(range_m=value)] for m in ranges(3)]


def test_wrong_with_a_ramp_moves_there_linearly() -> None:
    spec = on_range("wrong", fields=["range_m"], amount=0.0, ramp_s=0.1)
    read = flow([spec], [m._replace(range_m=50.0) for m in ranges(20)])
    expected = [50.0 * (1.0 - min(1.0, k / 10)) for k in range(20)]
    assert [r[0].range_m for r in read] == pytest.approx(expected, abs=1e-9)


@given(amount=st.floats(-1e6, 1e6))
def test_an_offset_is_added_and_grows_with_its_ramp(amount: float) -> None:
    spec = on_range("offset", fields=["range_m"], amount=amount, ramp_s=0.1)
    read, sent = flow([spec], ranges(20)), ranges(20)
    expected = [m.range_m + amount * min(1.0, k / 10) for k, m in enumerate(sent)]
    assert [r[0].range_m for r in read] == pytest.approx(expected, abs=1e-9 + 1e-12 * abs(amount))


@given(rate=st.floats(-1e3, 1e3))
def test_drift_is_the_integral_of_its_ramped_rate(rate: float) -> None:
    ramp_s = 0.5
    spec = on_range("drift", fields=["range_m"], amount=rate, ramp_s=ramp_s)
    read = flow([spec], ranges(100))
    t = np.linspace(0.0, 0.99, 9901)
    grown = rate * np.minimum(t / ramp_s, 1.0)
    expected = np.concatenate([[0.0], np.cumsum(0.5 * (grown[1:] + grown[:-1]) * 1e-4)])[::100]
    added = [r[0].range_m - m.range_m for r, m in zip(read, ranges(100), strict=True)]
    assert added == pytest.approx(expected, abs=1e-9 + 1e-9 * abs(rate))


@given(factor=st.floats(-1e6, 1e6), value=REAL)
def test_a_scale_multiplies_and_moves_there_from_one(factor: float, value: float) -> None:
    """Two roundings of the factor, one of the product, each relative to the larger part."""
    spec = on_range("scale", fields=["range_m"], amount=factor, ramp_s=0.1)
    read = flow([spec], [m._replace(range_m=value) for m in ranges(20)])
    expected = [value * (1.0 + (factor - 1.0) * min(1.0, k / 10)) for k in range(20)]
    tolerance = 1e-14 * abs(value) * (1.0 + abs(factor))
    assert [r[0].range_m for r in read] == pytest.approx(expected, rel=0.0, abs=tolerance + 1e-300)


def test_a_scaled_pulse_is_a_whole_number() -> None:
    pulses = ThrusterCommand(0, 0, *([10_000] * 12))
    spec = {"port": "thrusters", "kind": "scale", "fields": ["on_time_2_us"], "amount": 0.33333}
    sink = Sink()
    attached = attach(
        {"thrusters": sink}, [FaultSpec.model_validate(spec)], 1, "mine.toml", Clock()
    )
    attached.ports["thrusters"].write(pulses)
    assert sink.got == [pulses._replace(on_time_2_us=3333)]
    assert isinstance(sink.got[0].on_time_2_us, int)


def test_noise_has_its_sigma() -> None:
    """2,000 deviates: the sample sigma lies within 5 sigma/sqrt(2 n) = 8 %."""
    n, sigma = 2000, 3.0
    read = flow([on_range("noise", fields=["range_m"], amount=sigma)], ranges(n))
    added = np.array([r[0].range_m for r in read]) - np.array([m.range_m for m in ranges(n)])
    assert np.std(added) == pytest.approx(sigma, rel=5 / math.sqrt(2 * n))
    assert abs(np.mean(added)) < 5 * sigma / math.sqrt(n)


@given(limit=st.floats(0.0, 1e6), value=REAL)
def test_saturation_holds_within_its_limit(limit: float, value: float) -> None:
    sent = [RangeSample(0, 0, value, 1)]
    spec = on_range("saturation", fields=["range_m"], amount=limit)
    assert flow([spec], sent)[0][0].range_m == max(-limit, min(limit, value))


@given(limit=st.floats(0.0, 1e6), values=st.lists(REAL, max_size=5))
def test_what_lies_beyond_the_reach_is_lost(limit: float, values: list[float]) -> None:
    sent = [RangeSample(0, k, value, 1) for k, value in enumerate(values)]
    read = flow([on_range("beyond", fields=["range_m"], amount=limit)], sent)
    kept = [m.range_m for rows in read for m in rows]
    assert kept == [value for value in values if -limit <= value <= limit]


@given(bits=st.integers(1, 2**32 - 1), value=st.integers(0, 2**32 - 1))
def test_bits_are_set_and_cleared(bits: int, value: int) -> None:
    """Bit by bit, and the field stays a whole number."""
    sent = [RangeSample(0, 0, 1.0, value)]
    for kind, wanted in (("set_bits", 1), ("clear_bits", 0)):
        found = flow([on_range(kind, fields=["valid"], amount=bits)], sent)[0][0].valid
        assert isinstance(found, int)
        for k in range(32):
            assert found >> k & 1 == (wanted if bits >> k & 1 else value >> k & 1)


def test_only_whole_numbers_have_bits() -> None:
    for kind in ("set_bits", "clear_bits"):
        with pytest.raises(ValidationError, match="'range_m' has no bits"):
            on_range(kind, fields=["range_m"], amount=1)
        with pytest.raises(ValidationError, match="a whole number"):
            on_range(kind, fields=["valid"], amount=1.5)
        with pytest.raises(ValidationError, match="fields missing"):
            on_range(kind, amount=1)


@given(ticks=st.integers(0, 20))
def test_delay_shifts_and_keeps_the_order(ticks: int) -> None:
    read = flow([on_range("delay", amount=ticks * 0.01)], ranges(10), ticks=40)
    arrived = [(k, m) for k, r in enumerate(read) for m in r]
    assert arrived == [(k + ticks, m) for k, m in enumerate(ranges(10))]


@given(p=st.floats(0.05, 1.0), seed=st.integers(0, 2**64 - 1))
def test_drop_loses_its_share(p: float, seed: int) -> None:
    """Binomial: within 6 sigma (2e-9 a case)."""
    n = 400
    read = flow([on_range("drop", probability=p)], ranges(n), seed)
    lost = sum(not r for r in read)
    assert abs(lost - n * p) <= 6 * math.sqrt(n * p * (1 - p)) + 1e-9
    kept = [r[0] for r in read if r]
    assert all(m == ranges(n)[m.sequence] for m in kept)


def test_duplicate_comes_again_one_tick_later() -> None:
    first, second, third = ranges(3)
    read = flow([on_range("duplicate")], [first, second, third], ticks=5)
    assert read == [[first], [first, second], [second, third], [third], []]


@given(bits=st.integers(1, 64), seed=st.integers(0, 2**64 - 1))
def test_corrupt_flips_as_many_bits_as_it_says(bits: int, seed: int) -> None:
    sent = ranges(1)[0]
    read = flow([on_range("corrupt", amount=bits)], [sent], seed)[0][0]
    layout = LAYOUTS["RangeSample"]
    a, b = (int.from_bytes(layout.pack(*m), "little") for m in (sent, read))
    if not math.isnan(read.range_m):  # a signalling NaN may come back quiet
        assert (a ^ b).bit_count() == bits


@given(seed=st.integers(0, 2**64 - 1))
def test_corrupt_stays_within_its_fields(seed: int) -> None:
    sent = ranges(1)[0]
    read = flow([on_range("corrupt", amount=8, fields=["valid"])], [sent], seed)[0][0]
    assert read._replace(valid=1) == sent
    assert (read.valid ^ 1).bit_count() == 8 or read.valid < 0


@given(seed=st.integers(0, 2**64 - 1))
def test_one_seed_gives_one_run_and_faults_draw_apart(seed: int) -> None:
    spec = on_range("noise", fields=["range_m"], amount=1.0, probability=0.5)
    alone = flow([spec], ranges(20), seed)
    assert alone == flow([spec], ranges(20), seed)
    other = on_range("drop", start_s=100.0)
    assert alone == flow([spec, other], ranges(20), seed)
    assert alone != flow([spec], ranges(20), seed ^ 1)


@given(start=st.floats(0.0, 1.0), length=st.floats(0.01, 1.0))
def test_a_fault_is_active_from_start_up_to_end(start: float, length: float) -> None:
    end = start + length
    read = flow([on_range("drop", start_s=start, end_s=end)], ranges(250))
    for k, r in enumerate(read):
        inside = round(start * 1e9) <= k * TICK_NS < round(end * 1e9)
        assert bool(r) != inside


def test_faults_act_in_their_order() -> None:
    double = on_range("wrong", fields=["range_m"], amount=10.0)
    clip = on_range("saturation", fields=["range_m"], amount=5.0)
    assert flow([double, clip], ranges(1))[0][0].range_m == 5.0
    assert flow([clip, double], ranges(1))[0][0].range_m == 10.0


@pytest.mark.parametrize("device", [d for d, message in OUTPUT_MESSAGES.items() if message])
@given(data=st.data())
def test_outputs_can_be_delayed_until_nothing_is_written(device: str, data: st.DataObject) -> None:
    clock, sink = Clock(), Sink()
    message = data.draw(rows(OUTPUT_MESSAGES[device]))
    spec = FaultSpec.model_validate(
        {"port": device, "kind": "delay", "amount": 0.03, "direction": "output"}
    )
    attached = attach({device: sink}, [spec], 1, "mine.toml", clock)
    attached.ports[device].write(message)
    for tick in range(6):
        clock.now_ns = tick * TICK_NS
        attached.advance()
        assert sink.got == ([message] if tick >= 3 else [])


# ---- frames and packets ----

HEADER = FrameHeader(0, 0, 8, 4, 0.01)
IMAGE = np.arange(32, dtype=np.uint8).reshape(4, 8)


def frame_through(image: Any = IMAGE, **values: Any) -> Any:
    spec = FaultSpec.model_validate({"port": "camera.a", "direction": "input", **values})
    return flow([spec], [(HEADER, image)])[0][0]


def test_an_image_can_be_wrong_noisy_saturated_and_corrupt() -> None:
    wrong = frame_through(kind="wrong", fields=["image"], amount=7.0)
    assert wrong[0] == HEADER and np.all(wrong[1] == 7) and wrong[1].shape == IMAGE.shape
    noisy = frame_through(kind="noise", fields=["image"], amount=5.0)
    assert noisy[1].dtype == np.uint8 and np.any(noisy[1] != IMAGE)
    clipped = frame_through(kind="saturation", fields=["image"], amount=12.0)
    assert np.array_equal(clipped[1], np.minimum(IMAGE, 12))
    corrupt = frame_through(kind="corrupt", fields=["image"], amount=5.0)
    assert int(np.unpackbits(corrupt[1] ^ IMAGE).sum()) == 5


def test_an_image_of_bytes_stays_bytes() -> None:
    raw = IMAGE.tobytes()
    assert frame_through(raw, kind="saturation", fields=["image"], amount=3.0)[1] == bytes(
        min(b, 3) for b in raw
    )
    assert isinstance(frame_through(raw, kind="corrupt", fields=["image"], amount=1.0)[1], bytes)


def test_a_frozen_camera_counts_on() -> None:
    spec = FaultSpec.model_validate(
        {"port": "camera.a", "direction": "input", "kind": "stuck", "start_s": 0.01}
    )
    later = HEADER._replace(time_ns=TICK_NS, sequence=1)
    read = flow([spec], [(HEADER, IMAGE), (later, IMAGE + 1)])
    assert read[1][0][0] == later
    assert np.array_equal(read[1][0][1], IMAGE)


class Radio:
    name = "radio"

    def __init__(self) -> None:
        self.sent: list[bytes] = []

    def receive(self) -> bytes | None:
        return None

    def send(self, packet: bytes) -> None:
        self.sent.append(packet)


@given(packet=st.binary(min_size=8, max_size=64))
def test_packets_can_be_corrupted(packet: bytes) -> None:
    radio = Radio()
    spec = FaultSpec.model_validate(
        {"port": "radio", "direction": "output", "kind": "corrupt", "amount": 4}
    )
    attached = attach({"radio": radio}, [spec], 1, "mine.toml", Clock())
    attached.ports["radio"].send(packet)
    assert attached.ports["radio"].receive() is None
    flipped = int.from_bytes(packet, "big") ^ int.from_bytes(radio.sent[0], "big")
    assert flipped.bit_count() == 4


# ---- specifications ----


def test_ports_without_faults_are_passed_on_untouched() -> None:
    source, sink = Source([]), Sink()
    attached = attach({"tank": source, "thrusters": sink}, [], 1, "mine.toml", Clock())
    assert attached == AttachedFaults({"tank": source, "thrusters": sink}, ())
    assert attached.ports["tank"] is source
    assert attached.stepping(sink.write) == sink.write


def test_a_faulty_step_moves_delayed_commands_first() -> None:
    clock, sink = Clock(), Sink()
    spec = FaultSpec.model_validate({"port": "thrusters", "kind": "delay", "amount": 0.01})
    attached = attach({"thrusters": sink}, [spec], 1, "mine.toml", clock)
    seen = []
    step = attached.stepping(lambda: seen.append(len(sink.got)))
    attached.ports["thrusters"].write(ThrusterCommand(*[0] * 14))
    step()
    clock.now_ns = TICK_NS
    step()
    assert seen == [0, 1]


@pytest.mark.parametrize(
    ("values", "said"),
    [
        (
            {"port": "toaster.a", "kind": "off"},
            "port = 'toaster.a': allowed devices: battery",
        ),
        ({"port": "imu.a", "kind": "melt"}, "kind = 'melt': allowed: 'off'"),
        ({"port": "imu.a"}, "kind"),
        ({"port": "imu.a", "kind": "off", "colour": 1}, "colour = 1"),
        ({"port": "imu.a", "kind": "off", "start_s": -1.0}, "start_s = -1.0"),
        ({"port": "imu.a", "kind": "off", "start_s": float("nan")}, "start_s = nan"),
        ({"port": "imu.a", "kind": "off", "start_s": 5, "end_s": 4}, "end_s = 4.0: must be above"),
        ({"port": "imu.a", "kind": "off", "probability": 0.5}, "off is certain, use drop"),
        ({"port": "imu.a", "kind": "off", "ramp_s": 1.0}, "ramp_s = 1.0"),
        ({"port": "imu.a", "kind": "drop", "probability": 1.5}, "probability = 1.5"),
        ({"port": "imu.a", "kind": "drop", "amount": 1.0}, "amount = 1.0: kind 'drop' takes none"),
        ({"port": "imu.a", "kind": "wrong", "amount": 1.0}, "fields missing: kind 'wrong'"),
        ({"port": "imu.a", "kind": "nozzle", "amount": 0.1}, "allowed for 'nozzle': an engine"),
        ({"port": "engine.a", "kind": "feed", "amount": 3.0}, "amount = 3.0: allowed for 'feed'"),
        (
            {"port": "engine.a", "kind": "feed", "amount": 0.5, "direction": "input"},
            "direction = 'input': kind 'feed' has none",
        ),
        (
            {"port": "engine.a", "kind": "nozzle", "amount": 0.5, "probability": 0.5},
            "kind 'nozzle' is certain",
        ),
        (
            {"port": "engine.a", "kind": "nozzle", "amount": 0.5, "fields": ["on"]},
            "kind 'nozzle' has none",
        ),
        (
            {"port": "imu.a", "kind": "wrong", "fields": ["range_m"], "amount": 1.0},
            "'range_m' unknown, allowed: time_ns, sequence, delta_angle_x_rad",
        ),
        ({"port": "imu.a", "kind": "delay"}, "amount missing: kind 'delay' needs one in"),
        ({"port": "imu.a", "kind": "delay", "amount": 700}, "amount = 700.0: allowed for 'delay'"),
        ({"port": "imu.a", "kind": "corrupt", "amount": 1.5}, "a whole number of bits"),
        ({"port": "imu.a", "kind": "drop", "direction": "output"}, "imu.a has none"),
        ({"port": "engine.a", "kind": "off"}, "direction missing: engine.a has both"),
        (
            {"port": "radio", "direction": "input", "kind": "stuck"},
            "kind = 'stuck': allowed for packets",
        ),
        ({"port": "memory", "kind": "delay", "amount": 1}, "kind = 'delay': allowed for memory"),
        ({"port": "memory", "kind": "off", "direction": "input"}, "memory has none"),
    ],
)
def test_a_wrong_fault_is_named(values: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError) as error:
        FaultSpec.model_validate(values)
    assert said in describe(error.value, "mine.toml: fault.1", FaultSpec)


def test_a_wrong_fault_is_named_with_its_place_in_the_file() -> None:
    wrong = short_scenario.text(extra='[[fault]]\nport = "imu.a"\nkind = "melt"\n')
    with pytest.raises(ScenarioError, match=r"mine\.toml: fault\.0\.kind = 'melt'"):
        parse(wrong, "mine.toml")


def test_an_instance_that_the_vehicle_lacks_is_named() -> None:
    spec = FaultSpec.model_validate({"port": "imu.b", "kind": "off"})
    with pytest.raises(
        FaultError, match=r"mine.toml: fault.0.port = 'imu.b': this vehicle has imu.a, tank"
    ):
        attach({"imu.a": Source([]), "tank": Source([])}, [spec], 1, "mine.toml", Clock())


def test_every_example_of_the_documentation_is_a_valid_fault_and_every_kind_has_one() -> None:
    text = (Path(__file__).parents[2] / "docs" / "faults.md").read_text("utf-8")
    blocks = text.split("```toml")[1:]
    values = [f for block in blocks for f in tomllib.loads(block.split("```")[0])["fault"]]
    specs = [FaultSpec.model_validate(value) for value in values]
    kinds = FaultSpec.model_fields["kind"].annotation
    assert {s.kind for s in specs} == set(kinds.__args__)  # type: ignore[union-attr]


def faulty_memory(**values: Any) -> tuple[Any, EmulatedMemory, Clock]:
    """A memory with one fault from 1 s to 2 s, and the one below."""
    spec = FaultSpec.model_validate({"port": "memory", "start_s": 1.0, "end_s": 2.0, **values})
    below, clock = EmulatedMemory(), Clock()
    return attach({"memory": below}, [spec], 1, "mine.toml", clock).ports["memory"], below, clock


@given(st.integers(0, 100), st.binary(min_size=1, max_size=64))
def test_a_memory_that_is_off_or_stuck_loses_what_is_written(address: int, data: bytes) -> None:
    for kind in ("off", "stuck"):
        memory, _, clock = faulty_memory(kind=kind)
        memory.write(address, data)
        assert memory.read(address, len(data)) == data
        clock.now_ns = 10**9
        memory.write(address, bytes(len(data)))
        seen = b"\xff" * len(data) if kind == "off" else data
        assert memory.read(address, len(data)) == seen
        clock.now_ns = 2 * 10**9
        assert memory.read(address, len(data)) == data
        memory.write(address, bytes(len(data)))
        assert memory.read(address, len(data)) == bytes(len(data))


@given(st.binary(min_size=1, max_size=64), st.integers(1, 8))
def test_a_corrupt_memory_flips_bits_of_a_block_that_is_written(data: bytes, bits: int) -> None:
    memory, below, clock = faulty_memory(kind="corrupt", amount=float(bits))
    clock.now_ns = 10**9
    memory.write(5, data)
    read = memory.read(5, len(data))
    assert sum((a ^ b).bit_count() for a, b in zip(read, data, strict=True)) == bits
    rest = below.size - 5 - len(data)
    assert (below.read(0, 5), below.read(5 + len(data), rest)) == (b"\xff" * 5, b"\xff" * rest)


@given(st.floats(0.0, 2.0), st.floats(0.0, 2.0), st.floats(0.0, 10.0))
def test_engines_are_hurt_by_what_is_left_of_each_share(
    nozzle: float, feed: float, time_s: float
) -> None:
    """Ramp of 2 s from 1 s, another from 3 to 5 s; the other engine is left alone."""
    now_ns = round(time_s * 1e9)
    specs = [
        {"port": "engine.b", "kind": "nozzle", "amount": nozzle, "start_s": 1.0, "ramp_s": 2.0},
        {"port": "engine.b", "kind": "feed", "amount": feed, "start_s": 3.0, "end_s": 5.0},
    ]
    told: list[tuple[str, dict[str, float]]] = []
    attached = attach(
        {"engine.a": object(), "engine.b": object()},
        [FaultSpec.model_validate(s) for s in specs],
        1,
        "test",
        lambda: now_ns,
        lambda port, **shares: told.append((port, shares)),
    )
    assert attached.stepping(lambda: 5)() == 5
    ramp = min(max((now_ns * 1e-9 - 1.0) / 2.0, 0.0), 1.0)
    inside = 3.0 <= now_ns * 1e-9 < 5.0
    assert [port for port, _ in told] == ["engine.b"]
    assert told[0][1] == pytest.approx(
        {"nozzle": 1.0 + ramp * (nozzle - 1.0), "feed": feed if inside else 1.0}
    )
