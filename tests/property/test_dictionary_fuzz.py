"""Mutated dictionaries: the loader never fails otherwise than by naming file and field."""

import json
import tempfile
import tomllib
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from onboard.dictionary import DictionaryError, load
from onboard.dictionary import loader as dictionary_loader

LANDER = dictionary_loader.folder_of("lander")
TEXTS = {p.name: p.read_text() for p in sorted(LANDER.glob("*.toml"))}
OWN = sorted(n for n in TEXTS if n not in dictionary_loader.PROTECTION_FILES)
values: st.SearchStrategy[Any] = st.recursive(
    st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.just(10**30),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)


def loaded(file: str, content: Any) -> list[str]:
    """Load the lander with one file replaced; the lines of the complaint, if any."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for other, text in TEXTS.items():
            (folder / other).write_text(text)
        (folder / file).write_bytes(content)
        try:
            load(folder)
        except DictionaryError as error:
            assert error.problems
            for problem in error.problems:
                assert problem.file.endswith(".toml")
                assert problem.field
                assert problem.allowed
            return str(error).splitlines()
    return []


@settings(max_examples=40)
@given(st.sampled_from(OWN), st.data())
def test_any_cut_or_flip_of_a_file_is_said(file: str, data: st.DataObject) -> None:
    content = bytearray(TEXTS[file].encode())
    at = data.draw(st.integers(0, len(content) - 1))
    if data.draw(st.booleans()):
        del content[at:]
    else:
        content[at] = data.draw(st.integers(0, 255))
    loaded(file, bytes(content))


def places(table: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every key and index of a parsed file."""
    if isinstance(table, dict):
        items: Any = table.items()
    elif isinstance(table, list):
        items = enumerate(table)
    else:
        return []
    return [p for k, v in items for p in ((*path, k), *places(v, (*path, k)))]


def toml(value: Any) -> str:
    """A value as TOML, tables inline."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{toml(k)} = {toml(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(toml, value)) + "]"
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    return repr(value).lower()


def test_the_writer_writes_what_is_read() -> None:
    for text in TEXTS.values():
        content = tomllib.loads(text)
        lines = "\n".join(f"{toml(k)} = {toml(v)}" for k, v in content.items())
        assert tomllib.loads(lines) == content


@settings(max_examples=60)
@given(st.sampled_from(OWN), st.data())
def test_a_wrong_value_of_any_field_is_named(file: str, data: st.DataObject) -> None:
    content = tomllib.loads(TEXTS[file])
    path = data.draw(st.sampled_from(places(content)))
    owner: Any = content
    for key in path[:-1]:
        owner = owner[key]
    owner[path[-1]] = data.draw(values)
    text = "\n".join(f"{toml(k)} = {toml(v)}" for k, v in content.items())
    lines = loaded(file, text.encode())
    names = [key for key in path if isinstance(key, str)]
    if lines and len(names) > 1:
        assert any(names[1] in line for line in lines), (path, lines)
    assert all(len(line) < 3_000 for line in lines)
