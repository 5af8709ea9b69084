"""`onboard faults check VEHICLE`: prove a vehicle's fault protection. A ground tool."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import click

from onboard.dictionary import DictionaryError, load
from onboard.fault_protection.prove import Proof, prove


@click.group()
def faults() -> None:
    """Fault protection and modes of a vehicle."""


@faults.command("check")
@click.argument("vehicle")
@click.option("--json", "as_json", is_flag=True, help="One object with stable keys.")
def check(vehicle: str, as_json: bool) -> None:
    """Check VEHICLE (a name or a folder) exhaustively.

    Exit status: 0 it holds, 1 it does not, 2 the dictionary cannot be used.
    """
    try:
        dictionary = load(vehicle)
    except DictionaryError as problem:
        click.echo(str(problem), err=True)
        raise SystemExit(2) from None
    if dictionary.protection is None:
        click.echo(f"{vehicle}: faults.toml and modes.toml are missing", err=True)
        raise SystemExit(2)
    with click.progressbar(length=100, label="walking", hidden=as_json) as bar:
        proof = prove(
            dictionary.protection,
            dictionary,
            lambda done, of: bar.update(100 * done // of - bar.pos),
        )
    click.echo(json.dumps(report(vehicle, proof), indent=2) if as_json else text(vehicle, proof))
    raise SystemExit(0 if proof.holds else 1)


def report(vehicle: str, proof: Proof) -> dict[str, Any]:
    """The proof as plain JSON values."""
    return {
        "vehicle": vehicle,
        "holds": proof.holds,
        "findings": [finding._asdict() for finding in proof.findings],
        "violations": [violation.as_json() for violation in proof.violations],
        "figures": dataclasses.asdict(proof.figures),
        "latency": {name: dataclasses.asdict(row) for name, row in proof.latency.items()},
    }


def text(vehicle: str, proof: Proof) -> str:
    """The proof in words."""
    f = proof.figures
    lines = [f"{vehicle}: {f.monitors} monitors, {f.faults} faults, {f.modes} modes"]
    lines += map(str, proof.findings)
    lines += map(str, proof.violations)
    if proof.findings:
        lines.append(f"{len(proof.findings)} findings; the walk begins when there are none")
        return "\n".join(lines)
    lines += [
        f"walked {f.causes} single causes and {f.pairs} pairs that meet "
        f"({f.pairs_apart} only meet in the mode)",
        f"{f.states} states, {f.transitions} transitions, depth {f.depth}, {f.seconds:.1f} s",
        f"worst settling {f.worst_settling_steps} steps: {f.worst_settling}",
        f"{'fault':34} {'detected':>9} {'answered':>9} {'bound s':>9} {'effect s':>9}",
    ]
    lines += [
        f"{name:34} {row.detection_steps:9} {row.answer_steps:9} "
        f"{row.detection_s:9.1f} {row.time_to_effect_s:9.1f}"
        for name, row in sorted(proof.latency.items(), key=lambda item: item[1].time_to_effect_s)
    ]
    verdict = "every property holds" if proof.holds else f"{len(proof.violations)} violations"
    return "\n".join([*lines, verdict])
