"""Expressions over monitors and modes in four values: false, true, stale, error.

    imu_silent or imu_stuck
    at_least(2, low_by_map, low_by_range, low_by_camera) and not masked
    mode(braking, approach) and below_15_km

`stale` (nobody knows yet, or no longer) and `error` (the reading is nonsense) are unknown values:
they decide nothing that the known operands have not decided (Kleene's strong logic), and of two
unknown values error wins.
"""

from __future__ import annotations

import ast
import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

DEEPEST = 32  # operators within operators
WIDEST = 10  # monitors of one expression: checks go through all that they may be together
LONGEST = 64  # names in one expression, each time that they stand there

FALSE, TRUE, STALE, ERROR = range(4)
VALUE_NAMES = ("false", "true", "stale", "error")

Evaluator = Callable[[Sequence[int]], int]


class ExpressionError(ValueError):
    """The text is not an expression of this language."""


@dataclass(frozen=True)
class Monitor:
    name: str


@dataclass(frozen=True)
class Mode:
    names: tuple[str, ...]


@dataclass(frozen=True)
class Not:
    operand: Node


@dataclass(frozen=True)
class And:
    operands: tuple[Node, ...]


@dataclass(frozen=True)
class Or:
    operands: tuple[Node, ...]


@dataclass(frozen=True)
class AtLeast:
    count: int
    operands: tuple[Node, ...]


Node = Monitor | Mode | Not | And | Or | AtLeast


def parse(text: str) -> Node:
    """The tree of an expression; an `ExpressionError` says what is wrong with it."""
    try:
        tree = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as problem:
        raise ExpressionError(f"cannot read {shown(text)}: {problem}") from None
    node = _node(tree, text, DEEPEST)
    if len(names := monitors_of(node)) > WIDEST:
        raise ExpressionError(f"{shown(text)}: {len(names)} monitors, allowed {WIDEST}")
    if (length := _length(node)) > LONGEST:
        raise ExpressionError(f"{shown(text)}: {length} names, allowed {LONGEST}")
    return node


def _length(node: Node) -> int:
    """How often an expression names a monitor or a mode."""
    match node:
        case Monitor():
            return 1
        case Mode(names):
            return len(names)
        case Not(operand):
            return _length(operand)
        case And(operands) | Or(operands) | AtLeast(_, operands):
            return sum(map(_length, operands))


def shown(text: str) -> str:
    """A text in quotes, its end left out if it is long."""
    return repr(text if len(text) <= 200 else f"{text[:200]}...")


def _part(tree: ast.expr, text: str) -> str:
    return shown(ast.get_source_segment(text.strip(), tree) or text)


def _node(tree: ast.expr, text: str, depth: int) -> Node:
    if depth == 0:
        raise ExpressionError(f"{shown(text)}: more than {DEEPEST} operators within each other")
    match tree:
        case ast.Name(id=name):
            return Monitor(name)
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return Not(_node(operand, text, depth - 1))
        case ast.BoolOp(op=op, values=values):
            operands = tuple(_node(value, text, depth - 1) for value in values)
            return And(operands) if isinstance(op, ast.And) else Or(operands)
        case ast.Call(func=ast.Name(id="mode"), args=args, keywords=[]) if args:
            return Mode(tuple(_name(arg, text) for arg in args))
        case ast.Call(func=ast.Name(id="at_least"), args=[first, *rest], keywords=[]) if rest:
            operands = tuple(_node(value, text, depth - 1) for value in rest)
            return AtLeast(_count(first, len(rest), text), operands)
    raise ExpressionError(
        f"{_part(tree, text)} in {shown(text)}: expected a monitor, mode(NAME, ...), "
        "at_least(K, ...), and, or, not"
    )


def _name(tree: ast.expr, text: str) -> str:
    if isinstance(tree, ast.Name):
        return tree.id
    raise ExpressionError(f"{_part(tree, text)} in {shown(text)}: expected the name of a mode")


def _count(tree: ast.expr, operands: int, text: str) -> int:
    value = tree.value if isinstance(tree, ast.Constant) else None
    if type(value) is int and 1 <= value <= operands:
        return value
    raise ExpressionError(f"{_part(tree, text)} in {shown(text)}: expected a count 1 to {operands}")


def monitors_of(node: Node) -> frozenset[str]:
    """The names of all monitors in an expression."""
    match node:
        case Monitor(name):
            return frozenset((name,))
        case Mode():
            return frozenset()
        case Not(operand):
            return monitors_of(operand)
        case And(operands) | Or(operands) | AtLeast(_, operands):
            return frozenset().union(*map(monitors_of, operands))


def modes_of(node: Node) -> frozenset[str]:
    """The names of all modes in an expression."""
    match node:
        case Mode(names):
            return frozenset(names)
        case Monitor():
            return frozenset()
        case Not(operand):
            return modes_of(operand)
        case And(operands) | Or(operands) | AtLeast(_, operands):
            return frozenset().union(*map(modes_of, operands))


def voters_of(node: Node) -> list[AtLeast]:
    """Every `at_least` in an expression."""
    match node:
        case Monitor() | Mode():
            return []
        case Not(operand):
            return voters_of(operand)
        case And(operands) | Or(operands):
            return [vote for operand in operands for vote in voters_of(operand)]
        case AtLeast(_, operands):
            return [node, *(vote for operand in operands for vote in voters_of(operand))]


def negate(value: int) -> int:
    return (TRUE, FALSE, STALE, ERROR)[value]


def at_least(count: int, values: Sequence[int]) -> int:
    """True or false as soon as the known values decide it; else error before stale."""
    true = values.count(TRUE)
    if true >= count:
        return TRUE
    if len(values) - values.count(FALSE) < count:
        return FALSE
    return ERROR if ERROR in values else STALE


def conjunction(a: int, b: int) -> int:
    return at_least(2, (a, b))


def disjunction(a: int, b: int) -> int:
    return at_least(1, (a, b))


_AND = tuple(conjunction(a, b) for a, b in itertools.product(range(4), repeat=2))
_OR = tuple(disjunction(a, b) for a, b in itertools.product(range(4), repeat=2))


def evaluate(node: Node, values: Mapping[str, int], mode: str) -> int:
    """The value of an expression, directly from its tree (the reference of `compile_in_mode`)."""
    match node:
        case Monitor(name):
            return values[name]
        case Mode(names):
            return TRUE if mode in names else FALSE
        case Not(operand):
            return negate(evaluate(operand, values, mode))
        case And(operands):
            return at_least(len(operands), [evaluate(o, values, mode) for o in operands])
        case Or(operands):
            return at_least(1, [evaluate(o, values, mode) for o in operands])
        case AtLeast(count, operands):
            return at_least(count, [evaluate(o, values, mode) for o in operands])


def compile_in_mode(node: Node, index: Mapping[str, int], mode: str) -> Evaluator | int:
    """An expression in one mode: a constant, or a function of the list of monitor values."""
    match node:
        case Monitor(name):
            i = index[name]
            return lambda values: values[i]
        case Mode(names):
            return TRUE if mode in names else FALSE
        case Not(operand):
            inner = compile_in_mode(operand, index, mode)
            if isinstance(inner, int):
                return negate(inner)
            swap = (TRUE, FALSE, STALE, ERROR)
            return lambda values: swap[inner(values)]
        case And(operands):
            return _fold(operands, index, mode, _AND, neutral=TRUE, absorbing=FALSE)
        case Or(operands):
            return _fold(operands, index, mode, _OR, neutral=FALSE, absorbing=TRUE)
        case AtLeast(count, operands):
            return _vote(count, [compile_in_mode(o, index, mode) for o in operands])


def _fold(
    operands: tuple[Node, ...],
    index: Mapping[str, int],
    mode: str,
    table: tuple[int, ...],
    neutral: int,
    absorbing: int,
) -> Evaluator | int:
    result: Evaluator | int = neutral
    for operand in operands:
        right = compile_in_mode(operand, index, mode)
        if result == absorbing or right == absorbing:
            return absorbing
        if result == neutral:
            result = right
        elif right != neutral:
            result = _pair(table, result, right)
    return result


def _pair(table: tuple[int, ...], left: Evaluator | int, right: Evaluator | int) -> Evaluator:
    a, b = _as_function(left), _as_function(right)
    return lambda values: table[a(values) << 2 | b(values)]


def _vote(count: int, operands: list[Evaluator | int]) -> Evaluator:
    functions = tuple(map(_as_function, operands))
    return lambda values: at_least(count, [f(values) for f in functions])


def _as_function(operand: Evaluator | int) -> Evaluator:
    if isinstance(operand, int):
        return lambda values: operand
    return operand
