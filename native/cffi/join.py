"""Join the cdef of each C module into one, and write the prelude that includes their headers.

usage: join.py PREFIX JOINED_CDEF PRELUDE CDEF...

They are joined in name order; those that begin with an underscore come first, so a module whose
types others use is named `_name.cdef.h`, and those that end with one come last: `name_.cdef.h` uses
types of all the others.
"""

import sys
from pathlib import Path


def main(prefix: str, joined: str, prelude: str, *cdefs: str) -> None:
    paths = {Path(c).name.removesuffix(".cdef.h"): Path(c) for c in cdefs}
    order = sorted(paths, key=lambda n: (not n.startswith("_"), n.endswith("_"), n))
    Path(joined).write_text("\n".join(paths[name].read_text() for name in order))
    names = [name.strip("_") for name in order]
    Path(prelude).write_text("".join(f'#include "{prefix}/{name}.h"\n' for name in names))


if __name__ == "__main__":
    main(*sys.argv[1:])
