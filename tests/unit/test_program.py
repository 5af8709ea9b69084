"""How the commands begin and end: interrupts are one line, statuses are click's."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from importlib import import_module
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BEGIN = """
import os, signal
signal.signal(signal.SIGINT, signal.default_int_handler)  # whatever runs the tests may ignore it
import click
from onboard import program

@click.command()
@click.argument("do", type=click.Choice(["end", "stop", "refuse"]))
def command(do):
    if do == "stop":
        os.kill(os.getpid(), signal.SIGINT)
    if do == "refuse":
        raise click.ClickException("no")

def load():
    {meanwhile}
    return command

program.run("hil", load)
"""
INTERRUPT = "os.kill(os.getpid(), signal.SIGINT)"


def begun(*arguments: str, meanwhile: str = "pass") -> subprocess.CompletedProcess[str]:
    """A command that is interrupted, or whatever else `meanwhile` does, while it imports."""
    return subprocess.run(
        [sys.executable, "-c", BEGIN.format(meanwhile=meanwhile), *arguments],
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
    )


@pytest.mark.parametrize(
    ("arguments", "meanwhile"),
    [
        (["end"], INTERRUPT),
        (["end"], f"try: {INTERRUPT}\n    except BaseException: pass"),
        (["stop"], "pass"),
    ],
)
def test_an_interrupt_is_one_line(arguments: list[str], meanwhile: str) -> None:
    done = begun(*arguments, meanwhile=meanwhile)
    assert (done.returncode, done.stderr.strip()) == (130, "hil: interrupted")


def test_an_interrupt_that_is_ignored_stays_so() -> None:
    """As of a job in the background of a shell."""
    ignored = "signal.signal(signal.SIGINT, signal.SIG_IGN); "
    text = BEGIN.format(meanwhile=INTERRUPT).replace("program.run", f"{ignored}program.run")
    done = subprocess.run([sys.executable, "-c", text, "end"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("arguments", "status"), [(["end"], 0), (["--help"], 0), (["refuse"], 1), (["other"], 2)]
)
def test_other_ends_are_as_ever(arguments: list[str], status: int) -> None:
    assert begun(*arguments).returncode == status


def test_the_commands_that_are_installed_begin_so() -> None:
    scripts = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["scripts"]
    assert set(scripts) == {"hil", "onboard"}
    for place in scripts.values():
        module, _, function = place.partition(":")
        assert callable(getattr(import_module(module), function))
        assert module.endswith("__main__")
