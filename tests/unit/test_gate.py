"""The gate: rejection is a state, never a verdict."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from navigation_simulation import ffi, lib, limits

STEP = 100_000_000
ACCEPTING, REJECTING, REACQUIRING = 0, 1, 2
REJECT, ACCEPT, REACQUIRE = 0, 1, 2


class Stream:
    """A one-dimensional stream at 10 Hz with unit noise."""

    def __init__(self, **changes: Any) -> None:
        self.gate = ffi.new("ob_gate *")
        self.limits = ffi.new("ob_gate_limits *", limits(25.0, **changes))
        self.now = 0
        lib.ob_gate_init(self.gate, 0)

    def put(
        self,
        innovation: float,
        sigma: float = 1.0,
        plausible: bool = True,
        corroborated: bool = False,
    ) -> int:
        self.now += STEP
        sample = {
            "time_ns": self.now,
            "dimension": 1,
            "innovation": [innovation],
            "sigma": [sigma],
            "noise": [sigma],
            "rate_sigma": [0.1],
            "nis": (innovation / sigma) * (innovation / sigma),
            "plausible": int(plausible),
            "corroborated": int(corroborated),
        }
        return lib.ob_gate_score(self.gate, self.limits, ffi.new("ob_gate_sample *", sample))

    @property
    def state(self) -> int:
        return self.gate.state


def test_good_samples_are_accepted() -> None:
    stream = Stream()
    assert [stream.put(x) for x in (0.0, 4.9, -4.9, 1.0)] == [ACCEPT] * 4
    assert (stream.gate.accepted_count, stream.gate.rejected_count) == (4, 0)
    assert stream.gate.score < 1.0


def test_outliers_are_rejected_one_by_one_and_the_stream_stays() -> None:
    stream = Stream()
    decisions = [stream.put(100.0 if k % 3 == 0 else 0.1) for k in range(30)]
    assert decisions == [REJECT if k % 3 == 0 else ACCEPT for k in range(30)]
    assert stream.state == ACCEPTING


def test_a_run_of_failures_rejects_the_stream_and_passes_bring_it_back() -> None:
    stream = Stream(reacquire_count=1000)
    for k in range(7):
        assert stream.put(50.0 * (-1) ** k) == REJECT
        assert stream.state == (ACCEPTING if k < 4 else REJECTING)
    assert [stream.put(0.5) for _ in range(5)] == [REJECT] * 4 + [ACCEPT]
    assert stream.state == ACCEPTING
    assert stream.gate.consecutive_rejected == 0


def test_a_pass_that_does_not_last_does_not_recover() -> None:
    stream = Stream(reacquire_count=1000)
    for k in range(6):
        stream.put(50.0 * (-1) ** k)
    for _ in range(10):
        assert [stream.put(0.5) for _ in range(4)] == [REJECT] * 4
        assert stream.put(60.0) == REJECT
    assert stream.state in (REJECTING, REACQUIRING)


def test_a_steady_disagreement_that_the_prior_allows_is_reacquired() -> None:
    stream = Stream()
    decisions = [stream.put(300.0 + 0.01 * k) for k in range(25)]
    # 20 consistent samples that span 2 s: the 21st is 2.0 s after the first.
    assert decisions.index(REACQUIRE) == 20
    assert decisions[:20] == [REJECT] * 20
    assert stream.gate.reacquired_count == 1
    assert stream.state == ACCEPTING


def test_the_same_disagreement_without_a_prior_for_it_never_is() -> None:
    stream = Stream()
    assert {stream.put(300.0, plausible=False) for _ in range(2000)} == {REJECT}
    assert stream.state == REJECTING


@pytest.mark.parametrize(
    "fault",
    [
        lambda k: 300.0 + 5.0 * k,  # ramps away faster than the filter can drift
        lambda k: 300.0 + (40.0 if k % 2 else -40.0),  # noise far above its specification
        lambda k: 300.0 if k % 15 else 500.0,  # breaks off again and again
    ],
)
def test_a_disagreement_that_moves_is_not_reacquired(fault: Any) -> None:
    stream = Stream()
    assert {stream.put(fault(k)) for k in range(500)} == {REJECT}


def test_a_gap_ends_a_run() -> None:
    stream = Stream()
    for _ in range(15):
        stream.put(300.0)
    stream.now += 2_000_000_000
    decisions = [stream.put(300.0) for _ in range(25)]
    assert decisions.index(REACQUIRE) == 20


def test_each_reacquisition_asks_for_twice_as_much() -> None:
    stream = Stream()
    needed = []
    for _ in range(7):
        count = 1
        while stream.put(300.0) != REACQUIRE:
            count += 1
        needed.append(count)
    assert needed == [21, 41, 81, 161, 321, 321, 321]


def test_what_another_instrument_says_too_is_believed_at_the_first_price() -> None:
    stream = Stream()
    needed = []
    for _ in range(4):
        count = 1
        while stream.put(300.0, corroborated=True) != REACQUIRE:
            count += 1
        needed.append(count)
    assert needed == [21] * 4


def test_not_a_number_is_rejected_and_starts_no_run() -> None:
    stream = Stream()
    assert {stream.put(float("nan")) for _ in range(100)} == {REJECT}
    assert stream.gate.score <= 4.0


def test_silence_is_flagged_only_while_samples_are_due() -> None:
    stream = Stream()
    gate, allowed = stream.gate, stream.limits
    lib.ob_gate_watch(gate, allowed, 10_000_000_000, 0)
    assert gate.silent == 0
    lib.ob_gate_watch(gate, allowed, 20_000_000_000, 1)
    assert gate.silent == 0, "due since this instant only"
    lib.ob_gate_watch(gate, allowed, 21_000_000_000, 1)
    assert gate.silent == 0
    lib.ob_gate_watch(gate, allowed, 21_000_000_001, 1)
    assert gate.silent == 1
    stream.now = 22_000_000_000
    stream.put(0.0)
    assert gate.silent == 0
    lib.ob_gate_watch(gate, allowed, 22_500_000_000, 1)
    assert gate.silent == 0


@given(
    st.lists(
        st.tuples(
            st.floats(allow_nan=True, allow_infinity=True), st.floats(0.1, 10.0), st.booleans()
        ),
        max_size=120,
    )
)
def test_whatever_arrives_the_counts_add_up_and_only_passing_or_proven_samples_are_used(
    samples: list[tuple[float, float, bool]],
) -> None:
    stream = Stream()
    for innovation, sigma, plausible in samples:
        before = stream.state
        decision = stream.put(innovation, sigma, plausible)
        passed = (innovation / sigma) * (innovation / sigma) <= 25.0
        if decision == ACCEPT:
            assert passed
        if decision == REACQUIRE:
            assert before != ACCEPTING and plausible
        if passed and before == ACCEPTING:
            assert decision == ACCEPT
    gate = stream.gate
    assert gate.accepted_count + gate.rejected_count == len(samples)
    assert 0.0 <= gate.score <= 4.0


def test_hash_tells_states_apart() -> None:
    one, two = Stream(), Stream()
    one.put(1.0)
    two.put(1.0)
    assert lib.ob_gate_hash(one.gate, 3) == lib.ob_gate_hash(two.gate, 3)
    one.put(100.0)
    two.put(1.0)
    assert lib.ob_gate_hash(one.gate, 3) != lib.ob_gate_hash(two.gate, 3)
