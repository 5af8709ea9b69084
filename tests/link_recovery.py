"""Frames lost for each event on the line: python tests/link_recovery.py [SEED...]

40,000 packets of 9 to 128 octets of user data; one frame in a hundred is hit. Prints the table of
docs/link.md. Beside ours stands the usual framing, with a zero at the end of each frame alone.
"""

import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from random import Random

from hil.link.codec import COUNTERS, Receiver, encode
from onboard.core._core import ffi, lib

PACKETS = 40_000
HIT_EVERY = 100
APID = 256
REFUSED = [name for name in COUNTERS if name not in ("octets", "packets", "text_octets")]
LINES = (
    b"ob: wheel 2 stalled\r\n",
    b"W (1234) radio: retry\n",
    b"assert failed: n < 8\n",
    "è\n".encode(),
)

Damage = Callable[[bytes, Random], bytes]


def flip_bit(frame: bytes, rng: Random) -> bytes:
    octets = bytearray(frame)
    octets[rng.randrange(len(octets))] ^= 1 << rng.randrange(8)
    return bytes(octets)


def drop_octet(frame: bytes, rng: Random) -> bytes:
    at = rng.randrange(len(frame))
    return frame[:at] + frame[at + 1 :]


def truncate(frame: bytes, rng: Random) -> bytes:
    return frame[: rng.randrange(len(frame))]


def burst(frame: bytes, rng: Random) -> bytes:
    at = rng.randrange(len(frame) - 7)
    return frame[:at] + rng.randbytes(8) + frame[at + 8 :]


def text_before(frame: bytes, rng: Random) -> bytes:
    return rng.choice(LINES) + frame


DAMAGES: dict[str, Damage] = {
    "bit flip": flip_bit,
    "octet dropped": drop_octet,
    "truncated": truncate,
    "burst of 8 octets": burst,
    "console text between frames": text_before,
}


@dataclass(frozen=True)
class Recovery:
    """What became of one stream."""

    events: int
    lost: int  # packets sent that did not come
    named_lost: int  # packets that the sequence counts say are missing
    false: int  # packets that came and were not sent, or not in this order
    refused: int  # segments, counted by their causes
    text: bytes
    text_sent: bytes

    @property
    def lost_per_event(self) -> float:
        return self.lost / self.events


def send(seed: int) -> tuple[list[bytes], list[bytes]]:
    """User data of all packets, and their frames."""
    rng = Random(f"packets {seed}")
    payloads = [
        k.to_bytes(8, "little") + rng.randbytes(1 + rng.randrange(120)) for k in range(PACKETS)
    ]
    frames = [encode(APID, [data], first_count=k) for k, data in enumerate(payloads)]
    return payloads, frames


def receive(payloads: list[bytes], stream: bytes, events: int, text_sent: bytes = b"") -> Recovery:
    """Received in one go, and judged against what was sent."""
    receiver = Receiver()
    batch = receiver.take(stream)
    expected = {data: k for k, data in enumerate(payloads)}
    indices = [expected.get(data, -1) for data in batch.payloads()]
    sequence = ffi.new("ob_sequence *")
    for count in batch.entries["sequence_count"].tolist():
        lib.ob_sequence_take(sequence, APID, count)
    good = [b for a, b in zip([-1, *indices], indices, strict=False) if b > a]
    return Recovery(
        events,
        lost=len(payloads) - len(good),
        named_lost=sequence.apid[0].lost,
        false=len(indices) - len(good),
        refused=sum(receiver.counters[name] for name in REFUSED),
        text=batch.text,
        text_sent=text_sent,
    )


def recover(damage: Damage, seed: int, begin: int = 0) -> Recovery:
    """One frame in HIT_EVERY is hit, neither the first nor the last.

    `begin` 1 leaves out the zero at the beginning of each frame.
    """
    payloads, frames = send(seed)
    rng = Random(f"damage {seed}")
    parts = [frame[begin:] for frame in frames]
    hit = sorted(rng.sample(range(1, PACKETS - 1), PACKETS // HIT_EVERY))
    for index in hit:
        parts[index] = damage(parts[index], rng)
    text = (
        b"".join(parts[k][: -len(frames[k]) + begin] for k in hit) if damage is text_before else b""
    )
    return receive(payloads, b"".join(parts), len(hit), text)


def main(seeds: Iterable[int]) -> None:
    print("| event | lost per event | false accepts | zero at the end alone: lost | false |")
    print("|---|---|---|---|---|")
    for name, damage in DAMAGES.items():
        ours = [recover(damage, seed) for seed in seeds]
        usual = [recover(damage, seed, begin=1) for seed in seeds]
        cells = [
            f"{sum(r.lost for r in rs) / sum(r.events for r in rs):.2f}" for rs in (ours, usual)
        ]
        false = [sum(r.false for r in rs) for rs in (ours, usual)]
        print(f"| {name} | {cells[0]} | {false[0]} | {cells[1]} | {false[1]} |")


if __name__ == "__main__":
    main([int(seed) for seed in sys.argv[1:]] or range(1, 11))
