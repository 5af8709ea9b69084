"""What both demonstrations need: `hil serve` with two emulated boards, and a short flight."""

from __future__ import annotations

import os
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from onboard_lab_client import Lab

PLACES = ("left", "right")
MACHINES = os.environ.get("LAB_BOARDS", "mps2-an386 mps2-an500").split()  # left, right
SCENARIO = os.environ.get("LAB_SCENARIO", "frigoris_final")
TOKEN = "demonstration"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def address_of(machine: str) -> str:
    return machine if machine == "posix" else f"qemu:{machine}"


@contextmanager
def lab(folder: Path) -> Iterator[int]:
    """The port of a lab with two boards."""
    tables = (
        f'[board.{name}]\naddress = "{address_of(machine)}"\n'
        for name, machine in zip(PLACES, MACHINES, strict=True)
    )
    (folder / "boards.toml").write_text("".join(tables))
    os.environ["ONBOARD_LAB_TOKEN"] = TOKEN
    port = free_port()
    command = [os.environ["ONBOARD_HIL"], "serve", "--port", str(port)]
    process = subprocess.Popen(
        [*command, "--boards", str(folder / "boards.toml")], stdin=subprocess.DEVNULL
    )
    try:
        for _ in range(600):
            try:
                Lab("127.0.0.1", port, TOKEN, "demonstration").close()
                break
            except ConnectionRefusedError:
                time.sleep(0.1)
        yield port
    finally:
        process.terminate()
        process.wait(20.0)


def owners(port: int) -> dict[str, str | None]:
    """Who has which board, as the lab says it."""
    with Lab("127.0.0.1", port, TOKEN, "onlooker") as there:
        return {b["name"]: b["owner"] for b in there.ask("list")["boards"]}


def flown_well(result: dict[str, Any]) -> bool:
    """Whether the board had the bits of the desk at every tick, and the landing was good."""
    print(
        {key: result[key] for key in ("scenario", "board", "verdict", "same_bits", "board_ticks")}
    )
    return bool(result["same_bits"]) and result["verdict"] == "passed"
