"""Two stored copies in C against the vehicle's own store in Python: the same octets and choice."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from onboard.core._core import ffi, lib
from onboard.services.storage import TwoCopyStore

ROOM = 64
SLOT = lib.OB_COPY_HEAD + ROOM


class Memory:
    def __init__(self) -> None:
        self.octets = bytearray(2 * SLOT)
        self.size = len(self.octets)

    def read(self, address: int, length: int) -> bytes:
        return bytes(self.octets[address : address + length])

    def write(self, address: int, data: bytes) -> None:
        self.octets[address : address + len(data)] = data


def newest(memory: Memory) -> bytes | None:
    """The newest sound copy, as C finds it."""
    copy, octets = ffi.new("ob_copy *"), bytes(memory.octets)
    slot = lib.ob_copy_newest(octets, ROOM, copy)
    at = slot * SLOT + lib.OB_COPY_HEAD
    return None if slot < 0 else octets[at : at + copy.octets]


@given(st.lists(st.binary(max_size=ROOM), max_size=4), st.lists(st.integers(0, 16 * SLOT - 1)))
def test_what_python_wrote_c_reads(data: list[bytes], flips: list[int]) -> None:
    memory = Memory()
    for one in data:
        assert TwoCopyStore(memory, 0, ROOM).write(one)
    for bit in flips:
        memory.octets[bit // 8] ^= 1 << bit % 8
    assert newest(memory) == TwoCopyStore(memory, 0, ROOM).read()


@given(st.integers(1, 2**64 - 1), st.binary(max_size=ROOM), st.integers(0, 1))
def test_what_c_wrote_python_reads(version: int, data: bytes, slot: int) -> None:
    memory, head = Memory(), ffi.new("uint8_t[]", lib.OB_COPY_HEAD)
    lib.ob_copy_head(head, version, data, len(data))
    memory.write(slot * SLOT, bytes(ffi.buffer(head)) + data)
    assert TwoCopyStore(memory, 0, ROOM).read() == data
