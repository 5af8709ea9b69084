"""The verdict of a run: the figures, the expectations that they were held against, and the JSON."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from hil.expectation import Event
from hil.scenario import Scenario


@dataclass
class Result:
    """One run in figures. The keys of `as_json` are stable; `docs/run.md` describes them."""

    scenario: str
    seed: int
    way: str = "ours"  # ours | historical | nominal
    verdict: str = "failed"  # passed | failed | interrupted
    failed_expectations: list[str] = field(default_factory=list)
    landed: bool = False
    crashed: bool = False
    touchdown_speed_vertical_m_s: float | None = None
    touchdown_speed_horizontal_m_s: float | None = None
    touchdown_rate_deg_s: float | None = None
    tilt_deg: float | None = None
    miss_distance_m: float | None = None
    navigation_error_m: float | None = None
    propellant_used_kg: float | None = None
    propellant_margin_m_s: float | None = None
    cutoff_delay_s: float | None = None
    fixes: int = 0
    frames: int = 0
    faults_tripped: int = 0
    impact_speed_m_s: float | None = None
    perilune_altitude_m: float | None = None
    engine_gap_s: float | None = None
    cutoff_altitude_m: float | None = None
    minimum_height_m: float | None = None
    largest_tilt_deg: float | None = None
    sink_gain_m_s: float | None = None
    attitude_error_deg: float | None = None
    drift_m: float | None = None
    rejected_s: float | None = None
    trace_steps: int | None = None
    restarts: int = 0
    deadlines_missed: int = 0
    silent_s: float = 0.0
    products_kept: int = 0
    sim_seconds: float = 0.0
    wall_seconds: float = 0.0
    bit_hash: str = ""
    board: str | None = None
    board_ticks: int | None = None
    same_bits: bool | None = None
    first_difference: str | None = None
    board_failure: str | None = None
    session: str | None = None

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def judge(
    result: Result, scenario: Scenario, events: Sequence[Event] = (), *, interrupted: bool = False
) -> Result:
    """Fill in verdict and failed expectations."""
    figures = asdict(result)
    lines = (expectation.wrong(figures, events) for expectation in scenario.expect)
    of_board = (result.first_difference, result.board_failure)
    lines_of_board = [f"same_bits is false: {line}" for line in of_board if line is not None]
    result.failed_expectations = lines_of_board + [line for line in lines if line is not None]
    if interrupted:
        result.verdict = "interrupted"
    else:
        result.verdict = "failed" if result.failed_expectations else "passed"
    return result
