"""The executive: who runs when, what an overload sheds, what a restart resumes."""

from collections.abc import Callable

import pytest
from executive_setup import Counting, Load, Store, load_row, run

from onboard.executive import (
    TICK_NS,
    Criticality,
    Executive,
    Member,
    ScheduleError,
    members_of,
)
from onboard.messages import ProcessorLoad

CRITICAL, ESSENTIAL, NORMAL, DEFERRABLE = sorted(Criticality, reverse=True)


class Events:
    def __init__(self) -> None:
        self.emitted: list[tuple[str, dict[str, object]]] = []

    def emit(self, name: str, time_ns: int, /, **values: object) -> None:
        self.emitted.append((name, values))

    def names(self) -> list[str]:
        return [name for name, _ in self.emitted]


def member(
    name: str,
    step: Callable[[int], None],
    rate_hz: int = 100,
    criticality: Criticality = NORMAL,
    budget_us: float = 10_000.0,
    offset: int = 0,
) -> Member:
    return Member(name, step, rate_hz, budget_us, criticality, offset)


@pytest.mark.parametrize(("rate_hz", "offset"), [(100, 0), (50, 1), (10, 7), (1, 42)])
def test_a_member_runs_at_its_rate_and_offset(rate_hz: int, offset: int) -> None:
    times: list[int] = []
    executive = Executive([member("a", times.append, rate_hz, offset=offset)])
    run(executive, 300)
    period = 100 // rate_hz
    assert times == [t * TICK_NS for t in range(300) if t % period == offset]


def test_members_run_in_the_order_given() -> None:
    order: list[str] = []
    names = ["c", "a", "b"]
    executive = Executive([member(n, lambda _, n=n: order.append(n)) for n in names])
    run(executive, 2)
    assert order == names * 2


@pytest.mark.parametrize(
    ("wrong", "text"),
    [
        (dict(rate_hz=25), "rate_hz = 25"),
        (dict(rate_hz=50, offset=2), "offset = 2, allowed 0..1"),
        (dict(budget_us=0.0), "budget_us = 0.0"),
        (dict(budget_us=10_001.0), "budget_us"),
    ],
)
def test_a_member_that_fits_nowhere_is_refused(wrong: dict, text: str) -> None:
    with pytest.raises(ScheduleError, match=text):
        Executive([member("a", lambda _: None, **wrong)])


def test_two_members_of_one_name_are_refused() -> None:
    with pytest.raises(ScheduleError, match="more than once"):
        Executive([member("a", lambda _: None), member("a", lambda _: None)])


def test_members_of_joins_schedule_and_components() -> None:
    entry = member("x", lambda _: None, 10, CRITICAL, 5.0, 3)
    component = Counting()
    [joined] = members_of({"filter": entry}, {"filter": component})
    assert (joined.name, joined.rate_hz, joined.offset) == ("filter", 10, 3)
    assert joined.state_hash == component.state_hash
    with pytest.raises(ScheduleError, match="control"):
        members_of({"filter": entry}, {"filter": component, "control": component})


# ---- ticks ----


def test_reply_names_its_tick() -> None:
    executive = Executive([])
    assert executive.tick((7, 70_000_000)).tick == 7


def test_a_gap_is_counted_and_reported() -> None:
    events, component = Events(), Counting()
    executive = Executive([member("a", component.step)], events=events)
    run(executive, 3)
    run(executive, 1, first=5)
    assert executive.counters.tick_gaps == 2
    assert executive.counters.time_faults == 0
    assert events.emitted == [("EXECUTIVE_TICK_GAP", {"expected": 3, "received": 5})]
    assert component.runs == 4


def test_a_repeated_grant_runs_nothing_and_repeats_the_reply() -> None:
    component = Counting()
    executive = Executive([member("a", component.step)])
    run(executive, 2)
    last = executive.tick((2, 2 * TICK_NS))
    assert executive.tick((2, 2 * TICK_NS)) == last
    assert executive.tick((0, 0)) == last
    assert executive.counters.ticks_refused == 2
    assert component.runs == 3


def test_time_that_does_not_follow_is_counted() -> None:
    events = Events()
    executive = Executive([], events=events)
    run(executive, 2)
    executive.tick((2, 2 * TICK_NS + 1))
    assert executive.counters.time_faults == 1
    assert events.names() == ["EXECUTIVE_TIME_FAULT"]


# ---- state hash ----


def test_hash_chains_members_that_ran_and_tells_states_apart() -> None:
    def fly(extra: int) -> list[int]:
        component = Counting()
        component.runs = extra
        return run(Executive(members_of({"a": member("a", print)}, {"a": component})), 5)

    first, again, other = fly(0), fly(0), fly(1)
    assert first == again
    assert all(a != b for a, b in zip(first, other, strict=True))
    assert len(set(first)) == 5


def test_recorder_sees_each_tick_and_its_output_hash_is_chained() -> None:
    class Recorder:
        def __init__(self, output: int) -> None:
            self.output, self.begun, self.ended = output, [], []  # type: ignore[var-annotated]

        def begin(self, tick: int, time_ns: int) -> None:
            self.begun.append((tick, time_ns))

        def end(self, state_hash: int) -> int:
            self.ended.append(state_hash ^ self.output)
            return state_hash ^ self.output

    one, two = Recorder(1), Recorder(2)
    hashes = run(Executive([], recorder=one), 2)
    assert hashes == one.ended
    assert one.begun == [(0, 0), (1, TICK_NS)]
    assert run(Executive([], recorder=two), 2) != hashes


# ---- overload ----


def overloaded(
    rows: dict[int, ProcessorLoad], **options: object
) -> tuple[Executive, dict[str, Counting], Events]:
    """Four members of 2 ms each, one per criticality."""
    criticalities = {c.name.lower(): c for c in Criticality}
    parts = {name: Counting() for name in criticalities}
    events = Events()
    executive = Executive(
        [
            member(n, parts[n].step, criticality=c, budget_us=2_500.0)
            for n, c in criticalities.items()
        ],
        dict.fromkeys(parts, 2_000.0),
        load=Load(rows),
        events=events,
        **options,  # type: ignore[arg-type]
    )
    return executive, parts, events


def test_nothing_is_shed_when_all_fits() -> None:
    executive, parts, events = overloaded({0: load_row(stolen_us=2_000.0)})
    run(executive, 10)
    assert [p.runs for p in parts.values()] == [10] * 4
    assert executive.counters.overloaded_ticks == 0
    assert events.names() == []


@pytest.mark.parametrize(
    ("stolen_us", "shed"),
    [
        (2_001.0, ["deferrable"]),
        (4_001.0, ["deferrable", "normal"]),
        (6_001.0, ["deferrable", "normal", "essential"]),
    ],
)
def test_the_least_critical_is_shed_first(stolen_us: float, shed: list[str]) -> None:
    executive, parts, events = overloaded({0: load_row(stolen_us=stolen_us)})
    run(executive, 10)
    assert [name for name, p in parts.items() if p.runs == 0] == shed
    assert [executive.member_counters[n].sheds for n in shed] == [10] * len(shed)
    assert all(c.slips == 0 for c in executive.member_counters.values())
    assert events.emitted == [("EXECUTIVE_LOAD_SHED", {"members": " ".join(shed)})]


def test_shedding_ends_with_the_overload() -> None:
    executive, parts, events = overloaded({5: load_row(stolen_us=3_000.0), 10: load_row()})
    run(executive, 20)
    assert parts["deferrable"].runs == 15
    assert executive.counters.overloaded_ticks == 6  # the sixth finds that all members fit again
    assert events.names() == ["EXECUTIVE_LOAD_SHED", "EXECUTIVE_LOAD_RESTORED"]


def test_of_equally_critical_members_the_last_is_shed() -> None:
    parts = {n: Counting() for n in "ab"}
    executive = Executive(
        [member(n, p.step) for n, p in parts.items()],
        dict.fromkeys("ab", 4_000.0),
        load=Load({0: load_row(stolen_us=5_000.0)}),
    )
    run(executive, 4)
    assert [p.runs for p in parts.values()] == [4, 0]


def test_a_critical_member_is_never_shed_and_slips() -> None:
    executive, parts, _ = overloaded({0: load_row(stolen_us=9_000.0)}, watchdog_ticks=1000)
    run(executive, 3)
    # 1 ms a tick is offered and 2 ms needed: tick 0 carries 1 ms over, tick 1 has nothing left,
    # tick 2 begins afresh.
    assert parts["critical"].runs == 2
    assert executive.member_counters["critical"].slips == 3
    assert executive.member_counters["critical"].sheds == 0
    assert executive.counters.backlog_us == 1_000.0


def test_backlog_is_worked_off() -> None:
    executive, parts, _ = overloaded({0: load_row(stolen_us=9_000.0), 1: load_row()})
    run(executive, 5)
    assert executive.counters.backlog_us == 0.0
    assert executive.counters.overloaded_ticks == 2
    assert parts["critical"].runs == 5


def test_a_member_that_runs_long_counts_overruns() -> None:
    rows = {3: load_row(member=1, member_extra_us=501.0), 5: load_row()}
    executive, parts, events = overloaded(rows)
    run(executive, 10)
    assert executive.member_counters["normal"].overruns == 2
    assert [c.overruns for c in executive.member_counters.values()] == [0, 2, 0, 0]
    assert events.emitted[0] == ("EXECUTIVE_OVERRUN", {"member": "normal", "cost_us": 2_501.0})
    assert parts["normal"].runs == 10


def test_overload_is_the_same_in_every_run() -> None:
    def fly() -> tuple[list[int], dict]:
        parts = {n: Counting() for n in "abc"}
        schedule = {
            n: member(n, print, criticality=c)
            for n, c in zip("abc", (CRITICAL, NORMAL, DEFERRABLE), strict=True)
        }
        rows = {t: load_row(stolen_us=100.0 * t) for t in range(0, 100, 7)}
        executive = Executive(
            members_of(schedule, parts), dict.fromkeys("abc", 3_000.0), load=Load(rows)
        )
        return run(executive, 150), executive.member_counters

    assert fly() == fly()


# ---- restart ----


def test_a_reset_stops_the_members_and_resumes_from_the_checkpoint() -> None:
    component, store, events = Counting(), Store(), Events()
    executive = Executive(
        members_of({"a": member("a", print)}, {"a": component}),
        load=Load({25: load_row(reset=1)}),
        checkpoints=store,
        checkpoint_ticks=10,
        restart_ticks=5,
        events=events,
    )
    run(executive, 25)
    assert component.runs == 25
    run(executive, 5, first=25)
    assert component.runs == 21  # as checkpointed at the end of tick 20
    run(executive, 10, first=30)
    assert component.runs == 31
    assert executive.counters.restarts == 1
    assert events.emitted == [
        ("EXECUTIVE_RESTART", {"reason": "reset"}),
        ("EXECUTIVE_RESUMED", {"age_ms": 90}),
    ]


def test_a_milestone_is_kept_in_its_own_tick() -> None:
    component, store = Counting(), Store()
    component.milestone = lambda: component.runs >= 24  # type: ignore[attr-defined]
    executive = Executive(
        members_of({"a": member("a", print)}, {"a": component}),
        load=Load({26: load_row(reset=1)}),
        checkpoints=store,
        checkpoint_ticks=10,
        restart_ticks=5,
    )
    run(executive, 31)
    assert component.runs == 24, "as kept at the end of tick 24, not of tick 20"
    assert store.writes == 5, "after ticks 0, 10, 20, 24 and 30: once for a milestone"
    run(executive, 3, first=31)
    assert component.runs == 27


def test_a_restart_without_checkpoint_says_so() -> None:
    component, events = Counting(), Events()
    executive = Executive([member("a", component.step)], events=events, restart_ticks=2)
    run(executive, 3)
    executive.restart("command", 3 * TICK_NS)
    run(executive, 4, first=3)
    assert component.runs == 5
    assert events.names() == ["EXECUTIVE_RESTART", "EXECUTIVE_CHECKPOINT_MISSING"]


def test_the_watchdog_restarts_after_slipping_too_long() -> None:
    executive, _, events = overloaded({0: load_row(stolen_us=10_000.0)}, watchdog_ticks=7)
    run(executive, 7)
    assert executive.counters.restarts == 1
    assert ("EXECUTIVE_RESTART", {"reason": "watchdog"}) in events.emitted


def test_a_checkpoint_serves_a_vehicle_built_anew() -> None:
    def build() -> tuple[Executive, dict[str, Counting]]:
        parts = {n: Counting() for n in ("first", "second")}
        schedule = {n: member(n, print, rate) for n, rate in zip(parts, (100, 10), strict=True)}
        return Executive(members_of(schedule, parts)), parts

    before, old = build()
    run(before, 57)
    after, new = build()
    after.restore(before.checkpoint(56, 56 * TICK_NS), 60 * TICK_NS)
    assert {n: c.runs for n, c in new.items()} == {n: c.runs for n, c in old.items()}


def test_a_wrapper_times_each_member_without_changing_what_it_does() -> None:
    called: list[str] = []

    def wrap(name: str, step: Callable[[int], None]) -> Callable[[int], None]:
        def timed(now_ns: int) -> None:
            called.append(name)
            step(now_ns)

        return timed

    component = Counting()
    run(Executive([member("a", component.step)], wrap=wrap), 3)
    assert called == ["a"] * 3
    assert component.runs == 3
