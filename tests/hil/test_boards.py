"""The self-test image of each emulated board gives the desk's hashes, module by module.

Skipped, with the reason, where cross compiler or emulator are missing. Board time comes from
counted instructions (-icount), so a run is the same every time.
"""

import os
import subprocess
from pathlib import Path

import board_setup
import pytest

from hil.link.qemu import FLASHED, IMAGES, LINUX, MACHINES, MODELS, SECOND_UART

ROOT = board_setup.ROOT
QEMU = "qemu-system-arm -nographic -monitor none -icount shift=6 -semihosting-config enable=on"
LARGE_FROM = "fault"  # the first exercise that a small memory leaves out


def command(board: str, name: str = "self_test") -> str:
    image = f"{IMAGES}/{board}/firmware/{name}"
    if board == LINUX:
        return f"qemu-aarch64 {image}"
    line = "-serial null -serial stdio" if board in SECOND_UART else "-serial stdio"
    return f"{QEMU} -M {MODELS.get(board, board)} {line} -kernel {image}.elf"


def run(*command: str | Path) -> str:
    done = subprocess.run(
        [str(c) for c in command],
        check=False,
        capture_output=True,
        text=True,
        timeout=300,
        stdin=subprocess.DEVNULL,
        env={**os.environ, "PATH": board_setup.SEARCH_PATH},
    )
    assert done.returncode == 0, f"{command}: {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def hashes(output: str) -> dict[str, str]:
    """Module and hash of each line up to `end`."""
    lines = output.split("\n")
    assert "end" in lines, f"the run did not finish:\n{output}"
    return dict(line.split() for line in lines[: lines.index("end")])


def printed(program: str) -> dict[str, str]:
    """What a program of the desk gives."""
    if board_setup.missing("cmake"):
        pytest.skip("not installed: cmake")
    folder = ROOT / "build/exercise"
    options = ["-DONBOARD_TESTS=ON", "-DONBOARD_EXTENSIONS=OFF", "-DCMAKE_BUILD_TYPE=Release"]
    run("cmake", "-S", ROOT / "native", "-B", folder, *options)
    run("cmake", "--build", folder, "--target", program)
    return hashes(run(folder / program))


@pytest.fixture(scope="module")
def desk_hashes() -> dict[str, str]:
    return printed("print_exercises")


def test_arithmetic_in_software_is_that_of_the_desks_hardware() -> None:
    """Ten million results of 1.5 million pairs, ten kinds of them, by common/soft_double*.c."""
    board = MACHINES[0]
    board_setup.build(board)
    desk = printed("print_arithmetic")
    on_board = hashes(run(*command(board, "arithmetic_test").split()))
    assert on_board == desk and len(desk) == 10


@pytest.mark.parametrize("board", [*MACHINES, *FLASHED, LINUX])
def test_board_gives_the_bits_of_the_desk(board: str, desk_hashes: dict[str, str]) -> None:
    print(board_setup.build(board).strip())
    board_hashes = hashes(run(*command(board).split()))
    modules = list(desk_hashes)
    if board in FLASHED:
        modules = modules[: modules.index(LARGE_FROM)]
    assert list(board_hashes) == modules
    different = [module for module in modules if board_hashes[module] != desk_hashes[module]]
    assert not different, f"other bits on the board than on the desk: {different}"


@pytest.mark.parametrize("board", MACHINES[:2])
def test_the_vision_library_gives_a_board_the_bits_of_the_desk(board: str) -> None:
    """The lines of the desk name the path, too; here there is one."""
    board_setup.build(board)
    on_board = hashes(run(*command(board, "vision_test").split()))
    folder = ROOT / "build/exercise"
    options = ["-DONBOARD_TESTS=ON", "-DONBOARD_EXTENSIONS=OFF", "-DCMAKE_BUILD_TYPE=Release"]
    run("cmake", "-S", ROOT / "native", "-B", folder, *options)
    run("cmake", "--build", folder, "--target", "print_vision_bits")
    lines = (line.split() for line in run(folder / "print_vision_bits").splitlines())
    assert on_board == {name: bits for name, path, bits in lines if path == "scalar"}


def test_every_module_of_the_core_is_exercised(desk_hashes: dict[str, str]) -> None:
    """A header is a module; those of messages alone have no functions."""
    headers = (ROOT / "native/core/include/onboard").glob("*.h")
    missing = (
        {path.stem for path in headers}
        - {"messages", "order", "row", "link_message", "crater_matched"}
        - set(desk_hashes)
    )
    assert not missing, f"add to native/tests/exercise.c: {sorted(missing)}"
