"""`hil`: fly scenarios against the emulated Moon, replay recordings, run campaigns."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import click
from rich.console import Console as Terminal

from hil import boards, incidents
from hil import campaign as campaigns
from hil import flash as flashing
from hil import scenario as scenarios
from hil.bench import incident_plot, live, picture, processor, report, session
from hil.bench.lander_core import map_heights
from hil.bench.pacing import GRACE_S, Pacer
from hil.bench.processor import Processor
from hil.bench.recording import RecordingError
from hil.bench.result import Figures
from hil.bench.setting import cautions, prepare
from hil.ground import prompt
from hil.ground.console import Console, ConsoleError
from hil.lab import cli as labs
from hil.link.attachment import attach
from hil.link.carriers import AddressError, Unplugged
from hil.link.endpoint import NotIdentified
from hil.link.qemu import MACHINES, BoardError, image_of
from hil.radiation import shares
from hil.radiation.campaign import Account
from hil.radiation.flips import SHARES
from hil.radiation.laboratory import MEASURES
from hil.radiation.memory_map import ToolMissing
from onboard.dictionary import DictionaryError
from onboard.dictionary import load as load_dictionary

PASSED, FAILED, WRONG_INPUT = 0, 1, 2
_BOARD_MISTAKES = (
    *(processor.Refused, processor.Silent, BoardError, NotIdentified, AddressError),
    Unplugged,  # before the flight; in flight it is a verdict
)
PLOTTED = 5  # seeds in the plot of an incident, at most
SEED = click.IntRange(0, scenarios.SEED_MAX)
FILE_COLUMNS = 120  # where the output is a file or a log and nothing says how wide it is
BOARDS_FILE = click.option(
    "--boards",
    "boards_file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Of names of boards, in place of ./boards.toml and your own.",
)
LINK = click.option(
    "--link",
    default="inproc",
    show_default=True,
    help=f"Where the flight core runs: {processor.LINKS}.",
)
BOARD = click.option("--board", metavar="NAME", help="The same, by a name of boards.toml.")
console = Terminal(
    highlight=False,
    width=None if sys.stdout.isatty() or "COLUMNS" in os.environ else FILE_COLUMNS,
)


class _Input(click.ClickException):
    """A mistake in what the user gave: one message, exit status 2."""

    exit_code = WRONG_INPUT

    def show(self, file: Any = None) -> None:
        click.echo(f"hil: {self.format_message()}", err=True)


def _load(name: str) -> tuple[scenarios.Scenario, str, Path]:
    try:
        path = scenarios.find(name)
        scenario, text = scenarios.load(path)
    except scenarios.ScenarioError as error:
        raise _Input(str(error)) from None
    for line in cautions(scenario):
        click.echo(f"hil: {path}: warning: {line}", err=True)
    return scenario, text, path


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="onboard")
def main() -> None:
    """Fly onboard's vehicles against an emulated Moon.

    Exit status: 0 the expectations held, 1 they did not, 2 the input was wrong.
    """


@main.command()
@click.argument("scenario")
@click.option("--seed", default=1, show_default=True, type=SEED)
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), help="Session folder.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object, nothing else.")
@click.option("--quiet", is_flag=True, help="No live view.")
@click.option("--no-report", is_flag=True, help="Record, but write no report.html.")
@click.option("--no-record", is_flag=True, help="Write nothing at all.")
@click.option("--real-time", is_flag=True, help="Pace the emulated clock by the wall clock.")
@click.option(
    "--grace",
    "grace_s",
    type=click.FloatRange(0.0, 3600.0),
    help="With --real-time: seconds at the start in which late ticks do not count; "
    f"{GRACE_S:g} unless told.",
)
@click.option(
    "--halt-after",
    type=click.IntRange(0),
    metavar="N",
    help="With --real-time: end the run after more than N ticks that took into the next one.",
)
@click.option("--timed", is_flag=True, help="Time each member of the executive, for the report.")
@click.option(
    "--way",
    default="ours",
    show_default=True,
    type=click.Choice(scenarios.WAYS),
    help="Of an incident: with its historical logic, or without its faults.",
)
@LINK
@BOARD
@BOARDS_FILE
@click.option(
    "--returns",
    default=0,
    show_default=True,
    type=click.IntRange(0, 10**6),
    help="Times that a board that was unplugged or reset is brought back to where the flight is.",
)
def run(
    scenario: str,
    seed: int,
    out: Path | None,
    as_json: bool,
    quiet: bool,
    no_report: bool,
    no_record: bool,
    real_time: bool,
    grace_s: float | None,
    halt_after: int | None,
    timed: bool,
    way: str,
    link: str,
    board: str | None,
    boards_file: Path | None,
    returns: int,
) -> None:
    """Fly SCENARIO and judge it by its expectations.

    SCENARIO is a name or a path to a TOML file.
    """
    for option, given in (("--timed", timed), ("--out", out is not None)):
        if given and no_record:
            raise _Input(f"{option}: needs a recording, and --no-record writes none; give one")
    for option, late in (("--halt-after", halt_after), ("--grace", grace_s)):
        if late is not None and not real_time:
            raise _Input(f"{option}: is about late ticks, and there are none without --real-time")
    flown_on = _chosen(board, link, boards_file)
    if returns and board is None and link == "inproc":
        raise _Input("--returns: counts returns of a board; give --link or --board")
    checked, text, _ = _load(scenario)
    folder = None if no_record else (out or session.next_folder(checked.name, seed))
    show = not (as_json or quiet) and console.is_terminal
    try:
        with (
            _attached(flown_on) as attached,
            live.View(checked, seed, console) if show else nullcontext() as view,
        ):
            if attached is not None:
                attached.talk.may_return = returns
            result = session.run(
                checked,
                text,
                seed=seed,
                folder=folder,
                view=view,
                pacer=Pacer(grace_s=GRACE_S if grace_s is None else grace_s, halt_after=halt_after)
                if real_time
                else None,
                timed=timed,
                way=way,
                processor=attached,
            )
    except session.InputError as error:
        raise _Input(str(error)) from None
    except RecordingError as error:
        raise _Input(str(error)) from None
    except OSError as error:
        where = error.filename or folder
        raise _Input(f"{where}: {error.strerror}; what was recorded until then is kept") from None
    if folder is not None and not no_report:
        _report(folder, quiet=as_json)
    _tell(result, checked.flown(way), as_json=as_json)
    sys.exit(PASSED if result.verdict == "passed" else FAILED)


@contextmanager
def _attached(board: boards.Board) -> Iterator[Processor | None]:
    """A board for a flight; what is wrong with it is a mistake in the input."""
    with (
        _asked_for(board),
        processor.attached(board.where(), says=board.says, hello_s=board.hello_s) as attached,
    ):
        yield attached


@contextmanager
def _asked_for(board: boards.Board | None = None) -> Iterator[None]:
    """What is wrong with a board that the user named is a mistake in the input."""
    try:
        yield
    except _BOARD_MISTAKES as error:
        raise _Input(board.told(error) if board else str(error)) from None


def _chosen(board: str | None, link: str, boards_file: Path | None) -> boards.Board:
    """Where the flight core runs: by a name of boards.toml, or by an address."""
    if board is not None and link != "inproc":
        raise _Input(f"--board: {board} and --link: {link} both say where; give one")
    if boards_file is not None and board is None:
        raise _Input(f"--boards: {boards_file} has names for --board; give one")
    return boards.at(link) if board is None else _named(board, boards_file)


def _named(name: str, file: Path | None) -> boards.Board:
    """The board of a name in boards.toml, or of an address."""
    try:
        return boards.find(name, boards.read(file))
    except boards.BoardsError as error:
        raise _Input(str(error)) from None


def _tell(result: Figures, scenario: scenarios.Scenario, *, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(result.as_json()))
        return
    console.print(live.verdict_table(result, scenario))
    for line in result.failed_expectations:
        console.print(f"[red]{line}[/red]")
    if result.session:
        console.print(f"session: {result.session}")


def _report(folder: Path, *, quiet: bool) -> None:
    try:
        report.write(folder / "report.html", session.read(folder))
    except (report.MissingExtra, OSError) as error:
        if not quiet:
            file = getattr(error, "filename", None)
            why = f"{file}: {error.strerror}" if file else error  # type: ignore[union-attr]
            console.print(f"[yellow]no report: {why}[/yellow]")


@main.command()
@click.argument("folder", metavar="SESSION", type=click.Path(exists=True, path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object, nothing else.")
def replay(folder: Path, as_json: bool) -> None:
    """Feed a recording to the flight code; the bits must be the same."""
    try:
        outcome = session.replay(folder)
    except (RecordingError, session.InputError) as error:
        raise _Input(str(error)) from None
    if as_json:
        click.echo(json.dumps(outcome.as_json()))
    else:
        console.print(str(outcome))
    sys.exit(PASSED if outcome.equal else FAILED)


@main.command(name="report")
@click.argument("folder", metavar="SESSION", type=click.Path(exists=True, path_type=Path))
def report_command(folder: Path) -> None:
    """Write report.html of a recorded session anew."""
    page = (folder if folder.is_dir() else folder.parent) / "report.html"
    try:
        report.write(page, session.read(folder))
    except (RecordingError, report.MissingExtra, session.InputError) as error:
        raise _Input(str(error)) from None
    except OSError as error:
        raise _Input(f"{page}: cannot be written: {error.strerror}") from None
    console.print(str(page))


@main.command(name="picture")
@click.argument("folder", metavar="SESSION", type=click.Path(exists=True, path_type=Path))
@click.argument("out", metavar="OUT.png", type=click.Path(dir_okay=False, path_type=Path))
def picture_command(folder: Path, out: Path) -> None:
    """Draw frames, matches and trajectory of a session into a PNG."""
    try:
        picture.write(out, session.read(folder))
    except (RecordingError, report.MissingExtra, session.InputError) as error:
        raise _Input(str(error)) from None
    except OSError as error:
        raise _Input(f"{out}: cannot be written: {error.strerror}") from None
    except ValueError as error:
        raise _Input(f"{folder}: {error}") from None


@main.command()
@click.argument("scenario")
@click.option("--runs", default=100, show_default=True, type=click.IntRange(1, 10**9))
@click.option("--first-seed", default=1, show_default=True, type=click.IntRange(0, 2**62))
@click.option("--workers", default=1, show_default=True, type=click.IntRange(1))
@click.option("--executive", is_flag=True, help="No batches of C steps; the results are the same.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object, nothing else.")
def campaign(
    scenario: str, runs: int, first_seed: int, workers: int, executive: bool, as_json: bool
) -> None:
    """Fly SCENARIO with many seeds. Nothing is recorded; a failure prints its seed."""
    _, _, path = _load(scenario)

    def tell(result: Figures) -> None:
        if not as_json and result.verdict != "passed":
            reasons = "; ".join(result.failed_expectations) or result.verdict
            console.print(f"[red]seed {result.seed}: {reasons}[/red]")
            console.print(f"  hil run {scenario} --seed {result.seed}", style="dim")

    try:
        seeds = range(first_seed, first_seed + runs)
        summary = campaigns.fly(path, seeds, workers, tell, executive=executive)
    except session.InputError as error:
        raise _Input(str(error)) from None
    if summary.runs < runs:
        click.echo(f"hil: interrupted after {summary.runs} of {runs} runs", err=True)
    if as_json:
        click.echo(json.dumps(summary.as_json()))
    else:
        console.print(live.campaign_table(summary.as_json()))
    sys.exit(PASSED if summary.passed == runs else FAILED)


@main.command()
@click.argument("scenario")
@click.option("--board", default=MACHINES[0], show_default=True, type=click.Choice(MACHINES))
@click.option("--flips", default=100, show_default=True, type=click.IntRange(1, 10**9))
@click.option("--first-flip", default=0, show_default=True, type=click.IntRange(0, 10**9))
@click.option("--seed", default=1, show_default=True, type=SEED)
@click.option(
    "--windows",
    default=24,
    show_default=True,
    type=click.IntRange(1, 200),
    help="Ticks of the flight in which bits are flipped.",
)
@click.option(
    "--target", "targets", multiple=True, type=click.Choice(list(SHARES)), help="Of these alone."
)
@click.option(
    "--without",
    multiple=True,
    type=click.Choice(list(MEASURES)),
    help="The board forgoes this measure.",
)
@click.option("--only", type=click.IntRange(0), metavar="K", help="Flip K alone, told in full.")
@click.option("--workers", default=1, show_default=True, type=click.IntRange(1))
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object, nothing else.")
def radiation(
    scenario: str,
    board: str,
    flips: int,
    first_flip: int,
    seed: int,
    windows: int,
    targets: tuple[str, ...],
    without: tuple[str, ...],
    only: int | None,
    workers: int,
    as_json: bool,
) -> None:
    """Flip bits of an emulated board while it flies SCENARIO.

    It is said what came of each. Exit status 1: after a flip that the board did not notice, an
    expectation did not hold.
    """
    _, _, path = _load(scenario)
    numbers = range(first_flip, first_flip + flips) if only is None else range(only, only + 1)
    share = shares.Share(path, board, seed, windows, targets, without, numbers)

    def tell(account: Account) -> None:
        if not as_json and (only is not None or account.outcome == "silent"):
            console.print(str(account), style="red" if account.violated else "", markup=False)

    try:
        with _asked_for():
            summary = shares.fly(share, workers if only is None else 1, tell)
    except (session.InputError, ToolMissing) as error:
        raise _Input(str(error)) from None
    if as_json:
        click.echo(json.dumps(summary.as_json()))
    elif only is None:
        console.print(summary.table())
        bound = 1e4 * summary.as_json()["violated_at_most"]
        console.print(f"violated: at most {bound:.2g} in 10,000 (95 %)")
    sys.exit(FAILED if summary.violated else PASSED)


@main.command(name="incidents")
@click.argument("names", nargs=-1, metavar="[NAME]...")
@click.option("--seeds", default=20, show_default=True, type=click.IntRange(1, 10**9))
@click.option("--first-seed", default=1, show_default=True, type=click.IntRange(0, 2**62))
@click.option("--workers", default=os.cpu_count() or 1, type=click.IntRange(1))
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object, nothing else.")
@click.option(
    "--plot",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Draw one incident, lost against survived, into this SVG.",
)
def incidents_command(
    names: tuple[str, ...],
    seeds: int,
    first_seed: int,
    workers: int,
    as_json: bool,
    plot: Path | None,
) -> None:
    """Fly incidents three ways: nominal, historical, our own.

    NAME is an incident's id, its name or a file; without one, all are flown. Exit status 0: each
    met its gate, was lost with the historical logic for every seed, and tripped no fault nominally.
    """
    wanted = range(first_seed, first_seed + seeds)
    try:
        paths = incidents.find(names)
        if plot is not None:
            _plot_incident(paths, wanted[:PLOTTED], plot)
            return
        rows, complete = incidents.fly(paths, wanted, workers, _teller(as_json))
    except (scenarios.ScenarioError, session.InputError) as error:
        raise _Input(str(error)) from None
    if not complete:
        click.echo("hil: interrupted; the figures are of what was flown until then", err=True)
    met = complete and all(row.met for row in rows)
    if as_json:
        table = [row.as_json() for row in rows]
        click.echo(json.dumps({"complete": complete, "met": met, "incidents": table}))
    else:
        console.print(live.incident_table(rows))
    sys.exit(PASSED if met else FAILED)


def _teller(quiet: bool) -> Callable[[incidents.Row, Figures], None]:
    def tell(row: incidents.Row, result: Figures) -> None:
        for line in [] if quiet else incidents.failures(row, result):
            console.print(line, style="dim" if line.startswith(" ") else "red")

    return tell


def _plot_incident(paths: list[Path], seeds: Sequence[int], out: Path) -> None:
    if len(paths) != 1:
        raise _Input(f"--plot: draws one incident, and {len(paths)} were named")
    scenario = incidents.load(paths[0])
    logs = {
        way: [session.trajectory(scenario, seed=seed, way=way) for seed in seeds]
        for way in ("nominal", "historical", "ours")
    }
    try:
        incident_plot.write(out, scenario, logs)
    except report.MissingExtra as error:
        raise _Input(str(error)) from None
    except OSError as error:
        raise _Input(f"{out}: cannot be written: {error.strerror}") from None


@main.command()
@click.argument("scenario")
@click.option("--seed", default=1, show_default=True, type=SEED)
@LINK
@BOARD
@BOARDS_FILE
def profile(
    scenario: str, seed: int, link: str, board: str | None, boards_file: Path | None
) -> None:
    """Fly SCENARIO and show what a tick costs, member by member.

    With --link or --board, on that board.
    """
    flown_on = _chosen(board, link, boards_file)
    checked, text, _ = _load(scenario)
    try:
        with _attached(flown_on) as attached:
            if attached is None:
                rows, result = session.profile(checked, seed=seed)
                table = live.profile_table(rows, result)
            else:
                session.run(checked, text, seed=seed, processor=attached)
                table = live.cost_table(attached, checked)
    except session.InputError as error:
        raise _Input(str(error)) from None
    console.print(table)


@main.command(name="boards")
@BOARDS_FILE
@click.option(
    "--listen",
    "listen_s",
    default=boards.LISTEN_S,
    show_default=True,
    type=click.FloatRange(0.0, 60.0),
    help="Seconds for a HELLO; 0 opens nothing.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON array, nothing else.")
def boards_command(boards_file: Path | None, listen_s: float, as_json: bool) -> None:
    """Show boards: emulated, of boards.toml, at USB serial ports.

    Lines are listened to for a HELLO. Nothing is written to any.
    """
    try:
        rows = boards.there(boards.read(boards_file), listen_s)
    except boards.BoardsError as error:
        raise _Input(str(error)) from None
    if as_json:
        click.echo(json.dumps([row._asdict() for row in rows]))
    else:
        console.print(live.board_table(rows))


@main.command(name="flash")
@click.argument("board", type=click.Choice(tuple(flashing.TARGETS)))
@click.option("--image", type=click.Path(dir_okay=False, path_type=Path), help="In place of ours.")
@click.option("--map", "mapped", metavar="SCENARIO", help="Put the map of its flight there, too.")
@click.option("--seed", default=1, show_default=True, type=SEED, help="Of that flight.")
@click.option("--tool", help="In place of the first that is installed.")
@click.option("--uf2", "to_uf2", type=click.Path(path_type=Path), help="rp2040: write this file.")
@click.option("--dry-run", is_flag=True, help="Print what would be run.")
def flash_command(
    board: str,
    image: Path | None,
    mapped: str | None,
    seed: int,
    tool: str | None,
    to_uf2: Path | None,
    dry_run: bool,
) -> None:
    """Write the flight image, and a map, into the flash of BOARD.

    The tool for that board does it.
    """
    if to_uf2 is not None and board != "rp2040":
        raise _Input(f"--uf2: allowed for rp2040, not for {board}")
    target = flashing.TARGETS[board]
    try:
        contents = flashing.flash_contents(image or image_of(board), board)
        pieces = [(target.flash, contents)]
        if mapped is not None:
            heights = map_heights(prepare(_lander(mapped), seed).map)
            pieces.append((target.maps, flashing.checked_heights(heights, board)))
        if to_uf2 is not None:
            to_uf2.write_bytes(flashing.uf2(pieces))
            return
        name = flashing.chosen_tool(board, tool, to_run=not dry_run)
        with TemporaryDirectory(prefix="flash-") as folder:
            for command in flashing.commands(board, name, pieces, Path(folder)):
                click.echo(shlex.join(command))
                if not dry_run and (status := subprocess.run(command, check=False).returncode):
                    raise click.ClickException(f"{name} ended with status {status}")
    except (flashing.FlashError, session.InputError) as error:
        raise _Input(str(error)) from None
    except OSError as error:
        raise _Input(f"{error.filename}: {error.strerror}") from None


def _lander(name: str) -> scenarios.LanderScenario:
    scenario, _, path = _load(name)
    if not isinstance(scenario, scenarios.LanderScenario):
        raise _Input(f"{path}: has no map: it is no landing")
    return scenario


@main.command(name="console")
@click.argument("board", metavar="BOARD")
@BOARDS_FILE
@click.option("--vehicle", default="lander", show_default=True, help="Whose dictionary.")
@click.option(
    "--command", "lines", multiple=True, help="A line to carry out; several may be given."
)
@click.option(
    "--wait",
    "wait_s",
    default=1.0,
    show_default=True,
    type=click.FloatRange(0.0, 3600.0),
    help="Seconds to receive after each line that is not typed.",
)
def console_command(
    board: str, boards_file: Path | None, vehicle: str, lines: tuple[str, ...], wait_s: float
) -> None:
    """Talk to BOARD: commands, telemetry, console text.

    BOARD is a name of boards.toml or an address. Lines come from --command, from the keyboard
    with completion and history, or from a file or pipe at standard input. Nothing is sent
    before the board said HELLO.
    """
    try:
        dictionary = load_dictionary(vehicle)
    except DictionaryError as error:
        raise _Input(str(error)) from None
    there = _named(board, boards_file)
    with (
        _asked_for(there),
        attach(there.where(), says=there.says, hello_s=there.hello_s, sync_period_s=1.0) as board_,
    ):
        talk = Console(board_.endpoint, dictionary, click.echo)
        talk.introduce()
        try:
            if not lines and sys.stdin.isatty():
                prompt.interact(talk)
            else:
                prompt.carry_out(talk, lines or sys.stdin, wait_s)
        except ConsoleError as error:
            raise _Input(str(error)) from None
        except Unplugged as error:
            click.echo(f"hil: {error}", err=True)
            sys.exit(FAILED)


main.add_command(labs.serve)
main.add_command(labs.lab)
