"""The pytest plugin: boards, requirements, and examples shrunk here, confirmed there."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar
from xml.etree import ElementTree

import board_setup
import pytest
from hypothesis import settings
from hypothesis.database import InMemoryExampleDatabase
from hypothesis.stateful import rule, run_state_machine_as_test
from hypothesis.strategies import binary, integers
from link_machine import SIZE, LinkMachine

from hil.link.attachment import attach
from hil.link.endpoint import Endpoint
from hil.pytest_plugin import examples

pytest_plugins = "pytester"
ON_BOARDS = Path(__file__).parent / "test_on_boards.py"
SOME = """
import pytest

@pytest.mark.requirement("REQ-1")
def test_holds(): pass

@pytest.mark.requirement("REQ-1", "REQ-2")
def test_is_violated(): assert False

@pytest.mark.requirement("REQ-<3>")
@pytest.mark.skip
def test_is_not_tried(): pass
"""


def properties(path: Path) -> dict[str, list[tuple[str, str]]]:
    """Of each test in a JUnit file."""
    cases = ElementTree.parse(path).iter("testcase")
    return {
        case.attrib["name"]: [(p.attrib["name"], p.attrib["value"]) for p in case.iter("property")]
        for case in cases
    }


def test_one_file_runs_on_emulated_boards_and_a_serial_port(
    pytester: pytest.Pytester, tmp_path: Path
) -> None:
    """But for the flight: the port's board has no memory for the map."""
    junit = tmp_path / "junit.xml"
    board_setup.build("mps2-an386")
    with board_setup.serial_board() as port:
        boards = [f"--hil-board={address}" for address in ("qemu:mps2-an386", port)]
        files = [str(ON_BOARDS), f"--junit-xml={junit}", "-pno:cacheprovider"]
        outcome = pytester.runpytest_inprocess(*files, *boards, "-k", "not flight")
    outcome.assert_outcomes(passed=6)
    of_tests = properties(junit)
    assert len(of_tests) == 6
    for name, given in of_tests.items():
        assert ("board", "mps2-an386" if "qemu" in name else "posix") in given
        assert [value for key, value in given if key == "requirement"]


def test_a_flight_is_told_in_the_junit_file(pytester: pytest.Pytester, tmp_path: Path) -> None:
    junit, sessions = tmp_path / "junit.xml", tmp_path / "sessions"
    options = [f"--junit-xml={junit}", f"--hil-sessions={sessions}", "-pno:cacheprovider"]
    outcome = pytester.runpytest_inprocess(
        str(ON_BOARDS), *options, "-k", "flight", "--hil-board", "inproc", "--hil-board", "posix"
    )
    outcome.assert_outcomes(passed=2)
    desk, board = (dict(given) for given in properties(junit).values())
    assert desk["bit_hash"] == board["bit_hash"]
    assert (board["board"], board["same_bits"], board["scenario"]) == (
        *("posix", "True"),
        "frigoris_final",
    )
    assert "board" not in desk
    assert (Path(board["session"]) / "session.mcap").exists()


def test_requirements_reach_the_report(pytester: pytest.Pytester, tmp_path: Path) -> None:
    pytester.makepyfile(SOME)
    page = tmp_path / "report.html"
    outcome = pytester.runpytest_inprocess("--hil-report", page)
    outcome.assert_outcomes(passed=1, failed=1, skipped=1)
    outcome.stdout.fnmatch_lines(["requirements: 2 violated, 1 not tried"])
    text = page.read_text()
    assert text.count("<td>REQ-1<td") == 2 and text.count("<td>REQ-2<td") == 1
    assert "<td>REQ-&lt;3&gt;" in text and "not tried" in text


@pytest.mark.parametrize("given", ["", "3", "''"])
def test_a_requirement_without_a_name_is_refused(pytester: pytest.Pytester, given: str) -> None:
    pytester.makepyfile(
        f"import pytest\n@pytest.mark.requirement({given})\ndef test_some(): pass\n"
    )
    outcome = pytester.runpytest_inprocess()
    assert outcome.ret == pytest.ExitCode.USAGE_ERROR
    outcome.stderr.fnmatch_lines(["*test_some: requirement(*): allowed: one text or more"])


@pytest.mark.parametrize(
    ("board", "said"),
    [
        ("tcp://nowhere", "tcp://nowhere: allowed:*"),
        ("nosuch", "nosuch: there is no such board; *"),
        ("serial:/dev/nothing", "serial:/dev/nothing: there is no such port; *"),
    ],
)
def test_boards_that_are_none_are_told_without_a_traceback(
    pytester: pytest.Pytester, board: str, said: str
) -> None:
    pytester.makepyfile(
        "def test_board(hil_board): pass\n"
        "def test_flight(hil_session): hil_session('frigoris_final')\n"
    )
    outcome = pytester.runpytest_inprocess("--hil-board", board, "-pno:cacheprovider")
    outcome.assert_outcomes(errors=1, failed=1)
    outcome.stdout.fnmatch_lines([f"--hil-board: {said}"] * 2)
    for words in ("Error: ", " in __enter__", "During handling"):
        assert words not in outcome.stdout.str()


class _Mistaken(LinkMachine):
    """Believes that nothing is ever written behind the middle."""

    ran: ClassVar[list[list[tuple[int, bytes]]]] = []

    def __init__(self, endpoint: Endpoint) -> None:
        super().__init__(endpoint)
        self.ran.append([])

    @rule(at=integers(0, SIZE - 1), octets=binary(min_size=1, max_size=40))
    def write(self, at: int, octets: bytes) -> None:
        self.ran[-1].append((at, octets))
        before = bytes(self.model[SIZE // 2 :])
        super().write(at, octets)
        assert self.model[SIZE // 2 :] == before


def _falsified(endpoint: Endpoint, chosen: Any) -> list[list[tuple[int, bytes]]]:
    """What each example wrote until the machine failed."""
    _Mistaken.ran.clear()
    with pytest.raises(AssertionError):
        run_state_machine_as_test(lambda: _Mistaken(endpoint), settings=chosen)
    return list(_Mistaken.ran)


def test_what_fails_is_shrunk_on_the_program_and_confirmed_on_a_board() -> None:
    board_setup.build("posix")
    board_setup.build("mps2-an386")
    kept = InMemoryExampleDatabase()
    with attach("posix") as program:
        ran = _falsified(program.endpoint, settings(examples("posix"), database=kept))
    shrunk = ran[-1]
    assert len(ran) > 1 and len(shrunk) == 1, "one write is enough"
    with attach("qemu") as board:
        confirmed = _falsified(board.endpoint, settings(examples("qemu"), database=kept))
    assert confirmed[0] == shrunk, "tried first"
    assert all(wrote == shrunk for wrote in confirmed), "and not shrunk again"
