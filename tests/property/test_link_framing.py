"""A stream of frames and text: any cut gives the same, damage costs what it touches."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from hil.link.codec import COUNTERS, Batch, Receiver, frame

REFUSED = [name for name in COUNTERS if name not in ("octets", "packets", "text_octets")]
frames = st.builds(
    frame,
    st.integers(0, 2046),
    st.binary(min_size=1, max_size=80),
    telecommand=st.booleans(),
    count=st.integers(0, 16383),
)
lines = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=30).map(
    lambda line: line.encode() + b"\n"
)
streams = st.lists(frames | lines | st.binary(max_size=30), max_size=12).map(b"".join)


def joined(batches: list[Batch]) -> tuple[list[object], bytes]:
    return [p for b in batches for p in b], b"".join(b.text for b in batches)


@given(streams, st.data())
def test_any_cut_gives_the_same(stream: bytes, data: st.DataObject) -> None:
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=8)))
    whole, pieces = Receiver(), Receiver()
    expected = joined([whole.take(stream)])
    edges = [0, *cuts, len(stream)]
    parts = [pieces.take(stream[a:b]) for a, b in pairwise(edges)]
    assert joined(parts) == expected
    assert pieces.counters == whole.counters


@given(st.lists(frames, min_size=3, max_size=8), st.data())
def test_a_damaged_frame_takes_at_most_its_neighbour_along(
    sent: list[bytes], data: st.DataObject
) -> None:
    """Damage inside a frame may cut it into many segments or join it with the next; frames that it
    does not touch come out."""
    index = data.draw(st.integers(0, len(sent) - 1))
    junk = data.draw(st.binary(max_size=60))
    receiver = Receiver()
    stream = b"".join([*sent[:index], junk, *sent[index + 1 :]])
    packets = list(receiver.take(stream + b"\0"))
    expected = [Receiver().take(f).payloads()[0] for k, f in enumerate(sent) if k != index]
    assert [p.data for p in packets if p.data in expected] == expected
    lost = sum(receiver.counters[name] for name in REFUSED)
    text = receiver.counters["text_octets"]
    assert lost > 0 or text > 0 or not junk.strip(b"\0") or len(packets) > len(expected)


@given(st.lists(lines | frames, max_size=10))
def test_text_between_frames_is_kept_whole(parts: list[bytes]) -> None:
    receiver = Receiver()
    batch = receiver.take(b"".join(parts))
    text = b"".join(p for p in parts if p[:1] != b"\0")
    assert sum(receiver.counters[name] for name in REFUSED) == 0
    assert len(batch) == sum(p[:1] == b"\0" for p in parts)
    assert (batch.text + receiver.take(b"\0").text) == text
