"""A vehicle that is another one with figures of its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from onboard.dictionary import DictionaryError, load
from onboard.dictionary.loader import vehicles

LANDER = load("lander")


def written(folder: Path, text: str) -> Path:
    (folder / "mine").mkdir()
    (folder / "mine" / "overrides.toml").write_text(text, encoding="utf-8")
    return folder / "mine"


def message(folder: Path, text: str) -> str:
    with pytest.raises(DictionaryError) as caught:
        load(written(folder, text))
    return str(caught.value)


def test_figures_replace_those_of_the_other_vehicle(tmp_path: Path) -> None:
    mine = load(
        written(
            tmp_path,
            'extends = "lander"\n[parameters]\n"guidance.thrust_n" = 700.0\n'
            "[monitor.no_thrust]\nenter = { low = 0.1 }\npersistence = 7\n",
        )
    )
    assert mine.vehicle == "mine"
    assert mine.parameters["guidance.thrust_n"].default == 700.0
    assert mine.protection.monitor["no_thrust"].enter.low == 0.1
    assert mine.protection.monitor["no_thrust"].persistence == 7
    assert mine.protection.monitor["no_thrust"].exit == LANDER.protection.monitor["no_thrust"].exit
    assert mine.commands == LANDER.commands
    assert mine.crc != LANDER.crc


def test_resilience_ships() -> None:
    assert "resilience" in vehicles()
    assert load("resilience").protection.fault == LANDER.protection.fault


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('[parameters]\n"guidance.thrust" = 1.0', ("parameters.guidance.thrust", "unknown")),
        (
            '[parameters]\n"guidance.thrust_n" = 1.0',
            ("parameters.guidance.thrust_n", "outside 50..10000 N"),
        ),
        ("[monitor.warp_drive]\npersistence = 1", ("monitor.warp_drive", "unknown")),
        ("[monitor.no_thrust]\npersistence = 0", ("no_thrust", "persistence", "greater")),
        ("[monitor.no_thrust]\nlouder = 0", ("no_thrust", "louder", "not permitted")),
        ("[commands]", ("commands", "not permitted")),
    ],
)
def test_a_mistake_names_file_and_field(tmp_path: Path, text: str, words: tuple[str, ...]) -> None:
    shown = message(tmp_path, f'extends = "lander"\n{text}\n')
    assert shown.startswith("overrides.toml: ")
    for word in words:
        assert word in shown


@pytest.mark.parametrize("extends", ["mine", "resilience"])
def test_only_whole_dictionaries_are_extended(tmp_path: Path, extends: str) -> None:
    assert f"extends = '{extends}'" in message(tmp_path, f'extends = "{extends}"\n')


def test_an_unknown_vehicle_cannot_be_extended(tmp_path: Path) -> None:
    assert "nobody" in message(tmp_path, 'extends = "nobody"\n')


def test_other_files_beside_it_are_refused(tmp_path: Path) -> None:
    folder = written(tmp_path, 'extends = "lander"\n')
    (folder / "events.toml").write_text("[events]\n", encoding="utf-8")
    with pytest.raises(DictionaryError, match=r"events\.toml.*not allowed beside"):
        load(folder)
