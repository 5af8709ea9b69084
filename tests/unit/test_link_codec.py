"""Frames in a stream: what comes out, what is refused and by which cause it is counted."""

import numpy as np
import pytest
from cobs import cobs

from hil.link.codec import COUNTERS, DATA_MAX, Receiver, encode, frame
from onboard.services import packets
from onboard.services.packets import PacketError, SpacePacket


def framed(packet: bytes) -> bytes:
    return b"\0" + cobs.encode(packet) + b"\0"


def counted(**counters: int) -> dict[str, int]:
    return {**dict.fromkeys(COUNTERS, 0), **counters}


def test_a_frame_is_zero_cobs_zero() -> None:
    packet = packets.encode(256, False, 7, b"\0data\0")
    assert frame(256, b"\0data\0", count=7) == framed(packet)


def test_what_was_sent_comes_out_once() -> None:
    payloads = [b"a", bytes(300), b"\xff" * 254]
    stream = encode(3, payloads, telecommand=True, first_count=16382)
    receiver = Receiver()
    assert list(receiver.take(stream)) == [
        SpacePacket(3, True, (16382 + k) % 16384, data) for k, data in enumerate(payloads)
    ]
    assert receiver.counters == counted(octets=len(stream), packets=3)
    assert list(receiver.take(b"")) == []


def test_packets_of_several_apids() -> None:
    apids, counts = np.array([5, 6, 5]), np.array([9, 0, 10])
    stream = encode(apids, [b"x", b"y", b"z"], first_count=counts)
    assert [(p.apid, p.sequence_count) for p in Receiver().take(stream)] == [
        (5, 9),
        (6, 0),
        (5, 10),
    ]


def test_records_of_one_length_come_without_a_copy() -> None:
    rows = np.array([(1, 2.0), (3, 4.0)], np.dtype([("time_ns", "<i8"), ("range_m", "<f8")]))
    batch = Receiver().take(encode(9, [row.tobytes() for row in rows]))
    assert (batch.rows(rows.dtype) == rows).all()
    with pytest.raises(ValueError, match="16 octets"):
        Receiver().take(encode(9, [b"1", b"22"])).rows(rows.dtype)


def test_a_long_stream_is_taken_in_one_call() -> None:
    payloads = [bytes([k % 256]) * (k % 500 + 1) for k in range(3000)]
    stream = b"boot\n" + encode(1, payloads)
    batch = Receiver().take(stream)
    assert (batch.payloads(), batch.text) == (payloads, b"boot\n")


@pytest.mark.parametrize(
    ("segment", "cause"),
    [
        (b"\x05ab", "bad_cobs"),
        (cobs.encode(packets.encode(1, False, 0, b"xy")[:8]), "too_short"),
        (cobs.encode(packets.encode(1, False, 0, b"xy")[:-1]), "other_length"),
        (cobs.encode(packets.encode(1, False, 0, b"xy")[:-1] + b"!"), "bad_crc"),
        (b"\x01" * 5000, "too_long"),
    ],
)
def test_what_is_refused_is_counted_by_its_cause(segment: bytes, cause: str) -> None:
    receiver = Receiver()
    stream = b"\0" + segment + frame(1, b"after")
    assert [p.data for p in receiver.take(stream)] == [b"after"]
    assert receiver.counters == counted(octets=len(stream), packets=1, **{cause: 1})


def test_console_text_between_frames_is_kept() -> None:
    one, two = frame(1, b"one"), frame(1, b"two", count=1)
    receiver = Receiver()
    stream = b"boot 3\r\n" + one + "prêt> ".encode() + two + b"tail\n"
    batch = receiver.take(stream)
    assert batch.text == "boot 3\r\nprêt> tail\n".encode()
    assert batch.payloads() == [b"one", b"two"]
    assert receiver.counters == counted(octets=len(stream), packets=2, text_octets=len(batch.text))


def test_a_line_of_text_does_not_wait_for_a_zero() -> None:
    receiver = Receiver()
    assert receiver.take(b"hard fault\n").text == b"hard fault\n"
    assert receiver.take(b"> ").text == b""
    assert receiver.take(b"\0").text == b"> "


@pytest.mark.parametrize(("apid", "data"), [(-1, b"x"), (2048, b"x"), (1, b""), (1, bytes(3000))])
def test_what_no_packet_can_hold_is_refused(apid: int, data: bytes) -> None:
    with pytest.raises(PacketError, match="allowed"):
        frame(apid, data)
    with pytest.raises(PacketError, match="allowed"):
        encode(apid, [b"good", data])


def test_the_longest_packet() -> None:
    data = b"\xaa" * DATA_MAX
    assert Receiver().take(frame(2, data)).payloads() == [data]


def test_nothing_to_encode() -> None:
    assert encode(1, []) == b""
