"""Who is at the other end of a line, found by listening: not an octet is written."""

from __future__ import annotations

from time import monotonic

from hil.link.carriers import Unplugged, open_carrier
from hil.link.codec import Receiver
from hil.link.endpoint import HELLO, Hello, hello_of


def listen(address: str, timeout_s: float) -> Hello | None:
    """The first HELLO that comes; None if none does. Raises AddressError."""
    carrier, receiver = open_carrier(address), Receiver()
    until_s = monotonic() + timeout_s
    try:
        while (left_s := until_s - monotonic()) > 0.0:
            for packet in receiver.take(carrier.read(left_s)):
                if packet.apid == HELLO and (hello := hello_of(packet.data)) is not None:
                    return hello
    except Unplugged:
        return None
    finally:
        carrier.close()
    return None
