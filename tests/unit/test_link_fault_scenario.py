"""`[[link_fault]]` in a scenario: what is accepted, and that every mistake is named."""

import pytest

from hil import scenario as scenarios
from hil.scenario import ScenarioError

TEXT = (scenarios.FOLDER / "frigoris.toml").read_text()
GOOD = (
    '\n[[link_fault]]\nkind = "corrupt"\ndirection = "to_board"\namount = 3\nprobability = 0.01\n'
)


def test_faults_of_the_line_are_read_and_not_flown_nominally() -> None:
    scenario = scenarios.parse(TEXT + GOOD, "mine.toml")
    (fault,) = scenario.link_fault
    assert (fault.kind, fault.direction, fault.amount) == ("corrupt", "to_board", 3.0)
    assert fault.is_active(0.0) and fault.is_active(1e6)


def test_they_come_after_those_of_the_scenario_that_is_extended() -> None:
    tables = [{"link_fault": [{"kind": kind}]} for kind in ("drop", "baud")]
    assert [f["kind"] for f in scenarios.merge(*tables)["link_fault"]] == ["drop", "baud"]


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('"corrupt"', '"corupt"', ("link_fault.0.kind", "'corupt'", "drop")),
        ('"to_board"', '"up"', ("link_fault.0.direction", "'up'", "from_board")),
        ("amount = 3", "", ("link_fault.0", "amount", "[1.0, 64.0]")),
        ("amount = 3", "amount = 65", ("link_fault.0", "65", "[1.0, 64.0]")),
        ("amount = 3", "amount = 2.5", ("link_fault.0", "2.5", "whole number")),
        ('"corrupt"', '"drop"', ("link_fault.0", "3", "takes none")),
        ("0.01", "0.0", ("link_fault.0.probability", "0.0", "above 0 to 1")),
        ('"corrupt"', '"babble"', ("link_fault.0", "0.01", "certain")),
        ("amount = 3", "amount = 3\nstart_s = 2.0\nend_s = 2.0", ("end_s", "2.0", "above")),
        ("amount = 3", "amount = 3\nport = 1", ("link_fault.0.port", "unknown")),
    ],
)
def test_a_mistake_is_told_in_one_line(old: str, new: str, words: tuple[str, ...]) -> None:
    with pytest.raises(ScenarioError) as caught:
        scenarios.parse(TEXT + GOOD.replace(old, new), "mine.toml")
    message = str(caught.value)
    assert message.startswith("mine.toml: ") and "\n" not in message
    assert all(word in message for word in words), message
