"""Who may import whom: the rules of docs/architecture.md, walked over every Python import."""

import ast
from collections.abc import Iterable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FLIGHT_BANS = [
    "hil", "time", "datetime", "random", "secrets", "uuid", "numpy.random", "threading", "_thread",
    "asyncio", "multiprocessing", "select", "socket", "serial", "importlib.import_module", "scipy",
]  # fmt: skip
FILE_MODULES = ["io", "os", "pathlib", "shutil", "tempfile", "mmap"]
GROUND_TOOLS = [
    "onboard.__main__",
    "onboard.cli",
    "onboard.core.vision.crater_index",
    "onboard.core.vision.quad_index",
    "onboard.fault_protection.diagrams",
    "onboard.program",
]
GNC = ["onboard.sensors", "onboard.navigation", "onboard.guidance", "onboard.control"]
ON_THE_BUS = ["messages", "ports", "products", "bus", "core"]
DECIDERS = ["onboard.modes", "onboard.fault_protection"]


def imports_of(source: str, module: str, is_package: bool = False) -> set[str]:
    """Names imported anywhere in a module: `a.b`; `a.b` and `a.b.c` for `from a.b import c`."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            package = module.split(".")[: len(module.split(".")) - node.level + is_package]
            base = ".".join([*(package if node.level else []), *filter(None, [node.module])])
            found |= {base} | {f"{base}.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.Call) and ast.unparse(node.func) == "__import__":
            found.add("importlib.import_module")
    return found


def modules(package: str) -> dict[str, set[str]]:
    """Imports of each module below a package, by the module's name."""
    result = {}
    for path in sorted((ROOT / package.replace(".", "/")).rglob("*.py")):
        parts = list(path.relative_to(ROOT).with_suffix("").parts)
        is_package = parts[-1] == "__init__"
        name = ".".join(parts[:-1] if is_package else parts)
        result[name] = imports_of(path.read_text(), name, is_package)
    return result


def within(name: str, packages: Iterable[str]) -> bool:
    return any(name == p or name.startswith(p + ".") for p in packages)


def assert_no(imports: dict[str, set[str]], banned: Iterable[str], reason: str) -> None:
    wrong = [
        f"{module} imports {name}"
        for module, names in imports.items()
        for name in sorted(names)
        if within(name, banned)
    ]
    assert not wrong, f"{reason}: {'; '.join(wrong)}"


ONBOARD, HIL = modules("onboard"), modules("hil")
FLIGHT = {name: names for name, names in ONBOARD.items() if not within(name, GROUND_TOOLS)}


def test_flight_code_sees_no_emulator_clock_chance_or_wire() -> None:
    assert_no(FLIGHT, FLIGHT_BANS, "flight code")


def test_the_emulator_is_not_needed_on_board() -> None:
    """Nor by the ground tools beside the flight software: `hil` adds its commands to theirs."""
    assert_no(ONBOARD, ["hil"], "onboard stands alone")


def test_flight_code_does_not_use_ground_tools() -> None:
    assert_no(FLIGHT, GROUND_TOOLS, "ground tools stay on the ground")


def test_files_only_in_storage_and_dictionary() -> None:
    allowed = ["onboard.services.storage", "onboard.dictionary"]
    elsewhere = {name: names for name, names in FLIGHT.items() if not within(name, allowed)}
    assert_no(elsewhere, FILE_MODULES, "files only in services/storage and dictionary")
    for name in elsewhere:
        path = ROOT / (name.replace(".", "/") + ".py")
        calls = ast.walk(ast.parse(path.read_text() if path.exists() else ""))
        opened = [n for n in calls if isinstance(n, ast.Call) and ast.unparse(n.func) == "open"]
        assert not opened, f"{name} opens a file"


@pytest.mark.parametrize("package", GNC)
def test_gnc_meets_on_the_bus(package: str) -> None:
    allowed = [package, *(f"onboard.{name}" for name in ON_THE_BUS)]
    for module, names in modules(package).items():
        wrong = {n for n in names if within(n, ["onboard"]) and not within(n, allowed)} - {
            "onboard"
        }
        assert not wrong, f"{module} imports {sorted(wrong)}; it may import only {allowed}"


@pytest.mark.parametrize("package", DECIDERS)
def test_modes_and_fault_protection_see_gnc_only_as_bus_values(package: str) -> None:
    assert_no(modules(package), GNC, "only by way of the bus")


def test_the_fault_engine_is_pure() -> None:
    impure = ["onboard.bus", "onboard.services", "onboard.executive", "onboard.core"]
    for module in ("engine", "expression", "monitors", "responses", "actions"):
        name = f"onboard.fault_protection.{module}"
        assert_no({name: ONBOARD[name]}, impure, "step(state, inputs) -> state, actions")


def test_only_the_bench_imports_vehicles() -> None:
    users = {**ONBOARD, **HIL}
    others = {
        name: names
        for name, names in users.items()
        if not within(name, ["hil.bench", "onboard.vehicles"])
    }
    assert_no(others, ["onboard.vehicles"], "vehicle and emulator meet in hil/bench")


@pytest.mark.parametrize("package", ["hil.world", "hil.plant", "hil.instruments"])
def test_the_emulator_knows_no_flight_algorithm(package: str) -> None:
    assert_no(modules(package), [*GNC, *DECIDERS], "the emulator emulates")


@pytest.mark.parametrize(
    ("source", "module", "expected"),
    [
        ("import time", "a.b", {"time"}),
        ("def f():\n    from os import path", "a.b", {"os", "os.path"}),
        ("from . import c", "a.b", {"a", "a.c"}),
        ("from .c import d", "a.b", {"a.c", "a.c.d"}),
        ("from onboard import modes as m", "a.b", {"onboard", "onboard.modes"}),
        ("m = __import__('time')", "a.b", {"importlib.import_module"}),
    ],
)
def test_imports_are_found(source: str, module: str, expected: set[str]) -> None:
    assert imports_of(source, module) == expected


def test_a_package_resolves_its_own_relative_imports() -> None:
    assert imports_of("from .c import d", "a", is_package=True) == {"a.c", "a.c.d"}


def test_a_violation_is_reported() -> None:
    with pytest.raises(AssertionError, match=r"onboard\.x imports hil\.plant"):
        assert_no({"onboard.x": {"hil.plant"}}, FLIGHT_BANS, "flight code")
