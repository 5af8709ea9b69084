"""One run: the emulator and the vehicle in lockstep. The only place where they meet.

Each tick the plant moves 10 ms, then the flight executive gets the grant of that tick, reads its
ports, and leaves commands that the plant obeys in the next. `replay` runs the same vehicle on the
recorded inputs.
"""

from __future__ import annotations

import difflib
import gc
import hashlib
import json
import math
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

import onboard
from hil.bench import batch, metrics
from hil.bench import history as histories
from hil.bench import log as logs
from hil.bench.components import ATTACHED
from hil.bench.flight_image import NotForBoards
from hil.bench.history import Witness
from hil.bench.live import View
from hil.bench.load import LoadPort
from hil.bench.memory import EmulatedMemory
from hil.bench.processor import Processor, Refused, Silent
from hil.bench.radio import Ground
from hil.bench.recording import McapSink, Recording
from hil.bench.replay import Difference, Replay, ReplayCamera, ReplayMemory, ReplayRadio
from hil.bench.report import EventLine, FrameView, MemberUse, Run
from hil.bench.result import Result, judge
from hil.bench.setting import InputError, Setting, prepare
from hil.bench.trace import TracedProtection
from hil.bench.whole_file import write_whole
from hil.expectation import Event
from hil.faults import FaultError, attach
from hil.link.carriers import Unplugged
from hil.plant.lander import Touchdown
from hil.scenario import Scenario, ScenarioError, World, parse
from hil.world.terrain import MOON_RADIUS_M
from onboard.executive import TICK_NS, Criticality
from onboard.services.commands import CommandError, CommandService
from onboard.services.parameters import ParameterError
from onboard.vehicles.lander import ROWS, Lander, LanderPorts

__all__ = ["InputError", "Outcome", "next_folder", "profile", "read", "replay", "run"]

LOG_TICKS = 10
VIEW_TICKS = 20
AFTER_REST_S = 3.0  # the vehicle has this long to make itself safe
GRAVITY_M_S2 = 9.80665  # of specific impulse
RECORDING = "session.mcap"
RESULT = "result.json"
USE = "use.json"


def next_folder(name: str, seed: int, parent: Path = Path("sessions")) -> Path:
    """A session folder that does not exist yet."""
    folder = parent / f"{name}-{seed}"
    number = 2
    while folder.exists():
        folder = parent / f"{name}-{seed}-{number}"
        number += 1
    return folder


def run(
    scenario: Scenario,
    text: str,
    *,
    seed: int,
    folder: Path | None = None,
    view: View | None = None,
    real_time: bool = False,
    timed: bool = False,
    way: str = "ours",
    executive: bool = False,
    processor: Processor | None = None,
) -> Result:
    """Fly one scenario with one seed; `folder` receives the recording and the result.

    `way` is one of `hil.scenario.WAYS`.
    `timed` puts a timer around each member and its figures into the report. Without recording and
    view, ticks run in batches where they can (`hil.bench.batch`); `executive` forbids it. The
    result is the same. With a `processor` the flight core runs on a board as well, which gives the
    effectors their rows.

    An interrupt (Ctrl-C) ends the run cleanly. Raises InputError for what the user got wrong and
    RecordingError when the recording could not be written to its end.
    """
    setting = prepare(_flown(scenario, way), seed)
    if folder is None:
        batches = not executive and processor is None
        return _Session(setting, None, view, real_time, batches=batches, processor=processor).fly()
    sink = McapSink(
        folder / RECORDING,
        metadata={
            "scenario": scenario.name,
            "seed": str(seed),
            "way": way,
            "onboard": onboard.__version__,
            **_products(scenario.world),
            **({"dictionary_folder": scenario.dictionary} if scenario.dictionary else {}),
            **setting.fingerprints(),
        },
        attachments={
            "scenario.toml": text,
            "dictionary.json": json.dumps(setting.dictionary.as_json()),
            **{f"{ATTACHED}{name}": c.source for name, c in setting.components.items()},
        },
    )
    watch = Stopwatch() if timed else None
    session = _Session(setting, sink, view, real_time, watch, processor=processor)
    _create(folder)  # only now that the scenario is known to fly
    with sink:
        result = session.fly()
        result.session = str(folder)
        sink.attach(USE, json.dumps(session.use()))
        sink.attach(RESULT, json.dumps(result.as_json()))
    if sink.error is not None:
        raise sink.error
    write_whole(folder / RESULT, (json.dumps(result.as_json(), indent=2) + "\n").encode())
    return result


def _flown(scenario: Scenario, way: str) -> Scenario:
    try:
        return scenario.flown(way)
    except ScenarioError as error:
        raise InputError(str(error)) from None


def _create(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        occupied = any(folder.iterdir())
    except OSError as error:
        raise InputError(f"{folder}: cannot be created: {error.strerror}") from None
    if occupied:
        raise InputError(f"{folder}: is not empty; a session needs a folder of its own")
    if not os.access(folder, os.W_OK):
        raise InputError(f"{folder}: cannot be written to")


def _products(world: World) -> dict[str, str]:
    """Where the user's own elevation and craters are, and their digests, for a replay."""
    files = {"craters": world.craters, "elevation": world.elevation}
    found = {}
    for name, path in files.items():
        if path is not None:
            found[name] = str(path)
            found[f"{name}_sha256"] = hashlib.sha256(path.read_bytes()).hexdigest()
    return found


class Stopwatch:
    """Counts calls and seconds of named parts of the tick."""

    def __init__(self) -> None:
        self.parts: dict[str, list[float]] = {}

    def wrap(self, name: str, step: Callable[..., Any]) -> Callable[..., Any]:
        """The same call, timed."""
        part = self.parts.setdefault(name, [0, 0.0])
        now = time.perf_counter

        def timed(*arguments: Any) -> Any:
            start = now()
            value = step(*arguments)
            part[1] += now() - start
            part[0] += 1
            return value

        return timed


def profile(scenario: Scenario, *, seed: int) -> tuple[list[tuple[str, int, float]], Result]:
    """Fly once with a timer around each part of the tick: (part, calls, seconds)."""
    watch = Stopwatch()
    session = _Session(prepare(scenario, seed), None, None, False, watch)
    result = session.fly()
    parts = [(name, int(calls), seconds) for name, (calls, seconds) in watch.parts.items()]
    rest = result.wall_seconds - sum(seconds for _, _, seconds in parts)
    parts.append(("executive, log, timers", round(result.sim_seconds * 100), rest))
    return parts, result


def trajectory(scenario: Scenario, *, seed: int, way: str = "ours") -> Any:
    """Fly once, unrecorded: the log of truth, a structured array (`hil.bench.log.DTYPE`)."""
    session = _Session(prepare(_flown(scenario, way), seed), None, None, False)
    session.fly()
    return session.log.table()


class _Session:
    """The state of one run."""

    def __init__(
        self,
        setting: Setting,
        sink: McapSink | None,
        view: View | None,
        real_time: bool,
        watch: Stopwatch | None = None,
        *,
        batches: bool = False,
        processor: Processor | None = None,
    ) -> None:
        self.setting = setting
        self._processor = processor
        self._watch = watch
        self.view = view
        self.real_time = real_time
        self.plant = setting.plant()
        if watch is not None:
            self.plant.step = watch.wrap("plant", self.plant.step)  # type: ignore[method-assign]
        self.log, self._sink = logs.Log(sink), sink
        scenario = setting.scenario
        try:
            self.memory = EmulatedMemory()
            self.memory.fill(scenario.memory.products)
            self.ground = Ground(scenario.command, setting.dictionary)
            ports = {**self.plant.ports, "radio": self.ground, "memory": self.memory}
            self.faults = attach(
                ports,
                scenario.fault,
                setting.seed,
                scenario.origin,
                self._now,
                self.plant.hurt,
            )
        except CommandError as error:
            raise InputError(f"{scenario.origin}: {error}") from None
        except FaultError as error:
            raise InputError(str(error)) from None
        self.vehicle = self._vehicle(sink, watch and watch.wrap)
        protection, faults = self.vehicle.fault_protection, self.vehicle.bus.topic("faults")
        self._witness = Witness(sink, protection, faults) if sink is not None else None
        self._matches = self.vehicle.bus.topic("matches")
        self._nav = self.vehicle.bus.topic("navigation")
        self._guidance = self.vehicle.bus.topic("guidance")
        self._gates = self.vehicle.bus.topic("gates")
        self._touchdown = self.vehicle.bus.topic("touchdown")
        self._matches_seen = self._events_seen = 0
        self._frames = self._fixes = 0
        self._contact_error_m: float | None = None
        self._hash = 0
        plain = sink is None and view is None and watch is None and not real_time
        may = batches and plain and batch.applies(scenario) and batch.fits(self.vehicle)
        self._batch = batch.Batch(self.vehicle, self.plant, self.ground) if may else None
        self._start_kg = self.plant.truth.propellant_kg

    def _vehicle(self, sink: McapSink | None, wrap: Any) -> Lander:
        """The vehicle, and the board that flies beside it."""
        setting, processor = self.setting, self._processor
        ports = hardware(self.faults.ports, self._load())
        if processor is None:
            return vehicle(setting, ports, sink=sink, wrap=wrap)
        commands = processor.watched(_components(setting).get("commands", CommandService))
        made = vehicle(setting, processor.wired(ports), commands=commands, sink=sink, wrap=wrap)
        try:
            processor.begin(made, setting)
        except (Refused, NotForBoards, Silent) as error:
            raise InputError(str(error)) from None
        return made

    def _load(self) -> LoadPort | None:
        scenario = self.setting.scenario
        members = list(self.setting.dictionary.schedule.members)
        try:
            return LoadPort(scenario.load, members, self._now) if scenario.load else None
        except KeyError as error:
            raise InputError(f"{scenario.origin}: load: {error.args[0]}") from None

    def _now(self) -> int:
        return self.plant.time_ns

    def fly(self) -> Result:
        """Run to the end and judge."""
        start = time.perf_counter()
        with self._interruptible(), _lasting_objects_uncollected():
            self._loop(start)
        self.log.flush(self._tick)
        self.vehicle.recorder.flush()
        result = self._result(time.perf_counter() - start)
        events = [Event(e.time_ns / 1e9, e.name, e.text) for e in self.vehicle.events.since(0)]
        scenario = self.setting.scenario
        return judge(result, scenario, events, interrupted=self._interrupted)

    _tick = 0
    _interrupted = False
    batch_ticks = 100  # at most, in one call; each tick of the log ends one

    @contextmanager
    def _interruptible(self) -> Iterator[None]:
        """Ctrl-C ends the run between two ticks; a second one ends it where it is."""

        def interrupt(*_: object) -> None:
            if self._interrupted:
                raise KeyboardInterrupt
            self._interrupted = True

        if threading.current_thread() is not threading.main_thread():
            yield  # signals are the main thread's
            return
        before = signal.signal(signal.SIGINT, interrupt)
        try:
            yield
        finally:
            signal.signal(signal.SIGINT, before)

    def _loop(self, start: float) -> None:
        if self._batch is not None:
            self._loop_in_batches(self._batch)
            return
        run_tick, at = self.vehicle.executive.tick, self.ground.at
        move = self.faults.stepping(self.plant.step)
        for tick in range(1, self._last_tick + 1):
            now_ns = tick * TICK_NS
            move()
            at(now_ns)
            reply = run_tick((tick, now_ns))
            if self._processor is not None and not self._flown_by_board(tick, now_ns):
                return
            if tick % LOG_TICKS == 0:
                self._tick, self._hash = tick, reply.state_hash
                if self._look(tick, now_ns):
                    return
                if self.view is not None and tick % VIEW_TICKS == 0:
                    self._show(start)
                if self.real_time:
                    time.sleep(max(0.0, start + now_ns / 1e9 - time.perf_counter()))

    _board_failure: str | None = None

    def _flown_by_board(self, tick: int, now_ns: int) -> bool:
        """Whether the board did the same."""
        assert self._processor is not None
        try:
            return self._processor.exchange(tick, now_ns)
        except (Refused, Silent, Unplugged) as error:
            self._board_failure = str(error)
            return False

    @property
    def _last_tick(self) -> int:
        return round(self.setting.scenario.duration_s * 1e9) // TICK_NS

    def _loop_in_batches(self, some_ticks: batch.Batch) -> None:
        move = self.faults.stepping(self.plant.step)
        tick, last_tick = 0, self._last_tick
        while tick < last_tick:
            if some_ticks.ready(tick + 1):
                reply = some_ticks.run(min(self.batch_ticks, last_tick - tick))
            else:
                now_ns = (tick + 1) * TICK_NS
                move()
                self.ground.at(now_ns)
                reply = self.vehicle.executive.tick((tick + 1, now_ns))
            if reply.tick != tick and reply.tick % LOG_TICKS == 0:
                self._tick, self._hash = reply
                if self._look(reply.tick, reply.tick * TICK_NS):
                    return
            tick = reply.tick

    def _look(self, tick: int, now_ns: int) -> bool:
        """Write the log; True when the run is over."""
        truth, nav = self.plant.truth, self._nav.value
        self.log.note(
            tick,
            now_ns / 1e9,
            truth,
            nav,
            self._guidance.value,
            self._gates.value,
            self.vehicle.counters.restarts,
            (now_ns - self.ground.heard_ns) / 1e9,
        )
        if self._witness is not None:
            self._witness.look(tick)
        if self._matches.sequence != self._matches_seen:
            self._matches_seen = self._matches.sequence
            self._frames += 1
            self._fixes += self._matches.value.count > 0
            self.log.note_matches(tick, self._matches.value, truth.height_m)
        touchdown = truth.touchdown
        if touchdown.touched and self._contact_error_m is None and nav is not None:
            self._contact_error_m = math.dist(nav.position_site_m, truth.position_site_m)
        rested = touchdown.at_rest and now_ns - touchdown.rest_time_ns >= AFTER_REST_S * 1e9
        lost = self._sink is not None and self._sink.error is not None
        return bool(rested or self.plant.crashed or self._interrupted or lost)

    def _show(self, start: float) -> None:
        assert self.view is not None
        for record in self.vehicle.events.since(self._events_seen):
            self.view.event(f"{record.time_ns / 1e9:8.2f} s  {record.text}")
        self._events_seen = self.vehicle.events.sequence
        row = self.log.last
        elapsed = max(time.perf_counter() - start, 1e-9)
        self.view.update(row, self.vehicle.fault_protection.mode, row["time_s"] / elapsed)

    def _result(self, wall_s: float) -> Result:
        touchdown, truth = self.plant.touchdown, self.plant.truth
        result = Result(
            scenario=self.setting.scenario.name,
            seed=self.setting.seed,
            way=self.setting.scenario.way,
            crashed=self.plant.crashed,
            navigation_error_m=self._contact_error_m,
            propellant_used_kg=self._start_kg - truth.propellant_kg,
            propellant_margin_m_s=self._margin_m_s(truth),
            frames=self._frames,
            fixes=self._fixes,
            faults_tripped=self.vehicle.events.counts["FAULT_ACTIVE"],
            silent_s=(self.plant.time_ns - self.ground.heard_ns) / 1e9,
            products_kept=self.memory.products(),
            sim_seconds=self.plant.time_ns / 1e9,
            wall_seconds=wall_s,
            bit_hash=f"{self._hash:016x}",
        )
        if touchdown is not None:
            confirmed = self._touchdown.value
            result.touchdown_speed_vertical_m_s = touchdown.speed_vertical_m_s
            result.touchdown_speed_horizontal_m_s = touchdown.speed_horizontal_m_s
            result.touchdown_rate_deg_s = math.degrees(touchdown.rate_rad_s)
            tilt = max(touchdown.tilt_rad, touchdown.rest_tilt_rad if touchdown.at_rest else 0.0)
            result.tilt_deg = math.degrees(tilt)
            where = touchdown.rest_position_site_m if touchdown.at_rest else truth.position_site_m
            result.miss_distance_m = math.hypot(where[0], where[1])
            if confirmed is not None and confirmed.confirmed:
                result.cutoff_delay_s = (confirmed.confirmed_ns - touchdown.time_ns) / 1e9
            off = not any(truth.thrust_n)
            result.landed = touchdown.at_rest and off and not self.plant.crashed
        self._figures_of_flight(result, touchdown)
        return result

    def _figures_of_flight(self, result: Result, touchdown: Touchdown | None) -> None:
        log, preset, faults = self.log.table(), self.setting.preset, self.setting.scenario.fault
        flight = metrics.in_flight(log, touchdown.time_ns / 1e9 if touchdown else None)
        idle_n = 0.5 * preset.engines.throttle_minimum * preset.engines.thrust_n
        result.impact_speed_m_s = metrics.impact_speed_m_s(log, touchdown, result.crashed)
        result.engine_gap_s = metrics.engine_gap_s(flight, idle_n)
        feet_m = -preset.legs.foot_body_m[0][2]
        result.cutoff_altitude_m = metrics.cutoff_altitude_m(log, idle_n, feet_m)
        result.minimum_height_m = metrics.minimum_height_m(flight)
        result.largest_tilt_deg = metrics.largest_tilt_deg(flight)
        result.sink_gain_m_s = metrics.sink_gain_m_s(flight)
        result.attitude_error_deg = metrics.attitude_error_deg(flight)
        result.drift_m = metrics.drift_m(log, min((f.start_s for f in faults), default=None))
        result.rejected_s = metrics.rejected_s(flight, faults)
        if result.impact_speed_m_s is None:
            truth = self.plant.truth
            result.perilune_altitude_m = metrics.perilune_altitude_m(
                list(truth.position_mci_m), list(truth.velocity_mci_m_s)
            )
        self._words_of_board(result)
        counters, members = self.vehicle.counters, self.setting.dictionary.schedule.members
        result.restarts = counters.restarts
        if isinstance(protection := self.vehicle.fault_protection, TracedProtection):
            result.trace_steps = protection.reproduced
        result.deadlines_missed = sum(
            counters.members[name].slips
            for name, member in members.items()
            if member.criticality == Criticality.CRITICAL
        )

    def _words_of_board(self, result: Result) -> None:
        if (processor := self._processor) is not None:
            result.board, result.board_ticks = processor.board, processor.ticks
            result.same_bits = processor.difference is None and self._board_failure is None
            result.first_difference = processor.difference
            result.board_failure = self._board_failure

    def _margin_m_s(self, truth: Any) -> float:
        exhaust = self.setting.preset.engines.specific_impulse_s * GRAVITY_M_S2
        return exhaust * math.log(truth.mass_kg / (truth.mass_kg - truth.propellant_kg))

    def use(self) -> list[dict[str, Any]]:
        """What the scheduler did with each member, and what it cost on this machine."""
        counters = self.vehicle.counters.members
        timed = self._watch.parts if self._watch is not None else {}
        return [
            {
                "name": name,
                "rate_hz": m.rate_hz,
                "budget_us": m.budget_us,
                "cost_us": dict(m.cost_us),
                "measured_us": 1e6 * timed[name][1] / max(timed[name][0], 1) if timed else None,
                "overruns": counters[name].overruns,
                "slips": counters[name].slips,
                "sheds": counters[name].sheds,
            }
            for name, m in self.setting.dictionary.schedule.members.items()
        ]


@contextmanager
def _lasting_objects_uncollected() -> Iterator[None]:
    """What the setting holds lives through the run; not to walk it again and again spares 3 %."""
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


# --- both ways to run a vehicle -----------------------------------------------------------------


class _Named:
    """The output side of a port, named apart from its input side."""

    def __init__(self, port: Any) -> None:
        self.name = f"{port.name}.command"
        self.write = port.write


def hardware(ports: dict[str, Any], load: LoadPort | None) -> LanderPorts:
    """The ports of the emulated vehicle as the flight computer's hardware."""
    return LanderPorts(
        inputs={n: p for n, p in ports.items() if n.split(".")[0] in ROWS},
        engines=(_Named(ports["engine.a"]), _Named(ports["engine.b"])),
        thrusters=ports["thrusters"],
        camera=ports["camera.a"],
        radio=ports["radio"],
        memory=ports["memory"],
        load=load,
    )


def recorded_hardware(replay: Replay, setting: Setting) -> LanderPorts:
    """The ports of a recording."""
    return LanderPorts(
        inputs={name: replay.input(name) for name in setting.input_names},
        engines=(replay.output("engine.a.command"), replay.output("engine.b.command")),
        thrusters=replay.output("thrusters"),
        camera=ReplayCamera(replay, "camera.a"),
        radio=ReplayRadio(replay),
        memory=ReplayMemory(replay),
        load=replay.input("load") if setting.scenario.load else None,
    )


def vehicle(
    setting: Setting, ports: LanderPorts, *, commands: Any = None, **options: Any
) -> Lander:
    """The lander of a setting around some ports; `commands` in place of its command service."""
    _check_parameter_names(setting)
    try:
        return Lander(
            ports,
            setting.map,
            setting.dictionary,
            setting.knowledge,
            sun_direction_mcmf=setting.sun_direction_mcmf,
            parameters=setting.scenario.parameters,
            components=_components(setting) | ({"commands": commands} if commands else {}),
            resume=setting.resume,
            target=setting.scenario.processor,
            **options,
        )
    except ParameterError as error:
        raise InputError(f"{setting.scenario.origin}: parameters: {error}") from None


def _components(setting: Setting) -> dict[str, Any]:
    """What goes in place of the vehicle's own: the scenario's, and what reads its trace."""
    made: dict[str, Any] = {name: c.make for name, c in setting.components.items()}
    if setting.scenario.trace is not None:
        made["fault_protection"] = partial(TracedProtection, trace=setting.scenario.trace)
    return made


def _check_parameter_names(setting: Setting) -> None:
    known = setting.dictionary.parameters
    for name in setting.scenario.parameters:
        if name not in known:
            near = difflib.get_close_matches(name, known, cutoff=0.0)
            raise InputError(
                f"{setting.scenario.origin}: parameters: {name!r} is unknown; "
                f"{len(known)} are known, near it: {', '.join(near)}"
            )


@dataclass(frozen=True)
class Outcome:
    """What a replay found."""

    session: str
    ticks: int
    difference: Difference | None
    damage: str | None  # why the recording ends early, if it does

    @property
    def equal(self) -> bool:
        return self.difference is None

    def as_json(self) -> dict[str, Any]:
        difference = None if self.difference is None else str(self.difference)
        return {
            "session": self.session,
            "ticks": self.ticks,
            "equal": self.equal,
            "first_difference": difference,
            "damage": self.damage,
        }

    def __str__(self) -> str:
        note = f" (the recording is damaged: {self.damage})" if self.damage else ""
        if self.difference is None:
            return f"{self.session}: {self.ticks} ticks replayed, the same bits{note}"
        return f"{self.session}: first difference at {self.difference}{note}"


def _open(folder: Path) -> tuple[Recording, Setting]:
    """A recording and the setting that it was made in."""
    recording = Recording.open(folder / RECORDING if folder.is_dir() else folder)
    try:
        text = recording.attachments["scenario.toml"].decode()
        scenario = parse(text, f"{folder}: scenario.toml")
        world = _recorded_world(scenario.world, recording.metadata)
        folder_of_dictionary = recording.metadata.get("dictionary_folder")
        update = {"world": world, "dictionary": folder_of_dictionary}
        scenario = scenario.model_copy(update=update).flown(recording.metadata["way"])
        setting = prepare(scenario, int(recording.metadata["seed"]), _sources(recording))
        _compare(folder, recording.metadata, setting.fingerprints())
        return recording, setting
    except (KeyError, ValueError, ScenarioError) as error:
        raise InputError(f"{folder}: the recording lacks its configuration: {error}") from None


def _sources(recording: Recording) -> dict[str, str]:
    """The texts of the components that flew, by member."""
    return {
        name.removeprefix(ATTACHED): text.decode()
        for name, text in recording.attachments.items()
        if name.startswith(ATTACHED)
    }


def _compare(folder: Path, recorded: Mapping[str, str], now: Mapping[str, str]) -> None:
    """The vehicle must be what it was: its dictionary, its preset and its map."""
    if changed := [name for name, value in now.items() if recorded[name] != value]:
        raise InputError(
            f"{folder}: recorded with another {' and '.join(changed)} by onboard "
            f"{recorded['onboard']}; replay it with the version that recorded it"
        )


def _recorded_world(world: World, metadata: Mapping[str, str]) -> World:
    """The world with the user's own files where they were; they must be as they were."""
    files = {name: Path(metadata[name]) for name in ("craters", "elevation") if name in metadata}
    world = world.model_copy(update=files)
    try:
        now = _products(world)
    except OSError as error:
        raise InputError(
            f"{error.filename}: cannot be read, but was flown over: {error.strerror}"
        ) from None
    for name, path in files.items():
        if now[f"{name}_sha256"] != metadata[f"{name}_sha256"]:
            raise InputError(f"{path}: is not the file that was flown over: SHA-256 differs")
    return world


def replay(folder: Path) -> Outcome:
    """Run the vehicle on the inputs of a recording and compare every output and state hash."""
    recording, setting = _open(folder)
    play = Replay(recording)
    difference = play.run(vehicle(setting, recorded_hardware(play, setting)).executive.tick)
    return Outcome(str(folder), recording.ticks, difference, recording.damage)


def read(folder: Path) -> Run:
    """What a report shows of a recorded run."""
    recording, setting = _open(folder)
    stored = recording.attachments.get(RESULT)
    result = Result(**json.loads(stored)) if stored else Result(setting.scenario.name, setting.seed)
    images = {h.time_ns / 1e9: image for _, h, image in recording.frames("camera.a.frame")}
    notes = [n for n in logs.matches(recording) if n["time_s"] in images]
    log = logs.rows(recording)
    return Run(
        scenario=setting.scenario,
        result=result,
        log=log,
        ground_m=_ground(setting, log),
        frames=[
            FrameView(
                time_s=n["time_s"],
                altitude_m=n["altitude_m"],
                image=images[n["time_s"]],
                detections=np.reshape(n["detections"], (-1, 3)),
                matched=np.reshape(n["matched"], (-1, 3)),
                status=n["status"],
            )
            for n in notes
        ],
        members=[MemberUse(**m) for m in json.loads(recording.attachments.get(USE, b"[]"))],
        events=[EventLine(e["time_ns"] / 1e9, e["severity"], e["text"]) for e in recording.events],
        faults=[EventLine(f.start_s, "", histories.injection(f)) for f in setting.scenario.fault],
        history=histories.read(recording, setting.scenario, setting.dictionary.protection),
    )


def _ground(setting: Setting, log: Any) -> Any:
    """Height of the ground below the track above the target, against minus the distance (m)."""
    radius = MOON_RADIUS_M + setting.map.site.elevation_m
    along = -np.hypot(log["true_east_m"], log["true_north_m"])
    height = np.hypot(along, log["true_up_m"] + radius) - radius - log["true_altitude_m"]
    order = np.argsort(along)
    return np.column_stack([along, height])[order]
