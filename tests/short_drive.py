"""A drive of a metre on the ground of `rover_square`, for tests of the closed loop."""

from __future__ import annotations

import math

from hil.bench import driving
from hil.bench.session import _Session
from hil.scenario import FOLDER, RoverScenario, Scenario, parse

SQUARE = (FOLDER / "rover_square.toml").read_text(encoding="utf-8")


def text(
    *, seconds: float = 60.0, extra: str = "", north_m: float = 1.0, charge: float = 1.0
) -> str:
    """TOML of a run that turns a little, drives so far and expects to arrive."""
    head = SQUARE[: SQUARE.index("[[command]]")].replace("duration_s = 900.0", "")
    return f"""duration_s = {seconds}
{head}
charge = {charge}

[[command]]
time_s = 2.0
name = "ARM"
arguments = {{ command = "DRIVE_TO" }}

[[command]]
time_s = 2.5
name = "DRIVE_TO"
arguments = {{ east_m = 0.0, north_m = {north_m}, speed_m_s = 0.05 }}

[[expect]]
metric = "arrived"
equals = true

{extra}
"""


def scenario(**options: float | str) -> Scenario:
    return parse(text(**options), "short.toml")  # type: ignore[arg-type]


def driven(seed: int = 1, **options: float | str) -> _Session:
    """The session of a finished run, its result in `result`."""
    return flown(scenario(**options), seed)


def uphill(east_m: float, north_m: float, heading_deg: float, way_m: float) -> Scenario:
    """From there straight on, instead of from the site to the north."""
    heading = math.radians(heading_deg)
    to_east, to_north = east_m + way_m * math.sin(heading), north_m + way_m * math.cos(heading)
    start = f"heading_deg = {heading_deg}\neast_m = {east_m}\nnorth_m = {north_m}\n"
    words = text(seconds=120.0, north_m=to_north).replace("heading_deg = 20.0\n", start)
    return parse(words.replace("{ east_m = 0.0", f"{{ east_m = {to_east}"), "uphill.toml")


def flown(short: Scenario, seed: int) -> _Session:
    """The same, of a scenario."""
    assert isinstance(short, RoverScenario)
    run = _Session(driving.prepare(short, seed), None, None, False)
    run.result = run.fly()  # type: ignore[attr-defined]
    return run
