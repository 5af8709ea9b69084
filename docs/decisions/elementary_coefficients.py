"""Derive the polynomial coefficients of native/core/src/elementary.c.

Each polynomial is the minimax approximation (Remez's exchange algorithm, Remez 1934; the linear
step as in Muller, Elementary Functions, 3rd ed. 2016, section 3.6) of a smooth remainder, weighted
by its effect on the final value, and its coefficients are then rounded to double. Run it to print
the tables; `tests/differential/test_elementary.py` checks that they are those in the C source.

usage: python docs/decisions/elementary_coefficients.py
"""

from collections.abc import Callable
from typing import NamedTuple

from mpmath import mp, mpf

Function = Callable[[mpf], mpf]
mp.prec = 240


class Approximation(NamedTuple):
    """A remainder to approximate by a polynomial in z on [low, high].

    `weight(z)` times the polynomial's error is the relative error of the elementary function.
    """

    name: str
    remainder: Function
    weight: Function
    low: mpf
    high: mpf
    terms: int


def remez(a: Approximation) -> tuple[list[mpf], mpf]:
    """Coefficients (lowest order first) and the levelled weighted error."""
    count = a.terms + 1
    middle, half = (a.high + a.low) / 2, (a.high - a.low) / 2
    points = [middle - half * mp.cos(mp.pi * (2 * i + 1) / (2 * count)) for i in range(count)]
    for _ in range(12):
        rows = [
            [z**k for k in range(a.terms)] + [(-1) ** i / a.weight(z)] for i, z in enumerate(points)
        ]
        solution = mp.lu_solve(mp.matrix(rows), mp.matrix([a.remainder(z) for z in points]))
        coefficients, level = list(solution[: a.terms]), abs(solution[a.terms])

        def error(z: mpf, c: list[mpf] = coefficients) -> mpf:
            return a.weight(z) * (mp.fsum(ck * z**k for k, ck in enumerate(c)) - a.remainder(z))

        grid = [middle - half * mp.cos(mp.pi * i / (24 * count)) for i in range(24 * count + 1)]
        values = [error(z) for z in grid]
        points = extrema(grid, values, count)
        worst = max(abs(v) for v in values)
        if worst < level * mpf("1.001"):
            break
    return coefficients, worst


def extrema(grid: list[mpf], values: list[mpf], count: int) -> list[mpf]:
    """The largest point of each run of one sign; the `count` consecutive ones that matter."""
    peaks: list[tuple[mpf, mpf]] = []
    for z, value in zip(grid, values, strict=True):
        if peaks and mp.sign(value) == mp.sign(peaks[-1][1]):
            if abs(value) > abs(peaks[-1][1]):
                peaks[-1] = (z, value)
        else:
            peaks.append((z, value))
    while len(peaks) > count:
        peaks.pop(0 if abs(peaks[0][1]) < abs(peaks[-1][1]) else -1)
    assert len(peaks) == count, (len(peaks), count)
    return [z for z, _ in peaks]


def series(f: Function, limit: mpf) -> Function:
    """`f`, with its limit where it is 0/0."""
    return lambda z: limit if abs(z) < mpf("1e-20") else f(z)


SIN = Approximation(
    "SIN",  # sin r = r + r z P(z), z = r r
    series(lambda z: (mp.sin(mp.sqrt(z)) / mp.sqrt(z) - 1) / z, mpf(-1) / 6),
    lambda z: z + mpf("1e-9"),  # never quite 0
    mpf(0),
    mpf(1) / 64 * mpf("1.0001"),
    4,
)
COS = Approximation(
    "COS",  # cos r = 1 - z/2 + z z P(z)
    series(lambda z: (mp.cos(mp.sqrt(z)) - 1 + z / 2) / z**2, mpf(1) / 24),
    lambda z: (z**2 + mpf("1e-9")) / mp.cos(mp.sqrt(z)),
    mpf(0),
    mpf(1) / 64 * mpf("1.0001"),
    3,
)
ATAN = Approximation(
    "ATAN",  # atan r = r + r z P(z)
    series(lambda z: (mp.atan(mp.sqrt(z)) / mp.sqrt(z) - 1) / z, mpf(-1) / 3),
    lambda z: z + mpf("1e-9"),  # never quite 0
    mpf(0),
    mpf(1) / 16 * mpf("1.0001"),
    8,
)
ASIN = Approximation(
    "ASIN",  # asin r = r + r z P(z)
    series(lambda z: (mp.asin(mp.sqrt(z)) / mp.sqrt(z) - 1) / z, mpf(1) / 6),
    lambda z: z + mpf("1e-9"),  # never quite 0
    mpf(0),
    mpf(1) / 4,
    13,
)
EXP = Approximation(
    "EXP",  # exp r = 1 + r + r r P(r)
    series(lambda r: (mp.exp(r) - 1 - r) / r**2, mpf(1) / 2),
    lambda r: (mp.log(2) / 2) ** 2 / mp.exp(r),  # the largest r r: it vanishes at 0
    -mp.log(2) / 2 * mpf("1.0001"),
    mp.log(2) / 2 * mpf("1.0001"),
    11,
)
LOG = Approximation(
    "LOG",  # log((1+s)/(1-s)) = 2 s + s z P(z), z = s s
    series(lambda z: (2 * mp.atanh(mp.sqrt(z)) / mp.sqrt(z) - 2) / z, mpf(2) / 3),
    lambda z: z + mpf("1e-9"),  # never quite 0
    mpf(0),
    (3 - 2 * mp.sqrt(2)) ** 2 * mpf("1.0001"),
    7,
)
ALL = [SIN, COS, ATAN, ASIN, EXP, LOG]


def constants() -> dict[str, float]:
    """Constants split so that the leading parts times a small integer are exact."""

    def head(x: mpf, bits: int) -> mpf:
        scale = mpf(2) ** (bits - 1 - mp.floor(mp.log(abs(x), 2)))
        return mp.floor(x * scale) / scale

    half_pi = mp.pi / 2
    first = head(half_pi, 33)
    second = head(half_pi - first, 33)
    third = head(half_pi - first - second, 33)
    ln2_head = head(mp.log(2), 38)
    result = {
        "HALF_PI_1": first,
        "HALF_PI_2": second,
        "HALF_PI_3": third,
        "HALF_PI_4": half_pi - first - second - third,
        "TWO_OVER_PI": 2 / mp.pi,
        "LN2_HIGH": ln2_head,
        "LN2_LOW": mp.log(2) - ln2_head,
        "ONE_OVER_LN2": 1 / mp.log(2),
    }
    add_pair(result, "HALF_PI", half_pi)
    for k in range(5):
        add_pair(result, f"ATAN_{k}", mp.atan(mpf(k) / 4))
    for k in range(7):
        add_pair(result, f"SIN_{k}", mp.sin(mpf(k) / 8))
        add_pair(result, f"COS_{k}", mp.cos(mpf(k) / 8))
    return {name: float(value) for name, value in result.items()}


def add_pair(result: dict[str, mpf], name: str, value: mpf) -> None:
    """`value` as a double and what that double leaves."""
    result[f"{name}_HIGH"] = mpf(float(value))
    result[f"{name}_LOW"] = value - mpf(float(value))


def tables() -> dict[str, list[float]]:
    """Coefficients of each polynomial, rounded to double, lowest order first."""
    return {a.name: [float(c) for c in remez(a)[0]] for a in ALL}


if __name__ == "__main__":
    for name, value in constants().items():
        print(f"{name} {value.hex()}  /* {value!r} */")
    for a in ALL:
        coefficients, worst = remez(a)
        print(f"{a.name}: relative error 2^{float(mp.log(worst, 2)):.1f}")
        print(",\n".join(f"    {float(c)!r}" for c in coefficients))
