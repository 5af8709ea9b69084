"""The bound of the stack, and the budgets of an image."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from typing import Any

import board_setup
import pytest

from hil.link.qemu import IMAGES, MACHINES

PATH = board_setup.ROOT / "native/firmware/size.py"
SPEC = importlib.util.spec_from_file_location("firmware_size", PATH)
assert SPEC is not None and SPEC.loader is not None
size: Any = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(size)

LISTING = """
00000000 <reset_handler>:
   0:\tb580      \tpush\t{r7, lr}
   2:\tf000 f801 \tbl\t8 <middle>
00000008 <middle>:
   8:\te92d 41f0 \tstmdb\tsp!, {r4, r5, r6, r7, r8, lr}
   c:\ted2d 8b02 \tvpush\t{d8}
  10:\tb084      \tsub\tsp, #16
  12:\tf7ff ffff \tbl\t20 <leaf>
  16:\te000      \tb.n\t10 <middle+0x8>
00000020 <leaf>:
  20:\tf84d 7d04 \tstr.w\tr7, [sp, #-4]!
  24:\t4770      \tbx\tlr
00000030 <systick_handler>:
  30:\tb570      \tpush\t{r4-r6, lr}
"""
OF_LISTING = 8 + (24 + 8 + 16) + 4 + size.EXCEPTION_FRAME + 16


def listed(monkeypatch: pytest.MonkeyPatch, listing: str) -> None:
    monkeypatch.setattr(size, "run", lambda *_: listing)


def test_frames_add_up_along_the_calls(monkeypatch: pytest.MonkeyPatch) -> None:
    listed(monkeypatch, LISTING)
    octets, chain = size.deepest("")
    assert octets == OF_LISTING
    assert chain == ["reset_handler", "middle", "leaf", "systick_handler"]


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("  22:\tf7ff fff0 \tbl\t8 <middle>", "recursion"),
        ("  22:\t4798      \tblx\tr3", "pointers in leaf"),
    ],
)
def test_a_stack_without_a_bound_is_none(
    monkeypatch: pytest.MonkeyPatch, line: str, why: str
) -> None:
    listed(monkeypatch, LISTING.replace("  24:\t4770      \tbx\tlr", line))
    with pytest.raises(size.Unbounded, match=why):
        size.deepest("")


@pytest.mark.parametrize(("flash", "ram", "status"), [(2**18, 96 * 1024, 0), (1000, 2**20, 1)])
def test_an_image_over_a_budget_fails(flash: int, ram: int, status: int) -> None:
    board_setup.build(MACHINES[1])
    image = IMAGES / MACHINES[1] / "firmware/flight.elf"
    command = [sys.executable, PATH, MACHINES[1], image, str(flash), str(ram)]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert done.returncode == status, done.stderr
    assert "stack at most" in done.stdout
