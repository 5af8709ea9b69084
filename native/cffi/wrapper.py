"""Write the C wrapper of an extension from its joined cdef.

usage: wrapper.py MODULE CDEF PRELUDE OUTPUT [OTHER_MODULE OTHER_CDEF OTHER_PRELUDE]

With another module its types are types of this one as well: what the `ffi` of one has made, the
functions of the other take.
"""

import sys
from pathlib import Path

from cffi import FFI


def described(module: str, cdef: str, prelude: str, *others: FFI) -> FFI:
    ffi = FFI()
    for other in others:
        ffi.include(other)
    ffi.cdef(Path(cdef).read_text())
    ffi.set_source(module, prelude)
    return ffi


def main(module: str, cdef: str, prelude: str, output: str, *other: str) -> None:
    headers = [Path(path).read_text() for path in (*other[2:], prelude)]
    others = [described(*other)] if other else []
    described(module, cdef, "".join(headers), *others).emit_c_code(output)


if __name__ == "__main__":
    main(*sys.argv[1:])
