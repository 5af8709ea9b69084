"""Rates of crater identification without attitude and position: `make lost-views VIEWS=10000`.

Views of the catalogue of Head and Povilaitis (`lost_views.py`): altitude 100 to 500 km, any
roll, tilt to 20 deg or `--tilt`, field 60 deg, noise 1 px, 30 % of the craters missing and as many
spurious. Those with fewer than 12 craters visible are not drawn. What wrong is, and `--mirrored`:
`crater_campaign.py`.
"""

from __future__ import annotations

import argparse
import time

import numpy as np
from crater_campaign import Outcome, outcome, report, report_bound
from crater_views import Craters, head_povilaitis
from lost_views import CAMERA, lost_identifier, lost_scene, mirrored

from onboard.core.vision.lost import LostIdentifier


def search(
    craters: Craters, identifier: LostIdentifier, seeds: range, tilt_deg: float = 20.0
) -> list[Outcome]:
    outcomes = []
    for seed in seeds:
        shown = lost_scene(craters, seed, tilt_deg)
        start = time.thread_time_ns()
        fix = identifier.identify(CAMERA, shown.ellipses)
        outcomes.append(outcome(seed, shown, fix, (time.thread_time_ns() - start) * 1e-6))
    return outcomes


def report_lost(outcomes: list[Outcome]) -> None:
    report(outcomes)
    print(f"  95 %: {np.percentile([o.cpu_ms for o in outcomes], 95):.2f} ms", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--views", type=int, default=1000)
    parser.add_argument("--first-seed", type=int, default=1_000_000)
    parser.add_argument("--tilt", type=float, default=20.0, metavar="DEG")
    parser.add_argument("--mirrored", action="store_true")
    options = parser.parse_args()
    craters = head_povilaitis()
    identifier = lost_identifier(craters)
    shown = mirrored(craters) if options.mirrored else craters
    outcomes: list[Outcome] = []
    for first in range(options.first_seed, options.first_seed + options.views, 1000):
        last = min(first + 1000, options.first_seed + options.views)
        outcomes += search(shown, identifier, range(first, last), options.tilt)
        if options.mirrored:
            report_bound(outcomes)
        else:
            report_lost(outcomes)


if __name__ == "__main__":
    main()
