"""Elementary functions against mpmath: at most 1 ulp over the working range, and edges by C11."""

import importlib.util
import itertools
import math
import random
import re
import struct
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import pytest
from mpmath import mp, mpf

from onboard.core._core import lib

ROOT = Path(__file__).parents[2]
SAMPLES = 6000
Arguments = Callable[[random.Random], float]


def any_double(r: random.Random) -> float:
    x = math.nan
    while not math.isfinite(x):
        (x,) = struct.unpack("<d", r.randbytes(8))
    return x


def near_multiple_of_half_pi(r: random.Random) -> float:
    with mp.workprec(200):
        x = float(r.randrange(-600_000, 600_000) * mp.pi / 2)
    return r.choice([x, math.nextafter(x, math.inf), x * (1 + 1e-9)])


def angle(r: random.Random) -> float:
    kind = r.randrange(6)
    if kind == 0:
        return near_multiple_of_half_pi(r)
    if kind == 1:
        return r.choice([-1, 1]) * 10 ** r.uniform(-320, 5)
    return r.uniform(-1, 1) * [1, 10, 1e5, 1e6][kind - 2]


def cosine(r: random.Random) -> float:
    sign = r.choice([-1, 1])
    small = 10 ** r.uniform(-16, 0)
    return sign * r.choice([r.random(), 1 - small, small, r.uniform(0.49, 0.51)])


def exponent(r: random.Random) -> float:
    small = r.choice([-1, 1]) * 10 ** r.uniform(-20, 0)
    return r.choice([r.uniform(-745, 709.78), r.uniform(-745, -707), r.uniform(-1, 1), small])


def positive(r: random.Random) -> float:
    near_one = 1 + r.uniform(-1, 1) * 10 ** r.uniform(-15, -1)
    subnormal = 5e-324 * r.randrange(1, 2**51)
    return r.choice([abs(any_double(r)) or 1.0, near_one, subnormal, r.uniform(0.25, 4)])


def ulps(got: float, reference: mpf) -> float:
    """Distance in units in the last place of the correctly rounded result."""
    rounded = float(reference)
    if rounded == 0 or math.isinf(rounded):
        return 0.0 if got == rounded else math.inf
    return float(abs(mpf(got) - reference) / mpf(math.ulp(rounded)))


ONE_ARGUMENT: list[tuple[str, Arguments]] = [
    ("sin", angle),
    ("cos", angle),
    ("tan", angle),
    ("asin", cosine),
    ("acos", cosine),
    ("exp", exponent),
    ("log", positive),
]


@pytest.mark.parametrize(("name", "argument"), ONE_ARGUMENT, ids=[n for n, _ in ONE_ARGUMENT])
def test_within_one_ulp(name: str, argument: Arguments) -> None:
    function, reference = getattr(lib, f"ob_{name}"), getattr(mp, name)
    source = random.Random(name)
    with mp.workprec(200):
        errors = [
            (ulps(function(x), reference(mpf(x))), x)
            for x in (argument(source) for _ in range(SAMPLES))
        ]
    worst, at = max(errors)
    print(f"{name}: at most {worst:.3f} ulp, at {at!r}")
    assert worst <= 1.0, (name, at)


def points(r: random.Random) -> Iterator[tuple[float, float]]:
    for _ in range(SAMPLES):
        yield any_double(r), any_double(r)
        yield r.uniform(-1, 1), r.uniform(-1, 1)
        yield r.uniform(-1, 1) * 10 ** r.uniform(-6, 6), 1.0
        yield r.randrange(-9, 10) * 5e-324, r.randrange(1, 99) * 5e-324
        yield (k := r.choice([0.25, 0.375, 0.625, 0.875, 1.0])) * (1 + 1e-15 * r.random()), k


def test_atan2_within_one_ulp() -> None:
    with mp.workprec(200):
        errors = [
            (ulps(lib.ob_atan2(y, x), mp.atan2(mpf(y), mpf(x))), y, x)
            for y, x in points(random.Random(5))
        ]
    worst, *at = max(errors)
    print(f"atan2: at most {worst:.3f} ulp, at {at!r}")
    assert worst <= 1.0, at


def same(a: float, b: float) -> bool:
    return (math.isnan(a) and math.isnan(b)) or (
        a == b and math.copysign(1, a) == math.copysign(1, b)
    )


MAGNITUDES = [0.0, 5e-324, 1.0, 1.7e308, math.inf]
SPECIAL = [math.nan, *MAGNITUDES, *(-m for m in MAGNITUDES)]


@pytest.mark.parametrize(("y", "x"), list(itertools.product(SPECIAL, SPECIAL)))
def test_atan2_at_zeros_and_infinities_follows_annex_f(y: float, x: float) -> None:
    expected = math.atan2(y, x)  # CPython follows C11 Annex F.10.1.4 by itself, case by case
    got = lib.ob_atan2(y, x)
    assert same(got, expected) or (got != 0 and abs(got - expected) <= math.ulp(expected))


@pytest.mark.parametrize("name", ["sin", "tan", "asin"])
@pytest.mark.parametrize("zero", [0.0, -0.0])
def test_odd_functions_keep_the_sign_of_zero(name: str, zero: float) -> None:
    assert same(getattr(lib, f"ob_{name}")(zero), zero)


@pytest.mark.parametrize(
    ("name", "x", "expected"),
    [
        ("sin", math.inf, math.nan),
        ("cos", -math.inf, math.nan),
        ("tan", 1.0000001e6, math.nan),
        ("asin", 1.0000000000000002, math.nan),
        ("acos", -1.0000000000000002, math.nan),
        ("acos", 1.0, 0.0),
        ("exp", math.inf, math.inf),
        ("exp", -math.inf, 0.0),
        ("exp", 709.79, math.inf),
        ("exp", -745.2, 0.0),
        ("exp", 0.0, 1.0),
        ("log", 0.0, -math.inf),
        ("log", -0.0, -math.inf),
        ("log", -5e-324, math.nan),
        ("log", math.inf, math.inf),
        ("log", 1.0, 0.0),
    ],
)
def test_edges(name: str, x: float, expected: float) -> None:
    assert same(getattr(lib, f"ob_{name}")(x), expected)


@pytest.mark.parametrize("name", ["sin", "cos", "tan", "asin", "acos", "exp", "log", "sqrt_soft"])
def test_nan_in_nan_out(name: str) -> None:
    assert math.isnan(getattr(lib, f"ob_{name}")(math.nan))


def test_soft_square_root_is_correctly_rounded() -> None:
    source = random.Random(8)
    for _ in range(20 * SAMPLES):
        x = abs(any_double(source))
        assert lib.ob_sqrt_soft(x) == math.sqrt(x) == lib.ob_sqrt(x)


def derivation() -> ModuleType:
    path = ROOT / "docs/decisions/elementary_coefficients.py"
    spec = importlib.util.spec_from_file_location("elementary_coefficients", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    with mp.workprec(mp.prec):  # the script sets its own
        spec.loader.exec_module(module)
    return module


def test_source_holds_the_derived_coefficients() -> None:
    source = (ROOT / "native/core/src/elementary.c").read_text()
    written = {float(t) for t in re.findall(r"-?\b\d+\.\d+(?:e-?\d+)?", source)}
    written |= {float.fromhex(t) for t in re.findall(r"-?0x1?\.?\w+p[+-]\d+", source)}
    script = derivation()
    with mp.workprec(240):
        tables, constants = script.tables(), script.constants()
    for name, coefficients in tables.items():
        missing = [c for c in coefficients if c not in written and -c not in written]
        assert not missing, f"{name}: not in elementary.c: {missing}"
    missing = [n for n, value in constants.items() if value not in written]
    assert not missing, f"not in elementary.c: {missing}"
