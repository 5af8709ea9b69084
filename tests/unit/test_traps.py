"""A member that traps restarts the computer; each start decides anew who runs."""

from __future__ import annotations

from executive_setup import Counting, Load, Store, load_row, run

from onboard.executive import Criticality, Executive, Member, Trap


class Failing(Counting):
    """Traps in its steps from one on, and in starting when told."""

    def __init__(self, traps_at: int) -> None:
        super().__init__()
        self.traps_at, self.starts, self.refuses = traps_at, 0, False

    def start_up(self, now_ns: int) -> None:
        self.starts += 1
        if self.refuses:
            raise Trap("no memory")

    def step(self, now_ns: int) -> None:
        super().step(now_ns)
        if self.runs >= self.traps_at:
            raise Trap("no memory")


class Starts:
    """Leaves out what it is told to."""

    def __init__(self, *left_out: frozenset[str]) -> None:
        self.left_out = list(left_out)
        self.blamed: list[str] = []
        self.begun = 0

    def begin(self, now_ns: int) -> frozenset[str]:
        self.begun += 1
        return self.left_out[min(self.begun, len(self.left_out)) - 1]

    def failed(self, member: str) -> None:
        self.blamed.append(member)


NOBODY: frozenset[str] = frozenset()


def member(name: str, component: Counting, *, minimal: bool = False, cost: float = 100.0) -> Member:
    return Member(
        name,
        component.step,
        100,
        cost,
        Criticality.NORMAL,
        state_hash=component.state_hash,
        checkpoint=component.checkpoint,
        restore=component.restore,
        start=getattr(component, "start_up", None),
        minimal=minimal,
    )


def test_a_trap_restarts_and_the_members_before_it_go_on_from_the_checkpoint() -> None:
    before, failing, after = Counting(), Failing(25), Counting()
    members = [member("a", before), member("b", failing), member("c", after)]
    starts = Starts(NOBODY)
    executive = Executive(
        members, checkpoints=Store(), checkpoint_ticks=10, restart_ticks=5, starts=starts
    )
    run(executive, 25)
    assert executive.counters.restarts == 1
    assert starts.blamed == ["b"]
    assert (before.runs, after.runs) == (25, 24)  # the rest of the tick of the trap does not run
    run(executive, 6, first=25)
    # 21 at the checkpoint of tick 20
    assert (before.runs, failing.runs, after.runs) == (22, 22, 22)
    assert failing.starts == starts.begun == 2


def test_a_trap_at_the_start_restarts_before_any_member_runs() -> None:
    good, failing = Counting(), Failing(10**6)
    failing.refuses = True
    executive = Executive([member("a", good), member("b", failing)], restart_ticks=5)
    run(executive, 50)
    assert good.runs == 0
    assert executive.counters.restarts == failing.starts == 1 + len(range(4, 50, 5))


def test_who_is_left_out_keeps_its_part_of_the_checkpoint() -> None:
    minimal, idle = Counting(), Failing(30)
    starts = Starts(NOBODY, frozenset({"idle"}), NOBODY)
    executive = Executive(
        [member("minimal", minimal, minimal=True), member("idle", idle)],
        checkpoints=Store(),
        checkpoint_ticks=10,
        restart_ticks=1,
        starts=starts,
    )
    run(executive, 100)
    assert idle.runs == 30  # it trapped and never ran again
    assert executive.counters.restarts == 1
    idle.traps_at = 10**6
    executive.restart("command", 10**9)
    run(executive, 11, first=100)
    assert idle.runs == 21 + 10  # from the checkpoint of tick 20, many checkpoints ago
    assert minimal.runs > idle.runs


def test_a_load_makes_a_member_trap_whenever_it_runs_until_the_next_load() -> None:
    component = Counting()
    rows = {3: load_row(member=0, trap=1), 50: load_row()}
    executive = Executive(
        [member("a", component)], load=Load(rows), restart_ticks=5, checkpoints=Store()
    )
    run(executive, 100)
    assert executive.counters.restarts == 8  # ticks 3, 9, 15 ... 45
    assert component.runs == 1 + 49  # of the checkpoint of tick 0, and from tick 51 on


def test_a_trap_in_an_overloaded_tick_restarts_once() -> None:
    failing = Failing(5)
    starts = Starts(NOBODY)
    executive = Executive(
        [member("a", failing, cost=50.0)], {"a": 60.0}, restart_ticks=10, starts=starts
    )
    run(executive, 8)
    assert executive.counters.restarts == 1
    assert starts.blamed == ["a"]


def test_the_watchdog_blames_the_member_that_ran_too_long() -> None:
    fast, slow = Counting(), Counting()
    starts = Starts(NOBODY)
    members = [member("fast", fast), member("slow", slow)]
    critical = [Member(m.name, m.step, 100, 100.0, Criticality.CRITICAL) for m in members]
    rows = {5: load_row(member=1, member_extra_us=20_000.0)}
    executive = Executive(critical, load=Load(rows), watchdog_ticks=4, starts=starts)
    run(executive, 12)
    assert starts.blamed == ["slow"]
