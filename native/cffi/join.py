"""Join the cdef of each C module into one, and write the prelude that includes their headers.

usage: join.py PREFIX JOINED_CDEF PRELUDE CDEF...

`messages.cdef.h` and the other cdefs are joined in name order after those that begin with an
underscore, so a module whose types others use is named `_name.cdef.h`.
"""

import sys
from pathlib import Path


def main(prefix: str, joined: str, prelude: str, *cdefs: str) -> None:
    paths = sorted((Path(c) for c in cdefs), key=lambda p: (not p.name.startswith("_"), p.name))
    Path(joined).write_text("\n".join(p.read_text() for p in paths))
    names = [p.name.removesuffix(".cdef.h").removeprefix("_") for p in paths]
    Path(prelude).write_text("".join(f'#include "{prefix}/{name}.h"\n' for name in names))


if __name__ == "__main__":
    main(*sys.argv[1:])
