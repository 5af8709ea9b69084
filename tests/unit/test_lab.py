"""A lab of boards: one owner at a time, power, lines, owners that vanish, clear refusals."""

from __future__ import annotations

import json
import re
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from lab_setup import TOKEN, address, connection, echoing, lab

from hil.boards import Board, BoardsError, read
from hil.cli import main
from hil.lab.client import Connection, LabLine, board_address, lab_address
from hil.lab.lab import Lab
from hil.lab.protocol import PORT, LabError, token_of
from hil.lab.server import Server
from hil.link.carriers import AddressError, Unplugged

SOON_S = 20.0


@pytest.fixture
def served() -> Iterator[Server]:
    """Two boards that echo, `a` and `b`."""
    with echoing() as a, echoing() as b, lab({"a": a, "b": b}) as server:
        yield server


def until(holds: Callable[[], bool]) -> None:
    """A condition that comes true by itself, at the latest in SOON_S."""
    end_s = time.monotonic() + SOON_S
    while not holds():
        assert time.monotonic() < end_s
        time.sleep(0.005)


def owner_of(server: Server, board: str) -> str | None:
    rows = {row["name"]: row["owner"] for row in server.lab.listed()}
    return rows[board]  # type: ignore[no-any-return]


# ---- owners -----------------------------------------------------------------------------------


def test_of_owners_who_race_one_gets_the_board(served: Server) -> None:
    names = [f"owner {k}" for k in range(8)]
    connections = {name: connection(served, "a", name) for name in names}
    gate, outcomes = threading.Barrier(len(names)), {}

    def race(name: str) -> None:
        gate.wait()
        try:
            outcomes[name] = connections[name].ask("reserve")["new"]
        except AddressError as error:
            outcomes[name] = str(error)

    threads = [threading.Thread(target=race, args=[name]) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(SOON_S)
    winners = [name for name, outcome in outcomes.items() if outcome is True]
    assert len(winners) == 1 and len(outcomes) == len(names)
    assert owner_of(served, "a") == winners[0]
    for name in set(names) - set(winners):
        assert f"a: {winners[0]} has it" in outcomes[name]
        with pytest.raises(AddressError, match=f"is not reserved for {name}: {winners[0]} has it"):
            connections[name].ask("power", to="on")
    for held in connections.values():
        held.close()


def test_a_board_goes_from_one_owner_to_the_next(served: Server) -> None:
    alice, bob = connection(served, "a"), connection(served, "a", "bob")
    assert alice.ask("reserve") == {"new": True, "power": False}
    assert alice.ask("reserve")["new"] is False, "it is hers already"
    with pytest.raises(AddressError, match=r"a: alice has it, for \d+ s now"):
        bob.ask("reserve")
    alice.ask("release")
    with pytest.raises(AddressError, match="is not reserved for alice: nobody has it"):
        alice.ask("release")
    assert bob.ask("reserve")["new"] is True
    with closing(connection(served, "b")) as of_another_board:
        assert of_another_board.ask("reserve")["new"] is True
    alice.close()
    bob.close()


class Time:
    now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


@given(
    st.floats(0.0, 1000.0),
    st.lists(st.tuples(st.sampled_from(["come", "go", "ask"]), st.floats(0.0, 400.0)), max_size=12),
)
def test_a_board_is_freed_so_long_after_its_owner_was_there_last(
    keep_s: float, steps: list[tuple[str, float]]
) -> None:
    clock = Time()
    rooms = Lab({"a": Board.model_construct(address="tcp://127.0.0.1:1")}, clock)
    rooms.arrives("alice")
    rooms.reserve("a", "alice", keep_s)
    connections, heard_s = 1, clock.now_s
    for step, passes_s in steps:
        if step == "come":
            rooms.arrives("alice")
            connections += 1
        elif step == "go" and connections:
            rooms.leaves("alice")
            connections, heard_s = connections - 1, clock.now_s
        clock.now_s += passes_s
        left = connections == 0 and clock.now_s - heard_s > keep_s
        assert rooms.look() == (["a: alice is gone"] if left else [])
        assert rooms.listed()[0]["owner"] == (None if left else "alice")
        if left:
            return


def test_an_owner_who_vanishes_loses_the_board(served: Server) -> None:
    alice, bob = connection(served, "a"), connection(served, "a", "bob")
    alice.ask("reserve", keep_s=0.0)
    line = LabLine(address(served, "a"), "alice", TOKEN)
    alice.close()
    line.write(b"still there")
    until(lambda: line.read(1.0) != b"")
    assert owner_of(served, "a") == "alice", "its line is open"
    line.close()
    until(lambda: owner_of(served, "a") is None)
    assert bob.ask("reserve")["new"] is True
    bob.close()


# ---- lines ------------------------------------------------------------------------------------


def test_octets_go_both_ways_and_a_line_is_one_clients(served: Server) -> None:
    alice = connection(served, "a")
    with pytest.raises(AddressError, match="is not reserved for alice"):
        LabLine(address(served, "a"), "alice", TOKEN)
    alice.ask("reserve")
    line = LabLine(address(served, "a"), "alice", TOKEN)
    sent, got = bytes(range(97, 123)) * 4000, b""
    line.write(sent)
    while len(got) < len(sent):
        got += line.read(SOON_S)
    assert got == sent.upper()
    with pytest.raises(AddressError, match="a: its line is in use already"):
        LabLine(address(served, "a"), "alice", TOKEN)
    alice.ask("release")
    with pytest.raises(Unplugged):
        while True:
            line.read(SOON_S)
    assert not line.reopen(), "it is not hers any more"
    alice.ask("reserve")
    until(line.reopen)
    line.write(b"again")
    assert line.read(SOON_S) == b"AGAIN"
    line.close()
    alice.close()


# ---- power ------------------------------------------------------------------------------------


def test_commands_switch_the_power_of_a_real_board(tmp_path: Path) -> None:
    note = tmp_path / "power"
    script = "import sys; open(sys.argv[1], 'a').write(sys.argv[2])"
    on, off = ([sys.executable, "-c", script, str(note), word] for word in ("on ", "off "))
    with echoing() as echo:
        text = f'[board.a]\naddress = "{echo.address}"\npower = {{ on = {on}, off = {off} }}\n'
        (tmp_path / "boards.toml").write_text(text, encoding="utf-8")
        with lab(read(tmp_path / "boards.toml")) as server:
            alice = connection(server, "a")
            alice.ask("reserve")
            alice.ask("power", to="on")
            assert server.lab.listed()[0]["power"] is True
            alice.ask("power", to="cycle")
            alice.ask("release")
            assert note.read_text() == "on off on off "
            alice.close()


@pytest.mark.parametrize(
    ("power", "why"),
    [
        (None, "a: its power is not switched from here"),
        (["false"], "a: power on: Command"),
        (["/no/such/program"], "a: power on: .*No such file"),
    ],
)
def test_power_that_cannot_be_switched(power: list[str] | None, why: str) -> None:
    table = {"address": "tcp://127.0.0.1:1"}
    switch = {} if power is None else {"power": {"on": power, "off": ["true"]}}
    with lab({"a": Board.model_validate({**table, **switch})}) as server:
        alice = connection(server, "a")
        alice.ask("reserve")
        with pytest.raises(AddressError, match=why):
            alice.ask("power", to="on")
        alice.ask("release")
        alice.close()


def test_power_has_commands_both_ways(tmp_path: Path) -> None:
    file = tmp_path / "boards.toml"
    file.write_text('[board.a]\naddress = "posix"\npower = { on = [] }\n', encoding="utf-8")
    with pytest.raises(BoardsError, match=r"board.a: power.*\n?.*power"):
        read(file)


# ---- refusals ---------------------------------------------------------------------------------


def spoken(server: Server, *lines: bytes) -> list[dict[str, object]]:
    """What a server answers to these octets."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=SOON_S) as client:
        client.sendall(b"".join(lines))
        client.shutdown(socket.SHUT_WR)
        answers = b""
        while octets := client.recv(4096):
            answers += octets
    return [json.loads(line) for line in answers.splitlines()]


HERE = json.dumps({"token": TOKEN, "owner": "alice"}).encode() + b"\n"


@pytest.mark.parametrize(
    "first",
    [b'{"token": "wrong", "owner": "a"}\n', b'{"owner": "a"}\n', b'{"token": 7}\n', b"{}\n", b""],
)
def test_without_the_token_nothing_is_told(served: Server, first: bytes) -> None:
    assert spoken(served, first, b'{"do": "list"}\n') in (
        [{"error": "wrong token"}],
        [{"error": "wrong token"}, {"error": "wrong token"}],
    )


def test_a_client_without_the_token_is_told(served: Server) -> None:
    with pytest.raises(
        AddressError, match=r"lab://127.0.0.1:\d+/a: wrong token; set ONBOARD_LAB_TOKEN"
    ):
        Connection(address(served, "a"), "alice", "wrong")


@pytest.mark.parametrize(
    ("request_", "why"),
    [
        (b"[]", "allowed: one JSON object a line"),
        (b"nonsense", "not a line of JSON: "),
        (b'{"do": "fly"}', "do = 'fly': allowed: list, reserve, release, power, maps, run"),
        (b'{"do": "reserve"}', "board = None: allowed: a text"),
        (b'{"do": "reserve", "board": "c"}', "c: there is no such board; there are: a, b"),
        (b'{"do": "reserve", "board": "a", "keep_s": "x"}', "keep_s = 'x': allowed: a number"),
        (b'{"do": "reserve", "board": "a", "keep_s": -1}', "keep_s = -1: allowed 0 to 86400"),
        (b'{"do": "power", "board": "a", "to": "up"}', "power to 'up': allowed: on, off, cycle"),
        (b'{"do": "maps", "board": "a", "octets": -1}', "octets = -1: allowed: 0 to "),
        (b'{"do": "run", "board": "a"}', "a: is not reserved for alice: nobody has it"),
        (b"{" * 70_000, "a line is longer than 65536 octets"),
    ],
)
def test_requests_that_are_none_are_refused(served: Server, request_: bytes, why: str) -> None:
    answers = spoken(served, HERE, request_ + b"\n")
    assert len(answers) == 2 and str(answers[1]["error"]).startswith(why)


def test_an_owner_needs_a_name(served: Server) -> None:
    first = json.dumps({"token": TOKEN, "owner": ""}).encode() + b"\n"
    assert spoken(served, first) == [{"error": "owner: allowed: a text of 1 to 80 characters"}]


# ---- addresses, tokens, commands --------------------------------------------------------------


def test_addresses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ONBOARD_LAB", raising=False)
    assert lab_address("lab:a") == ("127.0.0.1", PORT, "a")
    assert lab_address("lab://desk:99/a") == ("desk", 99, "a")
    monkeypatch.setenv("ONBOARD_LAB", "bench:12")
    assert lab_address("lab:a") == ("bench", 12, "a")
    for wrong in ("lab://desk:x/a", "tcp://desk:1/a", "lab:///a:b"):
        with pytest.raises(AddressError):
            lab_address(wrong if wrong != "lab:///a:b" else "http:a")
    for where in ("bench:x", ":12"):
        monkeypatch.setenv("ONBOARD_LAB", where)
        with pytest.raises(AddressError, match=f"ONBOARD_LAB = {where}: .*allowed: HOST:PORT"):
            lab_address("lab:a")
    monkeypatch.setenv("ONBOARD_LAB", "")
    assert lab_address("lab:a") == ("127.0.0.1", PORT, "a")
    with pytest.raises(AddressError, match="names no board; allowed: lab:BOARD"):
        board_address("lab:")


def test_a_token_is_made_once_and_is_the_users_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("ONBOARD_LAB_TOKEN", raising=False)
    file = tmp_path / "folder" / "token"
    with pytest.raises(LabError, match="`hil serve` makes it there, or set ONBOARD_LAB_TOKEN"):
        token_of(file)
    token = token_of(file, make=True)
    assert len(token) == 32 and token_of(file, make=True) == token
    assert file.stat().st_mode & 0o777 == 0o600
    file.write_text(" \n")
    with pytest.raises(LabError, match="is empty"):
        token_of(file)


def test_commands_of_a_client(served: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ONBOARD_LAB", f"127.0.0.1:{served.port}")
    monkeypatch.setenv("ONBOARD_LAB_TOKEN", TOKEN)
    run = CliRunner().invoke
    assert run(main, ["lab", "reserve", "a"]).exit_code == 0
    listed = run(main, ["lab", "list"]).output.splitlines()
    assert re.fullmatch(r"a: real, power not switched, \S+, for \d+ s", listed[0])
    assert listed[1] == "b: real, power not switched, free"
    taken_for_a_name = run(main, ["lab", "list", f"127.0.0.1:{served.port}"])
    assert taken_for_a_name.exit_code == 2
    assert "allowed: lab://HOST:PORT" in taken_for_a_name.output
    refused = run(main, ["lab", "power", "a", "on"])
    assert refused.exit_code == 2
    assert refused.output.strip().endswith("/a: a: its power is not switched from here")
    assert run(main, ["lab", "release", "a"]).exit_code == 0
    assert owner_of(served, "a") is None


def test_where_there_is_no_lab(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        monkeypatch.setenv("ONBOARD_LAB", f"127.0.0.1:{probe.getsockname()[1]}")
        monkeypatch.setenv("ONBOARD_LAB_TOKEN", TOKEN)
        done = CliRunner().invoke(
            main, ["run", "frigoris_final", "--board", "lab:a", "--no-record"]
        )
    assert done.exit_code == 2
    assert "there is no lab at" in done.output and "`hil serve` runs one" in done.output
