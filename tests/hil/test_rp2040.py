"""The RP2040's image, as far as it goes without silicon: what its boot ROM and its processor want.

What its processor computes is tested on mps2-m0plus, which runs the same objects of the core.
"""

from __future__ import annotations

import re
import subprocess
import zlib
from pathlib import Path

import board_setup
import pytest

from hil.link.qemu import IMAGES

FLASH, BOOT2 = 0x10000000, 256
RAM_TOP = 0x20038000  # 224 kB; behind them are the 32 kB of storage
UART0_IRQ = 20


def tool(name: str, *arguments: str | Path) -> str:
    command = [f"arm-none-eabi-{name}", *map(str, arguments)]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


@pytest.fixture(scope="module")
def image() -> Path:
    board_setup.build("rp2040")
    return IMAGES / "rp2040/firmware/flight.elf"


@pytest.fixture(scope="module")
def flash(image: Path, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    binary = tmp_path_factory.mktemp("rp2040") / "flight.bin"
    tool("objcopy", "-O", "binary", image, binary)
    return binary.read_bytes()


def word(octets: bytes, at: int) -> int:
    return int.from_bytes(octets[at : at + 4], "little")


def reflected(value: int, bits: int) -> int:
    return int(f"{value:0{bits}b}"[::-1], 2)


def test_the_boot_rom_accepts_the_second_stage(flash: bytes) -> None:
    """Its CRC, neither reflected nor inverted, by way of zlib's, which is both."""
    turned = bytes(reflected(octet, 8) for octet in flash[: BOOT2 - 4])
    assert word(flash, BOOT2 - 4) == reflected(zlib.crc32(turned) ^ 0xFFFFFFFF, 32)
    assert any(flash[: BOOT2 - 4])


def test_the_second_stage_needs_nothing_outside_itself(image: Path) -> None:
    """It runs in RAM before the flash is there: no calls, and literals within its octets."""
    listing = tool("objdump", "-d", "-j", ".boot2", image)
    literals = re.findall(r"\[pc, #\d+\]\s+@ \(([0-9a-f]+) <", listing)
    assert literals and all(FLASH <= int(at, 16) < FLASH + BOOT2 - 4 for at in literals)
    assert not re.search(r"\tblx?\t", listing)


def test_the_vector_table_lies_behind_it(image: Path, flash: bytes) -> None:
    symbols = {
        name: int(address, 16)
        for address, _, name in (line.split() for line in tool("nm", image).splitlines())
    }
    assert word(flash, BOOT2) == symbols["stack_top"] == RAM_TOP
    for number, handler in (
        (1, "reset_handler"),
        (3, "fault_handler"),
        (15, "systick_handler"),
        (16 + UART0_IRQ, "uart_receive_handler"),
    ):
        assert word(flash, BOOT2 + 4 * number) == symbols[handler] | 1


def test_all_of_it_is_code_of_a_cortex_m0(image: Path) -> None:
    attributes = tool("readelf", "-A", image)
    assert re.search(r"Tag_CPU_arch: v6S?-M\n", attributes)
    assert "Tag_FP_arch" not in attributes


def test_its_core_is_that_of_the_board_that_is_emulated(image: Path) -> None:
    """The same objects, octet by octet, that mps2-m0plus flies."""
    board_setup.build("mps2-m0plus")

    def digest(board: str) -> dict[str, bytes]:
        objects = (IMAGES / board / "CMakeFiles/onboard_core.dir/core/src").glob("*.o*")
        return {path.name: path.read_bytes() for path in objects}

    assert digest("rp2040") == digest("mps2-m0plus") != {}
