"""Two emulated boards by labgrid's coordinator, exporter, client: reserve, power, fly, release.

`make lab` makes the environment that this runs in.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from labgrid import Environment
from two_boards import PLACES, SCENARIO, flown_well, free_port, lab, owners

BIN = Path(sys.executable).parent


@contextmanager
def program(name: str, *arguments: str, says: str, log: Path) -> Iterator[None]:
    """One of labgrid's programs, once it said so."""
    with log.open("w") as out:
        command = [BIN / name, *arguments]
        process = subprocess.Popen(command, stdout=out, stderr=out, stdin=subprocess.DEVNULL)
        try:
            for _ in range(600):
                if says in log.read_text() or process.poll() is not None:
                    break
                time.sleep(0.05)
            assert process.poll() is None and says in log.read_text(), log.read_text()
            yield
        finally:
            process.terminate()
            process.wait(10.0)


def client(*arguments: str) -> subprocess.CompletedProcess[str]:
    """labgrid-client."""
    command = [str(BIN / "labgrid-client"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60.0)


def done(*arguments: str) -> str:
    result = client(*arguments)
    assert result.returncode == 0, f"{arguments}: {result.stdout}{result.stderr}"
    return result.stdout


@pytest.fixture
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """A lab with two boards, exported as two places; the lab's port."""
    with lab(tmp_path) as port:
        exports = "".join(
            f"{name}:\n  OnboardBoard:\n    host: 127.0.0.1\n    port: {port}\n    board: {name}\n"
            for name in PLACES
        )
        (tmp_path / "exporter.yaml").write_text(exports)
        coordinator = f"127.0.0.1:{free_port()}"
        monkeypatch.setenv("LG_COORDINATOR", coordinator)
        monkeypatch.chdir(tmp_path)
        with (
            program(
                *("labgrid-coordinator", "-l", coordinator),
                says="Coordinator ready",
                log=tmp_path / "coordinator.log",
            ),
            program(
                *("labgrid-exporter", "-n", "desk", str(tmp_path / "exporter.yaml")),
                says="connected to coordinator",
                log=tmp_path / "exporter.log",
            ),
        ):
            for name in PLACES:
                done("-p", name, "create")
                done("-p", name, "add-match", f"desk/{name}/OnboardBoard")
            yield port


def environment(folder: Path) -> Environment:
    targets = "".join(
        f"  {name}:\n    resources:\n      RemotePlace: {{name: {name}}}\n"
        f"    drivers:\n      OnboardBoardDriver: {{owner: {name} by labgrid}}\n"
        for name in PLACES
    )
    path = folder / "env.yaml"
    path.write_text(f"imports: [onboard_labgrid]\ntargets:\n{targets}")
    return Environment(str(path))


def test_reserve_power_fly_release(places: int, tmp_path: Path) -> None:
    for name in PLACES:
        done("-p", name, "acquire")
        os.environ["LG_USERNAME"] = "somebody else"
        assert client("-p", name, "acquire").returncode != 0, "one owner at a time"
        del os.environ["LG_USERNAME"]
    env, drivers = environment(tmp_path), {}
    for name in PLACES:
        drivers[name] = env.get_target(name).get_driver("PowerProtocol")
    assert owners(places) == {name: f"{name} by labgrid" for name in PLACES}
    results: dict[str, Any] = {}
    for name, driver in drivers.items():
        driver.on()
        assert driver.get()
        results[name] = driver.fly(SCENARIO)
        driver.cycle()
        driver.off()
        assert not driver.get()
    assert all(map(flown_well, results.values()))
    assert len({result["bit_hash"] for result in results.values()}) == 1
    for name, driver in drivers.items():
        env.get_target(name).deactivate(driver)
        done("-p", name, "release")
    assert owners(places) == dict.fromkeys(PLACES)
