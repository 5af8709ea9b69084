"""Packets: round trip, and no flipped bit gets through."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onboard.services.packets import PacketError, SpacePacket, decode, encode

packets = st.tuples(
    st.integers(0, 2046), st.booleans(), st.integers(0, 16383), st.binary(min_size=1, max_size=300)
)


@given(packets)
def test_round_trip(packet: tuple[int, bool, int, bytes]) -> None:
    assert decode(encode(*packet)) == SpacePacket(*packet)


@given(packets, st.data())
def test_up_to_three_flipped_bits_are_found(
    packet: tuple[int, bool, int, bytes], data: st.DataObject
) -> None:
    """Hamming distance 4 up to 32,751 bits of data (Koopman and Chakravarty 2004)."""
    octets = bytearray(encode(*packet))
    bits = st.integers(0, 8 * len(octets) - 1)
    for bit in data.draw(st.sets(bits, min_size=1, max_size=3)):
        octets[bit // 8] ^= 1 << (bit % 8)
    with pytest.raises(PacketError):
        decode(bytes(octets))


@given(st.binary(max_size=64))
def test_any_octets_give_a_packet_or_a_reason(octets: bytes) -> None:
    try:
        packet = decode(octets)
    except PacketError as error:
        assert str(error)
    else:
        assert encode(*packet) == octets
