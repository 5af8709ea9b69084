"""A file is there whole or as it was before."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from hil.bench.whole_file import write_whole

FULL = OSError(errno.ENOSPC, "No space left on device")


def test_new_content_takes_the_place_of_the_old(tmp_path: Path) -> None:
    path = tmp_path / "result.json"
    for content in (b"one", b"two, longer", b""):
        write_whole(path, content)
        assert path.read_bytes() == content
    assert list(tmp_path.iterdir()) == [path]


def half_written(path: Path, content: bytes) -> int:
    with path.open("wb") as file:
        file.write(content[: len(content) // 2])
    raise FULL


def not_moved(*_: object) -> None:
    raise FULL


@pytest.mark.parametrize(
    ("owner", "name", "failing"), [(Path, "write_bytes", half_written), (os, "replace", not_moved)]
)
def test_a_full_disk_leaves_what_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, owner: object, name: str, failing: object
) -> None:
    path = tmp_path / "result.json"
    path.write_text("before")
    monkeypatch.setattr(owner, name, failing)
    with pytest.raises(OSError, match="No space left") as caught:
        write_whole(path, b"after")
    assert caught.value.filename == str(path)
    assert path.read_text() == "before"
    assert list(tmp_path.iterdir()) == [path]


def test_a_missing_folder_is_named_by_the_file(tmp_path: Path) -> None:
    with pytest.raises(OSError, match=r"gone/result\.json"):
        write_whole(tmp_path / "gone/result.json", b"")
