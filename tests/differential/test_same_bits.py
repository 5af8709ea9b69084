"""The core gives the same bits whatever the compiler is told about speed.

The exercises of the self-test image, without optimization and with all that this processor has
(vector units, fused multiply-add): the flags that forbid contraction must hold.
"""

import shutil
import subprocess
from pathlib import Path

import pytest

NATIVE = Path(__file__).parents[2] / "native"
EXACT = ["-std=c11", "-ffp-contract=off", "-fno-math-errno", "-fno-short-enums", "-fsigned-char"]
COMPILER = shutil.which("cc")
CORE_HASH = """#include "onboard/core_hash.h"
uint64_t ob_core_hash(void) { return 1; }
"""  # of the sources, which the build makes: no flag changes it


def exercise(folder: Path, *optimization: str) -> str:
    """What the exercises print, built with these flags."""
    core_hash = folder / "core_hash.c"
    core_hash.write_text(CORE_HASH)
    sources = [
        core_hash,
        *(NATIVE / "core/src").glob("*.c"),
        *(NATIVE / "tests").glob("exercise*.c"),
        NATIVE / "firmware/common/words.c",
        NATIVE / "tests/print_exercises.c",
    ]
    includes = [f"-I{NATIVE / 'core/include'}", f"-I{NATIVE / 'tests'}"]
    program = folder / "exercises"
    command = [str(COMPILER), *EXACT, *optimization, *includes, *map(str, sources)]
    subprocess.run([*command, "-o", str(program)], check=True)
    return subprocess.run([program], check=True, capture_output=True, text=True).stdout


@pytest.mark.slow
@pytest.mark.skipif(COMPILER is None, reason="needs a C compiler")
def test_optimization_does_not_change_bits(tmp_path: Path) -> None:
    plain = exercise(tmp_path, "-O0")
    fastest = exercise(tmp_path, "-O3", "-march=native")
    assert "end" in plain.split()
    assert fastest == plain
