"""Mutants of a Python module: one small change each, named so that it can be listed.

Operators: a comparison swapped for its neighbour, an integer one up or down, a truth value flipped,
a condition negated or its `not` dropped, a statement removed, `and` for `or`, an arithmetic or bit
operator for its counterpart, a keyword argument dropped, an `if` without `else` removed.
Annotations, docstrings, a module's constants, what is raised and `strict` of `zip` (it checks
callers) are left alone.
"""

import ast
import copy
from collections.abc import Iterator
from typing import Any, NamedTuple

_COMPARISONS = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
}
_OPERATORS = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Add,
    ast.Div: ast.Mult,
    ast.BitOr: ast.BitAnd,
    ast.BitAnd: ast.BitOr,
    ast.LShift: ast.RShift,
    ast.RShift: ast.LShift,
}
_NOT_CODE = {"annotation", "returns", "exc", "msg", "decorator_list", "bases", "type_params"}


class Mutant(NamedTuple):
    """One changed module."""

    module: str
    function: str
    line: int
    operator: str
    before: str
    after: str
    source: str

    @property
    def name(self) -> str:
        """Says which one it is, whatever lines were added above it."""
        return f"{self.module} {self.function}: {self.operator}: {self.before} -> {self.after}"


class _Place(NamedTuple):
    """Something that can be replaced: `owner.field`, or an element of it."""

    owner: ast.AST
    field: str
    index: int | None
    function: str

    def node(self) -> Any:
        value = getattr(self.owner, self.field)
        return value if self.index is None else value[self.index]

    def put(self, node: ast.AST | None) -> None:
        if self.index is None:
            setattr(self.owner, self.field, node)
        elif node is None:
            del getattr(self.owner, self.field)[self.index]
        else:
            getattr(self.owner, self.field)[self.index] = node

    def restore(self, node: ast.AST, removed: bool) -> None:
        if removed and self.index is not None:
            getattr(self.owner, self.field).insert(self.index, node)
        else:
            self.put(node)


def mutants_of(module: str, text: str) -> Iterator[Mutant]:
    """All mutants of a module's text, each named once; equal ones are numbered."""
    tree = ast.parse(text)
    rebound = _rebound(tree)
    seen: dict[str, int] = {}
    for place in list(_places(tree, "module")):
        before = place.node()
        for operator, after in _changes(before):
            if operator == "statement" and _names_something(before) and before not in rebound:
                continue  # without it the function would not know the name
            shown = _shown(before)
            place.put(after)
            source = ast.unparse(ast.fix_missing_locations(tree))
            place.restore(before, after is None)
            line = getattr(before, "lineno", 0)
            changed = "nothing" if after is None else _shown(after)
            mutant = Mutant(module, place.function, line, operator, shown, changed, source)
            seen[mutant.name] = seen.get(mutant.name, 0) + 1
            if seen[mutant.name] > 1:
                mutant = mutant._replace(before=f"{shown} ({seen[mutant.name]})")
            yield mutant


def _places(owner: ast.AST, function: str) -> Iterator[_Place]:
    for name, value in ast.iter_fields(owner):
        if name in _NOT_CODE:
            continue
        nodes = [(None, value)] if isinstance(value, ast.AST) else []
        if isinstance(value, list):
            nodes = [(i, node) for i, node in enumerate(value) if isinstance(node, ast.AST)]
        for index, node in nodes:
            constant = function == "module" and isinstance(node, ast.Assign | ast.AnnAssign)
            if isinstance(node, ast.Raise) or constant or _is_text(node) or _is_strict(node):
                continue
            inside = f"{function}.{node.name}" if _defines(node) else function
            yield _Place(owner, name, index, inside.removeprefix("module."))
            yield from _places(node, inside)


def _is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _is_strict(node: ast.AST) -> bool:
    return isinstance(node, ast.keyword) and node.arg == "strict"


def _defines(node: ast.AST) -> bool:
    return isinstance(node, ast.FunctionDef | ast.ClassDef)


def _changes(node: Any) -> Iterator[tuple[str, ast.AST | None]]:
    match node:
        case ast.Compare(ops=ops):
            for i, op in enumerate(ops):
                if type(op) in _COMPARISONS:
                    yield "comparison", _with(node, "ops", i, _COMPARISONS[type(op)]())
        case ast.Constant(value=bool()):
            yield "truth value", ast.Constant(not node.value)
        case ast.Constant(value=int()):
            yield "constant", ast.Constant(node.value + 1)
            yield "constant", ast.Constant(node.value - 1)
        case ast.BoolOp(op=op):
            other = ast.Or() if isinstance(op, ast.And) else ast.And()
            yield "and/or", ast.BoolOp(other, node.values)
        case ast.UnaryOp(op=ast.Not()):
            yield "not dropped", node.operand
        case ast.BinOp(op=op) if type(op) in _OPERATORS:
            yield "operator", ast.BinOp(node.left, _OPERATORS[type(op)](), node.right)
        case ast.AugAssign(op=op) if type(op) in _OPERATORS:
            yield "operator", ast.AugAssign(node.target, _OPERATORS[type(op)](), node.value)
            yield "statement", ast.Pass()
        case ast.If(test=test, body=body, orelse=orelse):
            negated = ast.UnaryOp(ast.Not(), test)
            yield "condition", ast.If(negated, body, orelse)
            if not orelse:
                yield "statement", ast.Pass()
        case ast.IfExp(test=test):
            yield "condition", ast.IfExp(ast.UnaryOp(ast.Not(), test), node.body, node.orelse)
        case ast.comprehension(ifs=[_, *_]):
            changed = copy.copy(node)
            changed.ifs = [ast.UnaryOp(ast.Not(), test) for test in node.ifs]
            yield "condition", changed
        case ast.keyword(arg=str()):
            yield "argument", None
        case ast.Continue():
            yield "statement", ast.Break()
        case ast.Expr() | ast.Assign():
            yield "statement", ast.Pass()


def _names_something(node: Any) -> bool:
    return isinstance(node, ast.Assign) and not isinstance(
        node.targets[0], ast.Attribute | ast.Subscript
    )


def _rebound(tree: ast.AST) -> set[ast.AST]:
    """Assignments to names that their function already knows."""
    found = set()
    for function in (n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef)):
        known = {argument.arg for argument in function.args.args}
        for node in sorted(_assignments(function), key=lambda n: n.lineno):
            names = {n.id for n in ast.walk(node.targets[0]) if isinstance(n, ast.Name)}
            if names <= known:
                found.add(node)
            known |= names
    return found


def _assignments(function: ast.FunctionDef) -> list[Any]:
    return [node for node in ast.walk(function) if isinstance(node, ast.Assign)]


def _with(node: ast.AST, field: str, index: int, value: ast.AST) -> ast.AST:
    changed = copy.copy(node)
    items = list(getattr(node, field))
    items[index] = value
    setattr(changed, field, items)
    return changed


def _shown(node: ast.AST) -> str:
    """The first line of a node's text."""
    if isinstance(node, ast.comprehension):
        tests = " if ".join(ast.unparse(test) for test in node.ifs)
        return f"if {tests}"
    lines = ast.unparse(node).splitlines()
    return lines[0] + (" ..." if len(lines) > 1 else "")
