"""The OpenCVs to compare with: for one task 4.14 is the faster, for another 5.0.

`make bench-vision` puts both under build/peers, each as a package of its own; without them there is
the one that is installed. One thread each.
"""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from types import ModuleType

PEERS = Path(__file__).parents[3] / "build/peers"


def _forget() -> None:
    for name in [name for name in sys.modules if name.partition(".")[0] == "cv2"]:
        del sys.modules[name]


def _loaded(folder: Path) -> ModuleType:
    """The package `cv2` of a folder, beside others of that name."""
    _forget()
    sys.path.insert(0, str(folder))
    try:
        module = importlib.import_module("cv2")
    finally:
        sys.path.remove(str(folder))
        _forget()
    return module


def _all() -> dict[str, ModuleType]:
    modules = [_loaded(folder) for folder in sorted(PEERS.glob("opencv-*"))]
    modules = modules or [importlib.import_module("cv2")]
    for module in modules:
        module.setNumThreads(1)
    return {f"OpenCV {'.'.join(m.__version__.split('.')[:2])}": m for m in modules}


OPENCVS = _all()
