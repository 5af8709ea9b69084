"""Lines for the console: from the keyboard with completion and history, or from a script."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path

import click

from hil.ground.console import Console, ConsoleError
from hil.link.carriers import Unplugged

PROMPT = "> "
HISTORY_LINES = 1000


def carry_out(console: Console, lines: Iterable[str], wait_s: float) -> None:
    """Each line, and what comes in `wait_s` after it. Raises ConsoleError, Unplugged."""
    for line in lines:
        console.run(line)
        if console.ended:
            return
        console.receive(wait_s)


def interact(console: Console) -> None:
    """Until `quit` or the end of the input. Raises Unplugged."""
    import readline  # not every Python has it, and only the keyboard needs it

    history = Path(click.get_app_dir("onboard")) / "console_history"
    with suppress(OSError):
        readline.read_history_file(history)
    readline.set_history_length(HISTORY_LINES)
    readline.set_completer_delims(" ")
    readline.set_completer(completer(console))
    readline.parse_and_bind("tab: complete")
    listening = _Listening(console)
    try:
        while not console.ended and listening.error is None:
            _one_line(console)
    except EOFError:
        click.echo()
    finally:
        listening.stop()
        with suppress(OSError):
            history.parent.mkdir(parents=True, exist_ok=True)
            readline.write_history_file(history)
    if listening.error is not None:
        raise listening.error


def _one_line(console: Console) -> None:
    try:
        console.run(input(PROMPT))
    except ConsoleError as error:
        click.echo(str(error), err=True)
    except KeyboardInterrupt:
        click.echo()


def completer(console: Console) -> Callable[[str, int], str | None]:
    """What readline asks for: the k-th word that the one at the cursor may become."""
    import readline

    def complete(word: str, k: int) -> str | None:
        before = readline.get_line_buffer()[: readline.get_begidx()]
        found = console.completions(before, word)
        return found[k] + " " if k < len(found) else None

    return complete


class _Listening:
    """A thread that tells what comes while a line is typed."""

    def __init__(self, console: Console) -> None:
        self.error: Unplugged | None = None
        self._console = console
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while not self._stopped.wait(0.02):
            try:
                self._console.receive(0.0)
            except Unplugged as error:
                self.error = error
                click.echo(f"\n{error}; press return", file=sys.stderr)
                return

    def stop(self) -> None:
        self._stopped.set()
        self._thread.join()
