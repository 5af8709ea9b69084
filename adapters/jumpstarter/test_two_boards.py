"""Two emulated boards by Jumpstarter's own programs: reserve, power, fly, release.

`jmp run` exports both, `jmp shell` reaches them over TCP with a passphrase; no controller is there.
`make lab` makes the environment that this runs in.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from two_boards import MACHINES, PLACES, SCENARIO, TOKEN, flown_well, free_port, lab, owners

JMP = Path(sys.executable).with_name("jmp")
WALK = Path(__file__).with_name("fly_both.py")


@contextmanager
def exporter(folder: Path, lab_port: int) -> Iterator[str]:
    """Where both boards are exported; its passphrase is TOKEN."""
    boards = "".join(
        f"  {name}:\n    type: onboard_jumpstarter.OnboardBoard\n    config:\n"
        f"      {{board: {name}, port: {lab_port}, owner: {name} by jumpstarter}}\n"
        for name in PLACES
    )
    (folder / "exporter.yaml").write_text(
        "apiVersion: jumpstarter.dev/v1alpha1\nkind: ExporterConfig\n"
        f"metadata: {{namespace: default, name: desk}}\nexport:\n{boards}"
    )
    where = f"127.0.0.1:{free_port()}"
    command = [JMP, "run", "--exporter-config", folder / "exporter.yaml"]
    command += ["--tls-grpc-listener", where, "--tls-grpc-insecure", "--passphrase", TOKEN]
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL)
    try:
        for _ in range(600):
            if shell(where, TOKEN, "true").returncode == 0:
                break
            assert process.poll() is None
            time.sleep(0.1)
        yield where
    finally:
        process.terminate()
        process.wait(30.0)


def shell(where: str, passphrase: str, *command: str) -> subprocess.CompletedProcess[str]:
    """A command in a shell of Jumpstarter that reaches the exporter."""
    options = ["--tls-grpc", where, "--tls-grpc-insecure", "--passphrase", passphrase]
    return subprocess.run(
        [JMP, "shell", *options, "--", *command],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=900.0,
        env={**os.environ, "JMP_DRIVERS_ALLOW": "UNSAFE", "JMP_RETRY_TIMEOUT": "0"},
    )


def test_reserve_power_fly_release(tmp_path: Path) -> None:
    with lab(tmp_path) as port, exporter(tmp_path, port) as where:
        assert shell(where, "another", sys.executable, str(WALK), SCENARIO).returncode != 0
        done = shell(where, TOKEN, sys.executable, str(WALK), SCENARIO)
        assert done.returncode == 0, done.stdout + done.stderr
        refused, *results = [json.loads(x) for x in done.stdout.splitlines() if x[:1] == "{"]
        assert "reserve it first" in refused["refused"]
        assert [result["board"] for result in results] == MACHINES
        assert all(map(flown_well, results))
        assert len({result["bit_hash"] for result in results}) == 1
        assert owners(port) == dict.fromkeys(PLACES)
