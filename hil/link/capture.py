"""Packets of a line in a pcap file that Wireshark opens without a setting.

    capture = Capture(folder / "link.pcap")
    carrier = CapturedCarrier(open_carrier(address), capture, clock)

Link type 252 (WIRESHARK_UPPER_PDU) names the dissector of each packet in a tag before it, here
`ccsds`. Times are nanoseconds. The file is whole after every packet.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from pathlib import Path

from hil.link.carriers import Carrier
from hil.link.codec import PACKET_OCTETS_MAX, Receiver
from onboard.services.packets import encode

_MAGIC = 0xA1B23C4D  # little endian, times in nanoseconds
_UPPER_PDU = 252
_DISSECTOR = b"ccsds\0\0\0"  # filled up to a multiple of four
_TAGS = struct.pack(">HH", 12, len(_DISSECTOR)) + _DISSECTOR + struct.pack(">HH", 0, 0)
_FILE_HEAD = struct.pack("<IHHiIII", _MAGIC, 2, 4, 0, 0, len(_TAGS) + PACKET_OCTETS_MAX, _UPPER_PDU)
_RECORD_HEAD = struct.Struct("<IIII")
_SECOND_NS = 1_000_000_000


class Capture:
    """A pcap file that is being written."""

    def __init__(self, path: Path) -> None:
        """Raises OSError if the file cannot be created."""
        self._file = path.open("wb", buffering=0)
        self._file.write(_FILE_HEAD)
        self.packets = 0

    def add(self, time_ns: int, packet: bytes) -> None:
        """One whole space packet. Raises OSError if it cannot be written."""
        octets = _TAGS + packet
        seconds, nanoseconds = divmod(max(0, time_ns), _SECOND_NS)
        size = len(octets)
        self._file.write(_RECORD_HEAD.pack(seconds, nanoseconds, size, size) + octets)
        self.packets += 1

    def close(self) -> None:
        self._file.close()


class CapturedCarrier:
    """A carrier whose packets, both ways, are noted in a capture; it is one, too."""

    def __init__(self, carrier: Carrier, capture: Capture, clock: Callable[[], int]) -> None:
        """`clock` gives the time of a packet in ns."""
        self.address = carrier.address
        self._carrier = carrier
        self._capture = capture
        self._clock = clock
        self._came, self._went = Receiver(), Receiver()

    @property
    def is_open(self) -> bool:
        return self._carrier.is_open

    def read(self, timeout_s: float) -> bytes:
        octets = self._carrier.read(timeout_s)
        self._note(self._came, octets)
        return octets

    def write(self, octets: bytes) -> None:
        self._carrier.write(octets)
        self._note(self._went, octets)

    def _note(self, receiver: Receiver, octets: bytes) -> None:
        for packet in receiver.take(octets) if octets else ():
            self._capture.add(self._clock(), encode(*packet))

    def reopen(self) -> bool:
        self._came, self._went = Receiver(), Receiver()
        return self._carrier.reopen()

    def close(self) -> None:
        self._carrier.close()
