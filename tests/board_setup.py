"""Boards for tests: the flight image as a program, and what emulated boards need."""

from __future__ import annotations

import os
import select
import shutil
import socket
import subprocess
import sys
import threading
import time
import tty
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from hil.bench.kind import kind_of
from hil.bench.processor import Processor, attached
from hil.bench.result import Result
from hil.bench.session import _Session
from hil.link.endpoint import Endpoint
from hil.scenario import Scenario
from onboard.services.packets import SpacePacket

ROOT = Path(__file__).parents[1]
TOOLS = {"posix": [], "linux-aarch64": ["aarch64-linux-gnu-gcc", "qemu-aarch64"]}
BRANCH_TO_ITSELF = bytes.fromhex("fee7")  # Thumb `b .`, as octets in memory
SEARCH_PATH = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])


def missing(*tools: str) -> list[str]:
    return [tool for tool in tools if shutil.which(tool, path=SEARCH_PATH) is None]


@cache
def build(board: str) -> str:
    """The images of a board; what the build said."""
    if lacking := missing("cmake", *TOOLS.get(board, ["arm-none-eabi-gcc", "qemu-system-arm"])):
        pytest.skip(f"not installed: {', '.join(lacking)}")
    done = subprocess.run(
        [ROOT / "native/firmware/build.sh", board],
        check=False,
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        env={**os.environ, "PATH": SEARCH_PATH},
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    return done.stdout


@contextmanager
def board(name: str) -> Iterator[Processor]:
    """A board that was built and said HELLO."""
    build(name)
    with attached(name if name == "posix" else f"qemu:{name}") as processor:
        assert processor is not None
        yield processor


def session(scenario: Scenario, seed: int, processor: Processor) -> Any:
    setting = kind_of(scenario).prepare(scenario, seed)
    return _Session(setting, None, None, False, processor=processor)


def flown(
    scenario: Scenario,
    seed: int,
    name: str = "posix",
    meanwhile: Callable[[Processor, int], None] | None = None,
) -> Result:
    """The result with a board; `meanwhile` is called before each exchange, with its tick."""
    with board(name) as processor:
        if meanwhile is not None:
            exchange = processor.exchange

            def disturbed(tick: int, now_ns: int) -> bool:
                meanwhile(processor, tick)
                return exchange(tick, now_ns)

            processor.exchange = disturbed  # type: ignore[method-assign]
        result: Result = session(scenario, seed, processor).fly()
        return result


def next_of(apid: int, endpoint: Endpoint) -> SpacePacket:
    """The next packet of an APID, whatever comes before it."""
    while packets := endpoint.receive(5.0):
        if found := [packet for packet in packets if packet.apid == apid]:
            return found[0]
    raise AssertionError(f"no packet of APID {apid}")


@contextmanager
def tcp_board(maps: Path) -> Iterator[str]:
    """The address of a port on which the flight image waits, a program with a file of maps."""
    build("posix")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    image = ROOT / "build/firmware/posix/firmware/flight"
    program = subprocess.Popen([image, f"tcp:127.0.0.1:{port}", maps], stdin=subprocess.DEVNULL)
    try:
        _wait_for_listener(port)
        yield f"tcp://127.0.0.1:{port}"
    finally:
        program.kill()
        program.wait()


def _wait_for_listener(port: int) -> None:
    """Without connecting: the first who does has the board."""
    listening = f" 0100007F:{port:04X} 00000000:0000 0A "
    until_s = time.monotonic() + 5.0
    while listening not in Path("/proc/net/tcp").read_text() and time.monotonic() < until_s:
        time.sleep(0.002)


@contextmanager
def serial_board() -> Iterator[str]:
    """The address of a serial port with the flight image, as a program, behind it.

    Two pseudo-terminals joined by a thread: the port stays when the desk closes it, and the board
    runs on.
    """
    build("posix")
    image = ROOT / "build/firmware/posix/firmware/flight"
    (port, port_end), (line, line_end) = os.openpty(), os.openpty()
    address, terminal = os.ttyname(port_end), os.ttyname(line_end)
    for end in (port, line):
        tty.setraw(end)
    program = subprocess.Popen([image, terminal], stdin=subprocess.DEVNULL)
    stop = threading.Event()
    joining = threading.Thread(target=_join, args=(port, line, stop), daemon=True)
    os.close(port_end)
    joining.start()
    try:
        yield f"serial:{address}"
    finally:
        stop.set()
        joining.join()
        program.kill()
        program.wait()
        for end in (port, line, line_end):
            os.close(end)


def _join(port: int, line: int, stop: threading.Event) -> None:
    while not stop.is_set():
        for end in select.select([port, line], [], [], 0.02)[0]:
            try:
                octets = os.read(end, 65536)
                os.write(line if end == port else port, octets)
            except OSError:  # the desk has closed its end, which forgets how it was set
                tty.setraw(port)
                stop.wait(0.002)
