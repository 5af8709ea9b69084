"""Two-copy storage: newest valid copy wins, damage is detected, limits are said."""

import pytest
from tiny_vehicle import Memory

from onboard.services.storage import TwoCopyStore


def store(memory: Memory, address: int = 0, capacity: int = 64) -> TwoCopyStore:
    return TwoCopyStore(memory, address, capacity)


def test_an_empty_memory_holds_nothing() -> None:
    assert store(Memory()).read() is None


@pytest.mark.parametrize("fill", [0x00, 0xFF, 0x55])
def test_a_memory_of_one_byte_over_and_over_holds_nothing(fill: int) -> None:
    memory = Memory(1024)
    memory.content[:] = bytes([fill]) * 1024
    assert store(memory).read() is None


def test_the_newest_copy_is_read_back_by_a_store_built_anew() -> None:
    memory = Memory()
    for i in range(5):
        assert store(memory).write(bytes([i]) * i)
        assert store(memory).read() == bytes([i]) * i


def test_damage_to_the_newest_copy_leaves_the_one_before() -> None:
    memory = Memory()
    s = store(memory)
    s.write(b"before")
    s.write(b"after!")
    at = bytes(memory.content).index(b"after!")
    memory.content[at] ^= 1
    assert store(memory).read() == b"before"


def test_two_stores_share_a_memory() -> None:
    memory = Memory(1024)
    first, second = store(memory), store(memory, TwoCopyStore.extent(64))
    first.write(b"one")
    second.write(b"two")
    assert (first.read(), second.read()) == (b"one", b"two")


def test_what_does_not_fit_is_refused_and_the_old_copy_stays() -> None:
    s = store(Memory())
    s.write(b"kept")
    assert not s.write(b"x" * 65)
    assert s.read() == b"kept"
    assert s.failures == 1


def test_a_memory_that_does_not_hold_what_was_written_is_found() -> None:
    class Stuck(Memory):
        def write(self, address: int, data: bytes) -> None:
            super().write(address, data[:-1] + bytes([data[-1] ^ 0x10]))

    s = store(Stuck())
    assert not s.write(b"data")
    assert s.read() is None


@pytest.mark.parametrize(("address", "capacity"), [(-1, 10), (1000, 10), (0, 600)])
def test_a_store_outside_the_memory_is_refused(address: int, capacity: int) -> None:
    with pytest.raises(ValueError, match=r"allowed within 0\.\.1024"):
        store(Memory(1024), address, capacity)
