"""The `onboard` command: ground tools around the flight software's tables.

Exit status: 0 all is well, 1 a check did not hold, 2 the input was wrong, 3 no fix.
"""

from __future__ import annotations

import json
import os
import sys
import time
from contextlib import suppress
from importlib.metadata import entry_points
from pathlib import Path

import click

from onboard import dictionary as dictionaries
from onboard.dictionary.exporters import FORMATS
from onboard.dictionary.protection import Protection
from onboard.fault_protection import checks
from onboard.fault_protection.diagrams import reference
from onboard.fault_protection.prove import Proof, as_json, as_text, prove
from onboard.fault_protection.trace import as_scenario

BROKEN = 1
WRONG_INPUT = 2


@click.group()
@click.version_option(package_name="onboard")
def main() -> None:
    """Tools for the tables of the flight software, and for images."""


for tool in entry_points(group="onboard.commands"):  # of packages that this one does not know
    main.add_command(tool.load())


@main.group()
def dictionary() -> None:
    """A vehicle's commands, channels, events, parameters, modes."""


@dictionary.command()
@click.argument("vehicle", default="lander")
def check(vehicle: str) -> None:
    """Check the dictionary of VEHICLE, a name or a folder."""
    d = load_dictionary(vehicle)
    click.echo(
        f"{d.vehicle}: {len(d.commands)} commands, {len(d.channels)} channels, "
        f"{len(d.events)} events, {len(d.parameters)} parameters, {len(d.sequences)} sequences, "
        f"{len(d.schedule.members)} members: no mistakes, CRC {d.crc:08x}"
    )


@dictionary.command()
@click.argument("vehicle", default="lander")
@click.option("--format", "form", type=click.Choice(sorted(FORMATS)), default="json")
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), help="else to stdout")
def export(vehicle: str, form: str, output: Path | None) -> None:
    """Write the dictionary of VEHICLE in another form."""
    text = FORMATS[form](load_dictionary(vehicle))
    if output is None:
        click.echo(text, nl=False)
    else:
        write_whole(output, text)


@main.group()
def faults() -> None:
    """Fault protection and modes of a vehicle."""


@faults.command("check")
@click.argument("vehicle", default="lander")
@click.option("--json", "json_wanted", is_flag=True, help="One object with stable keys.")
@click.option("--every-pair", is_flag=True, help="Walk the pairs that only meet in the mode too.")
@click.option(
    "--trace-to",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write the first violation as a scenario that `hil run` reproduces.",
)
def check_faults(vehicle: str, json_wanted: bool, every_pair: bool, trace_to: Path | None) -> None:
    """Prove the fault protection of VEHICLE, a name or a folder: exit status 1 if it is broken."""
    d = load_dictionary(vehicle)
    protection = protection_of(d)
    proof = proved(protection, d, quiet=json_wanted, every_pair=every_pair)
    if json_wanted:
        click.echo(json.dumps(as_json(d.vehicle, proof), indent=2))
    else:
        click.echo(as_text(d.vehicle, proof))
    if trace_to is not None and proof.violations:
        place = str(Path(vehicle).resolve()) if "/" in vehicle else vehicle
        write_whole(trace_to, as_scenario(place, protection, proof.violations[0]))
        click.echo(f"{trace_to}: the first violation; hil run {trace_to} reproduces it", err=True)
    sys.exit(0 if proof.holds else BROKEN)


def proved(
    table: Protection, d: dictionaries.Dictionary, *, quiet: bool = False, every_pair: bool = False
) -> Proof:
    """The proof of a table, with a bar that shows how far it is."""
    with click.progressbar(length=100, label="walking", hidden=quiet, file=sys.stderr) as bar:

        def progress(done: int, of: int) -> None:
            bar.update(100 * done // of - bar.pos)

        began = time.monotonic()
        proof = prove(table, d, progress, every_pair=every_pair)
        proof.figures.seconds = time.monotonic() - began
        return proof


FOLDER = click.Path(file_okay=False, path_type=Path)


@faults.command("draw")
@click.argument("vehicle", default="lander")
@click.option("--out", required=True, type=FOLDER, help="Folder for the SVG files.")
def draw_faults(vehicle: str, out: Path) -> None:
    """Draw the modes of VEHICLE, its faults by mode, and each fault's tree and timeline."""
    d = load_dictionary(vehicle)
    drawings = reference.drawings(drawable(d), d)
    for name, drawing in drawings.items():
        write_whole(out / name, drawing.svg())
    click.echo(f"{out}: {len(drawings)} drawings")


@faults.command("document")
@click.argument("vehicle", default="lander")
@click.option("--out", required=True, type=FOLDER, help="Folder for the pages and drawings.")
def document_faults(vehicle: str, out: Path) -> None:
    """Write a reference page for each fault of VEHICLE, with drawings, and an index; how fast each
    is seen and answered comes from the walk, so this takes as long as `check`."""
    d = load_dictionary(vehicle)
    table = drawable(d)
    drawings = reference.drawings(table, d)
    proof = proved(table, d)
    pages = reference.pages(d, proof)
    for name, text in {**pages, **{n: drawing.svg() for n, drawing in drawings.items()}}.items():
        write_whole(out / name, text)
    click.echo(f"{out}: {len(pages)} pages, {len(drawings)} drawings")
    if not proof.holds:
        click.echo(f"{d.vehicle} does not hold: see onboard faults check {vehicle}", err=True)
        sys.exit(BROKEN)


def protection_of(d: dictionaries.Dictionary) -> Protection:
    """The fault table of a vehicle; exit status 2 if it has none."""
    if d.protection is None:
        click.echo(f"{d.vehicle}: faults.toml and modes.toml are missing", err=True)
        sys.exit(WRONG_INPUT)
    table: Protection = d.protection
    return table


def drawable(d: dictionaries.Dictionary) -> Protection:
    """The fault table; exit status 2 where its names do not resolve. A table that breaks other
    rules can be drawn, which may show why."""
    table = protection_of(d)
    unreadable = [f for f in checks.check(table, d) if f.rule in ("names", "valid-when-loop")]
    for finding in unreadable:
        click.echo(f"{d.vehicle}: {finding}", err=True)
    if unreadable:
        sys.exit(WRONG_INPUT)
    return table


def load_dictionary(vehicle: str) -> dictionaries.Dictionary:
    """The dictionary; a mistake in it ends the command with one line each and exit status 2."""
    try:
        return dictionaries.load(vehicle)
    except dictionaries.DictionaryError as error:
        click.echo(str(error), err=True)
        sys.exit(WRONG_INPUT)


def write_whole(path: Path, text: str) -> None:
    """Write a file entirely or not at all; exit status 2 if it cannot be written."""
    partial = path.with_name(f".{path.name}.partial")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        partial.write_text(text, encoding="utf-8")
        os.replace(partial, path)
    except OSError as error:
        with suppress(OSError):
            partial.unlink()
        click.echo(f"{path}: cannot be written: {error.strerror}", err=True)
        sys.exit(WRONG_INPUT)


if __name__ == "__main__":
    main()
