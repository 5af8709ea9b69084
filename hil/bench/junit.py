"""The verdict of a run as JUnit XML: a test for each expectation, and for board and pace."""

from __future__ import annotations

from collections.abc import Iterator
from xml.etree import ElementTree

from hil.bench.result import Figures
from hil.expectation import Expectation
from hil.scenario import Scenario

_PROPERTIES = ("seed", "way", "bit_hash", "board", "board_ticks", "same_bits")


def document(result: Figures, scenario: Scenario) -> bytes:
    """The file, with what flew as properties of each test."""
    cases = list(_cases(result, scenario))
    failed = sum(line is not None for _, line in cases)
    suites = ElementTree.Element("testsuites")
    suite = ElementTree.SubElement(
        suites,
        "testsuite",
        name=result.scenario,
        tests=str(len(cases)),
        failures=str(failed),
        errors="0",
        skipped="0",
        time=f"{result.wall_seconds:.3f}",
    )
    figures = result.as_json()
    for name, line in cases:
        case = ElementTree.SubElement(suite, "testcase", classname=result.scenario, name=name)
        properties = ElementTree.SubElement(case, "properties")
        for key in (k for k in _PROPERTIES if figures[k] is not None):
            ElementTree.SubElement(properties, "property", name=key, value=str(figures[key]))
        if line is not None:
            ElementTree.SubElement(case, "failure", message=line)
    ElementTree.indent(suites)
    return ElementTree.tostring(suites, encoding="utf-8", xml_declaration=True) + b"\n"


def _cases(result: Figures, scenario: Scenario) -> Iterator[tuple[str, str | None]]:
    """Names of the tests, and why one failed."""
    yield "ends", "interrupted" if result.verdict == "interrupted" else None
    for expectation in scenario.expect:
        yield f"{expectation.subject} {expectation}", _failure(result, expectation)
    if result.board is not None:
        yield "same bits", result.first_difference or result.board_failure
    if result.real_time is not None:
        yield "real time", result.real_time["halted"]


def _failure(result: Figures, expectation: Expectation) -> str | None:
    head, tail = f"{expectation.subject} ", f"expected {expectation}"
    lines = result.failed_expectations
    return next((x for x in lines if x.startswith(head) and x.endswith(tail)), None)
