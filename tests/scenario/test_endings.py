"""How a run ends when it is stopped from outside: Ctrl-C, and a disk that is full."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import short_scenario

from hil.bench import session
from hil.bench.recording import Recording

PROGRAM = """
import resource, signal, sys
from hil.cli import main
limit = int(sys.argv.pop(1))
if limit:
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)  # then a write beyond the limit fails with EFBIG
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
main()
"""


def start(folder: Path, seconds: float, *options: str, disk: int = 0) -> subprocess.Popen[str]:
    """`hil run` in a process of its own, whose files may hold `disk` bytes (0: any number)."""
    scenario = short_scenario.write(folder, seconds=seconds)
    return subprocess.Popen(
        [
            sys.executable,
            "-c",
            PROGRAM,
            str(disk),
            "run",
            str(scenario),
            "--out",
            str(folder / "session"),
            *options,
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def said(err: str) -> list[str]:
    """The messages of `hil`, and any traceback; not those of a build that an import began."""
    return [line for line in err.splitlines() if line.startswith(("hil:", "Traceback", "Aborted"))]


def await_size(path: Path, size: int) -> None:
    """Until a file has grown to some bytes: the run is under way."""
    end = time.monotonic() + 120.0
    while not path.exists() or path.stat().st_size < size:
        assert time.monotonic() < end, f"{path} did not grow"
        time.sleep(0.02)


@pytest.mark.parametrize("options", [("--json",), ("--json", "--real-time")])
def test_ctrl_c_ends_a_run_cleanly(tmp_path: Path, options: tuple[str, ...]) -> None:
    """The scenario would last for hours; in real time the loop sleeps most of the time."""
    run = start(tmp_path, 99_000.0, *options)
    recording = tmp_path / "session" / session.RECORDING
    await_size(recording, 1)  # the head of the file is written before the first tick
    time.sleep(1.5)
    run.send_signal(signal.SIGINT)
    out, err = run.communicate(timeout=120)
    assert run.returncode == 1
    assert said(err) == []
    result = json.loads(out.strip().splitlines()[-1])
    assert result["verdict"] == "interrupted"
    assert result["sim_seconds"] < 99_000.0
    assert json.loads((tmp_path / "session" / session.RESULT).read_text()) == result
    assert (tmp_path / "session/report.html").exists()
    assert Recording.open(recording).damage is None
    outcome = session.replay(tmp_path / "session")
    assert outcome.equal
    assert outcome.ticks == round(result["sim_seconds"] * 100)


def test_a_full_disk_ends_the_run_and_keeps_what_was_recorded(tmp_path: Path) -> None:
    """2 MB hold about a minute of flight: the run stops there and does not last its 300 s."""
    run = start(tmp_path, 300.0, "--json", disk=2_000_000)
    out, err = run.communicate(timeout=240)
    assert run.returncode == 2
    assert "{" not in out
    recording = tmp_path / "session" / session.RECORDING
    [line] = said(err)
    assert line.startswith(f"hil: {recording}: File too large after ")
    assert line.endswith("readable up to there")
    assert not (tmp_path / "session" / session.RESULT).exists()
    outcome = session.replay(tmp_path / "session")
    assert outcome.equal
    assert outcome.damage
    assert 1_000 < outcome.ticks < 30_000
    assert len(session.read(tmp_path / "session").log) > 100


def test_a_disk_full_from_the_start(tmp_path: Path) -> None:
    run = start(tmp_path, 5.0, "--json", disk=16)
    _, err = run.communicate(timeout=120)
    assert run.returncode == 2
    [line] = said(err)
    assert "File too large" in line
