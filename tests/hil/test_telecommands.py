"""Telecommands that a board serves itself are acknowledged by events; the others are told so."""

from __future__ import annotations

import re
from pathlib import Path

import board_setup
import pytest
import short_drive

from hil.bench.processor import Processor
from hil.link.attachment import attach
from hil.link.endpoint import CONFIG, TELECOMMAND, Endpoint
from hil.link.qemu import MACHINES
from onboard.dictionary import load
from onboard.services.commands import CommandCodec
from onboard.services.event_packets import EVENT_APID, EventRow, unpack_event
from onboard.services.packets import decode

HEADER = Path(__file__).parents[2] / "native/firmware/common/telecommand.h"
ROVER = load("rover")
CODEC = CommandCodec(ROVER)
ACCEPTED, REJECTED = (ROVER.events[f"COMMAND_{word}"].id for word in ("ACCEPTED", "REJECTED"))


def told(endpoint: Endpoint, name: str, /, **arguments: object) -> EventRow:
    packet = decode(CODEC.encode(name, arguments, time_ns=0, count=0))
    return answered(endpoint, packet.data)


def answered(endpoint: Endpoint, data: bytes) -> EventRow:
    endpoint.send(TELECOMMAND, data)
    return unpack_event(board_setup.next_of(EVENT_APID, endpoint).data)


def test_numbers_are_those_of_the_dictionaries() -> None:
    numbers = dict(re.findall(r"TELECOMMAND_(\w+) = (\d+)", HEADER.read_text(encoding="utf-8")))
    for dictionary in (ROVER, load("lander"), load("resilience")):
        for name, number in numbers.items():
            event = name.removeprefix("EVENT_")
            known = dictionary.events[f"COMMAND_{event}"].id if event != name else None
            assert int(number) == (known or dictionary.commands[name].opcode), name


@pytest.mark.parametrize("board", ["posix", MACHINES[1]])
def test_commands_are_acknowledged(board: str) -> None:
    board_setup.build(board)
    with attach(board if board == "posix" else f"qemu:{board}") as attached:
        endpoint = attached.endpoint
        first = told(endpoint, "NOOP")
        assert (first.id, first.severity, first.text) == (
            ACCEPTED,
            "info",
            "NOOP from ground accepted",
        )
        second = told(endpoint, "SEQUENCE_START", name="square")
        assert second.number == first.number + 1
        assert (second.id, second.severity) == (REJECTED, "warning")
        assert second.text.endswith("rejected: for the services of the desk")
        assert "not armed" in told(endpoint, "RESTART").text
        assert "arms RESTART alone" in told(endpoint, "ARM", command="DRIVE_TO").text
        assert told(endpoint, "PARAM_SAVE").text == "PARAM_SAVE from ground rejected: not stored"
        assert told(endpoint, "PARAM_REVERT").text.endswith("nothing is stored")
        assert answered(endpoint, b"short").text.endswith("truncated")
        assert answered(endpoint, bytes(8) + b"\0\1!").text.endswith("octets after the arguments")


def test_a_board_restarts_when_it_is_told() -> None:
    board_setup.build(MACHINES[0])
    with attach(f"qemu:{MACHINES[0]}") as attached:
        endpoint, session = attached.endpoint, attached.endpoint.session
        assert told(endpoint, "ARM", command="RESTART").id == ACCEPTED
        assert told(endpoint, "RESTART").id == ACCEPTED
        while endpoint.session == session:
            endpoint.receive(5.0)
        endpoint.receive(0.2)
        assert b"start: command" in endpoint.text


def test_the_image_is_saved_and_taken_back() -> None:
    """What a ground tool wrote into it is lost by PARAM_REVERT and kept by PARAM_SAVE."""
    image, at = 28, 12  # FLIGHT_PART_IMAGE; the CRC, which only has to be another
    with board_setup.board("posix") as processor:
        endpoint = processor._endpoint
        short = short_drive.scenario(seconds=0.5).model_copy(update={"expect": ()})
        assert board_setup.session(short, 1, processor).fly().same_bits
        in_flight = told(endpoint, "NOOP")
        assert in_flight.text == "NOOP from ground rejected: it flies, and the desk commands"
        stop_flying(processor)
        crc = processor.read_part(image, at + 4)[at:]
        processor.write_part(image, at, bytes(4))
        assert told(endpoint, "PARAM_SAVE").text.endswith("not stored")
        assert told(endpoint, "PARAM_REVERT").id == ACCEPTED
        assert processor.read_part(image, at + 4)[at:] == crc
        assert told(endpoint, "PARAM_SAVE").id == ACCEPTED


def stop_flying(processor: Processor) -> None:
    """A piece of an image ends a flight; this one has no octets."""
    processor.talk.ask(CONFIG, bytes(24), "to an empty piece")
