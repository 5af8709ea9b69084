"""Images and maps into the flash of real boards, by the tools that there are for them.

    contents = flash_contents(image, "stm32f4-discovery")
    commands("stm32f4-discovery", "st-flash", [(0x08000000, contents)], folder)

Nothing here opens a port: the tools find their probe or their boot loader themselves.
"""

from __future__ import annotations

import shutil
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

_ELF = struct.Struct("<4s5B7xHHIIIIIHHH")
_SEGMENT = struct.Struct("<IIIIIIII")
_ARM, _PT_LOAD = 40, 1
_UF2 = struct.Struct("<IIIIIIII476sI")
UF2_PAYLOAD = 256
RP2040_FAMILY = 0xE48BFF56


class FlashError(ValueError):
    """What cannot be put into a board; the message says why."""


@dataclass(frozen=True)
class Target:
    """Where the flash of a board is, and the tools that write it, the first choice first."""

    flash: int
    maps: int  # behind the image
    end: int
    tools: tuple[str, ...]


TARGETS = {
    "netduinoplus2": Target(0x08000000, 0x08040000, 0x08100000, ("st-flash", "dfu-util")),
    "stm32f4-discovery": Target(0x08000000, 0x08040000, 0x08100000, ("st-flash", "dfu-util")),
    "rp2040": Target(0x10000000, 0x10040000, 0x10200000, ("picotool",)),
}
PACKAGES = {
    "st-flash": "on Debian: apt-get install stlink-tools",
    "dfu-util": "on Debian: apt-get install dfu-util",
    "picotool": "of the Raspberry Pi Pico SDK; or copy the UF2 file (--uf2) to the board's drive",
}


def flash_contents(image: Path, board: str) -> bytes:
    """What an image of the board puts into its flash, from its beginning. Raises FlashError."""
    target = TARGETS[board]
    try:
        octets = image.read_bytes()
    except OSError as error:
        raise FlashError(
            f"{image}: cannot be read: {error.strerror}; `make firmware` builds those of the boards"
        ) from None
    contents = bytearray()
    for address, segment in _segments(image, octets):
        if not target.flash <= address <= address + len(segment) <= target.maps:
            raise FlashError(
                f"{image}: {len(segment)} octets at {address:#x}: allowed for {board} "
                f"{target.flash:#x} to {target.maps:#x}"
            )
        at = address - target.flash
        contents += bytes(max(0, at - len(contents)))
        contents[at : at + len(segment)] = segment
    if b"\0" + board.encode() + b"\0" not in b"\0" + contents:
        raise FlashError(f"{image}: is no flight image of {board}: it has not its name")
    return bytes(contents)


def _segments(image: Path, octets: bytes) -> list[tuple[int, bytes]]:
    """Load address and octets of each, by the address."""
    try:
        magic, bits, _, _, _, _, _, machine, _, _, table, _, _, _, size, count = _ELF.unpack_from(
            octets
        )
        if (magic, bits, machine, size) != (b"\x7fELF", 1, _ARM, _SEGMENT.size):
            raise FlashError(f"{image}: is no ELF image for a 32-bit Arm processor")
        rows = [_SEGMENT.unpack_from(octets, table + size * k) for k in range(count)]
    except struct.error:
        raise FlashError(f"{image}: is cut off, or no ELF image") from None
    loaded = [(row[3], octets[row[1] : row[1] + row[4]]) for row in rows if row[0] == _PT_LOAD]
    return sorted((address, segment) for address, segment in loaded if segment)


def checked_heights(heights: bytes, board: str) -> bytes:
    """The heights of a map, if the board's flash holds them. Raises FlashError."""
    target = TARGETS[board]
    if len(heights) > (room := target.end - target.maps):
        raise FlashError(
            f"the map has {len(heights)} octets: allowed for {board} {room}; "
            "map_reach_samples of a scenario makes it smaller"
        )
    return heights


def uf2(pieces: Sequence[tuple[int, bytes]]) -> bytes:
    """The pieces, each at an address that is a multiple of 256, as a UF2 file for an RP2040.

    Format: github.com/microsoft/uf2.
    """
    blocks = [
        (address + at, piece[at : at + UF2_PAYLOAD])
        for address, piece in pieces
        for at in range(0, len(piece), UF2_PAYLOAD)
    ]
    magic, behind, has_family = (0x0A324655, 0x9E5D5157), 0x0AB16F30, 0x2000
    return b"".join(
        _UF2.pack(
            *(*magic, has_family, address, UF2_PAYLOAD, number, len(blocks), RP2040_FAMILY),
            *(data.ljust(476, b"\0"), behind),
        )
        for number, (address, data) in enumerate(blocks)
    )


def chosen_tool(board: str, asked: str | None, *, to_run: bool = True) -> str:
    """The tool that was asked for, or the first that is there. Raises FlashError.

    Of one that is not `to_run`, the first where none is there.
    """
    tools = TARGETS[board].tools
    if asked is not None and asked not in tools:
        raise FlashError(f"{asked}: allowed for {board}: {', '.join(tools)}")
    wanted = tools if asked is None else (asked,)
    for tool in wanted:
        if shutil.which(tool):
            return tool
    if not to_run:
        return wanted[0]
    where = "; ".join(f"{tool} ({PACKAGES[tool]})" for tool in wanted)
    raise FlashError(f"{board}: no tool to write its flash: {where}")


def commands(
    board: str, tool: str, pieces: Sequence[tuple[int, bytes]], folder: Path
) -> list[list[str]]:
    """What writes the pieces, each to its address; the files lie in the folder."""
    if tool == "picotool":
        file = folder / f"{board}.uf2"
        file.write_bytes(uf2(pieces))
        return [[tool, "load", "-x", str(file)]]
    made = []
    for number, (address, piece) in enumerate(pieces):
        file, last = folder / f"{board}-{address:08x}.bin", number == len(pieces) - 1
        file.write_bytes(piece)
        if tool == "st-flash":
            made.append([tool, *(["--reset"] if last else []), "write", str(file), hex(address)])
        else:
            to = f"{address:#x}:leave" if last else f"{address:#x}"
            made.append([tool, "-a", "0", "-s", to, "-D", str(file)])
    return made
