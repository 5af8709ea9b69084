"""The verdict of a run: the figures, the expectations that they were held against, and the JSON."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, fields
from typing import Any, ClassVar, NamedTuple, TypeVar

from hil.expectation import Event
from hil.scenario import Scenario

AnyResult = TypeVar("AnyResult", bound="Figures")


@dataclass
class Figures:
    """What any run comes to. The keys of `as_json` are stable; `docs/run.md` describes them."""

    summarised: ClassVar[tuple[str, ...]] = ()  # by a campaign
    scenario: str
    seed: int
    way: str = "ours"  # ours | historical | nominal
    verdict: str = "failed"  # passed | failed | interrupted
    failed_expectations: list[str] = field(default_factory=list)
    failed_always: bool = False  # one of them must hold for every seed
    faults_tripped: int = 0
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
    line: dict[str, Any] | None = None  # figures of the line to the board
    real_time: dict[str, Any] | None = None  # how late ticks were
    session: str | None = None

    def as_json(self) -> dict[str, Any]:
        """The vehicle's own figures stand before those of its computer."""
        values = asdict(self)
        common = [f.name for f in fields(Figures)]
        own = [name for name in values if name not in common]
        head = common[: common.index("failed_expectations") + 1]
        return {name: values[name] for name in (*head, *own, *common[len(head) :])}


_OF_THE_RUN = ("scenario", "seed", "verdict", "failed_expectations", "failed_always", "session")


class ShownFigure(NamedTuple):
    """A figure as people read it."""

    name: str
    value: str
    expected: str  # empty where nothing is
    failed: bool


def shown(result: Figures, scenario: Scenario) -> list[ShownFigure]:
    """What was found and what was expected; of figures that do not exist only those, as a dash."""
    wanted = {e.subject: str(e) for e in scenario.expect}
    failed = {line.split(" ", 1)[0] for line in result.failed_expectations}
    return [
        ShownFigure(name, _in_words(value), wanted.get(name, ""), name in failed)
        for name, value in result.as_json().items()
        if name not in _OF_THE_RUN and (value is not None or name in wanted)
    ]


def _in_words(value: Any) -> str:
    """A figure; of counters those that counted anything, and no tables of them."""
    if value is None:
        return "-"
    if isinstance(value, dict):
        counted = ((name, v) for name, v in value.items() if v and not isinstance(v, dict))
        return ", ".join(f"{name} {_in_words(v)}" for name, v in counted)
    return f"{value:,.3f}" if isinstance(value, float) else str(value)


@dataclass
class Result(Figures):
    """A landing in figures."""

    summarised: ClassVar[tuple[str, ...]] = (
        "touchdown_speed_vertical_m_s",
        "touchdown_speed_horizontal_m_s",
        "touchdown_rate_deg_s",
        "tilt_deg",
        "miss_distance_m",
        "navigation_error_m",
        "propellant_used_kg",
        "propellant_margin_m_s",
        "fixes",
        "faults_tripped",
        "wall_seconds",
    )
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


@dataclass
class DriveResult(Figures):
    """A drive in figures."""

    summarised: ClassVar[tuple[str, ...]] = (
        "distance_m",
        "closure_error_m",
        "navigation_error_m",
        "heading_error_deg",
        "largest_slip",
        "largest_tilt_deg",
        "mean_slope_deg",
        "energy_wh",
        "trips",
        "faults_tripped",
        "sim_seconds",
        "wall_seconds",
    )
    arrived: bool = False  # at the last waypoint, as it believes
    stranded: bool = False  # tipped over, or without power
    waypoints: int = 0  # reached
    distance_m: float = 0.0  # true way
    closure_error_m: float = 0.0  # from the end to the start, true
    navigation_error_m: float | None = None  # at the end: believed against true, horizontal
    heading_error_deg: float | None = None
    largest_slip: float = 0.0  # of a wheel, over a second
    largest_tilt_deg: float = 0.0
    mean_slope_deg: float = 0.0  # of the ground below it
    energy_wh: float = 0.0  # from the battery
    charge_left: float = 0.0
    trips: int = 0  # of wheels
    stalls: int = 0  # of those, for being blocked


def judge(
    result: AnyResult,
    scenario: Scenario,
    events: Sequence[Event] = (),
    *,
    interrupted: bool = False,
) -> AnyResult:
    """Fill in verdict and failed expectations."""
    figures = asdict(result)
    wrong = {e: e.wrong(figures, events) for e in scenario.expect}
    of_board = (result.first_difference, result.board_failure)
    lines_of_board = [f"same_bits is false: {line}" for line in of_board if line is not None]
    halted = (result.real_time or {}).get("halted")
    lines_of_board += [] if halted is None else [halted]
    result.failed_expectations = lines_of_board + [
        line for line in wrong.values() if line is not None
    ]
    result.failed_always = any(e.always for e, line in wrong.items() if line is not None)
    if interrupted:
        result.verdict = "interrupted"
    else:
        result.verdict = "failed" if result.failed_expectations else "passed"
    return result
