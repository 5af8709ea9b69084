"""pytest plugin: one test on the desk, on an emulated board and on a real one.

    pytest --hil-board posix --hil-board flatsat --hil-report report.html

    @pytest.mark.requirement("REQ-LINK-3")
    def test_board_lands(hil_session):
        assert hil_session("frigoris_final", seed=2).verdict == "passed"

`docs/testing.md` describes fixtures and options.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from hypothesis import settings

    from hil.bench.result import Figures
    from hil.link.endpoint import Endpoint

DEFAULT_BOARD = "posix"
DESK = "inproc"
EXAMPLES_ON_A_BOARD = 20
_VERDICTS = {"failed": "violated", "passed": "held", "skipped": "not tried"}
_PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Requirements</title>
<style>body {{ font: 15px/1.45 system-ui, sans-serif; max-width: 62rem; margin: 2rem auto }}
td, th {{ text-align: left; padding: .15rem 1.1rem .15rem 0; border-bottom: 1px solid #e6e6e6 }}
.violated, .failed {{ color: #c62828 }} .held, .passed {{ color: #2e7d32 }}</style>
<h1>Requirements</h1>
<table><tr><th>requirement<th>verdict<th>test<th>board<th>outcome</tr>
{rows}
</table></html>
"""


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("hil", "hardware in the loop")
    group.addoption(
        "--hil-board",
        action="append",
        metavar="NAME|ADDRESS",
        help=f"where tests with a board run, a name of boards.toml or an address; {DESK} is the "
        f"desk alone; may be given several times; default {DEFAULT_BOARD}",
    )
    group.addoption(
        "--hil-sessions",
        type=Path,
        metavar="DIR",
        help="keep a session folder of each flight of hil_session there",
    )
    group.addoption(
        "--hil-report",
        type=Path,
        metavar="FILE",
        help="write requirements, their tests and outcomes as an HTML page",
    )


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers", "requirement(id, ...): the requirements that a test shows to hold"
    )
    config.pluginmanager.register(_Requirements(config), "hil-requirements")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "hil_address" in metafunc.fixturenames:
        boards = metafunc.config.getoption("--hil-board") or [DEFAULT_BOARD]
        metafunc.parametrize("hil_address", list(dict.fromkeys(boards)))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        for marker in item.iter_markers("requirement"):
            if not marker.args or not all(isinstance(a, str) and a for a in marker.args):
                raise pytest.UsageError(
                    f"{item.nodeid}: requirement{marker.args}: allowed: one text or more"
                )
            item.user_properties += [("requirement", name) for name in marker.args]


@pytest.fixture
def hil_address(request: pytest.FixtureRequest) -> str:
    """Where this test runs: each `--hil-board` in turn."""
    raise AssertionError("set for every test that uses it")


@pytest.fixture
def hil_board(hil_address: str, request: pytest.FixtureRequest) -> Iterator[Endpoint]:
    """A board that said HELLO, for this test alone; an emulated one is started anew."""
    from hil.boards import find, read
    from hil.link.attachment import attach

    if hil_address == DESK:
        pytest.skip("the desk alone has no board")
    with ExitStack() as stack:
        with _in_one_line():
            board = find(hil_address, read())
            there = attach(board.where(), says=board.says, hello_s=board.hello_s)
            attached = stack.enter_context(there)
        request.node.user_properties.append(("board", attached.endpoint.peer.board))
        yield attached.endpoint


@pytest.fixture
def hil_session(hil_address: str, request: pytest.FixtureRequest) -> Callable[..., Figures]:
    """Flies a scenario: `hil_session(scenario, seed=1)`, its name, file or a `Scenario`."""
    folder = request.config.getoption("--hil-sessions")

    def fly(scenario: Any, seed: int = 1) -> Figures:
        result = _flown(scenario, seed, hil_address, folder and folder / _file_name(request.node))
        of_run = ("scenario", "seed", "verdict", "board", "same_bits", "bit_hash", "session")
        figures = result.as_json()
        request.node.user_properties.extend(
            (name, str(figures[name])) for name in of_run if figures[name] is not None
        )
        return result

    return fly


def _flown(scenario: Any, seed: int, address: str, folder: Path | None) -> Figures:
    from hil import scenario as scenarios
    from hil.bench import processor, session
    from hil.boards import find, read
    from hil.extends import to_toml

    if isinstance(scenario, scenarios.Scenario):
        text = to_toml(scenario.model_dump(mode="json", exclude_none=True, exclude_defaults=True))
    else:
        scenario, text = scenarios.load(scenarios.find(str(scenario)))
    if folder is not None:
        folder = session.next_folder(folder.name, seed, folder.parent)
    with ExitStack() as stack:
        with _in_one_line():
            board = find(address, read())
            there = processor.attached(board.where(), says=board.says, hello_s=board.hello_s)
            attached = stack.enter_context(there)
        return session.run(scenario, text, seed=seed, folder=folder, processor=attached)


@contextmanager
def _in_one_line() -> Iterator[None]:
    """A board that is not there fails the test with what is wrong, not with a traceback."""
    from hil.boards import BoardsError
    from hil.link.carriers import AddressError, Unplugged
    from hil.link.endpoint import NotIdentified
    from hil.link.qemu import BoardError

    try:
        yield
    except (BoardsError, AddressError, BoardError, NotIdentified, Unplugged) as error:
        raise pytest.fail.Exception(f"--hil-board: {error}", pytrace=False) from None


def _file_name(node: Any) -> str:
    return "".join(c if c.isalnum() or c in "-_." else "-" for c in node.name)


@pytest.fixture
def hil_examples(hil_address: str) -> settings:
    """Settings for Hypothesis where this test runs: `examples`."""
    return examples(hil_address)


def examples(address: str) -> settings:
    """All of it on the desk and its program; less on other boards.

    There what failed before is tried first, shrunk as it was on the program, and then a few new
    examples, which are not shrunk.
    """
    from hypothesis import HealthCheck, Phase, settings

    if address in (DESK, DEFAULT_BOARD):
        return settings(settings.default, deadline=None)
    return settings(
        settings.default,
        deadline=None,
        max_examples=EXAMPLES_ON_A_BOARD,
        phases=(Phase.explicit, Phase.reuse, Phase.generate),
        suppress_health_check=(HealthCheck.too_slow,),
    )


class _Requirements:
    """What became of the tests of each requirement."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._outcomes: dict[str, str] = {}  # by test
        self._boards: dict[str, str] = {}
        self._tests: defaultdict[str, list[str]] = defaultdict(list)  # by requirement

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        test, properties = report.nodeid, report.user_properties
        before = self._outcomes.get(test, "passed")
        self._outcomes[test] = before if report.outcome == "passed" else report.outcome
        for name, value in properties:
            if name == "requirement" and test not in self._tests[str(value)]:
                self._tests[str(value)].append(test)
            elif name == "board":
                self._boards[test] = str(value)

    def verdict(self, requirement: str) -> str:
        """Of one that has tests: held, violated or not tried."""
        outcomes = {self._outcomes[test] for test in self._tests[requirement]}
        return next(word for outcome, word in _VERDICTS.items() if outcome in outcomes)

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        if not self._tests:
            return
        verdicts = [self.verdict(name) for name in self._tests]
        counts = [f"{verdicts.count(v)} {v}" for v in _VERDICTS.values() if v in verdicts]
        terminalreporter.write_line(f"requirements: {', '.join(counts)}")

    def pytest_sessionfinish(self) -> None:
        path = self._config.getoption("--hil-report")
        if path is not None and not hasattr(self._config, "workerinput"):
            rows = "\n".join(row for name in sorted(self._tests) for row in self._rows(name))
            path.write_text(_PAGE.format(rows=rows), encoding="utf-8")

    def _rows(self, requirement: str) -> Iterator[str]:
        verdict = self.verdict(requirement)
        for test in self._tests[requirement]:
            outcome = self._outcomes[test]
            cells = escape(test), escape(self._boards.get(test, "")), outcome
            yield (
                f'<tr><td>{escape(requirement)}<td class="{verdict}">{verdict}'
                f'<td>{cells[0]}<td>{cells[1]}<td class="{outcome}">{outcome}</tr>'
            )
