"""Rates of crater identification over many views: `make crater-views VIEWS=10000`.

Views of the catalogue of Head and Povilaitis (`crater_views.py`): altitude 100 to 500 km, tilt to
20 deg, field 60 deg, attitude wrong by up to 5 deg, noise 0.1 to 6 px, up to half of the craters
missing and up to half as many spurious. Those with fewer than 12 craters visible are not drawn.

A fix is wrong when the position is off by more than a tenth of the altitude or less than half of
its matches are right. `--mirrored` shows the craters of a Moon mirrored east to west, which are
nowhere in the catalogue: every fix is wrong, and the share of fixes whose stated chance is below
some limit tells whether that bound holds.
"""

from __future__ import annotations

import argparse
import itertools
import time
from dataclasses import dataclass

import numpy as np
from crater_views import Craters, Scene, head_povilaitis, pose_error, scene

from onboard.core.vision.crater_index import build_index
from onboard.core.vision.craters import CraterFix, CraterIdentifier, CraterIndex

VISIBLE_MIN = 12
REAL_LIMITS = (0, 8, 16, 32, 10000)  # of craters detected


@dataclass(frozen=True)
class Outcome:
    seed: int
    found: bool
    wrong: bool
    real: int  # detections that are craters
    noise_px: float
    cpu_ms: float
    nees: float  # per degree of freedom
    position_m: float
    right: float  # share of the matches
    log10_chance: float
    has_pose: bool


def outcome(seed: int, shown: Scene, fix: CraterFix, cpu_ms: float) -> Outcome:
    error = pose_error(shown, fix.position_mcmf_m, fix.q_camera_from_mcmf)
    off = float(np.linalg.norm(error[3:]))
    matched = fix.rows >= 0
    right = float((fix.rows == shown.rows)[matched].mean()) if matched.any() else 0.0
    nees = float(error @ np.linalg.solve(fix.covariance, error)) / 6.0 if fix.found else np.nan
    return Outcome(
        seed=seed,
        found=fix.found,
        wrong=fix.found and (off > 0.1 * shown.altitude_m or right < 0.5),
        real=int((shown.rows >= 0).sum()),
        noise_px=shown.noise_px,
        cpu_ms=cpu_ms,
        nees=nees,
        position_m=off,
        right=right,
        log10_chance=fix.log10_chance,
        has_pose=fix.found or fix.status == "could be chance",
    )


def fly(craters: Craters, identifier: CraterIdentifier, seeds: range) -> list[Outcome]:
    outcomes = []
    for seed in seeds:
        shown = scene(craters, seed, visible_min=VISIBLE_MIN)
        start = time.thread_time_ns()
        fix = identifier.identify(shown.view, shown.ellipses)
        outcomes.append(outcome(seed, shown, fix, (time.thread_time_ns() - start) * 1e-6))
    return outcomes


def report(outcomes: list[Outcome]) -> None:
    found = [o for o in outcomes if o.found]
    wrong = [o.seed for o in outcomes if o.wrong]
    times = np.percentile([o.cpu_ms for o in outcomes], [50, 99, 99.9, 100])
    print(
        f"{len(outcomes)} views: solved {(len(found) - len(wrong)) / len(outcomes):.2%}, wrong "
        f"{len(wrong)} {wrong[:8]}, refused {1.0 - len(found) / len(outcomes):.2%}; CPU ms median "
        f"{times[0]:.2f}, 99 % {times[1]:.2f}, 99.9 % {times[2]:.2f}, most {times[3]:.1f}"
    )
    if found:
        print(
            f"  NEES mean {np.mean([o.nees for o in found]):.3f}, position off by "
            f"{np.median([o.position_m for o in found]):.0f} m (median), "
            f"{np.mean([o.right for o in found]):.2%} of the matches right"
        )
    for low, high in itertools.pairwise(REAL_LIMITS):
        own = [o for o in outcomes if low <= o.real < high]
        if own:
            share = sum(o.found and not o.wrong for o in own) / len(own)
            print(f"  {low} to {high - 1} craters detected: {len(own)} views, solved {share:.2%}")
    for low in range(0, 6, 2):
        nees = [o.nees for o in found if low <= o.noise_px < low + 2]
        if nees:
            print(f"  noise {low} to {low + 2} px: NEES mean {np.mean(nees):.3f}")


def report_bound(outcomes: list[Outcome]) -> None:
    for limit in (-0.5, -1.0, -1.5, -2.0, -3.0, -4.0, -5.0):
        count = sum(o.has_pose and o.log10_chance <= limit for o in outcomes)
        print(f"  stated chance below 10^{limit}: {count} of {len(outcomes)}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--views", type=int, default=1000)
    parser.add_argument("--first-seed", type=int, default=1_000_000)
    parser.add_argument("--mirrored", action="store_true")
    options = parser.parse_args()
    craters = head_povilaitis()
    index = build_index(craters.longitude_deg, craters.latitude_deg, craters.radius_m)
    identifier = CraterIdentifier(CraterIndex(index))
    shown = craters
    if options.mirrored:
        shown = Craters(-craters.longitude_deg, craters.latitude_deg, craters.radius_m)
    outcomes: list[Outcome] = []
    for first in range(options.first_seed, options.first_seed + options.views, 1000):
        last = min(first + 1000, options.first_seed + options.views)
        outcomes += fly(shown, identifier, range(first, last))
        if options.mirrored:
            report_bound(outcomes)
        else:
            report(outcomes)


if __name__ == "__main__":
    main()
