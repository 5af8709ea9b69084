"""Faults of the line between two ends: what is lost is named, nothing wrong is accepted, and one
frame after the end of a fault all is well.

Both ends send a numbered packet each 10 ms for 3 s; the fault acts in the second second. Seeds are
fixed: a damaged frame has a chance of 2^-16 to pass for another (framing.h).
"""

import threading
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st
from link_setup import BOARD, SECOND, Line

from hil.link import endpoint as link
from hil.link.carriers import InProcess
from hil.link.codec import COUNTERS
from hil.link.endpoint import Endpoint
from hil.link.faults import AMOUNTS, FaultyCarrier, LinkFaultSpec

TICK_NS = SECOND // 100
APID = 256
REFUSED = [name for name in COUNTERS if name not in ("octets", "packets", "text_octets")]
SPECS = [
    {"kind": "drop", "probability": 0.3},
    {"kind": "corrupt", "amount": 1, "probability": 0.3},
    {"kind": "corrupt", "amount": 9, "probability": 0.3},
    {"kind": "truncate", "probability": 0.3},
    {"kind": "duplicate", "probability": 0.3},
    {"kind": "burst", "amount": 8, "probability": 0.3},
    {"kind": "byte_loss", "probability": 0.02},
    {"kind": "delay", "amount": 0.055},
    {"kind": "delay", "amount": 0.055, "probability": 0.3},
    {"kind": "jitter", "amount": 0.08},
    {"kind": "stalled"},
    {"kind": "stuck", "amount": 0},
    {"kind": "stuck", "amount": 0x55},
    {"kind": "stuck", "amount": 0xFF},
    {"kind": "baud", "amount": 0.5},
    {"kind": "baud", "amount": 0.92},
    {"kind": "baud", "amount": 1.09},
    {"kind": "baud", "amount": 3.0},
    {"kind": "half_open"},
    {"kind": "babble", "amount": 2000.0},
]
HARMLESS = ("duplicate", "delay", "jitter", "stalled")  # lose nothing
WHOLE = ("drop", "corrupt", "truncate", "burst")  # lose at most the frames that they touch


@dataclass
class Direction:
    """What one end got of what the other sent, in order, and its counters."""

    got: list[int]
    named_lost: int
    repeated: int
    refused: int


def fly(spec: LinkFaultSpec, seed: int) -> tuple[dict[str, Direction], int]:
    """Each direction, and what the fault touched."""
    carrier = InProcess()
    line = Line(carrier, carrier.peer)
    faulty = FaultyCarrier(carrier, [spec], seed, line.clock)
    line.desk.carrier = line.desk_carrier = faulty
    line.rounds(2)
    got: dict[str, list[int]] = {"to_board": [], "from_board": []}
    line.clock.now_ns = 0
    for tick in range(310):
        if tick < 300:
            data = tick.to_bytes(8, "little") + bytes(tick % 40)
            line.board.send(APID, data)
            line.desk.send(APID, data)
        line.round(TICK_NS)
        for packets, way in ((line.board_got, "to_board"), (line.desk_got, "from_board")):
            got[way] += [int.from_bytes(p.data[:8], "little") for p in packets]
            assert all(p.data[8:] == bytes(len(p.data) - 8) for p in packets)
    ends = {"to_board": line.board, "from_board": line.desk}
    found = {
        way: Direction(
            got[way],
            end.sequences[APID].lost,
            end.sequences[APID].repeated,
            sum(end.counters[name] for name in REFUSED),
        )
        for way, end in ends.items()
    }
    return found, faulty.touched[0]


@pytest.mark.parametrize("direction", ["to_board", "from_board"])
@pytest.mark.parametrize("fields", SPECS, ids=lambda f: "-".join(str(v) for v in f.values()))
@pytest.mark.parametrize("seed", [1, 2])
def test_a_fault_of_the_line(fields: dict[str, object], direction: str, seed: int) -> None:
    spec = LinkFaultSpec.model_validate(
        {**fields, "direction": direction, "start_s": 1.0, "end_s": 2.0}
    )
    found, touched = fly(spec, seed)
    hit = found.pop(direction)
    (spared,) = found.values()
    assert spared == Direction(list(range(300)), 0, 0, 0)
    missing = sorted(set(range(300)) - set(hit.got))
    assert hit.got == sorted(set(hit.got)), "each once, in order, and only what was sent"
    assert hit.named_lost == len(missing)
    assert touched > 0
    # Sent at tick k, a frame passes at k or k + 1; the first after the end may be cut.
    assert all(98 <= number <= 201 for number in missing)
    if spec.kind in HARMLESS:
        assert not missing and hit.refused == 0
        assert (hit.repeated == touched) if spec.kind == "duplicate" else (hit.repeated == 0)
    elif spec.kind in WHOLE:
        assert 0 < len(missing) <= touched
    elif spec.kind == "babble":  # between frames, whose own zeros keep them apart from it
        assert not missing and hit.refused > 0
    else:
        assert missing


@pytest.mark.parametrize("ratio", [0.96, 0.98, 1.0, 1.02, 1.04])
def test_a_clock_within_four_percent_is_read_well(ratio: float) -> None:
    """A receiver samples the stop bit 9.5 bits after the edge and errs by less than half a bit."""
    spec = LinkFaultSpec(kind="baud", direction="from_board", amount=ratio)
    found, _ = fly(spec, 1)
    assert found["from_board"] == Direction(list(range(300)), 0, 0, 0)


def test_the_same_seed_gives_the_same_and_another_does_not() -> None:
    spec = LinkFaultSpec(
        kind="corrupt", direction="from_board", start_s=1.0, probability=0.2, amount=5
    )
    assert fly(spec, 1) == fly(spec, 1) != fly(spec, 2)


def specs(kind: str) -> LinkFaultSpec:
    limits = AMOUNTS[kind]
    amount = None if limits is None else min(limits[1], 3.0)
    return LinkFaultSpec.model_validate(
        {"kind": kind, "direction": "from_board", "amount": amount, "end_s": 1.0}
    )


@pytest.mark.parametrize("kind", AMOUNTS)
@given(stream=st.lists(st.binary(max_size=20), max_size=6), cut=st.integers(0, 120))
def test_what_a_fault_does_does_not_depend_on_the_cuts(
    kind: str, stream: list[bytes], cut: int
) -> None:
    octets = b"".join(b"\0" + part + b"\1\0" for part in stream)
    results = []
    single = [octets[k : k + 1] for k in range(len(octets))]
    for parts in ([octets], [octets[:cut], octets[cut:]], single):
        now_ns = [SECOND // 2]
        near = InProcess()
        carrier = FaultyCarrier(near, [specs(kind)], 5, lambda at=now_ns: at[0])
        came = b""
        for part in parts:
            near.peer.write(part)
            came += carrier.read(0.0)
        now_ns[0] = 10 * SECOND
        came += carrier.read(0.0)
        results.append(came)
    assert results[0] == results[1] == results[2]


def test_a_late_frame_says_when_it_comes() -> None:
    spec = LinkFaultSpec(kind="delay", direction="from_board", amount=0.25)
    near, now_ns = InProcess(), [0]
    carrier = FaultyCarrier(near, [spec], 1, lambda: now_ns[0])
    near.peer.write(b"\0\2a\0")
    assert carrier.read(0.0) == b""
    assert carrier.next_ns == SECOND // 4
    now_ns[0] = SECOND // 4
    assert carrier.read(0.0) == b"\0\2a\0"
    assert carrier.next_ns is None


ANSWER_S = 0.02  # the board answers in well under a millisecond
STARVED = 500  # tries, 10 s, for a machine that is busy with something else


def echo(board: Endpoint, stopped: threading.Event) -> None:
    """Plays a board in lockstep: answers each grant, a repeated one with the same."""
    while not stopped.is_set():
        for packet in board.receive(0.01):
            board.send(link.REPLY, packet.data)


@pytest.mark.parametrize("direction", ["to_board", "from_board"])
@pytest.mark.parametrize("fields", SPECS, ids=lambda f: "-".join(str(v) for v in f.values()))
def test_in_lockstep_every_tick_passes(fields: dict[str, object], direction: str) -> None:
    """Asked again until it does: the line's clock runs on while the emulated one waits."""
    spec = LinkFaultSpec.model_validate(
        {**fields, "direction": direction, "start_s": 0.1, "end_s": 0.2}
    )
    near, now_ns, stopped = InProcess(), [0], threading.Event()
    desk = Endpoint(FaultyCarrier(near, [spec], 1, lambda: now_ns[0], lockstep=True))
    board = Endpoint(near.peer, BOARD, role="board")
    player = threading.Thread(target=echo, args=(board, stopped))
    player.start()
    try:
        desk.wait_for_board(5.0)
        for tick in range(30):
            now_ns[0] = tick * TICK_NS
            tries, answers = 0, []
            while tick.to_bytes(8) not in answers:
                desk.send(link.GRANT, tick.to_bytes(8))
                answers += [p.data for p in desk.receive(ANSWER_S)]
                tries += 1
                assert tries < 0.1 / ANSWER_S + STARVED  # waiting in vain ends the fault
            known = [n.to_bytes(8) for n in range(tick + 1)]
            assert all(answer in known for answer in answers), "nothing that was not asked"
    finally:
        stopped.set()
        player.join()
