"""The archive: a bounded index, refusal when full, erasure without an index."""

from __future__ import annotations

import pytest
from archive_setup import STEPS_TO_MOUNT, S, archive, mounted
from tiny_vehicle import Memory

from onboard.services.archive import (
    ARCHIVE_BYTES,
    HOUSEKEEPING,
    PRODUCT_APID,
    ROOM_BYTES,
    SLOT_BYTES,
    SLOTS,
    number_in,
    slot,
)
from onboard.services.packets import decode


def full() -> Memory:
    memory = Memory(ARCHIVE_BYTES)
    for i in range(SLOTS):
        memory.write(i * SLOT_BYTES, slot(i + 1, 0, HOUSEKEEPING, b"old"))
    return memory


def test_a_product_is_found_again_after_a_restart() -> None:
    memory = Memory(ARCHIVE_BYTES)
    first, _ = mounted(memory)
    assert first.store(HOUSEKEEPING, b"data", 9 * S)
    second, _ = mounted(memory)
    assert second.sample().stored == 1
    assert second.send(0, 1) is None
    packet = decode(second._send.__self__.sent[0])  # type: ignore[attr-defined]
    assert (packet.apid, packet.data) == (PRODUCT_APID, slot(1, 9 * S, HOUSEKEEPING, b"data"))
    assert second.send(0, 2) == "product 2 is not kept"


def test_a_product_is_stored_every_period() -> None:
    made, _ = mounted(Memory(ARCHIVE_BYTES), period_s=20.0)
    for second in range(STEPS_TO_MOUNT, 101):
        made.step(second * S)
    assert made.sample().stored == 5


def test_a_full_archive_refuses_and_loses_nothing() -> None:
    memory = full()
    before = bytes(memory.content)
    made, events = mounted(memory, period_s=10.0)
    for second in range(STEPS_TO_MOUNT, 60):
        made.step(second * S)
    assert bytes(memory.content) == before
    assert made.sample().refused == made.refused == 5
    assert events.counts["PRODUCT_REFUSED"] == 5


def test_the_index_takes_the_same_room_whatever_the_memory_holds() -> None:
    sizes = {mounted(m)[0]._numbers.buffer_info()[1] for m in (Memory(ARCHIVE_BYTES), full())}
    assert sizes == {SLOTS}


def test_nothing_is_stored_before_the_index_is_built() -> None:
    made, events = archive(Memory(ARCHIVE_BYTES))
    assert not made.store(HOUSEKEEPING, b"", 0)
    assert made.send(0, 1) == "the index is not built"
    assert events.counts["PRODUCT_REFUSED"] == 1


def test_erasing_needs_no_index_and_frees_every_slot() -> None:
    memory = full()
    made, _ = archive(memory)
    assert made.erase(S) is None
    assert mounted(memory)[0].sample().free == SLOTS


def test_erasing_that_does_not_hold_is_refused() -> None:
    memory = full()
    memory.write = lambda address, data: None  # type: ignore[method-assign]
    assert archive(memory)[0].erase(S) == f"{SLOTS} slots could not be erased"


def test_a_torn_slot_is_damaged_and_is_neither_read_nor_written_over() -> None:
    memory = Memory(ARCHIVE_BYTES)
    torn = slot(7, 0, HOUSEKEEPING, b"x" * ROOM_BYTES)[:100]
    memory.write(0, torn)
    made, _ = mounted(memory)
    assert made.sample().damaged == 1
    assert made.store(HOUSEKEEPING, b"new", 9 * S)
    assert memory.read(0, 100) == torn
    assert made.sample().stored == 1


def test_a_write_that_does_not_read_back_is_refused() -> None:
    memory = Memory(ARCHIVE_BYTES)
    made, _ = mounted(memory)
    memory.write = lambda address, data: None  # type: ignore[method-assign]
    assert not made.store(HOUSEKEEPING, b"new", 0)
    assert made.sample().stored == 0


def test_data_that_does_not_fit_a_slot_is_an_error() -> None:
    assert len(slot(1, 0, HOUSEKEEPING, b"x" * ROOM_BYTES)) == SLOT_BYTES
    with pytest.raises(ValueError, match="allowed 0"):
        slot(1, 0, HOUSEKEEPING, b"x" * (ROOM_BYTES + 1))
    with pytest.raises(ValueError, match="archive at"):
        archive(Memory(ARCHIVE_BYTES), address=1)


def test_a_slot_tells_whether_it_is_free_whole_or_damaged() -> None:
    whole = slot(3, 5, HOUSEKEEPING, b"abc")
    assert number_in(whole) == 3
    assert number_in(bytes(SLOT_BYTES)) == 0
    assert number_in(whole[:-1] + b"!") == 0xFFFFFFFF
