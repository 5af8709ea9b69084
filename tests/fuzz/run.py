"""Fuzz for longer than the tests do, and print what came of it.

    python tests/fuzz/run.py                      a million inputs
    python tests/fuzz/run.py --inputs 20000 --seed 7 --only images

Ends with a traceback, and the seed that leads to it, where an input got another answer than
a clear one.
"""

import argparse
import sys
import time
from collections import Counter
from itertools import islice
from pathlib import Path
from random import Random

sys.path[:0] = [str(Path(__file__).parents[1])]

from fuzzers import FUZZERS  # noqa: E402


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--inputs", type=int, default=1_000_000, help="in total")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", default="", help="fuzzers whose name contains this")
    options = parser.parse_args()
    total, spent_s = 0, 0.0
    for name, (fuzzer, share) in FUZZERS.items():
        if options.only not in name:
            continue
        began = time.process_time()
        inputs = fuzzer(Random(f"{name} {options.seed}"))
        outcomes = Counter(islice(inputs, options.inputs * share // 1000))
        told = ", ".join(f"{count} {outcome}" for outcome, count in outcomes.most_common())
        seconds = time.process_time() - began
        print(f"{name}: {_rate(outcomes.total(), seconds)}: {told}", flush=True)
        total, spent_s = total + outcomes.total(), spent_s + seconds
    print(f"all: {_rate(total, spent_s)}, seed {options.seed}")
    print("no crash, no hang, no promise broken")


def _rate(inputs: int, seconds: float) -> str:
    return f"{inputs} inputs in {seconds:.0f} s of a processor, {inputs / seconds:.0f} a second"


if __name__ == "__main__":
    main()
