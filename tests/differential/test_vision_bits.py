"""The vision library gives the same bits by every path of every processor at hand.

Its exercises, as this processor runs them (scalar and vector paths) and as an AArch64 does under
an emulator, and each of them with and without optimization.
"""

import shutil
import subprocess
from pathlib import Path

import pytest

NATIVE = Path(__file__).parents[2] / "native"
EXACT = ["-std=c11", "-ffp-contract=off", "-fno-math-errno", "-fno-short-enums", "-fsigned-char"]
DESK, AARCH64 = ("cc",), ("aarch64-linux-gnu-gcc", "qemu-aarch64")


def lines(folder: Path, tools: tuple[str, ...], optimization: str) -> list[list[str]]:
    """Name, path and hash of each exercise."""
    if lacking := [tool for tool in tools if shutil.which(tool) is None]:
        pytest.skip(f"needs {', '.join(lacking)}")
    core_hash = folder / "core_hash.c"
    core_hash.write_text("unsigned long long ob_core_hash(void) { return 1; }")
    sources = [
        core_hash,
        *(NATIVE / "core/src").glob("*.c"),
        *(NATIVE / "vision/src").glob("*.c"),
        *(NATIVE / "tests/vision").glob("*.c"),
    ]
    includes = [f"-I{NATIVE / library / 'include'}" for library in ("core", "vision")]
    program = folder / "bits"
    command = [tools[0], *EXACT, optimization, "-static", *includes, *map(str, sources)]
    subprocess.run([*command, "-o", str(program)], check=True)
    run = [*tools[1:], str(program)]
    printed = subprocess.run(run, check=True, capture_output=True, text=True).stdout
    return [line.split() for line in printed.splitlines()]


@pytest.mark.slow
@pytest.mark.parametrize("tools", [DESK, AARCH64], ids=["desk", "aarch64"])
@pytest.mark.parametrize("optimization", ["-O0", "-O3"])
def test_every_path_gives_the_same_bits(
    tmp_path: Path, tools: tuple[str, ...], optimization: str
) -> None:
    desk = {name: bits for name, path, bits in lines(tmp_path, DESK, "-O2") if path == "scalar"}
    assert len(desk) > 0
    for name, path, bits in lines(tmp_path, tools, optimization):
        assert bits == desk[name], f"{name} by {path}, {tools[0]} {optimization}"
