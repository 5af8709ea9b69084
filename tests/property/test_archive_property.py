"""The archive under power loss and random content: it mounts, keeps what it stored, never fails."""

from __future__ import annotations

from contextlib import suppress

from archive_setup import archive, mounted
from hypothesis import given, settings
from hypothesis import strategies as st
from tiny_vehicle import Memory

from onboard.services.archive import (
    ARCHIVE_BYTES,
    HOUSEKEEPING,
    ROOM_BYTES,
    SLOT_BYTES,
    SLOTS,
    slot,
)

numbers = st.integers(1, 0xFFFFFFFE)
octets = st.one_of(
    st.binary(max_size=SLOT_BYTES),
    st.builds(slot, numbers, st.integers(0, 2**62), st.just(HOUSEKEEPING), st.binary(max_size=50)),
    st.builds(
        lambda n, cut: slot(n, 0, HOUSEKEEPING, b"x" * ROOM_BYTES)[:cut],
        numbers,
        st.integers(0, 255),
    ),
)
contents = st.dictionaries(st.integers(0, SLOTS - 1), octets, max_size=40)


def filled(content: dict[int, bytes]) -> Memory:
    memory = Memory(ARCHIVE_BYTES)
    for i, data in content.items():
        memory.write(i * SLOT_BYTES, data)
    return memory


@given(contents, st.lists(st.binary(max_size=ROOM_BYTES), max_size=10))
@settings(max_examples=60, deadline=None)
def test_whatever_the_memory_holds_it_mounts_and_changes_nothing_but_free_slots(
    content: dict[int, bytes], products: list[bytes]
) -> None:
    memory = filled(content)
    made, _ = mounted(memory)
    sample = made.sample()
    assert sample.stored + sample.damaged + sample.free == SLOTS
    occupied = [i for i, number in enumerate(made._numbers) if number]
    before = {i: memory.read(i * SLOT_BYTES, SLOT_BYTES) for i in occupied}
    stored = sum(made.store(HOUSEKEEPING, data, k) for k, data in enumerate(products))
    assert {i: memory.read(i * SLOT_BYTES, SLOT_BYTES) for i in occupied} == before
    assert mounted(memory)[0].sample().stored == sample.stored + stored
    assert archive(memory)[0].erase(0) is None


class PowerLoss(Exception):
    """The supply failed while a block was written."""


@given(st.integers(0, SLOT_BYTES), st.binary(max_size=ROOM_BYTES))
@settings(max_examples=60, deadline=None)
def test_power_that_fails_in_a_write_costs_that_product_only(cut: int, data: bytes) -> None:
    memory = Memory(ARCHIVE_BYTES)
    made, _ = mounted(memory)
    assert made.store(HOUSEKEEPING, b"kept", 0)
    whole = memory.write

    def tears(address: int, block: bytes) -> None:
        whole(address, block[:cut])
        raise PowerLoss

    memory.write = tears  # type: ignore[method-assign]
    with suppress(PowerLoss):
        made.store(HOUSEKEEPING, data, 1)
    memory.write = whole  # type: ignore[method-assign]
    again, _ = mounted(memory)
    assert 1 in again._numbers
    assert again.sample().stored in (1, 2)
    assert again.store(HOUSEKEEPING, b"next", 2)
