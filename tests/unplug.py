"""`make unplug`: a flight during which the plug of the board is pulled and put back many times."""

from __future__ import annotations

import argparse
import random
import sys
import time

import board_setup

from hil import scenario as scenarios
from hil.bench.processor import Processor

LAST_TICKS = {"rover_square": 45_000, "frigoris_final": 5_000}
"""The plug is pulled up to this tick: each of them flies on for longer."""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("scenario", choices=LAST_TICKS)
    parser.add_argument("--board", default="posix")
    parser.add_argument("--pulls", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    scenario, _ = scenarios.load(scenarios.find(given.scenario))
    last = LAST_TICKS[given.scenario]
    ticks = set(random.Random(given.seed).sample(range(1, last), given.pulls))

    def pull(processor: Processor, tick: int) -> None:
        processor.talk.may_return = given.pulls
        if tick in ticks and processor.emulated is not None:
            processor.emulated.replug()

    start = time.monotonic()
    result = board_setup.flown(scenario, given.seed, given.board, pull)
    returns = result.line["returns"] if result.line else 0
    print(
        f"{scenario.name} on {given.board}: {returns} returns in {result.board_ticks} ticks, "
        f"same bits {result.same_bits}, {result.verdict}, {time.monotonic() - start:.0f} s"
    )
    for line in result.failed_expectations:
        print(line)
    return 0 if result.verdict == "passed" and returns == given.pulls else 1


if __name__ == "__main__":
    sys.exit(main())
