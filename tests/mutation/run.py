"""Mutation testing of the fault protection engine: does any test notice a small change?

    python tests/mutation/run.py              every mutant
    python tests/mutation/run.py --every 8    each eighth one
    python tests/mutation/run.py --only graph --verbose

Each mutant is imported in place of its module in a forked process, which then runs the tests until
one fails. Noted are: whether the graph-aware machines notice it, whether the same machines fed with
at least as many uniform random steps do, and, where the graph-aware ones did not, whether any unit
test of the engine does. Those listed in `equivalent.toml`, each with the reason why nobody can tell
it from the engine, are not counted. Exit status: 0 when at least 95 % of the others are killed,
else 1.
"""

import argparse
import importlib.abc
import importlib.util
import os
import resource
import sys
import time
import tomllib
import traceback
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import hypothesis
import numpy  # noqa: F401  what all tests import is imported once, before the forks
import pydantic  # noqa: F401
import pytest
from hypothesis import HealthCheck, Phase
from mutants import Mutant, mutants_of

import onboard.core._core

ROOT = Path(__file__).parents[2]
TESTS = ROOT / "tests"
MODULES = (
    "onboard.fault_protection.engine",
    "onboard.fault_protection.monitors",
    "onboard.fault_protection.responses",
    "onboard.fault_protection.expression",
    "onboard.modes.graph",
)
UNIT_TESTS = (
    "unit/test_expression.py",
    "unit/test_monitors.py",
    "unit/test_fault_engine_steps.py",
    "unit/test_fault_protection.py",
)
WANTED = 0.95
CPU_SECONDS = 60  # of one mutant and one set of tests; beyond it hangs
STAGES = ("uniform", "graph", "tests")

QUICK = hypothesis.settings(
    derandomize=True,
    database=None,
    deadline=None,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=list(HealthCheck),
)


class Result(NamedTuple):
    """What was found out about one mutant."""

    mutant: Mutant
    killed: frozenset[str]  # of STAGES

    @property
    def alive(self) -> bool:
        return not self.killed & {"graph", "tests"}


# ---------------------------------------------------------------- what a mutant must survive


def _machines(stage: str) -> None:
    machines = importlib.import_module("machines")
    for machine in machines.of(stage):
        hypothesis.stateful.run_state_machine_as_test(machine, settings=machines.BUDGET)


def _unit_tests() -> None:
    files = [str(TESTS / name) for name in UNIT_TESTS]
    unneeded = ("cacheprovider", "hypothesispytest", "benchmark", "xdist")
    options = ["-x", "-q", "--assert=plain", "--rootdir", str(ROOT), "-o", "addopts="]
    options += [f"-pno:{plugin}" for plugin in unneeded]
    assert pytest.main([*options, *files]) == 0


def _kills(stage: str) -> bool:
    try:
        _unit_tests() if stage == "tests" else _machines(stage)
    except BaseException:
        if os.environ.get("MUTATION_VERBOSE"):
            traceback.print_exc()
        return True
    return False


# ---------------------------------------------------------------- one mutant


class _Mutated(importlib.abc.MetaPathFinder, importlib.abc.InspectLoader):
    """Imports one module from a text."""

    def __init__(self, mutant: Mutant) -> None:
        self.mutant = mutant

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> Any:
        if name != self.mutant.module:
            return None
        return importlib.util.spec_from_loader(name, self)

    def get_source(self, name: str) -> str:
        return self.mutant.source

    def exec_module(self, module: ModuleType) -> None:
        exec(compile(self.mutant.source, self.mutant.name, "exec"), module.__dict__)


def examine(mutant: Mutant | None) -> Result | None:
    """Run all stages on a mutant (None: the engine itself) in a process of its own.

    The unit tests are asked only when the graph-aware machines have not noticed it. None when the
    mutant cannot be imported. A stage in which the process dies or hangs, and those after it, have
    noticed.
    """
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        _in_child(mutant, writing)
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as pipe:
        answers = pipe.read()
    os.waitpid(child, 0)
    if answers == "invalid":
        return None
    answers = answers.ljust(len(STAGES), "k")
    killed = {stage for stage, answer in zip(STAGES, answers, strict=True) if answer == "k"}
    return Result(mutant or Mutant("", "", 0, "", "", "", ""), frozenset(killed))


def _in_child(mutant: Mutant | None, pipe: int) -> None:
    used = resource.getrusage(resource.RUSAGE_SELF)
    seconds = int(used.ru_utime + used.ru_stime) + CPU_SECONDS
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 5))
    if not os.environ.get("MUTATION_VERBOSE"):
        silence = os.open(os.devnull, os.O_WRONLY)
        os.dup2(silence, 1)
        os.dup2(silence, 2)
    if mutant is not None:
        sys.meta_path.insert(0, _Mutated(mutant))
        try:
            importlib.import_module(mutant.module)
        except Exception:
            os.write(pipe, b"invalid")
            return
    killed = False
    for stage in STAGES:  # the unit tests come last and need not see what the machines have seen
        killed = (stage == "tests" and killed) or _kills(stage)
        os.write(pipe, b"k" if killed else b"-")


# ---------------------------------------------------------------- the whole run


def equivalents() -> dict[str, str]:
    """Names of mutants that no test can kill, with the reason."""
    with (Path(__file__).parent / "equivalent.toml").open("rb") as file:
        rows = tomllib.load(file)["mutant"]
    return {row["name"]: row["reason"] for row in rows}


def all_mutants(only: str) -> list[Mutant]:
    return [
        mutant
        for module in MODULES
        if only in module
        for mutant in mutants_of(
            module, (ROOT / Path(*module.split("."))).with_suffix(".py").read_text()
        )
    ]


def table(results: Sequence[Result], listed: dict[str, str]) -> str:
    """One row a module, one row for all: the share that each stage kills, and all together."""
    stages = STAGES[:-1]
    lines = [f"{'module':36} mutants equivalent {' '.join(f'{s:>14}' for s in stages)} all tests"]
    for module in (*MODULES, ""):
        rows = [r for r in results if module in r.mutant.module]
        counted = [r for r in rows if not r.alive or r.mutant.name not in listed]
        if counted:
            shares = [sum(s in r.killed for r in counted) / len(counted) for s in stages]
            every = sum(not r.alive for r in counted) / len(counted)
            figures = " ".join(f"{share:14.1%}" for share in shares)
            known = len(rows) - len(counted)
            lines.append(f"{module or 'all':36} {len(counted):7} {known:10} {figures} {every:9.1%}")
    return "\n".join(lines)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--every", type=int, default=1, help="take each N-th mutant only")
    parser.add_argument("--only", default="", help="modules whose name contains this")
    parser.add_argument("--verbose", action="store_true", help="a line for each mutant")
    options = parser.parse_args()
    sys.path[:0] = [str(TESTS), str(TESTS / "unit")]
    assert onboard.core._core
    sound = examine(None)
    if sound is None or sound.killed:
        print(f"the tests fail on the engine itself: {sound}", file=sys.stderr)
        return 1
    began, results, listed = time.monotonic(), [], equivalents()
    for mutant in all_mutants(options.only)[:: options.every]:
        result = examine(mutant)
        if result is None:
            continue
        results.append(result)
        if options.verbose:
            marks = " ".join(s if s in result.killed else "-" * len(s) for s in STAGES)
            print(f"{marks} {mutant.line:4} {mutant.name}", flush=True)
    survivors = [r for r in results if r.alive and r.mutant.name not in listed]
    for result in survivors:
        print(f"alive: line {result.mutant.line}: {result.mutant.name}")
    print(table(results, listed))
    operators = Counter(r.mutant.operator for r in results).most_common()
    print(f"{time.monotonic() - began:.0f} s;", ", ".join(f"{n} {name}" for name, n in operators))
    counted = len(results) - sum(r.alive and r.mutant.name in listed for r in results)
    return int(len(survivors) > (1.0 - WANTED) * counted)


if __name__ == "__main__":
    hypothesis.settings.register_profile("mutation", QUICK)
    hypothesis.settings.load_profile("mutation")
    sys.exit(main())
