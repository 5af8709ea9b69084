"""Messages a second, sending and receiving, beside other codecs: `make bench`.

28 octets of user data, 39 on the line. A message is a `bytes` of user data going in and coming
out; the others are driven in a loop. pymavlink carries ATTITUDE, which has 28 octets too.
"""

import io
import struct
from binascii import crc_hqx
from collections.abc import Callable
from typing import Any

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from hil.link.codec import Receiver, encode

MESSAGES = 2_000
APID = 256
VALUES = [(10_000_000 * k, 1.0, 2.0, 3.0, 4.0, k + 0.5) for k in range(MESSAGES)]
PAYLOADS = [struct.pack("<q5f", *values) for values in VALUES]

Codec = tuple[Callable[[], Any], Callable[[Any], int]]  # send all; receive them and count


def onboard() -> Codec:
    def receive(stream: bytes) -> int:
        return len(Receiver().take(stream).payloads())

    return lambda: encode(APID, PAYLOADS), receive


def onboard_records() -> Codec:
    """Received as one array of records."""
    record = "<i8, <f4, <f4, <f4, <f4, <f4"
    return lambda: encode(APID, PAYLOADS), lambda s: len(Receiver().take(s).rows(record))


def struct_crc_cobs() -> Codec:
    cobs = pytest.importorskip("cobs.cobs", reason="needs the package cobs")
    head, tail = struct.Struct(">HHH"), struct.Struct(">H")

    def send() -> bytes:
        frames = []
        for count, data in enumerate(PAYLOADS):
            packet = head.pack(APID, 0xC000 | count, len(data) + 1) + data
            sealed = packet + tail.pack(crc_hqx(packet, 0xFFFF))
            frames.append(b"\0" + cobs.encode(sealed) + b"\0")
        return b"".join(frames)

    def receive(stream: bytes) -> int:
        packets = [cobs.decode(s) for s in stream.split(b"\0") if s]
        good = [(head.unpack_from(p), p[6:-2]) for p in packets if crc_hqx(p, 0xFFFF) == 0]
        return len(good)

    return send, receive


def spacepackets() -> Codec:
    ccsds = pytest.importorskip("spacepackets.ccsds", reason="needs the package spacepackets")

    def send() -> list[bytes]:
        return [
            ccsds.SpHeader.tm(apid=APID, seq_count=k, data_len=29).pack() + data
            for k, data in enumerate(PAYLOADS)
        ]

    def receive(packets: list[bytes]) -> int:
        return len([(ccsds.SpHeader.unpack(p), p[6:]) for p in packets])

    return send, receive


def pymavlink() -> Codec:
    reason = "needs the package pymavlink: pip install 'onboard[bench]'"
    dialect = pytest.importorskip("pymavlink.dialects.v20.common", reason=reason)

    def send() -> bytes:
        link = dialect.MAVLink(io.BytesIO(), srcSystem=1, srcComponent=1)
        for time_ns, *values in VALUES:
            link.attitude_send(time_ns // 1_000_000, *values, 0.0)
        return link.file.getvalue()

    return send, lambda s: len(dialect.MAVLink(io.BytesIO()).parse_buffer(s))


CODECS = [onboard, onboard_records, struct_crc_cobs, spacepackets, pymavlink]


@pytest.mark.parametrize("codec", CODECS)
def test_send(benchmark: BenchmarkFixture, codec: Callable[[], Codec]) -> None:
    send, receive = codec()
    sent = benchmark(send)
    assert receive(sent) == MESSAGES
    _tell(benchmark, "sent", codec)


@pytest.mark.parametrize("codec", CODECS)
def test_receive(benchmark: BenchmarkFixture, codec: Callable[[], Codec]) -> None:
    send, receive = codec()
    assert benchmark(receive, send()) == MESSAGES
    _tell(benchmark, "received", codec)


def _tell(benchmark: BenchmarkFixture, what: str, codec: Callable[[], Codec]) -> None:
    if benchmark.enabled:
        rate = MESSAGES / benchmark.stats.stats.median / 1e6
        print(f"\n{codec.__name__}: {rate:.3f} million messages {what} a second (median)")
