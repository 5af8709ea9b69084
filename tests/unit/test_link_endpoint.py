"""Who is there, what time it is there, what was lost: two ends in one process."""

import pytest
from link_setup import BOARD, SECOND, in_process

from hil.link import endpoint as link
from hil.link.carriers import InProcess, Unplugged
from hil.link.codec import Receiver, frame
from hil.link.endpoint import Endpoint, Hello, NotIdentified
from onboard.core._core import lib
from onboard.services.packets import PacketError


def test_a_board_says_who_it_is_and_is_answered() -> None:
    line = in_process()
    line.rounds(2)
    assert line.desk.peer == BOARD
    assert line.board.peer.board == "desk"
    assert line.board.peer.core_hash == lib.ob_core_hash() != 0


def test_the_desk_writes_nothing_to_who_did_not_say_hello() -> None:
    carrier = InProcess()
    desk = Endpoint(carrier)
    carrier.peer.write(b"login: \n" + frame(256, b"telemetry"))
    with pytest.raises(NotIdentified, match="no HELLO"):
        desk.wait_for_board(0.01)
    with pytest.raises(NotIdentified, match="no HELLO"):
        desk.send(link.GRANT, b"x")
    with pytest.raises(NotIdentified, match="no HELLO"):
        _ = desk.peer
    assert carrier.peer.read(0.0) == b""
    assert desk.take_text() == b"login: \n"
    assert desk.take_text() == b""


def test_hello_comes_once_a_second_until_it_is_answered() -> None:
    carrier = InProcess()
    now_ns = 0
    board = Endpoint(carrier.peer, BOARD, role="board", clock=lambda: now_ns)
    for tick in range(501):
        now_ns = tick * SECOND // 100
        board.take(b"")
    hellos = list(Receiver().take(carrier.read(0.0)))
    assert [p.apid for p in hellos] == [link.HELLO] * 6
    times = [int.from_bytes(p.data[:8], "little") for p in hellos]
    assert times == [k * SECOND for k in range(6)]


def test_a_board_that_hears_nothing_says_hello_again() -> None:
    line = in_process()
    line.rounds(2)
    line.clock.now_ns += 2 * SECOND
    assert line.board.is_connected
    line.board.take(b"")
    assert not line.board.is_connected
    line.rounds(2)
    assert line.board.is_connected
    assert line.desk.counters["sessions"] == 1  # the same board


def test_an_answer_to_an_earlier_start_is_not_for_this_board() -> None:
    line = in_process()
    line.board.take(b"")  # HELLO goes out
    line.start_board(BOARD._replace(session=12))  # the board restarts
    line.desk.take(line.desk_carrier.read(0.0))
    line.board.take(line.board_carrier.read(0.0))
    assert not line.board.is_connected
    assert line.board.counters["malformed"] == 1


def test_a_board_that_starts_anew_is_taken_up_at_once() -> None:
    line = in_process()
    line.rounds(2)
    for k in range(5):
        line.board.send(256, bytes([k]))
    line.round()
    line.start_board(BOARD._replace(session=12))
    line.rounds(2)
    line.board.send(256, b"anew")
    line.round()
    assert [p.data for p in line.desk_got] == [b"anew"]
    assert line.desk.counters["sessions"] == 2
    assert line.desk.peer.session == 12
    assert line.desk.counters["lost"] == line.desk.counters["repeated"] == 0


def test_what_is_lost_and_what_comes_twice_is_counted_and_not_passed_on() -> None:
    line = in_process()
    line.rounds(2)
    line.board.send(256, b"first")
    kept = line.desk_carrier.read(0.0)
    line.board.send(256, b"lost")
    line.desk_carrier.read(0.0)
    line.board.send(256, b"third")
    third = line.desk_carrier.read(0.0)
    assert [p.data for p in line.desk.take(kept + third + third + kept)] == [b"first", b"third"]
    assert line.desk.sequences[256] == (2, 1, 2, 0)
    assert line.desk.counters["lost"] == 1
    assert line.desk.counters["repeated"] == 2


def test_an_echo_is_not_taken_for_an_answer() -> None:
    line = in_process()
    line.rounds(2)
    line.desk.send(link.GRANT, b"grant")
    assert line.desk.take(line.board_carrier.read(0.0)) == []
    assert line.desk.counters["misdirected"] == 1


def test_a_message_of_another_length_is_counted() -> None:
    line = in_process()
    line.rounds(2)
    line.board.send(link.SYNC, b"short")
    line.round()
    assert line.desk.counters["malformed"] == 1


@pytest.mark.parametrize("ahead_ns", [0, 5 * SECOND, 1 << 59])
def test_the_clock_of_the_board_is_known_to_half_the_round_trip(ahead_ns: int) -> None:
    line = in_process(sync_period_s=0.5)
    line.start_board(BOARD, ahead_ns)
    assert line.desk.time_sync is None
    line.rounds(200)
    sync = line.desk.time_sync
    assert sync is not None
    assert abs(sync.offset_ns - ahead_ns) <= sync.round_trip_ns // 2 <= sync.error_ns
    assert sync.round_trip_ns == SECOND // 100  # there and back take one round


def test_packets_and_what_no_packet_can_hold() -> None:
    line = in_process()
    line.rounds(2)
    line.desk.send(link.TELECOMMAND, b"command")
    line.round()
    assert [(p.apid, p.telecommand, p.data) for p in line.board_got] == [(16, True, b"command")]
    for apid, data in ((2047, b"x"), (-1, b"x"), (1, b""), (1, bytes(3000))):
        with pytest.raises(PacketError, match="allowed"):
            line.desk.send(apid, data)


def test_a_line_that_was_away_must_identify_itself_anew() -> None:
    line = in_process()
    line.rounds(2)
    line.board_carrier.write(b"\0half a frame \x01")
    line.round()
    assert line.desk.reopen()
    with pytest.raises(NotIdentified):
        line.desk.send(link.GRANT, b"x")
    line.clock.now_ns += 2 * SECOND
    line.rounds(2)
    line.board.send(256, b"whole")
    line.round()
    assert [p.data for p in line.desk_got] == [b"whole"]


def test_packets_that_came_before_the_line_went_are_not_lost() -> None:
    line = in_process()
    line.rounds(2)
    line.board.send(256, b"last words")
    line.board_carrier.write(frame(link.HELLO, bytes(80)[:16] + b"\x0c" + bytes(63)))
    octets = line.desk_carrier.read(0.0)
    line.board_carrier.close()
    with pytest.raises(Unplugged):
        line.desk.take(octets)  # which answers the HELLO
    line.board_carrier.reopen()
    assert [p.data for p in line.desk.take(b"")] == [b"last words"]


def test_a_board_that_prints_for_ever_does_not_fill_the_memory() -> None:
    desk = Endpoint(InProcess())
    line = b"assert failed\n" * 5000
    for _ in range(20):
        desk.take(line)
    assert desk.take_text() == (line * 20)[-link.TEXT_KEPT :]
    assert desk.counters["text_octets"] == 20 * len(line)


def test_long_names_are_cut() -> None:
    carrier = InProcess()
    board = Endpoint(carrier.peer, Hello("b" * 40, session=3), role="board", clock=lambda: 0)
    board.take(b"")
    assert Endpoint(carrier).wait_for_board(1.0).board == "b" * 24
