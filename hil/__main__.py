"""The `hil` command."""

from __future__ import annotations

from typing import Any

from onboard import program


def _commands() -> Any:
    from hil.cli import main

    return main


def main() -> None:
    program.run("hil", _commands)


if __name__ == "__main__":
    main()
