"""The computer in closed loop: starts that fail, resets, silence of the ground, wrong uploads."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from hil.bench.session import run as fly
from hil.expectation import Expectation
from hil.faults import FaultSpec
from hil.scenario import INCIDENTS, Command, Load, Memory, Scenario, find, load
from onboard.dictionary import load as load_dictionary
from onboard.executive import Criticality

MEMBERS = load_dictionary("lander").schedule.members


def waiting(seconds: float, expect: Sequence[dict[str, Any]], **change: Any) -> Scenario:
    """`standby` for some seconds."""
    scenario, _ = load(find("standby"))
    expectations = tuple(Expectation(**e) for e in expect)
    return scenario.model_copy(update={"duration_s": seconds, "expect": expectations, **change})


def commands(*sent: tuple[float, str, dict[str, Any]]) -> tuple[Command, ...]:
    return tuple(Command(time_s=t, name=name, arguments=a) for t, name, a in sent)


def passes(scenario: Scenario, seed: int = 1) -> None:
    result = fly(scenario, "", seed=seed)
    assert result.verdict == "passed", result.failed_expectations


@pytest.mark.parametrize("member", sorted(MEMBERS.keys() - {"commands"}))
def test_whatever_member_traps_in_orbit_the_ground_is_answered(member: str) -> None:
    minimal = {"event": "MODE_CHANGED", "contains": "to minimal", "before_s": 20.0}
    silent = {"metric": "silent_s", "max": 1.0}
    passes(
        waiting(
            60.0,
            [
                {"event": "COMMAND_ACCEPTED", "contains": "NOOP", "before_s": 51.0},
                {"metric": "restarts", "max": 4},
                *([minimal] if member != "fault_protection" else []),
                *([silent] if member != "telemetry" else []),
            ],
            load=(Load(time_s=5.0, member=member, trap=True),),
            command=commands((50.0, "NOOP", {})),
        )
    )


@pytest.mark.parametrize(
    "member", [name for name, m in MEMBERS.items() if m.criticality == Criticality.CRITICAL]
)
def test_whatever_critical_member_hangs_in_orbit_the_ground_is_answered(member: str) -> None:
    # Members that are not critical are shed. The watchdog takes 0.5 s, a restart 0.2 s.
    passes(
        waiting(
            60.0,
            [
                {"event": "COMMAND_ACCEPTED", "contains": "NOOP", "before_s": 51.0},
                {"event": "EXECUTIVE_RESTART", "contains": f"watchdog after {member}"},
                {"metric": "restarts", "min": 4, "max": 4},
                {"metric": "silent_s", "max": 1.0},
            ],
            processor="cortex_m7",
            load=(Load(time_s=5.0, member=member, member_extra_us=1.0e6),),
            command=commands((50.0, "NOOP", {})),
        )
    )


def test_resets_from_outside_without_end_leave_the_link_up() -> None:
    passes(
        waiting(
            60.0,
            [
                {"event": "COMMAND_ACCEPTED", "contains": "NOOP"},
                {"metric": "restarts", "min": 100},
            ],
            load=tuple(Load(time_s=5.0 + 0.5 * k, reset=True) for k in range(110)),
            command=commands((30.0, "NOOP", {})),
        )
    )


@pytest.mark.parametrize("member", ["archive", "guidance", "control"])
def test_a_burn_in_orbit_ends_when_the_computer_keeps_failing(member: str) -> None:
    # At 15 % of 1,000 N and a specific impulse of 320 s the engines take 0.048 kg/s. They burn from
    # 10 s until the fifth start: traps from 12 s on, four restarts of 0.2 s, each
    # after at most a second until the member is due again: 6.8 s, 0.33 kg. Attitude thrusters,
    # which pulse until then, may take as much. The whole burn takes 6 kg, engines held open 9 kg.
    burn = commands(
        (8.0, "ARM", {"command": "ORBIT_BURN"}), (10.0, "ORBIT_BURN", {"velocity_m_s": 50.0})
    )
    passes(
        waiting(
            200.0,
            [
                {"event": "MODE_CHANGED", "contains": "orbit_burn to minimal", "before_s": 17.0},
                {"metric": "propellant_used_kg", "min": 0.05, "max": 0.8},
            ],
            load=(Load(time_s=12.0, member=member, trap=True),),
            command=burn,
        )
    )


def test_two_members_that_trap_in_turn_do_not_stop_a_landing() -> None:
    scenario, _ = load(find("R02b"))
    loads = (
        Load(time_s=10.0, member="archive", trap=True),
        Load(time_s=12.0, member="health", trap=True),
        Load(time_s=14.0, member="archive", trap=True),
    )
    landed = (Expectation(metric="landed", equals=True), Expectation(metric="restarts", max=2))
    passes(scenario.flown("ours").model_copy(update={"load": loads, "expect": landed}))


@pytest.mark.parametrize("kind", ["off", "stuck"])
def test_a_dead_memory_does_not_hide_starts_that_fail(kind: str) -> None:
    passes(
        waiting(
            60.0,
            [
                {"event": "COMMAND_ACCEPTED", "contains": "NOOP", "before_s": 51.0},
                {"event": "BOOT_MINIMAL", "contains": "start 3", "before_s": 20.0},
            ],
            load=(Load(time_s=5.0, member="archive", trap=True),),
            fault=(FaultSpec(port="memory", kind=kind, start_s=1.0),),
            command=commands((50.0, "NOOP", {})),
        )
    )


def test_what_spirit_flew_starts_minimally_here_and_is_freed_by_an_erasure() -> None:
    spirit = f"{INCIDENTS / 'R02.py'}:MountsEverything"
    scenario, _ = load(find("R02"))
    change = {"components": {"archive": spirit}, "load": ()}
    passes(scenario.flown("ours").model_copy(update=change))


def test_silence_of_the_ground_leads_to_safe_mode_and_a_command_puts_it_off() -> None:
    passes(
        waiting(
            120.0,
            [
                {"event": "MODE_CHANGED", "contains": "to safe", "after_s": 90.0, "before_s": 91.0},
                {"metric": "restarts", "max": 0},
            ],
            parameters={"services.command_loss_s": 60.0},
            command=commands((30.0, "NOOP", {})),
        )
    )


def test_the_timer_of_the_ground_goes_on_through_resets() -> None:
    resets = tuple(Load(time_s=t, reset=True) for t in (20.0, 40.0, 50.0))
    passes(
        waiting(
            100.0,
            [{"event": "FAULT_ACTIVE", "contains": "command_loss", "after_s": 60, "before_s": 62}],
            parameters={"services.command_loss_s": 60.0},
            load=resets,
        )
    )


def test_one_reset_more_than_the_budget_leads_to_safe_mode() -> None:
    resets = tuple(Load(time_s=t, reset=True) for t in (20.0, 40.0, 60.0, 80.0))
    passes(
        waiting(
            100.0,
            [
                {"event": "RESET_BUDGET_SPENT", "after_s": 80.0, "count_max": 1},
                {"event": "COMPUTER_RESET", "count_min": 3, "count_max": 3},
                {"event": "BOOT_MINIMAL", "count_max": 0},
            ],
            parameters={"services.healthy_s": 10.0},  # each start proves good
            load=resets,
        )
    )


def test_safe_mode_cancels_a_descent_that_was_begun() -> None:
    scenario, _ = load(find("frigoris"))
    expect = (Expectation(metric="propellant_used_kg", max=1.0),)
    safe = commands((60.0, "SAFE", {}))  # ignition would be at 120 s
    change = {"duration_s": 200.0, "expect": expect, "command": scenario.command + safe}
    passes(scenario.model_copy(update=change))


def test_the_archive_is_at_its_place_whatever_the_scenario_fills_it_with() -> None:
    passes(
        waiting(
            20.0,
            [
                {"event": "ARCHIVE_MOUNTED", "contains": "37 products, 0 slots damaged"},
                {"metric": "products_kept", "equals": 37},
            ],
            memory=Memory(products=37),
        )
    )
