"""The client of the adapters, of the standard library alone, against the lab that it speaks to."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import lab_setup
import pytest

from hil.lab.client import owner

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def client() -> Any:
    path = ROOT / "adapters/client/onboard_lab_client.py"
    spec = importlib.util.spec_from_file_location("onboard_lab_client", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def port() -> Iterator[int]:
    with lab_setup.echoing() as a, lab_setup.lab({"a": a}) as server:
        yield server.port


def test_it_reserves_and_releases(client: Any, port: int) -> None:
    with client.Lab("127.0.0.1", port, lab_setup.TOKEN, "ann") as ann:
        ann.ask("reserve", board="a")
        (row,) = ann.ask("list")["boards"]
        assert row["owner"] == "ann"
        with (
            client.Lab("127.0.0.1", port, lab_setup.TOKEN, "bob") as bob,
            pytest.raises(client.Refused, match="a: ann has it"),
        ):
            bob.ask("reserve", board="a")
        ann.ask("release", board="a")
    with pytest.raises(client.Refused, match="wrong token"):
        client.Lab("127.0.0.1", port, "wrong", "ann")


def stand_in(folder: Path, text: str) -> str:
    """A program in the place of hil."""
    hil = folder / "hil"
    hil.write_text(text, encoding="utf-8")
    hil.chmod(0o755)
    return str(hil)


def test_it_flies_with_the_owner_and_the_token_of_its_connection(
    client: Any, port: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = (
        f"#!{sys.executable}\nimport json, os, sys\n"
        "names = ('ONBOARD_LAB_TOKEN', 'ONBOARD_LAB_OWNER')\n"
        "print('a line before')\n"
        "print(json.dumps({'given': sys.argv[1:], **{n: os.environ[n] for n in names}}))\n"
    )
    monkeypatch.setenv("ONBOARD_HIL", stand_in(tmp_path, text))
    with client.Lab("127.0.0.1", port, lab_setup.TOKEN, "ann") as ann:
        result = client.fly("frigoris", ann, "a", "--seed", "3")
    assert result["given"] == [
        *("run", "frigoris", "--board", f"lab://127.0.0.1:{port}/a", "--json", "--no-record"),
        *("--seed", "3"),
    ]
    assert (result["ONBOARD_LAB_TOKEN"], result["ONBOARD_LAB_OWNER"]) == (lab_setup.TOKEN, "ann")


def test_what_hil_refuses_is_told(
    client: Any, port: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = "#!/bin/sh\necho 'hil: there is no such scenario' >&2\nexit 2\n"
    monkeypatch.setenv("ONBOARD_HIL", stand_in(tmp_path, text))
    with (
        client.Lab("127.0.0.1", port, lab_setup.TOKEN, "ann") as ann,
        pytest.raises(client.Refused, match="there is no such scenario"),
    ):
        client.fly("nowhere", ann, "a")


def test_an_owner_may_be_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ONBOARD_LAB_OWNER", "ann by labgrid")
    assert owner() == "ann by labgrid"
