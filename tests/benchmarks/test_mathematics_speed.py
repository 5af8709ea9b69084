"""What a call of the core costs: `make bench`, or pytest -s --benchmark-enable tests/benchmarks.

The elementary functions are timed in C, beside the C library's, because a call through the wrapper
costs more than they do.
"""

import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from onboard.core._core import ffi, lib

NATIVE = Path(__file__).parents[2] / "native"
SOURCES = [
    NATIVE / "tests/time_elementary.c",
    NATIVE / "core/src/elementary.c",
    NATIVE / "core/src/sqrt.c",
]
FLAGS = ["-std=c11", "-O2", "-ffp-contract=off", "-fno-math-errno"]


def doubles(*values: float) -> Any:
    return ffi.new("double[]", list(values))


def calls() -> dict[str, tuple[Any, ...]]:
    """A bound function that does little, and its arguments, of each module."""
    site, corridor = ffi.new("ob_site *"), ffi.new("ob_corridor *")
    camera, gate, limits = ffi.new("ob_camera *"), ffi.new("ob_gate *"), ffi.new("ob_gate_limits *")
    grid, ud = ffi.new("ob_terrain_map *"), ffi.new("ob_ud *")
    camera.focal_px = 549.0
    lib.ob_ud_init(ud, doubles(*[1.0] * lib.OB_UD_STATES))
    lib.ob_site_init(site, 1.0559, -0.0803, -2500.0)
    lib.ob_corridor_init(corridor, 1.0559, -0.0803, 0.3)
    r, q, out = doubles(9e5, -7e4, 1.5e6), doubles(0.8, 0.0, 0.6, 0.0), doubles(*[0.0] * 9)
    return {
        "elementary": (lib.ob_sin, 0.5),
        "vector": (lib.ob_v3_cross, out, r, q),
        "quaternion": (lib.ob_q_rotate, out, q, r),
        "frame.site": (lib.ob_site_from_mcmf, site, r, out),
        "frame.corridor": (lib.ob_corridor_from_mcmf, corridor, r, out),
        "gravity": (lib.ob_gravity_mcmf, r, out),
        "camera": (lib.ob_camera_project, camera, r, out),
        "gate": (lib.ob_gate_watch, gate, limits, 10**9, 1),
        "strapdown": (lib.ob_strapdown_gravity, site, r, out),
        "terrain_map": (lib.ob_map_height_m, grid, 100.0, 200.0, out),
        "ud": (lib.ob_ud_variance, ud, doubles(*[1.0] * lib.OB_UD_STATES)),
        "hash": (lib.ob_hash_f64s, 1, out, 9),
    }


@pytest.mark.parametrize("module", calls())
def test_wrapper(benchmark: BenchmarkFixture, module: str) -> None:
    function, *arguments = calls()[module]
    benchmark(function, *arguments)


def test_elementary_beside_the_c_library(benchmark: BenchmarkFixture, tmp_path: Path) -> None:
    compiler = shutil.which("cc")
    if compiler is None:
        pytest.skip("needs a C compiler")
    program = tmp_path / "time_elementary"
    include = f"-I{NATIVE / 'core/include'}"
    subprocess.run([compiler, *FLAGS, include, *SOURCES, "-lm", "-o", program], check=True)
    run = benchmark.pedantic(
        subprocess.run, ([program],), {"check": True, "capture_output": True, "text": True}
    )
    print(run.stdout)  # pytest -s shows it
    assert "sqrt_soft" in run.stdout
