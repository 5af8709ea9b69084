"""Power fails at every byte of every write: the store holds the datum before, or the one after."""

from hypothesis import given
from hypothesis import strategies as st
from tiny_vehicle import Memory

from onboard.services.storage import TwoCopyStore

CAPACITY = 48


class PowerLoss(Exception):
    pass


class TearingMemory(Memory):
    """Power fails after `budget` more bytes; the byte being written then becomes `torn`."""

    def __init__(self, torn: int) -> None:
        super().__init__(TwoCopyStore.extent(CAPACITY))
        self.budget = 10**9
        self.torn = torn

    def write(self, address: int, data: bytes) -> None:
        whole = data[: self.budget]
        super().write(address, whole)
        if len(whole) < len(data):
            self.content[address + len(whole)] = self.torn
            raise PowerLoss
        self.budget -= len(data)


data = st.binary(max_size=CAPACITY)


@given(st.lists(data, min_size=1, max_size=5), data, st.integers(0, 255))
def test_power_loss_at_every_byte(history: list[bytes], new: bytes, torn: int) -> None:
    memory = TearingMemory(torn)
    for datum in history:
        assert TwoCopyStore(memory, 0, CAPACITY).write(datum)
    before = bytes(memory.content)
    for budget in range(20 + len(new) + 1):
        memory.content[:] = before
        memory.budget = budget
        try:
            TwoCopyStore(memory, 0, CAPACITY).write(new)
            survived = True
        except PowerLoss:
            survived = False
        memory.budget = 10**9
        found = TwoCopyStore(memory, 0, CAPACITY).read()
        assert found == new if survived else found in (history[-1], new)
        assert survived == (budget >= 20 + len(new))
        # and the store still works
        assert TwoCopyStore(memory, 0, CAPACITY).write(b"next")
        assert TwoCopyStore(memory, 0, CAPACITY).read() == b"next"


@given(st.binary(min_size=TwoCopyStore.extent(16), max_size=TwoCopyStore.extent(16)))
def test_any_content_of_the_memory_can_be_read(content: bytes) -> None:
    memory = Memory(len(content))
    memory.content[:] = content
    store = TwoCopyStore(memory, 0, 16)
    store.read()
    assert store.write(b"new")
    assert store.read() == b"new"


@given(st.lists(st.tuples(data, st.integers(0, 200)), min_size=1, max_size=12))
def test_a_life_of_writes_and_power_losses(life: list[tuple[bytes, int]]) -> None:
    memory = TearingMemory(torn=0xA5)
    allowed: set[bytes | None] = {None}
    store = TwoCopyStore(memory, 0, CAPACITY)
    for datum, budget in life:
        memory.budget = budget
        try:
            store.write(datum)
            allowed = {datum}
        except PowerLoss:
            allowed = allowed | {datum}
            memory.budget = 10**9
            store = TwoCopyStore(memory, 0, CAPACITY)
        memory.budget = 10**9
        found = store.read()
        assert found in allowed
        allowed = {found}
