"""TOML that Python's reader gives up on is told in one line, wherever a user may write it."""

from pathlib import Path

import pytest

from hil.plant.preset import PresetError, load_preset
from hil.scenario import ScenarioError, parse
from onboard.dictionary.loader import DictionaryError, read_toml
from onboard.dictionary.protection import TableError, read_protection


@pytest.mark.parametrize("value", ["1" * 5000, "[" * 3000 + "]" * 3000], ids=["digits", "brackets"])
def test_values_beyond_the_reader(value: str, tmp_path: Path) -> None:
    path = tmp_path / "x.toml"
    path.write_text(f"x = {value}\n")
    with pytest.raises(ScenarioError, match=r"x\.toml"):
        parse(path.read_text(), str(path))
    with pytest.raises(PresetError, match=r"x\.toml"):
        load_preset(path)
    with pytest.raises(DictionaryError, match=r"x\.toml"):
        read_toml(path)
    with pytest.raises(TableError, match=r"x\.toml"):
        read_protection(path, path)


def test_a_number_too_long_to_print() -> None:
    """Hexadecimal digits have no limit in TOML."""
    with pytest.raises(ScenarioError, match="duration_s = a int too long to show"):
        parse(f"duration_s = 0x{'f' * 5000}", "x.toml")
