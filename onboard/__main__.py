"""The `onboard` command."""

from __future__ import annotations

from typing import Any

from onboard import program


def _commands() -> Any:
    from onboard.cli import main

    return main


def main() -> None:
    program.run("onboard", _commands)


if __name__ == "__main__":
    main()
