"""Vision beside the libraries that people use: `make bench-vision`, or one task: `TASKS=hamming`.

Both sides of a task work on the same inputs by turns in one process, on one thread. A time is the
median of the CPU time of this thread over the turns; the ratio is of these medians.
"""

from __future__ import annotations

import importlib
import pkgutil
import sys
from pathlib import Path

FOLDER = Path(__file__).parent


def main(wanted: list[str]) -> None:
    sys.path[:0] = [str(FOLDER.parent), str(FOLDER.parents[1])]
    names = sorted(m.name for m in pkgutil.iter_modules([str(FOLDER)]) if m.name.startswith("of_"))
    for name in names:
        if not wanted or name.removeprefix("of_") in wanted:
            importlib.import_module(f"vision.{name}").main()


if __name__ == "__main__":
    main(sys.argv[1:])
