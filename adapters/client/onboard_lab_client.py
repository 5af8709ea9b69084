"""A client of `hil serve` (docs/lab.md) for environments without onboard; standard library alone.

with Lab("127.0.0.1", 7370, token, owner="ann@desk7") as lab:
    lab.ask("reserve", board="left")
    result = fly("frigoris_final", lab, "left")
    lab.ask("release", board="left")
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
from pathlib import Path
from typing import Any

ANSWER_S = 40.0
RUN_S = 3600.0


class Refused(Exception):
    """What a lab refuses, or a run that did not come about; the message says why."""


class Lab:
    """A connection to a lab; boards stay reserved for its owner while it is open."""

    def __init__(self, host: str, port: int, token: str, owner: str) -> None:
        """Raises Refused, OSError."""
        self.host, self.port, self.token, self.owner = host, port, token, owner
        self._socket = socket.create_connection((host, port), timeout=ANSWER_S)
        self._lines = self._socket.makefile("rwb")
        try:
            self._say({"token": token, "owner": owner})
        except Refused:
            self.close()
            raise

    def ask(self, do: str, **more: Any) -> dict[str, Any]:
        """The answer to a request. Raises Refused, OSError."""
        return self._say({"do": do, **more})

    def _say(self, message: dict[str, Any]) -> dict[str, Any]:
        self._lines.write(json.dumps(message).encode() + b"\n")
        self._lines.flush()
        line = self._lines.readline()
        if not line:
            raise Refused("the lab closed the connection")
        answer: dict[str, Any] = json.loads(line)
        if "error" in answer:
            raise Refused(answer["error"])
        return answer

    def close(self) -> None:
        self._lines.close()
        self._socket.close()

    def __enter__(self) -> Lab:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def token() -> str:
    """Of ONBOARD_LAB_TOKEN, else the user's own. Raises OSError."""
    own = Path(os.environ.get("XDG_CONFIG_HOME", Path.home() / ".config")) / "onboard/lab_token"
    return os.environ.get("ONBOARD_LAB_TOKEN") or own.read_text(encoding="utf-8").strip()


def fly(scenario: str, lab: Lab, board: str, *options: str) -> dict[str, Any]:
    """The result of `hil run` on a reserved board: onboard's own program does it, in its own
    environment, found by ONBOARD_HIL or on the path. It reaches the lab where `lab` does.

    Raises Refused.
    """
    hil = os.environ.get("ONBOARD_HIL") or shutil.which("hil")
    if hil is None:
        raise Refused("there is no hil: install onboard, or say where it is: ONBOARD_HIL")
    address = f"lab://{lab.host}:{lab.port}/{board}"
    done = subprocess.run(
        [hil, "run", scenario, "--board", address, "--json", "--no-record", *options],
        env={**os.environ, "ONBOARD_LAB_TOKEN": lab.token, "ONBOARD_LAB_OWNER": lab.owner},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=RUN_S,
    )
    found = [line for line in done.stdout.splitlines() if line.startswith("{")]
    if not found:
        raise Refused(done.stderr.strip() or f"hil ended with {done.returncode}")
    result: dict[str, Any] = json.loads(found[-1])
    return result
