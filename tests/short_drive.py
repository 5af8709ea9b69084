"""A drive of a metre on the ground of `rover_square`, for tests of the closed loop."""

from __future__ import annotations

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
    short = scenario(**options)
    assert isinstance(short, RoverScenario)
    run = _Session(driving.prepare(short, seed), None, None, False)
    run.result = run.fly()  # type: ignore[attr-defined]
    return run
