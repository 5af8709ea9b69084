"""How the commands begin and end: Ctrl-C is one line and exit status 130, whenever it comes."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from typing import Any, NoReturn

INTERRUPTED = 128 + signal.SIGINT


def run(name: str, load: Callable[[], Any]) -> NoReturn:
    """Runs the click command that `load` imports, which takes a while, under a name.

    While it imports nothing is open that would have to be closed, and an exception could be
    swallowed or told by whatever is being imported: an interrupt ends the process at once.
    """
    before = signal.getsignal(signal.SIGINT)
    if before is signal.default_int_handler:
        signal.signal(signal.SIGINT, lambda *_: _leave(name))
    command = load()
    signal.signal(signal.SIGINT, before)
    from click import Abort, ClickException

    try:
        status = command.main(prog_name=name, standalone_mode=False)
    except ClickException as error:
        error.show()
        status = error.exit_code
    except Abort:  # click's word for an interrupt
        sys.stderr.write(f"{name}: interrupted\n")
        status = INTERRUPTED
    sys.exit(status if isinstance(status, int) else 0)


def _leave(name: str) -> NoReturn:
    os.write(2, f"\n{name}: interrupted\n".encode())
    os._exit(INTERRUPTED)
