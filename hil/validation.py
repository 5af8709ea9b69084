"""Wrong user input, told in one line per mistake: file, field, value, what is allowed."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from onboard.dictionary.models import shown

_NEAR = 4  # names shown of those that are allowed
_TYPES = {
    "bool": "true, false",
    "float": "a number",
    "int": "a whole number",
    "string": "text",
    "path": "a path",
    "tuple": "an array",
    "dict": "a table",
    "model": "a table",
}
_BOUNDS = ("greater_than", "greater_than_equal", "less_than", "less_than_equal")


def describe(error: ValidationError, file: str, model: type[BaseModel]) -> str:
    """The lines for a failed validation of what was read from `file` as a `model`."""
    lines: dict[str, list[str]] = {}
    for item in error.errors():
        at, owner, field = _find(model, item["loc"])
        missing = item["type"] == "missing"
        hidden = missing or isinstance(item["input"], dict | BaseModel | list | tuple)
        value = "" if hidden else f" = {shown(item['input'])}"
        name = ".".join(map(str, at)) or "(file)"
        lines.setdefault(f"{name}{value}", []).append(_problem(item, owner, field))
    return "\n".join(f"{file}: {what}: {_joined(why)}" for what, why in lines.items())


def _joined(problems: list[str]) -> str:
    """One for a value that may be of several types, none of which it is."""
    first, *others = dict.fromkeys(problems)
    return " or ".join([first, *(o.removeprefix("allowed: ") for o in others)])


def _find(
    model: Any, loc: tuple[int | str, ...]
) -> tuple[tuple[int | str, ...], type[BaseModel], FieldInfo | None]:
    """The place without pydantic's names of types, the table that it is in, and its field."""
    owner, inner = model, model
    field: FieldInfo | None = None
    for number, part in enumerate(loc):
        if isinstance(part, int):
            continue
        if inner is None:  # a key of a free table, or the name of a type that was tried
            return loc[: number + (part not in _TYPES)], owner, field
        owner = inner
        field = owner.model_fields.get(part)
        inner = _model(field.annotation) if field else None
    return loc, owner, field


def _model(annotation: Any) -> Any:
    """The model in an annotation, such as `tuple[Model, ...] | None`."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((m for a in get_args(annotation) if (m := _model(a))), None)


def _problem(item: Mapping[str, Any], owner: type[BaseModel], field: FieldInfo | None) -> str:
    kind, context = item["type"], item.get("ctx", {})
    if kind == "missing":
        return "required and not given"
    if kind == "extra_forbidden":
        known = list(owner.model_fields)
        near = difflib.get_close_matches(str(item["loc"][-1]), known, _NEAR, cutoff=0.0)
        return f"unknown; {len(known)} fields are allowed here, near it: {', '.join(near)}"
    if kind == "literal_error":
        return f"allowed: {context['expected']}"
    if kind == "string_pattern_mismatch":
        return f"allowed: text of the form {context['pattern']}"
    if kind == "finite_number" or kind in _BOUNDS:
        return f"allowed: {_range(field) or 'finite numbers'}"
    if kind == "too_short":
        return f"allowed: {context['min_length']} or more, {context['actual_length']} given"
    if kind.split("_")[0] in _TYPES:
        span = _range(field)
        return f"allowed: {_TYPES[kind.split('_')[0]]}{span and f', {span}'}"
    return str(item["msg"]).removeprefix("Value error, ")


def _range(field: FieldInfo | None) -> str:
    """Least and largest value of a field in words; empty without any."""
    limits: dict[str, float] = {}
    for constraint in _constraints(field):
        for name in ("ge", "gt", "le", "lt"):
            if (limit := getattr(constraint, name, None)) is not None:
                limits[name] = limit
    low = _number(limits["ge"]) if "ge" in limits else ""
    low = f"above {_number(limits['gt'])}" if "gt" in limits else low
    high = _number(limits["le"]) if "le" in limits else ""
    high = f"below {_number(limits['lt'])}" if "lt" in limits else high
    if low and high:
        return f"{low} to {high}"
    return f"{low} and up" if low else high and f"up to {high}"


def _constraints(field: Any) -> Iterator[Any]:
    """Of a field and of its annotation, such as `Annotated[float, Field(ge=0.0)] | None`."""
    yield from getattr(field, "metadata", ())
    for part in get_args(getattr(field, "annotation", field)):
        for nested in getattr(part, "__metadata__", ()):
            yield from _constraints(nested) if isinstance(nested, FieldInfo) else (nested,)


def _number(value: float) -> str:
    return f"{value:,}" if isinstance(value, int) else f"{value:,.10g}"
