"""Detection and first answer of a fault: alone, hidden and blocked by the response to another."""

from typing import Any

from protection_tables import table_with

from onboard.fault_protection import checks
from onboard.fault_protection.prove import Latency, Proof, prove

STEP = 10  # ticks
COUNTED = 3  # steps in which `high` and `hot` are counted
TRY = 10  # steps of one try


def latency_of(fault: str, edits: dict[str, Any] | None = None) -> Latency:
    proof: Proof = prove(table_with(edits or {}))
    assert proof.holds
    return proof.latency[fault]


def test_a_fault_that_nothing_delays() -> None:
    row = latency_of("silence")
    assert row.silence_ticks == 100 * 100  # enter_s
    assert row.detection_ticks == row.answer_ticks == STEP
    assert row.effect_ticks == 200 * 100


def test_a_value_that_trips_when_stale_is_silent_first() -> None:
    assert latency_of("high").silence_ticks == 100  # stale_after_s


def test_a_response_waits_for_what_another_holds() -> None:
    """`high` claims r in the very step in which `hot` is raised, for two tries of a step more than
    their timeout each; that r is free is seen a step later."""
    row = latency_of("hot")
    assert row.detection_ticks == STEP * COUNTED
    assert row.answer_ticks is not None
    assert STEP * (COUNTED + 2 * TRY) <= row.answer_ticks <= STEP * (COUNTED + 2 * (TRY + 1) + 1)
    assert row.answer_ticks < row.bound_ticks


def test_a_mask_makes_a_fault_be_counted_anew() -> None:
    """It begins where one step of counting was missing, and the count begins again after it."""
    masks = {"response.lower.tier.0.masks": [{"monitor": "hot", "for_s": 0.5}]}
    row = latency_of("hot", masks)
    assert row.detection_ticks == STEP * ((COUNTED - 1) + 5 + COUNTED)
    table = table_with(masks)
    bound_s = checks.detection_s(table, "hot") + checks.mask_s(table, "hot")
    assert row.detection_ticks <= 100 * bound_s - row.silence_ticks


def test_a_fault_whose_command_is_never_issued_has_no_answer() -> None:
    row = latency_of("hot", {f"response.cool.tier.{i}.guard": "mode(over)" for i in range(2)})
    assert row.detection_ticks == STEP * COUNTED
    assert row.answer_ticks is None
