"""What must not change in a board's memory is looked at in the background and put right."""

from __future__ import annotations

import struct
from collections.abc import Callable
from pathlib import Path

import board_setup
import pytest
import short_drive

from hil.bench.processor import Processor
from hil.bench.result import Figures
from hil.link.endpoint import CONFIG
from hil.scenario import Scenario
from onboard.core._core import ffi, lib
from onboard.services.storage import TwoCopyStore

IMAGE = 28  # FLIGHT_PART_IMAGE
ROOM = 12288  # OB_FLIGHT_IMAGE_MAX
TICK, LAST = 150, 400


def flown(meanwhile: Callable[[Processor], None], name: str = "posix") -> Figures:
    """Four seconds of a drive; once, the board is told something else."""

    def once(processor: Processor, tick: int) -> None:
        if tick == TICK:
            meanwhile(processor)

    return board_setup.flown(scenario(), 1, name, once)


def scenario() -> Scenario:
    short = short_drive.scenario(seconds=LAST / 100)
    return short.model_copy(update={"expect": ()})


def counts(result: Figures) -> dict[str, int]:
    assert result.line is not None
    told: dict[str, int] = result.line["scrub"]
    return {name: count for name, count in told.items() if name != "rounds" and count}


def flip(processor: Processor, part: int, at: int) -> None:
    octet = processor.read_part(part, at + 1)[at]
    processor.write_part(part, at, bytes([octet ^ 4]))


class File:
    """A board's storage, as the vehicle's own store reads it."""

    size = 32768

    def __init__(self, path: Path) -> None:
        self.path = path

    def read(self, address: int, length: int) -> bytes:
        return self.path.read_bytes()[address : address + length]

    def write(self, address: int, data: bytes) -> None:
        with self.path.open("r+b") as file:
            file.seek(address)
            file.write(data)


def stored(processor: Processor) -> File:
    assert processor.emulated is not None
    return File(processor.emulated.storage)


def test_a_sound_board_finds_nothing() -> None:
    result = flown(lambda _: None)
    assert result.same_bits and counts(result) == {}
    assert result.line is not None and result.line["scrub"]["rounds"] >= 2


@pytest.mark.parametrize("name", ["posix", "mps2-an500"])
def test_a_flip_in_the_image_is_put_right(name: str) -> None:
    """In the table of fault protection, behind settings and channels."""
    result = flown(lambda board: flip(board, IMAGE, 2000), name)
    assert counts(result) == {"image": 1}, result.board_failure
    assert result.board_ticks == LAST


def test_a_flip_in_a_constant_is_put_right() -> None:
    """How often a wheel is tried again: nothing asks for it here."""
    offset = ffi.offsetof("ob_wheels", "wheel") + ffi.sizeof("ob_wheel") * 2
    at = offset + ffi.offsetof("ob_wheel_params", "tries")
    result = flown(lambda board: flip(board, lib.OB_ROVER_WHEELS_PART, at + 6))
    assert result.same_bits and counts(result) == {"constants": 1}


@pytest.mark.parametrize("copy", [0, 1])
def test_a_flip_in_a_stored_copy_is_put_right(copy: int) -> None:
    at = copy * (lib.OB_COPY_HEAD + ROOM) + 300

    def damage(board: Processor) -> None:
        file = stored(board)
        file.write(at, bytes([file.read(at, 1)[0] ^ 1]))

    result = flown(damage)
    assert result.same_bits and counts(result) == {"copies": 1}


def test_without_a_sound_copy_the_board_starts_anew() -> None:
    def damage(board: Processor) -> None:
        file = stored(board)
        for copy in (0, 1):
            file.write(copy * (lib.OB_COPY_HEAD + ROOM) + 300, b"\xa5\x5a\xa5")
        flip(board, IMAGE, 2000)

    result = flown(damage)
    assert result.verdict == "failed" and result.board_failure is not None


def test_the_image_outlives_the_board() -> None:
    """Started anew it has the image, in two copies that the vehicle's own store reads."""
    with board_setup.board("posix") as processor:
        assert board_setup.session(scenario(), 1, processor).fly().same_bits
        assert processor.emulated is not None
        image = stored_image(processor)
        processor.emulated.replug()
        processor.talk.may_return = 1
        again = board_setup.session(scenario(), 1, processor)
        assert processor.read_part(IMAGE, len(image)) == image
        assert again.fly().same_bits
        configured = [told for told in processor.talk._told if told.apid == CONFIG]
        assert len(configured) == 1, "only the word to begin"


def stored_image(processor: Processor) -> bytes:
    file = stored(processor)
    image = TwoCopyStore(file, 0, ROOM).read()
    assert image is not None
    for copy in (0, 1):
        at = copy * (lib.OB_COPY_HEAD + ROOM)
        assert file.read(at + lib.OB_COPY_HEAD, len(image)) == image
    (size,) = struct.unpack_from("<I", image, 8)
    assert size == len(image)
    return image
