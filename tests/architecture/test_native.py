"""The rules of the C libraries: who includes whom, no C library but memory copies, no globals."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

NATIVE = Path(__file__).parents[2] / "native"
STANDARD = {"assert.h", "stdbool.h", "stddef.h", "stdint.h", "string.h", "float.h", "limits.h"}
PREFIX = {"core": "ob_", "vision": "ob_", "plant": "pl_", "batch": "bt_"}
MEETS = {
    "core": ["core"],
    "vision": ["core", "vision"],
    "plant": ["core", "plant"],
    "batch": ["core", "plant", "batch"],
}
HEADERS = {"core": "onboard/", "vision": "vision/", "plant": "plant/", "batch": "batch/"}
VECTORS = {"immintrin.h", "arm_neon.h"}  # of the vision library's own paths
# What a compiler may call for a copy, a cleared array or a failed assertion.
RUNTIME = {"memcpy", "memset", "memmove", "memcmp", "__assert_fail", "_GLOBAL_OFFSET_TABLE_"}
FLAGS = ["-std=c11", "-O1", "-ffp-contract=off", "-fno-math-errno", "-fno-pic"]
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', re.MULTILINE)

Symbols = dict[str, set[str]]  # of each kind that nm knows: T, U, D, B ...


def sources(library: str) -> list[Path]:
    return sorted((NATIVE / library).rglob("*.[ch]"))


@pytest.mark.parametrize("library", PREFIX)
def test_includes(library: str) -> None:
    headers = tuple(HEADERS[other] for other in MEETS[library])
    private = {path.name for path in (NATIVE / library / "src").glob("*.h")}
    standard = STANDARD | VECTORS if library == "vision" else STANDARD
    for path in sources(library):
        for mark, name in INCLUDE.findall(path.read_text()):
            own = name.startswith(headers) or name in private
            allowed = name in standard if mark == "<" else own
            assert allowed, f"{path.relative_to(NATIVE)} includes {name}"


@pytest.mark.parametrize("library", PREFIX)
def test_every_header_guards_itself_and_stands_alone(library: str) -> None:
    for path in (NATIVE / library / "include").rglob("*.h"):
        text = path.read_text()
        assert re.search(r"^#ifndef (\w+)\n#define \1$", text, re.MULTILINE), path.name
        assert text.lstrip().startswith("/*"), f"{path.name} does not begin with its manual"


@pytest.mark.parametrize("library", PREFIX)
def test_square_roots_only_by_elementary_h(library: str) -> None:
    """A built-in square root becomes a call to the C library on a board without hardware for it."""
    for path in sources(library):
        code = re.sub(r"/\*.*?\*/", "", path.read_text(), flags=re.DOTALL)
        forbidden = set(re.findall(r"\b(__builtin_\w+|fma|malloc|free)\s*\(", code))
        if path.name == "elementary.h":
            forbidden -= {"__builtin_sqrt", "__builtin_fabs"}
        if path.name == "simd.c":
            forbidden -= {"__builtin_cpu_supports"}
        forbidden -= {"__builtin_assume_aligned", "__builtin_expect", "__builtin_unreachable"}
        assert not forbidden, f"{path.relative_to(NATIVE)} uses {sorted(forbidden)}"


@pytest.fixture(scope="module")
def symbols(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Symbols]]:
    """Symbols of each object of each library, compiled alone with the exact flags."""
    compiler, nm = shutil.which("cc"), shutil.which("nm")
    if compiler is None or nm is None:
        pytest.skip("needs cc and nm")
    result: dict[str, dict[str, Symbols]] = {}
    for library in PREFIX:
        folder = tmp_path_factory.mktemp(library)
        includes = [f"-I{NATIVE / name / 'include'}" for name in PREFIX]
        files = sorted((NATIVE / library / "src").glob("*.c"))
        subprocess.run([compiler, *FLAGS, *includes, "-c", *files], check=True, cwd=folder)
        result[library] = {p.name: symbols_of(nm, p) for p in sorted(folder.glob("*.o"))}
    return result


def symbols_of(nm: str, path: Path) -> Symbols:
    listing = subprocess.run([nm, path], check=True, capture_output=True, text=True).stdout
    found: Symbols = {}
    for line in listing.splitlines():
        kind, name = line.split()[-2:]
        found.setdefault(kind, set()).add(name)
    return found


def exported(objects: dict[str, Symbols]) -> set[str]:
    return {name for found in objects.values() for kind in "TR" for name in found.get(kind, ())}


@pytest.mark.parametrize(("library", "prefix"), PREFIX.items())
def test_exported_symbols_carry_their_prefix(
    symbols: dict[str, dict[str, Symbols]], library: str, prefix: str
) -> None:
    wrong = {name for name in exported(symbols[library]) if not name.startswith(prefix)}
    assert not wrong, f"exported without {prefix}: {sorted(wrong)}"


@pytest.mark.parametrize("library", PREFIX)
def test_no_global_data(symbols: dict[str, dict[str, Symbols]], library: str) -> None:
    for name, found in symbols[library].items():
        data = {n for kind in "DdBbCGgSs" for n in found.get(kind, ())}
        assert not data, f"{name} holds writable data: {sorted(data)}"


@pytest.mark.parametrize("library", PREFIX)
def test_nothing_of_the_c_library_is_called(
    symbols: dict[str, dict[str, Symbols]], library: str
) -> None:
    known = RUNTIME.union(*(exported(symbols[other]) for other in MEETS[library]))
    for name, found in symbols[library].items():
        asks = {"__cpu_model"} if name == "simd.o" else set()  # which vectors this processor has
        unknown = found.get("U", set()) - known - asks
        assert not unknown, f"{name} calls {sorted(unknown)}"
