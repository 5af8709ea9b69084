"""A short run of what `make lockstep` does for an hour: ticks with a board in another process."""

from link_lockstep import desk, fly


def test_no_tick_is_lost() -> None:
    with desk() as end:
        lost, took_us = fly(end, 300)
        assert lost == 0
        assert len(took_us) == 300
        assert end.sequences[6].taken == 300
        assert end.counters["lost"] == end.counters["repeated"] == 0
