"""A run in batches gives the figures and the bits of the run by the executive."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import short_scenario
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hil import scenario as scenarios
from hil.bench import batch
from hil.bench.session import _Session
from hil.bench.setting import prepare
from hil.faults import FaultSpec
from hil.scenario import Command, Scenario

SHORT = scenarios.parse(short_scenario.text(seconds=25.0), "short")
FINAL, _ = scenarios.load(scenarios.find("frigoris_final"))
FIGURES_OF_THE_RUN = ("wall_seconds",)


def flown(scenario: Scenario, seed: int, ticks: int | None) -> tuple[dict[str, Any], _Session]:
    """The result in batches of so many ticks, or by the executive, and its session."""
    session = _Session(prepare(scenario, seed), None, None, False, batches=ticks is not None)
    assert (session._batch is not None) == (ticks is not None)
    session.batch_ticks = ticks or 0
    result = session.fly().as_json()
    return {k: v for k, v in result.items() if k not in FIGURES_OF_THE_RUN}, session


def events(session: _Session) -> list[tuple[int, str]]:
    return [(e.time_ns, e.text) for e in session.vehicle.events.since(0)]


def times_ns(session: _Session) -> dict[str, int]:
    """Of what stands on the bus: a topic that batches forget to publish is old."""
    bus = session.vehicle.bus
    return {name: bus.topic(name).time_ns for name in bus.names()}


def assert_same(scenario: Scenario, seed: int, ticks: int) -> None:
    by_executive, one = flown(scenario, seed, None)
    in_batches, other = flown(scenario, seed, ticks)
    assert in_batches == by_executive
    assert events(other) == events(one)
    assert times_ns(other) == times_ns(one)
    assert other.plant.hash() == one.plant.hash()


def command(time_s: float, name: str, /, **arguments: Any) -> Command:
    return Command(time_s=time_s, name=name, arguments=arguments)


def with_commands(scenario: Scenario, *commands: Command) -> Scenario:
    return scenario.model_copy(update={"command": (*scenario.command, *commands)})


@pytest.mark.parametrize("ticks", [1, 7, 10, 100])
def test_the_size_of_a_batch_does_not_matter(ticks: int) -> None:
    assert_same(SHORT, 3, ticks)


COMMANDS = st.one_of(
    st.builds(
        lambda t, name, on: command(t, "SENSOR_ENABLE", name=name, enabled=on),
        st.floats(0.0, 24.0),
        st.sampled_from(["rangefinder.a", "velocimeter", "star_tracker", "legs", "engine.a"]),
        st.integers(0, 1),
    ),
    st.builds(lambda t: command(t, "NOOP"), st.floats(0.0, 24.0)),
    st.builds(
        lambda t, on: command(t, "CAMERA_ENABLE", enabled=on),
        st.floats(0.0, 24.0),
        st.integers(0, 1),
    ),
    st.builds(lambda t: command(t, "SAFE"), st.floats(0.0, 24.0)),
)


@settings(max_examples=12, suppress_health_check=[HealthCheck.too_slow])
@given(
    seed=st.integers(0, scenarios.SEED_MAX),
    ticks=st.integers(1, 120),
    commands=st.lists(COMMANDS, max_size=4),
)
def test_random_runs_are_the_same(seed: int, ticks: int, commands: list[Command]) -> None:
    """With camera frames, and telecommands that act on what runs in C."""
    assert_same(with_commands(SHORT, *commands), seed, ticks)


@pytest.mark.parametrize("seed", [1, 2])
def test_landings_are_the_same(seed: int) -> None:
    result, session = flown(FINAL, seed, 100)
    assert result["landed"] and session.plant.touchdown is not None
    assert result == flown(FINAL, seed, None)[0]


def test_crashes_are_the_same() -> None:
    """Shut early in the vertical descent, from 36.8 s on; before that the command is refused."""
    shut = with_commands(FINAL, command(30.0, "ARM", command="ENGINE_SHUTDOWN"))
    fatal = with_commands(shut, command(37.5, "ENGINE_SHUTDOWN"))
    result, session = flown(fatal, 1, 100)
    assert session.plant.crashed
    assert result == flown(fatal, 1, None)[0]


def test_commands_that_shut_the_engines_are_refused_where_the_vehicle_would_fall() -> None:
    armed = with_commands(
        FINAL,
        command(5.0, "ARM", command="ENGINE_SHUTDOWN"),
        command(5.5, "ENGINE_SHUTDOWN"),
        command(6.0, "ARM", command="SAFING_LANDED"),
        command(6.5, "SAFING_LANDED"),
    )
    result, session = flown(armed, 1, 100)
    assert result["landed"]
    refused = [e.values["command"] for e in session.vehicle.events.since(0) if "REJ" in e.name]
    assert {"ENGINE_SHUTDOWN", "SAFING_LANDED"} <= set(refused)


def test_a_restart_falls_back_to_the_executive_and_returns() -> None:
    restarted = with_commands(
        SHORT, command(12.0, "ARM", command="RESTART"), command(12.5, "RESTART")
    )
    result, session = flown(restarted, 1, 100)
    assert result["restarts"] == 1
    assert session._batch is not None and session._batch.ready(session._tick + 1)
    assert result == flown(restarted, 1, None)[0]


DEAD_CAMERA = FaultSpec(port="camera.a", kind="off", direction="output")


@pytest.mark.parametrize(
    ("fault", "applies"),
    [
        (DEAD_CAMERA, True),
        (DEAD_CAMERA.model_copy(update={"start_s": 1.0}), False),
        (DEAD_CAMERA.model_copy(update={"end_s": 100.0}), False),
        (DEAD_CAMERA.model_copy(update={"direction": "input"}), False),
        (FaultSpec(port="imu.a", kind="off"), False),
        (FaultSpec(port="camera.a", kind="delay", amount=1.0, direction="output"), False),
    ],
)
def test_of_faults_only_a_dead_camera_lets_a_run_go_in_batches(
    fault: FaultSpec, applies: bool
) -> None:
    assert batch.applies(SHORT.model_copy(update={"fault": (fault,)})) is applies


def test_a_load_on_the_processor_needs_the_executive() -> None:
    load = scenarios.Load(time_s=1.0, stolen_percent=10.0)
    assert batch.applies(SHORT)
    assert not batch.applies(SHORT.model_copy(update={"load": (load,)}))


def test_other_components_need_the_executive(tmp_path: Path) -> None:
    vehicle = _Session(prepare(SHORT, 1), None, None, False).vehicle
    assert batch.fits(vehicle)
    executive = vehicle.executive
    executive.members = tuple(
        replace(m, rate_hz=50) if m.name == "touchdown" else m for m in executive.members
    )
    assert not batch.fits(vehicle)
