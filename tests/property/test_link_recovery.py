"""One event on the line costs one frame at most, and nothing wrong comes out; docs/link.md has the
table over ten seeds.

The bound is exact: the zeros at both ends of a frame belong to it alone, so what happens inside one
frame leaves those of its neighbours, and the neighbours are segments of their own. A damaged frame
is taken for another with its CRC by chance, 2^-16, and then only if it still says how long it is:
under 400 / 65536 = 0.6 % a stream, none in these.
"""

import pytest
from link_recovery import DAMAGES, PACKETS, receive, recover, send, text_before


@pytest.mark.parametrize("name", DAMAGES)
def test_an_event_costs_at_most_one_frame(name: str) -> None:
    found = recover(DAMAGES[name], seed=1)
    assert found.events == PACKETS // 100
    assert found.lost <= found.events
    assert found.false == 0
    assert found.named_lost == found.lost
    if DAMAGES[name] is text_before:
        assert (found.lost, found.refused) == (0, 0)
        assert found.text == found.text_sent
    else:
        assert found.lost > found.events // 2  # it was hit at all


def test_a_sound_line_loses_nothing() -> None:
    payloads, frames = send(2)
    found = receive(payloads, b"".join(frames), events=0)
    assert (found.lost, found.false, found.refused, found.text) == (0, 0, 0, b"")


def test_the_zero_at_the_beginning_is_what_keeps_a_cut_frame_from_taking_the_next() -> None:
    found = recover(DAMAGES["truncated"], seed=1, begin=1)
    assert found.lost_per_event > 1.5
