"""One run: the emulator and the vehicle in lockstep. The only place where they meet.

Each tick the plant moves 10 ms, then the flight executive gets the grant of that tick, reads its
ports, and leaves commands that the plant obeys in the next. `replay` runs the same vehicle on the
recorded inputs. What differs from vehicle to vehicle is its kind's: `hil.bench.kind`.
"""

from __future__ import annotations

import difflib
import gc
import hashlib
import json
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import onboard
from hil.bench import batch, bench_report, junit
from hil.bench import history as histories
from hil.bench.components import ATTACHED
from hil.bench.flight_core import NotForBoards
from hil.bench.history import Witness
from hil.bench.kind import kind_of
from hil.bench.live import View
from hil.bench.load import LoadPort
from hil.bench.memory import EmulatedMemory
from hil.bench.pacing import Pacer, TooLate
from hil.bench.processor import Processor, Refused, Silent
from hil.bench.radio import Ground
from hil.bench.recording import McapSink, Recording
from hil.bench.replay import Difference, Replay
from hil.bench.report import EventLine, MemberUse, Run
from hil.bench.result import Figures, judge
from hil.bench.setting import InputError
from hil.bench.trace import TracedProtection
from hil.bench.whole_file import write_whole
from hil.expectation import Event
from hil.faults import FaultError, attach
from hil.link.carriers import Unplugged
from hil.scenario import Scenario, ScenarioError, World, parse
from onboard.executive import TICK_NS, Criticality
from onboard.services.commands import CommandError, CommandService
from onboard.services.parameters import ParameterError

__all__ = ["InputError", "Outcome", "next_folder", "profile", "read", "replay", "run"]

LOG_TICKS = 10
VIEW_TICKS = 20
RECORDING = "session.mcap"
RESULT = "result.json"
JUNIT = "junit.xml"
CONFIGURATION = "configuration.json"
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
    pacer: Pacer | None = None,
    timed: bool = False,
    way: str = "ours",
    executive: bool = False,
    processor: Processor | None = None,
) -> Figures:
    """Fly one scenario with one seed; `folder` receives the recording and the result.

    `way` is one of `hil.scenario.WAYS`.
    `timed` puts a timer around each member and its figures into the report. Without recording and
    view, ticks run in batches where they can (`hil.bench.batch`); `executive` forbids it. The
    result is the same. With a `processor` the flight core runs on a board as well, which gives the
    effectors their rows.

    An interrupt (Ctrl-C) ends the run cleanly. Raises InputError for what the user got wrong and
    RecordingError when the recording could not be written to its end.
    """
    setting = kind_of(scenario).prepare(_flown(scenario, way), seed)
    if folder is None:
        batches = not executive and processor is None
        return _Session(setting, None, view, pacer, batches=batches, processor=processor).fly()
    metadata = {
        "scenario": scenario.name,
        "seed": str(seed),
        "way": way,
        "onboard": onboard.__version__,
        **_products(scenario.world),
        **({"dictionary_folder": scenario.dictionary} if scenario.dictionary else {}),
        **setting.fingerprints(),
    }
    sink = McapSink(
        folder / RECORDING,
        metadata=metadata,
        attachments={
            "scenario.toml": text,
            "dictionary.json": json.dumps(setting.dictionary.as_json()),
            **{f"{ATTACHED}{name}": c.source for name, c in setting.components.items()},
        },
    )
    watch = Stopwatch() if timed else None
    session = _Session(setting, sink, view, pacer, watch, processor=processor)
    _create(folder)  # only now that the scenario is known to fly
    with sink, processor.line.captured(folder) if processor else nullcontext():
        result = session.fly()
        result.session = str(folder)
        sink.attach(USE, json.dumps(session.use()))
        sink.attach(bench_report.FILE, json.dumps(session.bench()))
        sink.attach(RESULT, json.dumps(result.as_json()))
    if sink.error is not None:
        raise sink.error
    write_whole(folder / RESULT, (json.dumps(result.as_json(), indent=2) + "\n").encode())
    write_whole(folder / JUNIT, junit.document(result, setting.scenario))
    told = {**metadata, "board": processor and processor.talk.introduced()}
    write_whole(folder / CONFIGURATION, (json.dumps(told, indent=2) + "\n").encode())
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


def profile(scenario: Scenario, *, seed: int) -> tuple[list[tuple[str, int, float]], Figures]:
    """Fly once with a timer around each part of the tick: (part, calls, seconds)."""
    watch = Stopwatch()
    session = _Session(kind_of(scenario).prepare(scenario, seed), None, None, None, watch)
    result = session.fly()
    parts = [(name, int(calls), seconds) for name, (calls, seconds) in watch.parts.items()]
    rest = result.wall_seconds - sum(seconds for _, _, seconds in parts)
    parts.append(("executive, log, timers", round(result.sim_seconds * 100), rest))
    return parts, result


def trajectory(scenario: Scenario, *, seed: int, way: str = "ours") -> Any:
    """Fly once, unrecorded: the log of truth, a structured array."""
    setting = kind_of(scenario).prepare(_flown(scenario, way), seed)
    session = _Session(setting, None, None, None)
    session.fly()
    return session.log.table()


class _Session:
    """The state of one run."""

    def __init__(
        self,
        setting: Any,
        sink: McapSink | None,
        view: View | None,
        pacer: Pacer | None,
        watch: Stopwatch | None = None,
        *,
        batches: bool = False,
        processor: Processor | None = None,
    ) -> None:
        """`setting` is of the kind of the scenario's vehicle."""
        self.setting, self.kind = setting, kind_of(setting.scenario)
        self._processor = processor
        self._watch = watch
        self.view = view
        self.pacer = pacer
        self.plant = setting.plant()
        if watch is not None:
            self.plant.step = watch.wrap("plant", self.plant.step)
        self._sink = sink
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
        self.account = self.kind.Account(setting, self.plant, self.vehicle, sink)
        self.log = self.account.log
        protection, faults = self.vehicle.fault_protection, self.vehicle.bus.topic("faults")
        self._witness = Witness(sink, protection, faults) if sink is not None else None
        self._events_seen = self._hash = 0
        self._batch: batch.Batch | None = None
        if batches and sink is None and view is None and watch is None and not pacer:
            self._batch = self.kind.in_batches(setting, self.vehicle, self.plant, self.ground)

    def _vehicle(self, sink: McapSink | None, wrap: Any) -> Any:
        """The vehicle, and the board that flies beside it."""
        setting, processor = self.setting, self._processor
        ports = self.kind.hardware(self.faults.ports, self._load())
        if processor is None:
            return vehicle(setting, ports, sink=sink, wrap=wrap)
        commands = processor.watched(_components(setting).get("commands", CommandService))
        made = vehicle(
            setting,
            processor.wired(self.kind.Core, ports),
            commands=commands,
            sink=sink,
            wrap=lambda name, step: processor.wrap(name, wrap(name, step) if wrap else step),
        )
        try:
            processor.begin(made, setting)
        except NotForBoards as error:
            raise InputError(f"{processor.board}: {error}") from None
        except (Refused, Silent) as error:
            raise InputError(str(error)) from None
        return made

    def _load(self) -> LoadPort | None:
        scenario = self.setting.scenario
        members = list(self.setting.dictionary.schedule.members)
        try:
            return LoadPort(scenario.load, members, self._now) if scenario.load else None
        except KeyError as error:
            raise InputError(f"{scenario.origin}: {error.args[0]}") from None

    def _now(self) -> int:
        return self.plant.time_ns

    def fly(self) -> Figures:
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
        if self.pacer:
            self.pacer.begin()
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
            if self.pacer and not self._in_time(self.pacer, tick):
                return

    def _in_time(self, pacer: Pacer, tick: int) -> bool:
        """Waits for the instant of a tick; whether the run may go on."""
        try:
            pacer.wait(tick)
        except TooLate as error:
            self._too_late = str(error)
            return False
        return True

    _too_late: str | None = None
    _board_failure: str | None = None

    def _flown_by_board(self, tick: int, now_ns: int) -> bool:
        """Whether the board did the same."""
        assert self._processor is not None
        try:
            return self._processor.exchange(tick, now_ns)
        except (Refused, Silent) as error:
            self._board_failure = str(error)
            return False
        except Unplugged as error:
            self._board_failure = f"{self._processor.board}: tick {tick}: {error}"
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
        over = self.account.look(tick, now_ns, self._silent_s(now_ns))
        if self._witness is not None:
            self._witness.look(tick)
        lost = self._sink is not None and self._sink.error is not None
        return bool(over or self._interrupted or lost)

    def _silent_s(self, now_ns: int) -> float:
        """For how long nothing came down from the vehicle."""
        return (now_ns - self.ground.heard_ns) / 1e9

    def _show(self, start: float) -> None:
        assert self.view is not None
        for record in self.vehicle.events.since(self._events_seen):
            self.view.event(f"{record.time_ns / 1e9:8.2f} s  {record.text}")
        self._events_seen = self.vehicle.events.sequence
        row = self.log.last
        elapsed = max(time.perf_counter() - start, 1e-9)
        self.view.update(row, self.vehicle.fault_protection.mode, row["time_s"] / elapsed)

    def _result(self, wall_s: float) -> Figures:
        counters, members = self.vehicle.counters, self.setting.dictionary.schedule.members
        result = self.account.result(
            scenario=self.setting.scenario.name,
            seed=self.setting.seed,
            way=self.setting.scenario.way,
            faults_tripped=self.vehicle.events.counts["FAULT_ACTIVE"],
            silent_s=self._silent_s(self.plant.time_ns),
            products_kept=self.memory.products(),
            sim_seconds=self.plant.time_ns / 1e9,
            wall_seconds=wall_s,
            bit_hash=f"{self._hash:016x}",
            restarts=counters.restarts,
            deadlines_missed=sum(
                counters.members[name].slips
                for name, member in members.items()
                if member.criticality == Criticality.CRITICAL
            ),
        )
        if isinstance(protection := self.vehicle.fault_protection, TracedProtection):
            result.trace_steps = protection.reproduced
        self._words_of_board(result)
        if self.pacer:
            missed = self.vehicle.counters.tick_gaps
            figures = self.pacer.figures()
            result.real_time = {**figures, "missed": missed, "halted": self._too_late}
        return result

    def _words_of_board(self, result: Figures) -> None:
        if (processor := self._processor) is not None:
            result.board, result.board_ticks = processor.board, processor.ticks
            result.same_bits = processor.difference is None and self._board_failure is None
            result.first_difference = processor.difference
            result.board_failure = self._board_failure
            result.line = {**processor.line.figures(), **processor.talk.figures()}

    def bench(self) -> dict[str, Any]:
        """Durations of pace and line, for the report."""
        pacer, processor = self.pacer, self._processor
        return bench_report.kept(
            pacer.late_ns if pacer else (),
            pacer.first_tick if pacer else 1,
            processor.talk.took_ns if processor else (),
        )

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


def vehicle(setting: Any, ports: Any, *, commands: Any = None, **options: Any) -> Any:
    """The vehicle of a setting around some ports, the hardware of its kind; `commands` in place of
    its command service."""
    _check_parameter_names(setting)
    try:
        return kind_of(setting.scenario).vehicle(
            setting,
            ports,
            parameters=setting.scenario.parameters,
            components=_components(setting) | ({"commands": commands} if commands else {}),
            target=setting.scenario.processor,
            **options,
        )
    except ParameterError as error:
        raise InputError(f"{setting.scenario.origin}: parameters: {error}") from None


def _components(setting: Any) -> dict[str, Any]:
    """What goes in place of the vehicle's own: the scenario's, and what reads its trace."""
    made: dict[str, Any] = {name: c.make for name, c in setting.components.items()}
    if setting.scenario.trace is not None:
        made["fault_protection"] = partial(TracedProtection, trace=setting.scenario.trace)
    return made


def _check_parameter_names(setting: Any) -> None:
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


def _open(folder: Path) -> tuple[Recording, Any]:
    """A recording and the setting that it was made in."""
    recording = Recording.open(folder / RECORDING if folder.is_dir() else folder)
    try:
        text = recording.attachments["scenario.toml"].decode()
        scenario = parse(text, f"{folder}: scenario.toml")
        world = _recorded_world(scenario.world, recording.metadata)
        folder_of_dictionary = recording.metadata.get("dictionary_folder")
        update = {"world": world, "dictionary": folder_of_dictionary}
        scenario = scenario.model_copy(update=update).flown(recording.metadata["way"])
        kind, seed = kind_of(scenario), int(recording.metadata["seed"])
        setting = kind.prepare(scenario, seed, _sources(recording))
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
    """The vehicle must be what it was: its dictionary, its preset and its map or ground."""
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
    hardware = kind_of(setting.scenario).recorded_hardware(play, setting)
    difference = play.run(vehicle(setting, hardware).executive.tick)
    return Outcome(str(folder), recording.ticks, difference, recording.damage)


def read(folder: Path) -> Run:
    """What a report shows of a recorded run."""
    recording, setting = _open(folder)
    scenario, kind = setting.scenario, kind_of(setting.scenario)
    stored = recording.attachments.get(RESULT)
    figures = json.loads(stored) if stored else {"scenario": scenario.name, "seed": setting.seed}
    return Run(
        scenario=scenario,
        result=kind.Result(**figures),
        members=[MemberUse(**m) for m in json.loads(recording.attachments.get(USE, b"[]"))],
        events=[EventLine(e["time_ns"] / 1e9, e["severity"], e["text"]) for e in recording.events],
        faults=[EventLine(f.start_s, "", histories.injection(f)) for f in scenario.fault],
        bench=json.loads(recording.attachments.get(bench_report.FILE, b"{}")),
        history=histories.read(recording, scenario, setting.dictionary.protection),
        **kind.shown(recording, setting),
    )
