"""CONFIG and MEMORY as the interface control document has them, said to a board."""

import struct

import board_setup
import pytest

from hil.link.attachment import attach
from hil.link.endpoint import CONFIG, CONFIG_ANSWER, MEMORY, Endpoint
from onboard.dictionary.exchange import CONFIGS, PARTS, STATUSES, WORDS

FORMS = {m.name: m for m in WORDS}


def said(name: str, octets: bytes = b"", **words: int) -> bytes:
    row = [words.get(word, 0) for word in FORMS[name].words]
    return struct.pack(f"<{len(row)}q", *row) + octets


def heard(endpoint: Endpoint, apid: int, name: str) -> tuple[dict[str, int], bytes]:
    packet = board_setup.next_of(apid, endpoint)
    count = len(FORMS[name].words)
    words = struct.unpack_from(f"<{count}q", packet.data)
    rest = packet.data[8 * count :]
    assert FORMS[name].octets or rest == b""
    return dict(zip(FORMS[name].words, words, strict=True)), rest


def configured(endpoint: Endpoint, what: str, argument: int, octets: bytes = b"") -> int:
    number = CONFIGS[what][0]
    endpoint.send(CONFIG, said("config", octets, what=number, argument=argument))
    words, _ = heard(endpoint, CONFIG_ANSWER, "config_answer")
    assert (words["what"], words["argument"]) == (number, argument)
    return words["status"]


@pytest.mark.requirement("REQ-LINK-MEMORY")
def test_a_board_takes_words_as_described() -> None:
    board_setup.build("posix")
    with attach("posix") as board:
        endpoint = board.endpoint
        assert configured(endpoint, "IMAGE", 0, b"not an image, but octets of one") == 0
        assert configured(endpoint, "IMAGE", 1 << 40, b"beyond") != 0
        assert STATUSES[configured(endpoint, "BEGIN", 1 << 20)] == "too large, or cut"
        assert STATUSES[configured(endpoint, "BEGIN", 64)] == "of another version"

        part = PARTS["IMAGE"][0]
        question = said("memory", b"twelve octet", part=part, offset=16, count=20)
        endpoint.send(MEMORY, question)
        words, octets = heard(endpoint, MEMORY, "memory_answer")
        assert (words["part"], words["offset"]) == (part, 16)
        assert octets[:12] == b"twelve octet" and len(octets) == 20
        size = words["size"]
        endpoint.send(MEMORY, said("memory", part=part, offset=size - 7, count=8))
        words, octets = heard(endpoint, MEMORY, "memory_answer")
        assert (words["size"], octets) == (-1, b"")
        for name, (number, _) in PARTS.items():
            endpoint.send(MEMORY, said("memory", part=number, count=8))
            assert heard(endpoint, MEMORY, "memory_answer")[0]["size"] > 0, name
        endpoint.send(MEMORY, said("memory", part=1 + max(n for n, _ in PARTS.values()), count=8))
        assert heard(endpoint, MEMORY, "memory_answer")[0]["size"] == -1
