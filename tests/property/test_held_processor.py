"""Pathfinder: no load below the critical members makes one of them late, and nothing resets.

What corresponds to a priority inversion here would be a member that is not critical and keeps a
critical one from running. There are no locks, and no member is begun that does not fit the tick
beside those more critical than it.
"""

from __future__ import annotations

from executive_setup import Load, load_row, run
from hypothesis import given, settings
from hypothesis import strategies as st

from onboard.dictionary import load
from onboard.executive import Criticality, Executive, Member
from onboard.executive.schedule import RATES_HZ, TICK_US

LANDER = load("lander").schedule
NAMES = list(LANDER.members)
LOW = [i for i, m in enumerate(LANDER.members.values()) if m.criticality < Criticality.CRITICAL]


def executive(rows: dict[int, object], target: str) -> Executive:
    members = [
        Member(name, lambda now_ns: None, m.rate_hz, m.budget_us, m.criticality, m.offset)
        for name, m in LANDER.members.items()
    ]
    return Executive(members, LANDER.costs_us(target), load=Load(rows))  # type: ignore[arg-type]


def most_critical_us(target: str) -> float:
    """The most that critical members take of one tick."""
    costs = LANDER.costs_us(target)
    critical = [(n, m) for n, m in LANDER.members.items() if m.criticality == Criticality.CRITICAL]
    return max(
        sum(costs[n] for n, m in critical if tick % (100 // m.rate_hz) == m.offset)
        for tick in range(100)
    )


def test_a_rate_divides_the_major_frame() -> None:
    assert all(100 % rate == 0 for rate in RATES_HZ)


@given(data=st.data(), target=st.sampled_from(["desk", "cortex_m7"]))
@settings(max_examples=150, deadline=None)
def test_no_low_member_makes_a_critical_one_late(data: st.DataObject, target: str) -> None:
    spare = TICK_US - most_critical_us(target)
    row = st.builds(
        lambda stolen, member, extra: load_row(
            stolen_us=stolen, member=member, member_extra_us=extra
        ),
        st.floats(0.0, spare),
        st.sampled_from(LOW),
        st.floats(0.0, 1e6),
    )
    rows = data.draw(st.dictionaries(st.integers(0, 300), row, max_size=20))
    flown = executive(rows, target)
    run(flown, 400)
    counters = flown.counters
    assert counters.restarts == 0
    assert counters.backlog_us == 0.0
    assert not any(m.slips for m in counters.members.values())
