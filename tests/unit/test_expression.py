"""Four-valued expressions against an enumeration of what the unknowns could be."""

import itertools

import pytest

from onboard.fault_protection import expression as ex
from onboard.fault_protection.expression import ERROR, FALSE, STALE, TRUE

NAMES = ("a", "b", "c")
INDEX = {name: i for i, name in enumerate(NAMES)}
TEXTS = (
    "a",
    "not a",
    "a and b",
    "a or b",
    "a and not b or c",
    "not (a or b) and c",
    "at_least(2, a, b, c)",
    "at_least(1, a, b)",
    "at_least(2, a and b, c, not a)",
    "mode(braking) and a",
    "not mode(braking, safe) or b",
    "at_least(2, mode(braking), a, b)",
)


def value(text, values, mode="braking"):
    compiled = ex.compile_in_mode(ex.parse(text), INDEX, mode)
    return compiled if isinstance(compiled, int) else compiled(values)


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("mode", ["braking", "coast"])
def test_compiled_equals_tree(text, mode):
    for values in itertools.product(range(4), repeat=3):
        wanted = ex.evaluate(ex.parse(text), dict(zip(NAMES, values, strict=True)), mode)
        assert value(text, values, mode) == wanted


@pytest.mark.parametrize("text", ["a and b", "a or b", "at_least(2, a, b, c)", "not a"])
def test_known_exactly_when_every_possible_world_agrees(text):
    """Each monitor stands once, so Kleene's logic must agree with the possible worlds."""
    for values in itertools.product(range(4), repeat=3):
        worlds = itertools.product(*((v,) if v in (FALSE, TRUE) else (FALSE, TRUE) for v in values))
        outcomes = {value(text, world) for world in worlds}
        result = value(text, values)
        assert (result in (STALE, ERROR)) == (len(outcomes) == 2)
        if len(outcomes) == 1:
            assert result == outcomes.pop()


def test_error_wins_over_stale():
    assert value("a and b", (ERROR, STALE, FALSE)) == ERROR
    assert value("a or b", (STALE, ERROR, FALSE)) == ERROR
    assert value("at_least(2, a, b, c)", (STALE, ERROR, TRUE)) == ERROR
    assert value("a or b", (STALE, FALSE, FALSE)) == STALE


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "cannot read"),
        ("a and", "cannot read"),
        ("a + b", "expected a monitor"),
        ("a < 3", "expected a monitor"),
        ("__import__('os')", "expected a monitor"),
        ("a.b", "expected a monitor"),
        ("mode()", "expected a monitor"),
        ("mode(1)", "expected the name of a mode"),
        ("at_least(0, a)", "expected a count 1 to 1"),
        ("at_least(3, a, b)", "expected a count 1 to 2"),
        ("at_least(True, a, b)", "expected a count 1 to 2"),
        ("at_least(2)", "expected a monitor"),
        ("(" * 400 + "a" + ")" * 400, "cannot read"),
        ("a\0", "cannot read"),
    ],
)
def test_what_is_no_expression_is_refused(text, why):
    with pytest.raises(ex.ExpressionError, match=why):
        ex.parse(text)


def test_names_in_an_expression():
    node = ex.parse("at_least(2, a, not b, mode(safe) or c) and a")
    assert ex.monitors_of(node) == {"a", "b", "c"}
    assert ex.modes_of(node) == {"safe"}
    assert [vote.count for vote in ex.voters_of(node)] == [2]


def test_an_expression_without_end_is_refused():
    with pytest.raises(ex.ExpressionError, match="more than 32 operators within each other"):
        ex.parse("not " * 2500 + "a")
    deepest = "not " * (ex.DEEPEST - 1) + "a"
    assert ex.monitors_of(ex.parse(deepest)) == {"a"}


def test_an_expression_of_too_many_monitors_is_refused():
    names = [f"m{i}" for i in range(ex.WIDEST + 1)]
    with pytest.raises(ex.ExpressionError, match="11 monitors, allowed 10"):
        ex.parse(" or ".join(names))
    assert len(ex.monitors_of(ex.parse(" or ".join(names[1:])))) == ex.WIDEST


@pytest.mark.parametrize("form", ["not ({})", "a and ({})", "({}) or a", "at_least(1, {}, a)"])
def test_depth_counts_every_operator(form):
    text = "a"
    for _ in range(ex.DEEPEST - 1):
        text = form.format(text)
    assert ex.parse(text)
    with pytest.raises(ex.ExpressionError, match="more than 32 operators"):
        ex.parse(form.format(text))


@pytest.mark.parametrize("link", [" or ", " and ", ", "])
def test_an_expression_that_a_step_could_not_take_is_refused(link):
    """Each further operand is a call within a call when a step evaluates the expression."""
    whole = "at_least(1, {})" if link == ", " else "{}"
    longest = ex.parse(whole.format(link.join(["a"] * ex.LONGEST)))
    assert ex.compile_in_mode(longest, {"a": 0}, "")([ex.TRUE]) == ex.TRUE
    with pytest.raises(ex.ExpressionError, match="65 names, allowed 64"):
        ex.parse(whole.format(link.join(["a"] * (ex.LONGEST + 1))))


def test_the_complaint_about_a_long_text_is_short():
    with pytest.raises(ex.ExpressionError) as refusal:
        ex.parse("a or " * 5000)
    assert len(str(refusal.value)) < 1000


def test_a_long_text_is_cut():
    assert ex.shown("a" * 200) == repr("a" * 200)
    assert ex.shown("a" * 201) == repr("a" * 200 + "...")


def test_the_complaint_names_the_part():
    with pytest.raises(ex.ExpressionError, match=r"^'b\.c' in 'a and b\.c'"):
        ex.parse("a and b.c")


def test_a_vote_may_want_every_operand():
    assert ex.parse("at_least(2, a, b)") == ex.AtLeast(2, (ex.Monitor("a"), ex.Monitor("b")))
