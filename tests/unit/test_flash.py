"""Images into boards: what is checked, which files are made, and what the tools are told."""

from __future__ import annotations

import os
import struct
from pathlib import Path

import pytest
from click.testing import CliRunner

from hil import flash
from hil.cli import main

STM32 = flash.TARGETS["stm32f4-discovery"]


def elf(path: Path, segments: list[tuple[int, bytes]], machine: int = 40) -> Path:
    """An ELF file of these segments, by their load address."""
    table, data = 52, 52 + 32 * len(segments)
    rows, contents = b"", b""
    for address, segment in segments:
        at = data + len(contents)
        size = len(segment)
        rows += struct.pack("<8I", 1, at, 0x20000000, address, size, size, 5, 4)
        contents += segment
    head = struct.pack(
        "<4s5B7xHHIIIIIHHH",
        b"\x7fELF",
        *(1, 1, 1, 0, 0),
        2,
        machine,
        1,
        0,
        table,
        0,
        0,
        52,
        32,
        len(segments),
    )
    path.write_bytes(head.ljust(52, b"\0") + rows + contents)
    return path


def image(path: Path, board: str) -> Path:
    start = flash.TARGETS[board].flash
    name = b"code\0" + board.encode() + b"\0"
    return elf(path, [(start + 0x40, b"data"), (start, name)])


def fake(folder: Path, tool: str, status: int = 0) -> None:
    """A tool that notes what it was told."""
    script = folder / tool
    script.write_text(f'#!/bin/sh\necho "$0" "$@" >> {folder}/told\nexit {status}\n')
    script.chmod(0o755)


def run(monkeypatch: pytest.MonkeyPatch, folder: Path, *arguments: str) -> tuple[int, str]:
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}/usr/bin{os.pathsep}/bin")
    result = CliRunner().invoke(main, ["flash", *arguments])
    return result.exit_code, result.output


def test_contents_are_the_segments_at_their_addresses(tmp_path: Path) -> None:
    contents = flash.flash_contents(image(tmp_path / "x.elf", "rp2040"), "rp2040")
    assert contents == b"code\0rp2040\0".ljust(0x40, b"\0") + b"data"


@pytest.mark.parametrize(
    ("segments", "machine", "why"),
    [
        ([(0x08000000, b"\0netduinoplus2\0")], 40, "is no flight image of stm32f4-discovery"),
        ([(0x0803FFFF, b"ab")], 40, "2 octets at 0x803ffff: allowed .* 0x8000000 to 0x8040000"),
        ([(0x08000000, b"\0stm32f4-discovery\0")], 62, "is no ELF image for a 32-bit Arm"),
    ],
)
def test_an_image_of_another_board_is_refused(
    segments: list[tuple[int, bytes]], machine: int, why: str, tmp_path: Path
) -> None:
    with pytest.raises(flash.FlashError, match=why):
        flash.flash_contents(elf(tmp_path / "x.elf", segments, machine), "stm32f4-discovery")


@pytest.mark.parametrize("octets", [b"", b"\x7fELF", bytes(60)])
def test_what_is_no_image_is_refused(octets: bytes, tmp_path: Path) -> None:
    file = tmp_path / "x.elf"
    file.write_bytes(octets)
    with pytest.raises(flash.FlashError, match=r"x\.elf: is"):
        flash.flash_contents(file, "rp2040")


def test_a_map_larger_than_the_flash_is_refused() -> None:
    room = STM32.end - STM32.maps
    assert flash.checked_heights(bytes(room), "stm32f4-discovery") == bytes(room)
    with pytest.raises(flash.FlashError, match=f"allowed for stm32f4-discovery {room}"):
        flash.checked_heights(bytes(room + 1), "stm32f4-discovery")


def test_uf2_blocks_say_where_they_belong() -> None:
    pieces = [(0x10000000, bytes(range(256)) + b"end"), (0x10040000, b"map")]
    blocks = [flash.uf2(pieces)[at : at + 512] for at in range(0, 3 * 512, 512)]
    assert len(flash.uf2(pieces)) == 3 * 512
    for number, (block, address) in enumerate(
        zip(blocks, (0x10000000, 0x10000100, 0x10040000), strict=True)
    ):
        head = struct.unpack_from("<8I", block)
        expected = (0x0A324655, 0x9E5D5157, 0x2000, address, 256, number, 3, 0xE48BFF56)
        assert head == expected and block[508:] == struct.pack("<I", 0x0AB16F30)
    assert blocks[0][32:288] == bytes(range(256)) and blocks[1][32:36] == b"end\0"


def test_the_tool_that_is_there_is_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake(tmp_path, "st-flash")
    file = image(tmp_path / "x.elf", "netduinoplus2")
    status, output = run(monkeypatch, tmp_path, "netduinoplus2", "--image", str(file))
    told = (tmp_path / "told").read_text()
    assert status == 0 and told.strip() in output.replace("st-flash", f"{tmp_path}/st-flash", 1)
    assert "--reset write" in told and told.endswith("netduinoplus2-08000000.bin 0x8000000\n")


def test_a_dry_run_runs_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake(tmp_path, "dfu-util")
    file = image(tmp_path / "x.elf", "netduinoplus2")
    arguments = ("netduinoplus2", "--image", str(file), "--tool", "dfu-util", "--dry-run")
    status, output = run(monkeypatch, tmp_path, *arguments)
    assert status == 0 and "dfu-util -a 0 -s 0x8000000:leave -D " in output
    assert not (tmp_path / "told").exists()


@pytest.mark.parametrize("given", [(), ("--tool", "st-flash")])
def test_a_dry_run_needs_no_tool(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, given: tuple[str, ...]
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    file = image(tmp_path / "x.elf", "netduinoplus2")
    arguments = ["flash", "netduinoplus2", "--image", str(file), *given]
    dry = CliRunner().invoke(main, [*arguments, "--dry-run"])
    assert dry.exit_code == 0 and dry.output.startswith("st-flash --reset write ")
    wet = CliRunner().invoke(main, arguments)
    assert wet.exit_code == 2 and "no tool to write its flash: st-flash" in wet.output


def test_a_tool_that_fails_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake(tmp_path, "picotool", 3)
    file = image(tmp_path / "x.elf", "rp2040")
    status, output = run(monkeypatch, tmp_path, "rp2040", "--image", str(file))
    assert status == 1 and "picotool ended with status 3" in output


def test_a_missing_tool_is_named_with_its_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(flash.shutil, "which", lambda _: None)
    file = image(tmp_path / "x.elf", "netduinoplus2")
    status, output = run(monkeypatch, tmp_path, "netduinoplus2", "--image", str(file))
    assert status == 2 and "apt-get install stlink-tools" in output
    status, output = run(
        monkeypatch, tmp_path, "netduinoplus2", "--image", str(file), "--tool", "picotool"
    )
    assert status == 2 and "picotool: allowed for netduinoplus2: st-flash, dfu-util" in output


def test_an_uf2_file_needs_no_tool(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file, out = image(tmp_path / "x.elf", "rp2040"), tmp_path / "x.uf2"
    status, _ = run(monkeypatch, tmp_path, "rp2040", "--image", str(file), "--uf2", str(out))
    assert status == 0 and len(out.read_bytes()) == 512
    status, output = run(monkeypatch, tmp_path, "netduinoplus2", "--uf2", str(out))
    assert status == 2 and "allowed for rp2040" in output
